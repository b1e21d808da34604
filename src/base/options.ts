// The calling convention: positional arguments in PyTorch's order, then one options object.
import { ArgumentError } from "./errors.ts";

const isOptions = (v: unknown): boolean =>
  typeof v === "object" && v !== null && [Object.prototype, null].includes(Object.getPrototypeOf(v) as object | null);

/**
 * Reads `rest` against `positional` (name → default, in order) and `keywords` (allowed only in the options object).
 * Errors: ArgumentError for a surplus argument, an unknown option, or one given twice.
 */
export function parse<P extends object, K extends object = object>(rest: readonly unknown[], positional: P, keywords?: K): P & K {
  const names = Object.keys(positional);
  const result = { ...positional, ...keywords } as Record<string, unknown>;
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
    result[key] = value;
  }
  return result as P & K;
}
