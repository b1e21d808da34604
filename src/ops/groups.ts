// Groups of elements that share a mean and a variance: what layer and batch normalisation and their gradients do with them.
import type { View, Views } from "../backend/backend.ts";
import { denseCopy } from "../backend/copy.ts";
import { dense, elements } from "../backend/cpu.ts";
import type { Launcher } from "../backend/kernel.ts";
import { checkFloat } from "../base/checks.ts";
import { ShapeError, show } from "../base/errors.ts";
import { sameShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { launchLines, type Lines } from "./lines.ts";
import type { Inputs, Meta } from "./op.ts";
import { deviations, gpuReduce, twin } from "./reduction.ts";

export interface Attrs {
  /** The trailing sizes that layer normalisation works on; left out for batch normalisation. */
  readonly shape?: Shape;
  readonly training: boolean;
  readonly momentum: number;
  readonly eps: number;
}

/** Group k consists of `runs` runs of `run` neighbours, from k · run on, `stride` apart. */
interface Groups {
  readonly dims: readonly number[];
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
  const lead = shape.length - (tail?.length ?? 0);
  if (tail) return { dims: all.slice(lead), shape: shape.slice(0, lead), affine: tail, along: 1, runs: 1, run: sizeOf(tail), stride: 0 };
  const [channels, run] = [shape[1] ?? 0, sizeOf(shape.slice(2))];
  return {
    dims: all.filter((d) => d !== 1),
    shape: [channels],
    affine: [channels],
    along: 0,
    runs: shape[0]!,
    run,
    stride: channels * run,
  };
}

/** Errors: DtypeError for integers; ShapeError when sizes do not fit. */
export function check(ins: Inputs, attrs: Attrs): Groups {
  const { shape, dtype } = ins["x"]!;
  const { shape: tail, training } = attrs;
  checkFloat(dtype);
  if (tail && (tail.length === 0 || !sameShape(shape.slice(-tail.length), tail)))
    throw new ShapeError(`an input of ${show(shape)} does not end in normalizedShape ${show(tail)}`);
  if (!tail && shape.length < 2 && sizeOf(shape) > 0) throw new ShapeError(`needs an input of [N, C, …], got ${show(shape)}`);
  const groups = groupsOf(ins["x"]!, attrs);
  for (const key of ["weight", "bias", "mean", "rstd", "runningMean", "runningVar"]) {
    const wanted = /^(weight|bias)/.test(key) ? groups.affine : groups.shape;
    if (ins[key] && !sameShape(ins[key].shape, wanted))
      throw new ShapeError(`${key} ${show(ins[key].shape)} must have shape ${show(wanted)}`);
  }
  if (!tail && training && groups.runs * groups.run === 1)
    throw new ShapeError(`needs more than one value per channel in training, got ${show(shape)}`, "use a larger batch, or eval()");
  return groups;
}

/** Counts the running statistics as written to. */
function touch({ runningMean, runningVar }: Views, { training }: Attrs): void {
  if (training) for (const view of [runningMean, runningVar]) if (view) view.storage.version++;
}

// ---- WebGPU ---------------------------------------------------------------------------------------------------------

/** The lines that batch normalisation maps: a channel of an item, or all of a channel where items have one number for it. */
const channelLines = ({ shape: [channels], runs, run }: Groups): Lines =>
  run > 1 && runs > 0 ? { outer: runs * channels!, length: run, inner: 1 } : { outer: 1, length: runs * run, inner: channels! };
const rows = ({ shape, run }: Groups): Lines => ({ outer: sizeOf(shape), length: run, inner: 1 });

/** Records mean and rstd of every channel, and the move of the running ones where these are given. */
function launchStats({ x, mean, rstd, runningMean, runningVar }: Views, attrs: Attrs, q: Launcher): void {
  const running = runningMean && runningVar && sizeOf(x!.shape) > 0 ? [runningMean, runningVar] : [];
  const rule = deviations(running.length > 0 ? "emit_batch_running" : "emit_batch");
  // Kernels write whole dense buffers: statistics that are parts of others go there and back.
  const copies = running.map((view) => q.dense(view));
  const moved: Views = copies.length > 0 ? { running_mean: copies[0]!, running_var: copies[1]! } : {};
  const bind = { x: x!, out: mean!, out_b: rstd!, ...moved };
  gpuReduce(q, rule, bind, groupsOf(x!, attrs).dims, "float32", { scale: attrs.eps, p: attrs.momentum });
  running.forEach((view, i) => copies[i] !== view && denseCopy(q, copies[i]!, view));
}

/** Records x normalised, and the statistics. */
export function launchNormalize(io: Views, attrs: Attrs, q: Launcher): void {
  const { weight, bias, out, mean, rstd, runningMean, runningVar } = io;
  touch(io, attrs);
  const x = q.dense(io["x"]!);
  const groups = groupsOf(x, attrs);
  const bind = { x, weight, bias, out };
  const made = { made_a: mean, made_b: rstd };
  if (attrs.shape) {
    const names = ["level_mean", "terms_moments", "settle_norm", "mapped_norm", "weights_each", "biases_each"];
    return launchLines(q, names, { ...bind, ...made }, rows(groups), { eps: attrs.eps });
  }
  if (attrs.training) launchStats({ ...io, x }, attrs, q);
  const stats = attrs.training ? { given_a: mean, given_b: rstd } : { given_a: runningMean, given_b: runningVar, ...made };
  const names = ["sums_none", attrs.training ? "settle_batch" : "settle_running", "mapped_norm", "weight_of_each", "bias_of_each"];
  launchLines(q, names, { ...bind, ...stats }, channelLines(groups), { channels: groups.shape[0]!, eps: attrs.eps });
}

/** Records the gradient by x. */
export function launchSlope(io: Views, attrs: Attrs, q: Launcher): void {
  const groups = groupsOf(io["x"]!, attrs);
  const { x, g: y, weight, mean: given_a, rstd: given_b, sums: given_sums, out } = io;
  const bind = { x, y, weight, given_a, given_b, out };
  if (attrs.shape)
    return launchLines(q, ["level_given", "terms_slope", "settle_slope", "mapped_slope", "weights_each"], bind, rows(groups));
  const names = ["sums_none", "settle_channel", "mapped_slope", "weight_of_each"];
  launchLines(q, names, { ...bind, given_sums }, channelLines(groups), { channels: groups.shape[0]! });
}

/** Records Σ g and Σ g · (x − mean) · rstd of every weight. */
export function launchSums({ x, g, mean, rstd, out }: Views, attrs: Attrs, q: Launcher): void {
  const { dims, run } = groupsOf(x!, attrs);
  const bind = { x: q.dense(x!), y: q.dense(g!), center: q.dense(mean!), out: out! };
  if (!attrs.shape) {
    const rule = twin({ open: "open_twin", fold: "fold_twin", emit: "emit_twin" });
    return gpuReduce(q, rule, { ...bind, rstd: q.dense(rstd!) }, dims, "float32");
  }
  // A single column is its own mean: its second sum is 0 times anything.
  const single = run === 1;
  const rule = twin(single ? { fold: "fold_twin", emit: "emit_twin" } : { fold: "fold_twin_rows", emit: "emit_twin_rows" });
  const scale = single ? q.table("zero", () => new Float32Array(1)) : q.dense(rstd!);
  const lead = [...x!.shape.keys()].filter((d) => !dims.includes(d));
  gpuReduce(q, rule, { ...bind, rstd: scale }, lead, "float32");
}

// ---- CPU ------------------------------------------------------------------------------------------------------------

// Plain loops over runs, without a function per run: accumulators stay in registers.

/** Mean and biased variance of a group. */
function moments(x: ArrayLike<number>, { runs, run, stride }: Groups, k: number): readonly [mean: number, variance: number] {
  const count = runs * run;
  let [sum, m2] = [0, 0];
  for (let n = 0; n < runs; n++) for (let i = n * stride + k * run, end = i + run; i < end; i++) sum += x[i]!;
  const mean = sum / count;
  for (let n = 0; n < runs; n++) for (let i = n * stride + k * run, end = i + run; i < end; i++) m2 += (x[i]! - mean) * (x[i]! - mean);
  return [mean, m2 / count];
}

/** The element of a one-dimensional view. */
const at = (view: View, k: number): number => elements(view)[view.offset + k * view.strides[0]!]!;

export function cpuNormalize(io: Views, attrs: Attrs): void {
  const { x, weight, bias, runningMean, runningVar, out, mean, rstd } = io;
  touch(io, attrs);
  const groups = groupsOf(x!, attrs);
  const { along, runs, run, stride } = groups;
  const { training, momentum, eps } = attrs;
  const [from, to, w, b] = [dense(x!), elements(out!), weight && dense(weight), bias && dense(bias)];
  const [means, rstds, count] = [elements(mean!), elements(rstd!), runs * run];
  for (let k = 0; k < means.length; k++) {
    const [center, variance] = training ? moments(from, groups, k) : [at(runningMean!, k), at(runningVar!, k)];
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

export function cpuSlope({ g, x, weight, mean: means, rstd: rstds, out }: Views, attrs: Attrs): void {
  const { shape, along, runs, run, stride } = groupsOf(x!, attrs);
  const [slope, from, w, to] = [dense(g!), dense(x!), weight && dense(weight), elements(out!)];
  const [centers, scales] = [dense(means!), dense(rstds!)];
  for (let k = 0; k < sizeOf(shape); k++) {
    const [mean, rstd] = [centers[k]!, scales[k]!];
    let [a, b] = [0, 0];
    for (let n = 0; n < runs; n++)
      for (let i = n * stride + k * run, end = i + run, j = along ? 0 : k; i < end; i++, j += along) {
        const v = slope[i]! * (w ? w[j]! : 1);
        a += v;
        b += v * (from[i]! - mean);
      }
    a /= runs * run;
    b *= (rstd * rstd) / (runs * run);
    for (let n = 0; n < runs; n++)
      for (let i = n * stride + k * run, end = i + run, j = along ? 0 : k; i < end; i++, j += along)
        to[i] = rstd * (slope[i]! * (w ? w[j]! : 1) - a - (from[i]! - mean) * b);
  }
}

export function cpuSums({ g, x, mean, rstd, out }: Views, attrs: Attrs): void {
  const { shape, affine, along, runs, run, stride } = groupsOf(x!, attrs);
  const [slope, from, m] = [dense(g!), dense(x!), sizeOf(affine)];
  const [centers, scales] = [dense(mean!), dense(rstd!)];
  const sums = new Float64Array(2 * m);
  for (let k = 0; k < sizeOf(shape); k++) {
    const [own, scale] = [centers[k]!, scales[k]!];
    for (let n = 0; n < runs; n++)
      for (let i = n * stride + k * run, end = i + run, j = along ? 0 : k; i < end; i++, j += along) {
        sums[j]! += slope[i]!;
        sums[m + j]! += slope[i]! * (from[i]! - own) * scale;
      }
  }
  elements(out!).set(sums);
}

// ---- the same in plain operators --------------------------------------------------------------------------------------

export const perChannel = (v: Tensor, x: Tensor): Tensor => v.reshape(x.shape.map((_, d) => (d === 1 ? -1 : 1)));

/** Mean and rstd of x, in its rank. */
function statistics(x: Tensor, attrs: Attrs): { mean: Tensor; rstd: Tensor } {
  const { dims } = groupsOf(x, attrs);
  const mean = x.mean(dims, true);
  return { mean, rstd: x.sub(mean).square().mean(dims, true).add(attrs.eps).rsqrt() };
}

/** What gradients work on; those left out are found out, or are not there. */
export type Operands = Record<"g" | "x", Tensor> & Partial<Record<"weight" | "mean" | "rstd" | "sums", Tensor | undefined>>;

/** The operands with mean and rstd, which are found out if they are not given. */
export function withStatistics(given: Operands, attrs: Attrs): Operands {
  if (given.mean && given.rstd) return given;
  const { shape } = groupsOf(given.x, attrs);
  const { mean, rstd } = statistics(given.x, attrs);
  return { ...given, mean: mean.reshape(shape), rstd: rstd.reshape(shape) };
}

/** What launchSlope gives. */
export function slopeInOperators({ g, x, weight }: Operands, attrs: Attrs): Tensor {
  if (x.size === 0) return g.mul(x);
  const { dims } = groupsOf(x, attrs);
  const { mean, rstd } = statistics(x, attrs);
  const hat = x.sub(mean).mul(rstd);
  const slope = weight ? g.mul(attrs.shape ? weight : perChannel(weight, x)) : g;
  return slope.sub(slope.mean(dims, true)).sub(hat.mul(slope.mul(hat).mean(dims, true))).mul(rstd); // prettier-ignore
}

/** What launchSums gives. */
export function sumsInOperators({ g, x, mean, rstd }: Operands, attrs: Attrs): Tensor {
  const { dims, affine } = groupsOf(x, attrs);
  if (x.size === 0)
    return g
      .sum()
      .mul(0)
      .expand(2, ...affine);
  const known = attrs.training ? statistics(x, attrs) : { mean: perChannel(mean!, x), rstd: perChannel(rstd!, x) };
  const hat = x.sub(known.mean).mul(known.rstd);
  const gone = attrs.shape ? [...x.shape.keys()].filter((d) => !dims.includes(d)) : dims;
  const total = (v: Tensor): Tensor => (gone.length === 0 ? v : v.sum(gone)).reshape([1, -1]);
  const both = total(g).pad([0, 0, 0, 1]).add(total(g.mul(hat)).pad([0, 0, 1, 0])); // prettier-ignore
  return both.reshape([2, ...affine]);
}
