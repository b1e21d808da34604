// Softmax, its logarithm, the logarithm of sums of exponentials, and their gradients.
import { dense, elements } from "../../device/cpu.ts";
import { asDType, type DType, type DTypeLike, isFloat } from "../../base/dtype.ts";
import { checkFloat } from "../../base/checks.ts";
import { parse } from "../../base/options.ts";
import { normalizeDim, normalizeDims, reducedShape } from "../../base/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { eachLine, exponentials, launchLines, linesOf, type Numbers } from "../../kernels/rows.ts";
import { type Backward, type Composite, type Primitive, raises, t } from "../op.ts";

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
  kernel: readonly string[],
  line: (from: Numbers, to: Numbers, at: number, n: number, step: number) => void,
  backward: Backward<"out", Attrs>,
): Primitive<Signature, "out", Attrs> => ({
  call: (x, ...rest) => {
    const { dim, dtype } = parse(rest, { dim: undefined as number | undefined }, { dtype: undefined as DTypeLike | undefined });
    return { inputs: { x }, attrs: { dim: normalizeDim(dim, x.ndim), dtype: asDType(dtype ?? x.dtype) } };
  },
  meta: ({ x }, { dtype }) => {
    checkFloat(dtype, 'pass { dtype: "float32" }');
    return { out: { shape: x!.shape, dtype } };
  },
  cpu: ({ x, out }, { dim }) => {
    const [from, to, lines] = [dense(x!), elements(out!), linesOf(x!.shape, dim)];
    eachLine(lines, (at) => line(from, to, at, lines.length, lines.inner));
  },
  gpu: ({ x, out }, { dim }, q) => launchLines(q, ["level_peak", "terms_exp", ...kernel], { x, out }, linesOf(x!.shape, dim)),
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
  ["settle_exp"],
  (from, to, at, n, step) => {
    const scale = 1 / exponentials(from, at, n, step, to, at, step).sum;
    for (let i = 0, p = at; i < n; i++, p += step) to[p]! *= scale;
  },
  (g, { out }, { dim }) => ({ x: () => g.softmaxBackward(out, dim) }),
);

/** The logarithm of softmax along a dimension, computed without leaving the log scale. */
export const logSoftmax: Primitive<Signature, "out", Attrs> = record(
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
  kernel: readonly string[],
  definition: BackwardSignature,
  line: (g: Numbers, y: Numbers, to: Numbers, at: number, n: number, step: number) => void,
): Primitive<BackwardSignature, never, { dim: number }> => ({
  call: (x, y, dim) => ({ inputs: { x, y }, attrs: { dim: normalizeDim(dim, x.ndim) } }),
  meta: ({ x }) => ({ out: x! }),
  cpu: ({ x, y, out }, { dim }) => {
    const [g, from, to, lines] = [dense(x!), dense(y!), elements(out!), linesOf(x!.shape, dim)];
    eachLine(lines, (at) => line(g, from, to, at, lines.length, lines.inner));
  },
  gpu: ({ x, y, out }, { dim }, q) => launchLines(q, kernel, { x, y, out }, linesOf(x!.shape, dim)),
  backward: "definition",
  definition,
  samples: [[3, 4], [2, 3, 5], [2, 70]].map((shape) => [t(shape), t(shape, { low: 0.1, high: 0.4 }), shape[1] === 70 ? -1 : 1]),
  errors: [raises([t([2]), t([2]), 1], "out of range")],
}); // prettier-ignore

/** The gradient of softmax: y · (x − Σ x · y), with x the gradient of its result y. */
export const softmaxBackward: Primitive<BackwardSignature, never, { dim: number }> = gradient(
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
  ["mapped_exp"],
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

/** log(Σ exp(x)) over dimensions, without overflow. */
export const logsumexp: Composite<SumSignature> = {
  compose: (x, ...rest) => {
    const { dim, keepdim } = parse(rest, { dim: undefined as Dims | undefined, keepdim: false });
    const dims = dim === undefined ? [normalizeDim(dim, x.ndim)] : normalizeDims(dim, x.ndim);
    const from = isFloat(x.dtype) ? x : x.float();
    // Finite, so that infinite elements stay what they are.
    const peak = from.size === 0 ? 0 : from.detach().amax(dims, true).nanToNum();
    const total = from.sub(peak).exp().sum(dims, true);
    // Nothing but −∞ has no slope.
    const none = total.eq(0);
    const found = total.maskedFill(none, 1).log().add(peak).maskedFill(none, -Infinity);
    return found.reshape(reducedShape(x.shape, dims, keepdim));
  },
  samples: [
    [t([2, 3, 4]), [0, 2], true], [t([]), 0], [t([2, 0]), 1], [t([2, 3], { dtype: "int32" }), { dim: 1 }],
    [t([3], { data: [1000, 1001, -1000] }), 0],
  ], // prettier-ignore
  errors: [raises([t([2, 3]), 2], "out of range"), raises([t([2])], "out of range")],
};
