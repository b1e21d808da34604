// The calling convention: positional arguments in PyTorch's order, then one options object.
import { ArgumentError } from "./errors.ts";

const isOptions = (v: unknown): v is Record<string, unknown> =>
  typeof v === "object" && v !== null && (Object.getPrototypeOf(v) === Object.prototype || Object.getPrototypeOf(v) === null);

/**
 * Reads `rest` against `positional` (name → default, in order) and `keywords` (allowed only in the options object).
 * Errors: ArgumentError for a surplus argument, an unknown option, or one given twice.
 */
export function parse<P extends object, K extends object = object>(
  op: string,
  rest: readonly unknown[],
  positional: P,
  keywords?: K,
): P & K {
  const names = Object.keys(positional);
  const result = { ...positional, ...keywords } as Record<string, unknown>;
  const last = rest[rest.length - 1];
  const options = isOptions(last) ? last : undefined;
  const values = options ? rest.slice(0, -1) : rest;
  if (values.length > names.length)
    throw new ArgumentError(
      op,
      `got ${values.length} positional arguments after the first, takes ${names.length}`,
      `order: ${names.join(", ") || "none"}`,
    );
  values.forEach((v, i) => {
    if (v !== undefined) result[names[i]!] = v;
  });
  for (const [key, v] of Object.entries(options ?? {})) {
    if (!Object.hasOwn(result, key))
      throw new ArgumentError(op, `unknown option ${key}`, `known: ${Object.keys(result).join(", ")}`, { option: key });
    const at = names.indexOf(key);
    if (at >= 0 && at < values.length && values[at] !== undefined)
      throw new ArgumentError(op, `${key} was given twice`, undefined, { option: key });
    if (v !== undefined) result[key] = v;
  }
  return result as P & K;
}
