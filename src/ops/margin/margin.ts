// Losses that ask for a margin between two scores, two vectors, or two distances.
import { checkFloat } from "../../base/checks.ts";
import { runningOp, ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { callable } from "../../base/reading.ts";
import { checkRank, operand } from "../arguments.ts";
import { checkReduction, type Given, loss, type Loss, pairErrors, type Reduced, reduced, type Weighted, wrongReduction } from "../averaging.ts"; // prettier-ignore
import { type Arg, type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

const signs = (...shape: readonly number[]): Arg => t(shape, { data: Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => (i % 3 === 1 ? -1 : 1)), fixed: true }); // prettier-ignore

// Of given contents, since elements that are all the same make vectors that are parallel.
const vector = t([3], { data: [0.5, -1, 0.75] });

type MarginRest = [margin?: number, options?: Reduced] | [options: Reduced & { readonly margin?: number }];
type Hinge = Composite<(x: Tensor, target: Tensor, ...rest: MarginRest) => Tensor>;

/** x where the target is 1, max(margin − x, 0) where it is −1, averaged. */
export const hingeEmbeddingLoss: Hinge = loss(
  {},
  (x, target, { margin }) => {
    const beyond = x.rsub(margin).clampMin(0);
    return beyond.where(target.ne(1), 0).add(x.where(target.ne(-1), 0));
  },
  {
    samples: [
      [t([3, 4]), signs(3, 4)],
      [t([2, 3]), signs(3), 2, { reduction: "none" }],
      [t([]), signs(), { reduction: "sum" }],
    ],
    errors: [...pairErrors()],
  },
  { margin: 1 },
) as Hinge;

/** log(1 + e^(−target · x)), averaged. */
export const softMarginLoss: Loss = loss({}, (x, target) => x.mul(target.expand(x.shape)).logsigmoid().neg(), {
  samples: [
    [t([3, 4]), signs(3, 4)],
    [t([2, 3]), signs(3), { reduction: "none" }],
    [t([3], { data: [100, -100, 0] }), signs(3), { reduction: "sum" }],
  ],
  errors: [wrongReduction(), raises([t([3]), t([2, 3])], "does not expand")],
});

type SoftRest = [weight?: Given, options?: Reduced] | [options: Weighted];

/** Binary cross entropies of the sigmoids of x against labels, averaged over the last dimension and then over all positions. */
export const multilabelSoftMarginLoss: Composite<(x: Tensor, target: Tensor, ...rest: SoftRest) => Tensor> = {
  rest: true,
  compose: (x, target, ...rest) => {
    const { weight, reduction } = parse(rest, { weight: undefined as Given }, { reduction: "mean" });
    checkReduction(reduction);
    checkRank(x.shape, 1);
    checkFloat(x.dtype);
    const each = x.mul(operand(target, "target").rsub(1)).sub(x.logsigmoid());
    return reduced((weight ? each.mul(weight) : each).mean(-1), reduction);
  },
  samples: [
    [t([3, 4]), t([3, 4], { low: 0, high: 1 })],
    [t([2, 3]), t([2, 3], { low: 0, high: 1 }), t([3], { low: 0.5, high: 2 }), { reduction: "none" }],
    [t([4]), t([4], { low: 0, high: 1 }), { reduction: "sum" }],
  ],
  errors: [wrongReduction(), raises([t([]), t([])], "at least 1 dimensions"), raises([t([2, 3]), t([2])], "do not broadcast")],
};

type Three<R extends readonly unknown[]> = Composite<(x: Tensor, other: Tensor, third: Tensor, ...rest: R) => Tensor>;
/** A loss of three tensors, which messages call `names`. */
const three = <R extends readonly unknown[], O extends object>(
  names: readonly [second: string, third: string],
  losses: (x: Tensor, other: Tensor, third: Tensor, options: O) => Tensor,
  { positional = {}, keywords = {}, ...record }: { readonly positional?: object; readonly keywords?: object } & Pick<Three<R>, "samples" | "errors">, // prettier-ignore
): Three<R> => ({
  rest: true,
  compose: (x, other, third, ...rest) => {
    const { reduction, ...own } = parse(rest, positional, { ...keywords, reduction: "mean" });
    checkReduction(reduction);
    return reduced(losses(x, operand(other, names[0]), operand(third, names[1]), own as O), reduction);
  },
  ...record,
});
type Ranking = Three<MarginRest>;

/** max(margin − target · (x − other), 0), averaged: the target 1 wants x to be larger, −1 the other. */
export const marginRankingLoss: Ranking = three(
  ["other", "target"],
  (x, other, target, { margin }: { readonly margin: number }) => {
    if (x.ndim !== other.ndim || x.ndim !== target.ndim)
      throw new ShapeError(`${show(x.shape)}, ${show(other.shape)} and ${show(target.shape)} differ in dimensions`);
    return x.sub(other).mul(target).rsub(margin).clampMin(0);
  },
  {
    positional: { margin: 0 },
    samples: [
      [t([5]), t([5]), signs(5)],
      [t([2, 3]), t([2, 3]), signs(1, 3), 0.5, { reduction: "none" }],
      [t([]), t([]), signs(), { reduction: "sum" }],
    ],
    errors: [raises([t([2]), t([2]), t([2]), { reduction: "max" }], "unknown reduction"), raises([t([2]), t([2]), t([])], "differ in dimensions")], // prettier-ignore
  },
);

/**
 * 1 − the cosine of the angle between vectors where the target is 1, max(cosine − margin, 0) where it is −1, averaged.
 * Shape: [N, m], [N, m], [N], or without N.
 */
export const cosineEmbeddingLoss: Ranking = three(
  ["other", "target"],
  (x, other, target, { margin }: { readonly margin: number }) => {
    checkRank(target.shape, 0, 1);
    for (const { shape } of [x, other]) checkRank(shape, target.ndim + 1, target.ndim + 1);
    const size = (v: Tensor): Tensor => v.square().sum(-1).add(1e-12);
    const cosine = x
      .mul(other)
      .sum(-1)
      .div(size(x).mul(size(other)).sqrt());
    return cosine
      .rsub(1)
      .where(target.eq(1), 0)
      .add(cosine.sub(margin).clampMin(0).where(target.eq(-1), 0));
  },
  {
    positional: { margin: 0 },
    samples: [
      [t([5, 3]), t([5, 3]), signs(5)],
      [t([4, 2]), t([1, 2]), signs(4), -0.5, { reduction: "none" }],
      [vector, t([3]), signs(), { reduction: "sum" }],
    ],
    errors: [raises([t([2]), t([2]), t([2])], "needs 2 dimensions"), raises([t([2]), t([2]), t([]), { reduction: "max" }], "unknown reduction")], // prettier-ignore
  },
);

/** max(distance to the positive − distance to the negative + margin, 0); with `swap` the negative may also be near the positive. */
function triplet(
  distance: (x: Tensor, y: Tensor) => Tensor,
  [anchor, positive, negative]: readonly [Tensor, Tensor, Tensor],
  margin: number,
  swap: boolean,
): Tensor {
  // prettier-ignore
  const measured = (x: Tensor, y: Tensor): Tensor => operand(distance(x, y), "the distance");
  const [close, far] = [measured(anchor, positive), measured(anchor, negative)];
  return close
    .sub(swap ? far.minimum(measured(positive, negative)) : far)
    .add(margin)
    .clampMin(0);
}

export interface Triplets extends Reduced {
  readonly margin?: number;
  /** Order of the norm that measures. */
  readonly p?: number;
  readonly eps?: number;
  /** Takes the distance of positive and negative where that is the smaller. */
  readonly swap?: boolean;
}
type TripletRest =
  | [margin?: number, p?: number, eps?: number, swap?: boolean, options?: Reduced]
  | [margin: number, options: Omit<Triplets, "margin">]
  | [margin: number, p: number, options: Omit<Triplets, "margin" | "p">]
  | [options: Triplets];

// Distances have no slope at 0.
const [anchors, alike, others] = [-1, 1, 3].map((low) => (...shape: readonly number[]): Arg => t(shape, { low, high: low + 2 })) as [typeof signs, typeof signs, typeof signs]; // prettier-ignore

/** max(distance of x to positive − distance to negative + margin, 0), averaged; distances are pairwiseDistance with p and eps. */
export const tripletMarginLoss: Three<TripletRest> = three(
  ["positive", "negative"],
  (x, positive, negative, { margin, p, eps, swap }: Required<Omit<Triplets, "reduction">>) => {
    if (x.ndim !== positive.ndim || x.ndim !== negative.ndim)
      throw new ShapeError(`${show(x.shape)}, ${show(positive.shape)} and ${show(negative.shape)} differ in dimensions`);
    return triplet((a, b) => a.pairwiseDistance(b, p, eps), [x, positive, negative], margin, swap);
  },
  {
    positional: { margin: 1, p: 2, eps: 1e-6, swap: false },
    samples: [
      [anchors(4, 3), alike(4, 3), others(4, 3), 4],
      [anchors(2, 3), alike(2, 3), others(1, 3), { swap: true, margin: 5, p: 1, reduction: "none" }],
      [vector, alike(3), others(3), 6, 2, { reduction: "sum" }],
    ],
    errors: [raises([t([2, 3]), t([2, 3]), t([3])], "differ in dimensions"), raises([t([2]), t([2]), t([2]), { reduction: "max" }], "unknown reduction")], // prettier-ignore
  },
);

export interface Measured extends Reduced {
  /** What measures two tensors; pairwiseDistance by default. */
  readonly distanceFunction?: ((x: Tensor, y: Tensor) => Tensor) | null;
  readonly margin?: number;
  readonly swap?: boolean;
}

/** tripletMarginLoss with a distance of one's own. */
export const tripletMarginWithDistanceLoss: Three<[options?: Measured]> = three(
  ["positive", "negative"],
  (x, positive, negative, { distanceFunction, margin, swap }: Required<Omit<Measured, "reduction">>) =>
    triplet(
      distanceFunction === null ? (a, b) => a.pairwiseDistance(b) : callable(runningOp(), distanceFunction, "distanceFunction"),
      [x, positive, negative],
      margin,
      swap,
    ),
  {
    keywords: { distanceFunction: null, margin: 1, swap: false },
    samples: [
      [anchors(4, 3), alike(4, 3), others(4, 3), { margin: 4 }],
      [anchors(2, 3), alike(2, 3), others(2, 3), { swap: true, margin: 5, reduction: "none" }],
    ],
    errors: [raises([t([2]), t([2]), t([2]), { distanceFunction: 2 }], "distanceFunction must be a function"), raises([t([2]), t([2]), t([2]), { reduction: "max" }], "unknown reduction")], // prettier-ignore
  },
);
