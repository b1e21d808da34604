// What losses share: how positions come together to one number.
import { checkKnown } from "../base/checks.ts";
import type { Tensor } from "../tensor.ts";

export type Reduction = "none" | "mean" | "sum";

/** Errors: ArgumentError unless it is one of the three, or of `more`. */
export const checkReduction = (reduction: string, ...more: readonly string[]): void =>
  checkKnown("reduction", reduction, ["none", "mean", "sum", ...more]);

/** The losses themselves, their sum, or that over `count` (their number). */
export function reduced(losses: Tensor, reduction: string, count: Tensor | number = losses.size): Tensor {
  if (reduction === "none") return losses;
  return reduction === "sum" ? losses.sum() : count === losses.size ? losses.mean() : losses.sum().div(count);
}
