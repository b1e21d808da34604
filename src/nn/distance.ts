// Distances as layers: forward(x, other).
import "../ops/distance/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { layer } from "./layer.ts";
import type { Module } from "./module.ts";

/** A distance module, whose options `O` are its properties. */
export type Distance<O = object> = Module & { forward: (x: Tensor, other: Tensor) => Tensor } & Readonly<O>;

interface Angle {
  dim: number;
  eps: number;
}
const measure = { inputs: 2, shown: () => [] };

/**
 * Cosine of the angle between vectors along a dimension.
 * @example await new nn.CosineSimilarity().call(tensor([[1, 0], [1, 1]]), tensor([[1, 1], [1, 0]])).tolist(); // → [0.70711, 0.70711]
 */
export const CosineSimilarity: new (
  ...rest: [dim?: number, eps?: number] | [dim: number, options: Partial<Pick<Angle, "eps">>] | [options: Partial<Angle>]
) => Distance<Angle> = /* @__PURE__ */ layer("CosineSimilarity", { dim: 1, eps: 1e-8 }, undefined, measure);
export type CosineSimilarity = InstanceType<typeof CosineSimilarity>;

interface Apart {
  p: number;
  eps: number;
  keepdim: boolean;
}
/**
 * p-norm of the difference of vectors along the last dimension.
 * @example await new nn.PairwiseDistance(1).call(tensor([[0, 3]]), tensor([[4, 0]])).tolist(); // → [7]
 */
export const PairwiseDistance: new (
  ...rest:
    | [p?: number, eps?: number, keepdim?: boolean]
    | [p: number, options: Partial<Omit<Apart, "p">>]
    | [p: number, eps: number, options: Partial<Pick<Apart, "keepdim">>]
    | [options: Partial<Apart>]
) => Distance<Apart> = /* @__PURE__ */ layer("PairwiseDistance", { p: 2, eps: 1e-6, keepdim: false }, undefined, measure);
export type PairwiseDistance = InstanceType<typeof PairwiseDistance>;
