// Activation functions. The usual ones have a gradient operator of their own, so that backward is one launch; those are differentiable
// in turn.
import special from "../../../shaders/special.wgsl?raw";
import { checkKnown } from "../../base/checks.ts";
import { isFloat } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import { library } from "../../device/kernel.ts";
import type { Form } from "../../kernels/elementwise.ts";
import * as m from "../../kernels/math.ts";
import { type Composite, type ErrorSample, type Internal, raises, type Sample, t } from "../op.ts";
import { type Elementwise, noBools, numbers, plain, type PlainUnary, pointwise, real, unary, type Unary } from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

library(special);

type Gradient = (g: Tensor, x: Tensor) => Tensor;
type Slope = Elementwise<Gradient> & Internal;

const ranges: readonly Sample[] = [[t([3, 5])], [t([], { low: 0.5, high: 2 })], [t([4], { low: -40, high: 40 })]];
const floats: readonly ErrorSample[] = [{ args: [{ $: [2], dtype: "int32" }], message: "not defined for int32" }];
const smooth = { samples: ranges, errors: [...floats] };

const pair: readonly Sample[] = [
  [t([3, 4]), t([3, 4])],
  [t([]), t([])],
];

/** A record for g · f′, from g and the input or output of f. */
const slope = (rule: Form & { definition: Gradient; kinks?: readonly number[] }): Slope => ({
  ...pointwise<Gradient>({ ...rule, operands: ["g", "x"], backward: "definition", samples: pair }),
  internal: true,
});

// ---- rectifiers

/** max(x, 0). The gradient at 0 is 0. */
export const relu: Unary<"out"> = unary({ float: "relu(x)", int: "max(x, 0)", bool: false }, m.relu, "out", (g, y) => g.reluBackward(y), {
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) {
      const x = a[i]!;
      to[t] = x < 0 ? 0 : x;
    }
  },
  kinks: [0],
  errors: [...noBools],
});

/** g where x, the input or the output of relu, is not ≤ 0. */
export const reluBackward: Slope = slope({
  wgsl: { float: "select(x, 0.0, y <= 0.0 && !is_nan(y))" },
  cpu: (x, y) => (y <= 0 ? 0 : x),
  loop: (to, t, n, a, i, sa, b, j, sb) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb) to[t] = b[j]! <= 0 ? 0 : a[i]!;
  },
  definition: (g, y) => g.maskedFill(y.le(0), 0),
  kinks: [0],
});

export interface NegativeSlope {
  negativeSlope: number;
}

/** x where positive, negativeSlope · x elsewhere. */
export const leakyRelu: Elementwise<
  (x: Tensor, ...rest: [negativeSlope?: number] | [options: Partial<NegativeSlope>]) => Tensor,
  "x",
  NegativeSlope
> = pointwise({
  wgsl: { float: "select(x * p0, x, x > 0.0)" },
  ulp: 1,
  cpu: (x, _y, _z, slope) => (x > 0 ? x : x * slope),
  loop: (to, t, n, a, i, sa, _b, _j, _sb, _c, _k, _sc, slope) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = a[i]! > 0 ? a[i]! : a[i]! * slope;
  },
  params: numbers,
  positional: { negativeSlope: 0.01 },
  kinks: [0],
  save: ["x"],
  backward: (g, { x }, { negativeSlope }) => ({ x: () => g.where(x.gt(0), g.mul(negativeSlope)) }),
  samples: [...ranges, [t([3]), 0.2], [t([3]), { negativeSlope: -1 }]],
  errors: [...floats],
});

// ---- sigmoid and tanh: gradients from the output

/** 1 / (1 + e⁻ˣ). */
export const sigmoid: Unary<"out"> = real("sigmoid", m.sigmoid, "out", (g, y) => g.sigmoidBackward(y), {
  wgsl: "sigmoid(x)",
  ulp: 2.2,
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = m.sigmoid(a[i]!);
  },
  samples: ranges,
});

/** g · s · (1 − s) for s = sigmoid(x). */
export const sigmoidBackward: Slope = slope({
  wgsl: { float: "x * (1.0 - y) * y" },
  ulp: 2.5,
  cpu: (x, y) => x * (1 - y) * y,
  loop: (to, t, n, a, i, sa, b, j, sb) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb) to[t] = a[i]! * (1 - b[j]!) * b[j]!;
  },
  definition: (g, y) => g.mul(y).mul(y.rsub(1)),
});

/** Hyperbolic tangent. */
export const tanh: Unary<"out"> = real("tanh", Math.tanh, "out", (g, y) => g.tanhBackward(y), {
  ulp: 1.4,
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = Math.tanh(a[i]!);
  },
  samples: ranges,
});

/** g · (1 − y²) for y = tanh(x). */
export const tanhBackward: Slope = slope({
  wgsl: { float: "x * (1.0 - y * y)" },
  ulp: 2.5,
  cancels: true,
  cpu: (x, y) => x * (1 - y * y),
  loop: (to, t, n, a, i, sa, b, j, sb) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb) to[t] = a[i]! * (1 - b[j]! * b[j]!);
  },
  definition: (g, y) => g.mul(y.square().rsub(1)),
});

// ---- smooth rectifiers: gradients from the input

export interface Alpha {
  alpha: number;
}

/** x where positive, alpha · (eˣ − 1) elsewhere. */
export const elu: Elementwise<(x: Tensor, ...rest: [alpha?: number] | [options: Partial<Alpha>]) => Tensor, "x", Alpha> = pointwise({
  wgsl: { float: "elu(x, p0)" },
  ulp: 1.6,
  cpu: (x, _y, _z, alpha) => m.elu(x, alpha),
  params: numbers,
  positional: { alpha: 1 },
  kinks: [0],
  save: ["x"],
  // hardtanh holds x below 0 and has, unlike clampMax, no gradient there: as in PyTorch the second derivative at 0 is 0.
  backward: (g, { x }, { alpha }) => ({ x: () => g.mul(x.hardtanh(-Infinity, 0).exp().mul(alpha)).where(x.le(0), g) }),
  samples: [...ranges, [t([4]), 1.5]],
  errors: [...floats],
});

export interface Approximation {
  approximate: "none" | "tanh";
}

const root = 2 * Math.sqrt(2 / Math.PI);
type Gelus = Readonly<Record<Approximation["approximate"], Form>>;
const geluForms: Gelus = {
  none: { wgsl: { float: "gelu(x)" }, ulp: 5, cpu: m.gelu },
  // Where the result dies away, the error of the exponent does not.
  tanh: { wgsl: { float: "gelu_tanh(x)" }, ulp: 160, cpu: m.geluTanh },
};
const geluSlopes: Gelus = {
  none: {
    wgsl: { float: "x * (normal_cdf(y) + y * 0.3989422804 * exp_f(-0.5 * y * y))" },
    ulp: 5,
    cancels: true,
    cpu: (x, y) => x * (m.normalCdf(y) + (y * Math.exp(-0.5 * y * y)) / Math.sqrt(2 * Math.PI)),
  },
  // x · σ(u), u = root · (x + 0.044715 x³): σ + x · σ′ · u′.
  tanh: {
    wgsl: { float: "x * gelu_tanh_slope(y)" },
    ulp: 4,
    cancels: true,
    cpu: (x, y) => {
      const s = m.sigmoid(root * y * (1 + 0.044715 * y * y));
      return x * (s + y * root * s * (1 - s) * (1 + 0.134145 * y * y));
    },
  },
};

/** x · Φ(x), Φ the normal distribution function; `approximate: "tanh"` takes a formula in tanh. Source: Hendrycks & Gimpel 2016. */
export const gelu: Elementwise<(x: Tensor, options?: Partial<Approximation>) => Tensor, "x", Approximation> = pointwise({
  form: ({ approximate }) => geluForms[approximate],
  keywords: { approximate: "none" } as Approximation,
  check: ({ approximate }) => checkKnown("approximate", approximate, ["none", "tanh"]),
  save: ["x"],
  backward: (g, { x }, options) => ({ x: () => g.geluBackward(x, options) }),
  samples: [...ranges, [t([3, 4]), { approximate: "tanh" }]],
  errors: [...floats, raises([t([2]), { approximate: "erf" }], "unknown approximate erf")],
});

/** g · gelu′(x). */
export const geluBackward: Elementwise<(g: Tensor, x: Tensor, options?: Partial<Approximation>) => Tensor, never, Approximation> &
  Internal = {
  ...pointwise({
    form: ({ approximate }) => geluSlopes[approximate],
    operands: ["g", "x"],
    keywords: { approximate: "none" } as Approximation,
    backward: "definition",
    definition: (g, x, options) => {
      if (options?.approximate === "tanh") {
        const s = x.mul(x.square().mul(0.044715).add(1)).mul(root).sigmoid();
        return g.mul(s).add(g.mul(x).mul(x.square().mul(0.134145).add(1)).mul(root).sigmoidBackward(s));
      }
      const density = x
        .square()
        .mul(-0.5)
        .exp()
        .mul(root / 4);
      return g.mul(x.mul(-Math.SQRT1_2).erfc().mul(0.5).add(x.mul(density)));
    },
    samples: [...pair, [t([4]), t([4]), { approximate: "tanh" }]],
  }),
  internal: true,
};

/** x · sigmoid(x), also called swish. */
export const silu: PlainUnary<"x"> = plain(unary({ float: "silu(x)" }, m.silu, "x", (g, x) => g.siluBackward(x), { ulp: 3, ...smooth }));

/** g · silu′(x). */
export const siluBackward: Slope = slope({
  wgsl: { float: "x * sigmoid(y) * (1.0 + y * sigmoid(-y))" },
  ulp: 4,
  cancels: true,
  cpu: (x, y) => x * m.sigmoid(y) * (1 + y * m.sigmoid(-y)),
  definition: (g, x) => {
    const s = x.sigmoid();
    return g.mul(s).add(g.mul(x).sigmoidBackward(s));
  },
});

/** log(sigmoid(x)), without overflow. */
export const logsigmoid: PlainUnary<"x"> = plain(
  unary({ float: "logsigmoid(x)" }, m.logsigmoid, "x", (g, x) => g.mul(x.neg().sigmoid()), { ulp: 2, ...smooth }),
);

export interface Sharpness {
  beta: number;
  threshold: number;
}

/** log(1 + e^(beta · x)) / beta, a smooth relu; x itself where beta · x > threshold. */
export const softplus: Elementwise<
  (
    x: Tensor,
    ...rest: [beta?: number, threshold?: number] | [beta: number, options: { threshold?: number }] | [options: Partial<Sharpness>]
  ) => Tensor,
  "x",
  Sharpness
> = pointwise({
  wgsl: { float: "softplus(x, p0, p1)" },
  // Where beta · x is no rounded number; its error counts in the exponent.
  ulp: 2,
  cpu: (x, _y, _z, beta, threshold) => m.softplus(x, beta, threshold),
  params: numbers,
  positional: { beta: 1, threshold: 20 },
  // Where softplus turns into x there is a small step.
  kinks: [20],
  save: ["x"],
  backward: (g, { x }, { beta, threshold }) => ({
    x: () => {
      const z = x.mul(beta);
      return g.where(z.gt(threshold), g.mul(z.sigmoid()));
    },
  }),
  samples: [...ranges, [t([4]), 2, 0.5], [t([4]), { beta: 0.5 }]],
  errors: [...floats],
});

export interface Limits {
  minVal: number;
  maxVal: number;
}

/** x limited to [minVal, maxVal]. The gradient at the limits is 0. Errors: ArgumentError for limits in disorder, or broken ones for integers. */
export const hardtanh: Elementwise<
  (
    x: Tensor,
    ...rest: [minVal?: number, maxVal?: number] | [minVal: number, options: { maxVal?: number }] | [options: Partial<Limits>]
  ) => Tensor,
  "x",
  Limits
> = pointwise({
  wgsl: { float: "min_nan(max_nan(x, p0), p1)", int: "min(max(x, i32(p0)), i32(p1))", bool: false },
  cpu: (x, _y, _z, low, high) => Math.min(Math.max(x, low), high),
  params: numbers,
  positional: { minVal: -1, maxVal: 1 },
  kinks: [-1, 1],
  check: ({ minVal, maxVal }) => {
    if (!(minVal <= maxVal)) throw new ArgumentError(`minVal ${minVal} is above maxVal ${maxVal}`);
  },
  dtype: ({ x }, { minVal, maxVal }) => {
    if (!isFloat(x.dtype) && !(Number.isInteger(minVal) && Number.isInteger(maxVal)))
      throw new ArgumentError(`limits of ${x.dtype} must be integers, got ${minVal} and ${maxVal}`);
    return undefined;
  },
  save: ["x"],
  backward: (g, { x }, { minVal, maxVal }) => ({ x: () => g.maskedFill(x.le(minVal).logicalOr(x.ge(maxVal)), 0) }),
  samples: [...ranges, [t([4]), -0.3, 0.7], [t([3], { dtype: "int32" })]],
  errors: [raises([t([2]), 1, 0], "is above"), raises([t([2], { dtype: "int32" }), 0, 0.5], "must be integers")],
});

/** min(max(x, 0), 6). */
export const relu6: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => x.hardtanh(0, 6),
  kinks: [0, 6],
  samples: [[t([3, 4], { low: -2, high: 9 })]],
  errors: [raises(["text"], "must be a tensor")],
};

/** Scaled exponential linear unit, which keeps mean 0 and variance 1 in deep nets. Source: Klambauer et al. 2017. */
export const selu: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => x.elu(1.6732632423543772).mul(1.0507009873554805),
  kinks: [0],
  ulp: 2.2,
  samples: [[t([3, 4])]],
  errors: [...floats],
};

/** x · tanh(softplus(x)). Source: Misra 2019. */
export const mish: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => x.mul(x.softplus().tanh()),
  kinks: [],
  ulp: 3.5,
  samples: ranges,
  errors: [...floats],
};
