// Distances and similarities of vectors along a dimension.
import { checkFloat, checkNonNegative } from "../../base/checks.ts";
import { isFloat } from "../../base/dtype.ts";
import { parse, perDimension } from "../../base/options.ts";
import { broadcastShapes, normalizeDim } from "../../base/shape.ts";
import { checkRank, operand } from "../arguments.ts";
import { vector } from "../arranging.ts";
import { type Arg, type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

/** The length of vectors along dim, at least eps. Where eps is taken the gradient is that of the length over eps. */
function lengths(x: Tensor, dim: number, eps: number): Tensor {
  const squares = x.square().sum(dim, true);
  const short = squares
    .detach()
    .rsub(eps * eps)
    .clampMin(0);
  return squares.add(short).sqrt();
}

type SimilarityRest =
  | [dim?: number, eps?: number]
  | [dim: number, options: { readonly eps?: number }]
  | [options: { readonly dim?: number; readonly eps?: number }];

/** The cosine of the angle between vectors along dim (1 by default) of two tensors that broadcast; lengths count as at least eps. */
export const cosineSimilarity: Composite<(x: Tensor, other: Tensor, ...rest: SimilarityRest) => Tensor> = {
  rest: true,
  compose: (x, other, ...rest) => {
    const { dim, eps } = parse(rest, { dim: 1, eps: 1e-8 });
    checkFloat(isFloat(x.dtype) ? x.dtype : operand(other, "other").dtype);
    const shape = broadcastShapes(x.shape, other.shape);
    const along = normalizeDim(dim, shape.length);
    const units = [x, other].map((v) => {
      const wide = (isFloat(v.dtype) ? v : v.float()).expand(shape);
      return wide.div(lengths(wide, along, eps));
    }) as [Tensor, Tensor];
    return units[0].mul(units[1]).sum(along);
  },
  samples: [
    [t([3, 4]), t([3, 4])],
    [t([2, 3, 2]), t([3, 1]), { dim: -2 }],
    [t([4]), t([4]), 0, 1e-6],
    [t([0, 3]), t([0, 3])],
  ],
  errors: [
    raises([t([3]), t([3])], "out of range"),
    raises([t([2, 3]), t([2, 2])], "do not broadcast"),
    raises([t([2, 2], { dtype: "int32" }), t([2, 2], { dtype: "int32" })], "needs a floating tensor"),
  ],
};

export interface Apart {
  /** The order of the norm. */
  readonly p?: number;
  /** What is added to every difference, so that none is 0. */
  readonly eps?: number;
  readonly keepdim?: boolean;
}
type ApartRest =
  | [p?: number, eps?: number, keepdim?: boolean]
  | [p: number, options: Omit<Apart, "p">]
  | [p: number, eps: number, options: Pick<Apart, "keepdim">]
  | [options: Apart];

// A norm has no slope at 0.
const near = (...shape: readonly number[]): Arg => t(shape, { low: -1, high: 1 });
const far = (...shape: readonly number[]): Arg => t(shape, { low: 2, high: 4 });

/** The p-norm of x − other + eps along the last dimension; the tensors broadcast. */
export const pairwiseDistance: Composite<(x: Tensor, other: Tensor, ...rest: ApartRest) => Tensor> = {
  rest: true,
  compose: (x, other, ...rest) => {
    const { p, eps, keepdim } = parse(rest, { p: 2, eps: 1e-6, keepdim: false });
    return x.sub(operand(other, "other")).add(eps).vectorNorm(p, -1, keepdim);
  },
  samples: [
    [near(3, 4), far(3, 4)],
    [near(2, 3), far(3), 1, { keepdim: true }],
    [near(4), far(4), { p: 3, eps: 0 }],
    [near(0, 2), far(0, 2)],
  ],
  errors: [raises([t([2, 3]), t([2])], "do not broadcast"), raises([t([3]), 1], "other must be a tensor")],
};

/** The p-norms of the differences of all pairs of rows: (0, 1), (0, 2), …, (n − 2, n − 1). Shape: [n, m] → [n · (n − 1) / 2]. */
export const pdist: Composite<(x: Tensor, ...rest: [p?: number] | [options: { readonly p?: number }]) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const { p } = parse(rest, { p: 2 });
    checkRank(x.shape, 2, 2);
    checkFloat(x.dtype);
    checkNonNegative({ p });
    const rows = Array.from({ length: x.shape[0]! }, (_, i) => i);
    const picked = (places: readonly number[]): Tensor => x.indexSelect(0, vector(x, places));
    const first = picked(rows.flatMap((i) => rows.slice(i + 1).map(() => i)));
    return first.sub(picked(rows.flatMap((i) => rows.slice(i + 1)))).vectorNorm(p, 1);
  },
  samples: [[t([4, 3])], [t([3, 2]), 1], [t([3, 2]), { p: 3 }], [t([1, 2])], [t([0, 2])]],
  errors: [raises([t([3])], "needs 2 dimensions"), raises([t([3, 2]), -1], "p must not be negative")],
};

type LengthRest =
  | [p?: number, dim?: number | readonly number[], eps?: number]
  | [p: number, options: { readonly dim?: number | readonly number[]; readonly eps?: number }]
  | [options: { readonly p?: number; readonly dim?: number | readonly number[]; readonly eps?: number }];

/** x over its p-norm along dim (1 by default), which counts as at least eps. */
export const normalize: Composite<(x: Tensor, ...rest: LengthRest) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const { p, dim, eps } = parse(rest, { p: 2, dim: perDimension<number | readonly number[]>(1), eps: 1e-12 });
    return x.div(x.vectorNorm(p, dim, true).clampMin(eps));
  },
  samples: [[t([3, 4])], [t([2, 3, 2]), 1, -1], [t([4]), { dim: 0, p: 3 }], [t([0, 2])], [t([2, 3]), 2, [0, 1], 1e-6]],
  errors: [raises([t([3])], "out of range"), raises([t([2, 2], { dtype: "int32" })], "floating")],
};
