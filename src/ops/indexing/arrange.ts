// Arranging: dimensions or elements in another order, repeated, or cut to a triangle; diagonals.
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { contiguous, normalizeDim } from "../../base/shape.ts";
import { checkRank, distinct, integer, integers, listOf, type Sizes } from "../arguments.ts";
import { counted, picked } from "../arranging.ts";
import { type DiagonalAttrs, diagonalOf, type DiagonalRest } from "../cutting.ts";
import { inlaid, putBack } from "../inlaying.ts";
import { type Composite, type Internal, raises, t, type ViewOp } from "../op.ts";
import type { Tensor } from "../tensor.ts";

type Dims = number | readonly number[];

/** A copy of x in which place i of dimension dims[k], of size n, holds what stood at source(i, n, k). */
const reordered = (x: Tensor, dims: readonly number[], source: (i: number, n: number, k: number) => number): Tensor =>
  x.ndim === 0 || dims.length === 0 ? x.clone() : dims.reduce((y, d, k) => picked(y, d, x.shape[d]!, (i) => source(i, x.shape[d]!, k)), x);

/** Dimensions moved to other positions, the rest keeping their order. */
export const movedim: Composite<(x: Tensor, source: Dims, destination: Dims) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const { source, destination } = parse(rest, { source: undefined as Dims | undefined, destination: undefined as Dims | undefined });
    const [from, to] = [distinct(listOf(source, "source"), x.ndim), distinct(listOf(destination, "destination"), x.ndim)];
    if (from.length !== to.length) throw new ShapeError(`source ${show(from)} and destination ${show(to)} differ in length`);
    const others = [...x.shape.keys()].filter((d) => !from.includes(d));
    return x.permute(x.shape.map((_, i) => (to.includes(i) ? from[to.indexOf(i)]! : others.shift()!)));
  },
  samples: [
    [t([2, 3, 1, 2]), [0, 2], [-1, 0]],
    [t([]), 0, 0],
  ],
  errors: [raises([t([2, 3]), [0, 0], [0, 1]], "twice"), raises([t([2, 3]), [0, 1], [0]], "differ in length")],
};

/** The order of the elements reversed along dims. */
export const flip: Composite<(x: Tensor, ...dims: readonly number[] | [dims: readonly number[]] | [options: { dims: Dims }]) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const named = typeof rest[0] === "object" && !Array.isArray(rest[0]) ? [parse(rest, { dims: [] as Dims }).dims] : rest;
    return reordered(x, distinct(integers(named, "dims"), x.ndim), (i, n) => n - 1 - i);
  },
  samples: [
    [t([2, 3]), 1],
    [t([2, 3, 4]), { dims: [0, -1] }],
    [t([]), []],
  ],
  errors: [raises([t([2]), [1]], "out of range"), raises([t([2, 2]), [0, 0]], "twice")],
};

type RollRest = [shifts: Dims, dims?: Dims] | [shifts: Dims, options: { dims?: Dims }];

/** Elements moved by `shifts` along dims, those leaving one end coming back at the other; without dims the tensor rolls as one long row. */
export const roll: Composite<(x: Tensor, ...rest: RollRest) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const given = parse(rest, { shifts: [] as Dims, dims: [] as Dims });
    const shifts = listOf(given.shifts, "shifts");
    if (shifts.length === 0) throw new ArgumentError("shifts is empty");
    const dims = listOf(given.dims, "dims").map((d) => normalizeDim(d, x.ndim));
    if (dims.length === 0 && shifts.length === 1) return x.flatten().roll(shifts, 0).reshape(x.shape);
    if (dims.length !== shifts.length) throw new ShapeError(`${shifts.length} shifts for ${dims.length} dimensions`);
    return reordered(x, dims, (i, n, k) => (n + ((i - shifts[k]!) % n)) % n);
  },
  samples: [
    [t([3, 4]), [1, -2], { dims: [0, 1] }],
    [t([2, 3]), 7],
    [t([0]), 1, 0],
  ],
  errors: [raises([t([5]), []], "empty"), raises([t([5, 5]), [2, 1], 0], "2 shifts for 1"), raises([t([5]), 0, 2], "out of range")],
};

/** The tensor laid side by side: the last dimension sizes[last] times, and so on; more sizes than dimensions add leading ones. */
export const repeat: Composite<(x: Tensor, ...sizes: Sizes) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const times = integers(rest);
    const lead = times.length - x.ndim;
    if (lead < 0 || times.some((n) => n < 0))
      throw new ShapeError(`${show(times)} does not give a count for each dimension of ${show(x.shape)}`);
    const sizes = [...times.slice(0, lead).map(() => 1), ...x.shape];
    const result = x.reshape(sizes.flatMap((d) => [1, d])).expand(sizes.flatMap((d, i) => [times[i]!, d]));
    return result.clone().reshape(sizes.map((d, i) => d * times[i]!));
  },
  samples: [
    [t([3]), 2, 2],
    [t([2]), [0]],
    [t([2, 1, 3]), [2, 4, 3]],
  ],
  errors: [raises([t([2, 2]), [2]], "does not give"), raises([t([2]), [-1]], "does not give")],
};

/** `repeat` that also takes fewer numbers than dimensions: the leading dimensions then stay. */
export const tile: Composite<(x: Tensor, ...times: Sizes) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const times = integers(rest);
    return x.repeat([...x.shape.slice(times.length).map(() => 1), ...times]);
  },
  samples: [
    [t([2, 3]), [2]],
    [t([2]), [2, 2]],
  ],
  errors: [raises([t([2]), [-1]], "does not give")],
};

type Triangle = Composite<(x: Tensor, diagonal?: number) => Tensor> & { readonly inplace: true };

const triangle = (beyond: "gt" | "lt"): Triangle => ({
  rest: true,
  compose: (x, ...rest) => {
    const diagonal = integer(parse(rest, { diagonal: 0 }).diagonal, "diagonal");
    checkRank(x.shape, 2);
    const [rows, columns] = x.shape.slice(-2).map((n) => counted(x, n));
    return x.maskedFill(columns!.sub(rows!.unsqueeze(1))[beyond](diagonal), 0);
  },
  samples: [[t([3, 4]), -1], [t([2, 3, 3]), { diagonal: 1 }], [t([0, 3])]],
  errors: [raises([t([3])], "at least 2 dimensions")],
  inplace: true,
});

/** The lower triangle of matrices (column − row ≤ diagonal), zeros above. */
export const tril: Triangle = triangle("gt");
/** The upper triangle of matrices (column − row ≥ diagonal), zeros below. */
export const triu: Triangle = triangle("lt");

/** An int32 tensor in the shape of x that holds every element's row-major position: 0, 1, 2, … */
export const positions: Composite<(x: Tensor) => Tensor> & Internal = {
  internal: true,
  compose: (x) => x.filledLike(1, [x.numel()]).cumsum(0, { dtype: "int32" }).sub(1).reshape(x.shape),
  backward: "none",
  samples: [[t([2, 3])]],
  errors: [raises(["x"], "must be a tensor")],
};

type InterleaveRest = [dim?: number] | [options: { dim?: number }];

/** Every element `repeats` times in a row along dim; without dim the tensor is flattened first. */
export const repeatInterleave: Composite<(x: Tensor, repeats: number, ...rest: InterleaveRest) => Tensor> = {
  rest: true,
  compose: (x, repeats, ...rest) => {
    const { dim } = parse(rest, { dim: undefined as number | undefined });
    const n = integer(repeats, "repeats", 0);
    const from = dim === undefined || x.ndim === 0 ? x.flatten() : x;
    const at = normalizeDim(dim ?? 0, from.ndim);
    const spread = from.unsqueeze(at + 1).expand(from.shape.toSpliced(at + 1, 0, n));
    return spread.flatten(at, at + 1);
  },
  samples: [
    [t([2, 3]), 2],
    [t([2, 3]), 3, { dim: 1 }],
  ],
  errors: [raises([t([2]), -1], "at least 0"), raises([t([2]), 2, 1], "out of range")],
};

// ---- diagonals

/** The elements of a diagonal, as the last dimension of a view; offset > 0 lies above the main diagonal. */
export const diagonal: ViewOp<(x: Tensor, ...rest: DiagonalRest) => Tensor, DiagonalAttrs> = {
  rest: true,
  call: (x, ...rest) => ({ inputs: { x }, attrs: parse(rest, { offset: 0, dim1: 0, dim2: 1 }) }),
  view: diagonalOf,
  backward: putBack(diagonalOf),
  samples: [
    [t([4, 3]), -1],
    [t([2, 3, 4]), { offset: 1, dim1: -1, dim2: 0 }],
    [t([2, 2]), 3],
  ],
  errors: [raises([t([3])], "out of range"), raises([t([2, 2]), 0, 1, 1], "twice")],
};

/** Matrices that have the last dimension of x as their diagonal, zeros elsewhere. */
export const diagEmbed: Composite<(x: Tensor, ...rest: [offset?: number] | [options: { offset?: number }]) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const { shape, ndim } = x;
    const { offset } = parse(rest, { offset: 0 });
    checkRank(shape, 1);
    const n = shape[ndim - 1]! + Math.abs(integer(offset, "offset"));
    const full = [...shape.slice(0, -1), n, n];
    return inlaid(x, full, diagonalOf(contiguous(full), { offset, dim1: -2, dim2: -1 }));
  },
  samples: [[t([3])], [t([2, 3]), { offset: -1 }]],
  errors: [raises([t([])], "at least 1 dimension")],
};

/** The diagonal of a matrix, or the matrix with this diagonal for a vector. */
export const diag: Composite<(x: Tensor, diagonal?: number) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const { shape, ndim } = x;
    const { diagonal: offset } = parse(rest, { diagonal: 0 });
    checkRank(shape, 1, 2);
    return ndim === 1 ? x.diagEmbed(offset) : x.diagonal(offset).clone();
  },
  samples: [[t([3])], [t([3, 3]), 1]],
  errors: [raises([t([2, 2, 2])], "1 to 2 dimensions")],
};
