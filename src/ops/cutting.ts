// Geometry of views that show part of a tensor: steps along a dimension, and diagonals.
import { parse } from "../base/options.ts";
import { type Geometry, normalizeDim } from "../base/shape.ts";
import { checkRank, distinct } from "./arguments.ts";
import type { Tensor } from "./tensor.ts";

/** A dimension that can be cut. Errors: ShapeError out of range, and for 0-d tensors. */
export function axis(x: Tensor, dim: unknown): number {
  checkRank(x.shape, 1);
  return normalizeDim(dim, x.ndim);
}

/** One dimension from `start` on in steps: `length` holds how many, or nothing where the dimension goes. */
export interface CutAttrs {
  readonly dim: number;
  readonly start: number;
  readonly step: number;
  readonly length: readonly number[];
}
export const part = ({ shape, strides, offset }: Geometry, { dim, start, step, length }: CutAttrs): Geometry => ({
  shape: shape.toSpliced(dim, 1, ...length),
  strides: strides.toSpliced(dim, 1, ...length.map(() => strides[dim]! * step)),
  offset: offset + start * strides[dim]!,
});

export type DimRest = [dim?: number] | [options: { dim?: number }];
/** The dimension that follows, 0 by default. */
export const axisOf = (x: Tensor, rest: readonly unknown[]): number => axis(x, parse(rest, { dim: 0 }).dim);

export interface DiagonalAttrs {
  readonly offset: number;
  readonly dim1: number;
  readonly dim2: number;
}
export type DiagonalRest = [offset?: number, dim1?: number, dim2?: number] | [options: { offset?: number; dim1?: number; dim2?: number }];

/** Geometry of the diagonal of x. */
export function diagonalOf(x: Geometry, { offset, dim1, dim2 }: DiagonalAttrs): Geometry {
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
