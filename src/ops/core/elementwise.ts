// Elementwise functions of one operand: signs, roots, exponential and logarithm.
import * as m from "../../kernels/math.ts";
import { type Composite, type InPlace, raises, t } from "../op.ts";
import { flat, noBools, real, samplesOf, unary, type Unary, within } from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

/** −x. */
export const neg: Unary = unary(
  { float: "-x", int: "-x", bool: false },
  (x) => -x,
  "",
  (g) => g.neg(),
  {
    loop: (to, t, n, a, i, sa) => {
      for (const end = t + n; t < end; t++, i += sa) to[t] = -a[i]!;
    },
    errors: [...noBools],
  },
);

/** |x|. The gradient at 0 is 0. */
export const abs: Unary<"x"> = unary({ float: "magnitude(x)", int: "abs(x)", bool: false }, Math.abs, "x", (g, x) => g.mul(x.sign()), {
  kinks: [0],
  errors: [...noBools],
});

/** −1, 0 or 1; 0 for NaN. */
export const sign: Unary = unary({ float: "sign_f(x)", int: "sign(x)" }, m.sign, "", flat, { kinks: [0] });

/** 1 / x. */
export const reciprocal: Unary<"out"> = unary(
  "1.0 / x",
  (x) => 1 / x,
  "out",
  (g, y) => g.mul(y.square().neg()),
  { yields: "float", range: [0.5, 3], kinks: [0], ulp: 2.5 },
);

/** x²; truth values count as 0 and 1. */
export const square: Unary<"x"> = unary(
  "x * x",
  (x) => x * x,
  "x",
  (g, x) => g.mul(x.mul(2)),
  {
    int: (x) => Math.imul(x, x),
    loop: (to, t, n, a, i, sa) => {
      for (const end = t + n; t < end; t++, i += sa) to[t] = a[i]! * a[i]!;
    },
    dtype: ({ x }) => (x.dtype === "bool" ? "int32" : undefined),
    samples: [[t([3, 5])], [t([])], [t([0, 2])], [t([3], { dtype: "int32" })]],
  },
);

const above = { range: [0.2, 4], kinks: [0] } as const;

/** √x. */
export const sqrt: Unary<"out"> = real("sqrt", Math.sqrt, "out", (g, y) => g.div(y.mul(2)), {
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = Math.sqrt(a[i]!);
  },
  ulp: 0.5,
  ...above,
});

/** 1 / √x. */
export const rsqrt: Unary<"out"> = real("rsqrt", m.rsqrt, "out", (g, y) => g.mul(y.mul(y).mul(y)).mul(-0.5), {
  ulp: 1.5,
  ...above,
});

// ---- exponential and logarithm

/** eˣ. */
export const exp: Unary<"out"> = real("exp", Math.exp, "out", (g, y) => g.mul(y), {
  loop: (to, t, n, a, i, sa) => {
    for (const end = t + n; t < end; t++, i += sa) to[t] = Math.exp(a[i]!);
  },
  ulp: 1,
});

/** Natural logarithm. */
export const log: Unary<"x"> = real("log", Math.log, "x", (g, x) => g.div(x), { ulp: 0.9, ...above });

/** x itself. */
export const positive: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => x,
  kinks: [],
  samples: [[t([2, 3])]],
  errors: [raises(["text"], "must be a tensor")],
};

type Scaled = Composite<(x: Tensor) => Tensor> & InPlace;
const scaled = (factor: number): Scaled => ({
  compose: (x) => x.mul(factor),
  renames: true,
  inplace: true,
  kinks: [],
  ulp: 1,
  samples: samplesOf(within()),
  errors: [raises(["text"], "must be a tensor")],
});

/** x in degrees, taken as radians: x · 180 / π. */
export const rad2deg: Scaled = scaled(180 / Math.PI);

/** x in radians, taken as degrees: x · π / 180. */
export const deg2rad: Scaled = scaled(Math.PI / 180);
