// Losses with margins as layers.
import "../ops/margin/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Loss, loss, type LossClass, type LossOf, type LossOptions, type Weighted, weighted, type WeightedClass } from "./criterion.ts"; // prettier-ignore

type MarginRest = [margin?: number, options?: LossOptions] | [options: LossOptions & { readonly margin?: number }];
interface Margin {
  margin: number;
}
type Ranking = LossOf<(x: Tensor, other: Tensor, target: Tensor) => Tensor, Margin>;

/**
 * x where the target is 1, max(margin − x, 0) where it is −1.
 * @example await new nn.HingeEmbeddingLoss(1, { reduction: "none" }).call(tensor([0.5, 0.25]), tensor([1, -1])).tolist(); // → [0.5, 0.75]
 */
export const HingeEmbeddingLoss: new (...rest: MarginRest) => Loss<Margin> = /* @__PURE__ */ loss("HingeEmbeddingLoss", {}, { margin: 1 });
export type HingeEmbeddingLoss = InstanceType<typeof HingeEmbeddingLoss>;
/**
 * Mean of log(1 + e^(−target · x)).
 * @example await new nn.SoftMarginLoss().call(tensor([2, -1]), tensor([1, -1])).item(); // → 0.22009
 */
export const SoftMarginLoss: LossClass = /* @__PURE__ */ loss("SoftMarginLoss");
export type SoftMarginLoss = InstanceType<typeof SoftMarginLoss>;
/**
 * Asks the first input to be larger than the second where the target is 1, smaller where it is −1: forward(x, other, target).
 * @example await new nn.MarginRankingLoss(0.5).call(tensor([1, 0]), tensor([0, 1]), tensor([1, 1])).item(); // → 0.75
 */
export const MarginRankingLoss: new (...rest: MarginRest) => Ranking = /* @__PURE__ */ loss("MarginRankingLoss", {}, { margin: 0 }, undefined, 3); // prettier-ignore
export type MarginRankingLoss = InstanceType<typeof MarginRankingLoss>;
/**
 * Asks vectors to point the same way where the target is 1, and not to where it is −1: forward(x, other, target).
 * @example
 * const [x, other] = [tensor([[1, 0], [1, 1]]), tensor([[1, 1], [1, 0]])];
 * await new nn.CosineEmbeddingLoss().call(x, other, tensor([1, -1])).item(); // → 0.5
 */
export const CosineEmbeddingLoss: new (...rest: MarginRest) => Ranking = /* @__PURE__ */ loss("CosineEmbeddingLoss", {}, { margin: 0 }, undefined, 3); // prettier-ignore
export type CosineEmbeddingLoss = InstanceType<typeof CosineEmbeddingLoss>;

interface MultiMargin extends Margin {
  p: number;
}
/**
 * Asks the score of the target class to be larger than all others by a margin.
 * @example await new nn.MultiMarginLoss().call(tensor([[0.1, 0.2, 0.4, 0.8]]), tensor([3], { dtype: "int32" })).item(); // → 0.325
 */
export const MultiMarginLoss: new (
  ...rest:
    | [p?: number, margin?: number, weight?: Tensor | null, options?: LossOptions]
    | [p: number, options: Weighted & Partial<Margin>]
    | [p: number, margin: number, options: Weighted]
    | [options: Weighted & Partial<MultiMargin>]
) => Loss<MultiMargin> & { weight: Tensor | null } = /* @__PURE__ */ loss("MultiMarginLoss", {}, { p: 1, margin: 1, ...weighted });
export type MultiMarginLoss = InstanceType<typeof MultiMarginLoss>;
/**
 * Asks the scores of all target classes, listed up to the first that is negative, to be larger than all others by 1.
 * @example
 * const targets = tensor([[3, 0, -1, 1]], { dtype: "int32" });
 * await new nn.MultiLabelMarginLoss().call(tensor([[0.1, 0.2, 0.4, 0.8]]), targets).item(); // → 0.85
 */
export const MultiLabelMarginLoss: LossClass = /* @__PURE__ */ loss("MultiLabelMarginLoss", {}, {}, "multilabelMarginLoss");
export type MultiLabelMarginLoss = InstanceType<typeof MultiLabelMarginLoss>;
/**
 * Binary cross entropy of the sigmoids of logits against several labels each.
 * @example await new nn.MultiLabelSoftMarginLoss().call(tensor([[1, -1, 0]]), tensor([[1, 0, 1]])).item(); // → 0.43989
 */
export const MultiLabelSoftMarginLoss: WeightedClass = /* @__PURE__ */ loss(
  "MultiLabelSoftMarginLoss",
  {},
  weighted,
  "multilabelSoftMarginLoss",
);
export type MultiLabelSoftMarginLoss = InstanceType<typeof MultiLabelSoftMarginLoss>;

type Triple<O> = LossOf<(anchor: Tensor, positive: Tensor, negative: Tensor) => Tensor, O>;
interface Triplet extends Margin {
  p: number;
  eps: number;
  swap: boolean;
}
/**
 * Asks the positive to be nearer to the anchor than the negative by a margin: forward(anchor, positive, negative).
 * @example await new nn.TripletMarginLoss(2).call(tensor([[0, 0]]), tensor([[0, 1]]), tensor([[2, 0]])).item(); // → 1
 */
export const TripletMarginLoss: new (
  ...rest:
    | [margin?: number, p?: number, eps?: number, swap?: boolean, options?: LossOptions]
    | [margin: number, options: LossOptions & Partial<Omit<Triplet, "margin">>]
    | [margin: number, p: number, options: LossOptions & Partial<Pick<Triplet, "eps" | "swap">>]
    | [options: LossOptions & Partial<Triplet>]
) => Triple<Triplet> = /* @__PURE__ */ loss("TripletMarginLoss", {}, { margin: 1, p: 2, eps: 1e-6, swap: false }, undefined, 3);
export type TripletMarginLoss = InstanceType<typeof TripletMarginLoss>;

interface Measured extends Margin {
  /** PairwiseDistance by default. */
  distanceFunction: ((x: Tensor, y: Tensor) => Tensor) | null;
  swap: boolean;
}
/**
 * TripletMarginLoss with a distance of one's own.
 * @example
 * const loss = new nn.TripletMarginWithDistanceLoss({ distanceFunction: (x, y) => x.sub(y).abs().amax(-1), margin: 2 });
 * await loss.call(tensor([[0, 0]]), tensor([[0, 1]]), tensor([[2, 0]])).item(); // → 1
 */
export const TripletMarginWithDistanceLoss: new (options?: LossOptions & Partial<Measured>) => Triple<Measured> = /* @__PURE__ */ loss(
  "TripletMarginWithDistanceLoss",
  { distanceFunction: null, margin: 1, swap: false },
  {},
  undefined,
  3,
);
export type TripletMarginWithDistanceLoss = InstanceType<typeof TripletMarginWithDistanceLoss>;
