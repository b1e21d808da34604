// Creation: tensors from host data and from nothing.
import { asDType, type DType, type DTypeLike, hostArray, isFloat, type TypedArray } from "./base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "./base/errors.ts";
import { parse } from "./base/options.ts";
import { checkShape, sizeOf } from "./base/shape.ts";
import type { Device } from "./backend/backend.ts";
import { type DeviceName, deviceNamed } from "./device.ts";
import { type Nested, Tensor } from "./tensor.ts";

export interface CreateOptions {
  readonly dtype?: DTypeLike | undefined;
  readonly device?: DeviceName | undefined;
  readonly requiresGrad?: boolean;
}
export const createDefaults = {
  dtype: undefined as DTypeLike | undefined,
  device: undefined as DeviceName | undefined,
  requiresGrad: false,
};
export type TensorData = Nested | readonly Nested[] | TypedArray | readonly number[] | BigInt64Array;

/** The leaf that `make` puts on the device asked for. Errors: DtypeError when the device lacks the dtype. */
function placed(op: string, dtype: DType, { device: name, requiresGrad }: CreateOptions, make: (device: Device) => Tensor): Tensor {
  const device = deviceNamed(op, name);
  if (!device.supports(dtype)) throw new DtypeError(op, `${dtype} is not available on ${device.type}`, 'use float32, or device "cpu"');
  const tensor = make(device);
  return requiresGrad ? tensor.requiresGrad_() : tensor;
}

/** Uploads host data as a new leaf. `data` is already in `dtype`'s array. */
export const fromHost = (op: string, data: TypedArray, dtype: DType, shape: readonly number[], options: CreateOptions): Tensor =>
  placed(op, dtype, options, (device) => Tensor.upload(device, dtype, data, shape));

/** Shape of nested arrays. Errors: ShapeError for ragged ones. */
function nestedShape(data: unknown): number[] {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level); level = level[0]) shape.push(level.length);
  const check = (value: unknown, d: number): void => {
    const length = Array.isArray(value) ? value.length : undefined;
    if (length !== shape[d])
      throw new ShapeError(
        "tensor",
        `ragged nested array at depth ${d}: expected ${shape[d] ?? "a number"}, got ${length ?? typeof value}`,
      );
    if (length !== undefined) for (const v of value as unknown[]) check(v, d + 1);
  };
  check(data, 0);
  return shape;
}

const kinds: Readonly<Record<string, DType>> = {
  Float64Array: "float64",
  Int32Array: "int32",
  BigInt64Array: "int32",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
};
const inferred = (data: unknown): DType => kinds[(data as TypedArray)[Symbol.toStringTag]] ?? "float32";
/** The least and the largest number of a dtype. */
export const rangeOf = (dtype: DType): readonly [number, number] =>
  dtype === "uint8" ? [0, 255] : dtype === "int32" ? [-2147483648, 2147483647] : [-Infinity, Infinity];

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
  // Every number fits a float, and an array of the dtype's own kind holds nothing else.
  if (typed && !(data instanceof BigInt64Array) && (isFloat(dtype) || inferred(data) === dtype)) host.set(data as TypedArray);
  else for (let i = 0; i < flat.length; i++) host[i] = element(flat[i], dtype, i);
  return fromHost("tensor", host, dtype, shape, o);
}

function element(value: unknown, dtype: DType, at: number): number {
  const v = typeof value === "boolean" || typeof value === "bigint" ? Number(value) : value;
  if (typeof v !== "number") throw new DtypeError("tensor", `element ${at} is ${typeof value}`, "numbers or booleans");
  if (isFloat(dtype)) return v;
  if (dtype === "bool") return Number(v !== 0);
  const whole = Math.trunc(v);
  const [low, high] = rangeOf(dtype);
  if (!(whole >= low && whole <= high))
    throw new DtypeError("tensor", `element ${at} = ${v} does not fit ${dtype}`, `range ${low} to ${high}`);
  return whole;
}

/** Sizes spread out or as one array, then options: `zeros(2, 3)`, `zeros([2, 3], { dtype: "int32" })`. */
export type SizeArgs =
  | readonly [...sizes: number[]]
  | readonly [...sizes: number[], options: CreateOptions]
  | readonly [shape: readonly number[], options?: CreateOptions];

/** Splits sizes from the options object behind them. Errors: ShapeError, ArgumentError for unknown options. */
export function sized<K extends object>(
  op: string,
  args: readonly unknown[],
  keywords: K,
): { shape: number[]; options: typeof createDefaults & K } {
  const last = args[args.length - 1];
  const named = typeof last === "object" && last !== null && !Array.isArray(last);
  const sizes = (named ? args.slice(0, -1) : args).filter((v, i, all) => !(v === undefined && i === all.length - 1));
  const shape = checkShape(op, sizes.length === 1 && Array.isArray(sizes[0]) ? (sizes[0] as unknown[]) : sizes);
  return { shape, options: parse(op, named ? [last] : [], { ...createDefaults, ...keywords }) as typeof createDefaults & K };
}

/** The value as an element of `dtype` would hold it. */
function rounded(op: string, value: unknown, dtype: DType): number {
  if (typeof value !== "number" && typeof value !== "boolean") throw new ArgumentError(op, `value must be a number, got ${typeof value}`);
  const v = Number(value);
  if (dtype === "float64") return v;
  return dtype === "float32" ? Math.fround(v) : element(v, dtype, 0);
}

const constant = (op: string, shape: readonly number[], value: unknown, dtype: DType, o: CreateOptions): Tensor =>
  placed(op, dtype, o, (device) => Tensor.constant(device, rounded(op, value, dtype), dtype, shape));

/**
 * A tensor of one repeated value; it takes no memory until a kernel needs it. Without dtype, whole numbers give int32, others float32,
 * booleans bool, as in PyTorch: for floats of a whole value say `{ dtype: "float32" }`.
 */
export function full(shape: readonly number[], value: number | boolean, options: CreateOptions = {}): Tensor {
  const o = parse("full", [options], createDefaults);
  const guess = typeof value === "boolean" ? "bool" : Number.isInteger(value) ? "int32" : "float32";
  return constant("full", checkShape("full", shape), value, asDType("full", o.dtype ?? guess), o);
}

function repeated(op: string, args: readonly unknown[], value: number): Tensor {
  const { shape, options } = sized(op, args, {});
  return constant(op, shape, value, asDType(op, options.dtype ?? "float32"), options);
}

/** Zeros; memory is taken only when a kernel needs it. */
export const zeros = (...args: SizeArgs): Tensor => repeated("zeros", args, 0);
/** Ones; memory is taken only when a kernel needs it. */
export const ones = (...args: SizeArgs): Tensor => repeated("ones", args, 1);
/** A tensor to be overwritten: its contents are zeros, but nothing should rely on that. */
export const empty = (...args: SizeArgs): Tensor => repeated("empty", args, 0);

/** Options of the `…Like` functions with what the model tensor has filled in. Errors: DtypeError when x is no tensor. */
export function like<K extends typeof createDefaults>(
  op: string,
  x: Tensor,
  options: CreateOptions | undefined,
  defaults: K,
): K & { readonly dtype: DType } {
  if (!(x instanceof Tensor)) throw new DtypeError(op, `needs a tensor, got ${typeof x}`);
  const o = parse(op, [options ?? {}], defaults);
  return { ...o, dtype: asDType(op, o.dtype ?? x.dtype), device: o.device ?? x.device.type };
}

/** Zeros in the shape, dtype and device of x. */
export const zerosLike = (x: Tensor, options?: CreateOptions): Tensor => fullLike(x, 0, options);
/** Ones in the shape, dtype and device of x. */
export const onesLike = (x: Tensor, options?: CreateOptions): Tensor => fullLike(x, 1, options);
/** A tensor to be overwritten, in the shape, dtype and device of x. */
export const emptyLike = (x: Tensor, options?: CreateOptions): Tensor => fullLike(x, 0, options);
/** One repeated value in the shape, dtype and device of x. */
export function fullLike(x: Tensor, value: number | boolean, options?: CreateOptions): Tensor {
  const o = like("fullLike", x, options, createDefaults);
  return constant("fullLike", x.shape, value, o.dtype, o);
}

/** A host array of `dtype` filled by a rule, as a tensor. */
function computed(
  op: string,
  n: number,
  dtype: DType,
  options: CreateOptions,
  value: (i: number) => number,
  shape: readonly number[] = [n],
): Tensor {
  const host = hostArray(dtype, n);
  for (let i = 0; i < n; i++) host[i] = value(i);
  return fromHost(op, host, dtype, shape, options);
}

type RangeArgs =
  | readonly [end: number, options?: CreateOptions]
  | readonly [start: number, end: number, options?: CreateOptions]
  | readonly [start: number, end: number, step: number, options?: CreateOptions];

/**
 * Numbers from start (0) up to end, exclusive, in steps (1). Without dtype, whole arguments give int32, others float32.
 * Errors: ArgumentError for a step of 0, away from end, or a range that is not finite.
 */
export function arange(...args: RangeArgs): Tensor {
  const numbers = args.filter((v) => typeof v === "number");
  const order = numbers.length > 1 ? { start: 0, end: undefined as number | undefined, step: 1 } : { end: undefined as number | undefined };
  const o = parse("arange", args, order, { ...createDefaults, start: 0, step: 1 }) as typeof createDefaults & {
    start: number;
    end?: number;
    step: number;
  };
  const given = [o.start, o.end, o.step];
  if (given.some((v) => typeof v !== "number" || !Number.isFinite(v)))
    throw new ArgumentError("arange", `needs finite numbers, got start ${o.start}, end ${String(o.end)}, step ${o.step}`);
  const dtype = asDType("arange", o.dtype ?? (given.every(Number.isInteger) ? "int32" : "float32"));
  const [start, end, step] = (isFloat(dtype) ? given : given.map((v) => Math.trunc(v!))) as [number, number, number];
  if (step === 0) throw new ArgumentError("arange", "step is 0");
  if ((end - start) * step < 0) throw new ArgumentError("arange", `steps of ${step} lead away from ${start} to ${end}`);
  const n = Math.ceil((end - start) / step);
  checkShape("arange", [n]);
  return computed("arange", n, dtype, o, (i) => start + i * step);
}

function evenly(op: string, start: number, end: number, steps: number, options: CreateOptions, map: (v: number) => number): Tensor {
  const o = parse(op, [options], createDefaults);
  if (!Number.isInteger(steps) || steps < 0) throw new ArgumentError(op, `steps must be a non-negative integer, got ${String(steps)}`);
  if (typeof start !== "number" || typeof end !== "number")
    throw new ArgumentError(op, `start and end must be numbers, got ${typeof start} and ${typeof end}`);
  const dtype = asDType(op, o.dtype ?? "float32");
  const [from, to] = isFloat(dtype) ? [start, end] : [Math.trunc(start), Math.trunc(end)];
  const step = steps > 1 ? (to - from) / (steps - 1) : 0;
  // Both halves count from their own end, so that the last element is exactly `end`.
  return computed(op, steps, dtype, o, (i) => map(i < steps / 2 ? from + i * step : to - (steps - 1 - i) * step));
}

/** `steps` numbers evenly spaced from start to end, both included. */
export const linspace = (start: number, end: number, steps: number, options: CreateOptions = {}): Tensor =>
  evenly("linspace", start, end, steps, options, (v) => v);

/** `steps` numbers base^v for v evenly spaced from start to end. */
export function logspace(
  start: number,
  end: number,
  steps: number,
  ...rest: [base?: number] | [base: number, options: CreateOptions] | [options: CreateOptions & { base?: number }]
): Tensor {
  const { base, ...o } = parse("logspace", rest, { base: 10 }, createDefaults);
  return evenly("logspace", start, end, steps, o, (v) => base ** v);
}

/** Ones on the diagonal of an n × m matrix (m = n), zeros elsewhere. */
export function eye(
  n: number,
  ...rest: [m?: number] | [m: number, options: CreateOptions] | [options: CreateOptions & { m?: number }]
): Tensor {
  const { m = n, ...o } = parse("eye", rest, { m: undefined as number | undefined }, createDefaults);
  const [rows, cols] = checkShape("eye", [n, m]) as [number, number];
  return computed("eye", rows * cols, asDType("eye", o.dtype ?? "float32"), o, (i) => Number(Math.floor(i / cols) === i % cols), [
    rows,
    cols,
  ]);
}

/** What canvases and decoders hand out: RGBA bytes, row by row. */
export interface Pixels {
  readonly data: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
}

/**
 * An image as a tensor of [channels, height, width]: 3 channels are red, green, blue (default), 4 add alpha, 1 is luma (ITU-R 601).
 * Floats run from 0 to 1; dtype "uint8" keeps 0 to 255.
 */
export function fromImageData(image: Pixels, options: CreateOptions & { readonly channels?: 1 | 3 | 4 } = {}): Tensor {
  const { channels, ...o } = parse("fromImageData", [options], { ...createDefaults, channels: 3 });
  const { data, width, height } = image ?? {};
  const [h, w] = checkShape("fromImageData", [height, width]) as [number, number];
  if (data?.length !== 4 * w * h) throw new ShapeError("fromImageData", `${String(data?.length)} bytes are no RGBA image of ${w} × ${h}`);
  if (![1, 3, 4].includes(channels)) throw new ArgumentError("fromImageData", `channels must be 1, 3 or 4, got ${String(channels)}`);
  const dtype = asDType("fromImageData", o.dtype ?? "float32");
  const value = (i: number): number => {
    const p = 4 * (i % (w * h));
    // Luma is that of ITU-R 601.
    const v = channels === 1 ? 0.299 * data[p]! + 0.587 * data[p + 1]! + 0.114 * data[p + 2]! : data[p + Math.floor(i / (w * h))]!;
    return isFloat(dtype) ? v / 255 : Math.round(v);
  };
  return computed("fromImageData", channels * w * h, dtype, o, value, [channels, h, w]);
}
