// What reductions read from their callers: dimensions, and whether these stay.
import { parse } from "../base/options.ts";
import { normalizeDims, reducedShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Meta } from "./op.ts";
import type { Tensor } from "./tensor.ts";

/** Dimensions as PyTorch takes them: null and [] mean all. */
export type Dims = number | readonly number[] | null;
export interface Attrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

/** Reads dim and keepdim, by position or as options, and further options. */
export function over<K extends object>(x: Tensor, rest: readonly unknown[], keywords?: K): Attrs & K {
  const { dim, ...more } = parse(rest, { dim: null as Dims, keepdim: false }, keywords);
  return { ...more, dims: normalizeDims(dim, x.ndim) } as Attrs & K;
}

/** How many elements are reduced to one. */
export const counted = (shape: Shape, dims: readonly number[]): number => sizeOf(dims.map((d) => shape[d]!));

/** A reduced tensor seen in the rank of its operand. */
export const restored = (g: Tensor, ins: { readonly x: Meta }, dims: readonly number[]): Tensor =>
  g.reshape(reducedShape(ins.x.shape, dims, true));
