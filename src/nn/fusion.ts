// Batch normalisation taken into the layer before it, once training is over.
import "../ops/core/index.ts";
import { noGrad } from "../autograd/mode.ts";
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { entry } from "../base/reading.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

interface Layer extends Module {
  weight: Parameter;
  bias: Parameter | null;
}
interface Norm extends Module {
  readonly eps: number;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly runningMean: Tensor | null;
  readonly runningVar: Tensor | null;
}
type Transpose = [transpose?: boolean] | [options: { readonly transpose?: boolean }];

/** Weight and bias of the two in one; `dim` is the dimension of the outputs. */
function fused(
  [weight, bias]: readonly [Tensor, Tensor | null],
  [mean, variance, eps, scale, shift]: readonly [Tensor, Tensor, number, Tensor | null, Tensor | null],
  dim: number,
): [Parameter, Parameter] {
  return noGrad(() => {
    const spread = variance.add(eps).rsqrt();
    const factor = scale ? scale.mul(spread) : spread;
    const along = weight.shape.map((_, d) => (d === dim ? -1 : 1));
    const centred = (bias ? bias.sub(mean) : mean.neg()).mul(factor);
    return [new Parameter(weight.mul(factor.reshape(along))), new Parameter(shift ? centred.add(shift) : centred)];
  });
}

/** A copy of the layer that does the work of both. Errors: ArgumentError while one of them trains, or without running statistics. */
function joined<L extends Module>(layer: L, norm: Module, dim: number): L {
  if (layer.training || norm.training) throw new ArgumentError("the layers are training", "eval() first");
  const { runningMean, runningVar, eps, weight, bias } = norm as Norm;
  if (!runningMean || !runningVar) throw new ArgumentError("the normalisation has no running statistics");
  const copy = layer.clone() as L & Layer;
  [copy.weight, copy.bias] = fused([copy.weight, copy.bias], [runningMean, runningVar, eps, weight, bias], dim);
  return copy;
}

/**
 * A convolution that does what `conv` and, after it, `bn` do; both must be in evaluation mode. transpose: the convolution is a transposed one.
 * @example
 * const [conv, bn] = [new nn.Conv2d(1, 2, 3).eval(), new nn.BatchNorm2d(2).eval()];
 * nn.utils.fuseConvBnEval(conv, bn).call(zeros(1, 1, 5, 5)).shape; // → [1, 2, 3, 3]
 */
export function fuseConvBnEval<L extends Module>(conv: L, bn: Module, ...rest: Transpose): L {
  return entry("fuseConvBnEval", arguments, Infinity, () => joined(conv, bn, Number(parse(rest, { transpose: false }).transpose)));
}
/** A linear layer that does what `linear` and, after it, `bn` do; both must be in evaluation mode. */
export function fuseLinearBnEval<L extends Module>(linear: L, bn: Module): L {
  return entry("fuseLinearBnEval", arguments, 2, () => joined(linear, bn, 0));
}

/** Weight and bias of a convolution that does the work of both. */
export function fuseConvBnWeights(
  convW: Tensor,
  convB: Tensor | null,
  bnRm: Tensor,
  bnRv: Tensor,
  bnEps: number,
  bnW: Tensor | null,
  bnB: Tensor | null,
  ...rest: Transpose
): [Parameter, Parameter] {
  return entry("fuseConvBnWeights", arguments, Infinity, () =>
    fused([convW, convB], [bnRm, bnRv, bnEps, bnW, bnB], Number(parse(rest, { transpose: false }).transpose)),
  );
}
/** Weight and bias of a linear layer that does the work of both. */
export function fuseLinearBnWeights(
  linearW: Tensor,
  linearB: Tensor | null,
  bnRm: Tensor,
  bnRv: Tensor,
  bnEps: number,
  bnW: Tensor | null,
  bnB: Tensor | null,
): [Parameter, Parameter] {
  return entry("fuseLinearBnWeights", arguments, 7, () => fused([linearW, linearB], [bnRm, bnRv, bnEps, bnW, bnB], 0));
}
