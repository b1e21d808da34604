// The gamma function's logarithm, its derivatives, and the zeta function.
import gamma from "../../../shaders/gamma.wgsl?raw";
import special from "../../../shaders/special.wgsl?raw";
import { hostArray, isFloat } from "../../base/dtype.ts";
import { sizeOf } from "../../base/shape.ts";
import { library } from "../../device/kernel.ts";
import type { Form } from "../../kernels/elementwise.ts";
import * as k from "../../kernels/gamma.ts";
import { integer } from "../arguments.ts";
import { type Composite, type InPlace, raises, t } from "../op.ts";
import {
  type Mapped,
  mapped,
  mismatch,
  noSlope,
  type Operand,
  operandOf,
  plain,
  type PlainBinary,
  real,
  type Unary,
  within,
} from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

library(special);
library(gamma);

// Beside zeros of their own these functions are differences of large terms.
const wild = { ulp: Infinity, kinks: [0, -1] } as const;

/** log |Γ(x)|; ∞ at the whole numbers up to 0. */
export const lgamma: Unary<"x"> = real("lgamma", k.lgamma, "x", (g, x) => g.mul(x.digamma()), { ...wild, range: [0.3, 5] });

/** ψ(x), the derivative of lgamma; NaN at negative whole numbers. */
export const digamma: Unary<"x"> = real("digamma", k.digamma, "x", (g, x) => g.mul(x.polygamma(1)), {
  ...wild,
  range: [0.3, 5],
  kinks: [0],
});

interface Order {
  readonly n: number;
}
const first: Form = { wgsl: "digamma_f(x)", cpu: k.digamma, yields: "float", ulp: Infinity };
const later: Form = { wgsl: "p1 * zeta_f(p0, x)", cpu: (x, _y, _z, s, scale) => scale * k.zeta(s, x), yields: "float", ulp: Infinity };
const factorial = (n: number): number => (n > 1 ? n * factorial(n - 1) : 1);

/** ψ⁽ⁿ⁾(x), the derivative of digamma n times over (DLMF 5.15.1). As a method: `x.polygamma(n)`. Errors: ArgumentError for a negative n. */
export const polygamma: Mapped<(n: number, x: Tensor) => Tensor, "x", Order> & { readonly self: 1 } = {
  ...mapped<(n: number, x: Tensor) => Tensor, "x", Order>({
    form: ({ n }) => (n === 0 ? first : later),
    params: ({ n }) => [n + 1, (n % 2 === 0 ? -1 : 1) * factorial(n)],
    call: (n: number, x: Tensor) => ({ inputs: { x: operandOf(x, "x") }, attrs: { n: integer(n, "n", 0) } }),
    save: ["x"],
    kinks: [0, -1],
    backward: (g, { x }, { n }) => ({ x: () => g.mul(x.polygamma(n + 1)) }),
    samples: [
      [0, within(0.3, 5)([3, 4])],
      [1, within(0.3, 5)([4])],
      [2, within(0.3, 5)([])],
      [3, within(0.3, 5)([0, 2])],
    ],
    errors: [raises([-1, t([2])], "n must be an integer of at least 0")],
  }),
  self: 1,
};

/** log of the multivariate gamma function of p dimensions (DLMF 35.3.4): p·(p − 1)/4 · log π and lgamma(x − i/2) for i < p. */
export const mvlgamma: Composite<(x: Tensor, p: number) => Tensor> & InPlace = {
  compose: (x, p) => {
    // Measured before anything is made.
    sizeOf([...x.shape, integer(p, "p", 1)]);
    const dtype = isFloat(x.dtype) ? x.dtype : "float32";
    const halves = hostArray(dtype, p);
    halves.forEach((_, i) => (halves[i] = i / 2));
    const terms = x
      .unsqueeze(-1)
      .sub(x.uploadedLike(dtype, halves, [p]))
      .lgamma();
    return terms.sum(-1).add((p * (p - 1) * Math.log(Math.PI)) / 4);
  },
  inplace: true,
  kinks: [0, -1],
  ulp: Infinity,
  samples: [
    [t([3, 4], { low: 1.3, high: 5 }), 3],
    [t([], { low: 1, high: 2 }), 1],
  ],
  errors: [raises([t([2]), 0], "p must be an integer of at least 1"), raises([t([2]), 1e300], "elements")],
};

const exponents = (shape: readonly number[]): unknown => t(shape, { low: 1.5, high: 5, fixed: true });

/** Hurwitz' zeta function, the sum of (q + k)⁻ˣ over whole k ≥ 0; ∞ at its poles, NaN for x < 1. The gradient is one in q only. */
export const zeta: PlainBinary<"x" | "y"> = plain(
  mapped<(x: Operand, q: Operand) => Tensor, "x" | "y">({
    wgsl: "zeta_f(x, y)",
    // Below 0 terms of both signs meet.
    ulp: Infinity,
    cpu: (s, q) => k.zeta(s, q),
    yields: "float",
    operands: ["x", "q"],
    save: ["x", "y"],
    kinks: [0, -1],
    backward: (g, { x, y }) => ({ x: noSlope, y: () => g.mul(x.add(1).zeta(y).mul(x).neg()) }),
    samples: [
      [exponents([3, 4]), t([4], { low: 0.3, high: 5 })],
      [exponents([3]), t([], { low: 0.3, high: 5 })],
      [exponents([3]), 1],
    ],
    errors: [...mismatch],
  }),
);
