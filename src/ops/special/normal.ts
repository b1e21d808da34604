// The normal distribution, and inverses of the error function.
import pairs from "../../../shaders/pairs.wgsl?raw";
import special from "../../../shaders/special.wgsl?raw";
import { library } from "../../device/kernel.ts";
import * as m from "../../kernels/math.ts";
import { binary, plain, type PlainBinary, type PlainUnary, real, type Unary } from "../pointwise.ts";

library(special);
library(pairs);

/** Inverse of erf: ±∞ at ±1, NaN outside. */
export const erfinv: Unary<"out"> = real(
  "erfinv",
  m.erfinv,
  "out",
  (g, y) =>
    g.mul(
      y
        .square()
        .exp()
        .mul(Math.sqrt(Math.PI) / 2),
    ),
  {
    ulp: 4,
    range: [-0.9, 0.9],
    kinks: [-1, 1],
  },
);

/** Distribution function of the standard normal distribution. */
export const ndtr: PlainUnary<"x"> = plain(
  real(
    "normal_cdf",
    m.normalCdf,
    "x",
    (g, x) =>
      g.mul(
        x
          .square()
          .mul(-0.5)
          .exp()
          .mul(1 / Math.sqrt(2 * Math.PI)),
      ),
    {
      wgsl: "normal_cdf(x)",
      ulp: 4.3,
    },
  ),
);

/** Quantiles of the standard normal distribution, the inverse of ndtr: ±∞ at 1 and 0, NaN outside. */
export const ndtri: PlainUnary<"out"> = plain(
  real(
    "ndtri",
    m.ndtri,
    "out",
    (g, y) =>
      g.mul(
        y
          .square()
          .mul(0.5)
          .exp()
          .mul(Math.sqrt(2 * Math.PI)),
      ),
    {
      ulp: 4,
      range: [0.1, 0.9],
      kinks: [0, 1],
    },
  ),
);

/** −x · log(x), what a probability x adds to an entropy: 0 at 0, −∞ below. */
export const entr: PlainUnary<"x"> = plain(
  real("entr", m.entr, "x", (g, x) => g.mul(x.log().add(1).neg()), { ulp: 1.6, range: [0.2, 3], kinks: [0] }),
);

/** x · log(1 + y), 0 where x is 0. */
export const xlog1py: PlainBinary<"x" | "y"> = plain(
  binary(
    { float: "xlog1py_f(x, y)" },
    m.xlog1py,
    ["x", "y"],
    (g, { x, y }) => ({
      x: () => g.mul(y.log1p().maskedFill(x.eq(0).logicalAnd(y.le(-1)), 0)),
      y: () => g.mul(x).div(y.add(1)),
    }),
    { yields: "float", ulp: 2.5, kinks: [0, -1], range: [-0.6, 3] },
  ),
);
