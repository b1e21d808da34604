// Losses as layers: forward(input, target).
import "../ops/loss/index.ts";
import { checkKnown } from "../base/checks.ts";
import { Tensor } from "../tensor/tensor.ts";
import { layer } from "./layer.ts";
import type { Module } from "./module.ts";
import { Buffer } from "./parameter.ts";

export type Reduction = "mean" | "sum" | "none";
export interface LossOptions {
  readonly reduction?: Reduction;
}
/** A loss module, whose options `O` are its properties. */
export type Loss<O = object> = Judge & Readonly<O>;
interface Judge extends Module {
  readonly reduction: Reduction;
  forward(x: Tensor, target: Tensor): Tensor;
}
interface Weighted extends LossOptions {
  /** A factor for every element or class. It is part of the state, as in PyTorch. */
  readonly weight?: Tensor | null;
}
type LossClass<O = object> = new (options?: LossOptions & Partial<O>) => Loss<O>;
type WeightedClass<O = object> = new (
  ...rest: [weight: Tensor | null, options?: LossOptions & Partial<O>] | [options?: Weighted & Partial<O>]
) => Loss<O> & { weight: Tensor | null };

/** A loss prints no options; rescaling weights are state, as in PyTorch. */
const loss = (name: string, keywords: object = {}, positional: object = {}, run?: string): never =>
  layer(name, positional, run, {
    keywords: { reduction: "mean", ...keywords },
    inputs: 2,
    shown: () => [],
    stateNames: { posWeight: "pos_weight" },
    settle(self) {
      checkKnown("reduction", self.reduction, ["mean", "sum", "none"]);
      for (const [key, value] of Object.entries(self)) if (value instanceof Tensor) self[key] = new Buffer(value);
    },
  }) as never;
const weighted = { weight: null };

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
