// Results that are two, as PyTorch gives them.
import type { Tensor } from "./tensor.ts";

/** A list whose members have names besides. Names do not enumerate: who looks through it meets each tensor once. */
export const named = <T extends readonly Tensor[]>(names: readonly string[], ...results: T): T =>
  Object.defineProperties(results, Object.fromEntries(names.map((name, i) => [name, { value: results[i] }])));

/** Two results as a pair and by their names: `const [values, indices] = …`, `const { values, indices } = …`. */
export type NamedPair<A extends string, B extends string> = readonly [Tensor, Tensor] & Readonly<Record<A | B, Tensor>>;

/** A pair whose members have names. */
export const namedPair = <A extends string, B extends string>(names: readonly [A, B], first: Tensor, second: Tensor): NamedPair<A, B> =>
  named(names, first, second) as unknown as NamedPair<A, B>;

/** Three results, the same way. */
export type NamedTriple<A extends string, B extends string, C extends string> = readonly [Tensor, Tensor, Tensor] &
  Readonly<Record<A | B | C, Tensor>>;

/** Values and their places (int32) along a dimension. */
export type Chosen = NamedPair<"values", "indices">;
/** Values with their places. */
export const chosen = (values: Tensor, indices: Tensor): Chosen => namedPair(["values", "indices"], values, indices);
