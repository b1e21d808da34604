// Statistics of a line, then a map of it: the kernels of shaders/rows.wgsl, and the walk over lines on the CPU.
import source from "../../shaders/rows.wgsl?raw";
import special from "../../shaders/special.wgsl?raw";
import { memo } from "../base/memo.ts";
import { type Shape, sizeOf } from "../base/shape.ts";
import type { View } from "../device/device.ts";
import { type Kernel, kernel, type Launcher, library, wgslType } from "../device/kernel.ts";

library(special);

/** [outer, length, inner] around `dim`; a 0-d tensor is one line of one element. */
export interface Lines {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

export const linesOf = (shape: Shape, dim: number): Lines => ({
  outer: sizeOf(shape.slice(0, dim)),
  length: shape[dim] ?? 1,
  inner: sizeOf(shape.slice(dim + 1)),
});

/** Calls visit with the place of every line's first element. */
export function eachLine({ outer, length, inner }: Lines, visit: (at: number, line: number) => void): void {
  for (let line = 0; line < outer * inner; line++) visit(Math.floor(line / inner) * length * inner + (line % inner), line);
}

/** Host numbers: a typed array, or a scratch line. */
export type Numbers = { [i: number]: number };

/** Writes exp(x − peak) of a line, `step` apart, to `to` from t on, `stride` apart; their sum, and the peak, the largest element. */
export function exponentials(
  x: Numbers,
  at: number,
  n: number,
  step: number,
  to: Numbers,
  t: number,
  stride: number,
): { readonly peak: number; readonly sum: number } {
  let peak = -Infinity;
  for (let i = 0, p = at; i < n; i++, p += step) if (x[p]! > peak) peak = x[p]!;
  let sum = 0;
  for (let i = 0, p = at, o = t; i < n; i++, p += step, o += stride) sum += to[o] = Math.exp(x[p]! - peak);
  return { peak, sum };
}

/**
 * A kernel of shaders/rows.wgsl: statistics of a line, then a map of it. For each role the function that plays it; a role that is left out is
 * played by the function of its own name.
 */
export interface RowKernel {
  /** The number that terms are taken around. */
  readonly level?: "level_given" | "level_mean" | "level_peak";
  readonly sums?: "sums_none";
  /** What is summed over the line. */
  readonly terms?: "terms_both" | "terms_exp" | "terms_logsum" | "terms_moments" | "terms_product" | "terms_slope";
  /** What becomes of the sums. */
  readonly settle?:
    | "settle_average"
    | "settle_batch"
    | "settle_channel"
    | "settle_exp"
    | "settle_log"
    | "settle_logit"
    | "settle_logsum"
    | "settle_loss"
    | "settle_norm"
    | "settle_power"
    | "settle_power_slope"
    | "settle_running"
    | "settle_slope"
    | "settle_total";
  readonly seed?: "seed_given";
  readonly mapped?: "mapped_exp" | "mapped_log" | "mapped_logit" | "mapped_norm" | "mapped_product" | "mapped_slope";
  readonly apply?: "apply_none";
  /** How weight and bias lie, where they are bound: along the line, or one for each class or channel. */
  readonly affine?: "along" | "each";
}

export const softmaxRows: RowKernel = { level: "level_peak", terms: "terms_exp", settle: "settle_exp" };
export const logSoftmaxRows: RowKernel = { level: "level_peak", terms: "terms_exp", settle: "settle_log", mapped: "mapped_log" };
export const softmaxGradientRows: RowKernel = { terms: "terms_product", mapped: "mapped_product" };
export const logSoftmaxGradientRows: RowKernel = { mapped: "mapped_exp" };
export const logsumexpRows: RowKernel = { level: "level_peak", terms: "terms_logsum", settle: "settle_logsum", apply: "apply_none" };

/** The loss of every line, and its weight. */
export const crossEntropyRows: RowKernel = {
  level: "level_peak",
  terms: "terms_exp",
  settle: "settle_loss",
  apply: "apply_none",
  affine: "each",
};
/** Its gradient by the logits, from one number for all lines. */
export const crossEntropyGradientRows: RowKernel = {
  level: "level_peak",
  terms: "terms_exp",
  settle: "settle_logit",
  mapped: "mapped_logit",
  affine: "each",
};
/** The same from a number in memory. */
export const crossEntropySeededRows: RowKernel = { ...crossEntropyGradientRows, seed: "seed_given" };
/** The sum of losses, and of weights. */
export const totalRows: RowKernel = { terms: "terms_both", settle: "settle_total", apply: "apply_none" };
/** The sum of losses over that of weights. */
export const averageRows: RowKernel = { ...totalRows, settle: "settle_average" };

export const layerNormRows: RowKernel = {
  level: "level_mean",
  terms: "terms_moments",
  settle: "settle_norm",
  mapped: "mapped_norm",
  affine: "along",
};
export const layerNormGradientRows: RowKernel = {
  level: "level_given",
  terms: "terms_slope",
  settle: "settle_slope",
  mapped: "mapped_slope",
  affine: "along",
};
/** Around 0 in place of the mean. */
export const rmsNormRows: RowKernel = { terms: "terms_moments", settle: "settle_power", mapped: "mapped_norm", affine: "along" };
export const rmsNormGradientRows: RowKernel = {
  terms: "terms_slope",
  settle: "settle_power_slope",
  mapped: "mapped_slope",
  affine: "along",
};
/** With the statistics of the batch, which reduction.ts found. */
export const batchNormRows: RowKernel = { sums: "sums_none", settle: "settle_batch", mapped: "mapped_norm", affine: "each" };
/** With the running statistics. */
export const runningNormRows: RowKernel = { ...batchNormRows, settle: "settle_running" };
export const batchNormGradientRows: RowKernel = { sums: "sums_none", settle: "settle_channel", mapped: "mapped_slope", affine: "each" };

/** What plays the roles of weight and bias, by how they lie. */
const affine = {
  along: { weight: { weights: "weights_each" }, bias: { biases: "biases_each" } },
  each: { weight: { weight_of: "weight_of_each" }, bias: { bias_of: "bias_of_each" } },
};
/** For contiguous lines of whole groups of four. */
const fourWide = { load_x: "load_x_vec4", load_y: "load_y_vec4", store: "store_vec4", mask: "mask_vec4" };
const fourWideAffine = { weight: { weights: "weights_vec4" }, bias: { biases: "biases_vec4" } };

const kernels = new Map<RowKernel, Map<string, Kernel>>();

/** Launches the lines of `given.x`. */
export function launchRows(
  q: Launcher,
  row: RowKernel,
  given: Readonly<Record<string, View | undefined>>,
  { outer, length, inner }: Lines,
  params: Readonly<Record<string, number>> = {},
): void {
  const lines = outer * inner;
  const slow = q.traits.barriersAreSlow;
  // A workgroup per line where barriers are cheap or lines too few to keep the adapter busy.
  const tree = slow ? lines < 16 && length >= 4096 : length > (inner > 1 && lines >= 4096 ? 1024 : 32);
  // Small workgroups spread long lines over the few threads of a software adapter.
  const WG = tree || length <= 64 ? 64 : 16;
  const fours = inner === 1 && length % 4 === 0;
  const bind: Record<string, View> = {};
  for (const [name, view] of Object.entries(given)) if (view) bind[name] = bind[`${name}4`] = q.dense(view);
  const { dtype } = bind["x"]!;
  const { weight, bias } = bind;
  const key = [tree, fours, WG, dtype, !weight, !bias].join();
  const kernelOf = (): Kernel => {
    const { affine: lies, ...roles } = row;
    const loads = lies && (fours && lies === "along" ? fourWideAffine : affine[lies]);
    return kernel(source, "lines", {
      WG,
      STRIDE: tree ? WG : 1,
      X: wgslType(dtype),
      ...(tree && { gather: "gather_tree", line_of: "line_of_tree" }),
      ...(fours && fourWide),
      ...roles,
      ...(weight && loads?.weight),
      ...(bias && loads?.bias),
    });
  };
  q.launch(
    memo(
      memo(kernels, row, () => new Map<string, Kernel>()),
      key,
      kernelOf,
    ),
    bind,
    { lines, length, inner, channels: 1, ignored: 0, eps: 0, slope: 0, ...params },
    tree ? lines * WG : lines,
  );
}
