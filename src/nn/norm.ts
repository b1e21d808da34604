// Batch and layer normalisation.
import "../kits/norms.ts";
import { constantOf } from "../backend/backend.ts";
import { ArgumentError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { overwrite } from "../dispatch.ts";
import { functions } from "../methods.ts";
import { Tensor } from "../tensor.ts";
import { ones_, zeros_ } from "./init.ts";
import { factory, type Factory, parameter } from "./linear.ts";
import { Module } from "./module.ts";
import { Buffer, type Parameter } from "./parameter.ts";
import { float, repr } from "./repr.ts";

export interface BatchNormOptions extends Factory {
  readonly eps?: number;
  /** Weight of the new batch in the running statistics; null for a plain average over all batches. */
  readonly momentum?: number | null;
  readonly affine?: boolean;
  readonly trackRunningStats?: boolean;
}
type BatchNormRest = [eps?: number, momentum?: number | null, affine?: boolean, trackRunningStats?: boolean] | [options: BatchNormOptions];

abstract class BatchNorm extends Module {
  static override readonly stateNames: Readonly<Record<string, string>> = {
    runningMean: "running_mean",
    runningVar: "running_var",
    numBatchesTracked: "num_batches_tracked",
  };
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  weight: Parameter | null;
  bias: Parameter | null;
  runningMean: Tensor | null = null;
  runningVar: Tensor | null = null;
  numBatchesTracked: Tensor | null = null;

  constructor(op: string, numFeatures: number, rest: readonly unknown[]) {
    super();
    const o = parse(op, rest, { eps: 1e-5, momentum: 0.1 as number | null, affine: true, trackRunningStats: true }, factory);
    this.numFeatures = numFeatures;
    this.eps = o.eps;
    this.momentum = o.momentum;
    this.affine = o.affine;
    this.trackRunningStats = o.trackRunningStats;
    this.weight = o.affine ? parameter([numFeatures], o) : null;
    this.bias = o.affine ? parameter([numFeatures], o) : null;
    if (o.trackRunningStats) {
      const like = parameter([numFeatures], o);
      this.runningMean = new Buffer(like.filledLike(0));
      this.runningVar = new Buffer(like.filledLike(1));
      this.numBatchesTracked = new Buffer(Tensor.constant(like.storage.device, 0, "int32", []));
    }
    this.resetParameters();
  }
  /** Forgets the running statistics. */
  resetRunningStats(): void {
    if (this.runningMean) zeros_(this.runningMean);
    if (this.runningVar) ones_(this.runningVar);
    if (this.numBatchesTracked) zeros_(this.numBatchesTracked);
  }
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }
  protected abstract readonly ranks: readonly number[];

  override forward(x: Tensor): Tensor {
    if (!this.ranks.includes(x.ndim))
      throw new ShapeError(this.constructor.name, `needs an input of ${this.ranks.join(" or ")} dimensions, got ${show(x.shape)}`);
    const { runningMean, runningVar } = this;
    const momentum = this.training ? this.#count() : (this.momentum ?? 0);
    const training = this.training || runningMean === null;
    const options = { weight: this.weight, bias: this.bias, training, momentum, eps: this.eps };
    return functions.batchNorm(x, runningMean, runningVar, options);
  }
  /** Counts the batch; gives the weight of its statistics. The counter is a constant tensor, so this runs no kernel. */
  #count(): number {
    const counter = this.numBatchesTracked;
    if (!counter) return this.momentum ?? 0;
    const known =
      constantOf(counter) ??
      (counter.storage.device.type === "cpu" ? (counter.storage.memory as ArrayLike<number>)[counter.offset] : undefined);
    if (known === undefined) {
      if (this.momentum === null)
        throw new ArgumentError(this.constructor.name, "num_batches_tracked is only known to the GPU", "load the state from the CPU");
      counter.add_(1);
      return this.momentum;
    }
    overwrite(counter, Tensor.constant(counter.storage.device, known + 1, counter.dtype, []));
    return this.momentum ?? 1 / (known + 1);
  }
  override extraRepr(): string {
    const { numFeatures, eps, momentum, affine, trackRunningStats } = this;
    return `${numFeatures}, eps=${float(eps)}, momentum=${momentum === null ? "None" : float(momentum)}, affine=${repr(affine)}, track_running_stats=${repr(trackRunningStats)}`;
  }
}
/** Normalises each channel of [N, C] or [N, C, L] over the batch. In eval mode it uses the running statistics. */
export class BatchNorm1d extends BatchNorm {
  protected override get ranks(): readonly number[] {
    return [2, 3];
  }
  constructor(numFeatures: number, ...rest: BatchNormRest) {
    super("BatchNorm1d", numFeatures, rest);
  }
}
/** Normalises each channel of [N, C, H, W] over batch and space. In eval mode it uses the running statistics. */
export class BatchNorm2d extends BatchNorm {
  protected override get ranks(): readonly number[] {
    return [4];
  }
  constructor(numFeatures: number, ...rest: BatchNormRest) {
    super("BatchNorm2d", numFeatures, rest);
  }
}
/** Normalises each channel of [N, C, D, H, W] over batch and space. In eval mode it uses the running statistics. */
export class BatchNorm3d extends BatchNorm {
  protected override get ranks(): readonly number[] {
    return [5];
  }
  constructor(numFeatures: number, ...rest: BatchNormRest) {
    super("BatchNorm3d", numFeatures, rest);
  }
}

export interface LayerNormOptions extends Factory {
  readonly eps?: number;
  readonly elementwiseAffine?: boolean;
  readonly bias?: boolean;
}
/** Normalises over the last dimensions, which must be `normalizedShape`. */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(
    normalizedShape: number | readonly number[],
    ...rest: [eps?: number, elementwiseAffine?: boolean, bias?: boolean] | [options: LayerNormOptions]
  ) {
    super();
    const o = parse("LayerNorm", rest, { eps: 1e-5, elementwiseAffine: true, bias: true }, factory);
    this.normalizedShape = typeof normalizedShape === "number" ? [normalizedShape] : [...normalizedShape];
    this.eps = o.eps;
    this.elementwiseAffine = o.elementwiseAffine;
    this.weight = o.elementwiseAffine ? parameter(this.normalizedShape, o) : null;
    this.bias = o.elementwiseAffine && o.bias ? parameter(this.normalizedShape, o) : null;
    this.resetParameters();
  }
  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }
  override forward(x: Tensor): Tensor {
    return functions.layerNorm(x, this.normalizedShape, { weight: this.weight, bias: this.bias, eps: this.eps });
  }
  override extraRepr(): string {
    return `${repr(this.normalizedShape)}, eps=${float(this.eps)}, elementwise_affine=${repr(this.elementwiseAffine)}`;
  }
}
