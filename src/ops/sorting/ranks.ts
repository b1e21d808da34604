// Elements by their rank or their number along a dimension: the k-th smallest, medians, the most frequent.
import { isFloat } from "../../base/dtype.ts";
import { DtypeError } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { normalizeDim } from "../../base/shape.ts";
import { integer } from "../arguments.ts";
import { checkChoice, distinct } from "../choosing.ts";
import { type Chosen, chosen } from "../named.ts";
import { type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

type Kept = { readonly keepdim?: boolean };
type Along = [dim?: number, keepdim?: boolean] | [dim: number, options: Kept] | [options: Kept & { readonly dim?: number }];

/** Reads dim, by default the last if any, and keepdim. Errors: ShapeError where there is nothing to choose from. */
function along(
  x: Tensor,
  rest: readonly unknown[],
  last: number | undefined = -1,
): { readonly dim: number; readonly keepdim: boolean; readonly size: number } {
  const o = parse(rest, { dim: last as unknown, keepdim: false });
  const dim = normalizeDim(o.dim, x.ndim);
  if (x.ndim > 0) checkChoice(x.shape, [dim]);
  return { dim, keepdim: o.keepdim, size: x.shape[dim] ?? 1 };
}

/** The elements of x at one place of every line along a dimension. */
function taken(x: Tensor, dim: number, places: Tensor, keepdim: boolean): Chosen {
  const values = x.gather(dim, places);
  return keepdim || x.ndim === 0 ? chosen(values, places) : chosen(values.squeeze(dim), places.squeeze(dim));
}

/** The k-th smallest element along a dimension, and where it stands; of equal ones the first counts as smaller. */
export const kthvalue: Composite<(x: Tensor, k: number, ...rest: Along) => Chosen> = {
  rest: true,
  compose: (x, k, ...rest) => {
    const { dim, keepdim } = along(x, rest);
    const first = x.orderedPlaces(dim, integer(k, "k", 1));
    return taken(x, dim, k === 1 ? first : first.narrow(dim, k - 1, 1), keepdim);
  },
  samples: [
    [distinct([2, 5, 2]), 3, 1],
    [distinct([2, 5, 2]), 2, { keepdim: true }],
    [t([]), 1],
    [t([4], { dtype: "int32", data: [3, -1, 3, 2] }), 3],
  ],
  errors: [raises([t([3]), 0], "at least 1"), raises([t([3]), 4], "more than the 3 elements"), raises([t([0, 2]), 1, 0], "no elements")],
};

/** PyTorch's two forms of the median. */
export interface Median {
  (x: Tensor): Tensor;
  (x: Tensor, dim: number, keepdim?: boolean): Chosen;
  (x: Tensor, dim: number, options: Kept): Chosen;
  (x: Tensor, options: Kept & { readonly dim: number }): Chosen;
  readonly method: {
    (): Tensor;
    (dim: number, keepdim?: boolean): Chosen;
    (dim: number, options: Kept): Chosen;
    (options: Kept & { readonly dim: number }): Chosen;
  };
}

/** The lower of the two middle elements along a dimension. A NaN is the median, or counts for nothing. */
function medianAlong(x: Tensor, dim: number, keepdim: boolean, ignore: boolean): Chosen {
  const size = x.shape[dim] ?? 1;
  const order = x.orderedPlaces(dim, size);
  const missing = x.isnan().sum(dim, true);
  const there = missing.neg().add(size);
  // Behind the numbers stands the first NaN.
  const rank = ignore ? there.sub(1).clampMin(0).floorDivide(2) : there.where(missing.gt(0), (size - 1) >> 1);
  return taken(x, dim, order.gather(dim, rank), keepdim);
}

/** The same over all elements. Equal ones share the gradient. */
function medianOf(x: Tensor, ignore: boolean): Tensor {
  if (x.numel() === 0) {
    if (isFloat(x.dtype)) return x.sum().add(NaN);
    throw new DtypeError(`the median of no elements is NaN, which ${x.dtype} does not have`);
  }
  const [values] = medianAlong(x.detach().flatten(), 0, false, ignore);
  if (!x.requiresGrad) return values;
  const equal = x.eq(values).logicalOr(x.isnan().logicalAnd(values.isnan()));
  return x.where(equal, -Infinity).amax();
}

const median_ = (ignore: boolean): Composite<Median> => ({
  rest: true,
  compose: ((x: Tensor, ...rest: readonly unknown[]) => {
    if (rest.every((v) => v === undefined)) return medianOf(x, ignore);
    const { dim, keepdim } = along(x, rest, undefined);
    return medianAlong(x, dim, keepdim, ignore);
  }) as Median,
  samples: [
    [distinct([2, 5, 2])], [distinct([2, 5, 2]), 1], [distinct([2, 5, 2]), { dim: 0, keepdim: true }], [t([]), 0], [t([4], { dtype: "int32", data: [3, -1, 3, 2] })],
    [t([2, 3], { data: [NaN, 1, 2, NaN, NaN, NaN], fixed: true }), 1],
  ], // prettier-ignore
  errors: [
    raises([t([0, 2]), 0], "no elements"),
    raises([t([2]), 1], "out of range"),
    raises([t([0], { dtype: "int32" })], "no elements is NaN"),
  ],
});

/** The lower median of all elements; with a dimension { values, indices } along it. A NaN is the median. */
export const median: Composite<Median> = median_(false);
/** The lower median of all elements that are numbers; with a dimension { values, indices } along it. */
export const nanmedian: Composite<Median> = median_(true);

/** The most frequent value along a dimension, the smallest of several, and where it stands last. Every NaN is a value of its own. */
export const mode: Composite<(x: Tensor, ...rest: Along) => Chosen> = {
  rest: true,
  compose: (x, ...rest) => {
    const { dim, keepdim, size } = along(x, rest);
    if (x.ndim === 0) return x.reshape(1).mode(0);
    const order = x.orderedPlaces(dim, size);
    const sorted = x.detach().gather(dim, order);
    // How many equal ones a place ends: one more than the place before it where that is the same.
    const repeats = sorted.eq(sorted.roll(1, dim)).cast("int32");
    const run = repeats.linearRecurrence(repeats.filledLike(1), dim);
    return taken(x, dim, order.gather(dim, run.argmax(dim, true)), keepdim);
  },
  samples: [
    [distinct([2, 5, 2]), 1],
    [t([3, 4], { dtype: "int32", data: [1, 2, 2, 1, 0, 0, 0, 3, 5, 4, 6, 7] }), { keepdim: true }],
    [t([])],
    [t([6], { data: [2, 1, 3, 1, 2, 1], fixed: true })],
  ],
  errors: [raises([t([0, 2]), 0], "no elements"), raises([t([2]), 1], "out of range")],
};
