// Activations that few networks still call.
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { type Bounds, clamp } from "../ops/compare.ts";
import { type Composite, type ErrorSample, raises, type Sample, t } from "../ops/op.ts";
import type { Mapped } from "../ops/pointwise.ts";
import type { Tensor } from "../tensor.ts";

const ranges: readonly Sample[] = [[t([3, 5])], [t([], { low: 0.5, high: 2 })], [t([4], { low: -40, high: 40 })]];
const floats: readonly ErrorSample[] = [{ args: [{ $: [2], dtype: "int32" }], message: "not defined for int32" }];

export interface Limits {
  minVal: number;
  maxVal: number;
}

type Hardtanh = Mapped<
  (
    x: Tensor,
    ...rest: [minVal?: number, maxVal?: number] | [minVal: number, options: { maxVal?: number }] | [options: Partial<Limits>]
  ) => Tensor,
  "x" | "y" | "z",
  Bounds
>;
/** x limited to [minVal, maxVal]. The gradient at the limits is 0. */
export const hardtanh: Hardtanh = {
  ...(clamp as unknown as Hardtanh),
  call: (x, ...rest) => {
    const { minVal, maxVal } = parse(rest, { minVal: -1, maxVal: 1 });
    if (!(minVal <= maxVal)) throw new ArgumentError(`minVal ${minVal} is above maxVal ${maxVal}`);
    return clamp.call(x, minVal, maxVal);
  },
  backward: (g, { x, y, z }) => ({ x: () => g.maskedFill(x.le(y).logicalOr(x.ge(z)), 0) }),
  samples: [...ranges, [t([4]), -0.3, 0.7]],
  errors: [raises([t([2]), 1, 0], "is above")],
};

/** min(max(x, 0), 6). */
export const relu6: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => x.hardtanh(0, 6),
  samples: [[t([3, 4], { low: -2, high: 9 })]],
  errors: [raises(["text"], "must be a tensor")],
};

/** Scaled exponential linear unit, which keeps mean 0 and variance 1 in deep nets. Source: Klambauer et al. 2017. */
export const selu: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => x.elu(1.6732632423543772).mul(1.0507009873554805),
  samples: [[t([3, 4])]],
  errors: [...floats],
};

/** x · tanh(softplus(x)). Source: Misra 2019. */
export const mish: Composite<(x: Tensor) => Tensor> = { compose: (x) => x.mul(x.softplus().tanh()), samples: ranges, errors: [...floats] };
