// Diagonals made and added up; tensors with others written to a part of them.
import { parse } from "../../base/options.ts";
import { contiguous } from "../../base/shape.ts";
import { checkRank } from "../arguments.ts";
import { type DiagonalRest, diagonalOf, part } from "../cutting.ts";
import { select, slice } from "../indexing/cut.ts";
import { written } from "../inlaying.ts";
import { type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

/** Matrices with all elements of x, in one row, as their diagonal. */
export const diagflat: Composite<(x: Tensor, offset?: number) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => x.flatten().diagEmbed(parse(rest, { offset: 0 }).offset),
  samples: [[t([2, 2])], [t([]), 1], [t([3]), { offset: -1 }]],
  errors: [raises([t([2]), 0.5], "must be an integer")],
};

/** The sum of the diagonal of a matrix. Integers are counted in int32. */
export const trace: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => (checkRank(x.shape, 2, 2), x.diagonal().sum()),
  samples: [[t([3, 3])], [t([2, 4])], [t([2, 3], { dtype: "int32" })], [t([0, 2])]],
  errors: [raises([t([3])], "2 dimensions")],
};

/** x with src written to a diagonal of it. */
export const diagonalScatter: Composite<(x: Tensor, src: Tensor, ...rest: DiagonalRest) => Tensor> = {
  rest: true,
  compose: (x, src, ...rest) => {
    const attrs = parse(rest, { offset: 0, dim1: 0, dim2: 1 });
    return written(x, src, diagonalOf(contiguous(x.shape), attrs));
  },
  samples: [
    [t([3, 4]), t([3])],
    [t([2, 3, 3]), t([2, 2]), { offset: 1, dim1: 1, dim2: 2 }],
    [t([3, 3]), t([2]), -1],
  ],
  errors: [raises([t([3, 3]), t([2])], "needs [3]"), raises([t([3]), t([1])], "out of range")],
};

/** x with src written at one index of a dimension. */
export const selectScatter: Composite<(x: Tensor, src: Tensor, dim: number, index: number) => Tensor> = {
  rest: true,
  compose: (x, src, ...rest) => written(x, src, part(contiguous(x.shape), select.call(x, ...(rest as [number, number])).attrs)),
  samples: [
    [t([3, 4]), t([4]), 0, 1],
    [t([2, 3]), t([2]), -1, -1],
  ],
  errors: [raises([t([3, 4]), t([3]), 0, 1], "needs [4]"), raises([t([3]), t([]), 0, 3], "out of range")],
};

type SliceScatterFn = (x: Tensor, src: Tensor, dim?: number, start?: number | null, end?: number | null, step?: number) => Tensor;
/** x with src written to a slice of a dimension. */
export const sliceScatter: Composite<SliceScatterFn> = {
  rest: true,
  compose: (x, src, ...rest) => written(x, src, part(contiguous(x.shape), slice.call(x, ...rest).attrs)),
  samples: [
    [t([5, 2]), t([2, 2]), 0, 1, 5, 2],
    [t([2, 4]), t([2, 1]), { dim: 1, start: -1 }],
  ],
  errors: [raises([t([5]), t([2]), 0, 1, 5], "needs [4]")],
};
