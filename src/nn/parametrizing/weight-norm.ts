// Weights as a length and a direction, by parametrization.
import { either, parse } from "../../base/options.ts";
import { entry } from "../../base/reading.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import { normExcept, stretched } from "./norms.ts";
import { registerParametrization } from "./parametrize.ts";

/** What may be said of a norm of a weight. */
export type WeightNormRest = [name?: string, dim?: number | null] | [options: { readonly name?: string; readonly dim?: number | null }];
export const weightNormDefaults = { name: "weight", dim: either<number | null>(0, "integer", "null") };

class WeightNorm extends Module {
  static override readonly name: string = "_WeightNorm";
  readonly dim: number | null;
  constructor(dim: number | null) {
    super();
    this.dim = dim;
  }
  override forward(g: Tensor, v: Tensor): Tensor {
    return stretched(v, g, this.dim);
  }
  rightInverse(weight: Tensor): Tensor[] {
    return [normExcept(weight, this.dim), weight.clone()];
  }
}

/**
 * Trains the norms of a weight (`original0`) apart from its direction (`original1`); dim is the dimension of the outputs, null for one norm.
 * @example
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 3));
 * Object.keys(layer.stateDict()); // → ["bias", "parametrizations.weight.original0", "parametrizations.weight.original1"]
 */
export function weightNorm<M extends Module>(module: M, ...rest: WeightNormRest): M {
  return entry("weightNorm", arguments, Infinity, () => {
    const { name, dim } = parse(rest, weightNormDefaults);
    return registerParametrization(module, name, new WeightNorm(dim), { unsafe: true });
  });
}
