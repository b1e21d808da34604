// Constructors for elementwise records: a form (kernels/elementwise.ts) plus calling convention, gradient and samples.
import { category, type DType, promote } from "../base/dtype.ts";
import { GradError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { broadcastShapes } from "../base/shape.ts";
import {
  cpuMap,
  expression,
  type Form,
  formOf,
  gpuMap,
  operands,
  type Pointwise,
  present,
  scalarOf,
  type Scalars,
} from "../kernels/elementwise.ts";
import { operand } from "./arguments.ts";
import {
  type Arg,
  type Backward,
  type Bare,
  type ErrorSample,
  type Fn,
  type InPlace,
  type Input,
  type Named,
  type Primitive,
  type Reads,
  type Sample,
  t,
} from "./op.ts";
import type { Tensor } from "./tensor.ts";

/** What elementwise operators accept: a plain number stands for a 0-d constant that gives way in type promotion. */
export type Operand = Tensor | number | boolean;

/** The operand itself. Errors: DtypeError when it is missing or something else. */
export const operandOf = (value: unknown, name: string): Tensor | number =>
  typeof value === "number" || typeof value === "boolean" ? (value as number) : operand(value, name);

/** Errors: ShapeError for a tensor with dimensions. */
export function checkSingle(value: Tensor | number | undefined): void {
  if (typeof value === "object" && value.ndim > 0)
    throw new ShapeError(`value must be a number or a 0-d tensor, got shape ${show(value.shape)}`);
}

function resultType(form: Form, ins: Named<Names, Input>): DType {
  const dtype = promote(present(ins, form.conditions));
  const result = form.yields === "float" && category(dtype) < 2 ? "float32" : dtype;
  expression(form, result);
  return form.yields === "bool" ? "bool" : result;
}

/** Operands fill x, y, z without gaps. */
type Names = "x" | "y?" | "z?";
type Given = Partial<Record<Bare<Names>, Tensor | number | undefined>>;

/** What an elementwise record says beside its form. */
export interface Rules<S extends string, A extends object> {
  /** What messages call the operands, in order; by default there is one, x. */
  readonly operands?: readonly string[];
  /** Defaults of the attributes that may be given by position, and of those that are options only. */
  readonly positional?: Partial<A>;
  readonly keywords?: Partial<A>;
  /** Errors: ArgumentError for attributes or operands that make no sense. */
  readonly check?: (attrs: A, inputs: Given) => void;
  /** Sorts arguments that follow none of this. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly call?: (...args: any[]) => { inputs: Given; attrs: A };
  /** That function ends in a rest parameter (op.ts). */
  readonly rest?: boolean;
  readonly save?: Reads<S>;
  readonly internal?: true;
  /** The values where the slope jumps or has no end; by default it is smooth. */
  readonly kinks?: readonly number[];
  readonly backward: Backward<Names, S, A> | "none" | "definition";
  readonly samples: readonly Sample[];
  readonly errors?: readonly ErrorSample[];
  /** Overrides the dtype of the result (undefined: does not), or throws. */
  readonly dtype?: (ins: Named<Names, Input>, attrs: A) => DType | undefined;
}
type Rule<F extends Fn, S extends string, A extends object> = Pointwise<A> & Rules<S, A> & { readonly definition?: F };

/** What every elementwise operator refuses. */
const notTensors: readonly ErrorSample[] = [{ args: ["text", "text"], message: "must be a tensor" }];

/** The attributes as p0…p3. */
export const numbers = <A extends object>(attrs: A): Scalars => Object.values(attrs) as number[];

/** An elementwise record from its rule; `name` labels errors. Shapes broadcast; numbers join as constants. */
export function pointwise<F extends Fn, S extends string = never, A extends object = object>(rule: Rule<F, S, A>): Elementwise<F, S, A> {
  const { operands: titles = ["x"], positional, keywords, call, check, dtype } = rule;
  const defaults = parse([], positional ?? {}, keywords) as A;
  return {
    errors: [...notTensors],
    kinks: [],
    ...rule,
    call:
      call ??
      ((...args) => {
        const inputs: Given = {};
        titles.forEach((title, i) => (inputs[operands[i]!] = operandOf(args[i], title)));
        const attrs = args.length > titles.length ? (parse(args.slice(titles.length), positional ?? {}, keywords) as A) : defaults;
        check?.(attrs, inputs);
        return { inputs, attrs };
      }),
    meta: (ins, attrs) => ({
      out: {
        shape: broadcastShapes(...present(ins).map((x) => x.shape)),
        dtype: dtype?.(ins, attrs) ?? resultType(formOf(rule, attrs), ins),
      },
    }),
    cpu: (io, attrs) => cpuMap(rule, io, attrs),
    gpu: (io, attrs, launcher) => gpuMap(rule, io, attrs, launcher),
    fold: ({ x, y = 0, z = 0 }, attrs, dtype) => {
      const [p0 = 0, p1 = 0, p2 = 0, p3 = 0] = rule.params?.(attrs, dtype) ?? [];
      return scalarOf(formOf(rule, attrs), dtype)(x, y, z, p0, p1, p2, p3);
    },
  };
}

type UnaryFn = (x: Tensor) => Tensor;
type BinaryFn = (x: Operand, y: Operand) => Tensor;
/** A record of up to three operands. */
export type Elementwise<F extends Fn, S extends string = never, A extends object = object> = Primitive<F, Names, S, A>;
/** A record with an in-place form. */
export type Mapped<F extends Fn, S extends string = never, A extends object = object> = Elementwise<F, S, A> & InPlace;
export type Unary<S extends "x" | "out" = never> = Mapped<UnaryFn, S>;
export type Binary<S extends "x" | "y" | "out" = never> = Mapped<BinaryFn, S>;
export type Predicate = Binary;

/** The record without an in-place form: PyTorch does not have one of every elementwise operator, and then nor do we. */
export function plain<F extends Fn, S extends string, A extends object>(record: Mapped<F, S, A>): Elementwise<F, S, A> {
  return { ...record, inplace: false };
}
export type PlainUnary<S extends "x" | "out" = never> = Elementwise<UnaryFn, S>;
export type PlainBinary<S extends "x" | "y" | "out" = never> = Elementwise<BinaryFn, S>;

/** An elementwise record that has an in-place form too. */
export const mapped = <F extends Fn, S extends string = never, A extends object = object>(rule: Rule<F, S, A>): Mapped<F, S, A> => ({
  ...pointwise<F, S, A>(rule),
  inplace: true,
});

type More<S extends string> = Partial<Pointwise<object> & Rules<S, object>> & {
  /** Sample range of every operand. */
  readonly range?: readonly [number, number];
};

/** The tensor that a gradient is computed from, "" for none. */
type From = "x" | "out" | "";

/** Tensor arguments of samples drawn from a range. */
export const within =
  (low = -3, high = 3) =>
  (shape: readonly number[]): unknown => ({ $: shape, low, high });

/** value · g. */
export const times = (g: Tensor, value: number): Tensor => (value === 1 ? g : g.mul(value));

/** The gradient of steps. */
export const flat = (g: Tensor): Tensor => g.filledLike(0);

/** The gradient of a first operand in which PyTorch has none. */
export const noSlope = (): Tensor => {
  throw new GradError("has no gradient in its first operand", "detach() it");
};

/**
 * A record for y = f(x): WGSL, its twin, and the gradient in x from g and the tensor that `from` names ("x" or "out").
 * Samples default to a matrix, a scalar and an empty tensor over `range`.
 */
export function unary<F extends From>(
  wgsl: Form["wgsl"],
  cpu: (x: number) => number,
  from: F,
  slope: ((g: Tensor, saved: Tensor) => Tensor) | "none",
  more?: More<Exclude<F, "">>,
): Unary<Exclude<F, "">> {
  type S = Exclude<F, "">;
  return mapped<UnaryFn, S>({
    wgsl,
    cpu,
    save: from === "" ? [] : [from as S],
    backward: slope === "none" ? slope : (g, saved) => ({ x: () => slope(g, saved[from as S]) }),
    samples: samplesOf(within(...(more?.range ?? []))),
    ...more,
  });
}

/** A unary record whose result is floating whatever x is; its WGSL is a call of the function name_f unless `more` says otherwise. */
export const real = <F extends From>(
  name: string,
  cpu: (x: number) => number,
  from: F,
  slope: (g: Tensor, saved: Tensor) => Tensor,
  more?: More<Exclude<F, "">>,
): Unary<Exclude<F, "">> => unary(`${name}_f(x)`, cpu, from, slope, { yields: "float", ...more });

/** A record for z = f(x, y) with broadcasting. Samples default to pairs over `range`. */
export function binary<S extends "x" | "y" | "out" = never>(
  wgsl: Form["wgsl"],
  cpu: (x: number, y: number) => number,
  save: Reads<S>,
  backward: Backward<Names, S, object> | "none",
  more?: More<S>,
): Binary<S> {
  return mapped<BinaryFn, S>({
    operands: ["x", "y"],
    wgsl,
    cpu,
    save,
    backward,
    samples: pairs(within(...(more?.range ?? []))),
    errors: [...mismatch],
    ...more,
  });
}

/** Operands for the samples of unary operators. */
export const samplesOf = (arg: (shape: readonly number[]) => unknown): Sample[] => [[arg([3, 5])], [arg([])], [arg([0, 2])]];

/** Broadcasting pairs for the samples of binary operators. */
export const pairs = (arg: (shape: readonly number[]) => unknown): Sample[] => [
  [arg([3, 4]), arg([3, 4])],
  [arg([3, 4]), arg([4])],
  [arg([3, 1]), arg([1, 4])],
  [arg([2, 3]), 1.5],
  [arg([]), arg([2])],
  [arg([0, 3]), arg([3])],
];

/** Error sample: shapes that do not broadcast. */
export const mismatch: readonly ErrorSample[] = [{ args: [{ $: [2, 3] }, { $: [4] }], message: "do not broadcast" }];

/** Sample: all pairs of truth values. */
export const truths = [t([4], { dtype: "bool", data: [0, 0, 1, 1] }), t([4], { dtype: "bool", data: [0, 1, 0, 1] })] as const;
/** Sample argument: both truth values. */
export const twoTruths: Arg = t([2], { dtype: "bool", data: [0, 1] });
/** Error sample: truth values where numbers are needed. */
export const noBools: readonly ErrorSample[] = [{ args: [{ $: [2], dtype: "bool" }], message: "not defined for bool" }];
