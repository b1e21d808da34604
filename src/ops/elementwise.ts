// Elementwise functions of one operand: signs, roots, exponential and logarithm, rounding.
import type { Tensor } from "../tensor.ts";
import { integer, operand } from "./arguments.ts";
import type { Form } from "./mapping.ts";
import * as m from "./math.ts";
import { type Composite, raises, t } from "./op.ts";
import { flat, type Mapped, mapped, real, unary, type Unary } from "./pointwise.ts";

const bools = [raises([t([2], { dtype: "bool" })], "not defined for bool")];

/** −x. */
export const neg: Unary = unary(
  "neg",
  { float: "-x", int: "-x", bool: false },
  (x) => -x,
  "",
  (g) => g.neg(),
  {
    loop: (to, t, n, a, i, sa) => {
      for (const end = t + n; t < end; t++, i += sa) to[t] = -a[i]!;
    },
    errors: bools,
  },
);

/** x itself. */
export const positive: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => operand("positive", x),
  samples: [[t([2, 3])]],
  errors: [raises(["text"], "must be a tensor")],
};

/** |x|. The gradient at 0 is 0. */
export const abs: Unary<"x"> = unary(
  "abs",
  { float: "magnitude(x)", int: "abs(x)", bool: false },
  Math.abs,
  "x",
  (g, x) => g.mul(x.sign()),
  { errors: bools },
);

/** −1, 0 or 1; 0 for NaN. */
export const sign: Unary = unary("sign", { float: "sign_f(x)", int: "sign(x)" }, m.sign, "", flat);

/** 1 / x. */
export const reciprocal: Unary<"out"> = real(
  "reciprocal",
  (x) => 1 / x,
  "out",
  (g, y) => g.mul(y.mul(y)).neg(),
  {
    wgsl: "1.0 / x",
    range: [0.5, 3],
  },
);

/** x²; truth values count as 0 and 1. */
export const square: Unary<"x"> = unary(
  "square",
  "x * x",
  (x) => x * x,
  "x",
  (g, x) => g.mul(x.mul(2)),
  {
    int: (x) => Math.imul(x, x),
    loop: (to, t, n, a, i, sa) => {
      for (const end = t + n; t < end; t++, i += sa) to[t] = a[i]! * a[i]!;
    },
    dtype: ({ x }) => (x!.dtype === "bool" ? "int32" : undefined),
    samples: [[t([3, 5])], [t([])], [t([0, 2])], [t([3], { dtype: "int32" })]],
  },
);

const above = { range: [0.2, 4] } as const;

/** √x. */
export const sqrt: Unary<"out"> = real("sqrt", Math.sqrt, "out", (g, y) => g.div(y.mul(2)), {
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = Math.sqrt(a[i]!);
  },
  ...above,
});

/** 1 / √x. */
export const rsqrt: Unary<"out"> = real("rsqrt", m.rsqrt, "out", (g, y) => g.mul(y.mul(y).mul(y)).mul(-0.5), above);

// ---- exponential and logarithm

/** eˣ. */
export const exp: Unary<"out"> = real("exp", Math.exp, "out", (g, y) => g.mul(y), {
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = Math.exp(a[i]!);
  },
});

/** Natural logarithm. */
export const log: Unary<"x"> = real("log", Math.log, "x", (g, x) => g.div(x), above);

// ---- rounding. Steps: gradients are 0.

const steps = (name: string, float: string, cpu: (x: number) => number): Unary =>
  unary(name, { float, int: "x", bool: false }, cpu, "", flat, { errors: bools });

/** Largest whole number not above x. */
export const floor: Unary = steps("floor", "floor(x)", Math.floor);

/** Smallest whole number not below x. */
export const ceil: Unary = steps("ceil", "ceil(x)", Math.ceil);

/** x without its fraction. */
export const trunc: Unary = steps("trunc", "trunc_f(x)", Math.trunc);

/** The fraction of x, with its sign. */
export const frac: Unary = unary(
  "frac",
  { float: "x - trunc_f(x)" },
  (x) => x - Math.trunc(x),
  "",
  (g) => g,
  {
    errors: [...bools, raises([t([2], { dtype: "int32" })], "not defined for int32")],
  },
);

const whole: Form = { wgsl: { float: "round_even(x)", int: "x", bool: false }, cpu: m.roundEven };
const finer: Form = { wgsl: { float: "round_even(x * p0) / p0" }, cpu: (x, _y, _z, p) => m.roundEven(x * p) / p };
const coarser: Form = { wgsl: { float: "round_even(x / p0) * p0" }, cpu: (x, _y, _z, p) => m.roundEven(x / p) * p };

/** Nearest whole number, halves to the even one; `decimals` digits after the point are kept, or before it when negative. */
export const round: Mapped<(x: Tensor, options?: { decimals?: number }) => Tensor, never, { decimals: number }> = mapped("round", {
  form: ({ decimals }) => (decimals === 0 ? whole : decimals > 0 ? finer : coarser),
  params: ({ decimals }) => [10 ** Math.abs(decimals)],
  keywords: { decimals: 0 },
  check: ({ decimals }) => integer("round", decimals, "decimals"),
  backward: (g) => ({ x: () => flat(g) }),
  samples: [[t([3, 5])], [t([]), { decimals: 1 }], [t([2, 3], { low: -300, high: 300 }), { decimals: -2 }], [t([0, 2])]],
  errors: [...bools, raises([t([2]), { decimals: 0.5 }], "decimals must be an integer")],
});

/** x in degrees, taken as radians: x · 180 / π. */
export const rad2deg: Unary = real(
  "rad2deg",
  (x) => x * (180 / Math.PI),
  "",
  (g) => g.rad2deg(),
  { wgsl: "x * 57.29577951308232" },
);
