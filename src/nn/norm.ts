// Normalisation over batches, items, groups of channels and trailing dimensions.
import "../ops/norm/index.ts";
import { ArgumentError, under } from "../base/errors.ts";
import { either } from "../base/options.ts";
import { fields, float, repr, snake } from "../base/python.ts";
import { exactly } from "../base/reading.ts";
import { checkRank, integer, operand } from "../ops/arguments.ts";
import { type CreateOptions, zeros } from "../tensor/create.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { knownValue } from "../tensor/transfer.ts";
import { constant_, ones_, zeros_ } from "./init/drawn.ts";
import { configure, type Factory, parameter } from "./layer.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

export interface BatchNormOptions extends Factory {
  readonly eps?: number;
  /** Weight of the new batch in the running statistics; null for a plain average over all batches. */
  readonly momentum?: number | null;
  readonly affine?: boolean;
  readonly trackRunningStats?: boolean;
}
export type BatchNormRest =
  [eps?: number, momentum?: number | null, affine?: boolean, trackRunningStats?: boolean] | [options: BatchNormOptions];

/** Scale one, shift zero, where there are such tensors. */
function fillIn(scale: Tensor | null, shift: Tensor | null): void {
  if (scale) ones_(scale);
  if (shift) zeros_(shift);
}

/** What keeps statistics of channels. */
abstract class ChannelNorm extends Module {
  static override readonly stateNames: Readonly<Record<string, string>> = Object.fromEntries(
    ["runningMean", "runningVar", "numBatchesTracked"].map((name) => [name, snake(name)]),
  );
  /** The least and the largest number of dimensions that an input may have. */
  static readonly ranks: readonly [number, number];
  static readonly usual: { readonly affine: boolean; readonly trackRunningStats: boolean };
  declare readonly numFeatures: number;
  declare readonly eps: number;
  declare readonly momentum: number | null;
  declare readonly affine: boolean;
  declare readonly trackRunningStats: boolean;
  declare weight: Parameter | null;
  declare bias: Parameter | null;
  declare runningMean: Tensor | null;
  declare runningVar: Tensor | null;
  declare numBatchesTracked: Tensor | null;

  constructor(numFeatures: number, ...rest: BatchNormRest) {
    super();
    const { usual } = new.target as unknown as typeof ChannelNorm;
    const options = { eps: 1e-5, momentum: either<number | null>(0.1, "number", "null"), ...usual };
    const { affine, trackRunningStats, device, dtype } = configure(this, { numFeatures }, rest, options);
    const make = (shape: readonly number[], type = dtype): Tensor => zeros(shape, { device, dtype: type } as CreateOptions);
    this.registerParameter("weight", affine ? new Parameter(make([numFeatures])) : null);
    this.registerParameter("bias", affine ? new Parameter(make([numFeatures])) : null);
    this.registerBuffer("runningMean", trackRunningStats ? make([numFeatures]) : null);
    this.registerBuffer("runningVar", trackRunningStats ? make([numFeatures]) : null);
    this.registerBuffer("numBatchesTracked", trackRunningStats ? make([], "int32") : null);
    this.resetParameters();
  }
  /** Forgets the running statistics. */
  resetRunningStats(): void {
    fillIn(this.runningVar, this.runningMean);
    fillIn(null, this.numBatchesTracked);
  }
  resetParameters(): void {
    this.resetRunningStats();
    fillIn(this.weight, this.bias);
  }
  override extraRepr(): string {
    const numbers = fields(this, ["eps", "momentum"], float);
    return `${this.numFeatures}, ${numbers}, ${fields(this, ["affine", "trackRunningStats"])}`;
  }
  static {
    exactly(this.prototype, "resetRunningStats", "resetParameters", "extraRepr");
  }
}

/** Errors: ShapeError unless the layer takes as many dimensions. */
function checkInput(layer: ChannelNorm, x: Tensor): void {
  const { name, ranks } = layer.constructor as typeof ChannelNorm;
  under(name, () => checkRank(operand(x).shape, ...ranks));
}

abstract class BatchNorm extends ChannelNorm {
  static override readonly usual = { affine: true, trackRunningStats: true };

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { runningMean, runningVar, weight, bias, eps } = this;
    const momentum = this.training ? this.count() : 0;
    const training = this.training || !runningMean;
    return functions.batchNorm(x, runningMean, runningVar, { weight, bias, training, momentum, eps });
  }
  /** Counts the batch; gives the weight of its statistics. The counter is a constant tensor, so this runs no kernel. */
  protected count(): number {
    const { numBatchesTracked: counter, momentum } = this;
    if (!counter) return momentum ?? 0;
    const known = knownValue(counter);
    if (known !== undefined) constant_(counter, known + 1);
    else if (momentum !== null) counter.add_(1);
    else throw new ArgumentError("num_batches_tracked is on the GPU", "load the state from the CPU", this.constructor.name);
    return momentum ?? 1 / (known! + 1);
  }
  static {
    exactly(this.prototype, "forward");
  }
}

type BatchNormClass = new (numFeatures: number, ...rest: BatchNormRest) => BatchNorm;
const batchNorm = (name: string, ...ranks: readonly [number, number]): BatchNormClass =>
  class extends BatchNorm {
    static override readonly name: string = name;
    static override readonly ranks = ranks;
  };
/**
 * Normalises each channel of [N, C] or [N, C, L] over the batch. In eval mode it uses the running statistics.
 * @example
 * const norm = new nn.BatchNorm1d(1);
 * await norm.call(tensor([[1], [3]])).tolist(); // → [[-0.99999], [0.99999]]
 * await norm.runningMean!.tolist(); // → [0.2]
 */
export const BatchNorm1d: BatchNormClass = /* @__PURE__ */ batchNorm("BatchNorm1d", 2, 3);
export type BatchNorm1d = BatchNorm;
/**
 * Normalises each channel of [N, C, H, W] over batch and space. In eval mode it uses the running statistics.
 * @example
 * const norm = new nn.BatchNorm2d(8);
 * norm.call(randn(4, 8, 5, 5)).shape; // → [4, 8, 5, 5]
 * Object.keys(norm.stateDict()); // → ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
 */
export const BatchNorm2d: BatchNormClass = /* @__PURE__ */ batchNorm("BatchNorm2d", 4, 4);
export type BatchNorm2d = BatchNorm;
/**
 * Normalises each channel of [N, C, D, H, W] over batch and space. In eval mode it uses the running statistics.
 * @example new nn.BatchNorm3d(2).call(randn(4, 2, 3, 3, 3)).shape; // → [4, 2, 3, 3, 3]
 */
export const BatchNorm3d: BatchNormClass = /* @__PURE__ */ batchNorm("BatchNorm3d", 5, 5);
export type BatchNorm3d = BatchNorm;

abstract class InstanceNorm extends ChannelNorm {
  static override readonly usual = { affine: false, trackRunningStats: false };

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { runningMean, runningVar, weight, bias, momentum, eps, training, trackRunningStats } = this;
    const useInputStats = training || !trackRunningStats;
    const options = { weight, bias, useInputStats, momentum: momentum ?? 0, eps };
    const single = x.ndim === (this.constructor as typeof ChannelNorm).ranks[0];
    const y = functions.instanceNorm(single ? x.unsqueeze(0) : x, runningMean, runningVar, options);
    return single ? y.squeeze(0) : y;
  }
  static {
    exactly(this.prototype, "forward");
  }
}

type InstanceNormClass = new (numFeatures: number, ...rest: BatchNormRest) => InstanceNorm;
const instanceNorm = (name: string, ...ranks: readonly [number, number]): InstanceNormClass =>
  class extends InstanceNorm {
    static override readonly name: string = name;
    static override readonly ranks = ranks;
  };
/**
 * Normalises each channel of each item of [N, C, L] or [C, L]. With running statistics, eval mode uses these.
 * @example await new nn.InstanceNorm1d(1).call(tensor([[[1, 3]], [[2, 8]]])).tolist(); // → [[[-0.99999, 0.99999]], [[-1, 1]]]
 */
export const InstanceNorm1d: InstanceNormClass = /* @__PURE__ */ instanceNorm("InstanceNorm1d", 2, 3);
export type InstanceNorm1d = InstanceNorm;
/**
 * Normalises each channel of each item of [N, C, H, W] or [C, H, W]. With running statistics, eval mode uses these.
 * @example
 * const norm = new nn.InstanceNorm2d(8, { affine: true });
 * norm.call(randn(4, 8, 5, 5)).shape; // → [4, 8, 5, 5]
 * Object.keys(norm.stateDict()); // → ["weight", "bias"]
 */
export const InstanceNorm2d: InstanceNormClass = /* @__PURE__ */ instanceNorm("InstanceNorm2d", 3, 4);
export type InstanceNorm2d = InstanceNorm;
/**
 * Normalises each channel of each item of [N, C, D, H, W] or [C, D, H, W]. With running statistics, eval mode uses these.
 * @example new nn.InstanceNorm3d(2).call(randn(4, 2, 3, 3, 3)).shape; // → [4, 2, 3, 3, 3]
 */
export const InstanceNorm3d: InstanceNormClass = /* @__PURE__ */ instanceNorm("InstanceNorm3d", 4, 5);
export type InstanceNorm3d = InstanceNorm;

export interface GroupNormOptions extends Factory {
  readonly eps?: number;
  readonly affine?: boolean;
}
/**
 * Normalises groups of channels of each item of [N, C, …].
 * @example
 * const norm = new nn.GroupNorm(2, 4);
 * await norm.call(tensor([[1, 3, 2, 8]])).tolist(); // → [[-0.99999, 0.99999, -1, 1]]
 */
export class GroupNorm extends Module {
  static override readonly name: string = "GroupNorm";
  declare readonly numGroups: number;
  declare readonly numChannels: number;
  declare readonly eps: number;
  declare readonly affine: boolean;
  declare weight: Parameter | null;
  declare bias: Parameter | null;

  constructor(numGroups: number, numChannels: number, ...rest: [eps?: number, affine?: boolean] | [options: GroupNormOptions]) {
    super();
    const o = configure(this, { numGroups, numChannels }, rest, { eps: 1e-5, affine: true });
    under("GroupNorm", () => {
      if (integer(numChannels, "numChannels", 1) % integer(numGroups, "numGroups", 1) !== 0)
        throw new ArgumentError(`${numChannels} channels do not divide into ${numGroups} groups`);
    });
    this.registerParameter("weight", o.affine ? parameter([numChannels], o) : null);
    this.registerParameter("bias", o.affine ? parameter([numChannels], o) : null);
    this.resetParameters();
  }
  resetParameters(): void {
    fillIn(this.weight, this.bias);
  }
  override forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return functions.groupNorm(x, this.numGroups, { weight, bias, eps });
  }
  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, ${fields(this, ["eps"], float)}, ${fields(this, ["affine"])}`;
  }
  static {
    exactly(this.prototype, "resetParameters", "forward", "extraRepr");
  }
}

export interface LayerNormOptions extends Factory {
  readonly eps?: number;
  readonly elementwiseAffine?: boolean;
  readonly bias?: boolean;
}
/**
 * Normalises over the last dimensions, which must be `normalizedShape`.
 * @example await new nn.LayerNorm(2).call(tensor([[1, 3], [2, 8]])).tolist(); // → [[-0.99999, 0.99999], [-1, 1]]
 */
export class LayerNorm extends Module {
  static override readonly name: string = "LayerNorm";
  declare readonly normalizedShape: readonly number[];
  declare readonly eps: number;
  declare readonly elementwiseAffine: boolean;
  declare weight: Parameter | null;
  declare bias: Parameter | null;

  constructor(
    normalizedShape: number | readonly number[],
    ...rest: [eps?: number, elementwiseAffine?: boolean, bias?: boolean] | [options: LayerNormOptions]
  ) {
    super();
    const shape = [normalizedShape].flat();
    const o = configure(this, { normalizedShape: shape }, rest, { eps: 1e-5, elementwiseAffine: true, bias: true });
    this.registerParameter("weight", o.elementwiseAffine ? parameter(shape, o) : null);
    this.registerParameter("bias", o.elementwiseAffine && o.bias ? parameter(shape, o) : null);
    this.resetParameters();
  }
  resetParameters(): void {
    fillIn(this.weight, this.bias);
  }
  override forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return functions.layerNorm(x, this.normalizedShape, { weight, bias, eps });
  }
  override extraRepr(): string {
    return `${repr(this.normalizedShape)}, ${fields(this, ["eps"], float)}, ${fields(this, ["elementwiseAffine"])}`;
  }
  static {
    exactly(this.prototype, "resetParameters", "forward", "extraRepr");
  }
}

export interface RMSNormOptions extends Factory {
  /** Added to the mean of squares; null for the smallest step of the dtype at 1. */
  readonly eps?: number | null;
  readonly elementwiseAffine?: boolean;
}
/**
 * Divides by the root mean square over the last dimensions, which must be `normalizedShape`.
 * @example await new nn.RMSNorm(2).call(tensor([[3, 4]])).tolist(); // → [[0.84853, 1.1314]]
 */
export class RMSNorm extends Module {
  static override readonly name: string = "RMSNorm";
  declare readonly normalizedShape: readonly number[];
  declare readonly eps: number | null;
  declare readonly elementwiseAffine: boolean;
  declare weight: Parameter | null;

  constructor(
    normalizedShape: number | readonly number[],
    ...rest: [eps?: number | null, elementwiseAffine?: boolean] | [options: RMSNormOptions]
  ) {
    super();
    const shape = [normalizedShape].flat();
    const options = { eps: either<number | null>(null, "number", "null"), elementwiseAffine: true };
    const o = configure(this, { normalizedShape: shape }, rest, options);
    this.registerParameter("weight", o.elementwiseAffine ? parameter(shape, o) : null);
    this.resetParameters();
  }
  resetParameters(): void {
    fillIn(this.weight, null);
  }
  override forward(x: Tensor): Tensor {
    return functions.rmsNorm(x, this.normalizedShape, this.weight, this.eps);
  }
  override extraRepr(): string {
    return `${repr(this.normalizedShape)}, ${fields(this, ["eps"], float)}, ${fields(this, ["elementwiseAffine"])}`;
  }
  static {
    exactly(this.prototype, "resetParameters", "forward", "extraRepr");
  }
}
