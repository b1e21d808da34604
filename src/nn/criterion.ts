// What losses share as layers: forward(input, target), a reduction, and weights that are state.
import { checkKnown } from "../base/checks.ts";
import { Tensor } from "../tensor/tensor.ts";
import { layer } from "./layer.ts";
import type { Module } from "./module.ts";
import { Buffer } from "./parameter.ts";

export type Reduction = "mean" | "sum" | "none";
export interface LossOptions {
  readonly reduction?: Reduction;
}
/** A loss module, whose options `O` are its properties. */
export type Loss<O = object> = Judge & Readonly<O>;
interface Judge extends Module {
  readonly reduction: Reduction;
  forward(x: Tensor, target: Tensor): Tensor;
}
/** A loss module that is called with other things than an input and a target. */
export type LossOf<F, O = object> = Module & { readonly reduction: Reduction; forward: F } & Readonly<O>;

export interface Weighted extends LossOptions {
  /** A factor for every element or class. It is part of the state, as in PyTorch. */
  readonly weight?: Tensor | null;
}
export type LossClass<O = object> = new (options?: LossOptions & Partial<O>) => Loss<O>;
export type WeightedClass<O = object> = new (
  ...rest: [weight: Tensor | null, options?: LossOptions & Partial<O>] | [options?: Weighted & Partial<O>]
) => Loss<O> & { weight: Tensor | null };

/** A loss prints no options; rescaling weights are state, as in PyTorch. `more` are reductions beside the usual ones. */
export const loss = (
  name: string,
  keywords: object = {},
  positional: object = {},
  run?: string,
  inputs = 2,
  ...more: readonly string[]
): never =>
  layer(name, positional, run, {
    // By position where it is listed there.
    keywords: "reduction" in positional ? keywords : { reduction: "mean", ...keywords },
    inputs,
    shown: () => [],
    stateNames: { posWeight: "pos_weight" },
    settle(self) {
      checkKnown("reduction", self.reduction, ["mean", "sum", "none", ...more]);
      for (const [key, value] of Object.entries(self)) if (value instanceof Tensor) self[key] = new Buffer(value);
    },
  }) as never;
export const weighted = { weight: null };
