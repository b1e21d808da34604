// Describes matrix products as contractions: strides as they are, batches merged to the two levels that kernels walk.
import { ShapeError, show } from "../base/errors.ts";
import { broadcastShapes, coalesce, expandTo, type Geometry, type Shape, sizeOf } from "../base/shape.ts";
import type { View } from "../device/device.ts";
import type { Contraction } from "./contraction.ts";

/** Errors: ShapeError unless the last size of x is `wanted`, the one of y that it meets. */
export function checkInner(x: Shape, y: Shape, wanted: number): void {
  if (x.at(-1) !== wanted) throw new ShapeError(`inner sizes differ, ${show(x)} · ${show(y)}: ${x.at(-1)} ≠ ${wanted}`);
}

/** Shape of a product over the last two dimensions with broadcast batches. Errors: ShapeError. */
export function productShape(x: Shape, y: Shape): number[] {
  checkInner(x, y, y.at(-2)!);
  return [...broadcastShapes(x.slice(0, -2), y.slice(0, -2)), x.at(-2)!, y.at(-1)!];
}

/**
 * The contraction out = x · y over the last two dimensions, with batches merged to at most two strides each; operands whose batches have
 * more are spread out first, which makes them one.
 */
export function productOf(x: View, y: View, out: View, toDense: (v: View) => View): Contraction {
  const batch = out.shape.slice(0, -2);
  const wide = [x, y].map((v) => ({ ...v, ...expandTo(v, [...batch, ...v.shape.slice(-2)]) }));
  const merged = coalesce(wide.map((v) => ({ ...v, shape: batch, strides: v.strides.slice(0, -2) })));
  const [a, b] = merged as [Geometry, Geometry];
  if (a.shape.length > 2) return productOf(toDense(wide[0]!), toDense(wide[1]!), out, toDense);
  const pair = (list: readonly number[], fill: number): [number, number] => [fill, fill, ...list].slice(-2) as [number, number];
  const [m, k] = x.shape.slice(-2) as [number, number];
  const n = y.shape.at(-1)!;
  return {
    m,
    n,
    k,
    batch: pair(a.shape, 1),
    a: { view: x, m: x.strides.at(-2)!, k: x.strides.at(-1)!, batch: pair(a.strides, 0) },
    b: { view: y, n: y.strides.at(-1)!, k: y.strides.at(-2)!, batch: pair(b.strides, 0) },
    c: { view: out, m: n, n: 1 },
  };
}

/** A view with its leading dimensions merged into one, undefined when strides forbid it. */
export function rows(x: View): View | undefined {
  const lead = x.shape.slice(0, -1);
  const count = sizeOf(lead);
  const [merged] = coalesce([{ ...x, shape: lead, strides: x.strides.slice(0, -1) }]);
  // Without elements any stride will do.
  if (merged!.shape.length > 1 && count > 0) return undefined;
  return { ...x, shape: [count, x.shape.at(-1)!], strides: [merged!.strides[0] ?? 0, x.strides.at(-1)!] };
}
