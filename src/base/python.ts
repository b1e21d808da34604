// Names and values as Python writes them, so that models, optimisers and their states read here as they do in PyTorch.
import { ArgumentError } from "./errors.ts";
import { record } from "./record.ts";

/** camelCase as snake_case. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
/** snake_case as camelCase. */
export const camel = (name: string): string => name.replace(/_([a-z\d])/g, (_, c: string) => c.toUpperCase());

/**
 * Makes names throw that look like a property of `owner` and are none: read, they would be undefined; assigned to, nobody would look at them.
 * A method among them stays, but refuses assignments.
 */
export function forbid(owner: object, names: readonly string[], remedy: string, op: string): void {
  for (const name of names) {
    const method: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
    const refuse = (): never => {
      throw new ArgumentError(`${name} ${method ? "is a method" : "is no property"}`, remedy, op);
    };
    Object.defineProperty(owner, name, { get: method ? () => method : refuse, set: refuse, configurable: true });
  }
}

/** An object with other keys, and without a prototype. */
export const renamed = <V>(source: object, name: (key: string) => string | number): Record<string, V> =>
  record(Object.entries(source as Readonly<Record<string, V>>).map(([key, value]) => [name(key), value] as const));

/** A float as repr() writes it: `1.0`, `1e-05`, `0.1`; None and truth values as they are. */
export function float(value: number | boolean | null): string {
  if (typeof value !== "number") return repr(value);
  if (!Number.isFinite(value)) return String(value).replace("inity", "").toLowerCase();
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return value.toExponential().replace(/e(.)(\d)$/, "e$10$2");
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** Anything else: tuples, booleans, None, quoted strings, numbers that are whole as integers. */
export function repr(value: unknown): string {
  if (Array.isArray(value)) return `(${value.map(repr).join(", ")}${value.length === 1 ? "," : ""})`;
  if (typeof value === "string") return `'${value}'`;
  if (typeof value === "number" && !Number.isInteger(value)) return float(value);
  return value == null ? "None" : value === true ? "True" : value === false ? "False" : String(value);
}

/** `kernel_size=2, ceil_mode=False`: the named properties of an object. */
export const fields = (source: object, names: readonly string[], write: (value: never) => string = repr): string =>
  names.map((name) => `${snake(name)}=${write((source as Record<string, never>)[name]!)}`).join(", ");
