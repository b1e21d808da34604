// Constructors for elementwise records: a form (mapping.ts) plus calling convention, gradient and samples.
import { category, type DType, promote } from "../base/dtype.ts";
import { DtypeError } from "../base/errors.ts";
import { broadcastShapes } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { cpuMap, expression, type Form, formOf, gpuMap, operands, type Pointwise, scalarOf } from "./mapping.ts";
import type { Backward, ErrorSample, Fn, Inputs, Primitive, Sample } from "./op.ts";

export { cpuMap, gpuMap, type Pointwise } from "./mapping.ts";

/** What elementwise operators accept: a plain number stands for a 0-d constant that gives way in type promotion. */
export type Operand = Tensor | number | boolean;

/** The operand itself. Errors: DtypeError when it is missing or something else. */
export function operandOf(op: string, value: unknown, name: string): Tensor | number {
  if (typeof value === "number" || typeof value === "boolean" || (typeof value === "object" && value !== null && "storage" in value))
    return value as Tensor;
  throw new DtypeError(op, `${name} must be a tensor or a number, got ${value === null ? "null" : typeof value}`, undefined, {
    argument: name,
  });
}

function resultType(name: string, form: Form, ins: Inputs): DType {
  const dtype = promote(operands.filter((n) => ins[n] !== undefined && n !== form.condition).map((n) => ins[n]!));
  const result = form.result === "float" && category(dtype) < 2 ? "float32" : dtype;
  if (!form.logical) expression(name, form, result);
  return form.result === "bool" ? "bool" : result;
}

type Rule<F extends Fn, S extends string, A extends object> = Pointwise<A> & {
  readonly call: (...args: Parameters<F>) => { inputs: Record<string, Tensor | number | undefined>; attrs: A };
  readonly save?: readonly S[];
  readonly backward: Backward<S, A> | "none" | "definition";
  readonly definition?: F;
  readonly samples: readonly Sample[];
  readonly errors?: readonly ErrorSample[];
  readonly inplace?: boolean;
  readonly self?: number;
  /** Overrides the dtype of the result (undefined: does not), or throws. */
  readonly dtype?: (ins: Inputs, attrs: A) => DType | undefined;
};

/** What every elementwise operator refuses. */
const notTensors: readonly ErrorSample[] = [{ args: ["text", "text"], message: "must be a tensor" }];

/** An elementwise record from its rule; `name` labels errors. Shapes broadcast; numbers join as constants. */
export function pointwise<F extends Fn, S extends string = never, A extends object = object>(
  name: string,
  rule: Rule<F, S, A>,
): Primitive<F, S, A> {
  return {
    call: rule.call,
    meta: (ins, attrs) => ({
      out: {
        shape: broadcastShapes(name, ...operands.filter((n) => ins[n]).map((n) => ins[n]!.shape)),
        dtype: rule.dtype?.(ins, attrs) ?? resultType(name, formOf(rule, attrs), ins),
      },
    }),
    cpu: (io, attrs) => cpuMap(rule, io, attrs),
    gpu: (io, attrs, launcher) => gpuMap(rule, name, io, attrs, launcher),
    fold: ({ x = 0, y = 0, z = 0 }, attrs, dtype) => {
      const [p0 = 0, p1 = 0, p2 = 0, p3 = 0] = rule.params?.(attrs, dtype) ?? [];
      return scalarOf(formOf(rule, attrs), dtype)(x, y, z, p0, p1, p2, p3);
    },
    ...(rule.save ? { save: rule.save } : {}),
    backward: rule.backward,
    ...(rule.definition ? { definition: rule.definition } : {}),
    samples: rule.samples,
    errors: rule.errors ?? notTensors,
    inplace: rule.inplace ?? true,
    ...(rule.self === undefined ? {} : { self: rule.self }),
  };
}

type UnaryFn = (x: Tensor) => Tensor;
type BinaryFn = (x: Operand, y: Operand) => Tensor;
type InPlace = { readonly inplace: true };
export type Unary<S extends "x" | "out" = never> = Primitive<UnaryFn, S> & InPlace;
export type Binary<S extends "x" | "y" | "out" = never> = Primitive<BinaryFn, S> & InPlace;
export type Predicate = Primitive<BinaryFn> & InPlace;
/** A record with an in-place form and attributes. */
export type Mapped<F extends Fn, S extends string = never, A extends object = object> = Primitive<F, S, A> & InPlace;

interface Options<S extends string, F> {
  readonly save?: readonly S[];
  readonly backward: Backward<S, object> | "none" | "definition";
  readonly definition?: F;
  /** Sample range of every operand. */
  readonly range?: readonly [number, number];
  readonly samples?: readonly Sample[];
  readonly errors?: readonly ErrorSample[];
}

/** Tensor arguments of samples drawn from a range. */
export const within =
  (low: number, high: number) =>
  (shape: readonly number[]): unknown => ({ $: shape, low, high });

/** A record for y = f(x). Samples default to a matrix, a scalar and an empty tensor over `range`. */
export function unary<S extends "x" | "out" = never>(name: string, spec: Pointwise<object> & Options<S, UnaryFn>): Unary<S> {
  const arg = within(...(spec.range ?? ([-3, 3] as const)));
  const record = pointwise<UnaryFn, S>(name, {
    ...spec,
    call: (x) => ({ inputs: { x: operandOf(name, x, "x") }, attrs: {} }),
    samples: spec.samples ?? [[arg([3, 5])], [arg([])], [arg([0, 2])]],
  });
  return record as Unary<S>;
}

/** A record for z = f(x, y) with broadcasting. */
export function binary<S extends "x" | "y" | "out" = never>(name: string, spec: Pointwise<object> & Options<S, BinaryFn>): Binary<S> {
  const arg = within(...(spec.range ?? ([-3, 3] as const)));
  const record = pointwise<BinaryFn, S>(name, {
    ...spec,
    call: (x, y) => ({ inputs: { x: operandOf(name, x, "x"), y: operandOf(name, y, "y") }, attrs: {} }),
    samples: spec.samples ?? pairs(arg),
    errors: spec.errors ?? mismatch,
  });
  return record as Binary<S>;
}

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
