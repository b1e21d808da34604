// Losses of a prediction against a target of the same shape.
import { ArgumentError } from "../base/errors.ts";
import { checkFloat, checkNonNegative } from "../base/checks.ts";
import { isFloat } from "../base/dtype.ts";
import { parse } from "../base/options.ts";
import type { Tensor } from "../tensor.ts";
import { checkFits } from "./arguments.ts";
import { checkReduction, reduced, type Reduction } from "./averaging.ts";
import { type Composite, type ErrorSample, raises, type Sample, t } from "./op.ts";

export interface Reduced {
  readonly reduction?: Reduction;
}
export interface Weighted extends Reduced {
  /** Weight per element; broadcasts. */
  readonly weight?: Tensor | null | undefined;
}
type Loss<K extends object = Reduced> = Composite<(x: Tensor, target: Tensor, options?: K) => Tensor>;
type Given = Tensor | null | undefined;

const pairs = (low = -2, high = 2): Sample[] =>
  [undefined, "sum", "none"].map((reduction) => [t([3, 4], { low, high }), t([3, 4], { low, high }), { reduction }]);
const wrongReduction = (): ErrorSample => raises([t([2]), t([2]), { reduction: "max" }], "unknown reduction");
const pairErrors = (): ErrorSample[] => [wrongReduction(), raises([t([2, 3]), t([2])], "do not broadcast")];
const shapeErrors = (): ErrorSample[] => [wrongReduction(), raises([t([2, 3]), t([3])], "does not fit, needs [2, 3]")];

/**
 * A loss of pairs of elements, times `weight` if there is one; `options` are the keywords beside reduction with their defaults, `more`
 * the reductions beside the usual ones.
 */
function loss<K extends object, O extends object>(
  options: O,
  losses: (x: Tensor, target: Tensor, options: O) => Tensor,
  record: Pick<Loss<K>, "samples" | "errors">,
  positional: { readonly weight?: Given } = {},
  ...more: readonly string[]
): Loss<K> {
  return {
    compose: (x, target, ...rest) => {
      const { reduction, weight, ...own } = parse(rest, positional, { reduction: "mean", ...options });
      checkReduction(reduction, ...more);
      checkFloat(isFloat(x.dtype) ? x.dtype : target.dtype);
      if ("weight" in positional) checkFits("the target", target.shape, x.shape);
      const each = losses(x, target, own as unknown as O);
      return reduced(weight ? each.mul(weight) : each, reduction, reduction === "batchmean" ? (x.shape[0] ?? 1) : undefined);
    },
    ...record,
  };
}

/** (x − target)², averaged. */
export const mseLoss: Loss = loss({}, (x, target) => x.sub(target).square(), {
  samples: [...pairs(), [t([3, 4]), t([4])]],
  errors: [...pairErrors()],
});

const distance = (x: Tensor, target: Tensor): Tensor => x.sub(target).abs();

/** |x − target|, averaged. */
export const l1Loss: Loss = loss({}, distance, { samples: pairs(), errors: [...pairErrors()] });

/** q · (d − q / 2) with q the difference d held within ±limit: a parabola that goes on as its tangents. */
function rounded(x: Tensor, target: Tensor, limit: number): Tensor {
  const d = x.sub(target);
  const q = d.clamp(-limit, limit);
  return q.mul(d.sub(q.mul(0.5)));
}

/** (x − target)² / (2 beta) where the difference is below beta, |x − target| − beta / 2 beyond, averaged. */
export const smoothL1Loss: Loss<Reduced & { readonly beta?: number }> = loss(
  { beta: 1 },
  (x, target, { beta }) => {
    checkNonNegative({ beta });
    return beta === 0 ? distance(x, target) : rounded(x, target, beta).mul(1 / beta);
  },
  {
    samples: [...pairs(), [t([3, 4]), t([3, 4]), { beta: 0.5 }], [t([3, 4]), t([3, 4]), { beta: 0 }]],
    errors: [...pairErrors(), raises([t([2]), t([2]), { beta: -1 }], "beta")],
  },
);

/** (x − target)² / 2 where the difference is below delta, delta · (|x − target| − delta / 2) beyond, averaged. */
export const huberLoss: Loss<Reduced & { readonly delta?: number }> = loss(
  { delta: 1 },
  (x, target, { delta }) => {
    if (!(delta > 0)) throw new ArgumentError(`delta must be positive, got ${String(delta)}`);
    return rounded(x, target, delta);
  },
  {
    samples: [...pairs(), [t([3, 4]), t([3, 4]), { delta: 0.5 }]],
    errors: [...pairErrors(), raises([t([2]), t([2]), { delta: 0 }], "delta")],
  },
);

const chances = { low: 0, high: 1 };
const weights = { low: 0.5, high: 2 };

/** Cross entropy of the sigmoid of x against probabilities, averaged; posWeight scales the positive part per class. */
export const binaryCrossEntropyWithLogits: Loss<Weighted & { readonly posWeight?: Given }> = loss(
  { posWeight: undefined as Given },
  (x, target, { posWeight }) => {
    const positive = x.logsigmoid();
    return x.sub(x.mul(target)).sub(posWeight ? positive.mul(posWeight.sub(1).mul(target).add(1)) : positive);
  },
  {
    samples: [
      [t([3, 4]), t([3, 4], chances)],
      [t([3, 4]), t([3, 4], chances), { reduction: "sum", posWeight: t([4], weights) }],
      [t([2, 3]), t([2, 3], chances), { reduction: "none", weight: t([2, 1], weights) }],
      [t([3], { data: [100, -100, 50] }), t([3], { data: [0, 1, 1], fixed: true })],
    ],
    errors: [...shapeErrors()],
  },
  { weight: undefined },
);

/** Cross entropy of probabilities x against probabilities, averaged; logarithms are held above −100. */
export const binaryCrossEntropy: Loss<Weighted> = loss(
  {},
  (x, target) => {
    const [yes, no] = [x.log().clampMin(-100), x.neg().log1p().clampMin(-100)];
    return target.mul(yes.sub(no)).add(no).neg();
  },
  {
    samples: [...pairs(0.1, 0.9), [t([2, 3], { low: 0.1, high: 0.9 }), t([2, 3], { low: 0.1, high: 0.9 }), { weight: t([3], weights) }]],
    errors: [...shapeErrors()],
  },
  { weight: undefined },
);

/** target · (log target − x) with x and, if logTarget, the target as logarithms; "batchmean" divides the sum by the first size. */
export const klDiv: Loss<{ readonly reduction?: Reduction | "batchmean"; readonly logTarget?: boolean }> = loss(
  { logTarget: false },
  (x, target, { logTarget }) =>
    // 0 · log 0 counts as 0.
    logTarget ? target.exp().mul(target.sub(x)) : target.mul(target.maskedFill(target.eq(0), 1).log().sub(x)),
  {
    samples: [
      ...pairs(0.1, 0.9),
      [t([3, 4]), t([3, 4], { low: 0.1, high: 0.9 }), { reduction: "batchmean" }],
      [t([3, 4]), t([3, 4]), { logTarget: true }],
    ],
    errors: [...pairErrors()],
  },
  {},
  "batchmean",
);
