// PyTorch's x[…] for TypeScript, one-hot rows and embeddings: what reads by index, composed from gather.ts.
import { checkFloat, wrapped } from "../../base/checks.ts";
import { ArgumentError, show } from "../../base/errors.ts";
import { either, parse } from "../../base/options.ts";
import type { Shape } from "../../base/shape.ts";
import { type Along, gathering, visible } from "../../kernels/indexing.ts";
import { checkIndex, checkRank, integer, operand } from "../arguments.ts";
import { type Index, indexed, spread } from "../index-list.ts";
import { type Composite, type Internal, type Primitive, raises, t } from "../op.ts";
import { type Elementwise, pointwise } from "../pointwise.ts";
import { putAt } from "../slices.ts";
import type { Tensor } from "../tensor.ts";

const ints = (shape: readonly number[], data: readonly number[]): unknown => t(shape, { dtype: "int32", data });
const mask = (shape: readonly number[], data: readonly number[]): unknown => t(shape, { dtype: "bool", data });

/**
 * PyTorch's x[…]: numbers, { start, stop, step } slices, ":" and "..." for whole dimensions, null for a new one, int32 index tensors and
 * boolean masks, also as lists: `x.at([2, 0])` is x[[2, 0]]. Without tensors and lists the result is a view. Errors: ArgumentError for a mask on the GPU, whose count only a read can tell.
 */
export const index: Composite<(x: Tensor, indices: readonly Index[]) => Tensor> = {
  compose: (x, indices) => indexed(x, indices),
  samples: [
    [t([3, 4, 2]), [null, -1, { start: 1 }, ":"]],
    [t([3, 4]), ["...", { step: 2 }]],
    [t([3, 4, 2]), [ints([2], [0, -1]), ints([2], [1, 3])]],
    [t([3, 4, 2]), [ints([2, 1], [0, 2]), ":", ints([2], [1, 0])]],
    [t([3, 4, 2]), [mask([3], [1, 0, 1]), 1]],
    [t([2, 2, 2]), ["...", mask([2, 2], [1, 0, 1, 1])]],
    [t([3, 4]), [[2, -3], { step: 2 }]],
    [t([3, 4]), [":", [true, false, false, true]]],
    [t([3]), [[]]],
  ],
  errors: [
    raises([t([3]), [3]], "out of range"),
    raises([t([3]), [0, 0]], "too many indices"),
    raises([t([3]), [mask([2], [1, 0])]], "does not fit"),
    raises([t([3]), [{ step: -1 }]], "step must be"),
    raises([t([3]), [[0, 3]]], "out of range"),
    raises([t([3]), [[0, 0.5]]], "is no index"),
    raises([t([3]), [true]], "is no index"),
    raises([t([3]), [[true]]], "does not fit"),
  ],
};

/** `index` with the indices spread out: `x.at(0, { start: 1, stop: 5 }, "...", null)` is PyTorch's x[0, 1:5, ..., None]. */
export const at: Composite<(x: Tensor, ...indices: readonly Index[]) => Tensor> = {
  rest: true,
  compose: (x, ...indices) => indexed(x, indices),
  samples: [[t([3, 4]), { start: 1 }, "..."]],
  errors: [raises([t([3]), 3], "out of range")],
};

type IndexPutFn = (
  x: Tensor,
  indices: readonly Index[],
  values: Tensor | number,
  ...rest: [accumulate?: boolean] | [options: { accumulate?: boolean }]
) => Tensor;

/** A copy of x in which the elements that `index` would show are replaced by values (broadcast), or added to with accumulate. */
export const indexPut: Composite<IndexPutFn> = {
  rest: true,
  compose: (x, indices, values, ...rest) => {
    const { accumulate } = parse(rest, { accumulate: false });
    const places = indexed(x.detach().positions(), indices);
    return putAt(x, places, spread(x, values, places.shape), accumulate);
  },
  samples: [
    [t([3, 4]), [1], 1.5],
    [t([3, 4]), [ints([3], [0, -1, 0]), 1], t([3]), true],
  ],
  errors: [raises([t([3]), [ints([1], [0])], t([2])], "does not expand")],
};

/** Row-major positions, one dimension at a time: before · size + index, a negative index counting from the end, −1 where it is out of range. */
export const flatIndex: Elementwise<(index: Tensor, before: Tensor | number, size: number) => Tensor> & Internal = {
  ...pointwise({
    wgsl: { int: "select(-1, x * z + select(y, y + z, y < 0), x >= 0 && y >= -z && y < z)" },
    cpu: (x, y, z) => (x >= 0 && y >= -z && y < z ? x * z + (y < 0 ? y + z : y) : -1),
    call: (given: Tensor, before: Tensor | number, size: number) => ({
      inputs: { x: before, y: operand(given, "index"), z: size },
      attrs: {},
    }),
    dtype: ({ y }) => {
      checkIndex(y!);
      return "int32";
    },
    backward: "none",
    samples: [
      [ints([3], [0, -1, 2]), 0, 3],
      [ints([3], [0, -1, 2]), ints([2, 1], [0, 1]), 3],
    ],
    errors: [raises([t([2]), 0, 3], "must be int32")],
  }),
  internal: true,
};

/** Rows of zeros with a 1 at each class number. Shape: [..., numClasses]; without numClasses, the largest class + 1, which only the CPU can know. */
export const oneHot: Composite<(x: Tensor, numClasses?: number) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const given = parse(rest, { numClasses: -1 }).numClasses;
    checkIndex(x);
    const known = visible(x);
    if (given === -1 && !known?.length) throw new ArgumentError(`numClasses must be given for ${show(x.shape)} on ${x.device.type}`);
    const n = given === -1 ? Array.from(known!).reduce((a, b) => Math.max(a, b), 0) + 1 : integer(given, "numClasses", 1);
    return x.filledLike(0, [...x.shape, n]).scatter(-1, x.unsqueeze(-1), 1);
  },
  samples: [
    [ints([2, 2], [0, 2, 1, 1]), 3],
    [ints([], [1]), { numClasses: 2 }],
  ],
  errors: [raises([t([2]), 3], "must be int32"), raises([ints([2], [0, 1]), 0], "at least 1")],
  backward: "none",
};

export interface EmbeddingOptions {
  readonly paddingIdx?: number | null;
  readonly maxNorm?: number | null;
  readonly normType?: number;
  readonly scaleGradByFreq?: boolean;
  readonly sparse?: boolean;
}

/** Scales the rows of weight that index names down to `most`, in place, as PyTorch's maxNorm does. */
function renormalise(weight: Tensor, index: Tensor, most: number, p: number): void {
  const table = weight.detach();
  const rows = table.gather(0, index);
  const length = rows
    .abs()
    .pow(p)
    .sum(1, true)
    .pow(1 / p);
  table.scatter_(0, index, rows.mul(length.add(1e-7).reciprocal().mul(most).clampMax(1)));
}

export interface EmbeddingAttrs extends Along {
  readonly shape: Shape;
  readonly padding: number | null;
  readonly scaleGradByFreq: boolean;
}

/**
 * Rows of weight ([rows, size]) by int32 index. Shape: [...x, size]. The row paddingIdx gets no gradient; scaleGradByFreq divides a row's
 * gradient by how often it occurs; maxNorm first scales the rows in use down to that norm, in place.
 */
export const embedding: Primitive<
  (x: Tensor, weight: Tensor, ...rest: [paddingIdx?: number | null] | [options: EmbeddingOptions]) => Tensor,
  "x" | "index",
  "index",
  EmbeddingAttrs
> = {
  rest: true,
  call: (x, weight, ...rest) => {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = parse(rest, {
      paddingIdx: either<number | null>(null, "integer", "null"),
      maxNorm: either<number | null>(null, "number", "null"),
      normType: 2,
      scaleGradByFreq: false,
      sparse: false,
    });
    checkIndex(operand(x));
    const { shape, dtype } = operand(weight, "weight");
    checkRank(shape, 2, 2);
    checkFloat(dtype);
    const [rows, size] = shape as [number, number];
    const padding = paddingIdx === null ? null : wrapped(integer(paddingIdx, "paddingIdx"), 0, rows);
    if (sparse) throw new ArgumentError("sparse gradients are not available");
    const index = x.flatten().unsqueeze(1).expand(x.numel(), size);
    if (maxNorm !== null) renormalise(weight, index, maxNorm, normType);
    return { inputs: { x: weight, index }, attrs: { dim: 0, shape: [...x.shape, size], padding, scaleGradByFreq } };
  },
  meta: (ins, { shape }) => ({ out: { shape, dtype: ins.x.dtype } }),
  ...gathering,
  save: ["index"],
  backward: (g, { index }, { padding, scaleGradByFreq }, ins) => ({
    x: () => {
      const zeros = g.filledLike(0, ins.x.shape);
      let parts = g.reshape(index.shape);
      if (padding !== null) parts = parts.mul(index.ne(padding));
      if (scaleGradByFreq) parts = parts.div(zeros.scatterAdd(0, index, g.filledLike(1, index.shape)).gather(0, index));
      return zeros.scatterAdd(0, index, parts);
    },
  }),
  samples: [
    [ints([2, 2], [0, 2, 2, 1]), t([3, 4])],
    [ints([], [1]), t([3, 2]), { paddingIdx: -1 }],
  ],
  errors: [
    raises([ints([2], [0, 1]), t([3])], "needs 2 dimensions"),
    raises([t([2]), t([3, 2])], "must be int32"),
    raises([ints([1], [0]), t([3, 2]), 5], "out of range"),
  ],
};
