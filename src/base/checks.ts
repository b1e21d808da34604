// Checks of plain numbers, by name: one wording for one complaint.
import { ArgumentError } from "./errors.ts";

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
