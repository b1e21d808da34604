// Contractions and convolutions on typed arrays: the plans of contract.ts and conv.ts through packed blocks.
import { hostArray } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import type { View } from "./backend.ts";
import type { Contraction } from "./contract.ts";
import type { ConvHost } from "./conv.ts";
import { elements, hostDense, hostView } from "./cpu.ts";
import { gemmTables, type Numbers } from "./gemm.ts";

const numbers = (view: View): Numbers => elements(view) as Numbers;

/** Offsets of `outer` blocks of `inner` entries; a table gives the entries of a block, else a stride does. */
function axis(start: number, outer: number, outerStride: number, inner: number, stride: number, table?: View): Int32Array {
  const out = new Int32Array(outer * inner);
  const entries = table ? numbers(table) : undefined;
  for (let o = 0, at = 0; o < outer; o++)
    for (let i = 0; i < inner; i++, at++) out[at] = start + o * outerStride + (entries ? entries[i]! : i * stride);
  return out;
}

/** Runs one contraction: see Contraction for the formula. */
export function contractCpu(p: Contraction): void {
  const { m, n, k, kOuter = 1, nOuter = 1, a, b, c, bias, batch = [1, 1] } = p;
  const aCols = axis(0, kOuter, a.kOuter ?? 0, k, a.k, a.kTable);
  const bRows = axis(0, kOuter, b.kOuter ?? 0, k, b.k, b.kTable);
  const bCols = axis(0, nOuter, b.nOuter ?? 0, n / nOuter, b.n, b.nTable);
  const cCols = axis(0, nOuter, c.nOuter ?? 0, n / nOuter, c.n, c.nTable);
  const out = numbers(c.view);
  for (let o = 0; o < batch[0]; o++)
    for (let i = 0; i < batch[1]; i++) {
      const at = (strides: readonly [number, number] | undefined): number => (strides ? o * strides[0] + i * strides[1] : 0);
      const z = o * batch[1] + i;
      const rows = axis(c.view.offset + z * (c.batch ?? 0), 1, 0, m, c.m);
      const left = { data: numbers(a.view), rows: axis(a.view.offset + at(a.batch), 1, 0, m, a.m), cols: aCols };
      const start = b.view.offset + at(b.batch);
      const right = { data: numbers(b.view), rows: start === 0 ? bRows : bRows.map((r) => r + start), cols: bCols };
      // An activation after accumulation would see the old C, so such products go through memory of their own.
      if (p.accumulate && (bias ?? p.relu)) {
        const own = { data: hostArray(c.view.dtype, m * n) as Numbers, rows: axis(0, 1, 0, m, n), cols: axis(0, 1, 0, n, 1) };
        gemmTables(left, right, own);
        finish(p, z, own.data, own.rows, own.cols);
        for (let r = 0; r < m; r++) for (let q = 0; q < n; q++) out[rows[r]! + cCols[q]!]! += own.data[r * n + q]!;
      } else {
        gemmTables(left, right, { data: out, rows, cols: cCols }, { beta: p.accumulate ? 1 : 0 });
        finish(p, z, out, rows, cCols);
      }
    }
}

/** Bias and activation of one batch. */
function finish({ bias, relu }: Contraction, z: number, out: Numbers, rows: Int32Array, cols: Int32Array): void {
  if (!bias && !relu) return;
  const values = bias ? numbers(bias.view) : undefined;
  const from = bias ? bias.view.offset + z * (bias.batch ?? 0) : 0;
  const along = bias?.along;
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]!;
    const whole = along === "m" ? values![from + r]! : 0;
    for (let q = 0; q < cols.length; q++) {
      const v = out[row + cols[q]!]! + (along === "n" ? values![from + q]! : whole);
      out[row + cols[q]!] = relu && v < 0 ? 0 : v;
    }
  }
}

const tables = new Map<string, View>();
const tableLimit = 512;

/** The CPU's side of the plans in conv.ts. */
export const cpuConv: ConvHost = {
  contract: contractCpu,
  dense: hostDense,
  slide: () => false,
  table(key, make) {
    let found = tables.get(key);
    if (!found) {
      if (tables.size >= tableLimit) tables.clear();
      tables.set(key, (found = hostView(make(), "int32")));
    }
    return found;
  },
  padded(x, extent, low) {
    const [images, channels, depth, height, width] = x.shape as [number, number, number, number, number];
    const shape = [images, channels, ...extent];
    const out = hostView(hostArray(x.dtype, sizeOf(shape)), x.dtype, shape);
    const [from, to] = [numbers(x), numbers(out)];
    for (let i = 0; i < images; i++)
      for (let c = 0; c < channels; c++)
        for (let d = 0; d < depth; d++)
          for (let h = 0; h < height; h++) {
            const place = [i, c, d, h];
            const source = place.reduce((sum, p, axis) => sum + p * x.strides[axis]!, x.offset);
            const target = place.reduce((sum, p, axis) => sum + (p + (low[axis - 2] ?? 0)) * out.strides[axis]!, low[2]!);
            for (let w = 0; w < width; w++) to[target + w] = from[source + w * x.strides[4]!]!;
          }
    return out;
  },
};
