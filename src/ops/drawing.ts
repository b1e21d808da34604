// Where random operators take their numbers from, and the checks they share.
import { checkFloat, checkNonNegative } from "../base/checks.ts";
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { type Generator, generatorOf, type PhiloxKey } from "../base/random.ts";
import type { Meta } from "./op.ts";

export interface Drawing {
  /** Default: the generator that manualSeed() seeds. */
  readonly generator?: Generator | undefined;
}
export interface Streaming extends Drawing {
  /** A draw to repeat, as `generator.philox(size)` gave it; the generator is then left alone. */
  readonly key?: PhiloxKey | undefined;
}
/** Defaults of the keyword options. */
export const drawing = { generator: undefined as Generator | undefined };
export const streaming = { ...drawing, key: undefined as PhiloxKey | undefined };

/** One or two numbers as the caller or `defaults` give them, checked; and what else `keywords` bring. */
export function numbersOf<K extends object>(
  rest: readonly unknown[],
  defaults: Readonly<Record<string, number>>,
  check: (a: number, b: number) => void,
  keywords: K,
): K & { readonly a: number; readonly b: number } {
  const given = parse(rest, defaults, keywords);
  const [a = 0, b = 0] = Object.keys(defaults).map((name) => given[name]!);
  check(a, b);
  return { ...given, a, b };
}

/** The draw given, or the next one for `size` elements. Errors: ArgumentError. */
export function keyOf(size: number, { key, generator }: Streaming): PhiloxKey {
  if (key === undefined) return generatorOf(generator).philox(size);
  for (const word of ["seedLow", "seedHigh", "offsetLow", "offsetHigh"] as const)
    if (key[word] !== key[word] >>> 0)
      throw new ArgumentError(`${word} of the key must be a 32-bit word, got ${String(key[word])}`, "use generator.philox(size)");
  return key;
}

/** Errors: ArgumentError unless lambda is positive. */
export function checkRate(lambda: number): void {
  if (!(lambda > 0)) throw new ArgumentError(`lambda must be positive, got ${lambda}`);
}

/** Errors: ArgumentError unless p lies in [0, 1]. */
export function probability(p: unknown): number {
  if (typeof p === "number" && p >= 0 && p <= 1) return p;
  throw new ArgumentError(`p must be between 0 and 1, got ${String(p)}`);
}

/** The like of x, in its dtype, when that is floating. */
export const same = ({ x }: { readonly x: Meta }): { out: Meta } => {
  checkFloat(x.dtype);
  return { out: { shape: x.shape, dtype: x.dtype } };
};

/** Errors: ArgumentError unless from ≤ to. */
export function checkRange(from: number, to: number): void {
  if (!(from <= to)) throw new ArgumentError(`needs bounds in order, got ${from} and ${to}`);
}
/** Errors: ArgumentError for a negative or missing standard deviation. */
export const checkSpread = (_mean: number, std: number): void => checkNonNegative({ std });
