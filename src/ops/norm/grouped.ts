// Normalisation of groups of channels within one item, by the kernels of layer and batch normalisation.
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { sizeOf } from "../../base/shape.ts";
import { checkFits, checkRank, integer } from "../arguments.ts";
import { distinct } from "../choosing.ts";
import { type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import type { Affine, Options } from "./normalize.ts";

type Given = Tensor | null | undefined;
const none = undefined as Given;
const affine = { weight: none, bias: none };

/** x · weight + bias of every channel, in one kernel each way: batch normalisation with the mean 0 and the variance 1. */
const scaled = (x: Tensor, weight: Given, bias: Given): Tensor => {
  if (!weight && !bias) return x;
  const channels = [x.shape[1]!];
  return x.batchNorm(x.filledLike(0, channels), x.filledLike(1, channels), { weight, bias, eps: 0 });
};

/** Errors: ShapeError where every group is one value, which has no spread. */
function checkSpread(values: number, shape: readonly number[]): void {
  if (values === 1) throw new ShapeError(`needs more than one value per group, got ${show(shape)}`);
}

type GroupNormFn = (
  x: Tensor,
  numGroups: number,
  ...rest: [weight?: Given, bias?: Given, eps?: number] | [weight: Given, options: Omit<Affine, "weight">] | [options: Affine]
) => Tensor;

/** Normalises each of numGroups groups of channels of every item of [N, C, …], then scales by weight [C] and adds bias [C]. */
export const groupNorm: Composite<GroupNormFn> = {
  rest: true,
  compose: (x, numGroups, ...rest) => {
    const { weight, bias, eps } = parse(rest, { ...affine, eps: 1e-5 });
    const { shape } = x;
    checkRank(shape, 2);
    const [items, channels] = shape as [number, number];
    if (channels % integer(numGroups, "numGroups", 1) !== 0)
      throw new ShapeError(`${channels} channels do not divide into ${numGroups} groups`);
    const own = (channels / numGroups) * sizeOf(shape.slice(2));
    checkSpread(items * own, shape);
    for (const [key, given] of Object.entries({ weight, bias })) if (given) checkFits(key, given.shape, [channels]);
    return scaled(x.reshape(items, numGroups, own).layerNorm(own, { eps }).reshape(shape), weight, bias);
  },
  samples: [
    [distinct([2, 4, 3]), 2, t([4]), t([4])],
    [distinct([2, 6]), 2, { weight: t([6]), eps: 1e-3 }],
    [distinct([1, 4, 2, 3]), 4, { bias: t([4]) }],
    [distinct([2, 3, 2, 2]), 1],
  ],
  errors: [
    raises([t([2, 4, 3]), 3], "4 channels do not divide into 3 groups"),
    raises([t([2, 4, 3]), 2, t([2])], "weight [2] does not fit, needs [4]"),
    raises([t([1, 4]), 4], "more than one value per group"),
    raises([t([4]), 2], "at least 2 dimensions"),
  ],
};

export interface InstanceOptions extends Omit<Options, "training"> {
  /** Statistics of each item, which also move the running ones; otherwise the running ones are used. */
  readonly useInputStats?: boolean;
}
type InstanceNormFn = (
  x: Tensor,
  runningMean?: Given,
  runningVar?: Given,
  ...rest: [weight?: Given, bias?: Given, useInputStats?: boolean, momentum?: number, eps?: number] | [options: InstanceOptions]
) => Tensor;

/** Normalises each channel of each item of [N, C, …], by its own statistics (whose means over the items move the running ones) or the running ones. */
export const instanceNorm: Composite<InstanceNormFn> = {
  rest: true,
  compose: (x, ...rest) => {
    const order = { runningMean: none, runningVar: none, ...affine, useInputStats: true, momentum: 0.1, eps: 1e-5 };
    const { runningMean, runningVar, weight, bias, useInputStats, momentum, eps } = parse(rest, order);
    const { shape } = x;
    checkRank(shape, 2);
    if (!useInputStats) {
      if (!(runningMean && runningVar)) throw new ArgumentError("without statistics of the input it needs runningMean and runningVar");
      return x.batchNorm(runningMean, runningVar, { weight, bias, eps });
    }
    const [items, channels] = shape as [number, number];
    const own = sizeOf(shape.slice(2));
    checkSpread(own, shape);
    const running = { runningMean, runningVar };
    for (const [key, given] of Object.entries({ ...running, weight, bias })) if (given) checkFits(key, given.shape, [channels]);
    if (!(runningMean && runningVar)) return scaled(x.reshape(items, channels, own).layerNorm(own, { eps }).reshape(shape), weight, bias);
    // Items lie side by side as channels, each with the running statistics of its own, whose means stay.
    const [mean, variance] = [runningMean, runningVar].map((v) => v.detach().repeat(items));
    const y = x.reshape(1, items * channels, own).batchNorm(mean, variance, { training: true, momentum, eps });
    if (items > 0) [mean, variance].forEach((v, i) => [runningMean, runningVar][i]!.copy_(v!.reshape(items, channels).mean(0)));
    return scaled(y.reshape(shape), weight, bias);
  },
  samples: [
    [t([2, 3, 4])],
    [t([2, 3, 2, 2]), { weight: t([3]), bias: t([3]), eps: 1e-3 }],
    [t([2, 3, 4]), t([3], { fixed: true }), t([3], { low: 0.5, high: 2, fixed: true }), t([3]), null, true, 0.2],
    [t([2, 3, 4]), t([3], { fixed: true }), t([3], { low: 0.5, high: 2, fixed: true }), { weight: t([3]), useInputStats: false }],
  ],
  errors: [
    raises([t([2, 3])], "more than one value per group"),
    raises([t([2, 3, 4]), { useInputStats: false }], "needs runningMean"),
    raises([t([2, 3, 4]), null, null, t([2])], "weight [2] does not fit, needs [3]"),
    raises([t([2, 3, 4], { dtype: "int32" })], "floating"),
  ],
};
