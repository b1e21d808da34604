// Rounding, remainders, and a step.
import special from "../../../shaders/special.wgsl?raw";
import { library } from "../../device/kernel.ts";
import type { Form } from "../../kernels/elementwise.ts";
import * as m from "../../kernels/math.ts";
import { integer } from "../arguments.ts";
import { raises, t } from "../op.ts";
import { type Binary, binary, flat, type Mapped, mapped, noBools, unary, type Unary } from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

library(special);

const steps = (float: string, cpu: (x: number) => number): Unary =>
  unary({ float, int: "x", bool: false }, cpu, "", flat, { kinks: [0], errors: [...noBools] });

/** Largest whole number not above x. */
export const floor: Unary = steps("floor(x)", Math.floor);

/** Smallest whole number not below x. */
export const ceil: Unary = steps("ceil(x)", Math.ceil);

/** x without its fraction. */
export const trunc: Unary = steps("trunc_f(x)", Math.trunc);

const whole: Form = { wgsl: { float: "round_even(x)", int: "x", bool: false }, cpu: m.roundEven };
// How x · p0 is rounded decides beside a half.
const finer: Form = { wgsl: { float: "round_even(x * p0) / p0" }, ulp: Infinity, cpu: (x, _y, _z, p) => m.roundEven(x * p) / p };
const coarser: Form = { wgsl: { float: "round_even(x / p0) * p0" }, ulp: Infinity, cpu: (x, _y, _z, p) => m.roundEven(x / p) * p };

/** Nearest whole number, halves to the even one; `decimals` digits after the point are kept, or before it when negative. */
export const round: Mapped<(x: Tensor, options?: { decimals?: number }) => Tensor, never, { decimals: number }> = mapped({
  form: ({ decimals }) => (decimals === 0 ? whole : decimals > 0 ? finer : coarser),
  params: ({ decimals }) => [10 ** Math.abs(decimals)],
  keywords: { decimals: 0 },
  kinks: [0.5, 1.5, 2.5, -0.5],
  check: ({ decimals }) => integer(decimals, "decimals"),
  backward: (g) => ({ x: () => flat(g) }),
  samples: [[t([3, 5])], [t([]), { decimals: 1 }], [t([2, 3], { low: -300, high: 300 }), { decimals: -2 }], [t([0, 2])]],
  errors: [...noBools, raises([t([2]), { decimals: 0.5 }], "decimals must be an integer")],
});

// ---- remainders

const remaining = (float: string, cpu: (x: number, y: number) => number, int: string, roundingMode: "trunc" | "floor"): Binary<"x" | "y"> =>
  binary(
    { float, int, bool: false },
    cpu,
    { y: ["x", "y"] },
    (g, { x, y }) => ({ x: () => g, y: () => g.mul(x.div(y, { roundingMode })).neg() }),
    { range: [0.3, 3], kinks: [0] },
  );

/** Remainder with the sign of x: x − y · trunc(x / y). */
export const fmod: Binary<"x" | "y"> = remaining("fmod_f(x, y)", m.fmod, "x % y", "trunc");

/** Remainder with the sign of y: x − y · floor(x / y). */
export const remainder: Binary<"x" | "y"> = remaining("remainder_f(x, y)", m.remainder, "remainder_i(x, y)", "floor");

/** 0 where x < 0 or NaN, 1 where x > 0, `values` where x = 0. */
export const heaviside: Binary<"x"> = binary(
  { float: "heaviside_f(x, y)", int: "select(select(0, 1, x > 0), y, x == 0)" },
  m.heaviside,
  { y: ["x"] },
  (g, { x }) => ({ x: () => flat(g), y: () => g.mul(x.eq(0)) }),
  { kinks: [0] },
);

/** The fraction of x, with its sign. */
export const frac: Unary = unary(
  { float: "x - trunc_f(x)" },
  (x) => x - Math.trunc(x),
  "",
  (g) => g,
  {
    kinks: [0],
    errors: [...noBools, raises([t([2], { dtype: "int32" })], "not defined for int32")],
  },
);
