// Elementwise operators of one operand and of three, and a count.
import special from "../../shaders/special.wgsl?raw";
import { library } from "../backend/kernel.ts";
import { parse } from "../base/options.ts";
import { normalizeDims } from "../base/shape.ts";
import type { Form } from "../ops/mapping.ts";
import { type Composite, raises, type Sample, t } from "../ops/op.ts";
import {
  type Mapped,
  mapped,
  noBools,
  numbers,
  type Operand,
  type Rules,
  samplesOf,
  times,
  unary,
  type Unary,
  within,
} from "../ops/pointwise.ts";
import type { Dims } from "../ops/reduction.ts";
import type { Tensor } from "../tensor.ts";

library(special);

/** x itself. */
export const positive: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => x,
  samples: [[t([2, 3])]],
  errors: [raises(["text"], "must be a tensor")],
};

/** The fraction of x, with its sign. */
export const frac: Unary = unary(
  { float: "x - trunc_f(x)" },
  (x) => x - Math.trunc(x),
  "",
  (g) => g,
  {
    errors: [...noBools, raises([t([2], { dtype: "int32" })], "not defined for int32")],
  },
);

type Scaled = Composite<(x: Tensor) => Tensor> & { readonly inplace: true };
const scaled = (factor: number): Scaled => ({
  compose: (x) => x.mul(factor),
  renames: true,
  inplace: true,
  samples: samplesOf(within()),
  errors: [raises(["text"], "must be a tensor")],
});

/** x in degrees, taken as radians: x · 180 / π. */
export const rad2deg: Scaled = scaled(180 / Math.PI);

/** x in radians, taken as degrees: x · π / 180. */
export const deg2rad: Scaled = scaled(Math.PI / 180);

// ---- three operands

const ints = t([2], { dtype: "int32" });
const positives = within(0.5, 3);
type Fused = Mapped<(x: Tensor, tensor1: Operand, tensor2: Operand, options?: { value?: number }) => Tensor, "y" | "z", { value: number }>;
const fused = (rule: Form & Pick<Rules<"y" | "z", { value: number }>, "save" | "backward" | "samples" | "errors">): Fused =>
  mapped({ ...rule, params: numbers, operands: ["x", "tensor1", "tensor2"], keywords: { value: 1 } });

/** x + value · tensor1 · tensor2. */
export const addcmul: Fused = fused({
  wgsl: { float: "x + p0 * y * z", int: "x + i32(p0) * y * z", bool: false },
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
  wgsl: { float: "x + p0 * (y / z)" },
  cpu: (x, y, z, value) => x + value * (y / z),
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

// ---- counting

const truths: readonly Sample[] = [
  [t([2, 3], { data: [0, 1, 0, 2, 3, -1] }), 1],
  [t([3], { dtype: "uint8", data: [0, 0, 0] })],
  [t([0, 2]), 0],
];

/** How many elements over dimensions, all by default, are not zero. */
export const countNonzero: Composite<(x: Tensor, dim?: Dims) => Tensor> = {
  compose: (x, ...rest) => x.ne(0).sum(normalizeDims(parse(rest, { dim: null as Dims }).dim, x.ndim)),
  backward: "none",
  samples: truths,
  errors: [raises([t([2, 3]), 2], "out of range")],
};
