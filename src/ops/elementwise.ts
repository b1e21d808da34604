// Arithmetic: elementwise operators of one and two operands.
import { asDType, type DType, type DTypeLike } from "../base/dtype.ts";
import type { Tensor } from "../tensor.ts";
import { type Composite, type Primitive, t } from "./op.ts";
import { binary, type Binary, pointwise, unary, type Unary } from "./pointwise.ts";

/** −x. */
export const neg: Unary = unary("neg", { wgsl: "-x", cpu: (x) => -x, backward: (g) => ({ x: () => g.neg() }) });

/** eˣ. */
export const exp: Unary<"out"> = unary("exp", {
  wgsl: "exp_f(x)",
  cpu: Math.exp,
  result: "float",
  save: ["out"],
  backward: (g, { out }) => ({ x: () => g.mul(out) }),
});

/** x · y with broadcasting. */
export const mul: Binary<"x" | "y"> = binary("mul", {
  wgsl: "x * y",
  cpu: (x, y) => x * y,
  save: ["x", "y"],
  backward: (g, { x, y }) => ({ x: () => g.mul(y), y: () => g.mul(x) }),
});

/** x + y with broadcasting. */
export const add: Binary = binary("add", { wgsl: "x + y", cpu: (x, y) => x + y, backward: (g) => ({ x: () => g, y: () => g }) });

/** A copy in new, dense memory. */
export const clone: Unary = unary("clone", { wgsl: "x", cpu: (x) => x, backward: (g) => ({ x: () => g }) });

/** The tensor itself when its elements lie densely in row-major order, else a dense copy. */
export const contiguous: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => (x.isContiguous() ? x : x.clone()),
  samples: [[t([2, 3])]],
  errors: [],
};

/** The elements converted to another dtype; floats truncate towards zero on their way to integers. */
export const cast: Primitive<(x: Tensor, dtype: DTypeLike) => Tensor, never, { dtype: DType }> = pointwise("cast", {
  wgsl: "x",
  cpu: (x) => x,
  call: (x: Tensor, dtype: DTypeLike) => ({ inputs: { x }, attrs: { dtype: asDType("cast", dtype) } }),
  dtype: (_, { dtype }) => dtype,
  backward: (g) => ({ x: () => g }),
  samples: [[t([2, 3]), "int32"]],
  inplace: false,
});
