// Layer, root-mean-square and batch normalisation and their gradients.
import { ArgumentError } from "../../base/errors.ts";
import { either, parse } from "../../base/options.ts";
import { type Shape, sizeOf } from "../../base/shape.ts";
import { checkFits, operand } from "../arguments.ts";
import { perChannel } from "../channels.ts";
import {
  type Attrs,
  check,
  cpuNormalize,
  cpuSlope,
  cpuSums,
  type ForwardNames,
  type GradientNames,
  groupsOf,
  launchNormalize,
  launchSlope,
  launchSums,
  type Operands,
  slopeInOperators,
  sumsInOperators,
  withStatistics,
} from "../groups.ts";
import { type Arg, type ErrorSample, type Fn, type Internal, type Primitive, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

type Given = Tensor | null | undefined;
export interface Affine {
  readonly weight?: Given;
  readonly bias?: Given;
  readonly eps?: number;
}
export interface Options extends Affine {
  /** Statistics of this batch, which also move the running ones; otherwise the running ones are used. */
  readonly training?: boolean;
  /** Share of the batch in the running statistics. */
  readonly momentum?: number;
}
/** What gradients are told: `shape` for layer normalisation; what they know already, so that they need not find it out again. */
export interface Known extends Partial<Attrs> {
  readonly weight?: Given;
  readonly mean?: Tensor | undefined;
  readonly rstd?: Tensor | undefined;
  readonly sums?: Tensor | undefined;
}

const none = undefined as Given;
const affine = { weight: none, bias: none };

type Forward<F extends Fn> = Primitive<F, ForwardNames, "x" | "weight" | "mean" | "rstd", Attrs>;

/** What layer and batch normalisation have in common: all but the way they are called. */
const forward = <F extends Fn>(own: Pick<Forward<F>, "rest" | "call" | "samples"> & { errors: readonly ErrorSample[] }): Forward<F> => ({
  meta: (ins, attrs) => {
    const { shape, dtype } = ins.x;
    const stats = { shape: check(ins, attrs).shape, dtype };
    return { out: { shape, dtype }, mean: stats, rstd: stats };
  },
  cpu: cpuNormalize,
  gpu: launchNormalize,
  save: { x: ["x", "weight", "mean", "rstd"], weight: ["x", "mean", "rstd"], bias: ["x", "mean", "rstd"] },
  backward: (g, { x, weight, mean, rstd }, attrs, ins) => {
    const known = { ...attrs, mean, rstd };
    const own = ins.weight && weight;
    // Of the bias and the weight; batches need them for x too.
    let found: Tensor | undefined;
    const sums = (): Tensor => (found ??= g.normalizeSums(x, known));
    return {
      x: () => {
        if (!attrs.training) return g.mul(perChannel(own ? rstd.mul(own) : rstd, x));
        return g.normalizeBackward(x, { ...known, weight: own, sums: attrs.shape ? undefined : sums() });
      },
      weight: () => sums().select(0, 1),
      bias: () => sums().select(0, 0),
    };
  },
  ...own,
});

type LayerNormFn = (
  x: Tensor,
  normalizedShape: number | readonly number[],
  ...rest: [weight?: Given, bias?: Given, eps?: number] | [options: Affine]
) => Tensor;

/** Normalises the trailing dimensions `normalizedShape` to mean 0 and variance 1, then scales by weight and adds bias. */
export const layerNorm: Forward<LayerNormFn> = forward({
  rest: true,
  call: (x, normalizedShape, ...rest) => {
    const { eps, ...tensors } = parse(rest, { ...affine, eps: 1e-5 });
    return { inputs: { x, ...tensors }, attrs: { shape: [normalizedShape].flat(), training: true, momentum: 0, eps } };
  },
  samples: [
    [t([2, 3, 4]), [3, 4], t([3, 4]), t([3, 4])],
    [t([3, 5]), 5, { weight: t([5]), bias: t([5]), eps: 1e-3 }],
    [t([2, 68]), [68], { weight: t([68]), bias: t([68]) }],
    [t([6]), [6]],
    [t([3, 1]), [1], { weight: t([1]) }],
  ],
  errors: [
    raises([t([2, 3]), [2]], "normalizedShape [2] does not fit, needs [3]"),
    raises([t([2, 3]), []], "at least 1"),
    raises([t([2, 3]), [3], t([2])], "weight [2] does not fit, needs [3]"),
    raises([t([2], { dtype: "int32" }), [2]], "floating"),
  ],
});

type RmsNormFn = (
  x: Tensor,
  normalizedShape: number | readonly number[],
  ...rest: [weight?: Given, eps?: number | null] | [options: { readonly weight?: Given; readonly eps?: number | null }]
) => Tensor;

/** Divides by the root mean square over the trailing dimensions `normalizedShape`, then scales by weight. By default eps is the dtype's own. */
export const rmsNorm: Forward<RmsNormFn> = forward({
  rest: true,
  call: (x, normalizedShape, ...rest) => {
    const { weight, eps } = parse(rest, { weight: none, eps: either<number | null>(null, "number", "null") });
    const own = operand(x).dtype === "float64" ? Number.EPSILON : 2 ** -23;
    return {
      inputs: { x, weight },
      attrs: { shape: [normalizedShape].flat(), around0: true, training: true, momentum: 0, eps: eps ?? own },
    };
  },
  samples: [
    [t([2, 3, 4]), [3, 4], t([3, 4])],
    [t([3, 5]), 5, { weight: t([5]), eps: 1e-3 }],
    [t([2, 68]), [68]],
    [t([3, 1]), [1], { weight: t([1]), eps: 1 }],
  ],
  errors: [
    raises([t([2, 3]), [2]], "normalizedShape [2] does not fit, needs [3]"),
    raises([t([2, 3]), [3], t([2])], "weight [2] does not fit, needs [3]"),
    raises([t([2], { dtype: "int32" }), [2]], "floating"),
  ],
});

type Positional = [weight?: Given, bias?: Given, training?: boolean, momentum?: number, eps?: number];
type BatchNormFn = (x: Tensor, runningMean?: Given, runningVar?: Given, ...rest: Positional | [options: Options]) => Tensor;

/** Explicit data keeps its layout: a batch that repeats one row has no variance to divide by. */
const varied = (shape: Shape, seed: number): Arg =>
  t(shape, { data: Array.from({ length: sizeOf(shape) }, (_, i) => (((i + seed) * 7919) % 101) / 30 - 1.6) });
const fixed = [t([3], { fixed: true }), t([3], { low: 0.5, high: 2, fixed: true })] as const;

/** Normalises each channel of [N, C, …] with the batch's statistics (training, moving the running ones) or the running ones. */
export const batchNorm: Forward<BatchNormFn> = forward({
  rest: true,
  call: (x, ...rest) => {
    const order = { runningMean: none, runningVar: none, ...affine, training: false, momentum: 0.1, eps: 1e-5 };
    const { training, momentum, eps, ...tensors } = parse(rest, order);
    if (!training && !(tensors.runningMean && tensors.runningVar))
      throw new ArgumentError("without training it needs runningMean and runningVar", "pass them, or { training: true }");
    if (typeof momentum !== "number" || typeof eps !== "number")
      throw new ArgumentError(`momentum and eps must be numbers, got ${String(momentum)} and ${String(eps)}`);
    return { inputs: { x, ...tensors }, attrs: { training, momentum, eps } };
  },
  samples: [
    [t([4, 3, 2, 2]), ...fixed, t([3]), t([3]), true, 0.2],
    [t([2, 3, 5]), ...fixed, { weight: t([3]), bias: t([3]), eps: 1e-3 }],
    [t([3, 2, 2, 4]), null, null, { training: true, weight: t([2]) }],
    [t([2, 2, 300]), null, null, { training: true, bias: t([2]) }],
    [varied([70, 5], 2), null, null, { training: true }],
  ],
  errors: [
    raises([t([3])], "needs runningMean"),
    raises([t([3]), null, null, { training: true }], "at least 2"),
    raises([t([1, 3]), null, null, { training: true }], "more than one value"),
    raises([t([2, 3]), t([2]), t([2])], "needs [3]"),
  ],
});

// ---- gradients

type GradientFn = (g: Tensor, x: Tensor, options?: Known) => Tensor;
type Gradient = Primitive<GradientFn, GradientNames, never, Attrs> & Internal;

const unknown = { mean: none, rstd: none, sums: none };
const usual = { shape: undefined as Shape | undefined, around0: false, training: true, momentum: 0, eps: 1e-5 };
const sorted = (...[g, x, ...rest]: Parameters<GradientFn>): { inputs: Operands; attrs: Attrs } => {
  const { shape, around0, training, momentum, eps, ...given } = parse(rest, {}, { ...usual, ...affine, ...unknown });
  return { inputs: { g, x, ...given } as Operands, attrs: { shape, around0, training, momentum, eps } };
};

/** A fused gradient: its kernels, which are given whatever the caller leaves out, and the same in operators. */
const gradient = (
  inOperators: typeof slopeInOperators,
  own: Pick<Gradient, "meta" | "cpu" | "gpu" | "samples"> & { errors: readonly ErrorSample[] },
): Gradient => ({
  internal: true,
  call: (...args) => {
    const { inputs, attrs } = sorted(...args);
    operand(inputs.g, "g");
    const groups = check(inputs, attrs);
    checkFits("g", inputs.g.shape, inputs.x.shape);
    if (inputs.sums) checkFits("sums", inputs.sums.shape, [2, ...groups.affine]);
    if (!attrs.training && !(inputs.mean && inputs.rstd)) throw new ArgumentError("without training it needs mean and rstd");
    return { inputs: withStatistics(inputs, attrs), attrs };
  },
  backward: "definition",
  definition: (...args) => {
    const { inputs, attrs } = sorted(...args);
    return inOperators(inputs, attrs);
  },
  ...own,
});

/** The gradient by x of layer or (training) batch normalisation for the gradient g of its result; statistics and sums spare passes over x. */
export const normalizeBackward: Gradient = gradient(slopeInOperators, {
  meta: ({ x }) => ({ out: x }),
  cpu: cpuSlope,
  gpu: launchSlope,
  samples: [
    [t([2, 3, 4]), t([2, 3, 4]), { shape: [3, 4], weight: t([3, 4]) }],
    [t([2, 68]), t([2, 68]), { shape: [68], weight: t([68]) }],
    [t([3, 5]), t([3, 5]), { shape: [5], around0: true, weight: t([5]) }],
    [varied([4, 3], 5), varied([4, 3], 3)],
    [t([4, 3, 2, 2]), t([4, 3, 2, 2]), { weight: t([3]) }],
  ],
  errors: [
    raises([t([2, 3]), t([2, 3]), { shape: [2] }], "needs [3]"),
    raises([t([3]), t([3])], "at least 2"),
    raises([t([1, 3]), t([2, 3])], "g [1, 3] does not fit, needs [2, 3]"),
  ],
});

/** Σ g and Σ g · (x − mean) · rstd over rows or for each channel, [2, …]: the gradients of normalisation by bias and weight. */
export const normalizeSums: Gradient = gradient(sumsInOperators, {
  meta: ({ x }, attrs) => ({ out: { ...x, shape: [2, ...groupsOf(x, attrs).affine] } }),
  cpu: cpuSums,
  gpu: launchSums,
  samples: [
    [t([2, 3, 4]), t([2, 3, 4]), { shape: [3, 4] }],
    [t([70, 5]), t([70, 5]), { shape: [5] }],
    [t([3, 1]), t([3, 1]), { shape: [1] }],
    [t([3, 5]), t([3, 5]), { shape: [5], around0: true }],
    [varied([4, 3], 5), varied([4, 3], 3)],
    [t([4, 3, 2, 2]), t([4, 3, 2, 2])],
    [t([4, 3, 2]), t([4, 3, 2]), { training: false, mean: fixed[0], rstd: fixed[1] }],
    [varied([70, 5], 6), varied([70, 5], 4)],
  ],
  errors: [raises([t([2, 3]), t([2, 3]), { shape: [2] }], "needs [3]"), raises([t([3]), t([3]), { training: false }], "at least 2")],
});
