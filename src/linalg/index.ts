// The `linalg` namespace: operators that PyTorch keeps under torch.linalg.
import "../ops/linalg/index.ts";
import "../ops/norm/index.ts";
import type { linalgDiagonal, linalgNorm, linalgVander } from "../ops/linalg/matrices.ts";
import type { linalgCross } from "../ops/linalg/vectors.ts";
import type { FunctionOf } from "../ops/methods.ts";
import { functions } from "../tensor/methods.ts";

export const { matmul, matrixNorm, matrixPower, multiDot, vecdot, vectorNorm } = functions;

/** The cross product along dim, the last by default; other dimensions broadcast. */
export const cross: FunctionOf<typeof linalgCross> = functions.linalgCross;
/** The diagonals of matrices, which lie in the last two dimensions, as the last dimension of a view. */
export const diagonal: FunctionOf<typeof linalgDiagonal> = functions.linalgDiagonal;
/** A vector norm of all elements or along one dimension, or a matrix norm over two; without an order the root of the sum of squares. */
export const norm: FunctionOf<typeof linalgNorm> = functions.linalgNorm;
/** Powers of the elements, rising from 0, in a new last dimension: N of them, or as many as the last dimension has elements. */
export const vander: FunctionOf<typeof linalgVander> = functions.linalgVander;
