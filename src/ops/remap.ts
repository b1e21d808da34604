// Outputs that show input elements at computed indices: padding, windows into zeros, rolls, repeats. One kernel on each device.
import source from "../../shaders/layout.wgsl?raw";
import type { View } from "../backend/backend.ts";
import { kernelRank, walk } from "../backend/copy.ts";
import { elements } from "../backend/cpu.ts";
import { bitsOf, kernel, type Launcher } from "../backend/kernel.ts";
import { type Shape, sizeOf } from "../base/shape.ts";

/** Where x lies in the output, per dimension: its index i appears at start + i·step; "circular" repeats it endlessly. */
export interface Placement {
  readonly mode: "window" | "circular";
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  /** Value where x does not reach. */
  readonly fill: number;
}

interface Dim {
  readonly out: number;
  readonly len: number;
  readonly stride: number;
  readonly start: number;
  readonly step: number;
}

const dimsOf = (x: View, shape: Shape, p: Placement): Dim[] =>
  shape.map((out, i) => ({ out, len: x.shape[i]!, stride: x.strides[i]!, start: p.starts[i]!, step: p.steps[i]! }));

const whole = (d: Dim): boolean => d.start === 0 && d.step === 1 && d.out === d.len;

/** Untouched neighbours that lie densely within each other become one dimension. */
function merge(dims: readonly Dim[]): Dim[] {
  const merged: Dim[] = [];
  for (const d of dims) {
    if (whole(d) && d.out === 1) continue;
    const last = merged[merged.length - 1];
    if (last && whole(d) && whole(last) && last.stride === d.stride * d.len)
      merged[merged.length - 1] = { out: last.out * d.out, len: last.len * d.len, stride: d.stride, start: 0, step: 1 };
    else merged.push(d);
  }
  return merged;
}

function launch(q: Launcher, x: View, out: View, dims: readonly Dim[], p: Placement): void {
  const size = sizeOf(out.shape);
  const fields = (prefix: string, values: readonly number[], outer: number): Record<string, number> => walk(prefix, values, outer);
  const { d0: _outermost, ...extents } = fields("d", dims.map((d) => d.out), 1); // prettier-ignore
  q.launch(
    kernel(source, "remap", { consts: { RANK: Math.max(1, dims.length), CIRCULAR: p.mode === "circular" ? 1 : 0 } }),
    { x, out },
    {
      size,
      fill: bitsOf(out.dtype, p.fill),
      x_offset: x.offset,
      ...extents,
      ...fields("s", dims.map((d) => d.stride), 0),
      ...fields("start", dims.map((d) => d.start), 0),
      ...fields("step", dims.map((d) => d.step), 1),
      ...fields("len", dims.map((d) => d.len), 1),
    },
    size,
  ); // prettier-ignore
}

/** Fills the dense `out` with x placed in it. x must have no zero-size dimension unless the placement is a window. */
export function gpuRemap(q: Launcher, x: View, out: View, p: Placement): void {
  let dims = merge(dimsOf(x, out.shape, p));
  if (dims.length <= kernelRank) return launch(q, x, out, dims, p);
  const ready = q.dense(x);
  dims = merge(dimsOf(ready, out.shape, p));
  if (dims.length <= kernelRank) return launch(q, ready, out, dims, p);
  // Too many separate dimensions for one walk: one of them at a time.
  let from = ready;
  const todo = [...out.shape.keys()].filter((d) => !(p.starts[d] === 0 && p.steps[d] === 1 && out.shape[d] === x.shape[d]));
  todo.forEach((d, k) => {
    const outer = sizeOf(from.shape.slice(0, d));
    const inner = sizeOf(from.shape.slice(d + 1));
    const [len, count] = [from.shape[d]!, out.shape[d]!];
    const to = k === todo.length - 1 ? out : q.scratch(out.dtype, from.shape.toSpliced(d, 1, count));
    const flat = {
      outer: { out: outer, len: outer, stride: len * inner, start: 0, step: 1 },
      inner: { out: inner, len: inner, stride: 1, start: 0, step: 1 },
    };
    launch(q, from, to, [flat.outer, { out: count, len, stride: inner, start: p.starts[d]!, step: p.steps[d]! }, flat.inner], p);
    from = to;
  });
}

/** Offset into x for every output index of a dimension, −1 where x does not reach. */
function offsets({ out, len, stride, start, step }: Dim, circular: boolean): Int32Array {
  return Int32Array.from({ length: out }, (_, c) => {
    const at = c - start;
    if (circular) return (((at % len) + len) % len) * stride;
    return at >= 0 && at % step === 0 && at / step < len ? (at / step) * stride : -1;
  });
}

export function cpuRemap(x: View, out: View, p: Placement): void {
  const [from, to] = [elements(x), elements(out)];
  const dims = merge(dimsOf(x, out.shape, p));
  if (dims.length === 0) dims.push({ out: sizeOf(out.shape), len: 1, stride: 0, start: 0, step: 1 });
  const tables = dims.map((d) => offsets(d, p.mode === "circular"));
  const inner = tables.pop()!;
  const rows = inner.length === 0 ? 0 : to.length / inner.length;
  const at = new Array<number>(tables.length).fill(0);
  for (let row = 0, k = 0; row < rows; row++) {
    let base = x.offset;
    for (let d = 0; d < tables.length && base >= 0; d++) {
      const o = tables[d]![at[d]!]!;
      base = o < 0 ? -1 : base + o;
    }
    if (base < 0) to.fill(p.fill, k, (k += inner.length));
    else
      for (let c = 0; c < inner.length; c++) {
        const o = inner[c]!;
        to[k++] = o < 0 ? p.fill : from[base + o]!;
      }
    for (let d = tables.length - 1; d >= 0 && ++at[d]! === tables[d]!.length; d--) at[d] = 0;
  }
}
