// Indexing by tensors: reading at indices beside adding and writing at them, which is the adjoint.
// Index tensors are int32. A bad index throws on the CPU and wherever the host uploaded the indices itself;
// indices computed on the GPU read NaN (0 for integers) there and are dropped when writing.
import { category } from "../../base/dtype.ts";
import { DtypeError } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { normalizeDim } from "../../base/shape.ts";
import { type Along, gathering } from "../../kernels/indexing.ts";
import { operand } from "../arguments.ts";
import { type Cases, type Composite, type InPlace, type Primitive, raises, t } from "../op.ts";
import { times } from "../pointwise.ts";
import { ints, placed, places, putAt, type Slices, writeSlices } from "../slices.ts";
import type { Tensor } from "../tensor.ts";
import { checkPlaces, type Writing, writing } from "../writing.ts";

type Reading = Primitive<(x: Tensor, dim: number, index: Tensor) => Tensor, "x" | "index", "index", Along>;

const reading = (slices: boolean, cases: Cases): Reading => ({
  rest: true,
  call: (x, ...rest) => {
    const o = parse(rest, { dim: undefined as unknown, index: undefined as unknown });
    const { dim, ...inputs } = placed(slices, x, o.dim, o.index);
    return { inputs, attrs: { dim } };
  },
  meta: ({ x, index }, { dim }) => {
    checkPlaces(index, x.shape, dim);
    return { out: { shape: index.shape, dtype: x.dtype } };
  },
  ...gathering,
  save: ["index"],
  backward: (g, { index }, { dim }, ins) => ({ x: () => g.filledLike(0, ins.x.shape).scatterAdd(dim, index, g) }),
  ...cases,
});

/** Picks along dim by an index for every element: out[i][j] = x[index[i][j]][j] for dim 0. Shape: that of index, which is nowhere larger than x except along dim. */
export const gather: Reading = reading(false, {
  samples: [
    [t([3, 4]), 0, ints([2, 3], [0, 2, 1, 1, 1, 0])],
    [t([]), 0, ints([], [0])],
    [t([2, 3, 2]), -1, ints([1, 3, 1], [0, 1, 1])],
  ],
  errors: [
    raises([t([2, 2]), 0, ints([2], [0, 1])], "needs the dimensions of [2, 2]"),
    raises([t([1, 1]), 1, ints([2, 2], [0, 0, 0, 0])], "none larger except dimension 1"),
    raises([t([3]), 0, t([2])], "must be int32"),
  ],
});

/** The slices of a dimension that index (1-D) names, in its order. */
export const indexSelect: Reading = reading(true, {
  samples: [
    [t([3, 4]), -1, ints([3], [3, 0, 3])],
    [t([5, 8]), 0, ints([2], [4, 4])],
    [t([]), 0, ints([1], [0])],
  ],
  errors: [
    raises([t([3]), 1, ints([1], [0])], "out of range"),
    raises([t([3]), 0, ints([1, 1], [0])], "0 to 1 dimensions"),
    raises([t([3]), 0, t([1])], "must be int32"),
  ],
});

// ---- writing --------------------------------------------------------------------------------------------------------

/** Which sources of a write stand, and were not covered by a later one of the same index; false for an index out of range. */
function standing(index: Tensor, dim: number, extent: number): Tensor {
  // Whole slices stand or fall together.
  const once = index.shape.reduce((t, d, i) => (i === dim || index.strides[i] !== 0 ? t : t.narrow(i, 0, Math.min(1, d))), index);
  const turns = once.positions().add(1);
  const last = turns.filledLike(
    0,
    once.shape.map((d, i) => (i === dim ? extent : d)),
  );
  return last.scatter(dim, once, turns).gather(dim, once).eq(turns);
}

/** x with src added at indices along dim: out[index[i][j]][j] += src[i][j] for dim 0. The order of additions is fixed. */
export const scatterAdd: Writing<Tensor> & InPlace = {
  ...writing<Tensor>({
    fold: "added",
    save: { src: ["index"] },
    backward: (g, { index }, { dim }) => ({ x: () => g, src: () => g.gather(dim, index) }),
    samples: [
      [t([3, 4]), 1, ints([3, 2], [0, 0, 3, 1, 2, 2]), t([3, 2])],
      [t([3, 2]), 0, ints([2, 1], [2, 2]), t([3, 2])],
      [t([]), 0, ints([], [0]), t([])],
    ],
    errors: [
      raises([t([3, 5]), 0, ints([1, 2], [0, 1]), t([2])], "needs [1, 2]"),
      raises([t([3]), 0, ints([1, 1], [0]), t([1, 1])], "needs the dimensions of [3]"),
    ],
  }),
  inplace: true,
};

/** x with src (or a number) written at indices along dim; where indices repeat the last source stands. */
export const scatter: Writing<Tensor | number> & InPlace = {
  ...writing<Tensor | number>({
    fold: "last",
    save: ["index"],
    backward: (g, { index }, { dim }, ins) => ({
      x: () => g.scatter(dim, index, 0),
      src: () => g.gather(dim, index).where(standing(index, dim, ins.x.shape[dim] ?? 1), 0),
    }),
    samples: [
      [t([3, 4]), 1, ints([3, 2], [0, 2, 3, 1, 2, 0]), t([3, 2])],
      [t([2, 3]), 0, ints([1, 2], [1, 0]), 1.5],
    ],
    errors: [raises([t([3]), 0, ints([2], [0, 1]), t([1])], "needs [2]")],
  }),
  inplace: true,
};

/** x with the slices of source, times alpha, added at the places of dim that index (1-D) names. */
export const indexAdd: Slices<[options?: { alpha?: number }]> = {
  rest: true,
  compose: (x, dim, index, source, ...rest) => {
    const { alpha } = parse(rest, {}, { alpha: 1 });
    const { dtype } = operand(source, "source");
    if (!Number.isInteger(alpha) && category(dtype) < 2) throw new DtypeError(`alpha ${alpha} does not fit a ${dtype} source`);
    return writeSlices(x, dim, index, times(source, alpha), true);
  },
  inplace: true,
  samples: [
    [t([2, 5]), 1, ints([2], [4, 4]), t([2, 2]), { alpha: -0.5 }],
    [t([]), 0, ints([1], [0]), t([])],
  ],
  errors: [raises([t([3]), 0, ints([2], [0, 1]), t([3])], "needs [2]")],
};

type PutFn = (x: Tensor, index: Tensor, source: Tensor, ...rest: [accumulate?: boolean] | [options: { accumulate?: boolean }]) => Tensor;

/** x with source written (or added, with accumulate) at row-major positions, negative ones from the end; where they repeat the last stands. */
export const put: Composite<PutFn> & InPlace = {
  rest: true,
  compose: (x, index, source, ...rest) => {
    const { accumulate } = parse(rest, { accumulate: false });
    return putAt(x, places(index, x.numel()), operand(source, "source"), accumulate);
  },
  inplace: true,
  samples: [
    [t([2, 3]), ints([2, 2], [1, 1, 0, 5]), t([4]), true],
    [t([3]), ints([0], []), t([0])],
    [t([2, 3]), ints([2], [-1, 0]), t([2])],
  ],
  errors: [raises([t([3]), ints([2], [0, 1]), t([3])], "needs [2]")],
};

/** gather with an index that broadcasts against x; without dim both are taken as flat. */
export const takeAlongDim: Composite<(x: Tensor, indices: Tensor, ...rest: [dim?: number] | [options: { dim?: number }]) => Tensor> = {
  rest: true,
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

/** The elements at row-major positions, negative ones from the end, in the shape of index. */
export const take: Composite<(x: Tensor, index: Tensor) => Tensor> = {
  compose: (x, index) => x.flatten().gather(0, places(index, x.numel())).reshape(index.shape),
  samples: [
    [t([3, 4]), ints([2, 2], [0, 11, 5, 5])],
    [t([2, 3]), ints([2], [-1, -6])],
  ],
  errors: [raises([t([3]), t([2])], "must be int32"), raises([t([3]), ints([1], [-4])], "out of range")],
};

/** x with the slices of source written at the places of dim that index (1-D) names; where indices repeat the last one stands. */
export const indexCopy: Slices = {
  compose: (x, dim, index, source) => writeSlices(x, dim, index, source, false),
  inplace: true,
  samples: [[t([3, 4]), 0, ints([2], [0, 2]), t([2, 4])]],
  errors: [raises([t([3]), 0, ints([2], [0, 1]), t([3])], "needs [2]")],
};

/** x with value (a number or 0-d tensor) in the slices of dim that index (1-D) names. */
export const indexFill: Composite<(x: Tensor, dim: number, index: Tensor, value: Tensor | number) => Tensor> & InPlace = {
  compose: (x, dim, index, value) => {
    const { dim: at, index: each } = placed(true, x, dim, index);
    return x.scatter(at, each, x.filledLike(0, []).fill(value));
  },
  inplace: true,
  samples: [
    [t([3, 4]), 0, ints([2], [0, 2]), 1.5],
    [t([2, 3]), 1, ints([1], [1]), t([])],
  ],
  errors: [raises([t([3]), 0, ints([1], [0]), t([2])], "0-d tensor")],
};
