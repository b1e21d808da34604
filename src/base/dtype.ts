// Element types, their host arrays, and PyTorch's promotion rules.
import { DtypeError, OutOfMemoryError } from "./errors.ts";

export type DType = "float32" | "float64" | "int32" | "uint8" | "bool";
/** Accepted spellings: int64 is held as int32 with a range check on the way in. */
export type DTypeLike = DType | "int64" | "float" | "double" | "int" | "long";
// Arrays over plain memory, Float32Array<ArrayBuffer>, by what makes one: compilers before 5.7 have no name for the kind of memory.
export type Float32s = ReturnType<Float32ArrayConstructor["of"]>;
export type Float64s = ReturnType<Float64ArrayConstructor["of"]>;
export type Int32s = ReturnType<Int32ArrayConstructor["of"]>;
export type Uint32s = ReturnType<Uint32ArrayConstructor["of"]>;
export type Uint8s = ReturnType<Uint8ArrayConstructor["of"]>;
export type TypedArray = Float32s | Float64s | Int32s | Uint8s;

/** From the narrowest to the widest, as promotion goes. */
const arrays = { bool: Uint8Array, uint8: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array } as const;
const order = Object.keys(arrays) as DType[];

const aliases: Record<string, DType> = { float: "float32", double: "float64", int: "int32", int64: "int32", long: "int32" };

/** Resolves a dtype name. Errors: DtypeError for unknown names. */
export function asDType(name: unknown): DType {
  const dtype = aliases[name as string] ?? (name as DType);
  if (!order.includes(dtype)) throw new DtypeError(`unknown dtype ${String(name)}`, order.join(", "));
  return dtype;
}

/** A zero-filled host array of `elements` elements. Errors: OutOfMemoryError. */
export function hostArray(dtype: DType, elements: number): TypedArray {
  try {
    return new arrays[dtype](elements);
  } catch {
    throw new OutOfMemoryError(`cannot allocate ${elements} elements of ${dtype}`, "use a smaller batch");
  }
}

/** Bytes of one element on the host. */
export const widthOf = (dtype: DType): number => arrays[dtype].BYTES_PER_ELEMENT;

export const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";

/** 0 bool, 1 integer, 2 float: PyTorch's promotion categories. */
export const category = (dtype: DType): 0 | 1 | 2 => (dtype === "bool" ? 0 : isFloat(dtype) ? 2 : 1);

/** The value as an element of `dtype` would hold it. */
export function roundTo(dtype: DType, value: number): number {
  if (isFloat(dtype)) return dtype === "float32" ? Math.fround(value) : value;
  return dtype === "bool" ? Number(value !== 0) : dtype === "uint8" ? value & 255 : value | 0;
}

export interface Operand {
  readonly dtype: DType;
  /** "number" for a plain JavaScript number, "scalar" for a 0-d tensor, "tensor" otherwise. */
  readonly kind: "number" | "scalar" | "tensor";
}

/** PyTorch's result type: tensors with dimensions decide unless a scalar belongs to a higher category. Source: torch.result_type. */
export function promote(operands: readonly Operand[]): DType {
  let result: DType | undefined;
  for (const kind of ["tensor", "scalar", "number"] as const) {
    let rank = -1;
    for (const x of operands) if (x.kind === kind) rank = Math.max(rank, order.indexOf(x.dtype));
    const dtype = order[rank];
    if (dtype && (!result || category(dtype) > category(result))) result = dtype;
  }
  return result ?? "float32";
}
