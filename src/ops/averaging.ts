// What losses share: how positions come together to one number.
import { checkFloat, checkKnown } from "../base/checks.ts";
import { isFloat } from "../base/dtype.ts";
import { parse } from "../base/options.ts";
import { checkFits } from "./arguments.ts";
import { type Composite, type ErrorSample, raises, type Sample, t } from "./op.ts";
import type { Tensor } from "./tensor.ts";

export type Reduction = "none" | "mean" | "sum";

/** Errors: ArgumentError unless it is one of the three, or of `more`. */
export const checkReduction = (reduction: string, ...more: readonly string[]): void =>
  checkKnown("reduction", reduction, ["none", "mean", "sum", ...more]);

/** The losses themselves, their sum, or that over `count` (their number). */
export function reduced(losses: Tensor, reduction: string, count: Tensor | number = losses.numel()): Tensor {
  if (reduction === "none") return losses;
  return reduction === "sum" ? losses.sum() : count === losses.numel() ? losses.mean() : losses.sum().div(count);
}

export interface Reduced {
  readonly reduction?: Reduction;
}
export interface Weighted extends Reduced {
  /** Weight per element; broadcasts. */
  readonly weight?: Tensor | null | undefined;
}
export type Loss<K extends object = Reduced> = Composite<(x: Tensor, target: Tensor, options?: K) => Tensor>;
export type Given = Tensor | null | undefined;

export const pairs = (low = -2, high = 2): Sample[] =>
  [undefined, "sum", "none"].map((reduction) => [t([3, 4], { low, high }), t([3, 4], { low, high }), { reduction }]);
export const wrongReduction = (): ErrorSample => raises([t([2]), t([2]), { reduction: "max" }], "unknown reduction");
export const pairErrors = (): ErrorSample[] => [wrongReduction(), raises([t([2, 3]), t([2])], "do not broadcast")];

/**
 * A loss of pairs of elements, times `weight` if there is one; `options` are the keywords beside reduction with their defaults, `positional`
 * those that may be given by position, `more` the reductions beside the usual ones.
 */
export function loss<K extends object, O extends object, P extends object = object>(
  options: O,
  losses: (x: Tensor, target: Tensor, options: O & P) => Tensor,
  record: Pick<Loss<K>, "samples" | "errors">,
  positional: P & { readonly weight?: Given } = {} as P,
  ...more: readonly string[]
): Loss<K> {
  return {
    rest: true,
    compose: (x, target, ...rest) => {
      const { reduction, weight, ...own } = parse(rest, positional, { reduction: "mean", ...options });
      checkReduction(reduction, ...more);
      checkFloat(isFloat(x.dtype) ? x.dtype : target.dtype);
      if ("weight" in positional) checkFits("the target", target.shape, x.shape);
      const each = losses(x, target, own as unknown as O & P);
      return reduced(weight ? each.mul(weight) : each, reduction, reduction === "batchmean" ? (x.shape[0] ?? 1) : undefined);
    },
    ...record,
  };
}
