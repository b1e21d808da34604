// Describes matrix products as contractions: strides as they are, batches merged to the two levels that kernels walk.
import type { View } from "../backend/backend.ts";
import type { Contraction } from "../backend/contract.ts";
import { DtypeError, ShapeError, show } from "../base/errors.ts";
import { broadcastShapes, coalesce, expandTo, isContiguous, type Shape } from "../base/shape.ts";
import type { Inputs, Meta } from "./op.ts";

/** The dtype of all tensors. Errors: DtypeError when operands differ in it or have none that products exist for. */
export function productDtype(ins: Inputs): Meta["dtype"] {
  const list = Object.entries(ins).filter(([, x]) => x.kind !== "number");
  const [, first] = list[0]!;
  for (const [name, x] of list) {
    if (x.dtype !== first.dtype) throw new DtypeError(`${name} is ${x.dtype}, the first operand ${first.dtype}`, "convert one of them");
    if (x.dtype === "bool" || x.dtype === "uint8") throw new DtypeError(`not defined for ${x.dtype}`, "convert to float32 or int32");
  }
  return first.dtype;
}

export const mismatch = (x: Shape, y: Shape, k: number, k2: number): ShapeError =>
  new ShapeError(`inner sizes differ, ${show(x)} · ${show(y)}: ${k} ≠ ${k2}`);

/** Shape of a product over the last two dimensions with broadcast batches. Errors: ShapeError. */
export function productShape(x: Shape, y: Shape): number[] {
  const [k, k2] = [x[x.length - 1]!, y[y.length - 2]!];
  if (k !== k2) throw mismatch(x, y, k, k2);
  return [...broadcastShapes(x.slice(0, -2), y.slice(0, -2)), x[x.length - 2]!, y[y.length - 1]!];
}

const batchOf = (v: View, batch: Shape): View => ({
  ...v,
  ...expandTo({ shape: v.shape.slice(0, -2), strides: v.strides.slice(0, -2), offset: v.offset }, batch),
});

/** The contraction out = x · y over the last two dimensions, or undefined when the batches have more than two strides each. */
export function productOf(x: View, y: View, out: View): Contraction | undefined {
  const batch = out.shape.slice(0, -2);
  const [a, b] = coalesce([batchOf(x, batch), batchOf(y, batch)]);
  if (a!.shape.length > 2) return undefined;
  const pair = (list: readonly number[], fill: number): [number, number] =>
    list.length === 2 ? [list[0]!, list[1]!] : [fill, list[0] ?? fill];
  const [m, k] = x.shape.slice(-2) as [number, number];
  const n = y.shape[y.shape.length - 1]!;
  const at = (v: View, fromEnd: number): number => v.strides[v.strides.length - fromEnd]!;
  return {
    m,
    n,
    k,
    batch: pair(a!.shape, 1),
    a: { view: x, m: at(x, 2), k: at(x, 1), batch: pair(a!.strides, 0) },
    b: { view: y, n: at(y, 1), k: at(y, 2), batch: pair(b!.strides, 0) },
    c: { view: out, m: n, n: 1 },
  };
}

/** A view with its leading dimensions merged into one, undefined when strides forbid it. */
export function rows(x: View): View | undefined {
  const k = x.shape[x.shape.length - 1]!;
  const step = x.strides[x.strides.length - 1]!;
  const lead = coalesce([{ shape: x.shape.slice(0, -1), strides: x.strides.slice(0, -1), offset: x.offset }])[0]!;
  if (lead.shape.length > 1 && !isContiguous(x)) return undefined;
  const count = x.shape.slice(0, -1).reduce((n, d) => n * d, 1);
  return { ...x, shape: [count, k], strides: [lead.shape.length > 1 ? k : (lead.strides[0] ?? k), step] };
}
