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
export interface Format {
  readonly kind: Kind;
  readonly dtype?: DType;
  readonly convert?: (value: number, refuse: Refuse) => number;
}
const as = (kind: Kind, dtype?: DType, convert?: Format["convert"]): Format => ({
  kind,
  ...(dtype && { dtype }),
  ...(convert && { convert }),
});

/** IEEE half precision. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
/** The upper half of a float32. */
const bfloat = (bits: number): number => new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;
const ranged = (value: number, refuse: Refuse): number => (Number(value) === (Number(value) | 0) ? Number(value) : refuse("beyond int32"));

/** The first of each dtype is the one that is written. */
export const formats: Readonly<Record<string, Format>> = {
  F64: as("Float64", "float64"),
  F32: as("Float32", "float32"),
  I32: as("Int32", "int32"),
  U8: as("Uint8", "uint8"),
  BOOL: as("Uint8", "bool", (value, refuse) => (value > 1 ? refuse("no truth value") : value)),
  F16: as("Uint16", "float32", half),
  BF16: as("Uint16", "float32", bfloat),
  I64: as("BigInt64", "int32", ranged),
  U32: as("Uint32", "int32", ranged),
  I16: as("Int16", "int32"),
  U16: as("Uint16", "int32"),
  I8: as("Int8", "int32"),
  U64: as("BigInt64"),
  F8_E4M3: as("Uint8"),
  F8_E5M2: as("Uint8"),
};
