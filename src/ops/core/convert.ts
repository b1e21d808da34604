// Copies and conversions: the same elements in new memory or another dtype.
import { asDType, type DType, type DTypeLike, isFloat } from "../../base/dtype.ts";
import { broadcastShapes } from "../../base/shape.ts";
import { cpuMap, type Form, gpuMap, type Loop, type Pointwise } from "../../kernels/elementwise.ts";
import { toInt32 } from "../../kernels/math.ts";
import { checkFits } from "../arguments.ts";
import { type Composite, type Internal, raises, t } from "../op.ts";
import { checkSingle, type Elementwise, type Mapped, operandOf, plain, type PlainUnary, pointwise, unary } from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

const moved: Loop = (to, t, n, a, i, sa) => {
  if (sa === 1) to.set(a.subarray(i, i + n), t);
  else for (const end = t + n; t < end; t++, i += sa) to[t] = a[i]!;
};

/** A copy in new, dense memory. */
export const clone: PlainUnary = plain(
  unary(
    "x",
    (x) => x,
    "",
    (g) => g,
    { loop: moved },
  ),
);

/** The tensor itself when its elements lie densely in row-major order, else a dense copy. */
export const contiguous: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => (x.isContiguous() ? x : x.clone()),
  kinks: [],
  samples: [[t([2, 3])]],
  errors: [raises(["text"], "must be a tensor")],
};

const floats: Form = { wgsl: "x", cpu: (x) => x, loop: moved };
const integers: Form = { wgsl: "x", cpu: toInt32 };
// 0.5 and NaN are true, so the comparison with zero comes before any rounding.
const truths: Form = { wgsl: "x", cpu: (x) => Number(x !== 0), conditions: "x", yields: "bool" };
const conversion: Pointwise<{ dtype: DType }> = {
  form: ({ dtype }) => (dtype === "bool" ? truths : isFloat(dtype) ? floats : integers),
};

/** The elements converted to another dtype; floats truncate towards zero on their way to integers, anything but 0 is true. */
export const cast: Elementwise<(x: Tensor, dtype: DTypeLike) => Tensor, never, { dtype: DType }> & Internal = {
  ...pointwise({
    ...conversion,
    call: (x: Tensor, dtype: DTypeLike) => ({ inputs: { x: operandOf(x, "x") }, attrs: { dtype: asDType(dtype) } }),
    dtype: (_, { dtype }) => dtype,
    backward: (g) => ({ x: () => g }),
    samples: [
      [t([2, 3]), "int32"],
      [t([2, 3]), "bool"],
      [t([2, 3]), "uint8"],
      [t([2, 3], { dtype: "int32" }), "float32"],
      [t([2], { dtype: "bool" }), "int32"],
    ],
    errors: [raises([t([2]), "complex"], "unknown dtype")],
  }),
  internal: true,
};

type Converting = Composite<(x: Tensor) => Tensor>;
const converting = (dtype: DType): Converting => ({
  compose: (x) => x.to(dtype),
  ...(isFloat(dtype) ? {} : { backward: "none" }),
  kinks: [],
  samples: [[t([2, 3])], [t([2], { dtype: "int32" })]],
  errors: [raises(["text"], "must be a tensor")],
});

/** The tensor in float32; itself when it is already. */
export const float: Converting = {
  ...converting("float32"),
  samples: [[t([2], { dtype: "int32" })]],
};
/** The tensor in int32; itself when it is already. */
export const int: Converting = converting("int32");
/** The tensor in int32, which is how int64 is held; itself when it is already. */
export const long: Converting = converting("int32");
/** The tensor as truth values, x ≠ 0; itself when it is already. */
export const bool: Converting = converting("bool");

type Copying = Mapped<(x: Tensor, source: Tensor | number) => Tensor>;
/** y in the dtype and shape of x. */
const copying: Pick<Copying, "meta" | "cpu" | "gpu" | "backward" | "inplace" | "kinks"> = {
  meta: ({ x, y }) => {
    const { shape, dtype } = x;
    checkFits("source", broadcastShapes(shape, y!.shape), shape);
    return { out: { shape, dtype } };
  },
  cpu: ({ y, out }) => cpuMap(conversion, { x: y!, out }, { dtype: out.dtype }),
  gpu: ({ y, out }, _attrs, q) => gpuMap(conversion, { x: y!, out }, { dtype: out.dtype }, q),
  backward: (g) => ({ x: () => g.filledLike(0), y: () => g }),
  inplace: true,
  kinks: [],
};

/**
 * The elements of `source` in the dtype and shape of x; `x.copy_(source)` writes them into x. The gradient flows to `source`.
 * Shape: source broadcasts to x. Errors: ShapeError.
 */
export const copy: Copying & Internal = {
  ...copying,
  internal: true,
  call: (x, source) => ({ inputs: { x, y: operandOf(source, "source") }, attrs: {} }),
  samples: [
    [t([2, 3]), t([3])],
    [t([2, 3]), t([], { dtype: "int32" })],
    [t([2]), 1.5],
  ],
  errors: [raises([t([2, 3]), t([4])], "do not broadcast"), raises([t([3]), t([2, 3])], "does not fit")],
};

/** A tensor of x's shape and dtype filled with `value`, a number or a 0-d tensor; `x.fill_(value)` writes it into x. */
export const fill: Copying = {
  ...copying,
  call: (x, value) => {
    const y = operandOf(value, "value");
    checkSingle(y);
    return { inputs: { x, y }, attrs: {} };
  },
  samples: [
    [t([2]), t([])],
    [t([2], { dtype: "int32" }), 3],
  ],
  errors: [raises([t([2]), t([2])], "0-d tensor")],
};
