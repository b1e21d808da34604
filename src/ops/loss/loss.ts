// Losses of a prediction against a target of the same shape.
import special from "../../../shaders/special.wgsl?raw";
import { checkNonNegative } from "../../base/checks.ts";
import { ArgumentError, show, warn } from "../../base/errors.ts";
import { sameShape } from "../../base/shape.ts";
import { library } from "../../device/kernel.ts";
import {
  type Given,
  loss,
  type Loss,
  pairErrors,
  pairs,
  type Reduced,
  type Reduction,
  type Weighted,
  wrongReduction,
} from "../averaging.ts";
import { type ErrorSample, type Internal, raises, type Sample, t } from "../op.ts";
import { type Elementwise, pointwise } from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

library(special);

const shapeErrors = (): ErrorSample[] => [wrongReduction(), raises([t([2, 3]), t([3])], "does not fit, needs [2, 3]")];

/** x − target; warns where shapes differ, since every element then meets several. */
function difference(x: Tensor, target: Tensor): Tensor {
  const d = x.sub(target);
  if (!sameShape(x.shape, target.shape))
    warn(
      `the target ${show(target.shape)} and the input ${show(x.shape)} broadcast to ${show(d.shape)}, which is likely a mistake`,
      "give both the same shape with reshape() or squeeze()",
    );
  return d;
}

/** (x − target)², averaged. */
export const mseLoss: Loss = loss({}, (x, target) => difference(x, target).square(), {
  samples: pairs(),
  errors: [...pairErrors()],
});

const distance = (x: Tensor, target: Tensor): Tensor => difference(x, target).abs();

/** |x − target|, averaged. */
export const l1Loss: Loss = loss({}, distance, { samples: pairs(), errors: [...pairErrors()] });

/** q · (d − q / 2) with q the difference d held within ±limit: a parabola that goes on as its tangents. */
function rounded(x: Tensor, target: Tensor, limit: number): Tensor {
  const d = difference(x, target);
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

const held = (x: number): number => (x < -100 ? -100 : x);
const chancePairs = (): Sample[] => [
  [t([3, 4], chances), t([3, 4], chances)],
  [t([], chances), t([], chances)],
];

/** Cross entropy of each probability against another; logarithms are held above −100. */
export const binaryCrossEntropyEach: Elementwise<(x: Tensor, target: Tensor) => Tensor, "x" | "y"> & Internal = {
  ...pointwise({
    operands: ["x", "target"],
    wgsl: { float: "(y - 1.0) * held(log1p_f(-x)) - y * held(log_f(x))" },
    ulp: 3,
    cancels: true,
    cpu: (x, y) => (y - 1) * held(Math.log1p(-x)) - y * held(Math.log(x)),
    save: { x: ["x", "y"], y: ["x"] },
    backward: (g, { x, y }) => ({
      x: () => g.binaryCrossEntropyBackward(x, y),
      y: () => g.mul(x.neg().log1p().clampMin(-100).sub(x.log().clampMin(-100))),
    }),
    kinks: [0, 1],
    samples: chancePairs(),
  }),
  internal: true,
};

const tiny = 1e-12;

/** g · (x − target) / (x · (1 − x)), the divisor held above 1e-12: the gradient of binaryCrossEntropy by the probability. */
export const binaryCrossEntropyBackward: Elementwise<(g: Tensor, x: Tensor, target: Tensor) => Tensor, "x" | "y" | "z"> & Internal = {
  ...pointwise({
    operands: ["g", "x", "target"],
    wgsl: { float: "x * (y - z) / max(y * (1.0 - y), 1e-12)" },
    ulp: 3,
    cpu: (g, x, y) => (g * (x - y)) / Math.max(x * (1 - x), tiny),
    save: { x: ["y", "z"], y: ["x", "y", "z"], z: ["x", "y"] },
    // PyTorch's formulas, which hold factors away from 0 where the kernel bounds their product.
    backward: (gg, { x: g, y: x, z: target }) => {
      const slope = (): Tensor => x.add(tiny).mul(x.rsub(1).add(tiny)).reciprocal();
      return {
        x: () => gg.mul(x.sub(target)).mul(slope()),
        y: () =>
          gg
            .mul(g)
            .mul(x.square().sub(x.mul(target).mul(2)).add(target))
            .mul(slope().square()),
        z: () => gg.mul(g).mul(slope()).neg(),
      };
    },
    kinks: [0, 1],
    samples: chancePairs().map(([x, target]) => [target, x, target]),
  }),
  internal: true,
};

/** Cross entropy of probabilities x against probabilities, averaged; logarithms are held above −100, and the gradient at 0 and 1 is finite. */
export const binaryCrossEntropy: Loss<Weighted> = loss(
  {},
  (x, target) => x.binaryCrossEntropyEach(target),
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
