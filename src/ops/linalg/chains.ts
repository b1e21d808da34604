// Products of several matrices, and powers of one.
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { checkRank, integer, operands } from "../arguments.ts";
import { type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

/**
 * The product of matrices in the order with the fewest multiplications, by dynamic programming over where the last product splits a
 * chain (Cormen et al., Introduction to Algorithms, 15.2).
 */
function chained(list: readonly Tensor[]): Tensor {
  const sizes = [list[0]!.shape[0]!, ...list.map(({ shape }) => shape[1]!)];
  const cost = list.map(() => list.map(() => 0));
  const cut = list.map(() => list.map(() => 0));
  for (let length = 1; length < list.length; length++)
    for (let i = 0, j = length; j < list.length; i++, j++) {
      cost[i]![j] = Infinity;
      for (let k = i; k < j; k++) {
        const total = cost[i]![k]! + cost[k + 1]![j]! + sizes[i]! * sizes[k + 1]! * sizes[j + 1]!;
        if (total < cost[i]![j]!) [cost[i]![j], cut[i]![j]] = [total, k];
      }
    }
  const product = (i: number, j: number): Tensor => (i === j ? list[i]! : product(i, cut[i]![j]!).matmul(product(cut[i]![j]! + 1, j)));
  return product(0, list.length - 1);
}

/** Errors: ShapeError unless each is a matrix with as many rows as the one before has columns. */
function checkChain(list: readonly Tensor[]): void {
  list.forEach(({ shape }, i) => {
    if (shape.length !== 2) throw new ShapeError(`element ${i} must be a matrix, got ${show(shape)}`);
    const before = list[i - 1]?.shape;
    if (before && before[1] !== shape[0]) throw new ShapeError(`element ${i} ${show(shape)} does not follow ${show(before)}: ${before[1]} ≠ ${shape[0]}`);
  }); // prettier-ignore
}

/** The product of matrices, in the order with the fewest multiplications: `chainMatmul(a, b, c)`. */
export const chainMatmul: Composite<(...matrices: Tensor[]) => Tensor> = {
  self: -1,
  rest: true,
  compose: (...matrices) => {
    const list = operands(matrices);
    checkChain(list);
    return chained(list);
  },
  samples: [
    [t([2, 3]), t([3, 4]), t([4, 2])],
    [t([3, 1]), t([1, 3]), t([3, 2]), t([2, 2])],
    [t([2, 3]), t([3, 2])],
  ],
  errors: [raises([t([2, 3]), t([2, 3])], "does not follow"), raises([t([2])], "must be a matrix"), raises([], "non-empty")],
};

/** The product of two or more matrices, in the order with the fewest multiplications; the first and the last may be vectors. */
export const multiDot: Composite<(tensors: readonly Tensor[]) => Tensor> = {
  self: -1,
  compose: (tensors) => {
    const list = [...operands(tensors)];
    if (list.length < 2) throw new ArgumentError("needs at least 2 tensors, got 1");
    const [first, last] = [list[0]!, list.at(-1)!];
    if (first.ndim === 1) list[0] = first.unsqueeze(0);
    if (last.ndim === 1) list[list.length - 1] = last.unsqueeze(1);
    checkChain(list);
    const [m, n] = [first.shape.slice(0, -1), last.shape.slice(1)];
    return chained(list).reshape([...m, ...n]);
  },
  samples: [[[t([2, 3]), t([3, 4]), t([4, 2])]], [[t([3]), t([3, 2]), t([2])]], [[t([2, 3]), t([3])]]],
  errors: [
    raises([[t([2, 3])]], "at least 2 tensors"),
    raises([[t([2, 3]), t([2]), t([2, 2])]], "must be a matrix"),
    raises([[t([2, 3]), t([2, 2])]], "does not follow"),
  ],
};

/** x · x · … of square matrices, n times; the identity for n = 0. Errors: ArgumentError for n < 0, which needs an inverse. */
export const matrixPower: Composite<(x: Tensor, n: number) => Tensor> = {
  compose: (x, n) => {
    checkRank(x.shape, 2);
    const [rows, columns] = x.shape.slice(-2) as [number, number];
    if (rows !== columns) throw new ShapeError(`needs square matrices, got ${show(x.shape)}`);
    if (integer(n, "n") < 0) throw new ArgumentError(`the power ${n} needs an inverse`, "there is none yet: n must be at least 0");
    if (n === 0) return x.fill(1).tril().triu();
    // Squares of squares, as many as n has binary digits, multiplied where the digit is 1.
    let result: Tensor | undefined;
    for (let square = x, rest = n; ; square = square.matmul(square), rest >>>= 1) {
      if (rest & 1) result = result?.matmul(square) ?? square;
      if (rest === 1) return n === 1 ? x.clone() : result!;
    }
  },
  samples: [
    [t([3, 3]), 3],
    [t([2, 2, 2]), 2],
    [t([2, 2]), 1],
    [t([2, 2]), 0],
    [t([2, 2]), 6],
  ],
  errors: [raises([t([2, 3]), 2], "square"), raises([t([2, 2]), -1], "needs an inverse"), raises([t([2, 2]), 0.5], "must be an integer"), raises([t([2]), 1], "at least 2")],
}; // prettier-ignore
