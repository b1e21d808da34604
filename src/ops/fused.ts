// Elementwise operators of three operands: interpolation, and a product or quotient added.
import special from "../../shaders/special.wgsl?raw";
import { library } from "../backend/kernel.ts";
import type { Tensor } from "../tensor.ts";
import * as m from "./math.ts";
import { raises, t } from "./op.ts";
import { productDtype } from "./product.ts";
import { type Mapped, mapped, type Operand, within } from "./pointwise.ts";

library(special);

const ints = t([2], { dtype: "int32" });

/** x + weight · (end − x). Errors: DtypeError when the tensors differ in dtype. */
export const lerp: Mapped<(x: Tensor, end: Tensor, weight: Operand) => Tensor, "x" | "y" | "z"> = mapped({
  wgsl: { float: "lerp_f(x, y, z)" },
  cpu: m.lerp,
  operands: ["x", "end", "weight"],
  dtype: (ins) => {
    productDtype(ins);
    return undefined;
  },
  save: { x: ["z"], y: ["z"], z: ["x", "y"] },
  backward: (g, { x, y, z }) => ({ x: () => g.mul(z.rsub(1)), y: () => g.mul(z), z: () => g.mul(y.sub(x)) }),
  samples: [
    [t([3, 4]), t([4]), within(0.1, 0.4)([3, 1])],
    [t([]), t([2]), 0.7],
  ],
  errors: [raises([t([2, 3]), t([4]), 0.5], "do not broadcast"), raises([t([2]), ints, 0.5], "the first operand float")],
});
