// Softmax, its logarithm, the logarithm of sums of exponentials, and their gradients.
import { dense, elements } from "../backend/cpu.ts";
import { asDType, type DType, type DTypeLike, isFloat } from "../base/dtype.ts";
import { checkFloat } from "../base/checks.ts";
import { parse } from "../base/options.ts";
import { normalizeDim, normalizeDims, reducedShape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { eachLine, exponentials, launchLines, linesOf, type Numbers } from "./lines.ts";
import { type Backward, type Primitive, raises, t } from "./op.ts";
import { cpuReduce, reducedLast } from "./reduction.ts";

export interface WithDtype {
  readonly dtype?: DTypeLike | undefined;
}
type Rest = [dim: number, options?: WithDtype] | [options: { readonly dim: number } & WithDtype];
type Signature = (x: Tensor, ...rest: Rest) => Tensor;
export interface Attrs {
  readonly dim: number;
  readonly dtype: DType;
}

const record = (
  name: string,
  kernel: readonly string[],
  line: (from: Numbers, to: Numbers, at: number, n: number, step: number) => void,
  backward: Backward<"out", Attrs>,
): Primitive<Signature, "out", Attrs> => ({
  call: (x, ...rest) => {
    const { dim, dtype } = parse(name, rest, { dim: undefined as number | undefined }, { dtype: undefined as DTypeLike | undefined });
    return { inputs: { x }, attrs: { dim: normalizeDim(name, dim, x.ndim), dtype: asDType(name, dtype ?? x.dtype) } };
  },
  meta: ({ x }, { dtype }) => {
    checkFloat(name, dtype, 'pass { dtype: "float32" }');
    return { out: { shape: x!.shape, dtype } };
  },
  cpu: ({ x, out }, { dim }) => {
    const [from, to, lines] = [dense(x!), elements(out!), linesOf(x!.shape, dim)];
    eachLine(lines, (at) => line(from, to, at, lines.length, lines.inner));
  },
  gpu: ({ x, out }, { dim }, q) =>
    launchLines(q, ["level_peak", "terms_exp", ...kernel], { x: q.dense(x!), out: out! }, linesOf(x!.shape, dim)),
  save: ["out"],
  backward,
  samples: [
    [t([3, 4]), -2], [t([2, 3, 5]), 1], [t([]), 0], [t([0, 3]), 1], [t([3, 0]), 1], [t([2, 70]), { dim: 1 }], [t([1, 5000], { fixed: true }), 1],
    [t([2, 3], { dtype: "int32" }), 1, { dtype: "float32" }],
  ], // prettier-ignore
  errors: [raises([t([2, 3]), 2], "out of range"), raises([t([2], { dtype: "int32" }), 0], "floating"), raises([t([2])], "out of range")],
});

/** exp(x) over its sum along a dimension. Lines without a finite largest element give NaN. */
export const softmax: Primitive<Signature, "out", Attrs> = record(
  "softmax",
  ["settle_exp"],
  (from, to, at, n, step) => {
    const scale = 1 / exponentials(from, at, n, step, to, at, step).sum;
    for (let i = 0, p = at; i < n; i++, p += step) to[p]! *= scale;
  },
  (g, { out }, { dim }) => ({ x: () => g.softmaxBackward(out, dim) }),
);

/** The logarithm of softmax along a dimension, computed without leaving the log scale. */
export const logSoftmax: Primitive<Signature, "out", Attrs> = record(
  "logSoftmax",
  ["settle_log", "mapped_log"],
  (from, to, at, n, step) => {
    const { peak, sum } = exponentials(from, at, n, step, to, at, step);
    const shift = Math.log(sum);
    for (let i = 0, p = at; i < n; i++, p += step) to[p] = from[p]! - peak - shift;
  },
  (g, { out }, { dim }) => ({ x: () => g.logSoftmaxBackward(out, dim) }),
);

type BackwardSignature = (x: Tensor, y: Tensor, dim: number) => Tensor;

const gradient = (
  name: string,
  kernel: readonly string[],
  definition: BackwardSignature,
  line: (g: Numbers, y: Numbers, to: Numbers, at: number, n: number, step: number) => void,
): Primitive<BackwardSignature, never, { dim: number }> => ({
  call: (x, y, dim) => ({ inputs: { x, y }, attrs: { dim: normalizeDim(name, dim, x.ndim) } }),
  meta: ({ x }) => ({ out: x! }),
  cpu: ({ x, y, out }, { dim }) => {
    const [g, from, to, lines] = [dense(x!), dense(y!), elements(out!), linesOf(x!.shape, dim)];
    eachLine(lines, (at) => line(g, from, to, at, lines.length, lines.inner));
  },
  gpu: ({ x, y, out }, { dim }, q) => launchLines(q, kernel, { x: q.dense(x!), y: q.dense(y!), out: out! }, linesOf(x!.shape, dim)),
  backward: "definition",
  definition,
  samples: [[3, 4], [2, 3, 5], [2, 70]].map((shape) => [t(shape), t(shape, { low: 0.1, high: 0.4 }), shape[1] === 70 ? -1 : 1]),
  errors: [raises([t([2]), t([2]), 1], "out of range")],
}); // prettier-ignore

/** The gradient of softmax: y · (x − Σ x · y), with x the gradient of its result y. */
export const softmaxBackward: Primitive<BackwardSignature, never, { dim: number }> = gradient(
  "softmaxBackward",
  ["terms_product", "mapped_product"],
  (x, y, dim) => {
    const weighted = x.mul(y);
    return weighted.sub(y.mul(weighted.sum(dim, true)));
  },
  (g, y, to, at, n, step) => {
    let dot = 0;
    for (let i = 0, p = at; i < n; i++, p += step) dot += g[p]! * y[p]!;
    for (let i = 0, p = at; i < n; i++, p += step) to[p] = y[p]! * (g[p]! - dot);
  },
);

/** The gradient of logSoftmax: x − exp(y) · Σ x, with x the gradient of its result y. */
export const logSoftmaxBackward: Primitive<BackwardSignature, never, { dim: number }> = gradient(
  "logSoftmaxBackward",
  ["mapped_exp"],
  (x, y, dim) => x.sub(y.exp().mul(x.sum(dim, true))),
  (g, y, to, at, n, step) => {
    let total = 0;
    for (let i = 0, p = at; i < n; i++, p += step) total += g[p]!;
    for (let i = 0, p = at; i < n; i++, p += step) to[p] = g[p]! - Math.exp(y[p]!) * total;
  },
);

type Dims = number | readonly number[];
export interface Reduced {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}
type SumSignature = (
  x: Tensor,
  ...rest:
    | [dim: Dims, keepdim?: boolean]
    | [dim: Dims, options: { readonly keepdim?: boolean }]
    | [options: { readonly dim: Dims; readonly keepdim?: boolean }]
) => Tensor;

/** log(Σ exp(x)) over dimensions, without overflow. */
export const logsumexp: Primitive<SumSignature, "x" | "out", Reduced> = {
  call: (x, ...rest) => {
    const { dim, keepdim } = parse("logsumexp", rest, { dim: undefined as Dims | undefined, keepdim: false });
    const dims = dim === undefined ? [normalizeDim("logsumexp", dim, x.ndim)] : normalizeDims("logsumexp", dim, x.ndim);
    return { inputs: { x }, attrs: { dims, keepdim } };
  },
  meta: ({ x }, { dims, keepdim }) => ({
    out: { shape: reducedShape(x!.shape, dims, keepdim), dtype: isFloat(x!.dtype) ? x!.dtype : "float32" },
  }),
  cpu: ({ x, out }, { dims }) =>
    cpuReduce(x!, dims, elements(out!), (data, at, n0, s0, n1, s1) => {
      let peak = -Infinity;
      for (let i = 0; i < n0; i++) for (let j = 0; j < n1; j++) peak = Math.max(peak, data[at + i * s0 + j * s1]!);
      const shift = Number.isFinite(peak) ? peak : 0;
      let sum = 0;
      for (let i = 0; i < n0; i++) for (let j = 0; j < n1; j++) sum += Math.exp(data[at + i * s0 + j * s1]! - shift);
      return Math.log(sum) + shift;
    }),
  gpu: ({ x, out }, { dims }, q) => {
    const together = dims.every((d, i) => d === dims[0]! + i);
    const from = q.dense(together ? x! : reducedLast(x!, dims));
    const length = sizeOf(dims.map((d) => x!.shape[d]!));
    const inner = together ? sizeOf(x!.shape.slice((dims[0] ?? 0) + dims.length)) : 1;
    const lines = { outer: sizeOf(out!.shape) / inner || 0, length, inner };
    launchLines(q, ["level_peak", "terms_level", "settle_level", "apply_none"], { x: from, made_a: out! }, lines);
  },
  save: ["x", "out"],
  backward: (g, { x, out }, { dims }, ins) => ({
    x: () => {
      const kept = reducedShape(ins["x"]!.shape, dims, true);
      const level = out.reshape(kept);
      // Infinite results shift nothing: exp(−∞ − 0) is 0 where −∞ − −∞ would be NaN.
      const shift = level.maskedFill(level.abs().eq(Infinity), 0);
      return x.sub(shift).exp().mul(g.reshape(kept));
    },
  }),
  samples: [
    [t([2, 3, 4]), [0, 2], true], [t([]), 0], [t([2, 0]), 1], [t([2, 300]), { dim: 1 }], [t([300, 2]), 0],
    [t([2, 3], { dtype: "int32" }), 1], [t([3], { data: [1000, 1001, -1000] }), 0],
  ], // prettier-ignore
  errors: [raises([t([2, 3]), 2], "out of range"), raises([t([2])], "out of range")],
};
