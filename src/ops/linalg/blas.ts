// Products of operands of fixed ranks, and over chosen dimensions.
import { isFloat } from "../../base/dtype.ts";
import { DtypeError, ShapeError, show } from "../../base/errors.ts";
import { parse, perDimension } from "../../base/options.ts";
import { sameShape, sizeOf } from "../../base/shape.ts";
import { checkFits, distinct, integer, integers, operand } from "../arguments.ts";
import { type Cases, type Composite, type InPlace, raises, t } from "../op.ts";
import { times } from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

/** A product for operands of exactly these ranks. Errors: ShapeError for others. */
const ranked =
  (second: string, xRank: number, yRank: number, product = (x: Tensor, y: Tensor): Tensor => x.matmul(y), first = "x") =>
  (x: Tensor, y: Tensor): Tensor => {
    const operands = [
      [first, x, xRank],
      [second, y, yRank],
    ] as const;
    for (const [name, value, rank] of operands)
      if (operand(value, name).ndim !== rank) throw new ShapeError(`${name} must have ${rank} dimensions, got ${show(value.shape)}`);
    return product(x, y);
  };

/** Product of two matrices, no broadcasting. */
export const mm: Composite<(x: Tensor, mat2: Tensor) => Tensor> = {
  compose: ranked("mat2", 2, 2),
  samples: [[t([3, 4]), t([4, 2])]],
  errors: [raises([t([3]), t([3, 2])], "x must have 2 dimensions")],
};

/** Product of two batches of matrices of equal length, no broadcasting. */
export const bmm: Composite<(x: Tensor, mat2: Tensor) => Tensor> = {
  compose: ranked("mat2", 3, 3, (x, y) => {
    checkFits("mat2", y.shape, y.shape.with(0, x.shape[0]!));
    return x.matmul(y);
  }),
  samples: [[t([2, 3, 4]), t([2, 4, 2])]],
  errors: [raises([t([2, 3, 4]), t([1, 4, 2])], "mat2 [1, 4, 2] does not fit, needs [2, 4, 2]")],
};

/** Matrix times vector. Shape: [m, k] · [k] → [m]. */
export const mv: Composite<(x: Tensor, vec: Tensor) => Tensor> = {
  compose: ranked("vec", 2, 1),
  samples: [[t([3, 4]), t([4])]],
  errors: [raises([t([3, 4]), t([3])], "inner sizes differ")],
};

/** Inner product of two vectors. */
export const dot: Composite<(x: Tensor, other: Tensor) => Tensor> = {
  compose: ranked("other", 1, 1),
  samples: [[t([5]), t([5])]],
  errors: [raises([t([3]), t([2])], "inner sizes differ"), raises([t([3, 1]), t([3])], "x must have 1 dimensions")],
};

/** Products of all pairs of elements of two vectors. Shape: [m], [n] → [m, n]. */
export const outer: Composite<(x: Tensor, vec2: Tensor) => Tensor> = {
  compose: ranked("vec2", 1, 1, (x, y) => x.unsqueeze(1).mul(y)),
  samples: [[t([3]), t([4])]],
  errors: [raises([t([3, 1]), t([2])], "x must have 1 dimensions")],
};

export interface ScaleOptions {
  /** Factor of the added tensor. Default 1; 0 ignores it, NaN and all. */
  readonly beta?: number;
  /** Factor of the product. Default 1. */
  readonly alpha?: number;
}

type Accumulating = Composite<(x: Tensor, first: Tensor, second: Tensor, options?: ScaleOptions) => Tensor> & InPlace;
/** beta · x + alpha · product, x in the shape of the product. */
const accumulating = (product: (first: Tensor, second: Tensor) => Tensor, { samples, errors }: Cases): Accumulating => ({
  rest: true,
  compose: (x, first, second, ...rest) => {
    const scales = parse(rest, {}, { beta: 1, alpha: 1 });
    // Integer products take integer factors.
    const [beta, alpha] = [scales.beta, scales.alpha].map((v) => (isFloat(x.dtype) ? v : Math.trunc(v))) as [number, number];
    const made = product(first, second);
    const [target, scaled] = [x.expand(made.shape), times(made, alpha)];
    return beta === 0 ? scaled : times(target, beta).add(scaled);
  },
  inplace: true,
  samples,
  errors,
});

/** beta · x + alpha · (mat1 · mat2); x broadcasts. */
export const addmm: Accumulating = accumulating(ranked("mat2", 2, 2, undefined, "mat1"), {
  samples: [
    [t([3, 2]), t([3, 4]), t([4, 2])],
    [t([2]), t([3, 4]), t([4, 2]), { beta: 0.5, alpha: 2 }],
  ],
  errors: [raises([t([3, 2]), t([3, 4]), t([3, 2])], "inner sizes differ"), raises([t([5, 2]), t([3, 4]), t([4, 2])], "does not expand")],
});

/** beta · x + alpha · (mat · vec); x broadcasts. */
export const addmv: Accumulating = accumulating(ranked("vec", 2, 1, undefined, "mat"), {
  samples: [
    [t([3]), t([3, 4]), t([4])],
    [t([1]), t([3, 4]), t([4]), { beta: 0, alpha: -1 }],
  ],
  errors: [raises([t([3]), t([3, 4]), t([3])], "inner sizes differ")],
});

/** beta · x + alpha · (the products of all pairs of elements of two vectors); x broadcasts. */
export const addr: Accumulating = accumulating(
  ranked(
    "vec2",
    1,
    1,
    (x, y) => {
      if (x.dtype === "bool") throw new DtypeError("not defined for bool", "convert to float32 or int32");
      return x.unsqueeze(1).mul(y);
    },
    "vec1",
  ),
  {
    samples: [
      [t([3, 2]), t([3]), t([2])],
      [t([2]), t([3]), t([2]), { beta: 2, alpha: 0.5 }],
    ],
    errors: [
      raises([t([3, 2]), t([3, 1]), t([2])], "vec1 must have 1 dimensions"),
      raises([t([3, 2]), t([3], { dtype: "bool" }), t([2], { dtype: "bool" })], "not defined for bool"),
    ],
  },
);

/** beta · x + alpha · (the products of two batches of matrices, one by one); x broadcasts. */
export const baddbmm: Accumulating = accumulating((batch1, batch2) => operand(batch1, "batch1").bmm(batch2), {
  samples: [
    [t([2, 3, 2]), t([2, 3, 4]), t([2, 4, 2])],
    [t([3, 1]), t([2, 3, 4]), t([2, 4, 2]), { beta: 0.5 }],
  ],
  errors: [raises([t([2, 3, 2]), t([2, 3, 4]), t([1, 4, 2])], "does not fit")],
});

/** beta · x + alpha · (the products of two batches of matrices, added up); x broadcasts. */
export const addbmm: Accumulating = accumulating((batch1, batch2) => operand(batch1, "batch1").bmm(batch2).sum(0), {
  samples: [
    [t([3, 2]), t([2, 3, 4]), t([2, 4, 2])],
    [t([2]), t([2, 3, 4]), t([2, 4, 2]), { alpha: 0.5 }],
  ],
  errors: [raises([t([3, 2]), t([2, 3, 4]), t([1, 4, 2])], "does not fit")],
});

/** Sums of products over the last dimension of both; of a number and a tensor, products. Shape: [..., k], [*, k] → [..., *]. */
export const inner: Composite<(x: Tensor, other: Tensor) => Tensor> = {
  compose: (x, other) => (x.ndim === 0 || operand(other, "other").ndim === 0 ? x.mul(other) : x.tensordot(other, [[-1], [-1]])),
  samples: [
    [t([2, 3]), t([4, 3])],
    [t([3]), t([3])],
    [t([]), t([2])],
  ],
  errors: [raises([t([2, 3]), t([2])], "differ")],
};

/** The inner product of two vectors; of complex ones the first would be conjugated. */
export const vdot: Composite<(x: Tensor, other: Tensor) => Tensor> = {
  renames: true,
  compose: ranked("other", 1, 1, (x, y) => x.dot(y)),
  samples: [[t([4]), t([4])]],
  errors: [raises([t([2, 2]), t([2])], "x must have 1 dimensions")],
};

type Pairs = number | readonly [dims: readonly number[], otherDims: readonly number[]];
type PairsRest = [dims?: Pairs] | [options: { readonly dims?: Pairs }];

/** Sums of products over pairs of dimensions: the last `dims` of x with the first of other, or those listed. The dimensions left follow each other. */
export const tensordot: Composite<(x: Tensor, other: Tensor, ...rest: PairsRest) => Tensor> = {
  rest: true,
  compose: (x, other, ...rest) => {
    const { dims } = parse(rest, { dims: perDimension<Pairs>(2) });
    operand(other, "other");
    const n = typeof dims === "number" ? integer(dims, "dims", 0) : 0;
    if (n > Math.min(x.ndim, other.ndim)) throw new ShapeError(`${n} dims are more than those of ${show(x.shape)} or ${show(other.shape)}`);
    const counted = Array.from({ length: n }, (_, i) => i);
    const [of, to] = typeof dims === "number" ? [counted.map((i) => x.ndim - n + i), counted] : dims;
    const [mine, theirs] = [distinct(integers([of], "dims"), x.ndim), distinct(integers([to], "dims"), other.ndim)];
    const sizes = mine.map((d) => x.shape[d]!);
    if (!sameShape(sizes, theirs.map((d) => other.shape[d]!))) throw new ShapeError(`the sizes of dims ${show(mine)} of ${show(x.shape)} and ${show(theirs)} of ${show(other.shape)} differ`); // prettier-ignore
    const free = (v: Tensor, gone: readonly number[]): number[] => [...v.shape.keys()].filter((d) => !gone.includes(d));
    const [rows, columns] = [free(x, mine), free(other, theirs)];
    const [left, right] = [x.permute([...rows, ...mine]), other.permute([...theirs, ...columns])];
    const count = sizeOf(sizes);
    const [m, k] = [left.shape.slice(0, rows.length), right.shape.slice(theirs.length)];
    return left
      .reshape(sizeOf(m), count)
      .matmul(right.reshape(count, sizeOf(k)))
      .reshape([...m, ...k]);
  },
  samples: [
    [t([2, 3, 4]), t([3, 4, 2])],
    [t([2, 3]), t([4, 3, 2]), [[1, 0], [1, 2]]],
    [t([2]), t([3]), { dims: 0 }],
  ], // prettier-ignore
  errors: [raises([t([2, 3]), t([2, 3]), 1], "differ"), raises([t([2]), t([2]), 2], "2 dims are more")],
};

/** The Kronecker product: every element of x times the whole of other. Shape: sizes multiply, from the last dimension on. */
export const kron: Composite<(x: Tensor, other: Tensor) => Tensor> = {
  compose: (x, other) => {
    const rank = Math.max(x.ndim, operand(other, "other").ndim);
    const sizes = (v: Tensor): number[] => [...new Array<number>(rank - v.ndim).fill(1), ...v.shape];
    const [a, b] = [sizes(x), sizes(other)];
    return x
      .reshape(a.flatMap((n) => [n, 1]))
      .mul(other.reshape(b.flatMap((n) => [1, n])))
      .reshape(a.map((n, i) => n * b[i]!));
  },
  samples: [
    [t([2, 3]), t([2, 2])],
    [t([2]), t([3, 2, 1])],
    [t([]), t([2])],
  ],
  errors: [raises([t([2]), 2], "other must be a tensor")],
};
