// Element types of files: how a DataView reads them, and what they become here.
import type { DType, TypedArray } from "../base/dtype.ts";

/** What the getters and setters of a DataView are named after. */
export type Kind = "Int8" | "Uint8" | "Int16" | "Uint16" | "Int32" | "Uint32" | "Float32" | "Float64" | "BigInt64";
/** Throws the error of an element that cannot be held. */
type Refuse = (why: string) => never;

/** Bytes of an element. */
export const widthOf = (kind: Kind): number => Number(kind.replace(/\D+/, "")) / 8;

/** Fills `out` from the bytes; byte order is the file's, alignment any. */
export function readElements(
  bytes: Uint8Array,
  kind: Kind,
  littleEndian: boolean,
  out: TypedArray | number[],
  convert: (value: number, at: number) => number = Number,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = widthOf(kind);
  const read = view[`get${kind}`] as DataView["getInt16"];
  for (let i = 0; i < out.length; i++) out[i] = convert(read.call(view, i * width, littleEndian), i);
}

/** One dtype of safetensors; without `dtype` it is known, but cannot be held here. */
export type Format = readonly [kind: Kind, dtype?: DType, convert?: (value: number, refuse: Refuse) => number];

const floatOf = (bits: number): number => new Float32Array(Uint32Array.of(bits).buffer)[0]!;
/** IEEE half precision: a float32 with the same bits in its upper places is smaller by 2^112. */
function half(bits: number): number {
  const value = floatOf(((bits & 0x8000) << 16) | ((bits & 0x7fff) << 13)) * 2 ** 112;
  return Math.abs(value) < 65536 ? value : bits & 1023 ? NaN : value * Infinity;
}
/** The upper half of a float32. */
const bfloat = (bits: number): number => floatOf(bits << 16);
const ranged = (value: number, refuse: Refuse): number => (Number(value) === (Number(value) | 0) ? Number(value) : refuse("beyond int32"));

/** The first of each dtype is the one that is written. */
export const formats: Readonly<Record<string, Format>> = {
  F64: ["Float64", "float64"],
  F32: ["Float32", "float32"],
  I32: ["Int32", "int32"],
  U8: ["Uint8", "uint8"],
  BOOL: ["Uint8", "bool", (value, refuse) => (value > 1 ? refuse("no truth value") : value)],
  F16: ["Uint16", "float32", half],
  BF16: ["Uint16", "float32", bfloat],
  I64: ["BigInt64", "int32", ranged],
  U32: ["Uint32", "int32", ranged],
  I16: ["Int16", "int32"],
  U16: ["Uint16", "int32"],
  I8: ["Int8", "int32"],
  U64: ["BigInt64"],
  F8_E4M3: ["Uint8"],
  F8_E5M2: ["Uint8"],
};
