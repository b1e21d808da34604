// Elementwise operators of three operands: interpolation, and a product or quotient added.
import special from "../../../shaders/special.wgsl?raw";
import { library } from "../../device/kernel.ts";
import type { Form } from "../../kernels/elementwise.ts";
import * as m from "../../kernels/math.ts";
import { productDtype } from "../arguments.ts";
import { raises, t } from "../op.ts";
import { type Mapped, mapped, numbers, type Operand, type Rules, times, within } from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

library(special);

const ints = t([2], { dtype: "int32" });

/** x + weight · (end − x). Errors: DtypeError when the tensors differ in dtype. */
export const lerp: Mapped<(x: Tensor, end: Tensor, weight: Operand) => Tensor, "x" | "y" | "z"> = mapped({
  wgsl: { float: "lerp_f(x, y, z)" },
  ulp: 5,
  cancels: true,
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

const positives = within(0.5, 3);
type Fused = Mapped<(x: Tensor, tensor1: Operand, tensor2: Operand, options?: { value?: number }) => Tensor, "y" | "z", { value: number }>;
const fused = (rule: Form & Pick<Rules<"y" | "z", { value: number }>, "save" | "backward" | "samples" | "errors" | "kinks">): Fused =>
  mapped({ ...rule, params: numbers, operands: ["x", "tensor1", "tensor2"], keywords: { value: 1 } });

/** x + value · tensor1 · tensor2. */
export const addcmul: Fused = fused({
  wgsl: { float: "x + p0 * y * z", int: "x + i32(p0) * y * z", bool: false },
  ulp: 2,
  cancels: true,
  cpu: (x, y, z, value) => x + value * y * z,
  int: (x, y, z, value) => x + Math.imul(Math.imul(value, y), z),
  save: { y: ["z"], z: ["y"] },
  backward: (g, { y, z }, { value }) => ({ x: () => g, y: () => times(g.mul(z), value), z: () => times(g.mul(y), value) }),
  samples: [
    [t([2, 3]), t([3]), t([2, 1]), { value: 0.5 }],
    [t([3]), t([3]), t([])],
  ],
  errors: [raises([t([2, 3]), t([4]), t([3])], "do not broadcast")],
});

/** x + value · tensor1 / tensor2. */
export const addcdiv: Fused = fused({
  wgsl: { float: "x + p0 * y / z" },
  ulp: 4,
  cancels: true,
  cpu: (x, y, z, value) => x + value * (y / z),
  kinks: [0],
  save: { y: ["z"], z: ["y", "z"] },
  backward: (g, { y, z }, { value }) => ({
    x: () => g,
    y: () => times(g.div(z), value),
    z: () => times(g.mul(y).div(z.square()).neg(), value),
  }),
  samples: [
    [t([2, 3]), t([3]), positives([2, 1]), { value: 0.5 }],
    [t([3]), t([3]), positives([3])],
  ],
  errors: [raises([ints, ints, ints], "not defined for int32")],
});
