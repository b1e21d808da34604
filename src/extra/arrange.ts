// Arranging: tensors side by side, elements repeated in a row, diagonals.
import { parse } from "../base/options.ts";
import { contiguous, type Geometry, normalizeDim } from "../base/shape.ts";
import { checkRank, distinct, integer, operands } from "../ops/arguments.ts";
import { type Composite, raises, t, type ViewOp } from "../ops/op.ts";
import { inlaid, putBack } from "../ops/restride.ts";
import type { Tensor } from "../tensor.ts";

type Tensors = readonly Tensor[];
const joined = (list: Tensors, dim: number): Tensor => list[0]!.cat(list.slice(1), dim);

/** Tensors joined side by side: along dimension 1, or 0 for those with one dimension. */
export const hstack: Composite<(tensors: Tensors) => Tensor> = {
  self: -1,
  compose: (tensors) => {
    const list = operands(tensors).map((x) => (x.ndim === 0 ? x.reshape(1) : x));
    return joined(list, list[0]!.ndim === 1 ? 0 : 1);
  },
  samples: [[[t([2, 3]), t([2, 1])]], [[t([]), t([3])]]],
  errors: [raises([[]], "non-empty")],
};

/** Tensors joined on top of each other: along dimension 0, those with one dimension as rows. */
export const vstack: Composite<(tensors: Tensors) => Tensor> = {
  self: -1,
  compose: (tensors) => joined(operands(tensors).map((x) => (x.ndim < 2 ? x.reshape(1, x.size) : x)), 0), // prettier-ignore
  samples: [[[t([2, 3]), t([3])]]],
  errors: [raises([[]], "non-empty")],
};

type InterleaveRest = [dim?: number] | [options: { dim?: number }];

/** Every element `repeats` times in a row along dim; without dim the tensor is flattened first. */
export const repeatInterleave: Composite<(x: Tensor, repeats: number, ...rest: InterleaveRest) => Tensor> = {
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

export interface DiagonalAttrs {
  readonly offset: number;
  readonly dim1: number;
  readonly dim2: number;
}
type DiagonalRest = [offset?: number, dim1?: number, dim2?: number] | [options: { offset?: number; dim1?: number; dim2?: number }];

/** Geometry of the diagonal of x. */
function diagonalOf(x: Geometry, { offset, dim1, dim2 }: DiagonalAttrs): Geometry {
  const [a, b] = distinct([dim1, dim2], x.shape.length) as [number, number];
  const [down, right] = [Math.max(0, -offset), Math.max(0, offset)];
  const length = Math.max(0, Math.min(x.shape[a]! - down, x.shape[b]! - right));
  const rest = (list: readonly number[]): number[] => list.filter((_, i) => i !== a && i !== b);
  const [rows, columns] = [x.strides[a]!, x.strides[b]!];
  return {
    shape: [...rest(x.shape), length],
    strides: [...rest(x.strides), rows + columns],
    offset: x.offset + down * rows + right * columns,
  };
}

/** The elements of a diagonal, as the last dimension of a view; offset > 0 lies above the main diagonal. */
export const diagonal: ViewOp<(x: Tensor, ...rest: DiagonalRest) => Tensor, DiagonalAttrs> = {
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
  compose: (x, ...rest) => {
    const { shape, ndim } = x;
    const { diagonal: offset } = parse(rest, { diagonal: 0 });
    checkRank(shape, 1, 2);
    return ndim === 1 ? x.diagEmbed(offset) : x.diagonal(offset).clone();
  },
  samples: [[t([3])], [t([3, 3]), 1]],
  errors: [raises([t([2, 2, 2])], "1 to 2 dimensions")],
};
