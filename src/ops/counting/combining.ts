// Elements and their places combined: pairs and longer rows of them, coordinates, masked writes, slices of a limited norm, both extremes.
import { ArgumentError, DtypeError, ShapeError, show } from "../../base/errors.ts";
import { checkKinds, checkNonNegative } from "../../base/checks.ts";
import { hostArray, type TypedArray } from "../../base/dtype.ts";
import { parse } from "../../base/options.ts";
import { broadcastShapes, checkShape, normalizeDim, sizeOf } from "../../base/shape.ts";
import { visible } from "../../kernels/indexing.ts";
import { checkIndex, checkRank, checkSource, integer, listOf, operand } from "../arguments.ts";
import { joined } from "../arranging.ts";
import { distinct } from "../choosing.ts";
import { type NamedPair, namedPair } from "../named.ts";
import { type Composite, type InPlace, raises, t } from "../op.ts";
import { over } from "../reducing.ts";
import { ints } from "../slices.ts";
import type { Tensor } from "../tensor.ts";

interface DimOptions {
  readonly dim?: number | null;
  readonly keepdim?: boolean;
}

/** The smallest and the largest element, of all or along a dimension; equal ones share the gradient, NaN wins. */
export const aminmax: Composite<(x: Tensor, options?: DimOptions) => NamedPair<"min", "max">> = {
  rest: true,
  compose: (x, ...rest) => {
    const { dims, keepdim } = over(x, [parse(rest, {}, { dim: null as number | null, keepdim: false })]);
    return namedPair(["min", "max"], x.amin(dims, keepdim), x.amax(dims, keepdim));
  },
  samples: [[distinct([3, 4])], [distinct([3, 4]), { dim: -1, keepdim: true }], [t([])], [t([3], { data: [1, NaN, 2], fixed: true })]],
  errors: [raises([t([0])], "no elements"), raises([t([2]), { dim: 1 }], "out of range")],
};

interface CombinationOptions {
  readonly withReplacement?: boolean;
}
type CombinationRest =
  | [r?: number, withReplacement?: boolean]
  | [r: number, options: CombinationOptions]
  | [options: CombinationOptions & { readonly r?: number }];

/** The number of ways to choose r of n. */
function chooseCount(n: number, r: number): number {
  let count = n < r ? 0 : 1;
  // Whole at every step; too large a number may round, it is refused anyhow.
  for (let k = 1; k <= Math.min(r, n - r) && Number.isFinite(count); k++) count = (count * (n - k + 1)) / k;
  return count;
}

/** The next row of places below n, in lexicographic order. */
function advance(row: TypedArray, n: number, repeated: boolean): void {
  const r = row.length;
  const step = repeated ? 0 : 1;
  let i = r - 1;
  while (i > 0 && row[i] === n - 1 - step * (r - 1 - i)) i--;
  row[i]!++;
  for (let k = i + 1; k < r; k++) row[k] = row[k - 1]! + step;
}

/** Rows of r elements of a vector, in its order: every choice of r places once, or with replacement also with places repeated. */
export const combinations: Composite<(x: Tensor, ...rest: CombinationRest) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const { r, withReplacement } = parse(rest, { r: 2, withReplacement: false });
    checkRank(x.shape, 1, 1);
    integer(r, "r", 0);
    const n = x.numel();
    const count = chooseCount(withReplacement ? n + r - 1 : n, r);
    // Measured before anything is made.
    sizeOf([count, r]);
    const places = hostArray("int32", count * r);
    const row = hostArray("int32", Math.min(r, places.length));
    if (!withReplacement) row.forEach((_, i) => (row[i] = i));
    for (let at = 0; at < places.length; at += r) {
      places.set(row, at);
      advance(row, n, withReplacement);
    }
    const rows = x.indexSelect(0, x.uploadedLike("int32", places, [places.length]));
    return r === 0 ? rows : rows.reshape(count, r);
  },
  samples: [[t([4])], [t([3]), 3, true], [t([3]), { r: 1 }], [t([2]), 3], [t([2]), 0], [ints([3], [5, 6, 7]), 2]],
  errors: [raises([t([2, 2])], "needs 1 dimensions"), raises([t([2]), -1], "at least 0"), raises([t([100]), 50], "elements")],
};

/** The coordinates of row-major positions in a tensor of a shape: one tensor per dimension, in the shape of x. */
export const unravelIndex: Composite<(x: Tensor, shape: number | readonly number[]) => Tensor[]> = {
  rest: true,
  compose: (x, ...rest) => {
    const { shape } = parse(rest, { shape: [] as number | readonly number[] });
    checkIndex(x);
    let left = x;
    return checkShape(listOf(shape, "shape"))
      .toReversed()
      .map((size) => {
        const before = left.floorDivide(size);
        const coordinate = left.sub(before.mul(size));
        left = before;
        return coordinate;
      })
      .toReversed();
  },
  backward: "none",
  samples: [
    [ints([2, 2], [0, 5, 11, 7]), [3, 4]],
    [ints([], [3]), 4],
    [ints([2], [0, 1]), []],
  ],
  errors: [raises([t([2]), [2, 2]], "must be int32"), raises([ints([1], [0]), [-1]], "no shape")],
};

/** x with the elements of source, in their order, at the places where mask is true. Shape: x and mask broadcast. */
export const maskedScatter: Composite<(x: Tensor, mask: Tensor, source: Tensor) => Tensor> & InPlace = {
  compose: (x, mask, source) => {
    checkSource(operand(source, "source"), x);
    if (operand(mask, "mask").dtype !== "bool") throw new DtypeError(`the mask must be bool, got ${mask.dtype}`);
    const shape = broadcastShapes(x.shape, mask.shape);
    const wide = mask.expand(shape);
    const wanted = Array.from(visible(wide) ?? []).filter(Boolean).length;
    if (wanted > source.numel()) throw new ShapeError(`${show(source.shape)} has fewer elements than the mask asks for, ${wanted}`);
    // Counted from 1; before the first stands what the mask leaves out.
    const number = wide.flatten().cumsum(0).mul(wide.flatten());
    const line = joined([x.filledLike(0, [1]), source.flatten()], 0);
    return line.indexSelect(0, number).reshape(shape).where(wide, x);
  },
  inplace: true,
  samples: [
    [t([2, 3]), t([2, 3], { dtype: "bool", data: [1, 0, 1, 0, 1, 1] }), t([5])],
    [t([2, 3]), t([3], { dtype: "bool", data: [1, 0, 1] }), t([2, 2])],
    [t([2]), t([2], { dtype: "bool", data: [0, 0] }), t([0])],
    [t([]), t([], { dtype: "bool", data: [1] }), t([1])],
  ],
  errors: [
    raises([t([3]), t([3], { dtype: "bool", data: [1, 1, 1] }), t([2])], "fewer elements"),
    raises([t([3]), t([3]), t([3])], "must be bool"),
    raises([t([3]), t([3], { dtype: "bool" }), t([3], { dtype: "int32" })], "the source is int32"),
    raises([t([3]), t([2], { dtype: "bool" }), t([3])], "do not broadcast"),
  ],
};

/** x in which slices along dim with a p-norm above `maxnorm` are scaled down to it. */
export const renorm: Composite<(x: Tensor, p: number, dim: number, maxnorm: number) => Tensor> & InPlace = {
  rest: true,
  compose: (x, ...rest) => {
    const none = undefined as unknown as number;
    const { p, dim, maxnorm } = parse(rest, { p: none, dim: none, maxnorm: none });
    checkKinds({ p, maxnorm }, { p: 0, maxnorm: 0 });
    checkRank(x.shape, 2);
    if (!(p > 0)) throw new ArgumentError(`p must be positive, got ${String(p)}`);
    checkNonNegative({ maxnorm });
    const at = normalizeDim(dim, x.ndim);
    const others = [...x.shape.keys()].filter((d) => d !== at);
    const norm = x.vectorNorm(p, others, true);
    return x.mul(norm.add(1e-7).reciprocal().mul(maxnorm).where(norm.gt(maxnorm), 1));
  },
  inplace: true,
  samples: [
    [t([3, 4]), 2, 0, 2],
    [t([2, 3, 2]), 1, -2, 4],
    [t([3, 2], { data: [1, 2, 3, 4, 0.1, 0.2] }), { p: Infinity, dim: 0, maxnorm: 1 }],
    [t([0, 2]), 2, 0, 1],
  ],
  errors: [
    raises([t([3]), 2, 0, 1], "at least 2 dimensions"),
    raises([t([2, 2]), 0, 0, 1], "p must be positive"),
    raises([t([2, 2]), 2, 0, -1], "maxnorm must not be negative"),
    raises([t([2, 2], { dtype: "int32" }), 2, 0, 1], "floating"),
  ],
};
