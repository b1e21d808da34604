// Figures as they are read and kept.
import type { Figures } from "../mnist/learner.ts";

const WORDS: Readonly<Record<string, string>> = {
  iou: "IoU",
  generator: "loss G",
  discriminator: "loss D",
  real: "D(x)",
  fake: "D(G(z))",
  error: "relative error",
};
/** What is shown in per cent. */
const SHARES: ReadonlySet<string> = new Set(["accuracy", "iou", "error"]);
/** What is found without any samples. */
const SAMPLELESS: ReadonlySet<string> = new Set(["error", "fake"]);

export const wordsOf = (name: string): string => WORDS[name] ?? name;
export const heldOutWords = (name: string): string => (SAMPLELESS.has(name) ? wordsOf(name) : `held-out ${wordsOf(name)}`);

/** A figure's value, a share with so many digits behind the point. */
export function valueOf(name: string, value: number, digits = 2): string {
  if (SHARES.has(name)) return `${(100 * value).toFixed(digits)} %`;
  const size = Math.abs(value);
  return size >= 10 ? value.toFixed(2) : size > 0 && size < 1e-3 ? value.toExponential(2) : value.toFixed(4);
}

/** The mean of every figure over those that have it, each counting for its weight. */
export function meanOf(list: readonly Figures[], weights?: readonly number[]): Figures {
  const sums = new Map<string, { total: number; weight: number }>();
  list.forEach((figures, i) => {
    const weight = weights?.[i] ?? 1;
    for (const [name, value] of Object.entries(figures)) {
      const sum = sums.get(name) ?? { total: 0, weight: 0 };
      sums.set(name, { total: sum.total + weight * value, weight: sum.weight + weight });
    }
  });
  return Object.fromEntries([...sums].map(([name, { total, weight }]) => [name, total / weight]));
}

/** Figures as JSON can hold them: it has no NaN, and what was none comes back as one. */
export type KeptFigures = Readonly<Record<string, number | null>>;
const mapped = <A, B>(list: readonly Readonly<Record<string, A>>[], of: (value: A) => B): Readonly<Record<string, B>>[] =>
  list.map((figures) => Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, of(value)])));
export const keptFigures = (list: readonly Figures[]): KeptFigures[] => mapped(list, (value) => (Number.isFinite(value) ? value : null));
export const figuresAgain = (list: readonly KeptFigures[]): Figures[] => mapped(list, (value) => value ?? NaN);
