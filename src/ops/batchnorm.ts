// Batch normalisation and its gradients.
import source from "../../shaders/normalize.wgsl?raw";
import reduceSource from "../../shaders/reduce.wgsl?raw";
import type { View, Views } from "../backend/backend.ts";
import { denseCopy } from "../backend/copy.ts";
import { dense, elements } from "../backend/cpu.ts";
import { kernel, type Launcher, wgslType } from "../backend/kernel.ts";
import { isFloat } from "../base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { contiguousStrides, isContiguous, sameShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Arg, type Inputs, type Primitive, raises, t } from "./op.ts";
import { gpuReduce, recast, type Rule } from "./reduction.ts";

export interface Options {
  readonly weight?: Tensor | null | undefined;
  readonly bias?: Tensor | null | undefined;
  /** Statistics of this batch, which also move the running ones; otherwise the running ones are used. */
  readonly training?: boolean;
  /** Share of the batch in the running statistics. */
  readonly momentum?: number;
  readonly eps?: number;
}
export interface Attrs {
  readonly training: boolean;
  readonly momentum: number;
  readonly eps: number;
}

const channelsOf = (shape: Shape): number => shape[1] ?? 0;
const innerOf = (shape: Shape): number => sizeOf(shape.slice(2));
const countOf = (shape: Shape): number => shape[0]! * innerOf(shape);

function check(name: string, ins: Inputs, { training }: { training: boolean }): void {
  const { shape, dtype } = ins["x"]!;
  if (!isFloat(dtype)) throw new DtypeError(name, `needs a floating input, got ${dtype}`);
  if (shape.length < 2 && sizeOf(shape) > 0) throw new ShapeError(name, `needs an input of [N, C, …], got ${show(shape)}`);
  for (const key of ["runningMean", "runningVar", "weight", "bias", "mean", "rstd"])
    if (ins[key] && !sameShape(ins[key].shape, [channelsOf(shape)]))
      throw new ShapeError(name, `${key} ${show(ins[key].shape)} must have shape [${channelsOf(shape)}]`);
  if (training && countOf(shape) === 1)
    throw new ShapeError(name, `needs more than one value per channel in training, got ${show(shape)}`, "use a larger batch, or eval()");
}

/** The dense input as [N, C, inner]. */
const folded = (q: Launcher, x: View): View => {
  const shape = [x.shape[0]!, channelsOf(x.shape), innerOf(x.shape)];
  return { ...q.dense(x), shape, strides: contiguousStrides(shape) };
};

// ---- GPU ----------------------------------------------------------------------------------------------------------

interface Stats {
  readonly mean: View;
  readonly rstd: View;
}

/** Records the batch statistics and, when given, the move of the running ones. */
function batchStats(
  q: Launcher,
  x: View,
  { mean, rstd }: Stats,
  { eps, momentum }: { eps: number; momentum: number },
  running?: readonly [View, View],
): void {
  const rule: Rule = {
    lanes: "moments",
    roles: { write_moments: running ? "write_batch_running" : "write_batch" },
    across: { first_shift: "first_shift_across" },
  };
  const bind = { x, out: mean, out_b: rstd };
  if (!running) return gpuReduce(q, reduceSource, rule, bind, [0, 2], "float32", { scale: eps, p: momentum });
  // Kernels write whole dense buffers: statistics that are parts of others go there and back.
  const copies = running.map((view) => (isContiguous(view) && view.offset === 0 ? view : undefined) ?? q.dense(view));
  gpuReduce(q, reduceSource, rule, { ...bind, running_mean: copies[0]!, running_var: copies[1]! }, [0, 2], "float32", {
    scale: eps,
    p: momentum,
  });
  running.forEach((view, i) => copies[i] !== view && denseCopy(q, copies[i]!, view));
}

/** Records the elementwise half, forwards or backwards. */
function apply(q: Launcher, x: View, bind: Readonly<Record<string, View>>, roles: Record<string, string>, count: number): void {
  const [, channels, inner] = x.shape as readonly [number, number, number];
  const size = sizeOf(x.shape);
  const fours = inner % 4 === 0;
  const own = {
    ...(bind["weight"] ? { weight_of: "weight_of_channel" } : {}),
    ...(bind["bias"] ? { bias_of: "bias_of_channel" } : {}),
    ...roles,
  };
  const all = bind["g"] ? { ...own, ...(fours ? { gradient4: "gradient4_given" } : { gradient: "gradient_given" }) } : own;
  const spec = { aliases: { X: wgslType(x.dtype) }, fns: recast(source, all) };
  const views = { ...bind, x, x4: x, out4: bind["out"]!, ...(bind["g"] ? { g4: bind["g"] } : {}) };
  q.launch(kernel(source, fours ? "batch4" : "batch", spec), views, { size, channels, inner, count, eps: 0 }, fours ? size / 4 : size);
}

const denseOf = (q: Launcher, io: Views, ...keys: readonly string[]): Record<string, View> =>
  Object.fromEntries(keys.filter((key) => io[key]).map((key) => [key, q.dense(io[key]!)]));

/** Statistics saved by the forward pass, or fresh ones. */
function statsOf(q: Launcher, io: Views, eps: number): Stats {
  const { x, mean, rstd } = io;
  if (mean && rstd) return { mean: q.dense(mean), rstd: q.dense(rstd) };
  const shape = [channelsOf(x!.shape)];
  const made = { mean: q.scratch("float32", shape), rstd: q.scratch("float32", shape) };
  batchStats(q, folded(q, x!), made, { eps, momentum: 0 });
  return made;
}

// ---- CPU ----------------------------------------------------------------------------------------------------------

/** Calls visit(start, end) for every run of neighbours that belongs to channel c. */
function eachRun(shape: Shape, c: number, visit: (start: number, end: number) => void): void {
  const [channels, inner] = [channelsOf(shape), innerOf(shape)];
  for (let n = 0; n < shape[0]!; n++) {
    const start = (n * channels + c) * inner;
    visit(start, start + inner);
  }
}

/** Mean and biased variance of a channel. */
function channelStats(x: ArrayLike<number>, shape: Shape, c: number): readonly [number, number] {
  let sum = 0;
  eachRun(shape, c, (start, end) => {
    for (let i = start; i < end; i++) sum += x[i]!;
  });
  const mean = sum / countOf(shape);
  let m2 = 0;
  eachRun(shape, c, (start, end) => {
    for (let i = start; i < end; i++) m2 += (x[i]! - mean) * (x[i]! - mean);
  });
  return [mean, m2 / countOf(shape)];
}

/** Moves one running statistic towards `value`. */
function moveRunning(view: View, c: number, value: number, momentum: number): void {
  const at = view.offset + c * view.strides[0]!;
  const data = elements(view);
  data[at] = data[at]! * (1 - momentum) + value * momentum;
}

/** Explicit data keeps its layout: a batch that repeats one row has no variance to divide by. */
const varied = (shape: Shape, seed: number): Arg =>
  t(shape, { data: Array.from({ length: sizeOf(shape) }, (_, i) => (((i + seed) * 7919) % 101) / 30 - 1.6) });

// ---- operators ----------------------------------------------------------------------------------------------------

type Positional = [weight?: Tensor | null, bias?: Tensor | null, training?: boolean, momentum?: number, eps?: number];
type BatchNormFn = (x: Tensor, runningMean?: Tensor | null, runningVar?: Tensor | null, ...rest: Positional | [options: Options]) => Tensor;

/** Normalises each channel of [N, C, …] with the batch's statistics (training, moving the running ones) or the running ones. */
export const batchNorm: Primitive<BatchNormFn, "x" | "weight" | "mean" | "rstd", Attrs> = {
  call: (x, ...given) => {
    const defaults = {
      runningMean: undefined,
      runningVar: undefined,
      weight: undefined,
      bias: undefined,
      training: false,
      momentum: 0.1,
      eps: 1e-5,
    };
    const { training, momentum, eps, ...tensors } = parse<Record<string, unknown>>("batchNorm", given, defaults) as unknown as Attrs &
      Record<string, Tensor | null | undefined>;
    if (!training && !(tensors["runningMean"] && tensors["runningVar"]))
      throw new ArgumentError("batchNorm", "without training it needs runningMean and runningVar", "pass them, or { training: true }");
    if (typeof momentum !== "number" || typeof eps !== "number")
      throw new ArgumentError("batchNorm", `momentum and eps must be numbers, got ${String(momentum)} and ${String(eps)}`);
    const present = Object.fromEntries(Object.entries(tensors).map(([key, v]) => [key, v ?? undefined]));
    return { inputs: { x, ...present }, attrs: { training, momentum, eps } };
  },
  meta: (ins, attrs) => {
    check("batchNorm", ins, attrs);
    const { shape, dtype } = ins["x"]!;
    const stats = { shape: [channelsOf(shape)], dtype };
    return { out: { shape, dtype }, mean: stats, rstd: stats };
  },
  cpu: ({ x, weight, bias, runningMean, runningVar, out, mean, rstd }, { training, momentum, eps }) => {
    const { shape } = x!;
    const [from, to, w, b] = [dense(x!), elements(out!), weight && dense(weight), bias && dense(bias)];
    const [means, rstds] = [elements(mean!), elements(rstd!)];
    const n = countOf(shape);
    for (let c = 0; c < means.length; c++) {
      const at = (view: View): number => elements(view)[view.offset + c * view.strides[0]!]!;
      const [center, variance] = training ? channelStats(from, shape, c) : [at(runningMean!), at(runningVar!)];
      if (training && n > 0 && runningMean) moveRunning(runningMean, c, center, momentum);
      if (training && n > 0 && runningVar) moveRunning(runningVar, c, (variance * n) / (n - 1), momentum);
      const scale = 1 / Math.sqrt(variance + eps);
      [means[c], rstds[c]] = [center, scale];
      const [slope, shift] = [scale * (w ? w[c]! : 1), b ? b[c]! : 0];
      eachRun(shape, c, (start, end) => {
        for (let i = start; i < end; i++) to[i] = (from[i]! - center) * slope + shift;
      });
    }
    if (training) for (const view of [runningMean, runningVar]) if (view) view.storage.version++;
  },
  gpu: (io, { training, momentum, eps }, q) => {
    const { x, runningMean, runningVar, out } = io;
    const [from, mean, rstd] = [folded(q, x!), io["mean"]!, io["rstd"]!];
    if (!training) {
      const bind = { x: q.dense(runningMean!), g: q.dense(runningVar!), mean, rstd };
      const size = channelsOf(x!.shape);
      q.launch(kernel(source, "batch_running"), bind, { size, channels: size, inner: 1, count: 1, eps }, size);
    } else {
      const running = runningMean && runningVar && sizeOf(x!.shape) > 0 ? ([runningMean, runningVar] as const) : undefined;
      batchStats(q, from, { mean, rstd }, { eps, momentum }, running);
      for (const view of running ?? []) view.storage.version++;
    }
    apply(q, from, { means: mean, rstds: rstd, out: out!, ...denseOf(q, io, "weight", "bias") }, {}, 1);
  },
  save: ["x", "weight", "mean", "rstd"],
  backward: (g, { x, weight, mean, rstd }, { training, eps }, ins) => {
    const options = { mean, rstd, training, eps };
    let found: Tensor | undefined;
    const sums = (): Tensor => (found ??= g.batchNormSums(x, options));
    const scale = ins["weight"] ? weight : undefined;
    return {
      x: () => {
        if (training) return g.batchNormBackward(x, { ...options, weight: scale, sums: sums() });
        const slope = scale ? rstd.mul(scale) : rstd;
        return g.mul(slope.reshape(ins["x"]!.shape.map((_, d) => (d === 1 ? -1 : 1))));
      },
      weight: () => sums().select(0, 1),
      bias: () => sums().select(0, 0),
    };
  },
  samples: [
    [varied([4, 3], 1), null, null, { training: true }],
    [t([4, 3, 2, 2]), t([3], { fixed: true }), t([3], { low: 0.5, high: 2, fixed: true }), t([3]), t([3]), true, 0.2],
    [t([2, 3, 5]), t([3], { fixed: true }), t([3], { low: 0.5, high: 2, fixed: true }), { weight: t([3]), bias: t([3]), eps: 1e-3 }],
    [t([3, 2, 2, 4]), null, null, { training: true, weight: t([2]) }], [t([2, 2, 300]), null, null, { training: true, bias: t([2]) }], [varied([70, 5], 2), null, null, { training: true }],
  ], // prettier-ignore
  errors: [
    raises([t([3])], "needs runningMean"), raises([t([3]), null, null, { training: true }], "[N, C, …]"), raises([t([1, 3]), null, null, { training: true }], "more than one value"),
    raises([t([2, 3]), t([2]), t([2])], "must have shape [3]"),
  ], // prettier-ignore
};

export interface Given {
  readonly weight?: Tensor | undefined;
  readonly sums?: Tensor | undefined;
  readonly mean?: Tensor | undefined;
  readonly rstd?: Tensor | undefined;
  readonly training?: boolean;
  readonly eps?: number;
}
type GradientFn = (g: Tensor, x: Tensor, options?: Given) => Tensor;
const given = {
  weight: undefined as Tensor | undefined,
  sums: undefined as Tensor | undefined,
  mean: undefined as Tensor | undefined,
  rstd: undefined as Tensor | undefined,
  training: true,
  eps: 1e-5,
};

const gradientCall = (
  name: string,
  g: Tensor,
  x: Tensor,
  rest: readonly unknown[],
): { inputs: Record<string, Tensor | undefined>; attrs: { training: boolean; eps: number } } => {
  const { training, eps, ...tensors } = parse(name, rest, {}, given);
  return { inputs: { g, x, ...tensors }, attrs: { training, eps } };
};

/** x normalised by its own statistics, in plain operators. */
function normalized(x: Tensor, eps: number): { hat: Tensor; rstd: Tensor; dims: number[] } {
  const dims = [...x.shape.keys()].filter((d) => d !== 1);
  const centered = x.sub(x.mean(dims, true));
  const rstd = centered.square().mean(dims, true).add(eps).rsqrt();
  return { hat: centered.mul(rstd), rstd, dims };
}
const perChannel = (v: Tensor, x: Tensor): Tensor => v.reshape(x.shape.map((_, d) => (d === 1 ? -1 : 1)));

/** Σ g and Σ g · (x − mean) · rstd of each channel, [2, C]: the gradients of batchNorm by bias and weight. */
export const batchNormSums: Primitive<GradientFn, never, { training: boolean; eps: number }> = {
  call: (g, x, ...rest) => gradientCall("batchNormSums", g, x, rest),
  meta: (ins, attrs) => {
    check("batchNormSums", ins, attrs);
    if (!attrs.training && !(ins["mean"] && ins["rstd"]))
      throw new ArgumentError("batchNormSums", "without training it needs mean and rstd");
    return { out: { shape: [2, channelsOf(ins["x"]!.shape)], dtype: ins["x"]!.dtype } };
  },
  cpu: ({ g, x, mean, rstd, out }, { training, eps }) => {
    const [slope, from, to] = [dense(g!), dense(x!), elements(out!)];
    const channels = channelsOf(x!.shape);
    for (let c = 0; c < channels; c++) {
      const [center, variance] = training ? channelStats(from, x!.shape, c) : [dense(mean!)[c]!, 0];
      const scale = training ? 1 / Math.sqrt(variance + eps) : dense(rstd!)[c]!;
      let [a, b] = [0, 0];
      eachRun(x!.shape, c, (start, end) => {
        for (let i = start; i < end; i++) {
          a += slope[i]!;
          b += slope[i]! * (from[i]! - center);
        }
      });
      [to[c], to[channels + c]] = [a, b * scale];
    }
  },
  gpu: (io, { eps }, q) => {
    const { mean, rstd } = statsOf(q, io, eps);
    const rule: Rule = { lanes: "twin", across: { open: "open_twin_across" } };
    gpuReduce(
      q,
      reduceSource,
      rule,
      { x: folded(q, io["x"]!), y: folded(q, io["g"]!), center: mean, rstd, out: io["out"]! },
      [0, 2],
      "float32",
    );
  },
  backward: "definition",
  definition: (g, x, options = {}) => {
    const { training, eps, mean, rstd } = { ...given, ...options };
    if (x.size === 0) return g.sum().mul(0).expand(2, channelsOf(x.shape));
    const dims = [...x.shape.keys()].filter((d) => d !== 1);
    const hat = training ? normalized(x, eps).hat : x.sub(perChannel(mean!, x)).mul(perChannel(rstd!, x));
    const total = (v: Tensor): Tensor => v.sum(dims).reshape([1, -1]);
    return total(g)
      .pad([0, 0, 0, 1])
      .add(total(g.mul(hat)).pad([0, 0, 1, 0]));
  },
  samples: [
    [varied([4, 3], 5), varied([4, 3], 3)],
    [t([4, 3, 2, 2]), t([4, 3, 2, 2])],
    [t([4, 3, 2]), t([4, 3, 2]), { training: false, mean: t([3], { fixed: true }), rstd: t([3], { low: 0.5, high: 2, fixed: true }) }],
    [varied([70, 5], 6), varied([70, 5], 4)],
  ],
  errors: [raises([t([3]), t([3])], "[N, C, …]")],
};

/** The gradient of batchNorm by x in training, for the gradient g of its result; saved statistics and sums spare passes over x. */
export const batchNormBackward: Primitive<GradientFn, never, { training: boolean; eps: number }> = {
  call: (g, x, ...rest) => gradientCall("batchNormBackward", g, x, rest),
  meta: (ins, attrs) => {
    check("batchNormBackward", ins, attrs);
    return { out: { shape: ins["x"]!.shape, dtype: ins["x"]!.dtype } };
  },
  cpu: ({ g, x, weight, out }, { eps }) => {
    const { shape } = x!;
    const [slope, from, w, to] = [dense(g!), dense(x!), weight && dense(weight), elements(out!)];
    const n = countOf(shape);
    for (let c = 0; c < channelsOf(shape); c++) {
      const [mean, variance] = channelStats(from, shape, c);
      const scale = 1 / Math.sqrt(variance + eps);
      let [a, b] = [0, 0];
      eachRun(shape, c, (start, end) => {
        for (let i = start; i < end; i++) {
          a += slope[i]!;
          b += slope[i]! * (from[i]! - mean);
        }
      });
      [a, b] = [a / n, (b * scale * scale) / n];
      const factor = scale * (w ? w[c]! : 1);
      eachRun(shape, c, (start, end) => {
        for (let i = start; i < end; i++) to[i] = factor * (slope[i]! - a - (from[i]! - mean) * b);
      });
    }
  },
  gpu: (io, { eps, training }, q) => {
    const [from, slope] = [folded(q, io["x"]!), q.dense(io["g"]!)];
    const { mean, rstd } = statsOf(q, io, eps);
    const sums = io["sums"] ? q.dense(io["sums"]) : q.scratch("float32", [2, channelsOf(io["x"]!.shape)]);
    if (!io["sums"]) batchNormSums.gpu({ g: io["g"]!, x: io["x"]!, mean, rstd, out: sums }, { training, eps }, q);
    apply(
      q,
      from,
      { g: slope, means: mean, rstds: rstd, sums, out: io["out"]!, ...denseOf(q, io, "weight") },
      { normal: "normal_backward" },
      countOf(io["x"]!.shape),
    );
  },
  backward: "definition",
  definition: (g, x, options = {}) => {
    if (x.size === 0) return g.mul(x);
    const { hat, rstd, dims } = normalized(x, options.eps ?? 1e-5);
    const slope = options.weight ? g.mul(perChannel(options.weight, x)) : g;
    return slope
      .sub(slope.mean(dims, true))
      .sub(hat.mul(slope.mul(hat).mean(dims, true)))
      .mul(rstd);
  },
  samples: [
    [varied([4, 3], 5), varied([4, 3], 3)],
    [t([4, 3, 2, 2]), t([4, 3, 2, 2]), { weight: t([3]) }],
    [t([2, 2, 3]), t([2, 2, 3])],
  ],
  errors: [raises([t([3]), t([3])], "[N, C, …]")],
};
