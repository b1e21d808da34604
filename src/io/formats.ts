// Element types of files, and what they become here.
import { type DType, hostArray, roundTo, type TypedArray } from "../base/dtype.ts";

/** A class of typed arrays, as far as it is used. */
interface Elements {
  readonly BYTES_PER_ELEMENT: number;
  new (bytes: ArrayBuffer): { reverse(): ArrayLike<number> } & ArrayLike<number>;
}
/** How a file holds elements; without `dtype` they are known, but cannot be held here. */
export type Format = readonly [type: Elements, dtype?: DType, convert?: (element: number) => number];

const floatOf = (bits: number): number => new Float32Array(Uint32Array.of(bits).buffer)[0]!;
/** IEEE half precision: a float32 with the same bits in its upper places is smaller by 2^112. */
function half(bits: number): number {
  const value = floatOf(((bits & 0x8000) << 16) | ((bits & 0x7fff) << 13)) * 2 ** 112;
  return Math.abs(value) < 65536 ? value : bits & 1023 ? NaN : value * Infinity;
}
/** The upper half of a float32. */
const bfloat = (bits: number): number => floatOf(bits << 16);
const wide = BigInt64Array as unknown as Elements;

/** By safetensors' names. The first of each dtype is the one that is written. */
export const formats: Readonly<Record<string, Format>> = {
  F64: [Float64Array, "float64"],
  F32: [Float32Array, "float32"],
  I32: [Int32Array, "int32"],
  U8: [Uint8Array, "uint8"],
  BOOL: [Uint8Array, "bool"],
  F16: [Uint16Array, "float32", half],
  BF16: [Uint16Array, "float32", bfloat],
  I64: [wide, "int32"],
  U32: [Uint32Array, "int32"],
  I16: [Int16Array, "int32"],
  U16: [Uint16Array, "int32"],
  I8: [Int8Array, "int32"],
  U64: [wide],
  F8_E4M3: [Uint8Array],
  F8_E5M2: [Uint8Array],
};

/** The elements in `bytes`, which may lie at any alignment. `refuse` throws the error of one that its dtype cannot hold. */
export function decoded(
  bytes: Uint8Array,
  [type, dtype, convert = Number]: Format,
  refuse: (what: string) => never,
  bigEndian = false,
): TypedArray {
  if (!dtype) return refuse("cannot be held here");
  const copy = bytes.slice();
  const elements = bigEndian ? new type(copy.reverse().buffer).reverse() : new type(copy.buffer);
  const out = hostArray(dtype, elements.length);
  for (let i = 0; i < out.length; i++) {
    const value = convert(elements[i]!);
    if (!Object.is(roundTo(dtype, value), value)) refuse(`element ${i} is ${value}, no ${dtype}`);
    out[i] = value;
  }
  return out;
}
