// Views: operators that only change geometry and share storage.
import { ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { type Geometry, normalizeDim, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { integer, integers, listOf, operand, type Sizes } from "./arguments.ts";
import { type Composite, raises, t as arg, type ViewOp } from "./op.ts";
import { inferShape, reshaped } from "./restride.ts";

type Dims = number | readonly number[];

/** The tensor repeated to a larger shape without copying; −1 keeps a size. Shape: size-1 and missing leading dimensions repeat. */
export const expand: ViewOp<(x: Tensor, ...shape: Sizes) => Tensor, { shape: Shape }> = {
  call: (x, ...shape) => ({ inputs: { x }, attrs: { shape: integers("expand", shape) } }),
  view: (x, { shape }) => {
    const lead = shape.length - x.shape.length;
    const full = shape.map((d, i) => (d === -1 && i >= lead ? x.shape[i - lead]! : d));
    if (lead < 0 || full.some((d, i) => d < 0 || (i >= lead && x.shape[i - lead] !== d && x.shape[i - lead] !== 1)))
      throw new ShapeError("expand", `${show(x.shape)} does not expand to ${show(shape)}`);
    return {
      shape: full,
      strides: full.map((_, i) => (i < lead || x.shape[i - lead] !== full[i] ? 0 : x.strides[i - lead]!)),
      offset: x.offset,
    };
  },
  backward: (g, _s, _a, ins) => ({ x: () => g.sumTo(ins["x"]!.shape) }),
  samples: [
    [arg([3, 1]), [3, 4]],
    [arg([2]), [3, 2]],
    [arg([]), [2, 2]],
    [arg([2, 1, 3]), -1, 4, -1],
    [arg([1, 2]), [0, 2]],
  ],
  errors: [raises([arg([3]), [4]], "does not expand"), raises([arg([2, 3]), [-1, 2, 3]], "does not expand")],
};

/** `expand` under NumPy's name. */
export const broadcastTo: Composite<(x: Tensor, ...shape: Sizes) => Tensor> = {
  compose: (x, ...shape) => operand("broadcastTo", x).expand(integers("broadcastTo", shape)),
  samples: [
    [arg([3, 1]), [2, 3, 4]],
    [arg([]), [2]],
  ],
  errors: [raises([arg([2, 3]), [2, 4]], "does not expand")],
};

/** Expands x to the shape of `other`. */
export const expandAs: Composite<(x: Tensor, other: Tensor) => Tensor> = {
  compose: (x, other) => operand("expandAs", x).expand(operand("expandAs", other, "other").shape),
  samples: [[arg([3, 1]), arg([3, 4], { fixed: true })]],
  errors: [raises([arg([3]), arg([4])], "does not expand")],
};

const orderOf = (x: Geometry, given: readonly number[]): number[] => {
  const rank = x.shape.length;
  const dims = given.length === rank ? given.map((d) => normalizeDim("permute", d, rank)) : [];
  if (dims.length !== rank || new Set(dims).size !== rank)
    throw new ShapeError("permute", `${show(given)} is no order of ${rank} dimensions`);
  return dims;
};
const reorder = (x: Geometry, dims: readonly number[]): Geometry => ({
  shape: dims.map((d) => x.shape[d]!),
  strides: dims.map((d) => x.strides[d]!),
  offset: x.offset,
});

/** Dimensions in a new order. */
export const permute: ViewOp<(x: Tensor, ...dims: Sizes) => Tensor, { dims: readonly number[] }> = {
  call: (x, ...rest) => ({ inputs: { x }, attrs: { dims: integers("permute", rest, "dims") } }),
  view: (x, { dims }) => reorder(x, orderOf(x, dims)),
  backward: (g, _s, { dims }) => {
    const order = orderOf(g, dims);
    return { x: () => g.permute(order.map((_, i) => order.indexOf(i))) };
  },
  samples: [
    [arg([2, 3, 4]), [2, 0, 1]],
    [arg([2, 3]), -1, 0],
    [arg([]), []],
  ],
  errors: [raises([arg([2, 3]), [0, 0]], "is no order"), raises([arg([2, 3]), [0]], "is no order")],
};

/** Two dimensions exchanged. */
export const transpose: ViewOp<(x: Tensor, dim0: number, dim1: number) => Tensor, { dim0: number; dim1: number }> = {
  call: (x, ...rest) => {
    const { dim0, dim1 } = parse("transpose", rest, { dim0: undefined as number | undefined, dim1: undefined as number | undefined });
    return { inputs: { x }, attrs: { dim0: integer("transpose", dim0, "dim0"), dim1: integer("transpose", dim1, "dim1") } };
  },
  view: (x, { dim0, dim1 }) => {
    const rank = x.shape.length;
    const [a, b] = [normalizeDim("transpose", dim0, rank), normalizeDim("transpose", dim1, rank)];
    return reorder(x, x.shape.map((_, i) => (i === a ? b : i === b ? a : i))); // prettier-ignore
  },
  backward: (g, _s, { dim0, dim1 }) => ({ x: () => g.transpose(dim0, dim1) }),
  samples: [
    [arg([2, 3, 4]), 0, 2],
    [arg([2, 3]), -1, -2],
    [arg([]), 0, 0],
  ],
  errors: [raises([arg([2, 3]), 0, 2], "out of range")],
};

/** `transpose` under NumPy's name. */
export const swapaxes: Composite<(x: Tensor, axis0: number, axis1: number) => Tensor> = {
  compose: (x, axis0, axis1) => operand("swapaxes", x).transpose(axis0, axis1),
  samples: [[arg([2, 3, 4]), 0, -1]],
  errors: [raises([arg([2, 3]), 0, 2], "out of range")],
};

/** A matrix transposed; tensors with fewer dimensions as they are. */
export const t: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => {
    const { ndim, shape } = operand("t", x);
    if (ndim > 2) throw new ShapeError("t", `needs at most 2 dimensions, got ${show(shape)}`, "use transpose or mT");
    return x.transpose(0, ndim - 1);
  },
  samples: [[arg([2, 3])], [arg([3])], [arg([])]],
  errors: [raises([arg([2, 3, 4])], "at most 2 dimensions")],
};

/** The last two dimensions exchanged. */
export const mT: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => {
    if (operand("mT", x).ndim < 2) throw new ShapeError("mT", `needs at least 2 dimensions, got ${show(x.shape)}`);
    return x.transpose(-2, -1);
  },
  samples: [[arg([2, 3, 4])]],
  errors: [raises([arg([3])], "at least 2 dimensions")],
};

/** Dimensions moved to other positions, the rest keeping their order. */
export const movedim: Composite<(x: Tensor, source: Dims, destination: Dims) => Tensor> = {
  compose: (x, source, destination) => {
    const { ndim } = operand("movedim", x);
    const [from, to] = [listOf(source), listOf(destination)].map((l) => l.map((d) => normalizeDim("movedim", d, ndim))) as [
      number[],
      number[],
    ];
    if (from.length !== to.length) throw new ShapeError("movedim", `source ${show(from)} and destination ${show(to)} differ in length`);
    for (const list of [from, to])
      if (new Set(list).size !== list.length) throw new ShapeError("movedim", `${show(list)} names a dimension twice`);
    if (ndim === 0) return x.permute([]);
    const rest = [...x.shape.keys()].filter((d) => !from.includes(d));
    return x.permute(x.shape.map((_, i) => (to.includes(i) ? from[to.indexOf(i)]! : rest.shift()!)));
  },
  samples: [
    [arg([2, 3, 4]), 0, -1],
    [arg([2, 3, 1, 2]), [0, 2], [-1, 0]],
    [arg([]), 0, 0],
  ],
  errors: [raises([arg([2, 3]), [0, 0], [0, 1]], "twice"), raises([arg([2, 3]), [0, 1], [0]], "differ in length")],
};

/** The same elements seen in another shape, sharing memory. Errors: ShapeError when the strides do not allow it. */
export const view: ViewOp<(x: Tensor, ...shape: Sizes) => Tensor, { shape: Shape }> = {
  call: (x, ...rest) => ({ inputs: { x }, attrs: { shape: integers("view", rest) } }),
  view: (x, { shape }) => {
    const g = reshaped(x, inferShape("view", x.shape, shape));
    if (!g)
      throw new ShapeError(
        "view",
        `strides ${show(x.strides)} of ${show(x.shape)} do not allow ${show(shape)} without a copy`,
        "use reshape",
      );
    return g;
  },
  backward: (g, _s, _a, ins) => ({ x: () => g.reshape(ins["x"]!.shape) }),
  samples: [
    [arg([2, 6]), [3, -1]],
    [arg([2, 6]), 12],
    [arg([]), [1, 1]],
    [arg([0, 2]), [2, 0]],
  ],
  errors: [raises([arg([2, 3]), [4]], "does not fit"), raises([arg([2, 3]), [-1, -1]], "only one size")],
};

/** The same elements in another shape: a view when strides allow it, else a copy. One size may be −1. */
export const reshape: Composite<(x: Tensor, ...shape: Sizes) => Tensor> = {
  compose: (x, ...rest) => {
    const shape = inferShape("reshape", operand("reshape", x).shape, integers("reshape", rest));
    return (reshaped(x, shape) ? x : x.clone()).view(shape);
  },
  samples: [
    [arg([2, 6]), [3, -1]],
    [arg([0, 2]), [2, 0]],
    [arg([2, 3, 4]), 6, 4],
  ],
  errors: [raises([arg([2, 3]), [4]], "does not fit"), raises([arg([0, 5]), [0, -1]], "could be anything")],
};

/** `view` in the shape of another tensor. */
export const viewAs: ViewOp<(x: Tensor, other: Tensor) => Tensor, { shape: Shape }> = {
  call: (x, other) => ({ inputs: { x }, attrs: { shape: operand("viewAs", other, "other").shape } }),
  view: view.view,
  backward: view.backward,
  samples: [[arg([2, 6]), arg([3, 4], { fixed: true })]],
  errors: [raises([arg([2, 3]), arg([4])], "does not fit")],
};

/** `reshape` in the shape of another tensor. */
export const reshapeAs: Composite<(x: Tensor, other: Tensor) => Tensor> = {
  compose: (x, other) => operand("reshapeAs", x).reshape(operand("reshapeAs", other, "other").shape),
  samples: [[arg([2, 6]), arg([3, 4], { fixed: true })]],
  errors: [raises([arg([2, 3]), arg([4])], "does not fit")],
};

type FlattenRest =
  | [startDim?: number, endDim?: number]
  | [startDim: number, options: { endDim?: number }]
  | [options: { startDim?: number; endDim?: number }];

/** Dimensions startDim to endDim (all by default) joined into one. */
export const flatten: Composite<(x: Tensor, ...rest: FlattenRest) => Tensor> = {
  compose: (x, ...rest) => {
    const { shape, ndim } = operand("flatten", x);
    const { startDim, endDim } = parse("flatten", rest, { startDim: 0, endDim: -1 });
    const [from, to] = [normalizeDim("flatten", startDim, ndim), normalizeDim("flatten", endDim, ndim)];
    if (from > to) throw new ShapeError("flatten", `startDim ${startDim} comes after endDim ${endDim}`);
    if (ndim > 0 && from === to) return x;
    return x.reshape([...shape.slice(0, from), sizeOf(shape.slice(from, to + 1)), ...shape.slice(to + 1)]);
  },
  samples: [[arg([2, 3, 4])], [arg([2, 3, 4]), 1], [arg([2, 3, 4]), { endDim: 1 }], [arg([])]],
  errors: [raises([arg([2, 3]), 1, 0], "comes after")],
};

/** One dimension cut into several; one of the sizes may be −1. */
export const unflatten: Composite<(x: Tensor, dim: number, sizes: readonly number[]) => Tensor> = {
  compose: (x, dim, sizes) => {
    const { shape, ndim } = operand("unflatten", x);
    const at = normalizeDim("unflatten", dim, ndim);
    if (ndim === 0) throw new ShapeError("unflatten", "a 0-d tensor has no dimension to cut");
    return x.reshape([...shape.slice(0, at), ...inferShape("unflatten", [shape[at]!], sizes), ...shape.slice(at + 1)]);
  },
  samples: [
    [arg([2, 6]), 1, [3, -1]],
    [arg([4, 2]), 0, [2, 2]],
  ],
  errors: [raises([arg([2, 6]), 1, [4, 2]], "does not fit")],
};

/** Without dimensions of size 1: all of them, or only those named that have it. */
export const squeeze: ViewOp<(x: Tensor, dim?: Dims) => Tensor, { dims: readonly number[] | undefined }> = {
  call: (x, ...rest) => {
    const { dim } = parse("squeeze", rest, { dim: undefined as Dims | undefined });
    return { inputs: { x }, attrs: { dims: dim === undefined || dim === null ? undefined : integers("squeeze", [dim], "dim") } };
  },
  view: (x, { dims }) => {
    const named = dims?.map((d) => normalizeDim("squeeze", d, x.shape.length));
    return reorder(
      x,
      [...x.shape.keys()].filter((d) => x.shape[d] !== 1 || (named && !named.includes(d))),
    );
  },
  backward: (g, _s, _a, ins) => ({ x: () => g.reshape(ins["x"]!.shape) }),
  samples: [[arg([2, 1, 3, 1])], [arg([2, 1, 3, 1]), 1], [arg([2, 1]), 0], [arg([1, 2, 1]), [0, -1]], [arg([]), 0]],
  errors: [raises([arg([2]), 4], "out of range")],
};

/** With a new dimension of size 1 at position dim. */
export const unsqueeze: ViewOp<(x: Tensor, dim: number) => Tensor, { dim: number }> = {
  call: (x, ...rest) => ({
    inputs: { x },
    attrs: { dim: integer("unsqueeze", parse("unsqueeze", rest, { dim: undefined as number | undefined }).dim, "dim") },
  }),
  view: (x, { dim }) => {
    const at = normalizeDim("unsqueeze", dim, x.shape.length + 1);
    const step = at < x.shape.length ? x.shape[at]! * x.strides[at]! : 1;
    return { shape: x.shape.toSpliced(at, 0, 1), strides: x.strides.toSpliced(at, 0, step), offset: x.offset };
  },
  backward: (g, _s, _a, ins) => ({ x: () => g.reshape(ins["x"]!.shape) }),
  samples: [
    [arg([2, 3]), 1],
    [arg([2, 3]), -1],
    [arg([]), 0],
  ],
  errors: [raises([arg([2]), 3], "out of range")],
};
