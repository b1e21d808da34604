// Losses that ask for a margin between the scores of classes.
import { checkFloat, checkKnown, inRange } from "../../base/checks.ts";
import { parse } from "../../base/options.ts";
import { sizeOf } from "../../base/shape.ts";
import { visible } from "../../kernels/indexing.ts";
import { checkFits, checkIndex, checkRank, operand } from "../arguments.ts";
import { checkReduction, type Given, type Reduced, reduced } from "../averaging.ts";
import { type Arg, type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

/** Scores as rows of classes. Errors: ShapeError for more than two dimensions, DtypeError for wrong types. */
function rowsOf(x: Tensor, target: Tensor): Tensor {
  checkRank(x.shape, 0, 2);
  checkFloat(x.dtype);
  checkIndex(operand(target, "target"));
  return x.ndim === 2 ? x : x.reshape(1, x.numel());
}

/** Classes that the host can see are checked before anything runs; negative ones may be marks. */
function checkClasses(rows: Tensor, target: Tensor, marks = false): void {
  for (const seen of (visible(target) ?? []) as Int32Array) if (seen >= 0 || !marks) inRange(seen, 1, rows.shape[1]!);
}

export interface MultiMargin extends Reduced {
  /** 1, or 2 for squares. */
  readonly p?: number;
  readonly margin?: number;
  /** A weight per class. */
  readonly weight?: Given;
}
type MultiRest =
  | [p?: number, margin?: number, weight?: Given, options?: Reduced]
  | [p: number, options: Omit<MultiMargin, "p">]
  | [p: number, margin: number, options: Omit<MultiMargin, "p" | "margin">]
  | [options: MultiMargin];

const classes = (shape: readonly number[], ...data: readonly number[]): Arg => t(shape, { dtype: "int32", data });

/**
 * Σ max(margin − x[target] + x[i], 0)^p over all other classes i, over the number of classes, averaged.
 * Shape: [N, C] and targets [N], or [C] and one target.
 */
export const multiMarginLoss: Composite<(x: Tensor, target: Tensor, ...rest: MultiRest) => Tensor> = {
  rest: true,
  compose: (x, target, ...rest) => {
    const { p, margin, weight, reduction } = parse(rest, { p: 1, margin: 1, weight: undefined as Given }, { reduction: "mean" });
    checkReduction(reduction);
    checkKnown("p", p, [1, 2]);
    const rows = rowsOf(x, target);
    const [n, count] = rows.shape as [number, number];
    if (x.ndim === 2 || sizeOf(target.shape) !== 1) checkFits("target", target.shape, x.ndim === 2 ? [n] : []);
    if (weight) checkFits("weight", weight.shape, [count]);
    checkClasses(rows, target);
    const places = target.reshape(n, 1);
    const above = rows.sub(rows.gather(1, places)).add(margin).relu();
    const powers = p === 2 ? above.square() : above;
    const each = weight ? powers.mul(weight.indexSelect(0, target.reshape(n)).unsqueeze(1)) : powers;
    return reduced(each.scatter(1, places, 0).mean(1).reshape(x.shape.slice(0, -1)), reduction);
  },
  samples: [
    [t([4, 3]), classes([4], 0, 2, 1, 1)],
    [t([3, 4]), classes([3], 0, 3, 1), 2, 0.5, t([4], { low: 0.5, high: 2 }), { reduction: "none" }],
    [t([3]), classes([], 1), { margin: 2, reduction: "sum" }],
  ],
  errors: [
    raises([t([2, 3]), classes([2], 0, 3)], "out of range"),
    raises([t([2, 3]), classes([1], 0)], "target [1] does not fit, needs [2]"),
    raises([t([2, 3]), classes([2], 0, 1), 3], "unknown p 3"),
    raises([t([2, 3]), t([2])], "must be int32"),
  ],
};

/**
 * Σ max(1 − x[j] + x[i], 0) over all target classes j and all others i, over the number of classes, averaged. Targets, of the shape of x,
 * list classes up to the first that is negative. Shape: [N, C] or [C].
 */
export const multilabelMarginLoss: Composite<(x: Tensor, target: Tensor, options?: Reduced) => Tensor> = {
  rest: true,
  compose: (x, target, ...rest) => {
    const { reduction } = parse(rest, {}, { reduction: "mean" });
    checkReduction(reduction);
    const rows = rowsOf(x, target);
    checkFits("target", target.shape, x.shape);
    checkClasses(rows, target, true);
    const listed = target.reshape(rows.shape);
    const counts = listed.lt(0).cumsum(1).eq(0);
    const places = listed.maskedFill(counts.logicalNot(), 0);
    const wanted = rows.filledLike(0).scatterAdd(1, places, counts.to(rows.dtype)).ne(0);
    const pairs = counts.unsqueeze(2).logicalAnd(wanted.logicalNot().unsqueeze(1));
    const above = rows.unsqueeze(1).sub(rows.gather(1, places).unsqueeze(2)).add(1).relu();
    return reduced(above.where(pairs, 0).sum(1).mean(1).reshape(x.shape.slice(0, -1)), reduction);
  },
  samples: [
    [t([2, 4]), classes([2, 4], 3, 0, -1, 1, 1, -1, 2, 0)],
    [t([3]), classes([3], 2, 2, 0), { reduction: "none" }],
    [t([2, 3]), classes([2, 3], -1, 0, 1, 0, 1, 2), { reduction: "sum" }],
  ],
  errors: [
    raises([t([2, 3]), classes([2, 3], 0, 3, -1, 0, 0, 0)], "out of range"),
    raises([t([2, 3]), classes([3], 0, 1, 2)], "target [3] does not fit, needs [2, 3]"),
    raises([t([2]), classes([2], 0, 1), { reduction: "max" }], "unknown reduction"),
  ],
};
