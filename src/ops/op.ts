// The operator record: everything the library knows about one operator, in one place. See CONTRIBUTING.md for how to add one.
import type { DType } from "../base/dtype.ts";
import type { Geometry, Shape } from "../base/shape.ts";
import type { Bare, Io, Kernels, Named, View, Views } from "../device/device.ts";
import type { Launcher } from "../device/kernel.ts";
import type {} from "./inside.ts";
import type { Tensor } from "./tensor.ts";

// Signatures are erased to this where any operator will do.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Fn = (...args: any[]) => unknown;

/** Shape and dtype of a tensor; what an operator may know before it runs. */
export interface Meta {
  readonly shape: Shape;
  readonly dtype: DType;
}
export type Metas = Record<string, Meta>;

/** Geometry and element type of an input, plus whether it is a plain number (which gives way in type promotion). */
export interface Input extends Meta {
  readonly kind: "number" | "scalar" | "tensor";
}
export type Inputs = Record<string, Input>;

/** Tensor operands by name (a number stands for a 0-d constant, null or undefined for an operand left out) and the plain attributes. */
export interface Call<A, N extends string = string> {
  readonly inputs: { readonly [K in Bare<N>]?: Tensor | number | null | undefined };
  readonly attrs: A;
}

/** Saved tensors by name. At run time only what wanted gradients read is there, and no operand that was left out: rules ask `ins` for presence first. */
export type Saved<S extends string> = { readonly [K in S]: Tensor };
/** Names of what gradients read: the same for every input, or for each input its own. What no wanted gradient reads is not kept. */
export type Reads<S extends string> = readonly S[] | Readonly<Record<string, readonly S[]>>;
/** One thunk per input name; only those whose input needs a gradient are called. */
export type Grads<N extends string = string> = { readonly [K in Bare<N>]?: (() => Tensor) | undefined };
/** Gradient of `out` → gradients of the inputs, written with tensor operators only. Broadcasting is undone by the engine. */
export type Backward<N extends string, S extends string, A> = (g: Tensor, saved: Saved<S>, attrs: A, ins: Named<N, Meta>) => Grads<N>;

/** A tensor argument of a sample: filled with distinct values in [low, high], or integers, or given data. */
export interface Arg {
  readonly $: Shape;
  readonly low?: number;
  readonly high?: number;
  readonly dtype?: DType;
  /** Exact contents instead of generated ones, row-major. */
  readonly data?: readonly number[];
  /** Never asked for a gradient. */
  readonly fixed?: boolean;
}
/** Arguments of one sample call: tensors as `t(shape)`, everything else literally. */
export type Sample = readonly unknown[];
/** Arguments that must throw, and part of the message. */
export interface ErrorSample {
  readonly args: readonly unknown[];
  readonly message: string;
}

/** A sample tensor: `t([2, 3])`, `t([4], { low: 0.1, high: 2 })`, `t([2], { dtype: "int32", data: [0, 1] })`. */
/* @__NO_SIDE_EFFECTS__ */
export const t = (shape: Shape, options: Omit<Arg, "$"> = {}): Arg => ({ $: shape, ...options });
/** An error sample: `raises([t([2]), t([3])], "do not broadcast")`. */
export const raises = (args: readonly unknown[], message: string): ErrorSample => ({ args, message });

interface Base<F extends Fn> {
  /** Calls that tests, golden comparisons and selfTest() make. */
  readonly samples: readonly Sample[];
  /** Calls that must throw a typed error. */
  readonly errors: readonly ErrorSample[];
  /** Position of the tensor that the method form is called on; −1 for functions that are no methods. Default 0. */
  readonly self?: number;
  /**
   * Only of elementwise operators, and of all of them: the values at which the slope jumps or has no end, none where it is smooth.
   * selfTest() and the tests make operands take them, and tie; they take no finite differences there.
   */
  readonly kinks?: readonly number[];
  /** What others are made of: neither exported nor documented, but tested and drawn like all. */
  readonly internal?: true;
  /** Made by alias(). */
  readonly alias?: true;
  /**
   * `call` or `compose` ends in a rest parameter behind others, of which it refuses by parse() what it does not know. Without this nobody can
   * give more arguments than it has parameters (optional ones are written x?, since defaults do not count).
   */
  readonly rest?: boolean;
  /** Phantom: carries the call signature. */
  readonly signature?: F;
}

/** What a record is tested with. */
export type Cases = Pick<Base<Fn>, "samples" | "errors">;

/**
 * An operator with kernels of its own. `F` is its signature; `N` names its operands (`bias?` may be left out) and its outputs besides `out`;
 * `S` are those that backward reads, `A` its attributes.
 */
export interface Primitive<F extends Fn, N extends string = "x", S extends string = never, A extends object = object> extends Base<F> {
  /** Sorts the caller's arguments into operands and attributes. */
  readonly call: (...args: Parameters<F>) => Call<A, N>;
  /** Shape and dtype of each output, `out` first. Errors: ShapeError, DtypeError. */
  readonly meta: (ins: Named<N, Input>, attrs: A) => { out: Meta } & Metas;
  /** Typed-array kernel: fills the outputs in `io`, which are dense. */
  readonly cpu: (io: Io<N>, attrs: A) => void;
  /** Records the GPU launches that fill the outputs in `io`, which are dense with offset 0. */
  readonly gpu: (io: Io<N>, attrs: A, launcher: Launcher) => void;
  /** Inputs and outputs that backward reads. */
  readonly save?: Reads<S>;
  /** The gradient rule; "none" for operators whose result has no gradient; "definition" when `definition` supplies it. */
  readonly backward: Backward<N, S, A> | "none" | "definition";
  /** The same map in other operators; runs instead of the kernels whenever a gradient will be asked of it. */
  readonly definition?: F;
  /** Elementwise operators: the value for constant operands, so that constants never reach a kernel. `dtype` is the result's. */
  readonly fold?: (values: Named<N, number>, attrs: A, dtype: DType) => number;
  /** Has a trailing-underscore form that writes into its first operand. */
  readonly inplace?: boolean;
  /** Operands written by the kernels instead of outputs (optimiser steps). `out` is then the first of them. */
  readonly mutates?: readonly string[];
  /** What the caller gets; default: the tensor `out`. */
  readonly result?: (outs: Named<N, Tensor> & { readonly out: Tensor }, attrs: A) => ReturnType<F>;
}

/** An operator that only changes geometry: its result shares the input's storage. The operand is named `x`. */
export interface ViewOp<F extends Fn, A extends object = object> extends Base<F> {
  readonly call: (...args: Parameters<F>) => Call<A, "x">;
  readonly view: (x: Geometry, attrs: A) => Geometry;
  /** Names places in storage rather than places in x. */
  readonly absolute?: boolean;
  readonly backward: Backward<"x", never, A>;
}

/** An operator defined by others; device, gradient and dtype follow from them. */
export interface Composite<F extends Fn> extends Base<F> {
  readonly compose: F;
  /** Of elementwise ones: how far the result may be off, in units in the last place. Records with kernels say it beside their WGSL. */
  readonly ulp?: number;
  /** One other operator under another name: graphs show the composite's. */
  readonly renames?: true;
  /** "none" when the result carries no gradient. */
  readonly backward?: "none";
  /** Has a trailing-underscore form that copies the result into the first operand. */
  readonly inplace?: boolean;
}

/** Of a record that has an in-place form. */
export type InPlace = { readonly inplace: true };
/** Of a record that others are made of: neither exported nor shown on tensors, but tested and drawn like all. */
export type Internal = { readonly internal: true };
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyPrimitive = Primitive<Fn, any, any, any>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyView = ViewOp<any, any>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyOp = AnyPrimitive | AnyView | Composite<any>;

/** Another name of an operator: the same record, which is tested by its first name. */
/* @__NO_SIDE_EFFECTS__ */
export const alias = <O extends AnyOp>(op: O): O => ({ ...op, alias: true });

/** Whether the floating results carry a gradient when a floating operand requires one. Integers and truth values never do. */
export const differentiable = (op: AnyOp): boolean => op.backward !== "none";

export const isView = (op: AnyOp): op is AnyView => "view" in op;
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export const isComposite = (op: AnyOp): op is Composite<any> => "compose" in op;

export type { Bare, Geometry, Io, Kernels, Launcher, Named, View, Views };
