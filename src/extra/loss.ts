// A divergence.
import { loss, type Loss, pairErrors, pairs, type Reduction } from "../ops/averaging.ts";
import { t } from "../ops/op.ts";

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
