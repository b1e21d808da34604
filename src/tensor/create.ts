// Creation: tensors from host data and from nothing.
import "./methods.ts";
import { checkKnown } from "../base/checks.ts";
import { described } from "../base/copies.ts";
import { asDType, type DType, type DTypeLike, hostArray, isFloat, promote, roundTo, type TypedArray } from "../base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { entry } from "../base/reading.ts";
import { checkShape, sizeOf } from "../base/shape.ts";
import { checkSupport, type Device } from "../device/device.ts";
import { integer, isTensor, operand } from "../ops/arguments.ts";
import { type DeviceLike, deviceNamed } from "./device.ts";
import { Tensor } from "./tensor.ts";

export interface CreateOptions {
  readonly dtype?: DTypeLike | undefined;
  readonly device?: DeviceLike | undefined;
  readonly requiresGrad?: boolean;
}
export const createDefaults = {
  dtype: undefined as DTypeLike | undefined,
  device: undefined as DeviceLike | undefined,
  requiresGrad: false,
};
export type TensorData = number | boolean | TypedArray | BigInt64Array | readonly TensorData[];

/** The leaf that `make` puts on the device asked for. Errors: DtypeError when the device lacks the dtype. */
function placed(dtype: DType, { device: name, requiresGrad }: CreateOptions, make: (device: Device) => Tensor): Tensor {
  const device = deviceNamed(name);
  checkSupport(device, dtype);
  const tensor = make(device);
  return requiresGrad ? tensor.requiresGrad_() : tensor;
}

/** Uploads host data as a new leaf. `data` is already in `dtype`'s array. */
export const fromHost = (data: TypedArray, dtype: DType, shape: readonly number[], options: CreateOptions): Tensor =>
  placed(dtype, options, (device) => Tensor.upload(device, dtype, data, shape));

/** The kind of a typed array, `Float32Array`, of whatever realm; undefined for other things. */
const arrayKind = (data: unknown): string | undefined => (ArrayBuffer.isView(data) ? (data as TypedArray)[Symbol.toStringTag] : undefined);

/** The elements of nested arrays, the shape that these have, and the kinds of typed arrays among them. Errors: ShapeError for ragged ones. */
function unnested(data: unknown): { readonly flat: readonly unknown[]; readonly shape: number[]; readonly kinds: ReadonlySet<string> } {
  const shape: number[] = [];
  const kinds = new Set<string>();
  let typed = 0;
  const list = (v: unknown): readonly unknown[] | undefined => {
    const kind = arrayKind(v);
    if (kind === "DataView") throw new DtypeError("a DataView has no type of element", "wrap its buffer in a typed array");
    if (kind) kinds.add(kind);
    if (kind) typed += (v as TypedArray).length;
    return kind ? Array.from(v as ArrayLike<unknown>) : Array.isArray(v) ? (v as readonly unknown[]) : undefined;
  };
  let flat: readonly unknown[] = [data];
  for (;;) {
    const lists = flat.map(list);
    if (!lists.some(Boolean)) {
      // Numbers beside typed arrays are floats, as they are alone.
      if (typed > 0 && flat.length > typed) kinds.add("Float32Array");
      return { flat, shape, kinds };
    }
    const lengths = new Set(lists.map((v, i) => v?.length ?? typeof flat[i]));
    if (lengths.size > 1) throw new ShapeError(`ragged array, ${[...lengths].join(" beside ")} at depth ${shape.length}`);
    shape.push(lists[0]!.length);
    flat = lists.flatMap((v) => v!);
  }
}

/** The dtype of a kind of typed arrays, int64 for 64-bit integers; float32 for kinds that no dtype has. */
const inferred = (kind: string): DTypeLike =>
  (/^(Float64|Int32|Uint8)|Int64|Uint64/.exec(kind)?.[0].toLowerCase().replace("uint64", "int64") ?? "float32") as DTypeLike;

/**
 * A tensor from a number, nested arrays, a typed array with options.shape, or arrays of typed arrays. Numbers become float32, booleans bool,
 * unless dtype says otherwise; typed arrays keep their type. Errors: ShapeError for ragged arrays or a shape that does not fit; DtypeError for other values.
 * @example
 * const x = tensor([[1, 2], [3, 4]]);
 * [x.shape, x.dtype]; // → [[2, 2], "float32"]
 * tensor([true, false]).dtype; // → bool
 * await tensor(new Float32Array(6), { shape: [2, 3] }).tolist(); // → [[0, 0, 0], [0, 0, 0]]
 */
export function tensor(data: TensorData, options: CreateOptions & { readonly shape?: readonly number[] } = {}): Tensor {
  return entry("tensor", arguments, 2, () => {
    const o = parse([options], {}, { ...createDefaults, shape: undefined as readonly number[] | undefined });
    const kind = arrayKind(data);
    const {
      flat,
      shape: found,
      kinds,
    } = kind && kind !== "DataView"
      ? { flat: data as unknown as ArrayLike<unknown>, shape: [(data as TypedArray).length], kinds: new Set([kind]) }
      : unnested(data);
    const shape = o.shape ? checkShape(o.shape) : found;
    if (sizeOf(shape) !== flat.length) throw new ShapeError(`${flat.length} elements do not fill ${show(shape)}`);
    const dtype = asDType(o.dtype ?? (kinds.size > 0 ? typeOf(kinds) : booleans(flat) ? "bool" : "float32"));
    const host = hostArray(dtype, flat.length);
    // Every number fits a float, and an array of the dtype's own kind holds nothing else.
    if (kind && !kind.startsWith("Big") && (isFloat(dtype) || inferred(kind) === dtype)) host.set(data as TypedArray);
    else for (let i = 0; i < flat.length; i++) host[i] = element(flat[i], dtype, i);
    return fromHost(host, dtype, shape, o);
  });
}

/**
 * `tensor(data)`; a tensor passes as it is, unless it is asked for in another dtype or elsewhere. Memory is not shared with arrays.
 * @example
 * const x = tensor([1, 2]);
 * [asTensor(x) === x, asTensor([1, 2], { dtype: "int32" }).dtype]; // → [true, "int32"]
 */
export function asTensor(
  data: Tensor | TensorData,
  ...rest:
    | [dtype?: DTypeLike, device?: DeviceLike]
    | [options: { readonly dtype?: DTypeLike | undefined; readonly device?: DeviceLike | undefined }]
): Tensor {
  return entry("asTensor", arguments, Infinity, () => {
    const { dtype, device } = parse(rest, { dtype: createDefaults.dtype, device: createDefaults.device });
    if (!isTensor(data)) return tensor(data, { dtype, device });
    return data.to({ dtype: dtype ?? data.dtype, device: device ?? data.device.type });
  });
}

/** What typed arrays of these kinds are together, by promotion. */
const typeOf = (kinds: ReadonlySet<string>): DType =>
  promote(Array.from(kinds, (kind) => ({ dtype: asDType(inferred(kind)), kind: "tensor" })));
const booleans = (flat: ArrayLike<unknown>): boolean => flat.length > 0 && Array.from(flat).every((v) => typeof v === "boolean");

/** The value as an element of `dtype` would hold it. Errors: DtypeError for other things than numbers, and beyond the range of whole ones. */
function element(value: unknown, dtype: DType, at = 0): number {
  const v = typeof value === "boolean" || typeof value === "bigint" ? Number(value) : value;
  if (isTensor(v)) throw new DtypeError(`element ${at} is a tensor`, "stack([…]) or cat([…]) joins tensors, clone() copies one");
  if (typeof v !== "number") throw new DtypeError(`element ${at} is ${described(v)}`, "numbers or booleans");
  if (isFloat(dtype) || dtype === "bool") return roundTo(dtype, v);
  const whole = Math.trunc(v);
  if (roundTo(dtype, whole) === whole) return whole;
  throw new DtypeError(`element ${at} = ${v} does not fit ${dtype}`);
}

/** Sizes spread out or as one array, then options: `zeros(2, 3)`, `zeros([2, 3], { dtype: "int32" })`. */
export type SizeArgs =
  | readonly [...sizes: number[]]
  | readonly [...sizes: number[], options: CreateOptions]
  | readonly [shape: readonly number[], options?: CreateOptions];

/** Splits sizes from the options object behind them. Errors: ShapeError, ArgumentError for unknown options. */
export function sized<K extends object>(args: readonly unknown[], keywords: K): { shape: number[]; options: typeof createDefaults & K } {
  const [first] = args;
  const last = args.findLastIndex((v) => v !== undefined);
  const named = typeof args[last] === "object" && !Array.isArray(args[last]);
  const sizes = Array.isArray(first) ? 1 : last + Number(!named);
  const shape = checkShape(Array.isArray(first) ? (first as unknown[]) : args.slice(0, sizes));
  return { shape, options: parse(args.slice(sizes), {}, { ...createDefaults, ...keywords }) };
}

function constant(shape: readonly number[], value: unknown, o: CreateOptions, fallback: DType = "float32"): Tensor {
  const dtype = asDType(o.dtype ?? fallback);
  return placed(dtype, o, (device) => Tensor.constant(device, element(value, dtype), dtype, shape));
}

/**
 * A tensor of one repeated value; it takes no memory until a kernel needs it. Without dtype, whole numbers give int32, others float32,
 * booleans bool, as in PyTorch: for floats of a whole value say `{ dtype: "float32" }`.
 * @example await full([2, 2], 7).tolist(); // → [[7, 7], [7, 7]]
 */
export function full(shape: readonly number[], value: number | boolean, options: CreateOptions = {}): Tensor {
  return entry("full", arguments, 3, () => {
    const o = parse([options], {}, createDefaults);
    const guess = typeof value === "boolean" ? "bool" : Number.isInteger(value) ? "int32" : "float32";
    return constant(checkShape(shape), value, o, guess);
  });
}

function repeated(args: readonly unknown[], value: number): Tensor {
  const { shape, options } = sized(args, {});
  return constant(shape, value, options);
}

/**
 * Zeros; memory is taken only when a kernel needs it.
 * @example await zeros(2, 2).tolist(); // → [[0, 0], [0, 0]]
 */
export const zeros = (...args: SizeArgs): Tensor => entry("zeros", args, Infinity, () => repeated(args, 0));
/**
 * Ones; memory is taken only when a kernel needs it.
 * @example await ones(2, { dtype: "int32" }).tolist(); // → [1, 1]
 */
export const ones = (...args: SizeArgs): Tensor => entry("ones", args, Infinity, () => repeated(args, 1));
/** A tensor to be overwritten: its contents are zeros, but nothing should rely on that. */
export const empty = (...args: SizeArgs): Tensor => entry("empty", args, Infinity, () => repeated(args, 0));

/** Defaults of the `…Like` functions: those given, and what the model tensor fills in. Errors: DtypeError when x is no tensor. */
export const like = <K extends typeof createDefaults>(x: Tensor, defaults: K): K => {
  const { dtype, device } = operand(x);
  return { ...defaults, dtype, device: device.type };
};

function repeatedLike(x: Tensor, value: number | boolean, options: CreateOptions | undefined): Tensor {
  const o = parse([options], {}, like(x, createDefaults));
  return constant(x.shape, value, o);
}

/**
 * Zeros in the shape, dtype and device of x.
 * @example await zerosLike(tensor([1, 2])).tolist(); // → [0, 0]
 */
export function zerosLike(x: Tensor, options?: CreateOptions): Tensor {
  return entry("zerosLike", arguments, 2, () => repeatedLike(x, 0, options));
}
/**
 * Ones in the shape, dtype and device of x.
 * @example await onesLike(tensor([1, 2])).tolist(); // → [1, 1]
 */
export function onesLike(x: Tensor, options?: CreateOptions): Tensor {
  return entry("onesLike", arguments, 2, () => repeatedLike(x, 1, options));
}
/** A tensor to be overwritten, in the shape, dtype and device of x. */
export function emptyLike(x: Tensor, options?: CreateOptions): Tensor {
  return entry("emptyLike", arguments, 2, () => repeatedLike(x, 0, options));
}
/**
 * One repeated value in the shape, dtype and device of x.
 * @example await fullLike(tensor([1, 2]), 3).tolist(); // → [3, 3]
 */
export function fullLike(x: Tensor, value: number | boolean, options?: CreateOptions): Tensor {
  return entry("fullLike", arguments, 3, () => repeatedLike(x, value, options));
}

/** A host array of `dtype` filled by a rule, as a tensor. */
export function computed(shape: readonly number[], dtype: DType, options: CreateOptions, value: (i: number) => number): Tensor {
  const host = hostArray(dtype, sizeOf(checkShape(shape)));
  for (let i = 0; i < host.length; i++) host[i] = value(i);
  return fromHost(host, dtype, shape, options);
}

type RangeArgs =
  | readonly [end: number, options?: CreateOptions]
  | readonly [start: number, end: number, options?: CreateOptions]
  | readonly [start: number, end: number, step: number, options?: CreateOptions];

/**
 * Numbers from start (0) up to end, exclusive, in steps (1). Without dtype, whole arguments give int32, others float32.
 * Errors: ArgumentError for a step of 0, away from end, or a range that is not finite.
 * @example await arange(1, 2, 0.25).tolist(); // → [1, 1.25, 1.5, 1.75]
 */
export function arange(...args: RangeArgs): Tensor {
  return entry("arange", args, Infinity, () => {
    const end = undefined as number | undefined;
    const order = typeof args[1] === "number" ? { start: 0, end, step: 1 } : { end };
    const o = parse(args, order, { ...createDefaults, start: 0, step: 1 });
    const given = [o.start, o.end!, o.step] as const;
    const dtype = asDType(o.dtype ?? (given.every(Number.isInteger) ? "int32" : "float32"));
    const [start, last, step] = isFloat(dtype) ? given : (given.map(Math.trunc) as [number, number, number]);
    const n = (last - start) / step;
    if (![...given, n].every(Number.isFinite) || n < 0)
      throw new ArgumentError(`needs a finite start and end and a step from one to the other, got ${given.join(", ")}`);
    return computed([Math.ceil(n)], dtype, o, (i) => start + i * step);
  });
}

function evenly(start: number, end: number, steps: number, options: CreateOptions, map: (v: number) => number): Tensor {
  const o = parse([options], {}, createDefaults);
  if (typeof start !== "number" || typeof end !== "number" || !Number.isInteger(steps) || steps < 0)
    throw new ArgumentError(`needs numbers and how many steps, got ${start}, ${end}, ${steps}`);
  const dtype = asDType(o.dtype ?? "float32");
  const [from, to] = isFloat(dtype) ? [start, end] : [Math.trunc(start), Math.trunc(end)];
  const step = steps > 1 ? (to - from) / (steps - 1) : 0;
  // Both halves count from their own end, so that the last element is exactly `end`.
  return computed([steps], dtype, o, (i) => map(i < steps / 2 ? from + i * step : to - (steps - 1 - i) * step));
}

/**
 * `steps` numbers evenly spaced from start to end, both included.
 * @example await linspace(0, 1, 5).tolist(); // → [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(start: number, end: number, steps: number, options: CreateOptions = {}): Tensor {
  return entry("linspace", arguments, 4, () => evenly(start, end, steps, options, (v) => v));
}

/**
 * `steps` numbers base^v for v evenly spaced from start to end.
 * @example await logspace(0, 2, 3).tolist(); // → [1, 10, 100]
 */
export function logspace(
  start: number,
  end: number,
  steps: number,
  ...rest: [base?: number] | [base: number, options: CreateOptions] | [options: CreateOptions & { base?: number }]
): Tensor {
  return entry("logspace", arguments, Infinity, () => {
    const { base, ...o } = parse(rest, { base: 10 }, createDefaults);
    return evenly(start, end, steps, o, (v) => base ** v);
  });
}

/**
 * Ones on the diagonal of an n × m matrix (m = n), zeros elsewhere.
 * @example await eye(2, 3).tolist(); // → [[1, 0, 0], [0, 1, 0]]
 */
export function eye(
  n: number,
  ...rest: [m?: number] | [m: number, options: CreateOptions] | [options: CreateOptions & { m?: number }]
): Tensor {
  return entry("eye", arguments, Infinity, () => {
    const { m = n, ...o } = parse(rest, { m: undefined as number | undefined }, createDefaults);
    return computed([n, m], asDType(o.dtype ?? "float32"), o, (i) => Number(Math.floor(i / m) === i % m));
  });
}

type TriangleRest = [offset?: number] | [offset: number, options: CreateOptions] | [options: CreateOptions & { offset?: number }];

/** Row and column of every element of a triangle: `span` tells its columns from the diagonal's and the one behind that, row by row. */
function triangle(row: number, col: number, rest: TriangleRest, span: (start: number, end: number) => readonly [number, number]): Tensor {
  const { offset, ...o } = parse(rest, { offset: 0 }, createDefaults);
  integer(offset, "offset");
  const [rows, columns] = checkShape([row, col]) as [number, number];
  const places: (readonly [number, number])[] = [];
  for (let i = 0; i < rows; i++) {
    const [start, end] = span(Math.max(0, i + offset), Math.min(columns, i + offset + 1));
    for (let j = start; j < end; j++) places.push([i, j]);
  }
  const n = places.length;
  return computed([2, n], asDType(o.dtype ?? "int32"), o, (k) => places[k % n]![Math.floor(k / n)]!);
}

/**
 * Rows and columns, [2, n], of the elements of a row × col matrix on and below a diagonal, `offset` above the main one. int32 unless dtype says otherwise.
 * @example await trilIndices(2, 2).tolist(); // → [[0, 1, 1], [0, 0, 1]]
 */
export function trilIndices(row: number, col: number, ...rest: TriangleRest): Tensor {
  return entry("trilIndices", arguments, Infinity, () => triangle(row, col, rest, (_, end) => [0, end]));
}
/**
 * Rows and columns, [2, n], of the elements of a row × col matrix on and above a diagonal, `offset` above the main one. int32 unless dtype says otherwise.
 * @example await triuIndices(2, 2).tolist(); // → [[0, 0, 1], [0, 1, 1]]
 */
export function triuIndices(row: number, col: number, ...rest: TriangleRest): Tensor {
  return entry("triuIndices", arguments, Infinity, () => triangle(row, col, rest, (start) => [start, col]));
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
 * @example
 * const pixels = { data: new Uint8ClampedArray([255, 0, 0, 255]), width: 1, height: 1 };
 * await fromImageData(pixels).tolist(); // → [[[1]], [[0]], [[0]]]
 */
export function fromImageData(image: Pixels, options: CreateOptions & { readonly channels?: 1 | 3 | 4 } = {}): Tensor {
  return entry("fromImageData", arguments, 2, () => {
    const { channels, ...o } = parse([options], {}, { ...createDefaults, channels: 3 });
    const { data, width, height } = image ?? {};
    const pixels = width * height;
    if (data?.length !== 4 * pixels) throw new ShapeError(`${data?.length} bytes are no RGBA image of ${width} × ${height}`);
    checkKnown("channels", channels, [1, 3, 4]);
    const dtype = asDType(o.dtype ?? "float32");
    const value = (i: number): number => {
      const p = 4 * (i % pixels);
      // Luma is that of ITU-R 601.
      const v = channels === 1 ? 0.299 * data[p]! + 0.587 * data[p + 1]! + 0.114 * data[p + 2]! : data[p + Math.floor(i / pixels)]!;
      return isFloat(dtype) ? v / 255 : Math.round(v);
    };
    return computed([channels, height, width], dtype, o, value);
  });
}
