// Products of operands of fixed ranks.
import { isFloat } from "../../base/dtype.ts";
import { ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { checkFits, operand } from "../arguments.ts";
import { type Composite, type InPlace, raises, t } from "../op.ts";
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

/** beta · x + alpha · (mat1 · mat2); x broadcasts. */
export const addmm: Composite<(x: Tensor, mat1: Tensor, mat2: Tensor, options?: ScaleOptions) => Tensor> & InPlace = {
  rest: true,
  compose: (x, mat1, mat2, ...rest) => {
    const scales = parse(rest, {}, { beta: 1, alpha: 1 });
    // Integer products take integer factors.
    const [beta, alpha] = [scales.beta, scales.alpha].map((v) => (isFloat(x.dtype) ? v : Math.trunc(v))) as [number, number];
    const product = ranked("mat2", 2, 2, undefined, "mat1")(mat1, mat2);
    const [target, scaled] = [x.expand(product.shape), times(product, alpha)];
    return beta === 0 ? scaled : times(target, beta).add(scaled);
  },
  inplace: true,
  samples: [
    [t([3, 2]), t([3, 4]), t([4, 2])],
    [t([2]), t([3, 4]), t([4, 2]), { beta: 0.5, alpha: 2 }],
  ],
  errors: [raises([t([3, 2]), t([3, 4]), t([3, 2])], "inner sizes differ"), raises([t([5, 2]), t([3, 4]), t([4, 2])], "does not expand")],
};
