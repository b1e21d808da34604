// Indexing by tensors, in further forms.
import { parse } from "../base/options.ts";
import { normalizeDim } from "../base/shape.ts";
import { operand } from "../ops/arguments.ts";
import { type Composite, raises, t } from "../ops/op.ts";
import { ints, placed, type Slices, writeSlices } from "../ops/slices.ts";
import type { Tensor } from "../tensor.ts";

/** gather with an index that broadcasts against x; without dim both are taken as flat. */
export const takeAlongDim: Composite<(x: Tensor, indices: Tensor, ...rest: [dim?: number] | [options: { dim?: number }]) => Tensor> = {
  compose: (x, indices, ...rest) => {
    operand(indices, "indices");
    const { dim } = parse(rest, { dim: undefined as number | undefined });
    if (dim === undefined) return x.flatten().gather(0, indices.flatten());
    const at = normalizeDim(dim, x.ndim);
    // What does not fit, gather refuses.
    if (x.ndim !== indices.ndim) return x.gather(at, indices);
    const common = x.shape.map((d, i) => (i === at ? -1 : d === 1 ? indices.shape[i]! : d));
    return x.expand(common).gather(at, indices.expand(common));
  },
  samples: [
    [t([3, 4]), ints([3, 1], [0, 3, 2]), 1],
    [t([2, 3]), ints([2], [5, 0])],
    [t([3, 1]), ints([1, 2], [2, 0]), { dim: 0 }],
  ],
  errors: [raises([t([2, 2]), ints([2], [0, 1]), 0], "needs the dimensions of [2, 2]")],
};

/** The elements at row-major positions, in the shape of index. */
export const take: Composite<(x: Tensor, index: Tensor) => Tensor> = {
  compose: (x, index) => x.flatten().gather(0, operand(index, "index").flatten()).reshape(index.shape),
  samples: [[t([3, 4]), ints([2, 2], [0, 11, 5, 5])]],
  errors: [raises([t([3]), t([2])], "must be int32")],
};

/** x with the slices of source written at the places of dim that index (1-D) names; where indices repeat the last one stands. */
export const indexCopy: Slices = {
  compose: (x, dim, index, source) => writeSlices(x, dim, index, source, false),
  inplace: true,
  samples: [[t([3, 4]), 0, ints([2], [0, 2]), t([2, 4])]],
  errors: [raises([t([3]), 0, ints([2], [0, 1]), t([3])], "needs [2]")],
};

/** x with value (a number or 0-d tensor) in the slices of dim that index (1-D) names. */
export const indexFill: Composite<(x: Tensor, dim: number, index: Tensor, value: Tensor | number) => Tensor> = {
  compose: (x, dim, index, value) => {
    const { dim: at, index: each } = placed(true, x, dim, index);
    return x.scatter(at, each, x.filledLike(0, []).fill(value));
  },
  samples: [
    [t([3, 4]), 0, ints([2], [0, 2]), 1.5],
    [t([2, 3]), 1, ints([1], [1]), t([])],
  ],
  errors: [raises([t([3]), 0, ints([1], [0]), t([2])], "0-d tensor")],
};
