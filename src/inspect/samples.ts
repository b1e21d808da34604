// Turns the samples of operator records into tensors and calls, for tests and selfTest().
import { type DType, isFloat } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import type { Arg, Sample } from "../ops/op.ts";
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
