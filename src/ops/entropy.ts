// Cross entropy against class indices and probabilities.
import source from "../../shaders/entropy.wgsl?raw";
import { constantOf, type View, type Views } from "../backend/backend.ts";
import { dense, elements } from "../backend/cpu.ts";
import { kernel, type Launcher, wgslType } from "../backend/kernel.ts";
import { isFloat } from "../base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { sameShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { launchLines, linesOf } from "./lines.ts";
import { type Composite, type Input, type Inputs, type Primitive, raises, t } from "./op.ts";
import { recast } from "./reduction.ts";
import { visible } from "./segments.ts";

type Reduction = "none" | "mean" | "sum";
export interface Options {
  /** A weight per class. */
  readonly weight?: Tensor | null | undefined;
  /** The class that marks positions to leave out. */
  readonly ignoreIndex?: number;
  readonly reduction?: Reduction;
  /** The share of every target that is spread evenly over all classes. */
  readonly labelSmoothing?: number;
}
export interface Stats {
  readonly peak?: Tensor | undefined;
  readonly logsum?: Tensor | undefined;
  readonly total?: Tensor | undefined;
}
export interface Attrs {
  readonly dim: number;
  readonly ignoreIndex: number;
  readonly reduction: Reduction;
  readonly labelSmoothing: number;
}

const defaults = { weight: undefined as Tensor | null | undefined };
const keywords = { ignoreIndex: -100, reduction: "mean" as Reduction, labelSmoothing: 0 };
const classDim = (x: { readonly shape: Shape }): number => (x.shape.length === 1 ? 0 : 1);

const checkReduction = (name: string, reduction: string): void => {
  if (!["none", "mean", "sum"].includes(reduction))
    throw new ArgumentError(name, `unknown reduction ${String(reduction)}`, '"none", "mean" or "sum"');
};

function checkOptions(name: string, { reduction, labelSmoothing }: Pick<Attrs, "reduction" | "labelSmoothing">): void {
  checkReduction(name, reduction);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
    throw new ArgumentError(name, `labelSmoothing must lie in [0, 1], got ${String(labelSmoothing)}`);
}

/** The shape of targets: x without its class dimension. */
const positions = (shape: Shape): number[] => shape.filter((_, d) => d !== classDim({ shape }));

/** Errors: ShapeError when classes do not fit logits, DtypeError for wrong types. */
function checkClasses(name: string, ins: Inputs): void {
  const { x, target, weight } = ins;
  if (x!.shape.length === 0) throw new ShapeError(name, "the input needs a class dimension, got []");
  if (!isFloat(x!.dtype)) throw new DtypeError(name, `the input must be floating, got ${x!.dtype}`);
  if (isFloat(target!.dtype) || target!.dtype === "bool")
    throw new DtypeError(name, `class indices must be integers, got ${target!.dtype}`, "probabilities need the input's shape");
  if (!sameShape(target!.shape, positions(x!.shape)))
    throw new ShapeError(name, `an input of ${show(x!.shape)} needs classes of ${show(positions(x!.shape))}, got ${show(target!.shape)}`);
  checkWeight(name, x!.shape, weight?.shape);
}

const metaOf = (x: Tensor): Input => ({ shape: x.shape, dtype: x.dtype, kind: "tensor" });
const checkTensors = (name: string, x: Tensor, target: Tensor, weight: Tensor | null | undefined): void =>
  checkClasses(name, { x: metaOf(x), target: metaOf(target), ...(weight ? { weight: metaOf(weight) } : {}) });

function checkWeight(name: string, shape: Shape, weight: Shape | undefined): void {
  const classes = shape[classDim({ shape })]!;
  if (weight && !sameShape(weight, [classes])) throw new ShapeError(name, `weight must have shape [${classes}], got ${show(weight)}`);
}

/** Classes that the host can see are checked before anything runs; others give NaN. */
function checkVisible(name: string, target: View, count: number, ignored: number): void {
  const seen = visible(target) ?? [];
  for (let i = 0; i < seen.length; i++)
    if (seen[i] !== ignored && !(seen[i]! >= 0 && seen[i]! < count))
      throw new ArgumentError(name, `class ${seen[i]} is out of range for ${count} classes`, undefined, { class: seen[i], classes: count });
}

interface LineStats {
  readonly losses: View;
  readonly weights: View;
  readonly peak: View;
  readonly logsum: View;
}

/** Records the forward launches up to one loss and one weight per position. */
function gpuLines(q: Launcher, io: Views, classes: View, to: LineStats, { dim, ignoreIndex, labelSmoothing }: Attrs): void {
  const { x, weight } = io;
  const roles = { ...(weight ? { weight_of: "weight_of_class" } : {}), ...(labelSmoothing > 0 ? { spread: "spread_smooth" } : {}) };
  const bind = { x: q.dense(x!), classes, ...to, ...(weight ? { class_weight: q.dense(weight) } : {}) };
  launchLines(q, source, roles, ["load", "pick", "mask"], bind, linesOf(x!.shape, dim), {
    ignored: ignoreIndex,
    smoothing: labelSmoothing,
  });
}

/** Sum or mean of the positions' losses, and the total weight, in one launch. */
function gpuCombine(q: Launcher, { losses, weights }: LineStats, out: View, total: View, mean: boolean): void {
  const spec = { consts: { WG: q.traits.barriersAreSlow ? 64 : 256 }, fns: mean ? recast(source, { combined: "combined_mean" }) : {} };
  q.launch(
    kernel(source, "combine", spec),
    { given_losses: losses, given_weights: weights, out, total },
    { lines: sizeOf(losses.shape) },
    [1, 1, 1],
  );
}

interface HostStats {
  readonly peak: number;
  readonly logsum: number;
  readonly weighted: number;
  readonly weights: number;
}

/** Largest logit, log of the sum relative to it, Σ w (lse − x) and Σ w of one line. */
function hostLine(
  x: ArrayLike<number>,
  at: number,
  n: number,
  step: number,
  weight: ArrayLike<number> | undefined,
  smooth: boolean,
): HostStats {
  let peak = -Infinity;
  for (let c = 0, p = at; c < n; c++, p += step) if (x[p]! > peak || x[p] !== x[p]) peak = x[p]!;
  let sum = 0;
  for (let c = 0, p = at; c < n; c++, p += step) sum += Math.exp(x[p]! - peak);
  const logsum = Math.log(sum);
  let [weighted, weights] = [0, 0];
  if (smooth)
    for (let c = 0, p = at; c < n; c++, p += step) {
      const w = weight ? weight[c]! : 1;
      weighted += w * (peak - x[p]! + logsum);
      weights += w;
    }
  return { peak, logsum, weighted, weights };
}

const lineAt = (line: number, length: number, inner: number): number => Math.floor(line / inner) * length * inner + (line % inner);

type ClassFn = (x: Tensor, target: Tensor, options?: Options) => Tensor;

/** Cross entropy against class indices: what crossEntropy runs when its target holds integers. */
export const classCrossEntropy: Primitive<ClassFn, "x" | "target" | "weight" | "peak" | "logsum" | "total", Attrs> = {
  call: (x, target, ...rest) => {
    const { weight, ...attrs } = parse("crossEntropy", rest, defaults, keywords);
    checkOptions("crossEntropy", attrs);
    return { inputs: { x, target, weight: weight ?? undefined }, attrs: { dim: classDim(x), ...attrs } };
  },
  meta: (ins, { reduction }) => {
    checkClasses("crossEntropy", ins);
    const { shape, dtype } = ins["x"]!;
    const lines = { shape: positions(shape), dtype };
    return { out: reduction === "none" ? lines : { shape: [], dtype }, peak: lines, logsum: lines, total: { shape: [], dtype } };
  },
  cpu: (io, attrs) => {
    const { x, target, weight, out, peak, logsum, total } = io;
    const { length, inner } = linesOf(x!.shape, attrs.dim);
    checkVisible("crossEntropy", target!, length, attrs.ignoreIndex);
    const [from, classes, w] = [dense(x!), dense(target!), weight && dense(weight)];
    const [to, peaks, logsums] = [elements(out!), elements(peak!), elements(logsum!)];
    let [loss, counted] = [0, 0];
    for (let line = 0; line < classes.length; line++) {
      const at = lineAt(line, length, inner);
      const s = hostLine(from, at, length, inner, w, attrs.labelSmoothing > 0);
      [peaks[line], logsums[line]] = [s.peak, s.logsum];
      const y = classes[line]!;
      const own = y === attrs.ignoreIndex ? 0 : w ? w[y]! : 1;
      const value = y === attrs.ignoreIndex ? 0 : (1 - attrs.labelSmoothing) * own * (s.peak - from[at + y * inner]! + s.logsum) + (attrs.labelSmoothing / length) * s.weighted;
      if (attrs.reduction === "none") to[line] = value;
      loss += value;
      counted += own;
    }
    elements(total!)[0] = counted;
    if (attrs.reduction !== "none") to[0] = attrs.reduction === "mean" ? loss / counted : loss;
  },
  gpu: (io, attrs, q) => {
    const { x, target, out, peak, logsum, total } = io;
    checkVisible("crossEntropy", target!, x!.shape[attrs.dim]!, attrs.ignoreIndex);
    const shape = target!.shape;
    const each = attrs.reduction === "none";
    const to = { losses: each ? out! : q.scratch("float32", shape), weights: q.scratch("float32", shape), peak: peak!, logsum: logsum! };
    gpuLines(q, io, q.dense(target!), to, attrs);
    if (!each) gpuCombine(q, to, out!, total!, attrs.reduction === "mean");
  },
  save: ["x", "target", "weight", "peak", "logsum", "total"],
  backward: (g, { x, target, weight, peak, logsum, total }, { ignoreIndex, reduction, labelSmoothing }, ins) => ({
    x: () => g.crossEntropyBackward(x, target, { ...(ins["weight"] ? { weight } : {}), ignoreIndex, reduction, labelSmoothing, peak, logsum, total }),
  }),
  samples: [
    [t([4, 3]), t([4], { dtype: "int32", data: [0, 2, 1, 2] })],
    [t([4, 3]), t([4], { dtype: "int32", data: [0, -100, 1, 2] }), { labelSmoothing: 0.1, reduction: "sum" }],
    [t([4, 3]), t([4], { dtype: "int32", data: [0, 1, 1, 2] }), { weight: t([3], { low: 0.5, high: 2, fixed: true }), ignoreIndex: 1, labelSmoothing: 0.2 }],
    [t([2, 3, 2, 2]), t([2, 2, 2], { dtype: "int32", data: [0, 2, 1, 2, 1, 1, 0, 0] }), { reduction: "none" }],
    [t([3]), t([], { dtype: "int32", data: [1] })],
    [t([3, 70]), t([3], { dtype: "int32", data: [0, 69, 33] }), { weight: t([70], { low: 0.5, high: 2, fixed: true }) }],
  ],
  errors: [
    raises([t([4, 3]), t([3], { dtype: "int32" })], "needs classes of [4]"), raises([t([2, 3]), t([2], { dtype: "int32", data: [0, 3] })], "out of range"),
    raises([t([2, 3]), t([2], { dtype: "int32" }), { reduction: "average" }], "unknown reduction"), raises([t([2, 3]), t([2], { dtype: "int32" }), { labelSmoothing: 2 }], "labelSmoothing"),
    raises([t([2, 3]), t([2], { dtype: "int32" }), { weight: t([2]) }], "weight must have shape"),
  ],
}; // prettier-ignore

/** The weight every class of every position carries in the loss, summed over nothing: what the log-probabilities are multiplied by. */
function shares(x: Tensor, target: Tensor, weight: Tensor | undefined, { dim, ignoreIndex, reduction, labelSmoothing }: Attrs): Tensor {
  const valid = target.ne(ignoreIndex);
  const place = target.cast("int32").where(valid, 0).unsqueeze(dim);
  const along = x.shape.map((_, d) => (d === dim ? x.shape[dim]! : 1));
  const w = weight ? weight.reshape(along).expand(x.shape) : x.detach().filledLike(1);
  const own = w.gather(dim, place).mul(valid.cast(x.dtype).unsqueeze(dim));
  const even = w.mul(valid.cast(x.dtype).unsqueeze(dim)).mul(labelSmoothing / x.shape[dim]!);
  const all = even.scatterAdd(dim, place, own.mul(1 - labelSmoothing));
  return reduction === "mean" ? all.div(own.sum()) : all;
}

type BackwardFn = (g: Tensor, x: Tensor, target: Tensor, options?: Options & Stats) => Tensor;
const stats = { peak: undefined as Tensor | undefined, logsum: undefined as Tensor | undefined, total: undefined as Tensor | undefined };

/** The gradient of classCrossEntropy by x for the gradient g of its result; `peak`, `logsum` and `total` spare a second forward pass. */
export const crossEntropyBackward: Primitive<BackwardFn, never, Attrs> = {
  call: (g, x, target, ...rest) => {
    const { weight, peak, logsum, total, ...attrs } = parse("crossEntropyBackward", rest, defaults, { ...keywords, ...stats });
    return { inputs: { g, x, target, weight: weight ?? undefined, peak, logsum, total }, attrs: { dim: classDim(x), ...attrs } };
  },
  meta: (ins) => {
    checkClasses("crossEntropyBackward", ins);
    return { out: ins["x"]! };
  },
  cpu: (io, attrs) => {
    const { g, x, target, weight, out } = io;
    const { length, inner } = linesOf(x!.shape, attrs.dim);
    checkVisible("crossEntropyBackward", target!, length, attrs.ignoreIndex);
    const [slopes, from, classes, w, to] = [dense(g!), dense(x!), dense(target!), weight && dense(weight), elements(out!)];
    let counted = 1;
    if (attrs.reduction === "mean") {
      counted = 0;
      for (const y of classes) if (y !== attrs.ignoreIndex) counted += w ? w[y]! : 1;
    }
    const even = attrs.labelSmoothing / length;
    for (let line = 0; line < classes.length; line++) {
      const at = lineAt(line, length, inner);
      const y = classes[line]!;
      const s = hostLine(from, at, length, inner, w, even > 0);
      const slope = y === attrs.ignoreIndex ? 0 : slopes[attrs.reduction === "none" ? line : 0]! / counted;
      const own = y === attrs.ignoreIndex ? 0 : (w ? w[y]! : 1) * (1 - attrs.labelSmoothing);
      const all = own + even * s.weights;
      for (let c = 0, p = at; c < length; c++, p += inner) {
        const share = (c === y ? own : 0) + even * (w ? w[c]! : 1);
        to[p] = y === attrs.ignoreIndex ? 0 : slope * (Math.exp(from[p]! - s.peak - s.logsum) * all - share);
      }
    }
  },
  gpu: (io, attrs, q) => {
    const { g, x, target, weight, out } = io;
    let { peak, logsum, total } = io;
    checkVisible("crossEntropyBackward", target!, x!.shape[attrs.dim]!, attrs.ignoreIndex);
    const { length, inner } = linesOf(x!.shape, attrs.dim);
    const shape = target!.shape;
    const classes = q.dense(target!);
    const mean = attrs.reduction === "mean";
    if (!peak || !logsum || !total) {
      const make = (): View => q.scratch("float32", shape);
      const to = { losses: make(), weights: make(), peak: make(), logsum: make() };
      gpuLines(q, io, classes, to, { ...attrs, labelSmoothing: 0 });
      [peak, logsum, total] = [to.peak, to.logsum, q.scratch("float32", [])];
      if (mean) gpuCombine(q, to, q.scratch("float32", []), total, true);
    }
    const roles: Record<string, string> = weight ? { weight_of: "weight_of_class", weight_sum: "weight_sum_classes" } : {};
    const seed = constantOf(g!);
    if (mean) roles["slope_of"] = "slope_of_mean";
    if (seed !== undefined) roles["seed"] = "seed_constant";
    else if (attrs.reduction === "none") roles["seed"] = "seed_of_line";
    const bind = {
      x: q.dense(x!),
      classes,
      peaks: q.dense(peak),
      logsums: q.dense(logsum),
      totals: total,
      ...(seed === undefined ? { g: q.dense(g!) } : {}),
      out: out!,
      ...(weight ? { class_weight: q.dense(weight) } : {}),
    };
    const size = sizeOf(x!.shape);
    const params = { size, length, inner, ignored: attrs.ignoreIndex, smoothing: attrs.labelSmoothing, slope: seed ?? 0 };
    q.launch(
      kernel(source, "cross_entropy_backward", { aliases: { X: wgslType(x!.dtype) }, fns: recast(source, roles) }),
      bind,
      params,
      size,
    );
  },
  backward: "definition",
  definition: (g, x, target, ...rest) => {
    const {
      weight,
      peak: _p,
      logsum: _l,
      total: _t,
      ...options
    } = parse("crossEntropyBackward", rest, defaults, { ...keywords, ...stats });
    const attrs = { dim: classDim(x), ...options };
    const share = shares(x, target, weight ?? undefined, attrs);
    const slope = attrs.reduction === "none" ? g.unsqueeze(attrs.dim) : g;
    return x.softmax(attrs.dim).mul(share.sum(attrs.dim, true)).sub(share).mul(slope);
  },
  samples: [
    [t([]), t([4, 3]), t([4], { dtype: "int32", data: [0, 2, 1, 2] })],
    [t([]), t([4, 3]), t([4], { dtype: "int32", data: [0, -100, 1, 2] }), { labelSmoothing: 0.1, reduction: "sum" }],
    [
      t([]),
      t([4, 3]),
      t([4], { dtype: "int32", data: [0, 1, 1, 2] }),
      { weight: t([3], { low: 0.5, high: 2, fixed: true }), ignoreIndex: 1, labelSmoothing: 0.2 },
    ],
    [t([2, 2]), t([2, 3, 2]), t([2, 2], { dtype: "int32", data: [0, 2, 1, 2] }), { reduction: "none" }],
  ],
  errors: [raises([t([]), t([4, 3]), t([3], { dtype: "int32" })], "needs classes of [4]")],
};

/** Cross entropy of logits along dimension 1 against class indices, or probabilities of the logits' shape. */
export const crossEntropy: Composite<ClassFn> = {
  compose: (x, target, ...rest) => {
    if (!isFloat(target.dtype) || !sameShape(x.shape, target.shape)) return x.classCrossEntropy(target, ...rest);
    const { weight, reduction, labelSmoothing, ignoreIndex } = parse("crossEntropy", rest, defaults, keywords);
    checkOptions("crossEntropy", { reduction, labelSmoothing });
    if (ignoreIndex !== keywords.ignoreIndex)
      throw new ArgumentError("crossEntropy", "ignoreIndex has no meaning for probabilities", "leave it out");
    if (x.ndim === 0) throw new ShapeError("crossEntropy", "the input needs a class dimension, got []");
    checkWeight("crossEntropy", x.shape, weight?.shape);
    const dim = classDim(x);
    const classes = x.shape[dim]!;
    const smooth = labelSmoothing > 0 ? target.mul(1 - labelSmoothing).add(labelSmoothing / classes) : target;
    const share = weight ? smooth.mul(weight.reshape(x.shape.map((_, d) => (d === dim ? classes : 1)))) : smooth;
    const losses = x.logSoftmax(dim).mul(share).sum(dim).neg();
    return reduction === "none" ? losses : reduction === "sum" ? losses.sum() : losses.sum().div(x.size / classes);
  },
  samples: [
    [t([4, 3]), t([4], { dtype: "int32", data: [0, 2, 1, 2] })],
    [t([4, 3]), t([4, 3], { low: 0.1, high: 1 }), { labelSmoothing: 0.1 }],
    [t([2, 3, 2]), t([2, 3, 2], { low: 0.1, high: 1 }), { reduction: "none", weight: t([3], { low: 0.5, high: 2, fixed: true }) }],
  ],
  errors: [
    raises([t([4, 3]), t([4, 2])], "class indices must be integers"),
    raises([t([4, 3]), t([4, 3]), { reduction: "all" }], "unknown reduction"),
  ],
};

/** Negative log likelihood of classes under log-probabilities along dimension 1. Options as for crossEntropy, without smoothing. */
export const nllLoss: Composite<(x: Tensor, target: Tensor, options?: Omit<Options, "labelSmoothing">) => Tensor> = {
  compose: (x, target, ...rest) => {
    const { weight, reduction, ignoreIndex } = parse("nllLoss", rest, defaults, { ignoreIndex: -100, reduction: "mean" as Reduction });
    checkReduction("nllLoss", reduction);
    checkTensors("nllLoss", x, target, weight);
    const dim = classDim(x);
    checkVisible("nllLoss", target, x.shape[dim]!, ignoreIndex);
    const ignored = target.eq(ignoreIndex);
    const place = target.cast("int32").maskedFill(ignored, 0);
    const losses = x.gather(dim, place.unsqueeze(dim)).squeeze(dim).neg();
    const own = weight ? weight.indexSelect(0, place.reshape(-1)).reshape(place.shape) : losses.detach().filledLike(1);
    const counted = losses.mul(own).maskedFill(ignored, 0);
    if (reduction === "none") return counted;
    return reduction === "sum" ? counted.sum() : counted.sum().div(own.maskedFill(ignored, 0).sum());
  },
  samples: [
    [t([4, 3]), t([4], { dtype: "int32", data: [0, 2, 1, 2] })],
    [t([4, 3]), t([4], { dtype: "int32", data: [0, -100, 1, 2] }), { reduction: "sum" }],
    [
      t([2, 3, 2]),
      t([2, 2], { dtype: "int32", data: [0, 2, 1, 2] }),
      { reduction: "none", weight: t([3], { low: 0.5, high: 2, fixed: true }) },
    ],
    [t([3]), t([], { dtype: "int32", data: [1] })],
  ],
  errors: [
    raises([t([4, 3]), t([3], { dtype: "int32" })], "needs classes of [4]"),
    raises([t([2, 3]), t([2], { dtype: "int32", data: [0, 3] })], "out of range"),
  ],
};
