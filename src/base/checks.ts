// Checks of plain values, by name: one wording for one complaint.
import { type DType, isFloat } from "./dtype.ts";
import { ArgumentError, DtypeError } from "./errors.ts";

/** Errors: ArgumentError for a negative number, or NaN. */
export function checkNonNegative(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value >= 0)) throw new ArgumentError(`${name} must not be negative, got ${String(value)}`);
}
/** Errors: ArgumentError for a value that is not of the kind of its model: a number (not NaN), a boolean, a list of as many. Other models allow all. */
export function checkKinds(values: object, models: object): void {
  for (const [name, model] of Object.entries(models) as [string, unknown][]) {
    const value = (values as Readonly<Record<string, unknown>>)[name];
    if (!isAlike(value, model)) throw new ArgumentError(`${name} must be ${kindOf(model)}, got ${shown(value)}`);
  }
}
function isAlike(value: unknown, model: unknown): boolean {
  if (!Array.isArray(model)) return !/number|boolean/.test(typeof model) || (typeof value === typeof model && !Number.isNaN(value));
  return Array.isArray(value) && value.length === model.length && Array.from(value).every((v, i) => isAlike(v, model[i]));
}
const kindOf = (model: unknown): string =>
  Array.isArray(model) ? `a list of ${model.length} like [${String(model)}]` : `a ${typeof model}`;
const shown = (value: unknown): string =>
  typeof value === "string" ? `"${value}"` : Array.isArray(value) ? `[${String(value)}]` : String(value);

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
