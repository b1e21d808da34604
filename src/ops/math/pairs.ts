// Functions of two numbers: extremes that pass over NaN, lengths, powers, logarithms of sums, divisors and multiples.
import shader from "../../../shaders/pairs.wgsl?raw";
import special from "../../../shaders/special.wgsl?raw";
import { library } from "../../device/kernel.ts";
import * as m from "../../kernels/math.ts";
import { pow } from "../core/arithmetic.ts";
import { type Fn, raises, t } from "../op.ts";
import { type Binary, binary, type Mapped, mapped, mismatch, type Operand, pairs, plain, type PlainBinary, within } from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

library(special);
library(shader);

const ints = t([2], { dtype: "int32" });
const noInts = [...mismatch, raises([ints, ints], "not defined for int32")];

// ---- extremes

const known = (name: "max" | "min", cpu: (x: number, y: number) => number): PlainBinary<"x" | "y"> =>
  plain(
    binary(
      { float: `without_nan(${name}_nan(x, y), x, y)`, int: `${name}(x, y)` },
      cpu,
      ["x", "y"],
      (g, { x, y }) => {
        const first = (): Tensor => (name === "max" ? x.ge(y) : x.le(y)).logicalOr(y.isnan());
        return { x: () => g.where(first(), 0), y: () => g.maskedFill(first(), 0) };
      },
      { kinks: [0] },
    ),
  );

/** The larger of x and y, or the one that is a number. Where they are equal x gets the gradient. */
export const fmax: PlainBinary<"x" | "y"> = known("max", m.fmax);

/** The smaller of x and y, or the one that is a number. Where they are equal x gets the gradient. */
export const fmin: PlainBinary<"x" | "y"> = known("min", m.fmin);

// ---- lengths, powers, logarithms

/** √(x² + y²), without overflow on the way. */
export const hypot: Binary<"x" | "y" | "out"> = binary(
  { float: "hypot_f(x, y)" },
  (x, y) => Math.hypot(x, y),
  { x: ["x", "out"], y: ["y", "out"] },
  (g, { x, y, out }) => ({ x: () => g.mul(x.div(out)), y: () => g.mul(y.div(out)) }),
  { ulp: 2, kinks: [0], errors: noInts },
);

/** x to the power `exponent` in floating numbers, whatever the operands are. */
export const floatPower: Mapped<(x: Operand, exponent: Operand) => Tensor, "x" | "y" | "out"> = mapped({
  wgsl: { float: "pow_f(x, y)" },
  ulp: 4,
  cpu: m.pow,
  yields: "float",
  operands: ["x", "exponent"],
  save: pow.save!,
  kinks: [0],
  backward: (g, saved, _attrs, ins) => (pow.backward as Extract<typeof pow.backward, Fn>)(g, saved, { exponent: undefined }, ins),
  samples: [...pairs(within(0.3, 3)), [2, t([3])], [ints, -1]],
  errors: [...mismatch],
});

/** log₂(2ˣ + 2ʸ), without overflow. */
export const logaddexp2: PlainBinary<"x" | "y"> = plain(
  binary(
    { float: "logaddexp2_f(x, y)" },
    m.logaddexp2,
    ["x", "y"],
    (g, { x, y }) => ({ x: () => g.div(y.sub(x).exp2().add(1)), y: () => g.div(x.sub(y).exp2().add(1)) }),
    { ulp: 4, cancels: true, errors: noInts },
  ),
);

/** x · log(y), 0 where x is 0. */
export const xlogy: Binary<"x" | "y"> = binary(
  { float: "xlogy_f(x, y)" },
  m.xlogy,
  ["x", "y"],
  (g, { x, y }) => ({ x: () => g.mul(y.log().maskedFill(x.eq(0).logicalAnd(y.le(0)), 0)), y: () => g.mul(x).div(y) }),
  { yields: "float", ulp: 2, kinks: [0], range: [0.3, 3] },
);

// ---- integers

const shared = (name: string, cpu: (x: number, y: number) => number): Binary =>
  binary({ int: `${name}_i(x, y)`, bool: false }, cpu, [], "none", {
    samples: [
      [t([3, 4], { dtype: "int32", low: -30, high: 30 }), t([4], { dtype: "int32", low: -30, high: 30 })],
      [t([3], { dtype: "uint8", low: 0, high: 16 }), t([3], { dtype: "uint8", low: 0, high: 16 })],
      [ints, 6],
    ],
    errors: [...mismatch, raises([t([2]), t([2])], "not defined for float")],
  });

/** Greatest common divisor of integers; 0 of two zeros. */
export const gcd: Binary = shared("gcd", m.gcd);

/** Least common multiple of integers; 0 beside a zero. */
export const lcm: Binary = shared("lcm", m.lcm);
