// Layer and batch normalisation and their gradients.
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Attrs, check, cpuNormalize, cpuSlope, cpuSums, groupsOf, launchNormalize, launchSlope, launchSums, type Operands, perChannel, slopeInOperators, sumsInOperators, withStatistics } from "./groups.ts"; // prettier-ignore
import { type Arg, type Call, type ErrorSample, type Fn, type Inputs, type Primitive, raises, type Sample, t } from "./op.ts";

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
/** What gradients may be told, so that they need not find it out again. */
export interface Known {
  readonly weight?: Given;
  readonly mean?: Tensor | undefined;
  readonly rstd?: Tensor | undefined;
  readonly eps?: number;
}
type Sizes = number | readonly number[];

const none = undefined as Given;
const affine = { weight: none, bias: none };
const present = (tensors: Readonly<Record<string, Given>>): Record<string, Tensor | undefined> =>
  Object.fromEntries(Object.entries(tensors).map(([key, v]) => [key, v ?? undefined]));
const tail = (sizes: Sizes): Omit<Attrs, "eps"> => ({
  shape: typeof sizes === "number" ? [sizes] : [...sizes],
  training: true,
  momentum: 0,
});

// ---- what layer and batch normalisation have in common

type Forward<F extends Fn> = Primitive<F, "x" | "weight" | "mean" | "rstd", Attrs>;

const forward = <F extends Fn>(
  own: Pick<Forward<F>, "call" | "backward" | "samples"> & { errors: readonly ErrorSample[] },
): Forward<F> => ({
  meta: (ins, attrs) => {
    const { shape, dtype } = ins["x"]!;
    const stats = { shape: check(ins, attrs).shape, dtype };
    return { out: { shape, dtype }, mean: stats, rstd: stats };
  },
  cpu: cpuNormalize,
  gpu: launchNormalize,
  save: ["x", "weight", "mean", "rstd"],
  ...own,
});

type Gradient<F extends Fn> = Primitive<F, never, Attrs>;
type Sort<F extends Fn> = (...args: Parameters<F>) => Call<Attrs>;

type Samples = Pick<Gradient<Fn>, "samples" | "errors">;

/** A fused gradient: its kernels, which are given whatever the caller leaves out, and the same in operators. */
const gradient =
  (
    make: Pick<Gradient<Fn>, "cpu" | "gpu"> & { readonly inOperators: typeof slopeInOperators },
    shapeOf: (x: Shape, affine: Shape) => Shape,
    completed: (operands: Operands, attrs: Attrs) => Operands,
  ) =>
  <F extends Fn>(call: Sort<F>, record: Samples): Gradient<F> => ({
    call: (...args) => {
      const { inputs, attrs } = call(...args);
      check(inputs as unknown as Inputs, attrs);
      if (!attrs.training && !(inputs["mean"] && inputs["rstd"])) throw new ArgumentError("without training it needs mean and rstd");
      return { inputs: completed(withStatistics(inputs as unknown as Operands, attrs), attrs), attrs };
    },
    meta: ({ x }, attrs) => ({ out: { shape: shapeOf(x!.shape, groupsOf(x!, attrs).affine), dtype: x!.dtype } }),
    cpu: make.cpu,
    gpu: make.gpu,
    backward: "definition",
    definition: ((...args: Parameters<F>) => {
      const { inputs, attrs } = call(...args);
      return make.inOperators(inputs as unknown as Operands, attrs);
    }) as F,
    ...record,
  });
const slope = gradient(
  { cpu: cpuSlope, gpu: launchSlope, inOperators: slopeInOperators },
  (shape) => shape,
  (given, { shape }) =>
    shape || given.sums ? given : { ...given, sums: given.g.batchNormSums(given.x, { mean: given.mean, rstd: given.rstd }) },
);
const sums = gradient(
  { cpu: cpuSums, gpu: launchSums, inOperators: sumsInOperators },
  (_, affine) => [2, ...affine],
  (given) => given,
);

/** The gradients by weight and bias, from sums that are asked for once. */
function shared(make: () => Tensor): Record<"sums" | "weight" | "bias", () => Tensor> {
  let found: Tensor | undefined;
  const all = (): Tensor => (found ??= make());
  return { sums: all, weight: () => all().select(0, 1), bias: () => all().select(0, 0) };
}

// ---- layer normalisation

type LayerNormFn = (x: Tensor, normalizedShape: Sizes, ...rest: [weight?: Given, bias?: Given, eps?: number] | [options: Affine]) => Tensor;

/** Normalises the trailing dimensions `normalizedShape` to mean 0 and variance 1, then scales by weight and adds bias. */
export const layerNorm: Forward<LayerNormFn> = forward({
  call: (x, normalizedShape, ...rest) => {
    const { eps, ...tensors } = parse(rest, { ...affine, eps: 1e-5 });
    return { inputs: { x, ...present(tensors) }, attrs: { ...tail(normalizedShape), eps } };
  },
  backward: (g, { x, weight, mean, rstd }, { shape, eps }, ins) => {
    const known = { mean, rstd, eps };
    const { weight: ofWeight, bias } = shared(() => g.layerNormSums(x, shape!, known));
    return { x: () => g.layerNormBackward(x, shape!, { ...known, weight: ins["weight"] && weight }), weight: ofWeight, bias };
  },
  samples: [
    [t([2, 3, 4]), [3, 4], t([3, 4]), t([3, 4])], [t([3, 5]), 5, { weight: t([5]), eps: 1e-3 }],
    [t([2, 68]), [68], { weight: t([68]), bias: t([68]) }], [t([6]), [6]], [t([3, 1]), [1], { weight: t([1]) }],
  ], // prettier-ignore
  errors: [
    raises([t([2, 3]), [2]], "does not end in"),
    raises([t([2, 3]), [3], t([2])], "weight [2] must have shape [3]"),
    raises([t([2], { dtype: "int32" }), [2]], "floating"),
  ],
});

const known = { weight: none, mean: none, rstd: none, eps: 1e-5 };
type LayerGradientFn = (g: Tensor, x: Tensor, normalizedShape: Sizes, options?: Known) => Tensor;

const layerCall =
  (): Sort<LayerGradientFn> =>
  (g, x, normalizedShape, ...rest) => {
    const { eps, ...tensors } = parse(rest, {}, known);
    return { inputs: { g, x, ...present(tensors) }, attrs: { ...tail(normalizedShape), eps } };
  };
const layers = (...shapes: readonly (readonly [Shape, Shape])[]): Sample[] => shapes.map(([shape, own]) => [t(shape), t(shape), own]);
const layerErrors = (): ErrorSample[] => [raises([t([2, 3]), t([2, 3]), [2]], "does not end in")];

/** The gradient of layerNorm by x for the gradient g of its result; `mean` and `rstd` spare a second pass over x. */
export const layerNormBackward: Gradient<LayerGradientFn> = slope(layerCall(), {
  samples: [
    [t([2, 3, 4]), t([2, 3, 4]), [3, 4], { weight: t([3, 4]) }],
    [t([2, 68]), t([2, 68]), [68], { weight: t([68]) }],
  ],
  errors: [...layerErrors()],
});

/** Σ g and Σ g · (x − mean) · rstd over the rows, [2, …]: the gradients of layerNorm by bias and weight. */
export const layerNormSums: Gradient<LayerGradientFn> = sums(
  layerCall(),
  { samples: layers([[2, 3, 4], [3, 4]], [[70, 5], [5]], [[3, 1], [1]]), errors: [...layerErrors()] }, // prettier-ignore
);

// ---- batch normalisation

type Positional = [weight?: Given, bias?: Given, training?: boolean, momentum?: number, eps?: number];
type BatchNormFn = (x: Tensor, runningMean?: Given, runningVar?: Given, ...rest: Positional | [options: Options]) => Tensor;

/** Explicit data keeps its layout: a batch that repeats one row has no variance to divide by. */
const varied = (shape: Shape, seed: number): Arg =>
  t(shape, { data: Array.from({ length: sizeOf(shape) }, (_, i) => (((i + seed) * 7919) % 101) / 30 - 1.6) });
const fixed = [t([3], { fixed: true }), t([3], { low: 0.5, high: 2, fixed: true })] as const;

/** Normalises each channel of [N, C, …] with the batch's statistics (training, moving the running ones) or the running ones. */
export const batchNorm: Forward<BatchNormFn> = forward({
  call: (x, ...rest) => {
    const order = { runningMean: none, runningVar: none, ...affine, training: false, momentum: 0.1, eps: 1e-5 };
    const { training, momentum, eps, ...tensors } = parse(rest, order);
    if (!training && !(tensors.runningMean && tensors.runningVar))
      throw new ArgumentError("without training it needs runningMean and runningVar", "pass them, or { training: true }");
    if (typeof momentum !== "number" || typeof eps !== "number")
      throw new ArgumentError(`momentum and eps must be numbers, got ${String(momentum)} and ${String(eps)}`);
    return { inputs: { x, ...present(tensors) }, attrs: { training, momentum, eps } };
  },
  backward: (g, { x, weight, mean, rstd }, { training, eps }, ins) => {
    const options = { mean, rstd, training, eps };
    const own = ins["weight"] && weight;
    const { sums, ...others } = shared(() => g.batchNormSums(x, options));
    return {
      x: () => {
        if (training) return g.batchNormBackward(x, { ...options, weight: own, sums: sums() });
        return g.mul(perChannel(own ? rstd.mul(own) : rstd, x));
      },
      ...others,
    };
  },
  samples: [
    [t([4, 3, 2, 2]), ...fixed, t([3]), t([3]), true, 0.2],
    [t([2, 3, 5]), ...fixed, { weight: t([3]), bias: t([3]), eps: 1e-3 }],
    [t([3, 2, 2, 4]), null, null, { training: true, weight: t([2]) }], [t([2, 2, 300]), null, null, { training: true, bias: t([2]) }], [varied([70, 5], 2), null, null, { training: true }],
  ], // prettier-ignore
  errors: [
    raises([t([3])], "needs runningMean"), raises([t([3]), null, null, { training: true }], "[N, C, …]"), raises([t([1, 3]), null, null, { training: true }], "more than one value"),
    raises([t([2, 3]), t([2]), t([2])], "must have shape [3]"),
  ], // prettier-ignore
});

type BatchGradientFn = (
  g: Tensor,
  x: Tensor,
  options?: Known & { readonly sums?: Tensor | undefined; readonly training?: boolean },
) => Tensor;

const batchCall =
  (): Sort<BatchGradientFn> =>
  (g, x, ...rest) => {
    const { training, eps, ...tensors } = parse(rest, {}, { ...known, sums: none, training: true });
    return { inputs: { g, x, ...present(tensors) }, attrs: { training, eps, momentum: 0 } };
  };
const batchErrors = (): ErrorSample[] => [raises([t([3]), t([3])], "[N, C, …]")];

/** Σ g and Σ g · (x − mean) · rstd of each channel, [2, C]: the gradients of batchNorm by bias and weight. */
export const batchNormSums: Gradient<BatchGradientFn> = sums(batchCall(), {
  samples: [
    [varied([4, 3], 5), varied([4, 3], 3)],
    [t([4, 3, 2, 2]), t([4, 3, 2, 2])],
    [t([4, 3, 2]), t([4, 3, 2]), { training: false, mean: fixed[0], rstd: fixed[1] }],
    [varied([70, 5], 6), varied([70, 5], 4)],
  ],
  errors: [...batchErrors()],
});

/** The gradient of batchNorm by x in training, for the gradient g of its result; saved statistics and sums spare passes over x. */
export const batchNormBackward: Gradient<BatchGradientFn> = slope(batchCall(), {
  samples: [
    [varied([4, 3], 5), varied([4, 3], 3)],
    [t([4, 3, 2, 2]), t([4, 3, 2, 2]), { weight: t([3]) }],
  ],
  errors: [...batchErrors()],
});
