// Softmax, its logarithm, the logarithm of sums of exponentials, and their gradients.
import reduceSource from "../../shaders/reduce.wgsl?raw";
import source from "../../shaders/softmax.wgsl?raw";
import type { View } from "../backend/backend.ts";
import { dense, elements } from "../backend/cpu.ts";
import { kernel, type Launcher, wgslType } from "../backend/kernel.ts";
import { asDType, type DType, type DTypeLike, isFloat } from "../base/dtype.ts";
import { DtypeError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { normalizeDim, normalizeDims, reducedShape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { fewLines, launchLines, linesOf } from "./lines.ts";
import { type Backward, type Primitive, raises, t } from "./op.ts";
import { cpuReduce, type Fold, gpuReduce, recast, type Rule } from "./reduction.ts";

export interface WithDtype {
  readonly dtype?: DTypeLike | undefined;
}
type Rest = [dim: number, options?: WithDtype] | [options: { readonly dim: number } & WithDtype];
type Signature = (x: Tensor, ...rest: Rest) => Tensor;
export interface Attrs {
  readonly dim: number;
  readonly dtype: DType;
}

/** Softmax of one line of n elements, `step` apart. */
type LineFn = (from: ArrayLike<number>, to: { [i: number]: number }, at: number, n: number, step: number) => void;

const softmaxLine: LineFn = (from, to, at, n, step) => {
  let peak = -Infinity;
  for (let i = 0, p = at; i < n; i++, p += step) if (from[p]! > peak) peak = from[p]!;
  let sum = 0;
  for (let i = 0, p = at; i < n; i++, p += step) sum += to[p] = Math.exp(from[p]! - peak);
  const scale = 1 / sum;
  for (let i = 0, p = at; i < n; i++, p += step) to[p]! *= scale;
};
const logSoftmaxLine: LineFn = (from, to, at, n, step) => {
  let peak = -Infinity;
  for (let i = 0, p = at; i < n; i++, p += step) if (from[p]! > peak) peak = from[p]!;
  let sum = 0;
  for (let i = 0, p = at; i < n; i++, p += step) sum += Math.exp(from[p]! - peak);
  const shift = Math.log(sum);
  for (let i = 0, p = at; i < n; i++, p += step) to[p] = from[p]! - peak - shift;
};

function overLines(x: View, dim: number, visit: (at: number, n: number, step: number) => void): void {
  const { outer, length, inner } = linesOf(x.shape, dim);
  for (let o = 0; o < outer; o++) for (let k = 0; k < inner; k++) visit(o * length * inner + k, length, inner);
}

function gpuSoftmax(q: Launcher, x: View, out: View, dim: number, log: boolean): void {
  const from = q.dense(x);
  const lines = linesOf(x.shape, dim);
  const roles: Record<string, string> = log ? { run_line: "run_line_log" } : {};
  if (!fewLines(q, lines)) return launchLines(q, source, roles, ["load", "store", "mask"], { x: from, out }, lines);
  const [peaks, sums] = [q.scratch("float32", [lines.outer * lines.inner]), q.scratch("float32", [lines.outer * lines.inner])];
  const rule: Rule = { lanes: "online", accumulate: "f32", roles: { write_online: "write_online_pair" } };
  gpuReduce(q, reduceSource, rule, { x: from, out: peaks, out_b: sums }, x.shape.length === 0 ? [] : [dim], "float32");
  const spec = { aliases: { X: wgslType(from.dtype) }, fns: log ? recast(source, { applied: "applied_log" }) : {} };
  const size = sizeOf(x.shape);
  q.launch(kernel(source, "softmax_apply", spec), { x: from, peaks, sums, out }, { size, length: lines.length, inner: lines.inner }, size);
}

function record<S extends "out">(name: string, log: boolean, line: LineFn, backward: Backward<S, Attrs>): Primitive<Signature, S, Attrs> {
  return {
    call: (x, ...rest) => {
      const { dim, dtype } = parse(name, rest, { dim: undefined as number | undefined }, { dtype: undefined as DTypeLike | undefined });
      return {
        inputs: { x },
        attrs: { dim: normalizeDim(name, dim, x.ndim), dtype: dtype === undefined ? x.dtype : asDType(name, dtype) },
      };
    },
    meta: ({ x }, { dtype }) => {
      if (!isFloat(dtype)) throw new DtypeError(name, `needs a floating dtype, got ${dtype}`, 'pass { dtype: "float32" }');
      return { out: { shape: x!.shape, dtype } };
    },
    cpu: ({ x, out }, { dim }) => {
      const [from, to] = [dense(x!), elements(out!)];
      overLines(x!, dim, (at, n, step) => line(from, to, at, n, step));
    },
    gpu: ({ x, out }, { dim }, q) => gpuSoftmax(q, x!, out!, dim, log),
    save: ["out"] as unknown as readonly S[],
    backward,
    samples: [
      [t([3, 4]), 1], [t([3, 4]), -2], [t([2, 3, 5]), 1], [t([]), 0], [t([0, 3]), 1], [t([3, 0]), 1], [t([2, 70]), { dim: 1 }], [t([1, 5000], { fixed: true }), 1],
      [t([2, 3], { dtype: "int32" }), 1, { dtype: "float32" }],
    ], // prettier-ignore
    errors: [raises([t([2, 3]), 2], "out of range"), raises([t([2], { dtype: "int32" }), 0], "floating"), raises([t([2])], "out of range")],
  };
}

/** exp(x) over its sum along a dimension. Lines without a finite largest element give NaN. */
export const softmax: Primitive<Signature, "out", Attrs> = record("softmax", false, softmaxLine, (g, { out }, { dim }) => ({
  x: () => g.softmaxBackward(out, dim),
}));

/** The logarithm of softmax along a dimension, computed without leaving the log scale. */
export const logSoftmax: Primitive<Signature, "out", Attrs> = record("logSoftmax", true, logSoftmaxLine, (g, { out }, { dim }) => ({
  x: () => g.logSoftmaxBackward(out, dim),
}));

type BackwardSignature = (x: Tensor, y: Tensor, dim: number) => Tensor;

const gradient = (
  name: string,
  log: boolean,
  definition: BackwardSignature,
  line: (g: ArrayLike<number>, y: ArrayLike<number>, to: { [i: number]: number }, at: number, n: number, step: number) => void,
): Primitive<BackwardSignature, never, { dim: number }> => ({
  call: (x, y, dim) => ({ inputs: { x, y }, attrs: { dim: normalizeDim(name, dim, x.ndim) } }),
  meta: ({ x }) => ({ out: x! }),
  cpu: ({ x, y, out }, { dim }) => {
    const [g, from, to] = [dense(x!), dense(y!), elements(out!)];
    overLines(x!, dim, (at, n, step) => line(g, from, to, at, n, step));
  },
  gpu: ({ x, y, out }, { dim }, q) => {
    const bind = { x: q.dense(x!), y: q.dense(y!), out: out! };
    launchLines(
      q,
      source,
      { run_line: log ? "run_line_log_backward" : "run_line_backward" },
      ["load", "load_y", "store", "mask"],
      bind,
      linesOf(x!.shape, dim),
    );
  },
  backward: "definition",
  definition,
  samples: [
    [t([3, 4]), t([3, 4], { low: 0.1, high: 0.4 }), 1],
    [t([2, 3, 5]), t([2, 3, 5], { low: 0.1, high: 0.4 }), 1],
    [t([2, 70]), t([2, 70], { low: 0.1, high: 0.4 }), -1],
  ],
  errors: [raises([t([2]), t([2]), 1], "out of range")],
});

/** The gradient of softmax: y · (x − Σ x · y), with x the gradient of its result y. */
export const softmaxBackward: Primitive<BackwardSignature, never, { dim: number }> = gradient(
  "softmaxBackward",
  false,
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
  true,
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

const logSumExpFold: Fold = (data, at, n0, s0, n1, s1) => {
  let peak = -Infinity;
  for (let i = 0; i < n0; i++) for (let j = 0; j < n1; j++) if (data[at + i * s0 + j * s1]! > peak) peak = data[at + i * s0 + j * s1]!;
  const shift = Number.isFinite(peak) ? peak : 0;
  let sum = 0;
  for (let i = 0; i < n0; i++) for (let j = 0; j < n1; j++) sum += Math.exp(data[at + i * s0 + j * s1]! - shift);
  return Math.log(sum) + shift;
};

/** log(Σ exp(x)) over dimensions, without overflow. */
export const logsumexp: Primitive<
  (
    x: Tensor,
    ...rest:
      | [dim: Dims, keepdim?: boolean]
      | [dim: Dims, options: { readonly keepdim?: boolean }]
      | [options: { readonly dim: Dims; readonly keepdim?: boolean }]
  ) => Tensor,
  "x" | "out",
  Reduced
> = {
  call: (x, ...rest) => {
    const { dim, keepdim } = parse("logsumexp", rest, { dim: undefined as Dims | undefined, keepdim: false });
    const dims = dim === undefined ? [normalizeDim("logsumexp", dim, x.ndim)] : normalizeDims("logsumexp", dim, x.ndim);
    return { inputs: { x }, attrs: { dims, keepdim } };
  },
  meta: ({ x }, { dims, keepdim }) => ({
    out: { shape: reducedShape(x!.shape, dims, keepdim), dtype: isFloat(x!.dtype) ? x!.dtype : "float32" },
  }),
  cpu: ({ x, out }, { dims }) => cpuReduce(x!, dims, elements(out!), logSumExpFold),
  gpu: ({ x, out }, { dims }, q) =>
    gpuReduce(q, reduceSource, { lanes: "online", accumulate: "f32" }, { x: x!, out: out! }, dims, "float32"),
  save: ["x", "out"],
  backward: (g, { x, out }, { dims }, ins) => ({
    x: () => {
      const kept = reducedShape(ins["x"]!.shape, dims, true);
      const level = out.reshape(kept);
      // Infinite results shift nothing: exp(−∞ − 0) is 0 where −∞ − −∞ would be NaN.
      return x
        .sub(level.maskedFill(level.abs().eq(Infinity), 0))
        .exp()
        .mul(g.reshape(kept));
    },
  }),
  samples: [
    [t([3, 4]), 1],
    [t([2, 3, 4]), [0, 2], true],
    [t([]), 0],
    [t([2, 0]), 1],
    [t([2, 300]), { dim: 1 }],
    [t([300, 2]), 0],
    [t([2, 3], { dtype: "int32" }), 1],
    [t([3], { data: [1000, 1001, -1000] }), 0],
  ],
  errors: [raises([t([2, 3]), 2], "out of range"), raises([t([2])], "out of range")],
};
