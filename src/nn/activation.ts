// Nonlinearities as layers.
import "../ops/activation/index.ts";
import { fields, float } from "../base/python.ts";
import { exactly } from "../base/reading.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { constant_ } from "./init.ts";
import { configure, type Factory, layer, type LayerClass, parameter } from "./layer.ts";
import { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";

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

/** min(max(x, 0), 6). */
export const ReLU6: LayerClass = /* @__PURE__ */ layer("ReLU6", {}, "relu6");
export type ReLU6 = InstanceType<typeof ReLU6>;
/** x cut to [minVal, maxVal]. */
export const Hardtanh: LayerClass<{ minVal: number; maxVal: number }, [minVal?: number, maxVal?: number]> = /* @__PURE__ */ layer(
  "Hardtanh",
  { minVal: -1, maxVal: 1 },
  "hardtanh",
  { write: float },
);
export type Hardtanh = InstanceType<typeof Hardtanh>;
/** Scaled ELU. */
export const SELU: LayerClass = /* @__PURE__ */ layer("SELU");
export type SELU = InstanceType<typeof SELU>;
/** x · tanh(softplus(x)). */
export const Mish: LayerClass = /* @__PURE__ */ layer("Mish");
export type Mish = InstanceType<typeof Mish>;
/** LeakyReLU with trained slopes, one or one per channel (dimension 1). */
export class PReLU extends Module {
  static override readonly name: string = "PReLU";
  declare readonly numParameters: number;
  declare weight: Parameter;
  constructor(
    ...rest: [numParameters?: number, init?: number] | [options: Factory & { readonly numParameters?: number; readonly init?: number }]
  ) {
    super();
    const { numParameters, init, ...place } = configure(this, {}, rest, { numParameters: 1, init: 0.25 });
    this.weight = parameter([numParameters], place);
    constant_(this.weight, init);
  }
  override forward(x: Tensor): Tensor {
    const slope = this.numParameters === 1 ? this.weight : this.weight.reshape([-1, ...x.shape.slice(2).map(() => 1)]);
    return x.relu().sub(x.neg().relu().mul(slope));
  }
  override extraRepr(): string {
    return fields(this, ["numParameters"]);
  }
  static {
    exactly(this.prototype, "forward", "extraRepr");
  }
}
