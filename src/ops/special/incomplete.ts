// The incomplete gamma functions. PyTorch has no slope in their first operand, and so nor have we.
import gamma from "../../../shaders/gamma.wgsl?raw";
import incomplete from "../../../shaders/incomplete.wgsl?raw";
import special from "../../../shaders/special.wgsl?raw";
import { library } from "../../device/kernel.ts";
import * as k from "../../kernels/incomplete.ts";
import { type Internal, t } from "../op.ts";
import { binary, type Binary, mismatch, noSlope, pairs, plain, type PlainBinary } from "../pointwise.ts";

library(special);
library(gamma);
library(incomplete);

const shapes = (shape: readonly number[]): unknown => t(shape, { low: 0.3, high: 5, fixed: true });
const places = (shape: readonly number[]): unknown => t(shape, { low: 0.2, high: 6 });
const more = {
  kinks: [0],
  // In the tails, where 1e-30 is left; 12 elsewhere.
  ulp: 40,
  samples: [
    [shapes([3, 4]), places([4])],
    [shapes([3, 1]), places([1, 2])],
    [shapes([3]), places([])],
    [shapes([0, 3]), places([3])],
  ],
  errors: [
    ...mismatch,
    {
      args: [
        { $: [2], dtype: "int32" },
        { $: [2], dtype: "int32" },
      ],
      message: "not defined for int32",
    },
  ],
} as const;

/** P(a, x) = γ(a, x) / Γ(a), the lower incomplete gamma function (DLMF 8.2.4); NaN below 0. The gradient is one in x only. */
export const igamma: Binary<"x" | "y"> = binary(
  { float: "igamma_f(x, y)" },
  k.igamma,
  ["x", "y"],
  (g, { x, y }) => ({ x: noSlope, y: () => g.mul(x.gammaDensity(y)) }),
  { operands: ["a", "x"], ...more },
);

/** Q(a, x) = Γ(a, x) / Γ(a), the upper incomplete gamma function (DLMF 8.2.4); NaN below 0. The gradient is one in x only. */
export const igammac: Binary<"x" | "y"> = binary(
  { float: "igammac_f(x, y)" },
  k.igammac,
  ["x", "y"],
  (g, { x, y }) => ({ x: noSlope, y: () => g.mul(x.gammaDensity(y)).neg() }),
  { operands: ["a", "x"], ...more },
);

/** Derivative of P(a, x) in x, the density x^(a − 1) · e⁻ˣ / Γ(a) of the gamma distribution. */
export const gammaDensity: PlainBinary<"x" | "y"> & Internal = {
  ...plain(
    binary(
      { float: "gamma_density(x, y)" },
      k.gammaDensity,
      ["x", "y"],
      (g, { x, y }) => {
        const out = g.mul(x.gammaDensity(y));
        return { x: () => out.mul(y.log().sub(x.digamma())), y: () => out.mul(x.sub(1).sub(y).div(y)) };
      },
      { kinks: [0], ulp: 40, samples: pairs((shape) => t(shape, { low: 0.3, high: 5 })) },
    ),
  ),
  internal: true,
};
