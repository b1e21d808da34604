// safetensors: the format that PyTorch users exchange weights in. Written as the official writer does, read strictly.
import "../kits/core.ts";
import { type DType, hostArray, type TypedArray } from "../base/dtype.ts";
import { ArgumentError, FormatError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { sizeOf } from "../base/shape.ts";
import { full, tensor } from "../create.ts";
import { type DeviceName, deviceNamed } from "../device.ts";
import { Tensor } from "../tensor.ts";
import { type HeaderEntry, malformed, readHeader, widths } from "./header.ts";

const written: Readonly<Record<DType, string>> = { float32: "F32", float64: "F64", int32: "I32", uint8: "U8", bool: "BOOL" };
const read: Readonly<Record<string, DType>> = {
  F64: "float64", F32: "float32", F16: "float32", BF16: "float32", I64: "int32", I32: "int32", I16: "int32", I8: "int32", U32: "int32", U16: "int32", U8: "uint8", BOOL: "bool",
}; // prettier-ignore
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

export type TensorDict = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

/**
 * The file's bytes: header, then tensors by descending element width and name. Values are read from the GPU where they are.
 * `metadata` joins {format: "pt"}, which loaders of PyTorch models insist on. Errors: ArgumentError for values that are no tensors.
 */
export async function saveSafetensors(
  dict: TensorDict,
  options: { readonly metadata?: Readonly<Record<string, string>> } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { metadata } = parse("saveSafetensors", [options], {}, { metadata: {} as Readonly<Record<string, string>> });
  const named = dict instanceof Map ? [...(dict as ReadonlyMap<string, Tensor>)] : Object.entries(dict as Readonly<Record<string, Tensor>>);
  for (const [name, t] of named) {
    if (!(t instanceof Tensor)) throw new ArgumentError("saveSafetensors", `${name} is ${t === null ? "null" : typeof t}, not a tensor`);
    if (name === "__metadata__" || name === "__proto__" || name.length > 1024)
      throw new ArgumentError("saveSafetensors", `a tensor cannot be named ${name.slice(0, 40)}`);
  }
  for (const [key, value] of Object.entries(metadata))
    if (typeof value !== "string") throw new ArgumentError("saveSafetensors", `metadata ${key} is ${typeof value}`, "only strings");
  const width = (t: Tensor): number => widths[written[t.dtype]]!;
  const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  named.sort(([a, x], [b, y]) => width(y) - width(x) || byName(a, b));
  const values = await Promise.all(named.map(([, t]) => t.data()));
  let at = 0;
  const header: [string, unknown][] = [["__metadata__", { format: "pt", ...metadata }]];
  for (const [name, t] of named)
    header.push([name, { dtype: written[t.dtype], shape: t.shape, data_offsets: [at, (at += t.size * width(t))] }]);
  // Built by hand, because an object would put numeric names first.
  const text = new TextEncoder().encode(`{${header.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(",")}}`);
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + at);
  new DataView(bytes.buffer).setUint32(0, length, true);
  bytes.fill(0x20, 8 + text.length, 8 + length).set(text, 8);
  let start = 8 + length;
  for (const data of values) {
    bytes.set(swapped(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), data.BYTES_PER_ELEMENT), start);
    start += data.byteLength;
  }
  return bytes;
}

/** What a file holds, without making tensors: shapes, dtypes and metadata. Errors: FormatError for malformed files. */
export function inspectSafetensors(bytes: Uint8Array | ArrayBuffer): {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[];
} {
  const { entries, metadata } = readHeader(asBytes(bytes));
  return { metadata, tensors: entries.map(({ name, dtype, shape }) => ({ name, dtype, shape })) };
}

/**
 * The tensors of a file by name, in the file's order. Half and bfloat16 become float32, 64-bit integers int32 when they fit; float64 stays on the CPU only.
 * `device` is where they go (default: the one in use). Errors: FormatError for everything the format forbids, before any tensor is made.
 */
export function loadSafetensors(bytes: Uint8Array | ArrayBuffer, options: { readonly device?: DeviceName } = {}): Record<string, Tensor> {
  const { device } = parse("loadSafetensors", [options], {}, { device: undefined as DeviceName | undefined });
  const data = asBytes(bytes);
  const { entries, start } = readHeader(data);
  for (const { name, dtype } of entries)
    if (!Object.hasOwn(read, dtype)) malformed(`${name} is ${dtype}, which cannot be held here`, { name, dtype });
  // Everything is decoded, and so checked, before the first tensor exists.
  const decoded = entries.map((entry) => decode(entry, data.subarray(start + entry.begin, start + entry.end)));
  const dict = Object.create(null) as Record<string, Tensor>;
  const double = deviceNamed("loadSafetensors", device).supports("float64");
  entries.forEach(({ name, dtype, shape }, i) => {
    const where = { dtype: dtype === "F64" && !double ? ("float32" as const) : read[dtype]!, ...(device === undefined ? {} : { device }) };
    dict[name] = shape.length === 0 ? full([], decoded[i]![0]!, where) : tensor(decoded[i]!, { shape, ...where });
  });
  return dict;
}

const asBytes = (bytes: Uint8Array | ArrayBuffer): Uint8Array => {
  if (bytes instanceof Uint8Array) return bytes;
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  throw new FormatError("loadSafetensors", `needs a Uint8Array or an ArrayBuffer, got ${typeof bytes}`);
};

/** The bytes in the file's order. */
function swapped(bytes: Uint8Array, width: number): Uint8Array {
  if (littleEndian || width === 1) return bytes;
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = bytes[i - (i % width) + width - 1 - (i % width)]!;
  return out;
}

/** The elements of one tensor as the host array of its dtype here. */
function decode({ name, dtype, shape }: HeaderEntry, bytes: Uint8Array): TypedArray {
  const out = hostArray(read[dtype]!, sizeOf(shape));
  if (dtype === "F32" || dtype === "F64" || dtype === "I32" || dtype === "U8") {
    // Copied, not viewed: the data may lie unaligned, and must not keep the file alive.
    new Uint8Array(out.buffer).set(swapped(bytes, widths[dtype]!));
    return out;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: Record<string, (i: number) => number> = {
    F16: (i) => half(view.getUint16(2 * i, true)),
    BF16: (i) => bfloat(view.getUint16(2 * i, true)),
    I64: (i) => ranged(name, i, Number(view.getBigInt64(8 * i, true))),
    U32: (i) => ranged(name, i, view.getUint32(4 * i, true)),
    I16: (i) => view.getInt16(2 * i, true),
    U16: (i) => view.getUint16(2 * i, true),
    I8: (i) => view.getInt8(i),
    BOOL: (i) => (bytes[i]! > 1 ? malformed(`element ${i} of ${name} is ${bytes[i]}, no truth value`) : bytes[i]!),
  };
  const element = elements[dtype]!;
  for (let i = 0; i < out.length; i++) out[i] = element(i);
  return out;
}

const ranged = (name: string, i: number, value: number): number =>
  value >= -2147483648 && value <= 2147483647
    ? value
    : malformed(`element ${i} of ${name} is ${value}, beyond int32`, { name, index: i, value });

/** IEEE half precision. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

const word = new DataView(new ArrayBuffer(4));
/** The upper half of a float32. */
function bfloat(bits: number): number {
  word.setUint32(0, bits * 65536);
  return word.getFloat32(0);
}
