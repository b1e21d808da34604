// Geometry of views: which strides show the same elements in another shape, and which views touch an element twice.
import { ShapeError, show } from "../base/errors.ts";
import { contiguousStrides, type Geometry, type Shape, sizeOf } from "../base/shape.ts";

/** `shape` with its −1 filled in so that the number of elements fits. Errors: ShapeError when nothing fits. */
export function inferShape(from: Shape, shape: Shape): number[] {
  const total = sizeOf(from);
  const known = shape.reduce((n, d) => (d === -1 ? n : n * d), 1);
  const open = shape.indexOf(-1);
  if (open !== shape.lastIndexOf(-1) || (open >= 0 && known === 0))
    throw new ShapeError(`-1 could be anything in ${show(shape)} for ${show(from)}`);
  const full = shape.map((d) => (d === -1 ? total / known : d));
  if (full.some((d) => !Number.isInteger(d) || d < 0) || sizeOf(full) !== total)
    throw new ShapeError(`${show(from)} does not fit ${show(shape)}`);
  return full;
}

/**
 * Geometry that shows x as `shape` (same number of elements) without a copy; undefined when its strides do not allow it.
 * Walks both shapes from the right: a stretch of x whose dimensions lie densely within each other can be cut anew.
 */
export function reshaped(x: Geometry, shape: Shape): Geometry | undefined {
  const { shape: old, strides: steps, offset } = x;
  if (sizeOf(old) === 0 || old.length === 0) return { shape, strides: contiguousStrides(shape), offset };
  const strides = new Array<number>(shape.length).fill(0);
  let target = shape.length - 1;
  let base = steps[old.length - 1]!;
  let [taken, given] = [1, 1];
  for (let d = old.length - 1; d >= 0; d--) {
    taken *= old[d]!;
    const more = d > 0 && (old[d - 1] === 1 || steps[d - 1] === taken * base);
    if (more) continue;
    while (target >= 0 && (given < taken || shape[target] === 1)) {
      strides[target] = given * base;
      given *= shape[target--]!;
    }
    if (given !== taken) return undefined;
    if (d > 0) [base, taken, given] = [steps[d - 1]!, 1, 1];
  }
  return target < 0 ? { shape, strides, offset } : undefined;
}

/** True when two elements of the view may be the same storage element, as in expanded tensors. */
export function overlaps({ shape, strides }: Geometry): boolean {
  if (sizeOf(shape) === 0) return false;
  const dims = shape.map((d, i) => [Math.abs(strides[i]!), d] as const).filter(([, d]) => d > 1);
  let reach = 0;
  for (const [step, d] of dims.sort(([a], [b]) => a - b)) {
    if (step <= reach) return true;
    reach += step * (d - 1);
  }
  return false;
}
