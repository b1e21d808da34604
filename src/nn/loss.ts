// Losses as layers: forward(input, target).
import "../kits/losses.ts";
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { functions } from "../methods.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";
import { Buffer } from "./parameter.ts";

export type Reduction = "mean" | "sum" | "none";
export interface LossOptions {
  readonly reduction?: Reduction;
}

abstract class Loss extends Module {
  readonly reduction: Reduction;
  constructor(op: string, reduction: Reduction) {
    super();
    if (reduction !== "mean" && reduction !== "sum" && reduction !== "none")
      throw new ArgumentError(op, `unknown reduction ${String(reduction)}`, "mean, sum or none");
    this.reduction = reduction;
  }
}
abstract class PlainLoss extends Loss {
  constructor(options: LossOptions = {}) {
    super(new.target.name, parse(new.target.name, [options], {}, { reduction: "mean" as Reduction }).reduction);
  }
}
/** A rescaling weight is state, as in PyTorch. */
const held = (weight: Tensor | null): Buffer | null => weight && new Buffer(weight);

/** Mean of (x − y)². */
export class MSELoss extends PlainLoss {
  override forward(x: Tensor, target: Tensor): Tensor {
    return functions.mseLoss(x, target, { reduction: this.reduction });
  }
}
/** Mean of |x − y|. */
export class L1Loss extends PlainLoss {
  override forward(x: Tensor, target: Tensor): Tensor {
    return functions.l1Loss(x, target, { reduction: this.reduction });
  }
}
/** Quadratic below beta, linear above; divided by beta. */
export class SmoothL1Loss extends Loss {
  readonly beta: number;
  constructor(options: LossOptions & { readonly beta?: number } = {}) {
    const { reduction, beta } = parse("SmoothL1Loss", [options], {}, { reduction: "mean" as Reduction, beta: 1 });
    super("SmoothL1Loss", reduction);
    this.beta = beta;
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    return functions.smoothL1Loss(x, target, { reduction: this.reduction, beta: this.beta });
  }
}
/** Quadratic below delta, linear above. */
export class HuberLoss extends Loss {
  readonly delta: number;
  constructor(options: LossOptions & { readonly delta?: number } = {}) {
    const { reduction, delta } = parse("HuberLoss", [options], {}, { reduction: "mean" as Reduction, delta: 1 });
    super("HuberLoss", reduction);
    this.delta = delta;
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    return functions.huberLoss(x, target, { reduction: this.reduction, delta: this.delta });
  }
}

export interface CrossEntropyOptions extends LossOptions {
  /** One factor per class. */
  readonly weight?: Tensor | null;
  readonly ignoreIndex?: number;
  readonly labelSmoothing?: number;
}
/** Softmax and negative log-likelihood of logits [N, C, …], for class indices [N, …] or probabilities [N, C, …]. */
export class CrossEntropyLoss extends Loss {
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  weight: Tensor | null;
  constructor(...rest: [weight: Tensor | null, options?: Omit<CrossEntropyOptions, "weight">] | [options?: CrossEntropyOptions]) {
    const o = parse(
      "CrossEntropyLoss",
      rest,
      { weight: null as Tensor | null },
      { reduction: "mean" as Reduction, ignoreIndex: -100, labelSmoothing: 0 },
    );
    super("CrossEntropyLoss", o.reduction);
    this.weight = held(o.weight);
    this.ignoreIndex = o.ignoreIndex;
    this.labelSmoothing = o.labelSmoothing;
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, labelSmoothing, reduction } = this;
    return functions.crossEntropy(x, target, { ...(weight ? { weight } : {}), ignoreIndex, labelSmoothing, reduction });
  }
}
/** Negative log-likelihood of log-probabilities [N, C, …] for class indices [N, …]. */
export class NLLLoss extends Loss {
  readonly ignoreIndex: number;
  weight: Tensor | null;
  constructor(
    ...rest:
      | [weight: Tensor | null, options?: LossOptions & { readonly ignoreIndex?: number }]
      | [options?: LossOptions & { readonly weight?: Tensor | null; readonly ignoreIndex?: number }]
  ) {
    const o = parse("NLLLoss", rest, { weight: null as Tensor | null }, { reduction: "mean" as Reduction, ignoreIndex: -100 });
    super("NLLLoss", o.reduction);
    this.weight = held(o.weight);
    this.ignoreIndex = o.ignoreIndex;
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    return functions.nllLoss(x, target, {
      ...(this.weight ? { weight: this.weight } : {}),
      ignoreIndex: this.ignoreIndex,
      reduction: this.reduction,
    });
  }
}
/** Binary cross entropy of probabilities. */
export class BCELoss extends Loss {
  weight: Tensor | null;
  constructor(...rest: [weight: Tensor | null, options?: LossOptions] | [options?: LossOptions & { readonly weight?: Tensor | null }]) {
    const o = parse("BCELoss", rest, { weight: null as Tensor | null }, { reduction: "mean" as Reduction });
    super("BCELoss", o.reduction);
    this.weight = held(o.weight);
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    return functions.binaryCrossEntropy(x, target, { ...(this.weight ? { weight: this.weight } : {}), reduction: this.reduction });
  }
}
/** Sigmoid and binary cross entropy of logits in one, stable step. */
export class BCEWithLogitsLoss extends Loss {
  static override readonly stateNames: Readonly<Record<string, string>> = { posWeight: "pos_weight" };
  weight: Tensor | null;
  posWeight: Tensor | null;
  constructor(
    ...rest:
      | [weight: Tensor | null, options?: LossOptions & { readonly posWeight?: Tensor | null }]
      | [options?: LossOptions & { readonly weight?: Tensor | null; readonly posWeight?: Tensor | null }]
  ) {
    const o = parse(
      "BCEWithLogitsLoss",
      rest,
      { weight: null as Tensor | null },
      { reduction: "mean" as Reduction, posWeight: null as Tensor | null },
    );
    super("BCEWithLogitsLoss", o.reduction);
    this.weight = held(o.weight);
    this.posWeight = held(o.posWeight);
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    const { weight, posWeight, reduction } = this;
    return functions.binaryCrossEntropyWithLogits(x, target, {
      ...(weight ? { weight } : {}),
      ...(posWeight ? { posWeight } : {}),
      reduction,
    });
  }
}
