// Nonlinearities as layers.
import "../ops/activation/index.ts";
import { checkKinds } from "../base/checks.ts";
import { under } from "../base/errors.ts";
import { fields, float } from "../base/python.ts";
import { exactly } from "../base/reading.ts";
import { checkRank, operand } from "../ops/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { constant_ } from "./init/drawn.ts";
import { configure, type Factory, layer, type LayerClass, parameter } from "./layer.ts";
import { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";

const replacing = { replaces: true };
/** PyTorch does not print their inplace. */
const quiet = { ...replacing, shown: () => [] };
const shrinking = { write: float, unnamed: true };

/**
 * max(x, 0).
 * @example await new nn.ReLU().call(tensor([-2, 0, 3])).tolist(); // → [0, 0, 3]
 */
export const ReLU: LayerClass<{ inplace: boolean }> = /* @__PURE__ */ layer("ReLU", {}, "relu", replacing);
export type ReLU = InstanceType<typeof ReLU>;
/**
 * x where positive, negativeSlope · x elsewhere.
 * @example await new nn.LeakyReLU(0.1).call(tensor([-2, 0, 3])).tolist(); // → [-0.2, 0, 3]
 */
export const LeakyReLU: LayerClass<{ negativeSlope: number; inplace: boolean }, [negativeSlope?: number, inplace?: boolean]> =
  /* @__PURE__ */ layer("LeakyReLU", { negativeSlope: 0.01 }, "leakyRelu", replacing);
export type LeakyReLU = InstanceType<typeof LeakyReLU>;
/**
 * x where positive, alpha · (eˣ − 1) elsewhere.
 * @example await new nn.ELU().call(tensor([-2, 0, 3])).tolist(); // → [-0.86466, 0, 3]
 */
export const ELU: LayerClass<{ alpha: number; inplace: boolean }, [alpha?: number, inplace?: boolean]> = /* @__PURE__ */ layer(
  "ELU",
  { alpha: 1 },
  "elu",
  { ...replacing, write: float },
);
export type ELU = InstanceType<typeof ELU>;
/**
 * x · Φ(x), exactly ("none") or by tanh.
 * @example await new nn.GELU({ approximate: "tanh" }).call(tensor([-2, 0, 3])).tolist(); // → [-0.045402, 0, 2.9964]
 */
export const GELU: LayerClass<{ approximate: "none" | "tanh" }> = /* @__PURE__ */ layer("GELU", { approximate: "none" });
export type GELU = InstanceType<typeof GELU>;
/**
 * x · sigmoid(x).
 * @example await new nn.SiLU().call(tensor([-2, 0, 3])).tolist(); // → [-0.23841, 0, 2.8577]
 */
export const SiLU: LayerClass<{ inplace: boolean }> = /* @__PURE__ */ layer("SiLU", {}, "silu", replacing);
export type SiLU = InstanceType<typeof SiLU>;
/**
 * 1 / (1 + e⁻ˣ).
 * @example await new nn.Sigmoid().call(tensor([-2, 0, 3])).tolist(); // → [0.1192, 0.5, 0.95257]
 */
export const Sigmoid: LayerClass = /* @__PURE__ */ layer("Sigmoid");
export type Sigmoid = InstanceType<typeof Sigmoid>;
/**
 * Hyperbolic tangent.
 * @example await new nn.Tanh().call(tensor([-2, 0, 3])).tolist(); // → [-0.96403, 0, 0.99505]
 */
export const Tanh: LayerClass = /* @__PURE__ */ layer("Tanh");
export type Tanh = InstanceType<typeof Tanh>;
/**
 * log(1 + e^(βx)) / β, a line beyond the threshold.
 * @example await new nn.Softplus().call(tensor([-2, 0, 3])).tolist(); // → [0.12693, 0.69315, 3.0486]
 */
export const Softplus: LayerClass<{ beta: number; threshold: number }, [beta?: number, threshold?: number]> = /* @__PURE__ */ layer(
  "Softplus",
  { beta: 1, threshold: 20 },
);
export type Softplus = InstanceType<typeof Softplus>;
/**
 * log(sigmoid(x)).
 * @example await new nn.LogSigmoid().call(tensor([-2, 0, 3])).tolist(); // → [-2.1269, -0.69315, -0.048587]
 */
export const LogSigmoid: LayerClass = /* @__PURE__ */ layer("LogSigmoid", {}, "logsigmoid");
export type LogSigmoid = InstanceType<typeof LogSigmoid>;
/**
 * Probabilities along a dimension.
 * @example await new nn.Softmax(1).call(tensor([[0, 0, 0, 0]])).tolist(); // → [[0.25, 0.25, 0.25, 0.25]]
 */
export const Softmax: LayerClass<{ dim: number }> = /* @__PURE__ */ layer("Softmax", { dim: -1 });
export type Softmax = InstanceType<typeof Softmax>;
/**
 * Logarithms of softmax, computed without leaving the safe range.
 * @example await new nn.LogSoftmax(1).call(tensor([[0, 0]])).tolist(); // → [[-0.69315, -0.69315]]
 */
export const LogSoftmax: LayerClass<{ dim: number }> = /* @__PURE__ */ layer("LogSoftmax", { dim: -1 });
export type LogSoftmax = InstanceType<typeof LogSoftmax>;

/**
 * min(max(x, 0), 6).
 * @example await new nn.ReLU6().call(tensor([-2, 3, 9])).tolist(); // → [0, 3, 6]
 */
export const ReLU6: LayerClass<{ inplace: boolean }> = /* @__PURE__ */ layer("ReLU6", {}, "relu6", replacing);
export type ReLU6 = InstanceType<typeof ReLU6>;
/**
 * x cut to [minVal, maxVal].
 * @example await new nn.Hardtanh().call(tensor([-2, 0.5, 3])).tolist(); // → [-1, 0.5, 1]
 */
export const Hardtanh: LayerClass<
  { minVal: number; maxVal: number; inplace: boolean },
  [minVal?: number, maxVal?: number, inplace?: boolean]
> = /* @__PURE__ */ layer("Hardtanh", { minVal: -1, maxVal: 1 }, "hardtanh", { ...replacing, write: float });
export type Hardtanh = InstanceType<typeof Hardtanh>;
/**
 * Scaled ELU.
 * @example await new nn.SELU().call(tensor([-2, 0, 3])).tolist(); // → [-1.5202, 0, 3.1521]
 */
export const SELU: LayerClass<{ inplace: boolean }> = /* @__PURE__ */ layer("SELU", {}, undefined, replacing);
export type SELU = InstanceType<typeof SELU>;
/**
 * x · tanh(softplus(x)).
 * @example await new nn.Mish().call(tensor([-2, 0, 3])).tolist(); // → [-0.2525, 0, 2.9865]
 */
export const Mish: LayerClass<{ inplace: boolean }> = /* @__PURE__ */ layer("Mish", {}, undefined, replacing);
export type Mish = InstanceType<typeof Mish>;
/**
 * x where positive, alpha · (e^(x / alpha) − 1) elsewhere.
 * @example await new nn.CELU(2).call(tensor([-2, 0, 3])).tolist(); // → [-1.2642, 0, 3]
 */
export const CELU: LayerClass<{ alpha: number; inplace: boolean }, [alpha?: number, inplace?: boolean]> = /* @__PURE__ */ layer(
  "CELU",
  { alpha: 1 },
  "celu",
  { ...replacing, write: float },
);
export type CELU = InstanceType<typeof CELU>;
/**
 * x beyond ±lambd, 0 between.
 * @example await new nn.Hardshrink().call(tensor([-2, 0.25, 3])).tolist(); // → [-2, 0, 3]
 */
export const Hardshrink: LayerClass<{ lambd: number }> = /* @__PURE__ */ layer("Hardshrink", { lambd: 0.5 }, undefined, shrinking);
export type Hardshrink = InstanceType<typeof Hardshrink>;
/**
 * x / 6 + 1 / 2, held between 0 and 1.
 * @example await new nn.Hardsigmoid().call(tensor([-2, 0, 3])).tolist(); // → [0.16667, 0.5, 1]
 */
export const Hardsigmoid: LayerClass<{ inplace: boolean }> = /* @__PURE__ */ layer("Hardsigmoid", {}, undefined, quiet);
export type Hardsigmoid = InstanceType<typeof Hardsigmoid>;
/**
 * x · hardsigmoid(x).
 * @example await new nn.Hardswish().call(tensor([-2, 0, 3])).tolist(); // → [-0.33333, 0, 3]
 */
export const Hardswish: LayerClass<{ inplace: boolean }> = /* @__PURE__ */ layer("Hardswish", {}, undefined, quiet);
export type Hardswish = InstanceType<typeof Hardswish>;
/**
 * x moved towards 0 by lambd, 0 where it would pass.
 * @example await new nn.Softshrink().call(tensor([-2, 0.25, 3])).tolist(); // → [-1.5, 0, 2.5]
 */
export const Softshrink: LayerClass<{ lambd: number }> = /* @__PURE__ */ layer("Softshrink", { lambd: 0.5 }, undefined, shrinking);
export type Softshrink = InstanceType<typeof Softshrink>;
/**
 * x / (1 + |x|).
 * @example await new nn.Softsign().call(tensor([-2, 0, 3])).tolist(); // → [-0.66667, 0, 0.75]
 */
export const Softsign: LayerClass = /* @__PURE__ */ layer("Softsign");
export type Softsign = InstanceType<typeof Softsign>;
/**
 * x − tanh(x).
 * @example await new nn.Tanhshrink().call(tensor([-2, 0, 3])).tolist(); // → [-1.036, 0, 2.0049]
 */
export const Tanhshrink: LayerClass = /* @__PURE__ */ layer("Tanhshrink");
export type Tanhshrink = InstanceType<typeof Tanhshrink>;
/**
 * x above the threshold, `value` elsewhere.
 * @example await new nn.Threshold(0.5, 9).call(tensor([-2, 0, 3])).tolist(); // → [9, 9, 3]
 */
export const Threshold: LayerClass<
  { threshold: number; value: number; inplace: boolean },
  [threshold: number, value: number, inplace?: boolean]
> = /* @__PURE__ */ layer("Threshold", { threshold: undefined, value: undefined }, undefined, {
  ...replacing,
  settle: ({ threshold, value }) => checkKinds({ threshold, value }, { threshold: 0, value: 0 }),
});
export type Threshold = InstanceType<typeof Threshold>;
/**
 * Probabilities along a dimension, larger for smaller elements.
 * @example await new nn.Softmin(0).call(tensor([0, 1, 2])).tolist(); // → [0.66524, 0.24473, 0.090031]
 */
export const Softmin: LayerClass<{ dim: number }> = /* @__PURE__ */ layer("Softmin", { dim: -1 });
export type Softmin = InstanceType<typeof Softmin>;
/**
 * Probabilities over the channels of [N, C, H, W] or [C, H, W] at every place.
 * @example await new nn.Softmax2d().call(zeros(2, 1, 1)).tolist(); // → [[[0.5]], [[0.5]]]
 */
export const Softmax2d: LayerClass = /* @__PURE__ */ layer("Softmax2d", {}, (_, x: Tensor) => {
  under("Softmax2d", () => checkRank(operand(x).shape, 3, 4));
  return x.softmax(-3);
});
export type Softmax2d = InstanceType<typeof Softmax2d>;

/**
 * LeakyReLU with trained slopes, one or one per channel (dimension 1).
 * @example
 * const prelu = new nn.PReLU({ init: 0.5 });
 * await prelu.call(tensor([[-2, 3]])).tolist(); // → [[-1, 3]]
 * prelu.weight.requiresGrad; // → true
 */
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
    return x.prelu(this.weight);
  }
  override extraRepr(): string {
    return fields(this, ["numParameters"]);
  }
  static {
    exactly(this.prototype, "forward", "extraRepr");
  }
}
