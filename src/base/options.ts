// The calling convention: positional arguments in PyTorch's order, then one options object.
import { ArgumentError } from "./errors.ts";

/** A plain object, of whatever realm: what it inherits from inherits from nothing. */
export function isOptions(v: unknown): boolean {
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

/** A value as messages show it. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((v) => (Array.isArray(v) ? "[…]" : shown(v))).join(", ")}]`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** Numbers that a list is as long as. */
const isModel = (model: unknown): model is readonly number[] => Array.isArray(model) && typeof model[0] === "number";

const fits = (value: unknown, model: unknown): boolean =>
  isModel(model)
    ? Array.isArray(value) && value.length === model.length && Array.from(value).every((v, i) => fits(v, model[i]))
    : (typesOf(model)?.some((type) => tests[type](value)) ?? true);

const kindOf = (model: unknown): string =>
  isModel(model)
    ? `a list of ${model.length} like ${shown(model)}`
    : typesOf(model)!
        .map((type) => (type === "null" ? type : `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`))
        .join(" or ");

/**
 * Errors: ArgumentError unless the value is of the kind of its model, mostly an argument's default: a number, a boolean, a string, a list of
 * as many numbers, or what `either` says. Other models allow all. NaN is a number unless `nan` is false.
 */
export function checkKind(name: string, value: unknown, model: unknown, nan = true): void {
  if (!fits(value, model) || (!nan && [value].flat().some(Number.isNaN)))
    throw new ArgumentError(`${name} must be ${kindOf(model)}, got ${shown(value)}`);
}

/** Errors: ArgumentError for more arguments than `most`: the first of them, or an option in it, is named. */
export function checkCount(args: ArrayLike<unknown>, most: number): void {
  if (args.length > most) parse(Array.from(args).slice(most), {});
}

/**
 * Reads `rest` against `positional` (name → default, in order) and `keywords` (allowed only in the options object). `undefined` is nothing given.
 * Errors: ArgumentError for a surplus argument, an unknown option, one given twice or not of its default's kind.
 */
export function parse<P extends object, K extends object = object>(rest: readonly unknown[], positional: P, keywords?: K): P & K {
  const names = Object.keys(positional);
  const defaults = { ...positional, ...keywords } as Record<string, unknown>;
  const result = { ...defaults };
  for (const key in result) if (result[key] instanceof Either) result[key] = result[key].fallback;
  const values = [...rest];
  while (values.length > 0 && values.at(-1) === undefined) values.pop();
  const options = isOptions(values.at(-1)) ? (values.pop() as object) : {};
  const early = values.findIndex(isOptions);
  if (early >= 0) throw new ArgumentError(`${shown(values[early + 1] ?? options)} comes after the options`, "options come last");
  if (values.length > names.length)
    throw new ArgumentError(
      `${shown(values[names.length])} is one argument too many`,
      names.length > 0 ? `order: ${names.join(", ")}` : "",
    );
  const seen = new Set<string>();
  for (const [key, value] of [...values.map((v, i) => [names[i]!, v] as const), ...Object.entries(options)]) {
    if (!Object.hasOwn(result, key)) throw new ArgumentError(`unknown option ${key}`, `known: ${Object.keys(result).join(", ") || "none"}`);
    if (value === undefined) continue;
    if (seen.has(key)) throw new ArgumentError(`${key} was given twice`);
    seen.add(key);
    checkKind(key, value, defaults[key]);
    result[key] = value;
  }
  return result as P & K;
}
