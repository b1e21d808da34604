// Fully connected layers.
import "../kits/core.ts";
import { parse } from "../base/options.ts";
import type { DTypeLike } from "../base/dtype.ts";
import { zeros } from "../create.ts";
import type { DeviceName } from "../device.ts";
import { functions } from "../methods.ts";
import type { Tensor } from "../tensor.ts";
import { fans, kaimingUniform_, uniform_ } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { repr } from "./repr.ts";

/** Where a layer's parameters are made. */
export interface Factory {
  readonly device?: DeviceName | undefined;
  readonly dtype?: DTypeLike | undefined;
}
export const factory: { device: DeviceName | undefined; dtype: DTypeLike | undefined } = { device: undefined, dtype: undefined };

/** A parameter of zeros, to be initialised by its layer. */
export function parameter(shape: readonly number[], { device, dtype }: Factory): Parameter {
  return new Parameter(zeros(shape, { ...(device === undefined ? {} : { device }), ...(dtype === undefined ? {} : { dtype }) }));
}

/** PyTorch's default for linear and convolutional layers: U(±1/√fanIn) for the weight, then for the bias. */
export function resetWeights(weight: Parameter, bias: Parameter | null): void {
  kaimingUniform_(weight, { a: Math.sqrt(5) });
  if (!bias) return;
  const { fanIn } = fans("Linear", weight);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  uniform_(bias, -bound, bound);
}

/** y = x Wᵀ + b. Shape: [..., inFeatures] → [..., outFeatures]. */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    inFeatures: number,
    outFeatures: number,
    ...rest: [bias?: boolean] | [bias: boolean, options: Factory] | [options: Factory & { readonly bias?: boolean }]
  ) {
    super();
    const { bias, ...place } = parse("Linear", rest, { bias: true }, factory);
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
  constructor(..._ignored: readonly unknown[]) {
    super();
  }
  override forward(x: Tensor): Tensor {
    return x;
  }
}
