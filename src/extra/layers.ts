// Layers of operators that stand here, and some that compose others.
import "./kit.ts";
import { fields, float } from "../base/python.ts";
import { constant_ } from "../nn/init.ts";
import { dropoutLayer, type Dropout, type DropoutClass } from "../nn/dropout.ts";
import { configure, type Factory, type Layer, layer, type LayerClass, parameter } from "../nn/layer.ts";
import { Module } from "../nn/module.ts";
import type { Parameter } from "../nn/parameter.ts";
import type { Tensor } from "../tensor.ts";

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
}

interface Split {
  dim: number;
  unflattenedSize: readonly number[];
}
/** Splits one dimension into several. */
export const Unflatten: new (dim: number, unflattenedSize: readonly number[]) => Layer<Split> = /* @__PURE__ */ layer(
  "Unflatten",
  { dim: 0, unflattenedSize: [] },
  ({ dim, unflattenedSize }, x) => x.unflatten(dim, unflattenedSize),
);
export type Unflatten = Layer<Split>;

/** While training, zeroes whole channels of [N, C, L]. */
export const Dropout1d: DropoutClass = /* @__PURE__ */ dropoutLayer("Dropout1d");
export type Dropout1d = Dropout;
/** While training, zeroes whole channels of [N, C, H, W]. */
export const Dropout2d: DropoutClass = /* @__PURE__ */ dropoutLayer("Dropout2d");
export type Dropout2d = Dropout;
/** While training, zeroes whole channels of [N, C, D, H, W]. */
export const Dropout3d: DropoutClass = /* @__PURE__ */ dropoutLayer("Dropout3d");
export type Dropout3d = Dropout;
