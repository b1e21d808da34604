// Checks of plain values, by name: one wording for one complaint.
import { type DType, isFloat } from "./dtype.ts";
import { ArgumentError, DtypeError } from "./errors.ts";

type Numbers = Readonly<Record<string, number>>;

function check(op: string, values: Numbers, kind: string, holds: (value: number) => boolean): void {
  for (const [name, value] of Object.entries(values))
    if (!holds(value)) throw new ArgumentError(op, `${name} must ${kind}, got ${String(value)}`);
}
/** Errors: ArgumentError for a negative number, or NaN. */
export const checkNonNegative = (op: string, values: Numbers): void => check(op, values, "not be negative", (value) => value >= 0);
/** Errors: ArgumentError for anything but 1, 2, 3, … */
export const checkPositiveInteger = (op: string, values: Numbers): void =>
  check(op, values, "be a positive integer", (value) => Number.isInteger(value) && value > 0);
/** Errors: ArgumentError for any but the known values. */
export function checkKnown(op: string, name: string, value: unknown, known: readonly unknown[]): void {
  if (!known.includes(value)) throw new ArgumentError(op, `unknown ${name} ${String(value)}`, known.map(String).join(", "));
}
/** Errors: DtypeError unless it is a floating dtype. */
export function checkFloat(op: string, dtype: DType, remedy = 'convert with to("float32")'): void {
  if (!isFloat(dtype)) throw new DtypeError(op, `needs a floating tensor, got ${dtype}`, remedy);
}
