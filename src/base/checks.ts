// Checks of plain values, by name: one wording for one complaint.
import { type DType, isFloat } from "./dtype.ts";
import { ArgumentError, DtypeError } from "./errors.ts";
import { checkKind } from "./options.ts";

/** Errors: ArgumentError for a negative number, or NaN. */
export function checkNonNegative(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value >= 0)) throw new ArgumentError(`${name} must not be negative, got ${String(value)}`);
}
/** Errors: ArgumentError for a value that is not of the kind of its model, and for NaN. */
export function checkKinds(values: object, models: object): void {
  for (const [name, model] of Object.entries(models) as [string, unknown][])
    checkKind(name, (values as Readonly<Record<string, unknown>>)[name], model, false);
}

/** Errors: ArgumentError for any but the known values. */
export function checkKnown(name: string, value: unknown, known: readonly unknown[]): void {
  if (!known.includes(value)) throw new ArgumentError(`unknown ${name} ${String(value)}`, known.map(String).join(", "));
}
/** Errors: DtypeError unless it is a floating dtype. */
export function checkFloat(dtype: DType, remedy = 'convert with to("float32")'): void {
  if (!isFloat(dtype)) throw new DtypeError(`needs a floating tensor, got ${dtype}`, remedy);
}

/** An index in [0, size), counted from the end where it is negative. Errors: ArgumentError. */
export function wrapped(at: number, dim: number, size: number): number {
  return inRange(at < 0 ? at + size : at, dim, size, at);
}

/** The index itself when it lies in [0, size); messages show what was `given` for it. Errors: ArgumentError. */
export function inRange(at: number, dim: number, size: number, given = at): number {
  if (at >= 0 && at < size) return at;
  throw new ArgumentError(`index ${given} is out of range for dimension ${dim} of size ${size}`);
}
