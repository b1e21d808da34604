// Covariances and correlations.
import { isFloat } from "../../base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { visible } from "../../kernels/indexing.ts";
import { checkRank, operand } from "../arguments.ts";
import { type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

export interface CovOptions {
  /** What the count is lowered by: 1 (default) for a sample, 0 for a population. */
  readonly correction?: number;
  /** How often each observation was made, whole numbers. */
  readonly fweights?: Tensor | null;
  /** How much each observation counts, floats. */
  readonly aweights?: Tensor | null;
}

/** Weights of n observations. Errors: ShapeError, DtypeError; ArgumentError for negative ones where the host sees them. */
function checkWeights(name: string, given: Tensor | null, float: boolean, n: number): Tensor | undefined {
  if (given === null) return undefined;
  const weights = operand(given, name);
  checkRank(weights.shape, 0, 1);
  if (isFloat(weights.dtype) !== float || weights.dtype === "bool")
    throw new DtypeError(`${name} must be ${float ? "floating" : "int32 or uint8"}, got ${weights.dtype}`);
  if (weights.numel() !== n) throw new ShapeError(`${name} ${show(weights.shape)} does not fit ${n} observations`);
  if (Array.from(visible(weights) ?? []).some((v) => v < 0)) throw new ArgumentError(`${name} has negative weights`);
  return weights;
}

/**
 * Covariances of variables, which are the rows, over observations, which are the columns; of one variable its variance. Negative weights are
 * refused where the host sees them: on the CPU, and if they are whole numbers that it uploaded.
 * Shape: [V, N] → [V, V]; [N] and [1, N] → [].
 */
export const cov: Composite<(x: Tensor, options?: CovOptions) => Tensor> = {
  rest: true,
  compose: (given, ...rest) => {
    const none = null as Tensor | null;
    const { correction, fweights, aweights } = parse(rest, {}, { correction: 1, fweights: none, aweights: none });
    checkRank(given.shape, 0, 2);
    if (given.dtype === "bool") throw new DtypeError("not defined for bool", "convert to float32 or int32");
    const x = (isFloat(given.dtype) ? given : given.float()).reshape(given.ndim < 2 ? [1, given.numel()] : given.shape);
    const n = x.shape[1]!;
    const counts = checkWeights("fweights", fweights, false, n)?.to(x.dtype);
    const shares = checkWeights("aweights", aweights, true, n);
    const weights = counts && shares ? counts.mul(shares) : (counts ?? shares);
    const total = weights?.sum();
    const centred = x.sub(weights ? x.mul(weights).sum(1, true).div(total!) : x.sum(1, true).div(n));
    const products = (weights ? centred.mul(weights) : centred).matmul(centred.t());
    // Of a weighted sample the correction is lowered by the mean of the shares, each counted with its weight.
    const lost = shares && correction !== 0 ? weights!.mul(shares).sum().div(total!).mul(correction) : correction;
    return products.div(total ? total.sub(lost).clampMin(0) : Math.max(0, n - correction)).squeeze();
  },
  samples: [
    [t([3, 4])],
    [t([4]), { correction: 0 }],
    [t([2, 3]), { fweights: t([3], { dtype: "int32", data: [1, 3, 2] }), aweights: t([3], { low: 0.5, high: 2 }) }],
    [t([2, 3]), { aweights: t([3], { low: 0.5, high: 2 }), correction: 0 }],
    [t([2, 3], { dtype: "int32" })],
  ],
  errors: [
    raises([t([2, 2, 2])], "0 to 2 dimensions"),
    raises([t([3]), { fweights: t([2], { dtype: "int32" }) }], "does not fit 3 observations"),
    raises([t([3]), { fweights: t([3]) }], "must be int32"),
    raises([t([3]), { aweights: t([3], { dtype: "int32" }) }], "must be floating"),
    raises([t([2]), { fweights: t([2], { dtype: "int32", data: [1, -1] }) }], "negative weights"),
  ],
};

/** Correlations of variables, which are the rows: their covariances over their standard deviations. Shape: [V, N] → [V, V]; [N] → []. */
export const corrcoef: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => {
    const covariances = x.cov();
    if (covariances.ndim === 0) return covariances.div(covariances);
    const deviations = covariances.diagonal().sqrt();
    return covariances.div(deviations.unsqueeze(1)).div(deviations).clamp(-1, 1);
  },
  // Of evenly spaced numbers all correlations are extreme.
  samples: [
    [t([3, 4], { data: [1, 0.5, -1, 2, -0.5, 1, 1.5, 0, 2, -1, 0.2, 0.7] })],
    [t([2, 3], { data: [1, -1, 0.5, 0.2, 2, 1] })],
    [t([3], { fixed: true })],
  ],
  errors: [raises([t([2, 2, 2])], "0 to 2 dimensions")],
};
