// The calling convention: positional arguments in PyTorch's order, then one options object.
import { ArgumentError } from "./errors.ts";

/** A plain object, of whatever realm: what it inherits from inherits from nothing. */
function isOptions(v: unknown): boolean {
  if (typeof v !== "object" || v === null) return false;
  const parent: unknown = Object.getPrototypeOf(v);
  return parent === null || (Object.getPrototypeOf(parent) === null && !Array.isArray(v));
}

const tests = {
  number: (v: unknown) => typeof v === "number",
  integer: Number.isInteger,
  boolean: (v: unknown) => typeof v === "boolean",
  string: (v: unknown) => typeof v === "string",
  null: (v: unknown) => v === null,
  list: Array.isArray,
  object: (v: unknown) => typeof v === "object" && v !== null,
} as const satisfies Record<string, (v: unknown) => boolean>;
type Type = keyof typeof tests;

class Either {
  readonly fallback: unknown;
  readonly types: readonly Type[];
  constructor(fallback: unknown, types: readonly Type[]) {
    this.fallback = fallback;
    this.types = types;
  }
}

/** A default for `parse` whose own type does not tell what is taken: `either<number | null>(null, "integer", "null")`. */
/* @__NO_SIDE_EFFECTS__ */
export const either = <T>(fallback: T, ...types: readonly Type[]): T => new Either(fallback, types) as T;

/** The default of a size that is one number for every dimension or a list of one each, whose reader checks the numbers. */
/* @__NO_SIDE_EFFECTS__ */
export const perDimension = <T>(fallback: T): T => either(fallback, "number", "list");

/** What an argument with this default may be; undefined for what its reader checks: dimensions, sizes, tensors, generators. */
function typesOf(fallback: unknown): readonly Type[] | undefined {
  if (fallback instanceof Either) return fallback.types;
  const type = typeof fallback;
  return type === "number" || type === "boolean" || type === "string" ? [type] : undefined;
}

const shown = (value: unknown): string =>
  typeof value === "string"
    ? JSON.stringify(value)
    : typeof value === "bigint"
      ? `${value}n`
      : Array.isArray(value)
        ? `[${value.map((v) => (Array.isArray(v) ? "[…]" : shown(v))).join(", ")}]`
        : typeof value === "object" && value !== null
          ? "an object"
          : String(value);

/**
 * Reads `rest` against `positional` (name → default, in order) and `keywords` (allowed only in the options object).
 * A number, boolean or string as default takes only its like, `either` says otherwise.
 * Errors: ArgumentError for a surplus argument, an unknown option, one given twice or of a type that is not taken.
 */
export function parse<P extends object, K extends object = object>(rest: readonly unknown[], positional: P, keywords?: K): P & K {
  const names = Object.keys(positional);
  const defaults = { ...positional, ...keywords } as Record<string, unknown>;
  const result = { ...defaults };
  for (const key in result) if (result[key] instanceof Either) result[key] = result[key].fallback;
  const values = [...rest];
  const options = isOptions(values.at(-1)) ? (values.pop() as object) : {};
  if (values.length > names.length)
    throw new ArgumentError(
      `got ${values.length} arguments after the first, takes ${names.length}`,
      `order: ${names.join(", ") || "none"}`,
    );
  const seen = new Set<string>();
  for (const [key, value] of [...values.map((v, i) => [names[i]!, v] as const), ...Object.entries(options)]) {
    if (!Object.hasOwn(result, key)) throw new ArgumentError(`unknown option ${key}`, `known: ${Object.keys(result).join(", ")}`);
    if (value === undefined) continue;
    if (seen.has(key)) throw new ArgumentError(`${key} was given twice`);
    seen.add(key);
    const types = typesOf(defaults[key]);
    if (types && !types.some((type) => tests[type](value)))
      throw new ArgumentError(
        `${key} must be ${types.map((type) => (type === "null" ? type : `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`)).join(" or ")}, got ${shown(value)}`,
      );
    result[key] = value;
  }
  return result as P & K;
}
