// Losses as layers: forward(input, target).
import "../ops/loss/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Loss, loss, type LossClass, type LossOf, type LossOptions, type Reduction, type Weighted, weighted, type WeightedClass } from "./criterion.ts"; // prettier-ignore

export type { Loss, LossOptions, Reduction };

/**
 * Mean of (x − y)².
 * @example await new nn.MSELoss().call(tensor([1, 2]), tensor([0, 4])).item(); // → 2.5
 */
export const MSELoss: LossClass = /* @__PURE__ */ loss("MSELoss");
export type MSELoss = InstanceType<typeof MSELoss>;
/**
 * Mean of |x − y|.
 * @example await new nn.L1Loss({ reduction: "sum" }).call(tensor([1, 2]), tensor([0, 4])).item(); // → 3
 */
export const L1Loss: LossClass = /* @__PURE__ */ loss("L1Loss");
export type L1Loss = InstanceType<typeof L1Loss>;
/**
 * Quadratic below beta, linear above; divided by beta.
 * @example await new nn.SmoothL1Loss({ reduction: "none" }).call(tensor([1, 2]), tensor([0.5, 4])).tolist(); // → [0.125, 1.5]
 */
export const SmoothL1Loss: LossClass<{ beta: number }> = /* @__PURE__ */ loss("SmoothL1Loss", { beta: 1 });
export type SmoothL1Loss = InstanceType<typeof SmoothL1Loss>;
/**
 * Quadratic below delta, linear above.
 * @example await new nn.HuberLoss({ reduction: "none" }).call(tensor([1, 2]), tensor([0.5, 4])).tolist(); // → [0.125, 1.5]
 */
export const HuberLoss: LossClass<{ delta: number }> = /* @__PURE__ */ loss("HuberLoss", { delta: 1 });
export type HuberLoss = InstanceType<typeof HuberLoss>;

export interface CrossEntropyOptions extends Weighted {
  readonly ignoreIndex?: number;
  readonly labelSmoothing?: number;
}
/**
 * Softmax and negative log-likelihood of logits [N, C, …], for class indices [N, …] or probabilities [N, C, …].
 * @example
 * const logits = tensor([[2, 0, 0], [0, 0, 3]]);
 * await new nn.CrossEntropyLoss().call(logits, tensor([0, 2], { dtype: "int32" })).item(); // → 0.16723
 */
export const CrossEntropyLoss: WeightedClass<{ ignoreIndex: number; labelSmoothing: number }> = /* @__PURE__ */ loss(
  "CrossEntropyLoss",
  { ignoreIndex: -100, labelSmoothing: 0 },
  weighted,
  "crossEntropy",
);
export type CrossEntropyLoss = InstanceType<typeof CrossEntropyLoss>;
/**
 * Negative log-likelihood of log-probabilities [N, C, …] for class indices [N, …].
 * @example
 * const logits = tensor([[2, 0, 0], [0, 0, 3]]);
 * await new nn.NLLLoss().call(logits.logSoftmax(1), tensor([0, 2], { dtype: "int32" })).item(); // → 0.16723
 */
export const NLLLoss: WeightedClass<{ ignoreIndex: number }> = /* @__PURE__ */ loss("NLLLoss", { ignoreIndex: -100 }, weighted);
export type NLLLoss = InstanceType<typeof NLLLoss>;
/**
 * Binary cross entropy of probabilities.
 * @example await new nn.BCELoss().call(tensor([0.9, 0.2]), tensor([1, 0])).item(); // → 0.16425
 */
export const BCELoss: WeightedClass = /* @__PURE__ */ loss("BCELoss", {}, weighted, "binaryCrossEntropy");
export type BCELoss = InstanceType<typeof BCELoss>;
/**
 * Sigmoid and binary cross entropy of logits in one, stable step.
 * @example await new nn.BCEWithLogitsLoss().call(tensor([2, -1]), tensor([1, 0])).item(); // → 0.22009
 */
export const BCEWithLogitsLoss: WeightedClass<{ posWeight: Tensor | null }> = /* @__PURE__ */ loss(
  "BCEWithLogitsLoss",
  { posWeight: null },
  weighted,
  "binaryCrossEntropyWithLogits",
);
export type BCEWithLogitsLoss = InstanceType<typeof BCEWithLogitsLoss>;
/**
 * Divergence of a distribution, whose logarithms x holds, from the target's; "batchmean" divides the sum by the number of rows.
 * @example
 * const loss = new nn.KLDivLoss({ reduction: "batchmean" });
 * await loss.call(tensor([[0.5, 0.5]]).log(), tensor([[0.25, 0.75]])).item(); // → 0.13081
 */
export const KLDivLoss: new (options?: {
  readonly reduction?: Reduction | "batchmean";
  readonly logTarget?: boolean;
}) => LossOf<(x: Tensor, target: Tensor) => Tensor, { logTarget: boolean }> = /* @__PURE__ */ loss(
  "KLDivLoss",
  { logTarget: false },
  {},
  "klDiv",
  2,
  "batchmean",
);
export type KLDivLoss = InstanceType<typeof KLDivLoss>;

interface Poisson {
  logInput: boolean;
  full: boolean;
  eps: number;
}
/**
 * Negative log likelihood of counts under Poisson distributions with rates eˣ, or x itself.
 * @example await new nn.PoissonNLLLoss().call(tensor([0, 1]), tensor([1, 2])).item(); // → 0.85914
 */
export const PoissonNLLLoss: new (
  ...rest:
    | [logInput?: boolean, full?: boolean, options?: LossOptions & Partial<Pick<Poisson, "eps">>]
    | [logInput: boolean, options: LossOptions & Partial<Omit<Poisson, "logInput">>]
    | [options: LossOptions & Partial<Poisson>]
) => Loss<Poisson> = /* @__PURE__ */ loss("PoissonNLLLoss", { eps: 1e-8 }, { logInput: true, full: false }, "poissonNllLoss");
export type PoissonNLLLoss = InstanceType<typeof PoissonNLLLoss>;
/**
 * Negative log likelihood of numbers under normal distributions: forward(mean, target, var).
 * @example await new nn.GaussianNLLLoss().call(tensor([1, 2]), tensor([0, 2]), tensor([1, 0.5])).item(); // → 0.076713
 */
export const GaussianNLLLoss: new (
  options?: LossOptions & { readonly full?: boolean; readonly eps?: number },
) => LossOf<(x: Tensor, target: Tensor, variance: Tensor) => Tensor, { full: boolean; eps: number }> = /* @__PURE__ */ loss(
  "GaussianNLLLoss",
  { full: false, eps: 1e-6 },
  {},
  "gaussianNllLoss",
  3,
);
export type GaussianNLLLoss = InstanceType<typeof GaussianNLLLoss>;
