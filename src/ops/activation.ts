// Activation functions. Each has a gradient operator of its own, so that backward is one launch; those are differentiable in turn.
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import type { Tensor } from "../tensor.ts";
import { operand } from "./arguments.ts";
import type { Form } from "./mapping.ts";
import * as m from "./math.ts";
import { type Composite, type Primitive, raises, type Sample, t } from "./op.ts";
import { type Mapped, operandOf, pointwise, unary, type Unary } from "./pointwise.ts";

type Step<O = unknown, A extends object = object> = Primitive<
  (g: Tensor, x: Tensor, ...rest: [O] extends [undefined] ? [] : [options?: O]) => Tensor,
  "x" | "y",
  A
>;
type Plain = Primitive<(g: Tensor, x: Tensor) => Tensor, "x" | "y">;

const ranges: readonly Sample[] = [[t([3, 5])], [t([], { low: 0.5, high: 2 })], [t([4], { low: -40, high: 40 })], [t([0, 2])]];
const steps: readonly Sample[] = [
  [t([3, 4]), t([3, 4])],
  [t([]), t([])],
];
const floats = [raises([t([2], { dtype: "int32" })], "not defined for int32")];

/** A record for g · f′, from g and the input or output of f. */
const slope = (name: string, rule: Form & Pick<Plain, "save" | "backward"> & { definition?: (g: Tensor, x: Tensor) => Tensor }): Plain =>
  pointwise<(g: Tensor, x: Tensor) => Tensor, "x" | "y">(name, {
    ...rule,
    call: (x, y) => ({ inputs: { x, y }, attrs: {} }),
    samples: steps,
    inplace: false,
  });

// ---- rectifiers

/** max(x, 0). The gradient at 0 is 0. */
export const relu: Unary<"out"> = unary("relu", {
  wgsl: { float: "relu(x)", int: "max(x, 0)", bool: false },
  cpu: m.relu,
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) {
      const x = a[i]!;
      to[t] = x < 0 ? 0 : x;
    }
  },
  save: ["out"],
  backward: (g, { out }) => ({ x: () => g.reluBackward(out) }),
  errors: [raises([t([2], { dtype: "bool" })], "not defined for bool")],
});

/** g where x, the input or the output of relu, is not ≤ 0. */
export const reluBackward: Plain = slope("reluBackward", {
  wgsl: { float: "select(x, 0.0, y <= 0.0 && !is_nan(y))" },
  cpu: (x, y) => (y <= 0 ? 0 : x),
  loop: (to, t, n, a, i, sa, b, j, sb) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb) to[t] = b[j]! <= 0 ? 0 : a[i]!;
  },
  save: ["y"],
  backward: (g, { y }) => ({ x: () => g.reluBackward(y), y: () => g.filledLike(0) }),
});

/** min(max(x, 0), 6). */
export const relu6: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => operand("relu6", x).hardtanh(0, 6),
  samples: [[t([3, 4], { low: -2, high: 9 })]],
  errors: [raises(["text"], "must be a tensor")],
};

export interface Slope {
  negativeSlope: number;
}
type LeakyRelu = Mapped<(x: Tensor, ...rest: [negativeSlope?: number] | [options: Partial<Slope>]) => Tensor, "x", Slope>;

/** x where positive, negativeSlope · x elsewhere. */
export const leakyRelu: LeakyRelu = pointwise("leakyRelu", {
  wgsl: { float: "select(x * p0, x, x > 0.0)" },
  cpu: (x, _y, _z, slope) => (x > 0 ? x : x * slope),
  loop: (to, t, n, a, i, sa, _b, _j, _sb, _c, _k, _sc, slope) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = a[i]! > 0 ? a[i]! : a[i]! * slope;
  },
  params: ({ negativeSlope }) => [negativeSlope],
  call: (x: Tensor, ...rest: unknown[]) => ({
    inputs: { x: operandOf("leakyRelu", x, "x") },
    attrs: parse("leakyRelu", rest, { negativeSlope: 0.01 }),
  }),
  save: ["x"],
  backward: (g, { x }, { negativeSlope }) => ({ x: () => g.leakyReluBackward(x, { negativeSlope }) }),
  samples: [...ranges, [t([3]), 0.2], [t([3]), { negativeSlope: -1 }]],
  errors: floats,
}) as LeakyRelu;

/** g, times negativeSlope where x is not positive. */
export const leakyReluBackward: Step<Slope, Slope> = pointwise("leakyReluBackward", {
  wgsl: { float: "select(x * p0, x, y > 0.0)" },
  cpu: (x, y, _z, slope) => (y > 0 ? x : x * slope),
  loop: (to, t, n, a, i, sa, b, j, sb, _c, _k, _sc, slope) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb) to[t] = b[j]! > 0 ? a[i]! : a[i]! * slope;
  },
  params: ({ negativeSlope }) => [negativeSlope],
  call: (x: Tensor, y: Tensor, ...rest: unknown[]) => ({
    inputs: { x, y },
    attrs: parse("leakyReluBackward", rest, {}, { negativeSlope: 0.01 }),
  }),
  save: ["y"],
  backward: (g, { y }, slope) => ({ x: () => g.leakyReluBackward(y, slope), y: () => g.filledLike(0) }),
  samples: [...steps, [t([2, 3]), t([2, 3]), { negativeSlope: 0.3 }]],
  inplace: false,
});

export interface Limits {
  minVal: number;
  maxVal: number;
}
type Hardtanh = Mapped<
  (
    x: Tensor,
    ...rest: [minVal?: number, maxVal?: number] | [minVal: number, options: { maxVal?: number }] | [options: Partial<Limits>]
  ) => Tensor,
  "x",
  Limits
>;

/** x limited to [minVal, maxVal]. The gradient at the limits is 0. */
export const hardtanh: Hardtanh = pointwise("hardtanh", {
  wgsl: { float: "min_nan(max_nan(x, p0), p1)", int: "min(max(x, i32(p0)), i32(p1))", bool: false },
  cpu: (x, _y, _z, low, high) => Math.min(Math.max(x, low), high),
  params: ({ minVal, maxVal }) => [minVal, maxVal],
  call: (x: Tensor, ...rest: unknown[]) => {
    const attrs = parse("hardtanh", rest, { minVal: -1, maxVal: 1 });
    if (!(attrs.minVal <= attrs.maxVal)) throw new ArgumentError("hardtanh", `minVal ${attrs.minVal} is above maxVal ${attrs.maxVal}`);
    return { inputs: { x: operandOf("hardtanh", x, "x") }, attrs };
  },
  save: ["x"],
  backward: (g, { x }, limits) => ({ x: () => g.hardtanhBackward(x, limits) }),
  samples: [...ranges, [t([4]), -0.3, 0.7]],
  errors: [raises([t([2]), 1, 0], "is above")],
}) as Hardtanh;

/** g where x lies strictly within the limits, else 0. */
export const hardtanhBackward: Step<Limits, Limits> = pointwise("hardtanhBackward", {
  wgsl: { float: "select(x, 0.0, (y <= p0 || y >= p1) && !is_nan(y))" },
  cpu: (x, y, _z, low, high) => (y <= low || y >= high ? 0 : x),
  params: ({ minVal, maxVal }) => [minVal, maxVal],
  call: (x: Tensor, y: Tensor, ...rest: unknown[]) => ({
    inputs: { x, y },
    attrs: parse("hardtanhBackward", rest, {}, { minVal: -1, maxVal: 1 }),
  }),
  save: ["y"],
  backward: (g, { y }, limits) => ({ x: () => g.hardtanhBackward(y, limits), y: () => g.filledLike(0) }),
  samples: steps,
  inplace: false,
});

// ---- sigmoid and tanh: gradients from the output

/** 1 / (1 + e⁻ˣ). */
export const sigmoid: Unary<"out"> = unary("sigmoid", {
  wgsl: "sigmoid(x)",
  cpu: m.sigmoid,
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = m.sigmoid(a[i]!);
  },
  result: "float",
  save: ["out"],
  backward: (g, { out }) => ({ x: () => g.sigmoidBackward(out) }),
  samples: ranges,
});

/** g · s · (1 − s) for s = sigmoid(x). */
export const sigmoidBackward: Plain = slope("sigmoidBackward", {
  wgsl: { float: "x * (1.0 - y) * y" },
  cpu: (x, y) => x * (1 - y) * y,
  loop: (to, t, n, a, i, sa, b, j, sb) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb) to[t] = a[i]! * (1 - b[j]!) * b[j]!;
  },
  save: ["x", "y"],
  backward: (g, { x, y }) => ({ x: () => g.sigmoidBackward(y), y: () => g.mul(x).mul(y.mul(2).rsub(1)) }),
});

/** Hyperbolic tangent. */
export const tanh: Unary<"out"> = unary("tanh", {
  wgsl: "tanh_f(x)",
  cpu: Math.tanh,
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = Math.tanh(a[i]!);
  },
  result: "float",
  save: ["out"],
  backward: (g, { out }) => ({ x: () => g.tanhBackward(out) }),
  samples: ranges,
});

/** g · (1 − y²) for y = tanh(x). */
export const tanhBackward: Plain = slope("tanhBackward", {
  wgsl: { float: "x * (1.0 - y * y)" },
  cpu: (x, y) => x * (1 - y * y),
  loop: (to, t, n, a, i, sa, b, j, sb) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb) to[t] = a[i]! * (1 - b[j]! * b[j]!);
  },
  save: ["x", "y"],
  backward: (g, { x, y }) => ({ x: () => g.tanhBackward(y), y: () => g.mul(x).mul(y.mul(-2)) }),
});

// ---- smooth rectifiers: gradients from the input

export interface Alpha {
  alpha: number;
}
type Elu = Mapped<(x: Tensor, ...rest: [alpha?: number] | [options: Partial<Alpha>]) => Tensor, "x", Alpha>;

/** x where positive, alpha · (eˣ − 1) elsewhere. */
export const elu: Elu = pointwise("elu", {
  wgsl: { float: "elu(x, p0)" },
  cpu: (x, _y, _z, alpha) => m.elu(x, alpha),
  params: ({ alpha }) => [alpha],
  call: (x: Tensor, ...rest: unknown[]) => ({ inputs: { x: operandOf("elu", x, "x") }, attrs: parse("elu", rest, { alpha: 1 }) }),
  save: ["x"],
  backward: (g, { x }, { alpha }) => ({ x: () => g.eluBackward(x, { alpha }) }),
  samples: [...ranges, [t([4]), 1.5]],
  errors: floats,
}) as Elu;

/** g where x is positive, alpha · eˣ · g elsewhere. */
export const eluBackward: Step<Alpha, Alpha> = pointwise("eluBackward", {
  wgsl: { float: "select(x, x * p0 * exp_f(y), y <= 0.0 && !is_nan(y))" },
  cpu: (x, y, _z, alpha) => (y <= 0 ? x * alpha * Math.exp(y) : x),
  params: ({ alpha }) => [alpha],
  call: (x: Tensor, y: Tensor, ...rest: unknown[]) => ({ inputs: { x, y }, attrs: parse("eluBackward", rest, {}, { alpha: 1 }) }),
  backward: "definition",
  definition: (g, x, { alpha } = { alpha: 1 }) => g.mul(x.clampMax(0).exp().mul(alpha)).where(x.le(0), g),
  samples: [...steps, [t([4]), t([4]), { alpha: 1.5 }]],
  inplace: false,
});

/** Scaled exponential linear unit, which keeps mean 0 and variance 1 in deep nets. Source: Klambauer et al. 2017. */
export const selu: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => x.elu(1.6732632423543772).mul(1.0507009873554805),
  samples: [[t([3, 4])]],
  errors: floats,
};

export interface Approximation {
  approximate: "none" | "tanh";
}
type Gelu = Mapped<(x: Tensor, options?: Partial<Approximation>) => Tensor, "x", Approximation>;

const root = Math.sqrt(2 / Math.PI);
const geluForms: Readonly<Record<"none" | "tanh", Form>> = {
  none: { wgsl: { float: "gelu(x)" }, cpu: m.gelu },
  tanh: { wgsl: { float: "gelu_tanh(x)" }, cpu: m.geluTanh },
};
const geluSlopes: Readonly<Record<"none" | "tanh", Form>> = {
  none: {
    wgsl: { float: "x * (normal_cdf(y) + y * 0.3989422804 * exp_f(-0.5 * y * y))" },
    cpu: (x, y) => x * (m.normalCdf(y) + (y * Math.exp(-0.5 * y * y)) / Math.sqrt(2 * Math.PI)),
  },
  tanh: {
    wgsl: { float: "x * gelu_tanh_slope(y)" },
    cpu: (x, y) => {
      const s = m.sigmoid(2 * root * (y + 0.044715 * y * y * y));
      return x * (s + y * 2 * root * s * (1 - s) * (1 + 0.134145 * y * y));
    },
  },
};

function approximation(op: string, rest: readonly unknown[]): Approximation {
  const attrs = parse(op, rest, {}, { approximate: "none" as Approximation["approximate"] });
  if (attrs.approximate !== "none" && attrs.approximate !== "tanh")
    throw new ArgumentError(op, `unknown approximate ${String(attrs.approximate)}`, '"none" or "tanh"');
  return attrs;
}

/** x · Φ(x), Φ the normal distribution function; `approximate: "tanh"` takes a formula in tanh. Source: Hendrycks & Gimpel 2016. */
export const gelu: Gelu = pointwise("gelu", {
  form: ({ approximate }) => geluForms[approximate],
  call: (x: Tensor, ...rest: unknown[]) => ({ inputs: { x: operandOf("gelu", x, "x") }, attrs: approximation("gelu", rest) }),
  save: ["x"],
  backward: (g, { x }, options) => ({ x: () => g.geluBackward(x, options) }),
  samples: [...ranges, [t([3, 4]), { approximate: "tanh" }]],
  errors: [...floats, raises([t([2]), { approximate: "erf" }], "unknown approximate erf")],
}) as Gelu;

/** g · gelu′(x). */
export const geluBackward: Step<Approximation, Approximation> = pointwise("geluBackward", {
  form: ({ approximate }) => geluSlopes[approximate],
  call: (x: Tensor, y: Tensor, ...rest: unknown[]) => ({ inputs: { x, y }, attrs: approximation("geluBackward", rest) }),
  backward: "definition",
  definition: (g, x, options) => {
    if (options?.approximate === "tanh") {
      const s = x
        .mul(x.square().mul(0.044715).add(1))
        .mul(2 * root)
        .sigmoid();
      return g.mul(
        s.mul(
          s
            .rsub(1)
            .mul(x)
            .mul(x.square().mul(0.134145).add(1))
            .mul(2 * root)
            .add(1),
        ),
      );
    }
    const density = x
      .square()
      .mul(-0.5)
      .exp()
      .mul(1 / Math.sqrt(2 * Math.PI));
    return g.mul(x.mul(-Math.SQRT1_2).erfc().mul(0.5).add(x.mul(density)));
  },
  samples: [...steps, [t([4]), t([4]), { approximate: "tanh" }]],
  inplace: false,
});

/** x · sigmoid(x), also called swish. */
export const silu: Unary<"x"> = unary("silu", {
  wgsl: { float: "silu(x)" },
  cpu: m.silu,
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.siluBackward(x) }),
  samples: ranges,
  errors: floats,
});

/** g · silu′(x). */
export const siluBackward: Plain = slope("siluBackward", {
  wgsl: { float: "x * sigmoid(y) * (1.0 + y * sigmoid(-y))" },
  cpu: (x, y) => x * m.sigmoid(y) * (1 + y * m.sigmoid(-y)),
  backward: "definition",
  definition: (g, x) => g.mul(x.sigmoid()).mul(x.mul(x.neg().sigmoid()).add(1)),
});

/** log(sigmoid(x)), without overflow. */
export const logsigmoid: Unary<"x"> = unary("logsigmoid", {
  wgsl: { float: "logsigmoid(x)" },
  cpu: m.logsigmoid,
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.logsigmoidBackward(x) }),
  samples: ranges,
  errors: floats,
});

/** g · sigmoid(−x). */
export const logsigmoidBackward: Plain = slope("logsigmoidBackward", {
  wgsl: { float: "x * sigmoid(-y)" },
  cpu: (x, y) => x * m.sigmoid(-y),
  backward: "definition",
  definition: (g, x) => g.mul(x.neg().sigmoid()),
});

export interface Sharpness {
  beta: number;
  threshold: number;
}
type Softplus = Mapped<
  (
    x: Tensor,
    ...rest: [beta?: number, threshold?: number] | [beta: number, options: { threshold?: number }] | [options: Partial<Sharpness>]
  ) => Tensor,
  "x",
  Sharpness
>;

/** log(1 + e^(beta · x)) / beta, a smooth relu; x itself where beta · x > threshold. */
export const softplus: Softplus = pointwise("softplus", {
  wgsl: { float: "softplus(x, p0, p1)" },
  cpu: (x, _y, _z, beta, threshold) => m.softplus(x, beta, threshold),
  params: ({ beta, threshold }) => [beta, threshold],
  call: (x: Tensor, ...rest: unknown[]) => ({
    inputs: { x: operandOf("softplus", x, "x") },
    attrs: parse("softplus", rest, { beta: 1, threshold: 20 }),
  }),
  save: ["x"],
  backward: (g, { x }, options) => ({ x: () => g.softplusBackward(x, options) }),
  samples: [...ranges, [t([4]), 3, 0.2], [t([4]), { beta: 0.5 }]],
  errors: floats,
}) as Softplus;

/** g · sigmoid(beta · x); g itself where beta · x > threshold. */
export const softplusBackward: Step<Sharpness, Sharpness> = pointwise("softplusBackward", {
  wgsl: { float: "select(x * sigmoid(y * p0), x, y * p0 > p1)" },
  cpu: (x, y, _z, beta, threshold) => (y * beta > threshold ? x : x * m.sigmoid(y * beta)),
  params: ({ beta, threshold }) => [beta, threshold],
  call: (x: Tensor, y: Tensor, ...rest: unknown[]) => ({
    inputs: { x, y },
    attrs: parse("softplusBackward", rest, {}, { beta: 1, threshold: 20 }),
  }),
  backward: "definition",
  definition: (g, x, { beta, threshold } = { beta: 1, threshold: 20 }) => g.where(x.mul(beta).gt(threshold), g.mul(x.mul(beta).sigmoid())),
  samples: [...steps, [t([4]), t([4]), { beta: 3, threshold: 0.2 }]],
  inplace: false,
});

/** x · tanh(softplus(x)). Source: Misra 2019. */
export const mish: Composite<(x: Tensor) => Tensor> = { compose: (x) => x.mul(x.softplus().tanh()), samples: ranges, errors: floats };
