// A softmax over so many classes that the rare ones get smaller layers (Grave et al., "Efficient softmax approximation for GPUs", 2017).
import "../ops/activation/index.ts";
import "../ops/indexing/index.ts";
import "../ops/loss/index.ts";
import { ArgumentError, under } from "../base/errors.ts";
import { isWhole } from "../base/random.ts";
import { entry, exactly } from "../base/reading.ts";
import { checkFits, checkRank, operand } from "../ops/arguments.ts";
import { type NamedPair, namedPair } from "../ops/named.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ModuleList, Sequential } from "./container.ts";
import { configure, type Factory } from "./layer.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

interface AdaptiveOptions {
  /** What the features are divided by from one cluster to the next. */
  readonly divValue?: number;
  readonly headBias?: boolean;
}
type Cluster = Sequential<readonly [Linear, Linear]>;

/** Errors: ArgumentError unless the cutoffs rise from at least 1 to at most nClasses − 1. */
function checkCutoffs(cutoffs: readonly number[], nClasses: number): void {
  if (cutoffs.length === 0 || !cutoffs.every((c, i) => isWhole(c, i === 0 ? 1 : cutoffs[i - 1]! + 1, nClasses - 1)))
    throw new ArgumentError(`cutoffs must rise from at least 1 to at most ${nClasses - 1}, got [${cutoffs.map(String).join(", ")}]`);
}

/**
 * Log-probabilities of classes that are sorted by frequency: the head knows those below the first cutoff and one entry for each cluster between
 * two cutoffs. Shape: [N, inFeatures] and targets [N] → output [N] and its negative mean, the loss; or both without N.
 * @example
 * const layer = new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], { divValue: 2 });
 * const { output, loss } = layer.call(randn(3, 8), tensor([0, 5, 19], { dtype: "int32" }));
 * [output.shape, loss.shape]; // → [[3], []]
 * layer.logProb(randn(3, 8)).shape; // → [3, 20]
 */
export class AdaptiveLogSoftmaxWithLoss extends Module {
  static override readonly name: string = "AdaptiveLogSoftmaxWithLoss";
  declare readonly inFeatures: number;
  declare readonly nClasses: number;
  /** Where clusters end, nClasses included. */
  declare readonly cutoffs: readonly number[];
  declare readonly divValue: number;
  declare readonly headBias: boolean;
  declare head: Linear;
  declare tail: ModuleList<Cluster>;

  constructor(
    inFeatures: number,
    nClasses: number,
    cutoffs: readonly number[],
    ...rest:
      | [divValue?: number, headBias?: boolean]
      | [divValue: number, headBias: boolean, options: Factory]
      | [divValue: number, options: Factory & Omit<AdaptiveOptions, "divValue">]
      | [options: Factory & AdaptiveOptions]
  ) {
    super();
    const { device, dtype } = configure(this, { inFeatures, nClasses }, rest, { divValue: 4, headBias: false });
    entry(this.constructor.name, rest, Infinity, () => checkCutoffs(cutoffs, nClasses));
    const ends = [...cutoffs, nClasses];
    Object.assign(this, { cutoffs: ends });
    const linear = (from: number, to: number, bias: boolean): Linear => new Linear(from, to, bias, { device, dtype } as Factory);
    this.head = linear(inFeatures, ends[0]! + cutoffs.length, this.headBias);
    this.tail = new ModuleList(
      cutoffs.map((start, i) => {
        const width = Math.floor(inFeatures / this.divValue ** (i + 1));
        return new Sequential(linear(inFeatures, width, false), linear(width, ends[i + 1]! - start, false));
      }),
    );
  }
  /** Draws all weights anew. */
  resetParameters(): void {
    for (const module of this.modules()) if (module instanceof Linear) module.resetParameters();
  }
  /** Every row goes through all clusters: which rows a cluster needs is known to the GPU alone, and asking it would make the call wait. */
  override forward(input: Tensor, target: Tensor): NamedPair<"output", "loss"> {
    return under(this.constructor.name, () => {
      checkFits("target", operand(target, "target").shape, operand(input, "input").shape.slice(0, -1));
      const output = functions.nllLoss(this.logProb(input), target, { reduction: "none" }).neg();
      return namedPair(["output", "loss"], output, output.neg().mean());
    });
  }
  /** Log-probabilities of all classes. Shape: [N, inFeatures] → [N, nClasses], or both without N. */
  logProb(input: Tensor): Tensor {
    under(this.constructor.name, () => checkRank(operand(input, "input").shape, 1, 2));
    const head = this.head.call(input).logSoftmax(-1);
    const short = this.cutoffs[0]!;
    const clusters = [...this.tail].map((cluster, i) =>
      cluster
        .call(input)
        .logSoftmax(-1)
        .add(head.narrow(-1, short + i, 1)),
    );
    return functions.cat([head.narrow(-1, 0, short), ...clusters], -1);
  }
  /** The likeliest class. Shape: [N, inFeatures] → [N], or without N. */
  predict(input: Tensor): Tensor {
    return this.logProb(input).argmax(-1);
  }
  static {
    exactly(this.prototype, "resetParameters", "forward", "logProb", "predict");
  }
}
