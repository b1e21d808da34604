// Element types, their host arrays, and PyTorch's promotion rules.
import { DtypeError } from "./errors.ts";

export type DType = "float32" | "float64" | "int32" | "uint8" | "bool";
/** Accepted spellings: int64 is held as int32 with a range check on the way in. */
export type DTypeLike = DType | "int64" | "float" | "double" | "int" | "long";
export type TypedArray = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

const aliases: Record<string, DType> = {
  float32: "float32",
  float: "float32",
  float64: "float64",
  double: "float64",
  int32: "int32",
  int: "int32",
  int64: "int32",
  long: "int32",
  uint8: "uint8",
  bool: "bool",
};

/** Resolves a dtype name. Errors: DtypeError for unknown names. */
export function asDType(op: string, name: unknown): DType {
  const dtype = typeof name === "string" && Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  if (dtype === undefined)
    throw new DtypeError(op, `unknown dtype ${String(name)}`, "float32, float64, int32, uint8 or bool", { dtype: name });
  return dtype;
}

/** A zero-filled host array of `elements` elements. */
export const hostArray = (dtype: DType, elements: number): TypedArray => new arrays[dtype](elements);

export const hostBytes = (dtype: DType): number => arrays[dtype].BYTES_PER_ELEMENT;
export const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";
export const isInteger = (dtype: DType): boolean => dtype === "int32" || dtype === "uint8";

/** 0 bool, 1 integer, 2 float: PyTorch's promotion categories. */
export const category = (dtype: DType): 0 | 1 | 2 => (dtype === "bool" ? 0 : isFloat(dtype) ? 2 : 1);

const order: readonly DType[] = ["bool", "uint8", "int32", "float32", "float64"];
const wider = (a: DType, b: DType): DType => (order.indexOf(a) > order.indexOf(b) ? a : b);

export interface Operand {
  readonly dtype: DType;
  /** "number" for a plain JavaScript number, "scalar" for a 0-d tensor, "tensor" otherwise. */
  readonly kind: "number" | "scalar" | "tensor";
}

/** PyTorch's result type: tensors with dimensions decide unless a scalar belongs to a higher category. Source: torch.result_type. */
export function promote(operands: readonly Operand[]): DType {
  let result: DType | undefined;
  for (const kind of ["tensor", "scalar", "number"] as const) {
    let level: DType | undefined;
    for (const operand of operands) if (operand.kind === kind) level = level === undefined ? operand.dtype : wider(level, operand.dtype);
    if (level === undefined) continue;
    if (result === undefined) result = level;
    else if (category(level) > category(result)) result = kind === "number" && category(level) === 2 ? "float32" : level;
  }
  return result ?? "float32";
}
