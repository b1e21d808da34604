// Turns the samples of operator records into tensors and calls, for tests and selfTest().
import { type DType, isFloat } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import type { AnyOp, Arg, Sample } from "../ops/op.ts";
import { tensor } from "../tensor/create.ts";
import type { DeviceName } from "../tensor/device.ts";
import { functions } from "../tensor/methods.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Makes a sample's tensor from its contents; tests bring makers that vary the memory. */
export type Maker = (values: readonly number[], shape: readonly number[], dtype: DType, device: DeviceName) => Tensor;
const plain: Maker = (values, shape, dtype, device) => tensor(values, { shape, dtype, device });

export interface SampleCall {
  readonly args: readonly unknown[];
  /** The floating tensor arguments, which require gradients. */
  readonly leaves: readonly Tensor[];
}

const golden = 0.6180339887498949;
const isArg = (v: unknown): v is Arg => typeof v === "object" && v !== null && "$" in v;

/** Distinct float32 values spread over [low, high), in a scrambled order that depends on `seed` only. */
function contents(arg: Arg, seed: number, dtype: DType): number[] {
  if (arg.data) return [...arg.data];
  const [low, high] = [arg.low ?? (isFloat(dtype) ? -2 : 0), arg.high ?? (isFloat(dtype) ? 2 : 4)];
  return Array.from({ length: sizeOf(arg.$) }, (_, i) => {
    const u = ((i + 1) * golden + (seed + 1) * 0.3217) % 1;
    if (dtype === "bool") return Number(u > 0.5);
    const v = low + (high - low) * u;
    return isFloat(dtype) ? Math.fround(v) : Math.floor(v);
  });
}

/** Builds the arguments of a sample on a device; floats take the dtype `float`. */
export function materialise(sample: Sample, device: DeviceName, float: DType, maker = plain): SampleCall {
  const leaves: Tensor[] = [];
  let seed = 0;
  const build = (v: unknown): unknown => {
    if (isArg(v)) {
      const dtype = v.dtype === undefined || isFloat(v.dtype) ? float : v.dtype;
      const made = (v.data ? plain : maker)(contents(v, seed++, dtype), v.$, dtype, device);
      if (isFloat(dtype) && !v.fixed) leaves.push(made.requiresGrad_());
      return made;
    }
    if (Array.isArray(v)) return v.map(build);
    if (typeof v !== "object" || v === null) return v;
    return Object.fromEntries(Object.entries(v).map(([key, item]) => [key, build(item)]));
  };
  return { args: sample.map(build), leaves };
}

/** A call that is tried; `sharp` where slopes jump in it, so that differences say nothing about them. */
export interface Case {
  readonly sample: Sample;
  readonly sharp: boolean;
}

/** True of operators that work element by element. */
export const isElementwise = (op: AnyOp): boolean => op.kinks !== undefined;

/** Numbers that a sample gives by themselves, such as limits, in options too. */
const numbersIn = (sample: Sample): number[] =>
  sample.flatMap((v) => (typeof v === "object" && v !== null && !isArg(v) ? Object.values(v) : [v])).filter((v) => typeof v === "number");

/**
 * The ways in which the samples of an elementwise operator call it, each with tensors that hold all combinations of `values`, of the
 * operator's kinks and of the numbers that the sample gives itself, so that operands meet those and each other.
 */
export function combinations(op: AnyOp, values: (dtype: DType, tensors: number) => readonly number[]): Sample[] {
  const placesOf = (sample: Sample): number[] => [...sample.keys()].filter((i) => isArg(sample[i]) && sample[i].$.length > 0);
  const ways = new Map<string, Sample>();
  for (const sample of op.samples) {
    const way = JSON.stringify(sample.map((v) => (isArg(v) ? [v.dtype ?? "float32", v.$.length > 0] : v)));
    if (placesOf(sample).length > 0 && !ways.has(way)) ways.set(way, sample);
  }
  return [...ways.values()].map((sample) => {
    const places = placesOf(sample);
    const lists = places.map((i) => {
      const { dtype = "float32" } = sample[i] as Arg;
      const own = isFloat(dtype) ? [...op.kinks!, ...numbersIn(sample)] : [];
      return [...new Set([...values(dtype, places.length), ...own])];
    });
    const size = lists.reduce((n, list) => n * list.length, 1);
    let inner = 1;
    const filled = [...sample];
    for (const [k, i] of places.entries()) {
      const [list, step] = [lists[k]!, inner];
      filled[i] = {
        ...(sample[i] as Arg),
        $: [size],
        data: Array.from({ length: size }, (_, n) => list[Math.floor(n / step) % list.length]!),
      };
      inner *= list.length;
    }
    return filled;
  });
}

const edges = (dtype: DType): readonly number[] => {
  if (dtype === "bool") return [0, 1];
  if (dtype === "uint8") return [0, 1, 6, 255];
  return isFloat(dtype) ? [0, 1, -1, 0.5] : [0, 1, -1, 6, -7, 2147483647, -2147483648];
};

/** The samples of an operator; of an elementwise one also 0, ties, its kinks and the ends of the integers. */
export const casesOf = (op: AnyOp): readonly Case[] => [
  ...op.samples.map((sample) => ({ sample, sharp: false })),
  ...(isElementwise(op) ? combinations(op, edges).map((sample) => ({ sample, sharp: op.kinks!.length > 0 })) : []),
];

/** Fixed, generic numbers of both signs in the shape of a result: the gradient of a sum so weighted shows every element. */
export const weightsLike = (like: Tensor, seed: number): Tensor =>
  tensor(
    Float64Array.from({ length: like.numel() }, (_, i) => Math.fround(((i + seed) * 0.7548776662466927) % 1) - 0.4),
    { shape: like.shape, dtype: like.dtype, device: like.device.type },
  );

/** Calls an operator of the table by name and gives all tensors of its result. */
export function callOp(name: string, args: readonly unknown[]): Tensor[] {
  const result = (functions as unknown as Record<string, (...a: readonly unknown[]) => unknown>)[name]!(...args);
  return tensorsIn(result);
}

/** The tensors inside a result: itself, or those of an array or object, in order. */
export function tensorsIn(result: unknown): Tensor[] {
  if (result instanceof Tensor) return [result];
  return typeof result === "object" && result !== null ? Object.values(result).flatMap(tensorsIn) : [];
}
