// Views: operators that only change geometry and share storage.
import { ShapeError, show } from "../base/errors.ts";
import { contiguousStrides, type Geometry, isContiguous, normalizeDim, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Composite, raises, t, type ViewOp } from "./op.ts";

/** The tensor repeated to a larger shape without copying; −1 keeps a size. Shape: size-1 and missing leading dimensions repeat. */
export const expand: ViewOp<(x: Tensor, ...shape: readonly number[] | [readonly number[]]) => Tensor, { shape: Shape }> = {
  call: (x, ...shape) => ({ inputs: { x }, attrs: { shape: (Array.isArray(shape[0]) ? shape[0] : shape) as Shape } }),
  view: (x, { shape }) => {
    const lead = shape.length - x.shape.length;
    const full = shape.map((d, i) => (d === -1 && i >= lead ? x.shape[i - lead]! : d));
    if (lead < 0 || full.some((d, i) => i >= lead && x.shape[i - lead] !== d && x.shape[i - lead] !== 1))
      throw new ShapeError("expand", `${show(x.shape)} does not expand to ${show(shape)}`);
    return { shape: full, strides: full.map((_, i) => (i < lead || x.shape[i - lead] !== full[i] ? 0 : x.strides[i - lead]!)), offset: x.offset };
  },
  backward: (g, _s, _a, ins) => ({ x: () => g.sumTo(ins["x"]!.shape) }),
  samples: [[t([3, 1]), [3, 4]], [t([2]), [3, 2]], [t([]), [2, 2]]],
  errors: [raises([t([3]), [4]], "does not expand")],
};

/** Dimensions in a new order. */
export const permute: ViewOp<(x: Tensor, ...dims: readonly number[] | [readonly number[]]) => Tensor, { dims: readonly number[] }> = {
  call: (x, ...rest) => {
    const given = (Array.isArray(rest[0]) ? rest[0] : rest) as readonly number[];
    const dims = given.map((d) => normalizeDim("permute", d, x.ndim));
    if (dims.length !== x.ndim || new Set(dims).size !== dims.length) throw new ShapeError("permute", `${show(given)} is no order of ${x.ndim} dimensions`);
    return { inputs: { x }, attrs: { dims } };
  },
  view: (x, { dims }) => ({ shape: dims.map((d) => x.shape[d]!), strides: dims.map((d) => x.strides[d]!), offset: x.offset }),
  backward: (g, _s, { dims }) => ({ x: () => g.permute(dims.map((_, i) => dims.indexOf(i))) }),
  samples: [[t([2, 3, 4]), [2, 0, 1]]],
  errors: [raises([t([2, 3]), [0, 0]], "is no order")],
};

/** Geometry of x reshaped without a copy, undefined when its strides do not allow it. */
const reshapedGeometry = (x: Geometry, shape: Shape): Geometry | undefined => (isContiguous(x) ? { shape, strides: contiguousStrides(shape), offset: x.offset } : undefined);

const infer = (op: string, x: Geometry, shape: Shape): number[] => {
  const known = shape.reduce((n, d) => (d === -1 ? n : n * d), 1);
  const total = sizeOf(x.shape);
  const full = shape.map((d) => (d === -1 ? total / known : d));
  if (shape.filter((d) => d === -1).length > 1 || full.some((d) => !Number.isInteger(d) || d < 0) || sizeOf(full) !== total)
    throw new ShapeError(op, `${show(x.shape)} with ${total} elements does not fit ${show(shape)}`);
  return full;
};

/** The same elements seen in another shape, sharing memory. */
export const view: ViewOp<(x: Tensor, ...shape: readonly number[] | [readonly number[]]) => Tensor, { shape: Shape }> = {
  call: (x, ...rest) => ({ inputs: { x }, attrs: { shape: (Array.isArray(rest[0]) ? rest[0] : rest) as Shape } }),
  view: (x, { shape }) => {
    const g = reshapedGeometry(x, infer("view", x, shape));
    if (!g) throw new ShapeError("view", `strides of ${show(x.shape)} do not allow ${show(shape)} without a copy`, "use reshape");
    return g;
  },
  backward: (g, _s, _a, ins) => ({ x: () => g.reshape(ins["x"]!.shape) }),
  samples: [[t([2, 6]), [3, -1]]],
  errors: [raises([t([2, 3]), [4]], "does not fit")],
};

/** The same elements in another shape: a view when strides allow it, else a copy. One size may be −1. */
export const reshape: Composite<(x: Tensor, ...shape: readonly number[] | [readonly number[]]) => Tensor> = {
  compose: (x, ...rest) => {
    const shape = infer("reshape", x, (Array.isArray(rest[0]) ? rest[0] : rest) as Shape);
    return (reshapedGeometry(x, shape) ? x : x.clone()).view(shape);
  },
  samples: [[t([2, 6]), [3, -1]], [t([0, 2]), [2, 0]]],
  errors: [raises([t([2, 3]), [4]], "does not fit")],
};
