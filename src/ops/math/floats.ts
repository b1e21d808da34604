// Floating-point numbers by their parts: sign, mantissa, exponent, and the number next to one.
import shader from "../../../shaders/pairs.wgsl?raw";
import special from "../../../shaders/special.wgsl?raw";
import { checkFloat } from "../../base/checks.ts";
import { library } from "../../device/kernel.ts";
import * as m from "../../kernels/math.ts";
import { namedPair, type NamedPair } from "../named.ts";
import { type Composite, type Internal, raises, t } from "../op.ts";
import {
  type Binary,
  binary,
  flat,
  mapped,
  type Mapped,
  mismatch,
  type Operand,
  pairs,
  plain,
  type PlainUnary,
  real,
  unary,
} from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

library(special);
library(shader);

const ints = t([2], { dtype: "int32" });

/** Whether x is negative or −0. */
export const signbit: PlainUnary = plain(
  unary({ float: "(bitcast<u32>(x) >> 31u) == 1u && !is_nan(x)", int: "x < 0" }, (x) => Number(x < 0 || Object.is(x, -0)), "", "none", {
    yields: "bool",
    samples: [[t([4], { data: [0, 1.5, -2, NaN] })], [ints]],
  }),
);

/** |x| with the sign of y. The gradient at 0 is 0. */
export const copysign: Binary<"x" | "out"> = binary(
  { float: "copysign_f(x, y)" },
  m.copysign,
  { x: ["x", "out"] },
  (g, { x, out }) => ({ x: () => g.mul(x.sign().mul(out.sign())), y: () => flat(g) }),
  { yields: "float", kinks: [0] },
);

type Halved = PlainUnary<"x"> & Internal;

/** The mantissa of frexp. */
export const frexpMantissa: Halved = {
  ...plain(real("mantissa", m.mantissa, "x", (g, x) => g.ldexp(x.frexpExponent().neg()), { kinks: [0, 0.5, 1, -1, 2] })),
  internal: true,
};

/** The exponent of frexp as a floating number. */
export const frexpExponent: PlainUnary & Internal = {
  ...plain(real("exponent", m.exponent, "", flat, { kinks: [0, 0.5, 1, -1, 2] })),
  internal: true,
};

/** x = mantissa · 2^exponent with ½ ≤ |mantissa| < 1 and an exponent of int32; what is 0, infinite or NaN is its own mantissa. */
export const frexp: Composite<(x: Tensor) => NamedPair<"mantissa", "exponent">> = {
  compose: (x) => {
    checkFloat(x.dtype);
    return namedPair(["mantissa", "exponent"], x.frexpMantissa(), x.detach().frexpExponent().int());
  },
  samples: [[t([3, 5], { low: -9, high: 9 })], [t([])], [t([0, 2])]],
  errors: [raises([ints], "needs a floating tensor")],
};

/** x · 2ʸ. Nothing overflows before the result does. */
export const ldexp: Mapped<(x: Tensor, y: Operand) => Tensor, "x" | "y"> = mapped({
  wgsl: { float: "ldexp_f(x, y)" },
  ulp: 2,
  cpu: m.ldexp,
  yields: "float",
  operands: ["x", "y"],
  save: { x: ["y"], y: ["x", "y"] },
  backward: (g, { x, y }) => ({ x: () => g.ldexp(y), y: () => g.mul(x.mul(Math.LN2).ldexp(y)) }),
  samples: [
    [t([3, 4]), t([3, 4])],
    [t([2]), 3],
    [ints, ints],
  ],
  errors: [...mismatch],
});

/** The number next to x on the way to y. */
export const nextafter: Binary = binary({ float: "nextafter_f(x, y)" }, m.maxNan, [], "none", {
  // A step of float32 is not one of float64.
  ulp: 1,
  cpu: (x, y, _z, single) => m.nextafter(x, y, single === 1),
  params: (_, dtype) => [Number(dtype === "float32")],
  samples: pairs((shape) => t(shape, { fixed: true })),
  errors: [...mismatch, raises([ints, ints], "not defined for int32")],
});
