// Values as snippets show them, in documents and in the tests that run them.
import { Tensor } from "../../src/index.ts";

/** Five digits are enough to recognise a number, and the same on every machine. */
function number(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return Object.is(value, -0) ? "0" : String(value);
  return Math.abs(value) < 1e-6 ? "0" : String(Number(value.toPrecision(5)));
}

/** A value on one line: numbers to five digits, arrays of any kind in brackets, objects in braces, texts as they are. */
export function shown(value: unknown): string {
  if (typeof value === "number") return number(value);
  if (typeof value === "string") return value;
  if (value instanceof Tensor || value instanceof Error || typeof value === "function") return String(value);
  if (ArrayBuffer.isView(value)) return shown(Array.from(value as unknown as ArrayLike<unknown>));
  if (Array.isArray(value)) return `[${value.map(inner).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Object.hasOwn(Object.getPrototypeOf(value) ?? {}, "toString") && Object.getPrototypeOf(value) !== Object.prototype)
    return String(value);
  return `{ ${Object.entries(value)
    .map(([key, v]) => `${key}: ${inner(v)}`)
    .join(", ")} }`;
}
const inner = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : shown(value));
