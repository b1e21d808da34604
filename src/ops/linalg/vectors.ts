// Products and distances of vectors that lie along a dimension.
import { checkFloat, checkKnown } from "../../base/checks.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../../base/errors.ts";
import { either, parse } from "../../base/options.ts";
import { broadcastShapes, normalizeDim } from "../../base/shape.ts";
import { checkRank, operand } from "../arguments.ts";
import { type Arg, type Composite, type Internal, raises, t } from "../op.ts";
import { safeRoot } from "../roots.ts";
import type { Tensor } from "../tensor.ts";

/** Errors: DtypeError unless both are of one dtype. */
function checkAlike(x: Tensor, y: Tensor): void {
  if (x.dtype !== y.dtype) throw new DtypeError(`operands are ${x.dtype} and ${y.dtype}`, "convert one of them");
}

type DimRest = [dim?: number] | [options: { readonly dim?: number }];

/** The sum of products along dim, the last by default. Shape: x and y broadcast. */
export const vecdot: Composite<(x: Tensor, y: Tensor, ...rest: DimRest) => Tensor> = {
  rest: true,
  compose: (x, y, ...rest) => {
    const { dim } = parse(rest, { dim: -1 });
    checkAlike(x, operand(y, "y"));
    checkFloat(x.dtype);
    return x.mul(y).sum(normalizeDim(dim, Math.max(x.ndim, y.ndim)));
  },
  samples: [
    [t([2, 3]), t([2, 3])],
    [t([3, 2]), t([3, 1]), 0],
    [t([]), t([])],
  ],
  errors: [
    raises([t([2, 3]), t([2, 2])], "do not broadcast"),
    raises([t([3]), t([3], { dtype: "int32" })], "float32 and int32"),
    raises([t([3], { dtype: "int32" }), t([3], { dtype: "int32" })], "floating"),
  ],
};

/** The cross product along `dim`, which has size 3 in both operands. */
function crossed(x: Tensor, y: Tensor, dim: number): Tensor {
  if (x.ndim !== operand(y, "other").ndim)
    throw new ShapeError(`${show(x.shape)} and ${show(y.shape)} have different numbers of dimensions`);
  checkAlike(x, y);
  if (x.dtype === "bool") throw new DtypeError("not defined for bool", "convert to float32 or int32");
  const d = normalizeDim(dim, x.ndim);
  for (const { shape } of [x, y]) if (shape[d] !== 3) throw new ShapeError(`dimension ${d} of ${show(shape)} must have size 3`);
  const shape = broadcastShapes(x.shape, y.shape);
  const [a, b] = [x.expand(shape), y.expand(shape)];
  // Component i of x × y stands at place i − 1 of what is rolled last.
  return a.mul(b.roll(-1, d)).sub(a.roll(-1, d).mul(b)).roll(-1, d);
}

/** The cross product along dim, by default the first of size 3; other dimensions broadcast. */
export const cross: Composite<(x: Tensor, other: Tensor, ...rest: DimRest) => Tensor> = {
  rest: true,
  compose: (x, other, ...rest) => {
    const { dim } = parse(rest, { dim: either<number | null>(null, "integer", "null") });
    const found = dim ?? x.shape.indexOf(3);
    if (found < 0 && dim === null) throw new ShapeError(`${show(x.shape)} has no dimension of size 3`);
    return crossed(x, other, found);
  },
  samples: [
    [t([3, 3]), t([3, 3])],
    [t([2, 3]), t([1, 3])],
    [t([3, 2, 3]), t([3, 2, 3]), { dim: -1 }],
  ],
  errors: [
    raises([t([2, 2]), t([2, 2])], "no dimension of size 3"),
    raises([t([3, 2]), t([2, 3])], "must have size 3"),
    raises([t([3]), t([1, 3])], "different numbers of dimensions"),
    raises([t([3]), t([3], { dtype: "int32" })], "float32 and int32"),
  ],
};

/** The cross product along dim, the last by default; other dimensions broadcast. */
export const linalgCross: Composite<(x: Tensor, other: Tensor, ...rest: DimRest) => Tensor> & Internal = {
  internal: true,
  rest: true,
  compose: (x, other, ...rest) => crossed(x, other, parse(rest, { dim: -1 }).dim),
  samples: [
    [t([3, 3]), t([3, 3])],
    [t([3, 2]), t([3, 1]), 0],
  ],
  errors: [raises([t([3, 2]), t([3, 2])], "must have size 3"), raises([t([3, 2]), t([3, 2]), 2], "out of range")],
};

// ---- distances

/** Whether Euclidean distances come from a product of matrices, which is fast and loses digits of small ones: if there are more than 25 rows, always, never. */
type ComputeMode = "use_mm_for_euclid_dist_if_necessary" | "use_mm_for_euclid_dist" | "donot_use_mm_for_euclid_dist";
const modes: readonly ComputeMode[] = ["use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"];
/** As many rows are few. */
const few = 25;

/** Euclidean distances by |x − y|² = |x|² + |y|² − 2 x · y. */
function euclidean(x: Tensor, y: Tensor): Tensor {
  const lengths = (v: Tensor): Tensor => v.square().sum(-1, true);
  return safeRoot(lengths(x).add(lengths(y).mT()).sub(x.matmul(y.mT()).mul(2)).clampMin(0));
}

type CdistRest =
  | [p?: number, computeMode?: ComputeMode]
  | [p: number, options: { readonly computeMode?: ComputeMode }]
  | [options: { readonly p?: number; readonly computeMode?: ComputeMode }];

// A distance has no slope at 0.
const near = (...shape: number[]): Arg => t(shape, { low: -1, high: 1 });
const far = (...shape: number[]): Arg => t(shape, { low: 2, high: 4 });

/**
 * The p-norm distances between the rows of two matrices; p 0 counts differences, Infinity takes the largest. The gradient at 0 is 0.
 * Shape: x1 [..., P, M], x2 [..., R, M] → [..., P, R]; batches broadcast.
 */
export const cdist: Composite<(x1: Tensor, x2: Tensor, ...rest: CdistRest) => Tensor> = {
  rest: true,
  compose: (x1, x2, ...rest) => {
    const { p, computeMode } = parse(rest, { p: 2, computeMode: modes[0] as string });
    checkKnown("computeMode", computeMode, modes);
    if (!(p >= 0)) throw new ArgumentError(`p must not be negative, got ${p}`);
    for (const { shape, dtype } of [x1, operand(x2, "x2")]) {
      checkRank(shape, 2);
      checkFloat(dtype);
    }
    checkAlike(x1, x2);
    const [[rows, width], [others, same]] = [x1.shape.slice(-2), x2.shape.slice(-2)] as [[number, number], [number, number]];
    if (width !== same) throw new ShapeError(`rows of ${show(x1.shape)} and ${show(x2.shape)} differ in length: ${width} ≠ ${same}`);
    // Vectors without elements are at no distance.
    if (width === 0) return x1.matmul(x2.mT());
    const multiplies = computeMode === modes[1] || (computeMode === modes[0] && (rows > few || others > few));
    return p === 2 && multiplies ? euclidean(x1, x2) : x1.unsqueeze(-2).sub(x2.unsqueeze(-3)).vectorNorm(p, -1);
  },
  samples: [
    [near(3, 2), far(4, 2)],
    [near(2, 3, 2), far(2, 2), 1],
    [t([2, 2], { data: [0.3, -0.7, 1.1, 0.2] }), t([2, 2], { data: [2.5, 3.1, 4.2, 2.8] }), { p: Infinity }],
    [near(2, 3), far(2, 3), 3],
    [near(3, 2), far(2, 2), 2, "use_mm_for_euclid_dist"],
    [t([2, 0]), t([3, 0])],
    [t([0, 2]), t([3, 2])],
  ],
  errors: [
    raises([t([2, 2]), t([3, 3])], "differ in length"),
    raises([t([2]), t([3, 2])], "at least 2 dimensions"),
    raises([t([2, 2]), t([3, 2]), -1], "p must not be negative"),
    raises([t([2, 2]), t([3, 2]), 2, "mm"], "unknown computeMode mm"),
    raises([t([2, 2], { dtype: "int32" }), t([3, 2])], "floating"),
  ],
}; // prettier-ignore
