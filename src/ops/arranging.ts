// Elements of a dimension in a computed order: what rolls, flips and borders have in common; host numbers, borders of zeros, and tensors joined.
import type { Tensor } from "./tensor.ts";

/** Host integers as a vector on the device of x. */
export const vector = (x: Tensor, values: readonly number[]): Tensor => x.uploadedLike("int32", Int32Array.from(values), [values.length]);

/** Host numbers as a tensor in the dtype, which must be floating, and on the device of x. */
export const numbers = (x: Tensor, values: readonly number[], shape: readonly number[]): Tensor =>
  x.uploadedLike(x.dtype, x.dtype === "float64" ? Float64Array.from(values) : Float32Array.from(values), shape);

/** The vector f(0), …, f(n − 1). */
export const counted = (x: Tensor, n: number, f: (i: number) => number = (i) => i): Tensor =>
  vector(
    x,
    Array.from({ length: n }, (_, i) => f(i)),
  );

/** n elements along dim, the i-th of which is x's element source(i). */
export const picked = (x: Tensor, dim: number, n: number, source: (i: number) => number): Tensor =>
  x.indexSelect(dim, counted(x, n, source));

/** Tensors one after the other along dim. */
export const joined = (list: readonly Tensor[], dim: number): Tensor => list[0]!.cat(list.slice(1), dim);

/** x with zeros before and after each of its last dimensions; x itself where there are none. */
export const bordered = (x: Tensor, ends: readonly (readonly [number, number])[]): Tensor =>
  ends.flat().some((n) => n > 0) ? x.pad(ends.toReversed().flat()) : x;

/** The first elements of x in every dimension, as many as `shape` says; x itself where that is all. */
export const cropped = (x: Tensor, shape: readonly number[]): Tensor =>
  shape.reduce((y, n, d) => (y.shape[d] === n ? y : y.narrow(d, 0, n)), x);
