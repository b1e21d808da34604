// What everybody sees of a tensor. Records and rules are written against this; kits add their operators as methods, floors above what they
// need; the class behind it is src/tensor/tensor.ts. What is marked as internal leaves the emitted types.
import type { DType, DTypeLike, TypedArray } from "../base/dtype.ts";
import type { Geometry } from "../base/shape.ts";
import type { DeviceLike, DeviceName } from "../device/device.ts";

/** Nested arrays of numbers or booleans, a plain one for 0-d. */
export type Nested = number | boolean | Nested[];

/** As many as a list has members, in its order: of a tuple a tuple, which destructures without a question whether there are enough. */
export type Each<L extends readonly unknown[], T = Tensor> = { -readonly [K in keyof L]: T };

/** Gradient hook: sees the gradient, may return another in its place. */
export type GradHook = (grad: Tensor) => Tensor | void;

/** A step of the recorded computation, as users see it. */
export interface GradFn {
  /** The operator's name. */
  readonly name: string;
}

/** Options of backward(). */
export interface BackwardOptions {
  /** The graph can be walked again. Default: as createGraph. */
  readonly retainGraph?: boolean | null | undefined;
  /** Gradients are recorded, so that they have gradients themselves. */
  readonly createGraph?: boolean | undefined;
  /** The only leaves that gradients are accumulated in. */
  readonly inputs?: Tensor | readonly Tensor[] | null | undefined;
}

/** Where and as what `to` wants a tensor. */
export interface ToOptions {
  readonly dtype?: DTypeLike;
  readonly device?: DeviceLike;
  /** A copy even when nothing changes. */
  readonly copy?: boolean;
}

/** What may stand behind the first argument of `to`: behind a device a dtype. */
export type ToRest = [options?: ToOptions] | [dtype: DTypeLike, options?: Omit<ToOptions, "dtype">];

/** An n-dimensional array on a device, with a place in the autograd graph. Make one with tensor(), zeros(), randn() and the like. */
export interface Tensor extends Geometry {
  /** What its elements are. */
  readonly dtype: DType;
  /** The sizes of all dimensions. */
  readonly shape: readonly number[];
  /** Elements of storage between neighbours along each dimension. */
  readonly strides: readonly number[];
  /** Place of the first element in storage. */
  readonly offset: number;
  /** Where it lives. */
  readonly device: { readonly type: DeviceName };
  /** Number of dimensions. */
  readonly ndim: number;
  /** The sizes of all dimensions, or of one. Errors: ShapeError for a dimension that is not there. */
  readonly size: { (): readonly number[]; (dim: number): number };
  /** Number of dimensions. */
  dim(): number;
  /** Number of elements. */
  numel(): number;
  /** Whether the elements lie in row-major order without gaps. */
  isContiguous(): boolean;

  /** Whether operators on it are recorded for gradients. Setting it is requiresGrad_(). */
  requiresGrad: boolean;
  /** Sets whether operators on this tensor are recorded. Errors: GradError for integer dtypes and for non-leaves switched off. */
  requiresGrad_(value?: boolean): this;
  /** The node that made this tensor, null for leaves. */
  readonly gradFn: GradFn | null;
  /** Whether no recorded operator made it: gradients are accumulated in leaves. */
  readonly isLeaf: boolean;
  /**
   * The same elements outside of the graph: `p.data.clamp_(0, 1)` writes into p unseen by autograd. Setting it makes p hold the elements of
   * another tensor, wherever and in whatever shape these are, as PyTorch does. Errors: GradError for a tensor that is no leaf.
   */
  data: Tensor;
  /** The accumulated gradient, null before the first backward and after zeroGrad. */
  grad: Tensor | null;
  /** Accumulates gradients of the leaves below this tensor. `gradient` may be left out for one element. */
  backward(
    ...rest:
      | [gradient?: Tensor | null, retainGraph?: boolean | null, createGraph?: boolean, inputs?: BackwardOptions["inputs"]]
      | [gradient: Tensor | null, options: BackwardOptions]
      | [options: BackwardOptions & { readonly gradient?: Tensor | null }]
  ): void;
  /** Same storage, no graph. */
  detach(): Tensor;
  /** Keeps the gradient of a non-leaf in `grad`. */
  retainGrad(): void;
  /** Calls hook with every gradient of this tensor; what it returns replaces the gradient. Returns a handle to remove it. */
  registerHook(hook: GradHook): { remove(): void };

  /** The elements in row-major order, after everything recorded so far. */
  array(): Promise<TypedArray>;
  /** The value of a one-element tensor, 0 or 1 of a bool one (`isNonzero()` is Python's bool). Errors: ShapeError for any other size. */
  item(): Promise<number>;
  /** Nested arrays of numbers (booleans for bool), a plain number for 0-d. */
  tolist(): Promise<Nested>;
  /**
   * This tensor as another dtype, on another device, or both: `to("int32")`, `to("webgpu")`, `to("cpu", "float64")`, `to({ device, dtype })`,
   * `to(other)`.
   * Itself when nothing changes. From the CPU to WebGPU elements are uploaded at once; the way back cannot be synchronous: await cpu().
   * Errors: DeviceError from WebGPU to the CPU, GradError where a gradient would have to cross devices.
   */
  to(target: DTypeLike | DeviceLike | Tensor | ToOptions, ...rest: ToRest): Tensor;
  /** The elements on the CPU, itself when they are there already; a copy without graph otherwise. */
  cpu(): Promise<Tensor>;
  /** The tensor in float64, on the CPU only; itself when it is already. */
  double(): Tensor;
  /** Writes zeros into this tensor. */
  zero_(): this;
  /** What it is and the values that are known without waiting. */
  toString(): string;

  /** Whether its share of the memory was given back. */
  readonly disposed: boolean;
  /** Gives this handle's share of the memory back now instead of at garbage collection. Using it afterwards throws. */
  dispose(): void;
  [Symbol.dispose](): void;
}
