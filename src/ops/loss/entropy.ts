// Cross entropy against class indices and probabilities.
import { checkFloat, inRange } from "../../base/checks.ts";
import { isFloat } from "../../base/dtype.ts";
import { ArgumentError, DtypeError } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { sameShape, type Shape, sizeOf } from "../../base/shape.ts";
import { dense, elements } from "../../device/cpu.ts";
import { constantOf, type Named, type Io, type View } from "../../device/device.ts";
import type { Launcher } from "../../device/kernel.ts";
import { visible } from "../../kernels/indexing.ts";
import {
  averageRows,
  crossEntropyGradientRows,
  crossEntropyRows,
  crossEntropySeededRows,
  eachLine,
  exponentials,
  launchRows,
  type Lines,
  linesOf,
  type RowKernel,
  totalRows,
} from "../../kernels/rows.ts";
import { checkFits, checkRank, operand } from "../arguments.ts";
import { checkReduction, reduced, type Reduction } from "../averaging.ts";
import { channelDim, perChannel } from "../channels.ts";
import { type Arg, type Composite, type Internal, type Meta, type Primitive, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

export interface ClassOptions {
  /** A weight per class. */
  readonly weight?: Tensor | null | undefined;
  /** The class that marks positions to leave out. */
  readonly ignoreIndex?: number;
  readonly reduction?: Reduction;
}
export interface Options extends ClassOptions {
  /** The share of every target that is spread evenly over all classes. */
  readonly labelSmoothing?: number;
}
export interface Attrs {
  readonly ignoreIndex: number;
  readonly reduction: Reduction;
}
type Names = "x" | "target" | "weight?" | "total";
type Logits = Named<Exclude<Names, "total">>;

const defaults = { weight: undefined as Tensor | null | undefined };
const keywords = { ignoreIndex: -100, reduction: "mean" as Reduction };

function optionsOf<K extends object = object>(rest: readonly unknown[], more?: K): typeof defaults & Attrs & K {
  const options = parse(rest, defaults, { ...keywords, ...more } as typeof keywords & K);
  checkReduction(options.reduction);
  return options;
}

/** Errors: ShapeError when logits have no classes or weights do not fit them. */
function checkWeight({ shape }: Pick<Meta, "shape">, weight: Pick<Meta, "shape"> | null | undefined): void {
  checkRank(shape, 1);
  if (weight) checkFits("weight", weight.shape, [shape[channelDim(shape)]!]);
}

/** Errors: ShapeError when classes do not fit logits, DtypeError for wrong types. */
function checkClasses(x: Meta, target: Meta, weight: Meta | null | undefined): void {
  checkWeight(x, weight);
  checkFloat(x.dtype);
  if (isFloat(target.dtype) || target.dtype === "bool")
    throw new DtypeError(`class indices must be integers, got ${target.dtype}`, "probabilities need the input's shape");
  checkFits("target", target.shape, x.shape.toSpliced(channelDim(x.shape), 1));
}

/** Classes that the host can see are checked before anything runs; others give NaN. */
function checkVisible({ shape }: Pick<Meta, "shape">, target: View, ignored: number): void {
  const dim = channelDim(shape);
  for (const seen of (visible(target) ?? []) as Int32Array) if (seen !== ignored) inRange(seen, dim, shape[dim]!);
}

/** The lines of classes. */
const linesBy = (x: View): Lines => linesOf(x.shape, channelDim(x.shape));

/** Records what a kernel makes of every position. Errors: ArgumentError for classes out of range. */
function launchPositions(
  q: Launcher,
  { x, target, weight }: Logits,
  { ignoreIndex: ignored }: Attrs,
  row: RowKernel,
  bind: Readonly<Record<string, View | undefined>>,
  params: Readonly<Record<string, number>> = {},
): void {
  checkVisible(x, target, ignored);
  launchRows(q, row, { x, classes: target, weight, ...bind }, linesBy(x), { ignored, ...params });
}

/** Records the loss and the total weight. */
function launchLoss(io: Io<Names>, attrs: Attrs, q: Launcher): void {
  const { target, out, total } = io;
  const { reduction } = attrs;
  const scratch = (): View => q.scratch("float32", target.shape);
  const [x, y] = [reduction === "none" ? out : scratch(), scratch()];
  launchPositions(q, io, attrs, crossEntropyRows, { made_a: x, made_b: y });
  if (reduction === "none") return;
  const all = { outer: 1, length: sizeOf(target.shape), inner: 1 };
  launchRows(q, reduction === "mean" ? averageRows : totalRows, { x, y, made_a: out, made_b: total }, all);
}

/** Is told of a position that counts: the place of its class, the weight of that, log Σ exp(x), where its classes begin, and their chances. */
type Visit = (line: number, place: number, own: number, level: number, at: number, chances: Float64Array) => void;

function hostPositions({ x, target, weight }: Logits, { ignoreIndex }: Attrs, visit: Visit): void {
  const lines = linesBy(x);
  checkVisible(x, target, ignoreIndex);
  const [from, classes, w] = [dense(x), dense(target), weight && dense(weight)];
  const chances = new Float64Array(lines.length);
  eachLine(lines, (at, line) => {
    const y = classes[line]!;
    if (y === ignoreIndex) return;
    const { peak, sum } = exponentials(from, at, lines.length, lines.inner, chances, 0, 1);
    for (let c = 0; c < chances.length; c++) chances[c]! /= sum;
    visit(line, at + y * lines.inner, w ? w[y]! : 1, peak + Math.log(sum), at, chances);
  });
}

type ClassFn = (x: Tensor, target: Tensor, options?: ClassOptions) => Tensor;

const classes = (shape: Shape, ...data: readonly number[]): Arg => t(shape, { dtype: "int32", data });
const perClassWeight = (count: number): Arg => t([count], { low: 0.5, high: 2, fixed: true });
const plain = [t([4, 3]), classes([4], 0, 2, 1, 2)] as const;
const partly = [t([4, 3]), classes([4], 0, -100, 1, 2), { reduction: "sum" }] as const;
const weighty = [t([4, 3]), classes([4], 0, 1, 1, 2), { weight: perClassWeight(3), ignoreIndex: 1 }] as const;

/** Cross entropy against class indices: what crossEntropy runs when its target holds integers. */
export const classCrossEntropy: Primitive<ClassFn, Names, "x" | "target" | "weight" | "total", Attrs> & Internal = {
  internal: true,
  rest: true,
  call: (x, target, ...rest) => {
    const { weight, ...attrs } = optionsOf(rest);
    return { inputs: { x, target, weight }, attrs };
  },
  meta: ({ x, target, weight }, { reduction }) => {
    checkClasses(x, target, weight);
    const total = { shape: [], dtype: x.dtype };
    return { out: reduction === "none" ? { ...total, shape: target.shape } : total, total };
  },
  cpu: (io, attrs) => {
    const { x, out, total } = io;
    const [from, to] = [dense(x), elements(out)];
    let [loss, counted] = [0, 0];
    to.fill(0);
    hostPositions(io, attrs, (line, place, own, level) => {
      const value = own * (level - from[place]!);
      if (attrs.reduction === "none") to[line] = value;
      loss += value;
      counted += own;
    });
    elements(total)[0] = counted;
    if (attrs.reduction !== "none") to[0] = attrs.reduction === "mean" ? loss / counted : loss;
  },
  gpu: launchLoss,
  save: ["x", "target", "weight", "total"],
  backward: (g, { x, target, weight, total }, attrs, ins) => ({
    x: () => g.crossEntropyBackward(x, target, { ...attrs, weight: ins.weight && weight, total }),
  }),
  samples: [
    partly,
    weighty,
    [t([2, 3, 2, 2]), classes([2, 2, 2], 0, 2, 1, 2, 1, 1, 0, 0), { reduction: "none" }],
    [t([3]), classes([], 1)],
    [t([3, 70]), classes([3], 0, 69, 33), { weight: perClassWeight(70) }],
  ],
  errors: [
    raises([t([4, 3]), t([3], { dtype: "int32" })], "target [3] does not fit, needs [4]"),
    raises([t([2, 3]), t([2], { dtype: "int32", data: [0, 3] })], "out of range"),
    raises([t([2, 3]), t([2], { dtype: "int32" }), { reduction: "average" }], "unknown reduction"),
    raises([t([2, 3]), t([2], { dtype: "int32" }), { weight: t([2]) }], "weight [2] does not fit, needs [3]"),
  ],
};

/** Class indices with 0 in the place of ignored ones, and the weight of every position, 0 where ignored. Errors: ArgumentError for classes out of range. */
function weighed(
  x: Tensor,
  target: Tensor,
  weight: Tensor | null | undefined,
  ignoreIndex: number,
): { place: Tensor; own: Tensor; ignored: Tensor } {
  checkVisible(x, target, ignoreIndex);
  const ignored = target.eq(ignoreIndex);
  const place = target.cast("int32").maskedFill(ignored, 0);
  const each = weight ? weight.indexSelect(0, place.reshape(-1)).reshape(place.shape) : x.detach().filledLike(1, place.shape);
  return { place, own: each.maskedFill(ignored, 0), ignored };
}

type BackwardFn = (g: Tensor, x: Tensor, target: Tensor, options?: ClassOptions & { readonly total?: Tensor | undefined }) => Tensor;

/** The gradient of classCrossEntropy by x for the gradient g of its result; `total`, the weight of all positions, spares a second forward pass. */
export const crossEntropyBackward: Primitive<BackwardFn, Exclude<Names, "total"> | "g" | "total?", never, Attrs> & Internal = {
  internal: true,
  rest: true,
  call: (g, x, target, ...rest) => {
    const { weight, total, ...attrs } = optionsOf(rest, { total: undefined as Tensor | undefined });
    checkClasses(x, target, weight);
    checkFits("g", operand(g, "g").shape, attrs.reduction === "none" ? target.shape : []);
    if (total) checkFits("total", total.shape, []);
    const counted = attrs.reduction === "mean" ? (total ?? weighed(x, target, weight, attrs.ignoreIndex).own.sum()) : undefined;
    return { inputs: { g, x, target, weight, total: counted }, attrs };
  },
  meta: ({ x }) => ({ out: x }),
  cpu: (io, attrs) => {
    const { g, x, total, out } = io;
    const [slopes, to, { inner }] = [dense(g), elements(out), linesBy(x)];
    const counted = total ? dense(total)[0]! : 1;
    to.fill(0);
    hostPositions(io, attrs, (line, place, own, _level, at, chances) => {
      const slope = (slopes[attrs.reduction === "none" ? line : 0]! * own) / counted;
      for (let c = 0, p = at; c < chances.length; c++, p += inner) to[p] = slope * (chances[c]! - Number(p === place));
    });
  },
  gpu: (io, attrs, q) => {
    const { g, total = q.table("one", () => Float32Array.of(1)), out } = io;
    const slope = constantOf(g);
    const row = slope === undefined ? crossEntropySeededRows : crossEntropyGradientRows;
    const bind = { given_a: slope === undefined ? g : undefined, given_b: total, out };
    launchPositions(q, io, attrs, row, bind, { channels: attrs.reduction === "none" ? 1 : 0, slope: slope ?? 0 });
  },
  backward: "definition",
  definition: (...args) => {
    const { inputs, attrs } = crossEntropyBackward.call(...args);
    const { g, x, target, weight } = inputs as { g: Tensor; x: Tensor; target: Tensor; weight: Tensor | null | undefined };
    const { ignoreIndex, reduction } = attrs;
    const dim = channelDim(x.shape);
    const { place, own, ignored } = weighed(x, target, weight, ignoreIndex);
    // What the log-probability of every class is multiplied by.
    const all = x.detach().filledLike(0).scatterAdd(dim, place.unsqueeze(dim), own.unsqueeze(dim));
    const share = reduction === "mean" ? all.div(own.sum()) : all;
    const slope = reduction === "none" ? g.unsqueeze(dim) : g;
    const each = x.softmax(dim).mul(share.sum(dim, true)).sub(share).mul(slope);
    // Ignored positions have no gradient, whatever their logits are and even where nothing counts.
    return each.maskedFill(ignored.unsqueeze(dim), 0);
  },
  samples: [
    [t([]), ...partly],
    [t([]), ...weighty],
    [t([2, 2]), t([2, 3, 2]), classes([2, 2], 0, 2, 1, 2), { reduction: "none" }],
  ],
  errors: [
    raises([t([]), t([4, 3]), t([3], { dtype: "int32" })], "target [3] does not fit, needs [4]"),
    raises([t([4]), t([4, 3]), t([4], { dtype: "int32" })], "g [4] does not fit, needs []"),
  ],
};

/** The losses of classes under log-probabilities; a share of `smoothing` goes evenly to all classes. */
function classLosses(
  logs: Tensor,
  target: Tensor,
  { weight, reduction, ignoreIndex }: ReturnType<typeof optionsOf>,
  smoothing = 0,
): Tensor {
  checkClasses(logs, target, weight);
  const dim = channelDim(logs.shape);
  const { place, own, ignored } = weighed(logs, target, weight, ignoreIndex);
  let gains = logs.gather(dim, place.unsqueeze(dim)).squeeze(dim).mul(own);
  if (smoothing > 0) {
    const even = weight ? logs.mul(perChannel(weight, logs)) : logs;
    gains = gains.mul(1 - smoothing).add(even.mean(dim).mul(smoothing));
  }
  return reduced(gains.neg().maskedFill(ignored, 0), reduction, own.sum());
}

type EntropyFn = (x: Tensor, target: Tensor, options?: Options) => Tensor;

/** Cross entropy of logits along dimension 1 against class indices, or probabilities of the logits' shape. */
export const crossEntropy: Composite<EntropyFn> = {
  rest: true,
  compose: (x, target, ...rest) => {
    const { labelSmoothing, ...options } = optionsOf(rest, { labelSmoothing: 0 });
    const { weight, reduction, ignoreIndex } = options;
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
      throw new ArgumentError(`labelSmoothing must be between 0 and 1, got ${String(labelSmoothing)}`);
    const indices = !isFloat(target.dtype) || !sameShape(x.shape, target.shape);
    if (indices && labelSmoothing === 0) return x.classCrossEntropy(target, options);
    checkWeight(x, weight);
    const dim = channelDim(x.shape);
    if (indices) return classLosses(x.logSoftmax(dim), target, options, labelSmoothing);
    if (ignoreIndex !== keywords.ignoreIndex) throw new ArgumentError("ignoreIndex has no meaning for probabilities");
    const classes = x.shape[dim]!;
    const smooth = labelSmoothing > 0 ? target.mul(1 - labelSmoothing).add(labelSmoothing / classes) : target;
    const share = weight ? smooth.mul(perChannel(weight, x)) : smooth;
    return reduced(x.logSoftmax(dim).mul(share).sum(dim).neg(), reduction, x.numel() / classes);
  },
  samples: [
    plain,
    [...weighty.slice(0, 2), { ...weighty[2], labelSmoothing: 0.2 }],
    [t([4, 3]), t([4, 3], { low: 0.1, high: 1 }), { labelSmoothing: 0.1 }],
    [t([2, 3, 2]), t([2, 3, 2], { low: 0.1, high: 1 }), { reduction: "none", weight: perClassWeight(3) }],
  ],
  errors: [
    raises([t([4, 3]), t([4, 2])], "class indices must be integers"),
    raises([t([4, 3]), t([4, 3]), { reduction: "all" }], "unknown reduction"),
    raises([t([2, 3]), t([2], { dtype: "int32" }), { labelSmoothing: 2 }], "labelSmoothing"),
  ],
};

/** Negative log likelihood of classes under log-probabilities along dimension 1. Options as for crossEntropy, without smoothing. */
export const nllLoss: Composite<ClassFn> = {
  rest: true,
  compose: (x, target, ...rest) => classLosses(x, target, optionsOf(rest)),
  samples: [
    partly,
    [t([2, 3, 2]), classes([2, 2], 0, 2, 1, 2), { reduction: "none", weight: perClassWeight(3) }],
    [t([3]), classes([], 1)],
  ],
  errors: [
    raises([t([4, 3]), t([3], { dtype: "int32" })], "target [3] does not fit, needs [4]"),
    raises([t([2, 3]), t([2], { dtype: "int32", data: [0, 3] })], "out of range"),
  ],
};
