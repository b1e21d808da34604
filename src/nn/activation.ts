// Nonlinearities as layers.
import "../kits/losses.ts";
import { parse } from "../base/options.ts";
import { fields, float } from "../base/python.ts";
import { functions } from "../methods.ts";
import type { Tensor } from "../tensor.ts";
import { constant_ } from "./init.ts";
import { layer, type LayerClass } from "./layer.ts";
import { factory, type Factory, parameter } from "./linear.ts";
import { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";

/** max(x, 0). */
export const ReLU: LayerClass<{ inplace: boolean }> = /* @__PURE__ */ layer(
  "ReLU",
  { inplace: false },
  (x, { inplace }) => (inplace ? x.relu_() : functions.relu(x)),
  { text: ({ inplace }) => (inplace ? "inplace=True" : "") },
);
export type ReLU = InstanceType<typeof ReLU>;
/** min(max(x, 0), 6). */
export const ReLU6: LayerClass = /* @__PURE__ */ layer("ReLU6", {}, (x) => functions.relu6(x));
export type ReLU6 = InstanceType<typeof ReLU6>;
/** x where positive, negativeSlope · x elsewhere. */
export const LeakyReLU: LayerClass<{ negativeSlope: number }> = /* @__PURE__ */ layer("LeakyReLU", { negativeSlope: 0.01 }, (x, o) =>
  functions.leakyRelu(x, o),
);
export type LeakyReLU = InstanceType<typeof LeakyReLU>;
/** LeakyReLU with trained slopes, one or one per channel (dimension 1). */
export class PReLU extends Module {
  static override readonly name: string = "PReLU";
  declare readonly numParameters: number;
  declare weight: Parameter;
  constructor(
    ...rest: [numParameters?: number, init?: number] | [options: Factory & { readonly numParameters?: number; readonly init?: number }]
  ) {
    super();
    const { numParameters, init, ...place } = parse(new.target.name, rest, { numParameters: 1, init: 0.25 }, factory);
    this.numParameters = numParameters;
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
}
/** x where positive, alpha · (eˣ − 1) elsewhere. */
export const ELU: LayerClass<{ alpha: number }> = /* @__PURE__ */ layer("ELU", { alpha: 1 }, (x, o) => functions.elu(x, o), {
  text: ({ alpha }) => `alpha=${float(alpha)}`,
});
export type ELU = InstanceType<typeof ELU>;
/** Scaled ELU. */
export const SELU: LayerClass = /* @__PURE__ */ layer("SELU", {}, (x) => functions.selu(x));
export type SELU = InstanceType<typeof SELU>;
/** x · Φ(x), exactly ("none") or by tanh. */
export const GELU: LayerClass<{ approximate: "none" | "tanh" }> = /* @__PURE__ */ layer("GELU", { approximate: "none" }, (x, o) =>
  functions.gelu(x, o),
);
export type GELU = InstanceType<typeof GELU>;
/** x · sigmoid(x). */
export const SiLU: LayerClass = /* @__PURE__ */ layer("SiLU", {}, (x) => functions.silu(x));
export type SiLU = InstanceType<typeof SiLU>;
/** x · tanh(softplus(x)). */
export const Mish: LayerClass = /* @__PURE__ */ layer("Mish", {}, (x) => functions.mish(x));
export type Mish = InstanceType<typeof Mish>;
/** 1 / (1 + e⁻ˣ). */
export const Sigmoid: LayerClass = /* @__PURE__ */ layer("Sigmoid", {}, (x) => functions.sigmoid(x));
export type Sigmoid = InstanceType<typeof Sigmoid>;
/** Hyperbolic tangent. */
export const Tanh: LayerClass = /* @__PURE__ */ layer("Tanh", {}, (x) => functions.tanh(x));
export type Tanh = InstanceType<typeof Tanh>;
/** log(1 + e^(βx)) / β, a line beyond the threshold. */
export const Softplus: LayerClass<{ beta: number; threshold: number }, [beta?: number, threshold?: number]> = /* @__PURE__ */ layer(
  "Softplus",
  { beta: 1, threshold: 20 },
  (x, o) => functions.softplus(x, o),
);
export type Softplus = InstanceType<typeof Softplus>;
/** log(sigmoid(x)). */
export const LogSigmoid: LayerClass = /* @__PURE__ */ layer("LogSigmoid", {}, (x) => functions.logsigmoid(x));
export type LogSigmoid = InstanceType<typeof LogSigmoid>;
/** x cut to [minVal, maxVal]. */
export const Hardtanh: LayerClass<{ minVal: number; maxVal: number }, [minVal?: number, maxVal?: number]> = /* @__PURE__ */ layer(
  "Hardtanh",
  { minVal: -1, maxVal: 1 },
  (x, o) => functions.hardtanh(x, o),
  { text: ({ minVal, maxVal }) => `min_val=${float(minVal)}, max_val=${float(maxVal)}` },
);
export type Hardtanh = InstanceType<typeof Hardtanh>;
/** Probabilities along a dimension. */
export const Softmax: LayerClass<{ dim: number }> = /* @__PURE__ */ layer("Softmax", { dim: -1 }, (x, o) => functions.softmax(x, o));
export type Softmax = InstanceType<typeof Softmax>;
/** Logarithms of softmax, computed without leaving the safe range. */
export const LogSoftmax: LayerClass<{ dim: number }> = /* @__PURE__ */ layer("LogSoftmax", { dim: -1 }, (x, o) =>
  functions.logSoftmax(x, o),
);
export type LogSoftmax = InstanceType<typeof LogSoftmax>;
