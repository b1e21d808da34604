// Norms of matrices, their diagonals, and the matrices of Vandermonde.
import { checkFloat } from "../../base/checks.ts";
import { asDType, type DTypeLike, isFloat } from "../../base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../../base/errors.ts";
import { either, parse } from "../../base/options.ts";
import { checkRank, distinct, integer, operand } from "../arguments.ts";
import { checkChoice } from "../choosing.ts";
import { type Composite, type Internal, raises, t } from "../op.ts";
import type { Dims } from "../reducing.ts";
import type { Tensor } from "../tensor.ts";

type Order = number | "fro" | "nuc";
type Pair = readonly [rows: number, columns: number];
export interface OrderOptions<D> {
  readonly dim?: D;
  readonly keepdim?: boolean;
  readonly dtype?: DTypeLike | undefined;
}
type NormRest<O, D> =
  | [ord?: O, dim?: D, keepdim?: boolean, options?: { readonly dtype?: DTypeLike | undefined }]
  | [ord: O, options: OrderOptions<D>]
  | [options: OrderOptions<D> & { readonly ord?: O }];

const keywords = { dtype: undefined as DTypeLike | undefined };

/**
 * A norm of matrices, which lie in the dimensions `dim`: "fro" is the root of the sum of squares, 1 the largest sum of magnitudes in a column,
 * Infinity in a row; −1 and −Infinity take the smallest. Errors: ArgumentError for 2, −2 and "nuc", which need singular values.
 */
export const matrixNorm: Composite<(x: Tensor, ...rest: NormRest<Order, Pair>) => Tensor> = {
  rest: true,
  compose: (given, ...rest) => {
    const defaults = { ord: either<Order>("fro", "number", "string"), dim: [-2, -1] as Pair, keepdim: false };
    const { ord, dim, keepdim, dtype } = parse(rest, defaults, keywords);
    checkRank(given.shape, 2);
    const [rows, columns] = distinct(dim, given.ndim) as [number, number];
    const wanted = asDType(dtype ?? given.dtype);
    checkFloat(given.dtype);
    checkFloat(wanted);
    const x = given.to(wanted);
    if (ord === "fro") return x.vectorNorm(2, [rows, columns], keepdim);
    if (ord === "nuc" || Math.abs(ord) === 2) throw new ArgumentError(`the order ${ord} needs singular values`, "there are none yet");
    if (Math.abs(ord) !== 1 && Math.abs(ord) !== Infinity) throw new ArgumentError(`there is no matrix norm of order ${ord}`, '"fro", 1, -1, Infinity, -Infinity');
    const [along, over] = Math.abs(ord) === 1 ? [rows, columns] : [columns, rows];
    checkChoice(x.shape, [over]);
    const sums = x.abs().sum(along, true);
    const chosen = ord > 0 ? sums.amax(over, true) : sums.amin(over, true);
    return keepdim ? chosen : chosen.squeeze([rows, columns]);
  },
  samples: [
    [t([3, 4])],
    [t([2, 3, 2]), 1],
    [t([3, 2], { data: [1, -2, 0.5, 1, -1.5, -0.2] }), { ord: -Infinity, keepdim: true }],
    [t([3, 2, 2]), Infinity, [2, 0]],
    [t([2, 3]), -1],
  ],
  errors: [
    raises([t([2, 2]), "nuc"], "needs singular values"),
    raises([t([2, 2]), 2], "needs singular values"),
    raises([t([2, 2]), 3], "no matrix norm of order 3"),
    raises([t([2])], "at least 2 dimensions"),
    raises([t([2, 2]), 1, [0, 0]], "twice"),
    raises([t([0, 2]), Infinity], "no elements"),
  ],
}; // prettier-ignore

/** A vector norm of all elements or along one dimension, or a matrix norm over two; without an order the root of the sum of squares. */
export const linalgNorm: Composite<(x: Tensor, ...rest: NormRest<Order | null, Dims>) => Tensor> & Internal = {
  internal: true,
  rest: true,
  compose: (x, ...rest) => {
    const defaults = { ord: either<Order | null>(null, "number", "string", "null"), dim: null as Dims, keepdim: false };
    const { ord, dim, ...options } = parse(rest, defaults, keywords);
    checkFloat(x.dtype);
    const dims = dim === null ? undefined : [dim].flat();
    if (ord === null) return x.vectorNorm(2, { dim, ...options });
    if (dims ? dims.length === 0 || dims.length > 2 : x.ndim === 0 || x.ndim > 2)
      throw new ShapeError(`an order needs one or two dimensions, got ${dims ? show(dims) : `those of ${show(x.shape)}`}`, "pass dim");
    if (dims ? dims.length === 2 : x.ndim === 2) return x.matrixNorm(ord, { dim: (dims ?? [0, 1]) as unknown as Pair, ...options });
    if (typeof ord === "string") throw new ArgumentError(`the order ${ord} is one of matrices`, "pass two dimensions");
    return x.vectorNorm(ord, { dim, ...options });
  },
  samples: [
    [t([2, 3, 2])],
    [t([2, 3]), "fro"],
    [t([2, 3]), 1],
    [t([2, 3]), 1, 0],
    [t([3]), { ord: 3, keepdim: true }],
  ],
  errors: [
    raises([t([2, 2, 2]), 1], "needs one or two dimensions"),
    raises([t([2, 2]), "fro", 0], "one of matrices"),
    raises([t([2, 2]), 2], "needs singular values"),
    raises([t([2], { dtype: "int32" })], "floating"),
  ],
}; // prettier-ignore

type DiagonalOptions = { readonly offset?: number; readonly dim1?: number; readonly dim2?: number };

/** The diagonals of matrices, which lie in the last two dimensions, as the last dimension of a view. */
export const linalgDiagonal: Composite<(x: Tensor, options?: DiagonalOptions) => Tensor> & Internal = {
  internal: true,
  renames: true,
  rest: true,
  compose: (x, ...rest) => {
    const { offset, dim1, dim2 } = parse(rest, {}, { offset: 0, dim1: -2, dim2: -1 });
    return x.diagonal(offset, dim1, dim2);
  },
  samples: [[t([2, 3, 3])], [t([2, 3]), { offset: 1 }], [t([2, 3, 2]), { dim1: 0, dim2: 2 }]],
  errors: [raises([t([3])], "out of range")],
};

/** x⁰, x¹, … in a new last dimension, `n` of them; of whole numbers and truth values in int32. */
function powers(given: Tensor, n: number): Tensor {
  const x = isFloat(given.dtype) ? given : given.int();
  const one = x.filledLike(1, [...x.shape, Math.min(n, 1)]);
  if (n < 2) return one;
  return one.cat([x.unsqueeze(-1).expand([...x.shape, n - 1]).cumprod(-1)], -1);
} // prettier-ignore

/** Powers of the elements of a vector as rows, N of them (as many as elements by default), falling unless `increasing`. */
export const vander: Composite<
  (
    x: Tensor,
    ...rest:
      | [N?: number | null, increasing?: boolean]
      | [N: number | null, options: { readonly increasing?: boolean }]
      | [options: { readonly N?: number | null; readonly increasing?: boolean }]
  ) => Tensor
> = {
  self: -1,
  rest: true,
  compose: (given, ...rest) => {
    operand(given);
    const { N, increasing } = parse(rest, { N: either<number | null>(null, "number", "null"), increasing: false });
    checkRank(given.shape, 1, 1);
    const table = powers(given, integer(N ?? given.shape[0]!, "N", 0));
    return increasing ? table : table.flip(1);
  },
  samples: [[t([3])], [t([3]), 2], [t([2]), { N: 4, increasing: true }], [t([2], { fixed: true }), 0], [t([2], { dtype: "int32" })]],
  errors: [raises([t([2, 2])], "needs 1 dimensions"), raises([t([2]), -1], "at least 0")],
};

/** Powers of the elements, rising from 0, in a new last dimension: N of them, or as many as the last dimension has elements. */
export const linalgVander: Composite<(x: Tensor, options?: { readonly N?: number | null }) => Tensor> & Internal = {
  internal: true,
  rest: true,
  compose: (x, ...rest) => {
    const { N } = parse(rest, {}, { N: either<number | null>(null, "number", "null") });
    if (x.dtype === "bool") throw new DtypeError("not defined for bool", "convert to float32 or int32");
    const rows = x.ndim === 0 ? x.reshape(1) : x;
    return powers(rows, integer(N ?? rows.shape.at(-1)!, "N", 2));
  },
  samples: [[t([3])], [t([2, 3]), { N: 2 }]],
  errors: [raises([t([2, 1])], "at least 2"), raises([t([2], { dtype: "bool" })], "not defined for bool")],
};
