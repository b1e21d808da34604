// Elementwise functions of one operand: signs, roots, exponentials, circular and hyperbolic functions, rounding.
import { parse } from "../base/options.ts";
import type { Tensor } from "../tensor.ts";
import { integer, operand } from "./arguments.ts";
import type { Form } from "./mapping.ts";
import * as m from "./math.ts";
import { type Composite, raises, t } from "./op.ts";
import { type Mapped, operandOf, pointwise, unary, type Unary } from "./pointwise.ts";

const bools = [raises([t([2], { dtype: "bool" })], "not defined for bool")];

/** −x. */
export const neg: Unary = unary("neg", {
  wgsl: { float: "-x", int: "-x", bool: false },
  cpu: (x) => -x,
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = -a[i]!;
  },
  backward: (g) => ({ x: () => g.neg() }),
  errors: bools,
});

/** x itself. */
export const positive: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => operand("positive", x),
  samples: [[t([2, 3])]],
  errors: [raises(["text"], "must be a tensor")],
};

/** |x|. The gradient at 0 is 0. */
export const abs: Unary<"x"> = unary("abs", {
  wgsl: { float: "magnitude(x)", int: "abs(x)", bool: false },
  cpu: Math.abs,
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.mul(x.sign()) }),
  errors: bools,
});

/** −1, 0 or 1; 0 for NaN. */
export const sign: Unary = unary("sign", {
  wgsl: { float: "sign_f(x)", int: "sign(x)" },
  cpu: m.sign,
  backward: (g) => ({ x: () => g.filledLike(0) }),
});

/** 1 / x. */
export const reciprocal: Unary<"out"> = unary("reciprocal", {
  wgsl: "1.0 / x",
  cpu: (x) => 1 / x,
  result: "float",
  save: ["out"],
  backward: (g, { out }) => ({ x: () => g.mul(out.mul(out)).neg() }),
  range: [0.5, 3],
});

/** x²; truth values count as 0 and 1. */
export const square: Mapped<(x: Tensor) => Tensor, "x"> = pointwise<(x: Tensor) => Tensor, "x">("square", {
  wgsl: "x * x",
  cpu: (x) => x * x,
  int: (x) => Math.imul(x, x),
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = a[i]! * a[i]!;
  },
  call: (x) => ({ inputs: { x: operandOf("square", x, "x") }, attrs: {} }),
  dtype: ({ x }) => (x!.dtype === "bool" ? "int32" : undefined),
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.mul(x.mul(2)) }),
  samples: [[t([3, 5])], [t([])], [t([0, 2])], [t([3], { dtype: "int32" })]],
}) as Mapped<(x: Tensor) => Tensor, "x">;

/** √x. */
export const sqrt: Unary<"out"> = unary("sqrt", {
  wgsl: "sqrt_f(x)",
  cpu: Math.sqrt,
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = Math.sqrt(a[i]!);
  },
  result: "float",
  save: ["out"],
  backward: (g, { out }) => ({ x: () => g.div(out.mul(2)) }),
  range: [0.2, 4],
});

/** 1 / √x. */
export const rsqrt: Unary<"out"> = unary("rsqrt", {
  wgsl: "rsqrt_f(x)",
  cpu: m.rsqrt,
  result: "float",
  save: ["out"],
  backward: (g, { out }) => ({ x: () => g.mul(out.mul(out).mul(out)).mul(-0.5) }),
  range: [0.2, 4],
});

// ---- exponentials and logarithms

/** eˣ. */
export const exp: Unary<"out"> = unary("exp", {
  wgsl: "exp_f(x)",
  cpu: Math.exp,
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = Math.exp(a[i]!);
  },
  result: "float",
  save: ["out"],
  backward: (g, { out }) => ({ x: () => g.mul(out) }),
});

/** 2ˣ. */
export const exp2: Unary<"out"> = unary("exp2", {
  wgsl: "exp2_f(x)",
  cpu: m.exp2,
  result: "float",
  save: ["out"],
  backward: (g, { out }) => ({ x: () => g.mul(out.mul(Math.LN2)) }),
});

/** eˣ − 1, accurate near 0. */
export const expm1: Unary<"x"> = unary("expm1", {
  wgsl: "expm1_f(x)",
  cpu: Math.expm1,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.mul(x.exp()) }),
});

/** Natural logarithm. */
export const log: Unary<"x"> = unary("log", {
  wgsl: "log_f(x)",
  cpu: Math.log,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.div(x) }),
  range: [0.2, 4],
});

/** Logarithm to base 2. */
export const log2: Unary<"x"> = unary("log2", {
  wgsl: "log2_f(x)",
  cpu: Math.log2,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.div(x.mul(Math.LN2)) }),
  range: [0.2, 4],
});

/** Logarithm to base 10. */
export const log10: Unary<"x"> = unary("log10", {
  wgsl: "log10_f(x)",
  cpu: Math.log10,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.div(x.mul(Math.LN10)) }),
  range: [0.2, 4],
});

/** log(1 + x), accurate near 0. */
export const log1p: Unary<"x"> = unary("log1p", {
  wgsl: "log1p_f(x)",
  cpu: Math.log1p,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.div(x.add(1)) }),
  range: [-0.6, 3],
});

// ---- circular functions and their inverses

/** Sine. */
export const sin: Unary<"x"> = unary("sin", {
  wgsl: "sin_f(x)",
  cpu: Math.sin,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.mul(x.cos()) }),
});

/** Cosine. */
export const cos: Unary<"x"> = unary("cos", {
  wgsl: "cos_f(x)",
  cpu: Math.cos,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.mul(x.sin().neg()) }),
});

/** Tangent. */
export const tan: Unary<"out"> = unary("tan", {
  wgsl: "tan_f(x)",
  cpu: Math.tan,
  result: "float",
  save: ["out"],
  backward: (g, { out }) => ({ x: () => g.mul(out.square().add(1)) }),
  range: [-1.2, 1.2],
});

/** Inverse sine; NaN outside [−1, 1]. */
export const asin: Unary<"x"> = unary("asin", {
  wgsl: "asin_f(x)",
  cpu: Math.asin,
  result: "float",
  save: ["x"],
  // 1 − x² as a product keeps its digits near ±1.
  backward: (g, { x }) => ({ x: () => g.mul(x.rsub(1).mul(x.add(1)).rsqrt()) }),
  range: [-0.9, 0.9],
});

/** Inverse cosine; NaN outside [−1, 1]. */
export const acos: Unary<"x"> = unary("acos", {
  wgsl: "acos_f(x)",
  cpu: Math.acos,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.mul(x.rsub(1).mul(x.add(1)).rsqrt().neg()) }),
  range: [-0.9, 0.9],
});

/** Inverse tangent. */
export const atan: Unary<"x"> = unary("atan", {
  wgsl: "atan_f(x)",
  cpu: Math.atan,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.div(x.square().add(1)) }),
});

// ---- hyperbolic functions and their inverses

/** Hyperbolic sine. */
export const sinh: Unary<"x"> = unary("sinh", {
  wgsl: "sinh_f(x)",
  cpu: Math.sinh,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.mul(x.cosh()) }),
});

/** Hyperbolic cosine. */
export const cosh: Unary<"x"> = unary("cosh", {
  wgsl: "cosh_f(x)",
  cpu: Math.cosh,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.mul(x.sinh()) }),
});

/** Inverse hyperbolic sine. */
export const asinh: Unary<"x"> = unary("asinh", {
  wgsl: "asinh_f(x)",
  cpu: Math.asinh,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.mul(x.square().add(1).rsqrt()) }),
});

/** Inverse hyperbolic cosine; NaN below 1. */
export const acosh: Unary<"x"> = unary("acosh", {
  wgsl: "acosh_f(x)",
  cpu: Math.acosh,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.mul(x.sub(1).mul(x.add(1)).rsqrt()) }),
  range: [1.3, 4],
});

/** Inverse hyperbolic tangent; NaN outside [−1, 1]. */
export const atanh: Unary<"x"> = unary("atanh", {
  wgsl: "atanh_f(x)",
  cpu: Math.atanh,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.div(x.rsub(1).mul(x.add(1))) }),
  range: [-0.9, 0.9],
});

// ---- error function

/** Error function. */
export const erf: Unary<"x"> = unary("erf", {
  wgsl: "erf_f(x)",
  cpu: m.erf,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({
    x: () =>
      g.mul(
        x
          .square()
          .neg()
          .exp()
          .mul(2 / Math.sqrt(Math.PI)),
      ),
  }),
});

/** Complementary error function, 1 − erf(x), accurate for large x. */
export const erfc: Unary<"x"> = unary("erfc", {
  wgsl: "erfc_f(x)",
  cpu: m.erfc,
  result: "float",
  save: ["x"],
  backward: (g, { x }) => ({
    x: () =>
      g.mul(
        x
          .square()
          .neg()
          .exp()
          .mul(-2 / Math.sqrt(Math.PI)),
      ),
  }),
});

// ---- rounding. Steps: gradients are 0.

/** Largest whole number not above x. */
export const floor: Unary = unary("floor", {
  wgsl: { float: "floor(x)", int: "x", bool: false },
  cpu: Math.floor,
  backward: (g) => ({ x: () => g.filledLike(0) }),
  errors: bools,
});

/** Smallest whole number not below x. */
export const ceil: Unary = unary("ceil", {
  wgsl: { float: "ceil(x)", int: "x", bool: false },
  cpu: Math.ceil,
  backward: (g) => ({ x: () => g.filledLike(0) }),
  errors: bools,
});

/** x without its fraction. */
export const trunc: Unary = unary("trunc", {
  wgsl: { float: "trunc_f(x)", int: "x", bool: false },
  cpu: Math.trunc,
  backward: (g) => ({ x: () => g.filledLike(0) }),
  errors: bools,
});

/** The fraction of x, with its sign. */
export const frac: Unary = unary("frac", {
  wgsl: { float: "x - trunc_f(x)" },
  cpu: (x) => x - Math.trunc(x),
  backward: (g) => ({ x: () => g }),
  errors: [...bools, raises([t([2], { dtype: "int32" })], "not defined for int32")],
});

const whole: Form = { wgsl: { float: "round_even(x)", int: "x", bool: false }, cpu: m.roundEven, int: (x) => x };
const finer: Form = { wgsl: { float: "round_even(x * p0) / p0" }, cpu: (x, _y, _z, p) => m.roundEven(x * p) / p };
const coarser: Form = { wgsl: { float: "round_even(x / p0) * p0" }, cpu: (x, _y, _z, p) => m.roundEven(x / p) * p };

/** Nearest whole number, halves to the even one; `decimals` digits after the point are kept, or before it when negative. */
export const round: Mapped<(x: Tensor, options?: { decimals?: number }) => Tensor, never, { decimals: number }> = pointwise("round", {
  form: ({ decimals }) => (decimals === 0 ? whole : decimals > 0 ? finer : coarser),
  params: ({ decimals }) => [10 ** Math.abs(decimals)],
  call: (x: Tensor, ...rest: unknown[]) => {
    const { decimals } = parse("round", rest, {}, { decimals: 0 });
    return { inputs: { x: operandOf("round", x, "x") }, attrs: { decimals: integer("round", decimals, "decimals") } };
  },
  backward: (g) => ({ x: () => g.filledLike(0) }),
  samples: [[t([3, 5])], [t([]), { decimals: 1 }], [t([2, 3], { low: -300, high: 300 }), { decimals: -2 }], [t([0, 2])]],
  errors: [...bools, raises([t([2]), { decimals: 0.5 }], "decimals must be an integer")],
}) as Mapped<(x: Tensor, options?: { decimals?: number }) => Tensor, never, { decimals: number }>;

/** x in degrees, taken as radians: x · 180 / π. */
export const rad2deg: Unary = unary("rad2deg", {
  wgsl: { float: "x * 57.29577951308232" },
  cpu: (x) => x * (180 / Math.PI),
  result: "float",
  backward: (g) => ({ x: () => g.rad2deg() }),
});
