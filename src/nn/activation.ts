// Nonlinearities as layers.
import "../kits/losses.ts";
import { parse } from "../base/options.ts";
import { functions } from "../methods.ts";
import type { Tensor } from "../tensor.ts";
import { constant_ } from "./init.ts";
import { factory, type Factory, parameter } from "./linear.ts";
import { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";
import { float, repr } from "./repr.ts";

/** max(x, 0). */
export class ReLU extends Module {
  readonly inplace: boolean;
  constructor(...rest: [inplace?: boolean] | [options: { readonly inplace?: boolean }]) {
    super();
    this.inplace = parse("ReLU", rest, { inplace: false }).inplace;
  }
  override forward(x: Tensor): Tensor {
    return this.inplace ? x.relu_() : functions.relu(x);
  }
  override extraRepr(): string {
    return this.inplace ? "inplace=True" : "";
  }
}
/** min(max(x, 0), 6). */
export class ReLU6 extends Module {
  override forward(x: Tensor): Tensor {
    return functions.relu6(x);
  }
}
/** x where positive, negativeSlope · x elsewhere. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;
  constructor(...rest: [negativeSlope?: number] | [options: { readonly negativeSlope?: number }]) {
    super();
    this.negativeSlope = parse("LeakyReLU", rest, { negativeSlope: 0.01 }).negativeSlope;
  }
  override forward(x: Tensor): Tensor {
    return functions.leakyRelu(x, this.negativeSlope);
  }
  override extraRepr(): string {
    return `negative_slope=${this.negativeSlope}`;
  }
}
/** LeakyReLU with trained slopes, one or one per channel (dimension 1). */
export class PReLU extends Module {
  readonly numParameters: number;
  weight: Parameter;
  constructor(
    ...rest: [numParameters?: number, init?: number] | [options: Factory & { readonly numParameters?: number; readonly init?: number }]
  ) {
    super();
    const { numParameters, init, ...place } = parse("PReLU", rest, { numParameters: 1, init: 0.25 }, factory);
    this.numParameters = numParameters;
    this.weight = parameter([numParameters], place);
    constant_(this.weight, init);
  }
  override forward(x: Tensor): Tensor {
    const slope = this.numParameters === 1 ? this.weight : this.weight.reshape([-1, ...x.shape.slice(2).map(() => 1)]);
    return x.relu().sub(x.neg().relu().mul(slope));
  }
  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}
/** x where positive, alpha · (eˣ − 1) elsewhere. */
export class ELU extends Module {
  readonly alpha: number;
  constructor(...rest: [alpha?: number] | [options: { readonly alpha?: number }]) {
    super();
    this.alpha = parse("ELU", rest, { alpha: 1 }).alpha;
  }
  override forward(x: Tensor): Tensor {
    return functions.elu(x, this.alpha);
  }
  override extraRepr(): string {
    return `alpha=${float(this.alpha)}`;
  }
}
/** Scaled ELU. */
export class SELU extends Module {
  override forward(x: Tensor): Tensor {
    return functions.selu(x);
  }
}
/** x · Φ(x), exactly ("none") or by tanh. */
export class GELU extends Module {
  readonly approximate: "none" | "tanh";
  constructor(...rest: [approximate?: "none" | "tanh"] | [options: { readonly approximate?: "none" | "tanh" }]) {
    super();
    this.approximate = parse("GELU", rest, { approximate: "none" as "none" | "tanh" }).approximate;
  }
  override forward(x: Tensor): Tensor {
    return functions.gelu(x, { approximate: this.approximate });
  }
  override extraRepr(): string {
    return `approximate=${repr(this.approximate)}`;
  }
}
/** x · sigmoid(x). */
export class SiLU extends Module {
  override forward(x: Tensor): Tensor {
    return functions.silu(x);
  }
}
/** x · tanh(softplus(x)). */
export class Mish extends Module {
  override forward(x: Tensor): Tensor {
    return functions.mish(x);
  }
}
/** 1 / (1 + e⁻ˣ). */
export class Sigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return functions.sigmoid(x);
  }
}
/** Hyperbolic tangent. */
export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    return functions.tanh(x);
  }
}
/** log(1 + e^(βx)) / β, a line beyond the threshold. */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;
  constructor(...rest: [beta?: number, threshold?: number] | [options: { readonly beta?: number; readonly threshold?: number }]) {
    super();
    const { beta, threshold } = parse("Softplus", rest, { beta: 1, threshold: 20 });
    this.beta = beta;
    this.threshold = threshold;
  }
  override forward(x: Tensor): Tensor {
    return functions.softplus(x, this.beta, this.threshold);
  }
  override extraRepr(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`;
  }
}
/** log(sigmoid(x)). */
export class LogSigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return functions.logsigmoid(x);
  }
}
/** x cut to [minVal, maxVal]. */
export class Hardtanh extends Module {
  readonly minVal: number;
  readonly maxVal: number;
  constructor(...rest: [minVal?: number, maxVal?: number] | [options: { readonly minVal?: number; readonly maxVal?: number }]) {
    super();
    const { minVal, maxVal } = parse("Hardtanh", rest, { minVal: -1, maxVal: 1 });
    this.minVal = minVal;
    this.maxVal = maxVal;
  }
  override forward(x: Tensor): Tensor {
    return functions.hardtanh(x, this.minVal, this.maxVal);
  }
  override extraRepr(): string {
    return `min_val=${float(this.minVal)}, max_val=${float(this.maxVal)}`;
  }
}

abstract class AlongDim extends Module {
  readonly dim: number;
  constructor(...rest: [dim: number] | [options: { readonly dim: number }]) {
    super();
    this.dim = parse(new.target.name, rest, { dim: -1 }).dim;
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
/** Probabilities along a dimension. */
export class Softmax extends AlongDim {
  override forward(x: Tensor): Tensor {
    return functions.softmax(x, this.dim);
  }
}
/** Logarithms of softmax, computed without leaving the safe range. */
export class LogSoftmax extends AlongDim {
  override forward(x: Tensor): Tensor {
    return functions.logSoftmax(x, this.dim);
  }
}
