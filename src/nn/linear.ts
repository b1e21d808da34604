// Fully connected layers.
import "../ops/core/index.ts";
import { under } from "../base/errors.ts";
import { fields, repr } from "../base/python.ts";
import { exactly } from "../base/reading.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fans, uniform_ } from "./init/drawn.ts";
import { configure, type Factory, parameter } from "./layer.ts";
import { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";

/** What linear and convolutional layers hold. */
export abstract class Weighted extends Module {
  declare weight: Parameter;
  declare bias: Parameter | null;

  /** Makes weight and bias. */
  protected make(shape: readonly number[], outputs: number, place: Factory & { readonly bias: boolean }): void {
    this.registerParameter("weight", parameter(shape, place));
    this.registerParameter("bias", place.bias ? parameter([outputs], place) : null);
    this.resetParameters();
  }
  /** Draws weight and bias anew, as PyTorch does: U(±1/√fanIn) for the weight, then for the bias. */
  resetParameters(): void {
    const { fanIn } = under(this.constructor.name, () => fans(this.weight));
    const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
    uniform_(this.weight, -bound, bound);
    if (this.bias) uniform_(this.bias, -bound, bound);
  }
  static {
    exactly(this.prototype, "resetParameters");
  }
}

/**
 * y = x Wᵀ + b. Shape: [..., inFeatures] → [..., outFeatures].
 * @example
 * const layer = new nn.Linear(3, 2);
 * layer.weight.shape; // → [2, 3]
 * layer.call(randn(5, 3)).shape; // → [5, 2]
 */
export class Linear extends Weighted {
  static override readonly name: string = "Linear";
  declare readonly inFeatures: number;
  declare readonly outFeatures: number;

  constructor(
    inFeatures: number,
    outFeatures: number,
    ...rest: [bias?: boolean] | [bias: boolean, options: Factory] | [options: Factory & { readonly bias?: boolean }]
  ) {
    super();
    this.make([outFeatures, inFeatures], outFeatures, configure(this, { inFeatures, outFeatures }, rest, { bias: true }));
  }
  override forward(x: Tensor): Tensor {
    return functions.linear(x, this.weight, this.bias);
  }
  override extraRepr(): string {
    return `${fields(this, ["inFeatures", "outFeatures"])}, bias=${repr(this.bias !== null)}`;
  }
  static {
    exactly(this.prototype, "forward", "extraRepr");
  }
}

/**
 * Hands its input on. Takes and ignores any arguments, to stand in for other layers.
 * @example await new nn.Identity().call(tensor([1, 2])).tolist(); // → [1, 2]
 */
export class Identity extends Module {
  static override readonly name: string = "Identity";
  constructor(..._ignored: readonly unknown[]) {
    super();
  }
  override forward(x: Tensor): Tensor {
    return x;
  }
  static {
    exactly(this.prototype, "forward");
  }
}
