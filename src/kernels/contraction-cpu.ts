// Contractions and convolutions on typed arrays: the plans of contraction.ts and convolution.ts through packed blocks.
import { hostArray } from "../base/dtype.ts";
import { memo } from "../base/memo.ts";
import { forEachOffset, sizeOf } from "../base/shape.ts";
import { elements, hostDense, hostView } from "../device/cpu.ts";
import type { View } from "../device/device.ts";
import type { Contraction } from "./contraction.ts";
import { type ConvHost, from } from "./convolution.ts";
import { gemm, type Numbers, offsets } from "./gemm.ts";

const numbers = elements as (view: View) => Numbers;

/** Runs one contraction: see Contraction for the formula. */
export function contractCpu({ m, n, k, kOuter = 1, nOuter = 1, a, b, c, bias, batch = [1, 1] }: Contraction): void {
  const steps = (x: Contraction["a"] | Contraction["b"], start: number): Int32Array =>
    offsets(k, start, x.k, kOuter, x.kOuter, x.kTable && numbers(x.kTable));
  const columns = (x: Contraction["b"] | Contraction["c"]): Int32Array =>
    offsets(n / nOuter, 0, x.n, nOuter, x.nOuter, x.nTable && numbers(x.nTable));
  const [aCols, bCols, cCols] = [steps(a, 0), columns(b), columns(c)];
  const out = numbers(c.view);
  const added = bias && numbers(bias.view);
  for (let z = 0; z < batch[0] * batch[1]; z++) {
    const [o, i] = [Math.floor(z / batch[1]), z % batch[1]];
    const start = ({ view, batch: [outer, inner] = [0, 0] }: Contraction["a"] | Contraction["b"]): number =>
      view.offset + o * outer + i * inner;
    const rows = offsets(m, c.view.offset + z * m * c.m, c.m);
    for (let r = 0; r < m; r++) {
      const from = bias ? bias.view.offset + (z * m + r) * bias.m : 0;
      for (let q = 0; q < n; q++) out[rows[r]! + cCols[q]!] = bias ? added![from + q * bias.n]! : 0;
    }
    gemm(
      { data: numbers(a.view), rows: offsets(m, start(a), a.m), cols: aCols },
      { data: numbers(b.view), rows: steps(b, start(b)), cols: bCols },
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
    const [source, target] = [numbers(x), numbers(out)];
    forEachOffset([x, { ...from(out, low), shape: x.shape }], ([i, j]) => void (target[j!] = source[i!]!));
    return out;
  },
};
