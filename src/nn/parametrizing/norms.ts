// Norms of weights: along all dimensions but one, and the largest singular value by power iteration.
import "../../ops/indexing/index.ts";
import "../../ops/linalg/index.ts";
import "../../ops/norm/index.ts";
import { noGrad } from "../../autograd/mode.ts";
import { sizeOf } from "../../base/shape.ts";
import { overwrite } from "../../tensor/dispatch.ts";
import { functions } from "../../tensor/methods.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { normal_ } from "../init/drawn.ts";
import type { Module } from "../module.ts";

/** The norms of the slices along dim, which stays, or of all elements for null. Source: Salimans and Kingma (2016), arXiv:1602.07868. */
export function normExcept(v: Tensor, dim: number | null): Tensor {
  if (dim === null || dim === -1) return v.vectorNorm();
  const others = v.shape.flatMap((_, d) => (d === dim ? [] : [d]));
  return others.length === 0 ? v.abs() : v.vectorNorm(2, others, true);
}
/** v stretched to the norms g. */
export const stretched = (v: Tensor, g: Tensor, dim: number | null): Tensor => v.mul(g.div(normExcept(v, dim)));

/** Dimension of the outputs of a layer's weight: 1 in transposed convolutions, else 0. */
export const outputDim = (module: Module): number => Number("transposed" in module && module.transposed === true);

/** x of length one. */
export const unit = (x: Tensor, eps: number): Tensor => x.div(x.vectorNorm().clampMin(eps));

/** The weight as a matrix whose rows are its slices along dim. */
export const asMatrix = (weight: Tensor, dim: number): Tensor => {
  const height = weight.shape[dim]!;
  return weight.movedim(dim, 0).reshape([height, height === 0 ? 0 : sizeOf(weight.shape) / height]);
};

/** Unit vectors to start from, drawn for rows and columns. */
export const startingVectors = (matrix: Tensor, eps: number): [u: Tensor, v: Tensor] =>
  noGrad(() => {
    const [u, v] = matrix.shape.map((size) => unit(normal_(matrix.filledLike(0, [size])), eps));
    return [u!, v!];
  });

/** Steps from v to u and from u to v, which become the singular vectors of the largest singular value, in place. */
export const stepU = (matrix: Tensor, u: Tensor, v: Tensor, eps: number): void => overwrite(u, unit(matrix.mv(v), eps));
export const stepV = (matrix: Tensor, u: Tensor, v: Tensor, eps: number): void => overwrite(v, unit(matrix.t().mv(u), eps));

/** The weight by its largest singular value. The vectors are copied, so that a later step does not spoil the graph. */
export function normalised(weight: Tensor, matrix: Tensor, u: Tensor, v: Tensor): Tensor {
  const sigma = functions.dot(u.clone(), matrix.mv(v.clone()));
  return weight.div(sigma);
}
