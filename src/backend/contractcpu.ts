// Contractions and convolutions on typed arrays: the plans of contract.ts and conv.ts through packed blocks.
import { hostArray } from "../base/dtype.ts";
import { memo } from "../base/memo.ts";
import { forEachOffset, sizeOf } from "../base/shape.ts";
import type { View } from "./backend.ts";
import type { Contraction } from "./contract.ts";
import { type ConvHost, reach } from "./conv.ts";
import { elements, hostDense, hostView } from "./cpu.ts";
import { gemm, type Numbers } from "./gemm.ts";

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
export function contractCpu({ m, n, k, kOuter = 1, nOuter = 1, a, b, c, bias, batch = [1, 1] }: Contraction): void {
  const aCols = axis(0, kOuter, a.kOuter ?? 0, k, a.k, a.kTable);
  const bCols = axis(0, nOuter, b.nOuter ?? 0, n / nOuter, b.n, b.nTable);
  const cCols = axis(0, nOuter, c.nOuter ?? 0, n / nOuter, c.n, c.nTable);
  const out = numbers(c.view);
  const added = bias && numbers(bias.view);
  for (let z = 0; z < batch[0] * batch[1]; z++) {
    const [o, i] = [Math.floor(z / batch[1]), z % batch[1]];
    const start = ({ view, batch: [outer, inner] = [0, 0] }: Contraction["a"] | Contraction["b"]): number =>
      view.offset + o * outer + i * inner;
    const rows = axis(c.view.offset + z * m * c.m, 1, 0, m, c.m);
    for (let r = 0; r < m; r++) {
      const from = bias ? bias.view.offset + (z * m + r) * bias.m : 0;
      for (let q = 0; q < n; q++) out[rows[r]! + cCols[q]!] = bias ? added![from + q * bias.n]! : 0;
    }
    gemm(
      { data: numbers(a.view), rows: axis(start(a), 1, 0, m, a.m), cols: aCols },
      { data: numbers(b.view), rows: axis(start(b), kOuter, b.kOuter ?? 0, k, b.k, b.kTable), cols: bCols },
      { data: out, rows, cols: cCols },
    );
  }
}

const tables = new Map<string, View>();
const tableLimit = 512;

/** The CPU's side of the plans in conv.ts. */
export const cpuConv: ConvHost = {
  contract: contractCpu,
  dense: hostDense,
  slide: () => false,
  table: (key, make) =>
    memo(tables, key, () => {
      if (tables.size >= tableLimit) tables.clear();
      return hostView(make(), "int32");
    }),
  padded(x, extent, low) {
    const shape = [x.shape[0]!, x.shape[1]!, ...extent];
    const out = hostView(hostArray(x.dtype, sizeOf(shape)), x.dtype, shape);
    const [from, to] = [numbers(x), numbers(out)];
    const inside = { shape: x.shape, strides: out.strides, offset: reach(out, low) };
    forEachOffset([x, inside], ([source, target]) => void (to[target!] = from[source!]!));
    return out;
  },
};
