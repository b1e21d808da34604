// Losses of a prediction against a target of the same shape.
import { ArgumentError, DtypeError, ShapeError, show } from "../base/errors.ts";
import { isFloat } from "../base/dtype.ts";
import { parse } from "../base/options.ts";
import { sameShape } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Composite, type ErrorSample, raises, type Sample, t } from "./op.ts";

type Reduction = "none" | "mean" | "sum";
export interface Reduced {
  readonly reduction?: Reduction;
}
export interface Weighted extends Reduced {
  /** Weight per element; broadcasts. */
  readonly weight?: Tensor | null | undefined;
}
type Loss<K extends object = Reduced> = Composite<(x: Tensor, target: Tensor, options?: K) => Tensor>;

const reduced = (losses: Tensor, reduction: string): Tensor =>
  reduction === "mean" ? losses.mean() : reduction === "sum" ? losses.sum() : losses;

function checkReduction(name: string, reduction: string): void {
  if (!["none", "mean", "sum"].includes(reduction))
    throw new ArgumentError(name, `unknown reduction ${String(reduction)}`, '"none", "mean" or "sum"');
}

/** Errors: DtypeError when both are integers, whose mean is not defined. */
function checkPair(name: string, x: Tensor, target: Tensor, reduction: string): void {
  checkReduction(name, reduction);
  if (!isFloat(x.dtype) && !isFloat(target.dtype))
    throw new DtypeError(name, `needs a floating operand, got ${x.dtype} and ${target.dtype}`);
}

function checkSame(name: string, x: Tensor, target: Tensor): void {
  if (!sameShape(x.shape, target.shape))
    throw new ShapeError(name, `the target ${show(target.shape)} must have the input's shape ${show(x.shape)}`);
}

const pairs = (low = -2, high = 2): Sample[] => [
  [t([3, 4], { low, high }), t([3, 4], { low, high })],
  [t([3, 4], { low, high }), t([3, 4], { low, high }), { reduction: "sum" }],
  [t([2, 3], { low, high }), t([2, 3], { low, high }), { reduction: "none" }],
];
const wrongReduction: ErrorSample = raises([t([2]), t([2]), { reduction: "max" }], "unknown reduction");
const pairErrors: ErrorSample[] = [wrongReduction, raises([t([2, 3]), t([2])], "do not broadcast")];
const shapeErrors: ErrorSample[] = [wrongReduction, raises([t([2, 3]), t([3])], "must have the input's shape")];

/** (x − target)², averaged. */
export const mseLoss: Loss = {
  compose: (x, target, ...rest) => {
    const { reduction } = parse("mseLoss", rest, {}, { reduction: "mean" });
    checkPair("mseLoss", x, target, reduction);
    return reduced(x.sub(target).square(), reduction);
  },
  samples: [...pairs(), [t([3, 4]), t([4])]],
  errors: pairErrors,
};

/** |x − target|, averaged. */
export const l1Loss: Loss = {
  compose: (x, target, ...rest) => {
    const { reduction } = parse("l1Loss", rest, {}, { reduction: "mean" });
    checkPair("l1Loss", x, target, reduction);
    return reduced(x.sub(target).abs(), reduction);
  },
  samples: pairs(),
  errors: pairErrors,
};

/** q · (d − q / 2) with q the difference d held within ±limit: a parabola that goes on as its tangents. */
function rounded(x: Tensor, target: Tensor, limit: number): Tensor {
  const d = x.sub(target);
  const q = d.clamp(-limit, limit);
  return q.mul(d.sub(q.mul(0.5)));
}

/** (x − target)² / (2 beta) where the difference is below beta, |x − target| − beta / 2 beyond, averaged. */
export const smoothL1Loss: Loss<Reduced & { readonly beta?: number }> = {
  compose: (x, target, ...rest) => {
    const { reduction, beta } = parse("smoothL1Loss", rest, {}, { reduction: "mean", beta: 1 });
    checkPair("smoothL1Loss", x, target, reduction);
    if (!(beta >= 0)) throw new ArgumentError("smoothL1Loss", `beta must not be negative, got ${String(beta)}`);
    return reduced(beta === 0 ? x.sub(target).abs() : rounded(x, target, beta).mul(1 / beta), reduction);
  },
  samples: [...pairs(), [t([3, 4]), t([3, 4]), { beta: 0.5 }], [t([3, 4]), t([3, 4]), { beta: 0 }]],
  errors: [...pairErrors, raises([t([2]), t([2]), { beta: -1 }], "beta")],
};

/** (x − target)² / 2 where the difference is below delta, delta · (|x − target| − delta / 2) beyond, averaged. */
export const huberLoss: Loss<Reduced & { readonly delta?: number }> = {
  compose: (x, target, ...rest) => {
    const { reduction, delta } = parse("huberLoss", rest, {}, { reduction: "mean", delta: 1 });
    checkPair("huberLoss", x, target, reduction);
    if (!(delta > 0)) throw new ArgumentError("huberLoss", `delta must be positive, got ${String(delta)}`);
    return reduced(rounded(x, target, delta), reduction);
  },
  samples: [...pairs(), [t([3, 4]), t([3, 4]), { delta: 0.5 }]],
  errors: [...pairErrors, raises([t([2]), t([2]), { delta: 0 }], "delta")],
};

/** Cross entropy of the sigmoid of x against probabilities, averaged; posWeight scales the positive part per class. */
export const binaryCrossEntropyWithLogits: Loss<Weighted & { readonly posWeight?: Tensor | null | undefined }> = {
  compose: (x, target, ...rest) => {
    const defaults = { reduction: "mean", posWeight: undefined as Tensor | null | undefined };
    const { weight, reduction, posWeight } = parse(
      "binaryCrossEntropyWithLogits",
      rest,
      { weight: undefined as Tensor | null | undefined },
      defaults,
    );
    checkPair("binaryCrossEntropyWithLogits", x, target, reduction);
    checkSame("binaryCrossEntropyWithLogits", x, target);
    const positive = x.logsigmoid();
    const scale = posWeight ? posWeight.sub(1).mul(target).add(1) : undefined;
    const losses = x.sub(x.mul(target)).sub(scale ? positive.mul(scale) : positive);
    return reduced(weight ? losses.mul(weight) : losses, reduction);
  },
  samples: [
    [t([3, 4]), t([3, 4], { low: 0, high: 1 })],
    [t([3, 4]), t([3, 4], { low: 0, high: 1 }), { reduction: "sum", posWeight: t([4], { low: 0.5, high: 2 }) }],
    [t([2, 3]), t([2, 3], { low: 0, high: 1 }), { reduction: "none", weight: t([2, 1], { low: 0.5, high: 2 }) }],
    [t([3], { data: [100, -100, 50] }), t([3], { data: [0, 1, 1], fixed: true })],
  ],
  errors: shapeErrors,
};

/** Cross entropy of probabilities x against probabilities, averaged; logarithms are held above −100. */
export const binaryCrossEntropy: Loss<Weighted> = {
  compose: (x, target, ...rest) => {
    const { weight, reduction } = parse(
      "binaryCrossEntropy",
      rest,
      { weight: undefined as Tensor | null | undefined },
      { reduction: "mean" },
    );
    checkPair("binaryCrossEntropy", x, target, reduction);
    checkSame("binaryCrossEntropy", x, target);
    const [yes, no] = [x.log().clampMin(-100), x.neg().log1p().clampMin(-100)];
    const losses = target.mul(yes.sub(no)).add(no).neg();
    return reduced(weight ? losses.mul(weight) : losses, reduction);
  },
  samples: [
    ...pairs(0.1, 0.9),
    [t([2, 3], { low: 0.1, high: 0.9 }), t([2, 3], { low: 0.1, high: 0.9 }), { weight: t([3], { low: 0.5, high: 2 }) }],
  ],
  errors: shapeErrors,
};

/** target · (log target − x) with x and, if logTarget, the target as logarithms; "batchmean" divides the sum by the first size. */
export const klDiv: Loss<{ readonly reduction?: Reduction | "batchmean"; readonly logTarget?: boolean }> = {
  compose: (x, target, ...rest) => {
    const { reduction, logTarget } = parse("klDiv", rest, {}, { reduction: "mean", logTarget: false });
    const batch = reduction === "batchmean";
    checkPair("klDiv", x, target, batch ? "sum" : reduction);
    // 0 · log 0 counts as 0.
    const losses = logTarget ? target.exp().mul(target.sub(x)) : target.mul(target.maskedFill(target.eq(0), 1).log().sub(x));
    if (!batch) return reduced(losses, reduction);
    return x.ndim === 0 ? losses.sum() : losses.sum().div(x.shape[0]!);
  },
  samples: [
    ...pairs(0.1, 0.9),
    [t([3, 4]), t([3, 4], { low: 0.1, high: 0.9 }), { reduction: "batchmean" }],
    [t([3, 4]), t([3, 4]), { logTarget: true }],
  ],
  errors: pairErrors,
};
