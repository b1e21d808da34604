// Softmax, its logarithm, the logarithm of sums of exponentials, and their gradients.
import { checkFloat } from "../../base/checks.ts";
import { asDType, type DType, type DTypeLike, isFloat } from "../../base/dtype.ts";
import { parse } from "../../base/options.ts";
import { normalizeDim, normalizeDims, reducedShape, sizeOf } from "../../base/shape.ts";
import { dense, elements } from "../../device/cpu.ts";
import type { View } from "../../device/device.ts";
import { reducedLast } from "../../kernels/reduction.ts";
import {
  eachLine,
  exponentials,
  launchRows,
  type Lines,
  linesOf,
  logSoftmaxGradientRows,
  logSoftmaxRows,
  logsumexpRows,
  type Numbers,
  type RowKernel,
  softmaxGradientRows,
  softmaxRows,
} from "../../kernels/rows.ts";
import { checkFits } from "../arguments.ts";
import { type Backward, type Composite, type Internal, type Primitive, raises, t } from "../op.ts";
import { counted, restored } from "../reducing.ts";
import type { Tensor } from "../tensor.ts";

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
  row: RowKernel,
  line: (from: Numbers, to: Numbers, at: number, n: number, step: number) => void,
  backward: Backward<"x", "out", Attrs>,
): Primitive<Signature, "x", "out", Attrs> => ({
  rest: true,
  call: (x, ...rest) => {
    const { dim, dtype } = parse(rest, { dim: undefined as number | undefined }, { dtype: undefined as DTypeLike | undefined });
    return { inputs: { x }, attrs: { dim: normalizeDim(dim, x.ndim), dtype: asDType(dtype ?? x.dtype) } };
  },
  meta: ({ x }, { dtype }) => {
    checkFloat(dtype, 'pass { dtype: "float32" }');
    return { out: { shape: x.shape, dtype } };
  },
  cpu: ({ x, out }, { dim }) => {
    const [from, to, lines] = [dense(x), elements(out), linesOf(x.shape, dim)];
    eachLine(lines, (at) => line(from, to, at, lines.length, lines.inner));
  },
  gpu: ({ x, out }, { dim }, q) => launchRows(q, row, { x, out }, linesOf(x.shape, dim)),
  save: ["out"],
  backward,
  samples: [
    [t([3, 4]), -2], [t([2, 3, 5]), 1], [t([]), 0], [t([0, 3]), 1], [t([3, 0]), 1], [t([2, 70]), { dim: 1 }], [t([1, 5000], { fixed: true }), 1],
    [t([2, 3], { dtype: "int32" }), 1, { dtype: "float32" }],
  ], // prettier-ignore
  errors: [raises([t([2, 3]), 2], "out of range"), raises([t([2], { dtype: "int32" }), 0], "floating"), raises([t([2])], "out of range")],
});

/** exp(x) over its sum along a dimension. Lines without a finite largest element give NaN. */
export const softmax: Primitive<Signature, "x", "out", Attrs> = record(
  softmaxRows,
  (from, to, at, n, step) => {
    const scale = 1 / exponentials(from, at, n, step, to, at, step).sum;
    for (let i = 0, p = at; i < n; i++, p += step) to[p]! *= scale;
  },
  (g, { out }, { dim }) => ({ x: () => g.softmaxBackward(out, dim) }),
);

/** exp(−x) over its sum along a dimension: softmax of −x. */
export const softmin: Composite<Signature> = {
  rest: true,
  compose: (x, ...rest) => x.neg().softmax(...(rest as [dim: number])),
  samples: [[t([3, 4]), -1], [t([2, 3, 2]), { dim: 1 }], [t([]), 0], [t([2, 3], { dtype: "int32" }), 1, { dtype: "float32" }]], // prettier-ignore
  errors: [raises([t([2, 3]), 2], "out of range"), raises([t([2], { dtype: "int32" }), 0], "floating")],
};

/** The logarithm of softmax along a dimension, computed without leaving the log scale. */
export const logSoftmax: Primitive<Signature, "x", "out", Attrs> = record(
  logSoftmaxRows,
  (from, to, at, n, step) => {
    const { peak, sum } = exponentials(from, at, n, step, to, at, step);
    const shift = Math.log(sum);
    for (let i = 0, p = at; i < n; i++, p += step) to[p] = from[p]! - peak - shift;
  },
  (g, { out }, { dim }) => ({ x: () => g.logSoftmaxBackward(out, dim) }),
);

type BackwardSignature = (x: Tensor, y: Tensor, dim: number) => Tensor;

const gradient = (
  row: RowKernel,
  definition: BackwardSignature,
  line: (g: Numbers, y: Numbers, to: Numbers, at: number, n: number, step: number) => void,
): Primitive<BackwardSignature, "x" | "y", never, { dim: number }> & Internal => ({
  internal: true,
  call: (x, y, dim) => ({ inputs: { x, y }, attrs: { dim: normalizeDim(dim, x.ndim) } }),
  meta: ({ x, y }) => {
    checkFits("y", y.shape, x.shape);
    return { out: x };
  },
  cpu: ({ x, y, out }, { dim }) => {
    const [g, from, to, lines] = [dense(x), dense(y), elements(out), linesOf(x.shape, dim)];
    eachLine(lines, (at) => line(g, from, to, at, lines.length, lines.inner));
  },
  gpu: ({ x, y, out }, { dim }, q) => launchRows(q, row, { x, y, out }, linesOf(x.shape, dim)),
  backward: "definition",
  definition,
  samples: [
    [3, 4],
    [2, 3, 5],
    [2, 70],
  ].map((shape) => [t(shape), t(shape, { low: 0.1, high: 0.4 }), shape[1] === 70 ? -1 : 1]),
  errors: [raises([t([2]), t([2]), 1], "out of range"), raises([t([2, 3]), t([1, 3]), 1], "y [1, 3] does not fit, needs [2, 3]")],
});

/** The gradient of softmax: y · (x − Σ x · y), with x the gradient of its result y. */
export const softmaxBackward: Primitive<BackwardSignature, "x" | "y", never, { dim: number }> & Internal = gradient(
  softmaxGradientRows,
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
export const logSoftmaxBackward: Primitive<BackwardSignature, "x" | "y", never, { dim: number }> & Internal = gradient(
  logSoftmaxGradientRows,
  (x, y, dim) => x.sub(y.exp().mul(x.sum(dim, true))),
  (g, y, to, at, n, step) => {
    let total = 0;
    for (let i = 0, p = at; i < n; i++, p += step) total += g[p]!;
    for (let i = 0, p = at; i < n; i++, p += step) to[p] = g[p]! - Math.exp(y[p]!) * total;
  },
);

type Dims = number | readonly number[];
type SumSignature = (
  x: Tensor,
  ...rest:
    | [dim: Dims, keepdim?: boolean]
    | [dim: Dims, options: { readonly keepdim?: boolean }]
    | [options: { readonly dim: Dims; readonly keepdim?: boolean }]
) => Tensor;

export interface Sums {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}
/** The dimensions summed over as lines of a view: one as it lies, several moved behind the others. */
const summed = (x: View, dims: readonly number[]): readonly [View, Lines] => {
  if (dims.length === 1) return [x, linesOf(x.shape, dims[0]!)];
  const moved = reducedLast(x, dims);
  const length = counted(x.shape, dims);
  return [moved, { outer: sizeOf(x.shape.filter((_, d) => !dims.includes(d))), length, inner: 1 }];
};

/** log(Σ exp(x)) over dimensions, without overflow: −∞ for nothing but −∞, ∞ beside an ∞. Integers count as float32. */
export const logsumexp: Primitive<SumSignature, "x", "x" | "out", Sums> = {
  rest: true,
  call: (x, ...rest) => {
    const { dim, keepdim } = parse(rest, { dim: undefined as Dims | undefined, keepdim: false });
    const dims = dim === undefined ? [normalizeDim(dim, x.ndim)] : normalizeDims(dim, x.ndim);
    return { inputs: { x: isFloat(x.dtype) ? x : x.float() }, attrs: { dims, keepdim } };
  },
  meta: ({ x }, { dims, keepdim }) => ({ out: { shape: reducedShape(x.shape, dims, keepdim), dtype: x.dtype } }),
  cpu: ({ x, out }, { dims }) => {
    const [view, lines] = summed(x, dims);
    const [from, to, terms] = [dense(view), elements(out), new Float64Array(lines.length)];
    eachLine(lines, (at, line) => {
      const { peak, sum } = exponentials(from, at, lines.length, lines.inner, terms, 0, 1);
      // Around an infinite largest element the differences are NaN, as they are where x is.
      const defined = Math.abs(peak) !== Infinity || !terms.some((_, i) => Number.isNaN(from[at + i * lines.inner]!));
      to[line] = !defined ? NaN : Math.abs(peak) === Infinity ? peak : peak + Math.log(sum);
    });
  },
  gpu: ({ x, out }, { dims }, q) => {
    const [view, lines] = summed(x, dims);
    launchRows(q, logsumexpRows, { x: view, made_a: out }, lines);
  },
  save: ["x", "out"],
  backward: (g, { x, out }, { dims }, ins) => ({
    x: () => {
      // Nothing but −∞ has no slope.
      const level = out.maskedFill(out.eq(-Infinity), 0);
      return restored(g, ins, dims).mul(x.sub(restored(level, ins, dims)).exp());
    },
  }),
  samples: [
    [t([2, 3, 4]), [0, 2], true], [t([2, 3, 4]), [0, 1]], [t([2, 3, 4]), 1], [t([3, 70]), -1], [t([]), 0], [t([2, 0]), 1], [t([0, 2]), 1],
    [t([2, 3], { dtype: "int32" }), { dim: 1 }], [t([3], { data: [1000, 1001, -1000] }), 0],
  ], // prettier-ignore
  errors: [raises([t([2, 3]), 2], "out of range"), raises([t([2])], "out of range")],
};
