// The older way to norm weights: parameters under other names, `weight_g`, `weight_v` or `weight_orig`, and `weight` computed from them.
import { noGrad } from "../../autograd/mode.ts";
import { ArgumentError } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { entry } from "../../base/reading.ts";
import { normalizeDim } from "../../base/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";
import { compute, isComputed, parameterIn, property, remove, stateName } from "./computed.ts";
import { asMatrix, normalised, normExcept, startingVectors, stepU, stepV, stretched } from "./norms.ts";
import { spectralOptions, type SpectralNormRest } from "./spectral.ts";
import { weightNormDefaults, type WeightNormRest } from "./weight-norm.ts";

const part = (module: Module, name: string, suffix: string): Tensor => property(module, `${stateName(module, name)}_${suffix}`) as Tensor;

function replace(module: Module, name: string, kind: string, suffixes: readonly string[], read: (module: Module) => Tensor): void {
  compute(module, name, kind, read, (m) => {
    const own = stateName(m, name);
    throw new ArgumentError(`${name} is computed from ${suffixes.map((s) => `${own}_${s}`).join(" and ")}`, "set those", kind);
  });
}

/** Puts the computed parameter back, and takes away what it was computed from. */
function restore(module: Module, name: string, kind: string, suffixes: readonly string[]): void {
  if (!isComputed(module, name, kind)) throw new ArgumentError(`${module.constructor.name} has no ${kind} of ${name}`);
  const value = noGrad(() => property(module, name)) as Tensor;
  remove(module, name, ...suffixes.map((suffix) => `${stateName(module, name)}_${suffix}`));
  module.registerParameter(name, new Parameter(value));
}

const lengths = ["g", "v"];
/**
 * Trains the norms of a weight, `weight_g`, apart from its direction, `weight_v`; dim is the dimension of the outputs, null for one norm.
 * The weight is computed when it is read.
 * @example
 * const layer = nn.utils.weightNorm(new nn.Linear(2, 3));
 * Object.keys(layer.stateDict()); // → ["bias", "weight_g", "weight_v"]
 */
export function weightNorm<M extends Module>(module: M, ...rest: WeightNormRest): M {
  return entry("weightNorm", arguments, Infinity, () => {
    const { name, dim } = parse(rest, weightNormDefaults);
    if (isComputed(module, name, "weightNorm")) throw new ArgumentError(`${name} is normed already`);
    const weight = parameterIn(module, name);
    const g = noGrad(() => normExcept(weight, dim === null || dim === -1 ? null : normalizeDim(dim, weight.ndim)));
    const own = stateName(module, name);
    replace(module, name, "weightNorm", lengths, (m) => stretched(part(m, name, "v"), part(m, name, "g"), dim));
    module.registerParameter(`${own}_g`, new Parameter(g));
    module.registerParameter(`${own}_v`, new Parameter(weight.detach()));
    return module;
  });
}

/** Puts the weight that weightNorm() made back as a parameter. */
export function removeWeightNorm<M extends Module>(module: M, ...rest: [name?: string] | [options: { readonly name?: string }]): M {
  return entry("removeWeightNorm", arguments, Infinity, () => {
    restore(module, parse(rest, { name: "weight" }).name, "weightNorm", lengths);
    return module;
  });
}

const vectors = ["orig", "u", "v"];
/**
 * Divides a weight, kept as `weight_orig`, by its largest singular value, which is followed by power iteration before every forward while
 * training.
 * @example
 * const layer = nn.utils.spectralNorm(new nn.Linear(2, 3));
 * Object.keys(layer.stateDict()); // → ["bias", "weight_orig", "weight_u", "weight_v"]
 */
export function spectralNorm<M extends Module>(module: M, ...rest: SpectralNormRest): M {
  return entry("spectralNorm", arguments, Infinity, () => {
    const { name, nPowerIterations, eps, dim: given } = spectralOptions(module, rest);
    if (isComputed(module, name, "spectralNorm")) throw new ArgumentError(`${name} is normed already`);
    const weight = parameterIn(module, name);
    const dim = normalizeDim(given, weight.ndim);
    const [u, v] = startingVectors(
      noGrad(() => asMatrix(weight, dim)),
      eps,
    );
    const own = stateName(module, name);
    replace(module, name, "spectralNorm", vectors, (m) => {
      const original = part(m, name, "orig");
      return normalised(original, asMatrix(original, dim), part(m, name, "u"), part(m, name, "v"));
    });
    module.registerParameter(`${own}_orig`, weight);
    module.registerBuffer(`${own}_u`, u);
    module.registerBuffer(`${own}_v`, v);
    module.registerForwardPreHook((m) => {
      // Copies have the hook, too, and may lose the norm each for itself.
      if (!m.training || !isComputed(m, name, "spectralNorm")) return;
      noGrad(() => {
        const matrix = asMatrix(part(m, name, "orig"), dim);
        for (let i = 0; i < nPowerIterations; i++) {
          stepV(matrix, part(m, name, "u"), part(m, name, "v"), eps);
          stepU(matrix, part(m, name, "u"), part(m, name, "v"), eps);
        }
      });
    });
    return module;
  });
}

/** Puts the weight that spectralNorm() made back as a parameter. */
export function removeSpectralNorm<M extends Module>(module: M, ...rest: [name?: string] | [options: { readonly name?: string }]): M {
  return entry("removeSpectralNorm", arguments, Infinity, () => {
    restore(module, parse(rest, { name: "weight" }).name, "spectralNorm", vectors);
    return module;
  });
}
