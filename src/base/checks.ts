// Checks of plain values, by name: one wording for one complaint.
import { type DType, isFloat } from "./dtype.ts";
import { ArgumentError, DtypeError } from "./errors.ts";

/** Errors: ArgumentError for a negative number, or NaN. */
export function checkNonNegative(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value >= 0)) throw new ArgumentError(`${name} must not be negative, got ${String(value)}`);
}
/** Errors: ArgumentError for any but the known values. */
export function checkKnown(name: string, value: unknown, known: readonly unknown[]): void {
  if (!known.includes(value)) throw new ArgumentError(`unknown ${name} ${String(value)}`, known.map(String).join(", "));
}
/** Errors: DtypeError unless it is a floating dtype. */
export function checkFloat(dtype: DType, remedy = 'convert with to("float32")'): void {
  if (!isFloat(dtype)) throw new DtypeError(`needs a floating tensor, got ${dtype}`, remedy);
}
