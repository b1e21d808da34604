// Groups of elements that share a mean and a variance: what layer, batch and root-mean-square normalisation and their gradients do with them.
import { checkFloat } from "../base/checks.ts";
import { ShapeError, show } from "../base/errors.ts";
import { type Shape, sizeOf } from "../base/shape.ts";
import { denseCopy, denseFill } from "../device/copying.ts";
import { dense, elements } from "../device/cpu.ts";
import type { Io, Named, View } from "../device/device.ts";
import type { Launcher } from "../device/kernel.ts";
import { batchMoments, gpuReduce, runningMoments, slopeSums, slopeSumsOfColumn, slopeSumsOfRows } from "../kernels/reduction.ts";
import {
  batchNormGradientRows,
  batchNormRows,
  launchRows,
  layerNormGradientRows,
  layerNormRows,
  rmsNormGradientRows,
  rmsNormRows,
  type RowKernel,
  runningNormRows,
} from "../kernels/rows.ts";
import { checkFits, checkRank } from "./arguments.ts";
import { perChannel } from "./channels.ts";
import type { Meta } from "./op.ts";
import type { Tensor } from "./tensor.ts";

export interface Attrs {
  /** The trailing sizes that layer normalisation works on; left out for batch normalisation. */
  readonly shape?: Shape | undefined;
  /** The mean is taken to be 0, as in root-mean-square normalisation. */
  readonly around0?: boolean | undefined;
  readonly training: boolean;
  readonly momentum: number;
  readonly eps: number;
}

/** Operands, and the outputs that gradients read. */
export type ForwardNames = "x" | "weight?" | "bias?" | "runningMean?" | "runningVar?" | "mean" | "rstd";
export type GradientNames = "g" | "x" | "weight?" | "mean" | "rstd" | "sums?";
type Given = Named<"x" | "weight?" | "bias?" | "runningMean?" | "runningVar?" | "mean?" | "rstd?", Meta>;
type Forward = Io<ForwardNames>;
type Gradient = Io<GradientNames>;

/** Group k consists of `runs` runs of `run` neighbours, from k · run on, `stride` apart. */
interface Groups {
  readonly dims: readonly number[];
  /** Dimensions whose elements have a weight and a bias in common. */
  readonly rest: readonly number[];
  /** Of mean and rstd. */
  readonly shape: Shape;
  /** Of weight and bias. */
  readonly affine: Shape;
  /** 1 when weight and bias lie along a run, 0 when a group has one of each. */
  readonly along: number;
  readonly runs: number;
  readonly run: number;
  readonly stride: number;
}

export function groupsOf({ shape }: Pick<Meta, "shape">, { shape: tail }: Attrs): Groups {
  const all = [...shape.keys()];
  if (tail) {
    const lead = shape.length - tail.length;
    const [dims, rest] = [all.slice(lead), all.slice(0, lead)];
    return { dims, rest, shape: shape.slice(0, lead), affine: tail, along: 1, runs: 1, run: sizeOf(tail), stride: 0 };
  }
  const [runs, channels = 0] = shape as [number, number?];
  const [dims, own, run] = [all.filter((d) => d !== 1), [channels], sizeOf(shape.slice(2))];
  return { dims, rest: dims, shape: own, affine: own, along: 0, runs, run, stride: channels * run };
}

/** Errors: DtypeError for integers; ShapeError when sizes do not fit. */
export function check(ins: Given, attrs: Attrs): Groups {
  const { shape, dtype } = ins.x;
  const { shape: tail, training } = attrs;
  checkFloat(dtype);
  if (tail) {
    checkRank(tail, 1);
    checkFits("normalizedShape", tail, shape.slice(-tail.length));
  } else checkRank(shape, sizeOf(shape) > 0 ? 2 : 1);
  const groups = groupsOf(ins.x, attrs);
  const { shape: own, affine } = groups;
  const { weight, bias, runningMean, runningVar, mean, rstd } = ins;
  for (const [key, given] of Object.entries({ weight, bias })) if (given) checkFits(key, given.shape, affine);
  for (const [key, given] of Object.entries({ runningMean, runningVar, mean, rstd })) if (given) checkFits(key, given.shape, own);
  if (!tail && training && groups.runs * groups.run === 1)
    throw new ShapeError(`needs more than one value per channel in training, got ${show(shape)}`, "use a larger batch, or eval()");
  return groups;
}

/** Counts the running statistics as written to. */
function touch({ runningMean, runningVar }: Forward, { training }: Attrs): void {
  if (training) for (const view of [runningMean, runningVar]) if (view) view.storage.version++;
}

// ---- WebGPU ---------------------------------------------------------------------------------------------------------

/** Launches the lines that are mapped: a group's, those of a channel of an item, or all of a channel where items have one number for it. */
function launch(
  q: Launcher,
  row: RowKernel,
  bind: Readonly<Record<string, View | undefined>>,
  { along, shape, runs, run }: Groups,
  eps = 0,
): void {
  const channels = sizeOf(shape);
  const apart = along || (run > 1 && runs > 0);
  const lines = apart ? { outer: channels * runs, length: run, inner: 1 } : { outer: 1, length: runs * run, inner: channels };
  launchRows(q, row, bind, lines, { channels, eps });
}

/** Records mean and rstd of every channel, and the move of the running ones where these are given. */
function launchStats({ x, mean, rstd, runningMean, runningVar }: Forward, attrs: Attrs, q: Launcher): void {
  const running = runningMean && runningVar && sizeOf(x.shape) > 0 ? [runningMean, runningVar] : [];
  const rule = running.length > 0 ? runningMoments : batchMoments;
  // Kernels write whole dense buffers: statistics that are parts of others go there and back.
  const copies = running.map((view) => q.dense(view));
  const bind = { x, out: mean, out_b: rstd, running_mean: copies[0]!, running_var: copies[1]! };
  gpuReduce(q, rule, bind, groupsOf(x, attrs).dims, "float32", { scale: attrs.eps, p: attrs.momentum });
  running.forEach((view, i) => copies[i] !== view && denseCopy(q, copies[i]!, view));
}

/** Records x normalised, and the statistics. */
export function launchNormalize(io: Forward, attrs: Attrs, q: Launcher): void {
  const { x, weight, bias, out, mean, rstd, runningMean, runningVar } = io;
  const { shape, around0, training, eps } = attrs;
  touch(io, attrs);
  if (training && !shape) launchStats(io, attrs, q);
  const row = around0 ? rmsNormRows : shape ? layerNormRows : training ? batchNormRows : runningNormRows;
  const [given_a, given_b] = training ? [mean, rstd] : [runningMean, runningVar];
  const bind = { x, weight, bias, out, given_a, given_b, made_a: mean, made_b: rstd };
  launch(q, row, bind, groupsOf(x, attrs), eps);
}

/** Records the gradient by x. */
export function launchSlope(io: Gradient, attrs: Attrs, q: Launcher): void {
  const { x, g: y, weight, mean: given_a, rstd: given_b, out } = io;
  const groups = groupsOf(x, attrs);
  let { sums: given_sums } = io;
  if (!attrs.shape && !given_sums) launchSums({ ...io, out: (given_sums = q.scratch("float32", [2, ...groups.shape])) }, attrs, q);
  const row = attrs.around0 ? rmsNormGradientRows : attrs.shape ? layerNormGradientRows : batchNormGradientRows;
  launch(q, row, { x, y, weight, given_a, given_b, given_sums, out }, groups);
}

/** Records Σ g and Σ g · (x − mean) · rstd of every weight. */
export function launchSums({ x, g, mean, rstd, out }: Gradient, attrs: Attrs, q: Launcher): void {
  // Statistics of nothing are NaN, sums over nothing are 0.
  if (sizeOf(x.shape) === 0) return denseFill(q, out, 0);
  const { along, rest, run } = groupsOf(x, attrs);
  // A single column is its own mean: its second sum is 0 times anything.
  const single = along && run === 1 && !attrs.around0;
  const rule = !along || single ? slopeSums : run === 1 ? slopeSumsOfColumn : slopeSumsOfRows;
  const scale = single ? q.table("zero", () => new Float32Array(1)) : q.dense(rstd);
  gpuReduce(q, rule, { x: q.dense(x), y: q.dense(g), center: q.dense(mean), rstd: scale, out }, rest, "float32");
}

// ---- CPU ------------------------------------------------------------------------------------------------------------

// Plain loops over runs, without a function per run: accumulators stay in registers.

/** Mean and biased variance of a group. */
function moments(
  x: ArrayLike<number>,
  { runs, run, stride }: Groups,
  k: number,
  around0 = false,
): readonly [mean: number, variance: number] {
  const count = runs * run;
  let [sum, m2] = [0, 0];
  if (!around0) for (let n = 0; n < runs; n++) for (let i = n * stride + k * run, end = i + run; i < end; i++) sum += x[i]!;
  const mean = sum / count;
  for (let n = 0; n < runs; n++) for (let i = n * stride + k * run, end = i + run; i < end; i++) m2 += (x[i]! - mean) * (x[i]! - mean);
  return [mean, m2 / count];
}

/** The element of a one-dimensional view. */
const at = (view: View, k: number): number => elements(view)[view.offset + k * view.strides[0]!]!;

export function cpuNormalize(io: Forward, attrs: Attrs): void {
  const { x, weight, bias, runningMean, runningVar, out, mean, rstd } = io;
  touch(io, attrs);
  const groups = groupsOf(x, attrs);
  const { along, runs, run, stride } = groups;
  const { training, momentum, eps } = attrs;
  const [from, to, w, b] = [dense(x), elements(out), weight && dense(weight), bias && dense(bias)];
  const [means, rstds, count] = [elements(mean), elements(rstd), runs * run];
  for (let k = 0; k < means.length; k++) {
    const [center, variance] = training ? moments(from, groups, k, attrs.around0) : [at(runningMean!, k), at(runningVar!, k)];
    const moved = [
      [runningMean, center],
      [runningVar, (variance * count) / (count - 1)],
    ] as const;
    if (training && count > 0)
      for (const [view, value] of moved)
        if (view) elements(view)[view.offset + k * view.strides[0]!] = at(view, k) * (1 - momentum) + value * momentum;
    const scale = 1 / Math.sqrt(variance + eps);
    [means[k], rstds[k]] = [center, scale];
    for (let n = 0; n < runs; n++)
      for (let i = n * stride + k * run, end = i + run, j = along ? 0 : k; i < end; i++, j += along)
        to[i] = (from[i]! - center) * scale * (w ? w[j]! : 1) + (b ? b[j]! : 0);
  }
}

export function cpuSlope({ g, x, weight, mean: means, rstd: rstds, out }: Gradient, attrs: Attrs): void {
  const { shape, along, runs, run, stride } = groupsOf(x, attrs);
  const [slope, from, w, to] = [dense(g), dense(x), weight && dense(weight), elements(out)];
  const [centers, scales] = [dense(means), dense(rstds)];
  for (let k = 0; k < sizeOf(shape); k++) {
    const [mean, rstd] = [centers[k]!, scales[k]!];
    let [a, b] = [0, 0];
    for (let n = 0; n < runs; n++)
      for (let i = n * stride + k * run, end = i + run, j = along ? 0 : k; i < end; i++, j += along) {
        const v = slope[i]! * (w ? w[j]! : 1);
        a += v;
        b += v * (from[i]! - mean);
      }
    a = attrs.around0 ? 0 : a / (runs * run);
    b *= (rstd * rstd) / (runs * run);
    for (let n = 0; n < runs; n++)
      for (let i = n * stride + k * run, end = i + run, j = along ? 0 : k; i < end; i++, j += along)
        to[i] = rstd * (slope[i]! * (w ? w[j]! : 1) - a - (from[i]! - mean) * b);
  }
}

export function cpuSums({ g, x, mean, rstd, out }: Gradient, attrs: Attrs): void {
  const { shape, affine, along, runs, run, stride } = groupsOf(x, attrs);
  const [slope, from, m] = [dense(g), dense(x), sizeOf(affine)];
  const [centers, scales] = [dense(mean), dense(rstd)];
  const sums = new Float64Array(2 * m);
  for (let k = 0; k < sizeOf(shape); k++) {
    const [own, scale] = [centers[k]!, scales[k]!];
    for (let n = 0; n < runs; n++)
      for (let i = n * stride + k * run, end = i + run, j = along ? 0 : k; i < end; i++, j += along) {
        sums[j]! += slope[i]!;
        sums[m + j]! += slope[i]! * (from[i]! - own) * scale;
      }
  }
  elements(out).set(sums);
}

// ---- the same in plain operators --------------------------------------------------------------------------------------

/** Mean and rstd of x, in its rank. */
function statistics(x: Tensor, attrs: Attrs): { mean: Tensor; rstd: Tensor } {
  const { dims } = groupsOf(x, attrs);
  const mean = attrs.around0 ? x.filledLike(0, []) : x.mean(dims, true);
  return { mean, rstd: x.sub(mean).square().mean(dims, true).add(attrs.eps).rsqrt() };
}

/** What gradients work on; those left out are found out, or are not there. */
export type Operands = Record<"g" | "x", Tensor> & Partial<Record<"weight" | "mean" | "rstd" | "sums", Tensor | undefined>>;

/** The operands with mean and rstd, which are found out if they are not given. */
export function withStatistics(given: Operands, attrs: Attrs): Operands {
  if (given.mean && given.rstd) return given;
  const { shape } = groupsOf(given.x, attrs);
  const { mean, rstd } = statistics(given.x, attrs);
  return { ...given, mean: mean.expand(rstd.shape).reshape(shape), rstd: rstd.reshape(shape) };
}

/** What launchSlope gives. */
export function slopeInOperators({ g, x, weight }: Operands, attrs: Attrs): Tensor {
  const { dims } = groupsOf(x, attrs);
  const { mean, rstd } = statistics(x, attrs);
  const hat = x.sub(mean).mul(rstd);
  const slope = weight ? g.mul(attrs.shape ? weight : perChannel(weight, x)) : g;
  const along = hat.mul(slope.mul(hat).mean(dims, true));
  return (attrs.around0 ? slope : slope.sub(slope.mean(dims, true))).sub(along).mul(rstd);
}

/** What launchSums gives. */
export function sumsInOperators({ g, x, mean, rstd }: Operands, attrs: Attrs): Tensor {
  const { rest, affine } = groupsOf(x, attrs);
  const known = attrs.training ? statistics(x, attrs) : { mean: perChannel(mean!, x), rstd: perChannel(rstd!, x) };
  const hat = x.sub(known.mean).mul(known.rstd);
  const total = (v: Tensor): Tensor => (rest.length === 0 ? v : v.sum(rest)).reshape([1, ...affine]);
  return total(g).cat([total(g.mul(hat))]);
}
