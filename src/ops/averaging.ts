// What losses share: how positions come together to one number.
import { ArgumentError } from "../base/errors.ts";
import type { Tensor } from "../tensor.ts";

export type Reduction = "none" | "mean" | "sum";

/** Errors: ArgumentError unless it is one of the three. */
export function checkReduction(name: string, reduction: string): void {
  if (!["none", "mean", "sum"].includes(reduction))
    throw new ArgumentError(name, `unknown reduction ${String(reduction)}`, '"none", "mean" or "sum"');
}

/** The losses themselves, their sum, or that over `count` (their number). */
export function reduced(losses: Tensor, reduction: string, count: Tensor | number = losses.size): Tensor {
  if (reduction === "none") return losses;
  return reduction === "sum" ? losses.sum() : count === losses.size ? losses.mean() : losses.sum().div(count);
}
