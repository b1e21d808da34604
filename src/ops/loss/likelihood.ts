// Negative log likelihoods of counts and of normal numbers.
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { checkFloat } from "../../base/checks.ts";
import { parse } from "../../base/options.ts";
import { sameShape } from "../../base/shape.ts";
import { visible } from "../../kernels/indexing.ts";
import { operand } from "../arguments.ts";
import { checkReduction, pairErrors, type Reduced, reduced, type Reduction } from "../averaging.ts";
import { type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

export interface Poisson extends Reduced {
  /** x is the logarithm of the rate. */
  readonly logInput?: boolean;
  /** Adds Stirling's approximation of log(target!) for targets above 1. */
  readonly full?: boolean;
  /** Added to rates before their logarithm is taken. */
  readonly eps?: number;
}
type PoissonRest =
  | [logInput?: boolean, full?: boolean, options?: Pick<Poisson, "eps" | "reduction">]
  | [logInput: boolean, options: Omit<Poisson, "logInput">]
  | [options: Poisson];

const chances = { low: 0.2, high: 3 };

/** eˣ − target · x, or x − target · log(x + eps) where x is no logarithm, averaged. */
export const poissonNllLoss: Composite<(x: Tensor, target: Tensor, ...rest: PoissonRest) => Tensor> = {
  rest: true,
  compose: (x, target, ...rest) => {
    const { logInput, full, eps, reduction } = parse(rest, { logInput: true, full: false }, { eps: 1e-8, reduction: "mean" });
    checkReduction(reduction);
    const count = operand(target, "target");
    const each = logInput ? x.exp().sub(count.mul(x)) : x.sub(x.add(eps).log().mul(count));
    if (!full) return reduced(each, reduction);
    const few = count.le(1);
    // Where the term does not count it is taken at 1, so that its gradient is a number there.
    const n = count.maskedFill(few, 1);
    const stirling = n
      .log()
      .mul(n.add(0.5))
      .sub(n)
      .add(Math.log(2 * Math.PI) / 2);
    return reduced(each.add(stirling.maskedFill(few, 0)), reduction);
  },
  samples: [
    [t([3, 4]), t([3, 4], chances)],
    [t([2, 3], chances), t([3], chances), false, true, { reduction: "none" }],
    [t([4]), t([4], { low: 2, high: 5 }), { full: true, reduction: "sum" }],
  ],
  errors: [...pairErrors()],
};

export interface Gaussian {
  /** Adds log(2π) / 2. */
  readonly full?: boolean;
  /** Variances count as at least this. */
  readonly eps?: number;
  readonly reduction?: Reduction;
}
type GaussianRest =
  | [full?: boolean, eps?: number, reduction?: Reduction]
  | [full: boolean, options: Omit<Gaussian, "full">]
  | [full: boolean, eps: number, options: Pick<Gaussian, "reduction">]
  | [options: Gaussian];

/** Variances in a shape that broadcasts along the last dimension of x. Errors: ShapeError for others, ArgumentError for negative ones. */
function variances(x: Tensor, given: Tensor): Tensor {
  const { shape } = operand(given, "var");
  const lead = x.shape.slice(0, -1);
  const perLine = x.ndim > 0 && sameShape(shape, lead);
  if (!perLine && !sameShape(shape, x.shape) && !(x.ndim > 0 && sameShape(shape, [...lead, 1])))
    throw new ShapeError(`var ${show(shape)} does not fit, needs ${show(x.shape)} or ${show([...lead, 1])}`);
  if (Array.from(visible(given) ?? []).some((v) => v < 0)) throw new ArgumentError("var must not be negative");
  return perLine ? given.unsqueeze(-1) : given;
}

/** (log(var) + (x − target)² / var) / 2, averaged; var may be one for every line along the last dimension. */
export const gaussianNllLoss: Composite<(x: Tensor, target: Tensor, variance: Tensor, ...rest: GaussianRest) => Tensor> = {
  rest: true,
  compose: (x, target, variance, ...rest) => {
    const { full, eps, reduction } = parse(rest, { full: false, eps: 1e-6, reduction: "mean" });
    checkReduction(reduction);
    checkFloat(x.dtype);
    const given = variances(x, variance);
    // The bound does not stop the gradient.
    const spread = given.add(given.detach().rsub(eps).clampMin(0));
    const each = x.sub(operand(target, "target")).square().div(spread).add(spread.log()).mul(0.5);
    return reduced(full ? each.add(Math.log(2 * Math.PI) / 2) : each, reduction);
  },
  samples: [
    [t([3, 4]), t([3, 4]), t([3, 4], chances)],
    [t([2, 3]), t([2, 3]), t([2], chances), true, { reduction: "none" }],
    [t([2, 3]), t([2, 3]), t([2, 1], chances), { reduction: "sum" }],
    [t([3]), t([3]), t([3], { data: [0, 1e-9, 2], fixed: true }), false, 0.5],
  ],
  errors: [
    raises([t([2, 3]), t([2, 3]), t([3])], "var [3] does not fit"),
    raises([t([2]), t([2]), t([2]), { reduction: "max" }], "unknown reduction"),
  ],
};
