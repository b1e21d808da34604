// Weights divided by their largest singular value, by parametrization. Source: Miyato et al. (2018), arXiv:1802.05957.
import { noGrad } from "../../autograd/mode.ts";
import { either, parse } from "../../base/options.ts";
import { entry } from "../../base/reading.ts";
import { normalizeDim } from "../../base/shape.ts";
import { integer } from "../../ops/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import { tensorIn } from "./computed.ts";
import { asMatrix, normalised, outputDim, startingVectors, stepU, stepV, unit } from "./norms.ts";
import { registerParametrization } from "./parametrize.ts";

export interface SpectralNormOptions {
  readonly name?: string;
  /** Steps of the power iteration for every forward while training. */
  readonly nPowerIterations?: number;
  readonly eps?: number;
  /** Dimension of the outputs; by default 1 in transposed convolutions, else 0. */
  readonly dim?: number | null;
}
export type SpectralNormRest =
  | [name?: string, nPowerIterations?: number, eps?: number, dim?: number | null]
  | [name: string, options: Omit<SpectralNormOptions, "name">]
  | [options: SpectralNormOptions];
const defaults = { name: "weight", nPowerIterations: 1, eps: 1e-12, dim: either<number | null>(null, "integer", "null") };

/** The options of a spectral norm of a module, complete. Errors: ArgumentError. */
export function spectralOptions(module: Module, rest: SpectralNormRest): Required<SpectralNormOptions> & { readonly dim: number } {
  const { dim, ...options } = parse(rest, defaults);
  integer(options.nPowerIterations, "nPowerIterations", 1);
  return { ...options, dim: dim ?? outputDim(module) };
}

class SpectralNorm extends Module {
  static override readonly name: string = "_SpectralNorm";
  static override readonly stateNames: Readonly<Record<string, string>> = { u: "_u", v: "_v" };
  readonly dim: number;
  readonly eps: number;
  readonly nPowerIterations: number;
  declare u: Tensor;
  declare v: Tensor;

  constructor(weight: Tensor, { nPowerIterations, eps, dim }: Required<SpectralNormOptions> & { readonly dim: number }) {
    super();
    this.dim = normalizeDim(dim, weight.ndim);
    this.eps = eps;
    this.nPowerIterations = nPowerIterations;
    if (weight.ndim === 1) return;
    const matrix = noGrad(() => asMatrix(weight, this.dim));
    const [u, v] = startingVectors(matrix, eps);
    this.registerBuffer("u", u);
    this.registerBuffer("v", v);
    this.iterate(matrix, 15);
  }
  protected iterate(matrix: Tensor, times: number): void {
    const { u, v, eps } = this;
    noGrad(() => {
      for (let i = 0; i < times; i++) {
        stepU(matrix, u, v, eps);
        stepV(matrix, u, v, eps);
      }
    });
  }
  override forward(weight: Tensor): Tensor {
    if (weight.ndim === 1) return unit(weight, this.eps);
    const matrix = asMatrix(weight, this.dim);
    if (this.training) this.iterate(matrix, this.nPowerIterations);
    return normalised(weight, matrix, this.u, this.v);
  }
  /** A weight is its own original. */
  rightInverse(value: Tensor): Tensor {
    return value;
  }
}

/**
 * Divides a weight by its largest singular value, which is followed by power iteration while training.
 * @example
 * const layer = nn.utils.parametrizations.spectralNorm(new nn.Linear(2, 2)).eval();
 * layer.weight = new nn.Parameter(tensor([[3, 0], [0, 1]]));
 * Object.keys(layer.stateDict()); // → ["bias", "parametrizations.weight.original", "parametrizations.weight.0._u", "parametrizations.weight.0._v"]
 */
export function spectralNorm<M extends Module>(module: M, ...rest: SpectralNormRest): M {
  return entry("spectralNorm", arguments, Infinity, () => {
    const options = spectralOptions(module, rest);
    return registerParametrization(module, options.name, new SpectralNorm(tensorIn(module, options.name), options));
  });
}
