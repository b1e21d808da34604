// Turns the samples of operator records into tensors and calls, for tests and selfTest().
import { Storage } from "../backend/backend.ts";
import { type DType, hostArray, isFloat } from "../base/dtype.ts";
import { contiguous, contiguousStrides, sizeOf } from "../base/shape.ts";
import { type DeviceName, deviceNamed } from "../device.ts";
import { functions } from "../methods.ts";
import type { Arg, Sample } from "../ops/op.ts";
import { Tensor } from "../tensor.ts";

/** How sample tensors lie in memory. */
export type Layout = "contiguous" | "strided" | "expanded";

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

/** A tensor with the given contents whose memory is dense, has gaps and permuted strides, or repeats its first slice. */
function lay(values: readonly number[], shape: readonly number[], dtype: DType, device: DeviceName, layout: Layout): Tensor {
  const d = deviceNamed("sample", device);
  const make = (host: number[], geometry: { shape: readonly number[]; strides: readonly number[]; offset: number }): Tensor => {
    const data = hostArray(dtype, host.length);
    data.set(host);
    const storage = new Storage(d, dtype, host.length, d.upload(dtype, data));
    if (!isFloat(dtype)) storage.uploaded = data;
    return new Tensor(storage, dtype, geometry);
  };
  if (layout === "contiguous" || shape.length === 0) return make([...values], contiguous(shape));
  if (layout === "expanded") {
    const inner = sizeOf(shape.slice(1));
    return make(values.slice(0, inner), { shape, strides: [0, ...contiguousStrides(shape.slice(1))], offset: 0 });
  }
  // Dimensions reversed in memory, a gap after every element, and three elements before the first.
  const reversed = contiguousStrides([...shape].reverse()).reverse();
  const strides = reversed.map((s) => 2 * s);
  const host = new Array<number>(2 * Math.max(1, values.length) + 3).fill(isFloat(dtype) ? NaN : 0);
  const rowMajor = contiguousStrides(shape);
  values.forEach((v, i) => {
    let at = 3;
    let rest = i;
    shape.forEach((_, k) => {
      at += Math.floor(rest / rowMajor[k]!) * strides[k]!;
      rest %= rowMajor[k]!;
    });
    host[at] = v;
  });
  return make(host, { shape, strides, offset: 3 });
}

/** Builds the arguments of a sample on a device; floats take the dtype `float`. */
export function materialise(sample: Sample, device: DeviceName, float: DType, layout: Layout = "contiguous"): SampleCall {
  const leaves: Tensor[] = [];
  let seed = 0;
  const build = (v: unknown): unknown => {
    if (isArg(v)) {
      const dtype = v.dtype === undefined || isFloat(v.dtype) ? float : v.dtype;
      const tensor = lay(contents(v, seed++, dtype), v.$, dtype, device, v.data ? "contiguous" : layout);
      if (isFloat(dtype) && !v.fixed) leaves.push(tensor.requiresGrad_());
      return tensor;
    }
    if (Array.isArray(v)) return v.map(build);
    if (typeof v === "object" && v !== null && Object.getPrototypeOf(v) === Object.prototype)
      return Object.fromEntries(Object.entries(v).map(([key, item]) => [key, build(item)]));
    return v;
  };
  return { args: sample.map(build), leaves };
}

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
