// Elements put in order, all of a line or the first ones: their places, which all else here is made of, and the values there.
import { ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { normalizeDim } from "../../base/shape.ts";
import { type Order, ordering } from "../../kernels/sort.ts";
import { integer, withSize } from "../arguments.ts";
import { distinct } from "../choosing.ts";
import { type Chosen, chosen } from "../named.ts";
import { type Composite, type Internal, type Primitive, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

type PlacesFn = (x: Tensor, dim: number, count: number, options?: { readonly descending?: boolean }) => Tensor;

/** Where the first `count` elements of every line along a dimension stand, in their order: equal ones as they stand, NaN as the largest. */
export const orderedPlaces: Primitive<PlacesFn, "x", never, Order> & Internal = {
  internal: true,
  rest: true,
  call: (x, ...rest) => {
    const o = parse(rest, { dim: undefined as unknown, count: undefined as unknown }, { descending: false });
    const dim = normalizeDim(o.dim, x.ndim);
    const size = x.shape[dim] ?? 1;
    const count = integer(o.count, "k", 0);
    if (count > size) throw new ShapeError(`k ${count} is more than the ${size} elements along dimension ${dim} of ${show(x.shape)}`);
    return { inputs: { x }, attrs: { dim, count, descending: o.descending } };
  },
  meta: ({ x }, { dim, count }) => ({ out: { shape: withSize(x.shape, dim, count), dtype: "int32" } }),
  ...ordering,
  backward: "none",
  samples: [
    [t([3, 4]), 1, 4],
    [t([2, 5, 3]), -2, 2, { descending: true }],
    [t([6], { data: [2, NaN, -1, Infinity, 2, NaN] }), 0, 6],
    [t([5], { dtype: "int32", data: [3, -1, 3, 2, -7] }), 0, 3, { descending: true }],
    [t([4], { dtype: "bool", data: [1, 0, 1, 0] }), 0, 4],
    [t([]), 0, 1],
    [t([0, 2]), 1, 1],
  ],
  errors: [
    raises([t([3]), 0, 4], "more than the 3 elements"),
    raises([t([3]), 1, 1], "out of range"),
    raises([t([3]), 0, -1], "at least 0"),
  ],
};

interface SortOptions {
  readonly dim?: number;
  readonly descending?: boolean;
  readonly stable?: boolean;
}
type SortRest =
  | [dim?: number, descending?: boolean, options?: Pick<SortOptions, "stable">]
  | [dim: number, options: Omit<SortOptions, "dim">]
  | [options: SortOptions];

/** Reads what sort and argsort are given. Every sort here is stable. */
function placesOf(x: Tensor, rest: readonly unknown[]): { readonly dim: number; readonly indices: Tensor } {
  const o = parse(rest, { dim: -1 as unknown, descending: false }, { stable: false });
  const dim = normalizeDim(o.dim, x.ndim);
  return { dim, indices: x.orderedPlaces(dim, x.shape[dim] ?? 1, { descending: o.descending }) };
}

/** The elements along a dimension in order, and where they stood: equal ones keep theirs, NaN counts as the largest. */
export const sort: Composite<(x: Tensor, ...rest: SortRest) => Chosen> = {
  rest: true,
  compose: (x, ...rest) => {
    const { dim, indices } = placesOf(x, rest);
    return chosen(x.gather(dim, indices), indices);
  },
  samples: [
    [distinct([3, 4])],
    [distinct([2, 5, 3]), 1, true],
    [t([]), { stable: true }],
    [t([4], { dtype: "int32", data: [3, -1, 3, 2] }), 0],
  ],
  errors: [raises([t([2, 3]), 2], "out of range"), raises([t([3]), 0, false, true], "one argument too many")],
};

/** Where the elements along a dimension stand, in their order: equal ones as they stand, NaN as the largest. */
export const argsort: Composite<(x: Tensor, ...rest: SortRest) => Tensor> = {
  rest: true,
  backward: "none",
  compose: (x, ...rest) => placesOf(x, rest).indices,
  samples: [[distinct([3, 4])], [distinct([2, 5]), { dim: 0, descending: true }], [t([4], { dtype: "uint8", data: [3, 1, 3, 2] }), 0]],
  errors: [raises([t([2, 3]), -3], "out of range")],
};

/** The elements along dimension 0 in order. */
export const msort: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => x.sort(0)[0],
  samples: [[distinct([4])], [distinct([3, 2])], [t([])]],
  errors: [raises([t([2]), 0], "one argument too many")],
};

interface TopOptions {
  readonly dim?: number;
  readonly largest?: boolean;
  readonly sorted?: boolean;
}
type TopRest =
  | [dim?: number, largest?: boolean, sorted?: boolean]
  | [dim: number, largest: boolean, options: Pick<TopOptions, "sorted">]
  | [dim: number, options: Omit<TopOptions, "dim">]
  | [options: TopOptions];

/** The k largest (or smallest) elements along a dimension, always in order, and where they stand; of equal ones the first. */
export const topk: Composite<(x: Tensor, k: number, ...rest: TopRest) => Chosen> = {
  rest: true,
  compose: (x, k, ...rest) => {
    const o = parse(rest, { dim: -1 as unknown, largest: true, sorted: true });
    const dim = normalizeDim(o.dim, x.ndim);
    const indices = x.orderedPlaces(dim, k, { descending: o.largest });
    return chosen(x.gather(dim, indices), indices);
  },
  samples: [
    [distinct([3, 4]), 2],
    [distinct([5, 2]), 3, 0, false],
    [t([]), 1],
    [distinct([3]), 0],
    [t([4], { dtype: "int32", data: [3, -1, 3, 2] }), 2, { largest: false }],
  ],
  errors: [raises([t([3]), 4], "more than the 3 elements"), raises([t([3]), -1], "at least 0"), raises([t([3]), 1, 1], "out of range")],
};
