// Batch and layer normalisation.
import "../ops/norm/index.ts";
import { ArgumentError, under } from "../base/errors.ts";
import { either } from "../base/options.ts";
import { fields, float, repr, snake } from "../base/python.ts";
import { exactly } from "../base/reading.ts";
import { checkRank, operand } from "../ops/arguments.ts";
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

abstract class BatchNorm extends Module {
  static override readonly stateNames: Readonly<Record<string, string>> = Object.fromEntries(
    ["runningMean", "runningVar", "numBatchesTracked"].map((name) => [name, snake(name)]),
  );
  /** The least and the largest number of dimensions that an input may have. */
  static readonly ranks: readonly [number, number];
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
    const options = { eps: 1e-5, momentum: either<number | null>(0.1, "number", "null"), affine: true, trackRunningStats: true };
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

  override forward(x: Tensor): Tensor {
    const { name, ranks } = this.constructor as typeof BatchNorm;
    under(name, () => checkRank(operand(x).shape, ...ranks));
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
  override extraRepr(): string {
    const numbers = fields(this, ["eps", "momentum"], float);
    return `${this.numFeatures}, ${numbers}, ${fields(this, ["affine", "trackRunningStats"])}`;
  }
  static {
    exactly(this.prototype, "resetRunningStats", "resetParameters", "forward", "extraRepr");
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
