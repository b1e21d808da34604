// An index of elements, and an index of slices as one of elements.
import { normalizeDim, type Shape } from "../base/shape.ts";
import { checkVisible, visible } from "../kernels/indexing.ts";
import { checkFits, checkIndex, checkRank, operand, withSize } from "./arguments.ts";
import { type Composite, type InPlace, t } from "./op.ts";
import type { Tensor } from "./tensor.ts";

export type Slices<O extends unknown[] = []> = Composite<(x: Tensor, dim: number, index: Tensor, source: Tensor, ...rest: O) => Tensor> &
  InPlace;

export const ints = (shape: Shape, data: readonly number[]): unknown => t(shape, { dtype: "int32", data });

/** A 1-D index of slices as an index of elements, its numbers repeated without a copy. */
function perSlice(x: Tensor, dim: number, index: Tensor): Tensor {
  checkIndex(index);
  checkRank(index.shape, 0, 1);
  return index.reshape(x.shape.map((_, d) => (d === dim ? index.numel() : 1))).expand(withSize(x.shape, dim, index.numel()));
}

/** Operands and dimension as every operator here takes them; `slices` for those whose index names slices. */
export function placed(slices: boolean, x: Tensor, dim: unknown, index: unknown): { x: Tensor; index: Tensor; dim: number } {
  const at = normalizeDim(dim, operand(x).ndim);
  const given = operand(index, "index");
  return { x, index: slices ? perSlice(x, at, given) : given, dim: at };
}

/** Row-major places among `size` as a line; those below 0 count from the end. */
export function places(index: unknown, size: number): Tensor {
  const line = operand(index, "index").flatten();
  // What the host sees to be usual needs no kernel.
  if (Array.from(visible(line) ?? [-1]).every((i) => i >= 0)) return line;
  checkVisible(line, 0, size, true);
  return line.flatIndex(0, size);
}

/** Writes values at row-major places. */
export const putAt = (x: Tensor, at: Tensor, values: Tensor, accumulate: boolean): Tensor =>
  writeSlices(x.flatten(), 0, at.flatten(), values.flatten(), accumulate).reshape(x.shape);

/** Writes the slices of a source, which has exactly the shape of their places, where index (1-D) names them. */
export function writeSlices(x: Tensor, dim: number, index: Tensor, source: Tensor, accumulate: boolean): Tensor {
  const { dim: at, index: each } = placed(true, x, dim, index);
  checkFits("the source", operand(source, "source").shape, each.shape);
  return x[accumulate ? "scatterAdd" : "scatter"](at, each, source);
}
