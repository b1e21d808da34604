// Creation: tensors from host data and from nothing.
import { Storage } from "./backend/backend.ts";
import { asDType, type DType, type DTypeLike, hostArray, isFloat, type TypedArray } from "./base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "./base/errors.ts";
import { parse } from "./base/options.ts";
import { checkShape, contiguous, sizeOf } from "./base/shape.ts";
import { type DeviceName, deviceNamed } from "./device.ts";
import { type Nested, Tensor } from "./tensor.ts";

export interface CreateOptions {
  readonly dtype?: DTypeLike;
  readonly device?: DeviceName;
  readonly requiresGrad?: boolean;
}
export const createDefaults = { dtype: undefined as DTypeLike | undefined, device: undefined as DeviceName | undefined, requiresGrad: false };
export type TensorData = Nested | readonly Nested[] | TypedArray | readonly number[] | BigInt64Array;

/** Uploads host data as a new leaf. `data` is already in `dtype`'s array. */
export function fromHost(op: string, data: TypedArray, dtype: DType, shape: readonly number[], options: CreateOptions): Tensor {
  const device = deviceNamed(op, options.device);
  if (!device.supports(dtype)) throw new DtypeError(op, `${dtype} is not available on ${device.type}`, 'use float32, or device "cpu"');
  const tensor = new Tensor(new Storage(device, dtype, data.length, device.upload(dtype, data)), dtype, contiguous(shape));
  return options.requiresGrad ? tensor.requiresGrad_() : tensor;
}

/** Shape of nested arrays. Errors: ShapeError for ragged ones. */
function nestedShape(data: unknown): number[] {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level); level = level[0]) shape.push(level.length);
  const check = (value: unknown, d: number): void => {
    if (d === shape.length) {
      if (Array.isArray(value)) throw new ShapeError("tensor", `ragged nested array at depth ${d}`);
    } else if (!Array.isArray(value) || value.length !== shape[d])
      throw new ShapeError("tensor", `ragged nested array: expected ${shape[d]} elements at depth ${d}, got ${Array.isArray(value) ? value.length : typeof value}`);
    else for (const v of value) check(v, d + 1);
  };
  check(data, 0);
  return shape;
}

const inferred = (data: unknown): DType =>
  data instanceof Float64Array ? "float64" : data instanceof Int32Array || data instanceof BigInt64Array ? "int32" : data instanceof Uint8Array || data instanceof Uint8ClampedArray ? "uint8" : "float32";

/**
 * A tensor from nested arrays, a number, or a typed array with options.shape. Numbers become float32, booleans bool, unless dtype says otherwise.
 * Errors: ShapeError for ragged arrays or a shape that does not fit; DtypeError for other values.
 */
export function tensor(data: TensorData, options: CreateOptions & { readonly shape?: readonly number[] } = {}): Tensor {
  const o = parse("tensor", [options], { ...createDefaults, shape: undefined as readonly number[] | undefined });
  const typed = ArrayBuffer.isView(data);
  const flat: readonly unknown[] | TypedArray = typed ? (data as TypedArray) : ([data] as unknown[]).flat(Infinity);
  const shape = o.shape ? checkShape("tensor", o.shape) : typed ? [flat.length] : nestedShape(data);
  if (sizeOf(shape) !== flat.length) throw new ShapeError("tensor", `${flat.length} elements do not fill ${show(shape)}`);
  const booleans = !typed && flat.length > 0 && (flat as unknown[]).every((v) => typeof v === "boolean");
  const dtype = o.dtype === undefined ? (booleans ? "bool" : typed ? inferred(data) : "float32") : asDType("tensor", o.dtype);
  const host = hostArray(dtype, flat.length);
  for (let i = 0; i < flat.length; i++) host[i] = element(flat[i], dtype, i);
  return fromHost("tensor", host, dtype, shape, o as CreateOptions);
}

function element(value: unknown, dtype: DType, at: number): number {
  const v = typeof value === "boolean" ? Number(value) : typeof value === "bigint" ? Number(value) : value;
  if (typeof v !== "number") throw new DtypeError("tensor", `element ${at} is ${typeof value}`, "numbers or booleans");
  if (isFloat(dtype)) return v;
  if (dtype === "bool") return Number(v !== 0);
  const whole = Math.trunc(v);
  const [low, high] = dtype === "uint8" ? [0, 255] : [-2147483648, 2147483647];
  if (!(whole >= low && whole <= high)) throw new DtypeError("tensor", `element ${at} = ${v} does not fit ${dtype}`, `range ${low} to ${high}`);
  return whole;
}

/** A tensor of one repeated value. It takes no memory until a kernel needs it. */
export function full(shape: readonly number[], value: number, options: CreateOptions = {}): Tensor {
  const o = parse("full", [options], createDefaults);
  if (typeof value !== "number") throw new ArgumentError("full", `value must be a number, got ${typeof value}`);
  const device = deviceNamed("full", o.device);
  const dtype = asDType("full", o.dtype ?? "float32");
  if (!device.supports(dtype)) throw new DtypeError("full", `${dtype} is not available on ${device.type}`, 'use float32, or device "cpu"');
  const tensor = Tensor.constant(device, value, dtype, checkShape("full", shape));
  return o.requiresGrad ? tensor.requiresGrad_() : tensor;
}

export const zeros = (shape: readonly number[], options?: CreateOptions): Tensor => full(shape, 0, options);
export const ones = (shape: readonly number[], options?: CreateOptions): Tensor => full(shape, 1, options);
