// Modified Bessel functions of the first kind. Derivatives: DLMF 10.29.
import bessel from "../../../shaders/bessel.wgsl?raw";
import { library } from "../../device/kernel.ts";
import * as k from "../../kernels/bessel.ts";
import { plain, type PlainUnary, real, type Unary } from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

library(bessel);

/** y / x for an odd y, `slope` where x is as good as 0. */
const over = (y: Tensor, x: Tensor, slope: number): Tensor => {
  const small = x.abs().lt(1e-18);
  return y.div(x.maskedFill(small, 1)).maskedFill(small, slope);
};

/** I₀(x), the modified Bessel function of order 0. */
export const i0: Unary<"x"> = real("i0", k.i0, "x", (g, x) => g.mul(x.i1()), { ulp: 5 });

/** e^(−|x|) · I₀(x). */
export const i0e: PlainUnary<"x"> = plain(
  real("i0e", k.i0e, "x", (g, x) => g.mul(x.i1e().sub(x.sign().mul(x.i0e()))), { ulp: 5, kinks: [0] }),
);

/** I₁(x), the modified Bessel function of order 1. */
export const i1: PlainUnary<"x"> = plain(
  real("i1", k.i1, "x", (g, x) => g.mul(x.i0().mul(over(x.i1e().div(x.i0e()), x, 0.5).rsub(1))), { ulp: 5 }),
);

/** e^(−|x|) · I₁(x). */
export const i1e: PlainUnary<"x"> = plain(
  real(
    "i1e",
    k.i1e,
    "x",
    (g, x) =>
      g.mul(
        x
          .i0e()
          .sub(over(x.i1e(), x, 0.5))
          .sub(x.sign().mul(x.i1e())),
      ),
    { ulp: 5, kinks: [0] },
  ),
);
