// Nonlinearities as layers.
import "../kits/losses.ts";
import { float } from "../base/python.ts";
import { layer, type LayerClass } from "./layer.ts";

/** max(x, 0). */
export const ReLU: LayerClass<{ inplace: boolean }> = /* @__PURE__ */ layer(
  "ReLU",
  { inplace: false },
  ({ inplace }, x) => (inplace ? x.relu_() : x.relu()),
  { shown: (self) => (self.inplace ? ["inplace"] : []) },
);
export type ReLU = InstanceType<typeof ReLU>;
/** x where positive, negativeSlope · x elsewhere. */
export const LeakyReLU: LayerClass<{ negativeSlope: number }> = /* @__PURE__ */ layer("LeakyReLU", { negativeSlope: 0.01 }, "leakyRelu");
export type LeakyReLU = InstanceType<typeof LeakyReLU>;
/** x where positive, alpha · (eˣ − 1) elsewhere. */
export const ELU: LayerClass<{ alpha: number }> = /* @__PURE__ */ layer("ELU", { alpha: 1 }, "elu", { write: float });
export type ELU = InstanceType<typeof ELU>;
/** x · Φ(x), exactly ("none") or by tanh. */
export const GELU: LayerClass<{ approximate: "none" | "tanh" }> = /* @__PURE__ */ layer("GELU", { approximate: "none" });
export type GELU = InstanceType<typeof GELU>;
/** x · sigmoid(x). */
export const SiLU: LayerClass = /* @__PURE__ */ layer("SiLU", {}, "silu");
export type SiLU = InstanceType<typeof SiLU>;
/** 1 / (1 + e⁻ˣ). */
export const Sigmoid: LayerClass = /* @__PURE__ */ layer("Sigmoid");
export type Sigmoid = InstanceType<typeof Sigmoid>;
/** Hyperbolic tangent. */
export const Tanh: LayerClass = /* @__PURE__ */ layer("Tanh");
export type Tanh = InstanceType<typeof Tanh>;
/** log(1 + e^(βx)) / β, a line beyond the threshold. */
export const Softplus: LayerClass<{ beta: number; threshold: number }, [beta?: number, threshold?: number]> = /* @__PURE__ */ layer(
  "Softplus",
  { beta: 1, threshold: 20 },
);
export type Softplus = InstanceType<typeof Softplus>;
/** log(sigmoid(x)). */
export const LogSigmoid: LayerClass = /* @__PURE__ */ layer("LogSigmoid", {}, "logsigmoid");
export type LogSigmoid = InstanceType<typeof LogSigmoid>;
/** Probabilities along a dimension. */
export const Softmax: LayerClass<{ dim: number }> = /* @__PURE__ */ layer("Softmax", { dim: -1 });
export type Softmax = InstanceType<typeof Softmax>;
/** Logarithms of softmax, computed without leaving the safe range. */
export const LogSoftmax: LayerClass<{ dim: number }> = /* @__PURE__ */ layer("LogSoftmax", { dim: -1 });
export type LogSoftmax = InstanceType<typeof LogSoftmax>;
