// Fully connected layers.
import "../kits/core.ts";
import type { DTypeLike } from "../base/dtype.ts";
import { parse } from "../base/options.ts";
import { repr } from "../base/python.ts";
import { type CreateOptions, zeros } from "../create.ts";
import type { DeviceName } from "../device.ts";
import { functions } from "../methods.ts";
import type { Tensor } from "../tensor.ts";
import { fans, uniform_ } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Where a layer's parameters are made. */
export interface Factory {
  readonly device?: DeviceName | undefined;
  readonly dtype?: DTypeLike | undefined;
}
export const factory: { device: DeviceName | undefined; dtype: DTypeLike | undefined } = { device: undefined, dtype: undefined };

/** A parameter of zeros, to be initialised by its layer. */
export const parameter = (shape: readonly number[], { device, dtype }: Factory): Parameter =>
  new Parameter(zeros(shape, { device, dtype } as CreateOptions));

/** PyTorch's default for linear and convolutional layers: U(±1/√fanIn) for the weight, then for the bias. */
export function resetWeights(weight: Parameter, bias: Parameter | null): void {
  const { fanIn } = fans("Linear", weight);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  uniform_(weight, -bound, bound);
  if (bias) uniform_(bias, -bound, bound);
}

/** y = x Wᵀ + b. Shape: [..., inFeatures] → [..., outFeatures]. */
export class Linear extends Module {
  static override readonly name: string = "Linear";
  declare readonly inFeatures: number;
  declare readonly outFeatures: number;
  declare weight: Parameter;
  declare bias: Parameter | null;

  constructor(
    inFeatures: number,
    outFeatures: number,
    ...rest: [bias?: boolean] | [bias: boolean, options: Factory] | [options: Factory & { readonly bias?: boolean }]
  ) {
    super();
    const { bias, ...place } = parse(new.target.name, rest, { bias: true }, factory);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = parameter([outFeatures, inFeatures], place);
    this.bias = bias ? parameter([outFeatures], place) : null;
    this.resetParameters();
  }
  /** Draws weight and bias anew. */
  resetParameters(): void {
    resetWeights(this.weight, this.bias);
  }
  override forward(x: Tensor): Tensor {
    return functions.linear(x, this.weight, this.bias ?? undefined);
  }
  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${repr(this.bias !== null)}`;
  }
}

/** Hands its input on. Takes and ignores any arguments, to stand in for other layers. */
export class Identity extends Module {
  static override readonly name: string = "Identity";
  constructor(..._ignored: readonly unknown[]) {
    super();
  }
  override forward(x: Tensor): Tensor {
    return x;
  }
}
