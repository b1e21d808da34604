// Activation functions of several pieces. At the seams values and gradients are PyTorch's.
import special from "../../../shaders/special.wgsl?raw";
import { isFloat } from "../../base/dtype.ts";
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { library } from "../../device/kernel.ts";
import * as m from "../../kernels/math.ts";
import { operand } from "../arguments.ts";
import { perChannel } from "../channels.ts";
import { type Composite, type ErrorSample, type Internal, raises, type Sample, t } from "../op.ts";
import { type Elementwise, noBools, numbers, plain, type PlainUnary, pointwise, real, unary } from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";
import type { Alpha } from "./activation.ts";

library(special);

const ranges: readonly Sample[] = [[t([3, 5])], [t([], { low: 0.5, high: 2 })], [t([4], { low: -8, high: 8 })], [t([0, 2])]];
const floats: readonly ErrorSample[] = [{ args: [{ $: [2], dtype: "int32" }], message: "not defined for int32" }];

/** x where positive, alpha · (e^(x / alpha) − 1) elsewhere. Source: Barron 2017. Errors: ArgumentError for alpha 0. */
export const celu: Elementwise<(x: Tensor, ...rest: [alpha?: number] | [options: Partial<Alpha>]) => Tensor, "x", Alpha> = pointwise({
  wgsl: { float: "keep_nan(select(p0 * expm1_f(x / p0), x, x > 0.0), x)" },
  ulp: 3,
  cpu: (x, _y, _z, alpha) => (x > 0 ? x : alpha * Math.expm1(x / alpha)),
  params: numbers,
  positional: { alpha: 1 },
  check: ({ alpha }) => {
    if (alpha === 0) throw new ArgumentError("alpha must not be 0");
  },
  kinks: [0],
  save: ["x"],
  // hardtanh holds x below 0 and has no gradient there: as in PyTorch the second derivative at 0 is 0.
  backward: (g, { x }, { alpha }) => ({ x: () => g.mul(x.hardtanh(-Infinity, 0).div(alpha).exp()).where(x.le(0), g) }),
  samples: [...ranges, [t([4]), 1.5], [t([3]), { alpha: 0.5 }]],
  errors: [...floats, raises([t([2]), 0], "alpha must not be 0")],
});

// ---- hard gates: straight between −3 and 3

/** 0 up to −3, 1 from 3 on, x / 6 + 1 / 2 between; the gradient at ±3 is 0. Source: Howard et al. 2019. */
export const hardsigmoid: PlainUnary<"x"> = plain(
  unary(
    { float: "min_nan(max_nan(x + 3.0, 0.0), 6.0) / 6.0" },
    (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
    "x",
    (g, x) => g.div(6).where(x.abs().lt(3), 0),
    { ulp: 3, kinks: [-3, 3], samples: ranges, errors: [...floats] },
  ),
);

/** x · hardsigmoid(x). The gradient at −3 is that of the middle, at 3 that of x. Source: Howard et al. 2019. */
export const hardswish: PlainUnary<"x"> = plain(
  unary(
    { float: "x * (min_nan(max_nan(x + 3.0, 0.0), 6.0) / 6.0)" },
    (x) => x * (Math.min(Math.max(x + 3, 0), 6) / 6),
    "x",
    (g, x) => g.mul(x.div(3).add(0.5)).where(x.lt(3), g).maskedFill(x.lt(-3), 0),
    { ulp: 3, kinks: [-3, 3], samples: ranges, errors: [...floats] },
  ),
);

// ---- shrinking: nothing around 0

export interface Lambda {
  lambd: number;
}
type Shrink = Elementwise<(x: Tensor, ...rest: [lambd?: number] | [options: Partial<Lambda>]) => Tensor, "x", Lambda>;

/** x beyond ±lambd, 0 between and at the borders, where the gradient is 0 too. */
export const hardshrink: Shrink = pointwise({
  wgsl: { float: "select(x, 0.0, x >= -p0 && x <= p0 && !is_nan(x))" },
  cpu: (x, _y, _z, lambd) => (x >= -lambd && x <= lambd ? 0 : x),
  params: numbers,
  positional: { lambd: 0.5 },
  kinks: [-0.5, 0.5],
  save: ["x"],
  backward: (g, { x }, { lambd }) => ({ x: () => g.maskedFill(x.ge(-lambd).logicalAnd(x.le(lambd)), 0) }),
  samples: [...ranges, [t([4]), 1.5], [t([3]), { lambd: 0 }]],
  errors: [...floats],
});

/** x moved towards 0 by lambd, 0 where it would pass, and of NaN; the gradient at ±lambd is 0. Errors: ArgumentError for a negative lambd. */
export const softshrink: Shrink = pointwise({
  wgsl: { float: "select(select(0.0, x + p0, x < -p0), x - p0, x > p0)" },
  ulp: 1,
  cpu: (x, _y, _z, lambd) => (x > lambd ? x - lambd : x < -lambd ? x + lambd : 0),
  params: numbers,
  positional: { lambd: 0.5 },
  check: ({ lambd }) => {
    if (!(lambd >= 0)) throw new ArgumentError(`lambd must not be negative, got ${lambd}`);
  },
  kinks: [-0.5, 0.5],
  save: ["x"],
  backward: (g, { x }, { lambd }) => ({ x: () => g.maskedFill(x.ge(-lambd).logicalAnd(x.le(lambd)), 0) }),
  samples: [...ranges, [t([4]), 1.5], [t([3]), { lambd: 0 }]],
  errors: [...floats, raises([t([2]), -1], "lambd must not be negative")],
});

/** x − tanh(x). */
export const tanhshrink: PlainUnary<"x"> = plain(
  real("tanhshrink", m.tanhshrink, "x", (g, x) => g.mul(x.tanh().square()), { wgsl: "tanhshrink(x)", ulp: 3, samples: ranges }),
);

/** x / (1 + |x|). */
export const softsign: PlainUnary<"x"> = plain(
  real(
    "softsign",
    (x) => x / (1 + Math.abs(x)),
    "x",
    (g, x) => g.div(x.abs().add(1).square()),
    {
      wgsl: "x / (1.0 + magnitude(x))",
      ulp: 2.5,
      samples: ranges,
    },
  ),
);

// ---- one bend

export interface Bar {
  threshold: number;
  value: number;
}
const missing = undefined as unknown as number;

/** x above `threshold`, `value` up to it, where the gradient is 0. Errors: ArgumentError where one of them is missing, or broken for integers. */
export const threshold: Elementwise<
  (x: Tensor, ...rest: [threshold: number, value: number] | [threshold: number, options: { value: number }] | [options: Bar]) => Tensor,
  "x",
  Bar
> = pointwise({
  wgsl: { float: "select(x, p1, x <= p0 && !is_nan(x))", int: "select(x, i32(p1), x <= i32(p0))", bool: false },
  cpu: (x, _y, _z, threshold, value) => (x <= threshold ? value : x),
  params: numbers,
  positional: { threshold: missing, value: missing },
  check: (attrs) => {
    for (const [name, given] of Object.entries(attrs))
      if (typeof given !== "number") throw new ArgumentError(`${name} must be a number, got ${String(given)}`);
  },
  dtype: ({ x }, { threshold, value }) => {
    if (!isFloat(x.dtype) && !(Number.isInteger(threshold) && Number.isInteger(value)))
      throw new ArgumentError(`threshold and value of ${x.dtype} must be integers, got ${threshold} and ${value}`);
    return undefined;
  },
  save: ["x"],
  backward: (g, { x }, { threshold }) => ({ x: () => g.maskedFill(x.le(threshold), 0) }),
  samples: [
    [t([3, 5]), 0.5, -1],
    [t([0, 2]), 0, 0],
    [t([4]), { threshold: -1, value: 3 }],
    [t([5], { dtype: "int32", data: [-2, 0, 1, 2, 7] }), 1, -4],
  ],
  kinks: [0.5],
  errors: [...noBools.map(({ args, message }) => ({ args: [...args, 0, 0], message })), raises([t([2])], "threshold must be a number"), raises([t([2], { dtype: "int32" }), 0.5, 1], "must be integers")], // prettier-ignore
});

/** x where positive, weight · x elsewhere, element by element. */
export const preluEach: Elementwise<(x: Tensor, weight: Tensor) => Tensor, "x" | "y"> & Internal = {
  ...pointwise({
    operands: ["x", "weight"],
    wgsl: { float: "select(x * y, x, x > 0.0)" },
    cpu: (x, y) => (x > 0 ? x : x * y),
    kinks: [0],
    save: ["x", "y"],
    backward: (g, { x, y }) => ({
      x: () => g.where(x.gt(0), g.mul(y)),
      y: () => g.mul(x).maskedFill(x.gt(0), 0),
    }),
    samples: [
      [t([3, 4]), t([4])],
      [t([]), t([])],
    ],
  }),
  internal: true,
};

/** x where positive, weight · x elsewhere; weight holds one slope, or one for each channel (dimension 1). Source: He et al. 2015. */
export const prelu: Composite<(x: Tensor, weight: Tensor) => Tensor> = {
  renames: true,
  compose: (x, weight) => {
    const slopes = operand(weight, "weight").numel();
    const channels = x.ndim > 1 ? x.shape[1]! : 1;
    if (weight.ndim > 1 || (slopes !== 1 && slopes !== channels))
      throw new ShapeError(`weight ${show(weight.shape)} does not fit ${show(x.shape)}, needs one number or ${channels}`);
    return x.preluEach(slopes === 1 ? weight.reshape([]) : perChannel(weight, x));
  },
  samples: [
    [t([3, 4]), t([4])],
    [t([2, 3, 2]), t([1])],
    [t([5]), t([1])],
    [t([]), t([])],
  ],
  errors: [raises([t([2, 3]), t([2])], "weight [2] does not fit"), raises([t([3]), t([3])], "weight [3] does not fit")],
};
