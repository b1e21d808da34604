// Losses of a prediction against a target of the same shape.
import { ArgumentError } from "../base/errors.ts";
import { checkNonNegative } from "../base/checks.ts";
import type { Tensor } from "../tensor.ts";
import { type Given, loss, type Loss, pairErrors, pairs, type Reduced, type Weighted, wrongReduction } from "./averaging.ts";
import { type ErrorSample, raises, t } from "./op.ts";

const shapeErrors = (): ErrorSample[] => [wrongReduction(), raises([t([2, 3]), t([3])], "does not fit, needs [2, 3]")];

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
