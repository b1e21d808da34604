// Activation functions with gates: a half that weighs the other, draws that choose, slopes that are drawn.
import { checkFloat } from "../../base/checks.ts";
import { ArgumentError, ShapeError, show, warn } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { generatorOf } from "../../base/random.ts";
import { normalizeDim } from "../../base/shape.ts";
import { checkRank } from "../arguments.ts";
import { checkRange, type Drawing, drawing } from "../drawing.ts";
import { type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

/** The first half of x along dim times the sigmoid of the second. Source: Dauphin et al. 2016. Errors: ShapeError for a size that is odd. */
export const glu: Composite<(x: Tensor, ...rest: [dim?: number] | [options: { readonly dim?: number }]) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    checkRank(x.shape, 1);
    checkFloat(x.dtype);
    const dim = normalizeDim(parse(rest, { dim: -1 }).dim, x.ndim);
    const half = x.shape[dim]! / 2;
    if (!Number.isInteger(half)) throw new ShapeError(`the size of dimension ${dim} of ${show(x.shape)} must be even`);
    return x.narrow(dim, 0, half).mul(x.narrow(dim, half, half).sigmoid());
  },
  samples: [[t([4])], [t([2, 6, 3]), 1], [t([0, 4])], [t([4, 3]), { dim: -2 }]],
  errors: [raises([t([3])], "must be even"), raises([t([])], "at least 1 dimensions"), raises([t([2]), 1], "out of range")],
};

export interface Gumbel extends Drawing {
  /** Temperature: small ones bring the result close to a choice. */
  readonly tau?: number;
  /** The choice itself, one 1 along dim, with the gradient of the soft result. */
  readonly hard?: boolean;
  /** Without effect, as in PyTorch. */
  readonly eps?: number;
  readonly dim?: number;
}
type GumbelRest =
  | [tau?: number, hard?: boolean, eps?: number, dim?: number]
  | [tau: number, options: Omit<Gumbel, "tau">]
  | [tau: number, hard: boolean, options: Omit<Gumbel, "tau" | "hard">]
  | [options: Gumbel];

/**
 * A sample of softmax((x + gumbel noise) / tau) along dim, made of PyTorch's draws for the same seed.
 * Source: Jang et al. 2016. Errors: ArgumentError for a tau that is not positive.
 */
export const gumbelSoftmax: Composite<(x: Tensor, ...rest: GumbelRest) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const { tau, hard, eps, dim, generator } = parse(rest, { tau: 1, hard: false, eps: 1e-10, dim: -1 }, drawing);
    checkFloat(x.dtype);
    const along = normalizeDim(dim, x.ndim);
    if (!(tau > 0)) throw new ArgumentError(`tau must be positive, got ${tau}`);
    if (eps !== 1e-10) warn(`eps ${eps} has no effect`, "leave it out");
    const noise = x.filledLike(0).exponential_({ generator }).log();
    const soft = x.sub(noise).div(tau).softmax(along);
    if (!hard) return soft;
    const choice = x.filledLike(0).scatter(along, soft.detach().argmax(along, true), 1);
    return choice.sub(soft.detach()).add(soft);
  },
  // Where the temperature is infinite no draw decides.
  samples: [[t([2, 3]), Infinity], [t([3, 2]), { tau: Infinity, hard: true, dim: 0 }], [t([3, 1]), 0.5, true], [t([0, 2])]],
  errors: [
    raises([t([2]), 0], "tau must be positive"),
    raises([t([2]), { dim: 1 }], "out of range"),
    raises([t([2], { dtype: "int32" })], "needs a floating tensor"),
  ],
};

export interface Slopes extends Drawing {
  readonly lower?: number;
  readonly upper?: number;
  readonly training?: boolean;
}
type SlopeRest =
  | [lower?: number, upper?: number, training?: boolean]
  | [lower: number, options: Omit<Slopes, "lower">]
  | [lower: number, upper: number, options: Omit<Slopes, "lower" | "upper">]
  | [options: Slopes];

/**
 * x where positive, elsewhere x times a slope: the middle of [lower, upper], or while training a number drawn from it for every element.
 * Source: Xu et al. 2015.
 */
export const rrelu: Composite<(x: Tensor, ...rest: SlopeRest) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const { lower, upper, training, generator } = parse(rest, { lower: 1 / 8, upper: 1 / 3, training: false }, drawing);
    checkRange(lower, upper);
    const source = generatorOf(generator);
    return training ? x.preluEach(x.philoxUniform(lower, upper, { generator: source })) : x.leakyRelu((lower + upper) / 2);
  },
  kinks: [0],
  ulp: 1,
  samples: [[t([3, 5])], [t([4]), 0.25, 0.5], [t([3]), { lower: 0.5, upper: 0.5, training: true }]],
  errors: [raises([t([2]), 0.5, 0.25], "in order"), raises([t([2], { dtype: "int32" })], "not defined for int32")],
};
