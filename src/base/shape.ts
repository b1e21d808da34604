// Shape arithmetic: sizes, strides, broadcasting, dimension checks.
import { ShapeError, show } from "./errors.ts";

export type Shape = readonly number[];

/** Geometry of a tensor over its storage; strides and offset count elements. */
export interface Geometry {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Kernels count elements in int32. */
const maxElements = 0x7fffffff;

/** The product of sizes that nothing is known about yet. */
export function productOf(sizes: Shape): number {
  let n = 1;
  for (const d of sizes) n *= d;
  return n;
}

/** Number of elements. Every view and every memory is measured here. Errors: ShapeError for more than 2^31 − 1. */
export function sizeOf(shape: Shape): number {
  const n = productOf(shape);
  if (n <= maxElements) return n;
  throw new ShapeError(`${show(shape)} has ${n} elements`, `at most ${maxElements}`);
}

/** Checks a shape that came from outside. Errors: ShapeError for negative, fractional, NaN sizes or more than 2^31 − 1 elements. */
export function checkShape(shape: readonly unknown[]): number[] {
  const sizes = shape as number[];
  if (!Array.isArray(shape) || sizes.length > 64 || !sizes.every((d) => Number.isInteger(d) && d >= 0))
    throw new ShapeError(`[${String(shape)}] is no shape`, "up to 64 non-negative integers");
  sizeOf(sizes);
  return [...sizes];
}

export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= Math.max(1, shape[i]!);
  }
  return strides;
}

export const contiguous = (shape: Shape): Geometry => ({ shape, strides: contiguousStrides(shape), offset: 0 });

/** True when elements lie densely in row-major order (the offset may differ from 0). */
export function isContiguous({ shape, strides }: Geometry): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const d = shape[i]!;
    if (d === 0) return true;
    if (d !== 1) {
      if (strides[i] !== step) return false;
      step *= d;
    }
  }
  return true;
}

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** The common shape of operands under NumPy broadcasting. Errors: ShapeError naming both shapes. */
export function broadcastShapes(...shapes: Shape[]): number[] {
  const rank = Math.max(...shapes.map((s) => s.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes)
    for (let i = shape.length, at = rank; i-- > 0;) {
      const d = shape[i]!;
      if (d === out[--at] || d === 1) continue;
      if (out[at] !== 1) throw new ShapeError(`shapes ${shapes.map(show).join(" and ")} do not broadcast: ${out[at]} ≠ ${d}`);
      out[at] = d;
    }
  return out;
}

/** Geometry seen as `shape`, with stride 0 where a size-1 or missing dimension repeats. The shape must be a valid broadcast target. */
export function expandTo(g: Geometry, shape: Shape): Geometry {
  const lead = shape.length - g.shape.length;
  const strides = shape.map((d, i) => (i < lead || (g.shape[i - lead] === 1 && d !== 1) ? 0 : g.strides[i - lead]!));
  return { shape, strides, offset: g.offset };
}

/** A dimension index in [0, rank); negative counts from the end; 0-d tensors accept 0 and −1. */
export function normalizeDim(dim: unknown, rank: number): number {
  const range = Math.max(1, rank);
  const d = dim as number;
  if (!Number.isInteger(d) || d < -range || d >= range)
    throw new ShapeError(`dim ${String(dim)} is out of range for ${rank} dimensions`, `expected ${-range} to ${range - 1}`);
  return d < 0 ? d + range : d;
}

/** Sorted distinct dimensions; null, undefined or [] mean all of them. Errors: ShapeError for repeats. */
export function normalizeDims(dim: number | readonly number[] | null | undefined, rank: number): number[] {
  const list = [dim ?? []].flat().map((d) => normalizeDim(d, rank));
  if (list.length === 0 || rank === 0) return Array.from({ length: rank }, (_, i) => i);
  const dims = [...new Set(list)].sort((a, b) => a - b);
  if (dims.length !== list.length) throw new ShapeError(`dim ${show(list)} names a dimension twice`);
  return dims;
}

/** Shape after reducing `dims` (sorted, normalised). */
export const reducedShape = (shape: Shape, dims: readonly number[], keepdim: boolean): number[] =>
  keepdim ? shape.map((d, i) => (dims.includes(i) ? 1 : d)) : shape.filter((_, i) => !dims.includes(i));

/** Row-major walk: calls visit(offsetOfEachGeometry) for every element index; the array is reused between calls. */
export function forEachOffset(geometries: readonly Geometry[], visit: (offsets: readonly number[], index: number) => void): void {
  const { shape } = geometries[0]!;
  const total = sizeOf(shape);
  const at = shape.map(() => 0);
  const offsets = geometries.map((g) => g.offset);
  const step = (d: number, times: number): void => {
    for (let k = 0; k < offsets.length; k++) offsets[k]! += geometries[k]!.strides[d]! * times;
  };
  for (let index = 0; index < total; index++) {
    visit(offsets, index);
    for (let d = shape.length - 1; d >= 0; d--) {
      step(d, 1);
      if (++at[d]! < shape[d]!) break;
      step(d, -shape[d]!);
      at[d] = 0;
    }
  }
}

/** Merges dimensions that every geometry walks as one, and drops size-1 ones, so kernels see the fewest dimensions. */
export function coalesce(geometries: readonly Geometry[]): Geometry[] {
  // Without elements one dimension without elements says it all.
  if (geometries[0]!.shape.includes(0)) return geometries.map(({ offset }) => ({ shape: [0], strides: [1], offset }));
  const shape: number[] = [];
  const merged = geometries.map(({ offset }) => ({ shape, strides: [] as number[], offset }));
  for (const [i, d] of geometries[0]!.shape.entries()) {
    if (d === 1) continue;
    let at = shape.length - 1;
    if (at < 0 || merged.some((m, k) => m.strides[at] !== geometries[k]!.strides[i]! * d)) shape[++at] = 1;
    shape[at]! *= d;
    for (let k = 0; k < merged.length; k++) merged[k]!.strides[at] = geometries[k]!.strides[i]!;
  }
  return merged;
}
