// Tensors fitted to a size: summed, cut, padded; and diagonals filled.
import { parse } from "../../base/options.ts";
import { ShapeError, show } from "../../base/errors.ts";
import { contiguousStrides } from "../../base/shape.ts";
import { checkRank, integers, type Sizes } from "../arguments.ts";
import { written } from "../inlaying.ts";
import { type Composite, type InPlace, type Internal, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

/** x summed over the dimensions that a tensor of this shape would be repeated in. */
export const sumToSize: Composite<(x: Tensor, ...size: Sizes) => Tensor> = {
  rest: true,
  compose: (x, ...size) => {
    const sizes = integers(size);
    return sizes.length === 0 ? x.sum() : x.sumTo(sizes);
  },
  samples: [
    [t([2, 3]), 3],
    [t([2, 3, 2]), [3, 1]],
    [t([2, 3]), []],
  ],
  errors: [raises([t([2, 3]), 2], "do not broadcast"), raises([t([1, 3]), 2, 3], "does not sum to")],
};

/** A copy of `length` elements along dim, from `start` on. */
export const narrowCopy: Composite<(x: Tensor, dim: number, start: number, length: number) => Tensor> = {
  compose: (x, dim, start, length) => x.narrow(dim, start, length).clone(),
  samples: [
    [t([3, 4]), 1, 1, 2],
    [t([3]), 0, -2, 0],
  ],
  errors: [raises([t([3]), 0, 2, 2], "leave dimension 0")],
};

/** `pad` with a constant: amounts from the last dimension on, negative ones crop. */
export const constantPadNd: Composite<(x: Tensor, pad: readonly number[], value?: number) => Tensor> = {
  rest: true,
  compose: (x, pad, ...rest) => x.pad(pad, "constant", parse(rest, { value: 0 }).value),
  samples: [
    [t([2, 3]), [1, -1], 2],
    [t([2]), [0, 1]],
  ],
  errors: [raises([t([2]), [1]], "no list of pairs")],
};

type Wrap = [wrap?: boolean] | [options: { readonly wrap?: boolean }];

/** x with `value` along its main diagonal; with `wrap` that of a tall matrix begins anew below the last column, one row left out. */
export const fillDiagonal: Composite<(x: Tensor, value: number, ...rest: Wrap) => Tensor> & InPlace & Internal = {
  internal: true,
  inplace: true,
  rest: true,
  compose: (x, value, ...rest) => {
    const { wrap } = parse(rest, { wrap: false });
    const { shape } = x;
    checkRank(shape, 2);
    const [rows, columns] = shape as [number, number];
    if (shape.length > 2 && shape.some((n) => n !== rows)) throw new ShapeError(`all sizes must be equal, got ${show(shape)}`);
    const step = contiguousStrides(shape).reduce((sum, stride) => sum + stride, 0);
    const length = shape.length === 2 && wrap ? Math.ceil((rows * columns) / step) : Math.min(...shape);
    return written(x, x.filledLike(0, [length]).fill(value), { shape: [length], strides: [step], offset: 0 });
  },
  samples: [
    [t([3, 4]), 2],
    [t([7, 3]), 1.5, true],
    [t([2, 2, 2]), -1],
    [t([2, 0]), 1],
  ],
  errors: [raises([t([3]), 1], "at least 2 dimensions"), raises([t([2, 3, 2]), 1], "all sizes must be equal")],
};
