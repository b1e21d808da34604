// Exponentials and logarithms to other bases and near their zeros, circular and hyperbolic functions, error functions.
import special from "../../../shaders/special.wgsl?raw";
import { library } from "../../device/kernel.ts";
import type { Form } from "../../kernels/elementwise.ts";
import * as m from "../../kernels/math.ts";
import { either } from "../../base/options.ts";
import { type Internal, raises, t } from "../op.ts";
import {
  type Binary,
  binary,
  type Mapped,
  mapped,
  mismatch,
  plain,
  type PlainBinary,
  type PlainUnary,
  real,
  samplesOf,
  type Unary,
  unary,
  within,
} from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

library(special);

const ints = t([2], { dtype: "int32" });

// ---- exponentials and logarithms

/** 2ˣ. */
export const exp2: Unary<"out"> = real("exp2", m.exp2, "out", (g, y) => g.mul(y.mul(Math.LN2)), { ulp: 1 });

/** eˣ − 1, accurate near 0. */
export const expm1: Unary<"x"> = real("expm1", Math.expm1, "x", (g, x) => g.mul(x.exp()), { ulp: 1.6 });

const above = { range: [0.2, 4], kinks: [0] } as const;

/** Logarithm to base 2. */
export const log2: Unary<"x"> = real("log2", Math.log2, "x", (g, x) => g.div(x.mul(Math.LN2)), { ulp: 2, ...above });

/** Logarithm to base 10. */
export const log10: Unary<"x"> = real("log10", Math.log10, "x", (g, x) => g.div(x.mul(Math.LN10)), { ulp: 2, ...above });

/** log(1 + x), accurate near 0. */
export const log1p: Unary<"x"> = real("log1p", Math.log1p, "x", (g, x) => g.div(x.add(1)), { range: [-0.6, 3], kinks: [-1], ulp: 1.5 });

const logits = (wgsl: string, cpu: Form["cpu"]): Form => ({ wgsl, cpu, yields: "float", ulp: 5 });
const bare = logits("logit_f(x)", m.logit);
const held = logits("logit_f(within(x, p0, p1))", (x, _y, _z, low, high) => m.logit(x < low ? low : x > high ? high : x));

/** log(eˣ + eʸ), without overflow. */
export const logaddexp: PlainBinary<"x" | "y"> = plain(
  binary(
    { float: "logaddexp_f(x, y)" },
    m.logaddexp,
    ["x", "y"],
    (g, { x, y }) => ({ x: () => g.div(y.sub(x).exp().add(1)), y: () => g.div(x.sub(y).exp().add(1)) }),
    { ulp: 3.1, cancels: true, errors: [...mismatch, raises([ints, ints], "not defined for int32")] },
  ),
);

interface Margin {
  eps: number | null;
}
type MarginRest = [eps?: number | null] | [options: Partial<Margin>];
const chances = within(0.1, 0.9);

/** log(x / (1 − x)) for x in [0, 1], NaN elsewhere; with `eps` x is held in [eps, 1 − eps] first. */
export const logit: Mapped<(x: Tensor, ...rest: MarginRest) => Tensor, "x", Margin> = mapped({
  form: ({ eps }) => (eps === null ? bare : held),
  params: ({ eps }) => [eps ?? 0, 1 - (eps ?? 0)],
  positional: { eps: either<number | null>(null, "number", "null") },
  save: ["x"],
  kinks: [0, 1],
  backward: (g, { x }, { eps }) => {
    const [low, high, beyond] = [eps ?? 0, 1 - (eps ?? 0), eps === null ? NaN : 0];
    return { x: () => g.div(x.mul(x.rsub(1))).maskedFill(x.lt(low).logicalOr(x.gt(high)), beyond) };
  },
  samples: [...samplesOf(chances), [chances([4]), 0.25]],
  errors: [raises([t([2]), "0"], "eps must be")],
});

// ---- circular functions and their inverses

/** Sine. */
export const sin: Unary<"x"> = real("sin", Math.sin, "x", (g, x) => g.mul(x.cos()), { ulp: 1.6 });

/** Cosine. */
export const cos: Unary<"x"> = real("cos", Math.cos, "x", (g, x) => g.mul(x.sin().neg()), { ulp: 1.6 });

/** Tangent. */
export const tan: Unary<"out"> = real("tan", Math.tan, "out", (g, y) => g.mul(y.square().add(1)), { range: [-1.2, 1.2], ulp: 3.5 });

/** sin(πx) / (πx), 1 at 0. */
export const sinc: Unary<"x"> = real("sinc", m.sinc, "x", (g, x) => g.mul(x.sincSlope()), { ulp: 5 });

/** Derivative of sinc. The next follows from x·s″ + 2s′ + π²x·s = 0. */
export const sincSlope: PlainUnary<"x"> & Internal = {
  ...plain(
    unary(
      "sinc_slope(x)",
      m.sincSlope,
      "x",
      (g, x) => {
        const small = x.abs().lt(1e-18);
        const ratio = x
          .sincSlope()
          .div(x.maskedFill(small, 1))
          .maskedFill(small, -(Math.PI ** 2) / 3);
        return g.mul(
          x
            .sinc()
            .mul(-(Math.PI ** 2))
            .sub(ratio.mul(2)),
        );
        // Beside its zeros the terms cancel.
      },
      { yields: "float", ulp: Infinity },
    ),
  ),
  internal: true,
};

// 1 − x² as a product keeps its digits near ±1.
const outside = (x: Tensor): Tensor => x.rsub(1).mul(x.add(1));
const inner = { range: [-0.9, 0.9], kinks: [-1, 1] } as const;

/** Inverse sine; NaN outside [−1, 1]. */
export const asin: Unary<"x"> = real("asin", Math.asin, "x", (g, x) => g.mul(outside(x).rsqrt()), { ulp: 2.4, ...inner });

/** Inverse cosine; NaN outside [−1, 1]. */
export const acos: Unary<"x"> = real("acos", Math.acos, "x", (g, x) => g.mul(outside(x).rsqrt().neg()), { ulp: 1.3, ...inner });

/** Inverse tangent. */
export const atan: Unary<"x"> = real("atan", Math.atan, "x", (g, x) => g.div(x.square().add(1)), { ulp: 2.1 });

/** The angle of the point (y, x), in (−π, π]. */
export const atan2: Binary<"x" | "y"> = binary(
  "atan2_f(x, y)",
  Math.atan2,
  ["x", "y"],
  (g, { x, y }) => {
    const scaled = (): Tensor => g.div(x.square().add(y.square()));
    return { x: () => scaled().mul(y), y: () => scaled().mul(x).neg() };
  },
  { yields: "float", kinks: [0], ulp: 2.3 },
);

// ---- hyperbolic functions and their inverses

/** Hyperbolic sine. */
export const sinh: Unary<"x"> = real("sinh", Math.sinh, "x", (g, x) => g.mul(x.cosh()), { ulp: 1.7 });

/** Hyperbolic cosine. */
export const cosh: Unary<"x"> = real("cosh", Math.cosh, "x", (g, x) => g.mul(x.sinh()), { ulp: 1.4 });

/** Inverse hyperbolic sine. */
export const asinh: Unary<"x"> = real("asinh", Math.asinh, "x", (g, x) => g.mul(x.square().add(1).rsqrt()), { ulp: 2.1 });

/** Inverse hyperbolic cosine; NaN below 1. */
export const acosh: Unary<"x"> = real("acosh", Math.acosh, "x", (g, x) => g.mul(x.sub(1).mul(x.add(1)).rsqrt()), {
  range: [1.3, 4],
  kinks: [1],
  ulp: 2.3,
});

/** Inverse hyperbolic tangent; NaN outside [−1, 1]. */
export const atanh: Unary<"x"> = real("atanh", Math.atanh, "x", (g, x) => g.div(outside(x)), { ulp: 2.2, ...inner });

// ---- error function

const bell = (g: Tensor, x: Tensor, height: number): Tensor =>
  g.mul(
    x
      .square()
      .neg()
      .exp()
      .mul(height / Math.sqrt(Math.PI)),
  );

/** Error function. */
export const erf: Unary<"x"> = real("erf", m.erf, "x", (g, x) => bell(g, x, 2), { ulp: 1.2 });

/** Complementary error function, 1 − erf(x), accurate for large x. */
export const erfc: Unary<"x"> = real("erfc", m.erfc, "x", (g, x) => bell(g, x, -2), { ulp: 4 });
