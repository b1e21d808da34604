// Results that are two, as PyTorch gives them.
import type { Tensor } from "./tensor.ts";

/** Two results as a pair and by their names: `const [values, indices] = …`, `const { values, indices } = …`. */
export type NamedPair<A extends string, B extends string> = readonly [Tensor, Tensor] & Readonly<Record<A | B, Tensor>>;

/** A pair whose members have names. Names do not enumerate: who looks through it meets each tensor once. */
export const namedPair = <A extends string, B extends string>(names: readonly [A, B], first: Tensor, second: Tensor): NamedPair<A, B> =>
  Object.defineProperties([first, second], { [names[0]]: { value: first }, [names[1]]: { value: second } }) as unknown as NamedPair<A, B>;

/** Values and their places (int32) along a dimension. */
export type Chosen = NamedPair<"values", "indices">;
/** Values with their places. */
export const chosen = (values: Tensor, indices: Tensor): Chosen => namedPair(["values", "indices"], values, indices);
