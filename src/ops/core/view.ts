// Views: operators that only change geometry and share storage.
import { ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { expandTo, normalizeDim, type Shape, sizeOf } from "../../base/shape.ts";
import { checkRank, distinct, integers, listOf, operand, type Sizes } from "../arguments.ts";
import { type Composite, raises, t as arg, type ViewOp } from "../op.ts";
import { inferShape, reshaped } from "../restride.ts";
import type { Tensor } from "../tensor.ts";

type Dims = number | readonly number[];

/** The tensor repeated to a larger shape without copying; −1 keeps a size. Shape: size-1 and missing leading dimensions repeat. */
export const expand: ViewOp<(x: Tensor, ...shape: Sizes) => Tensor, { shape: Shape }> = {
  rest: true,
  call: (x, ...shape) => ({ inputs: { x }, attrs: { shape: integers(shape) } }),
  view: (x, { shape }) => {
    const lead = shape.length - x.shape.length;
    const full = shape.map((d, i) => (d === -1 ? (x.shape[i - lead] ?? d) : d));
    if (lead < 0 || full.some((d, i) => d < 0 || ![d, 1, undefined].includes(x.shape[i - lead])))
      throw new ShapeError(`${show(x.shape)} does not expand to ${show(shape)}`);
    return expandTo(x, full);
  },
  backward: (g, _s, _a, ins) => ({ x: () => g.sumTo(ins.x.shape) }),
  samples: [
    [arg([]), [2, 2]],
    [arg([2, 1, 3]), -1, 4, -1],
    [arg([1, 2]), [0, 2]],
  ],
  errors: [raises([arg([3]), [4]], "does not expand"), raises([arg([2, 3]), [-1, 2, 3]], "does not expand")],
};

/** `expand` under NumPy's name. */
export const broadcastTo: typeof expand = {
  ...expand,
  samples: [[arg([3, 1]), [2, 3, 4]]],
  errors: [raises([arg([2, 3]), [2, 4]], "does not expand")],
};

/** Dimensions in a new order. */
export const permute: ViewOp<(x: Tensor, ...dims: Sizes) => Tensor, { dims: readonly number[] }> = {
  rest: true,
  call: (x, ...rest) => {
    const dims = distinct(integers(rest, "dims"), x.ndim);
    if (dims.length !== x.ndim) throw new ShapeError(`${show(dims)} is no order of ${x.ndim} dimensions`);
    return { inputs: { x }, attrs: { dims } };
  },
  view: ({ shape, strides, offset }, { dims }) => ({ shape: dims.map((d) => shape[d]!), strides: dims.map((d) => strides[d]!), offset }),
  backward: (g, _s, { dims }) => ({ x: () => g.permute(dims.map((_, i) => dims.indexOf(i))) }),
  samples: [
    [arg([2, 3, 4]), -1, 0, 1],
    [arg([]), []],
  ],
  errors: [raises([arg([2, 3]), [0, 0]], "twice"), raises([arg([2, 3]), [0]], "is no order")],
};

/** Two dimensions exchanged. */
export const transpose: Composite<(x: Tensor, dim0: number, dim1: number) => Tensor> = {
  renames: true,
  rest: true,
  compose: (x, ...rest) => {
    const { dim0, dim1 } = parse(rest, { dim0: undefined as unknown, dim1: undefined as unknown });
    const [a, b] = [normalizeDim(dim0, x.ndim), normalizeDim(dim1, x.ndim)];
    return x.permute(x.shape.map((_, i) => (i === a ? b : i === b ? a : i)));
  },
  samples: [
    [arg([2, 3, 4]), 0, -1],
    [arg([]), 0, 0],
  ],
  errors: [raises([arg([2, 3]), 0, 2], "out of range")],
};

/** A matrix transposed; tensors with fewer dimensions as they are. */
export const t: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => {
    checkRank(x.shape, 0, 2);
    return x.transpose(0, -1);
  },
  samples: [[arg([2, 3])], [arg([])]],
  errors: [raises([arg([2, 3, 4])], "0 to 2 dimensions")],
};

/** The last two dimensions exchanged. */
export const mT: Composite<(x: Tensor) => Tensor> = {
  compose: (x) => {
    checkRank(x.shape, 2);
    return x.transpose(-2, -1);
  },
  samples: [[arg([2, 3, 4])]],
  errors: [raises([arg([3])], "at least 2 dimensions")],
};

/** The same elements seen in another shape, sharing memory. Errors: ShapeError when the strides do not allow it. */
export const view: ViewOp<(x: Tensor, ...shape: Sizes) => Tensor, { shape: Shape }> = {
  rest: true,
  call: (x, ...rest) => ({ inputs: { x }, attrs: { shape: integers(rest) } }),
  view: (x, { shape }) => {
    const g = reshaped(x, inferShape(x.shape, shape));
    if (g) return g;
    throw new ShapeError(`strides ${show(x.strides)} of ${show(x.shape)} do not allow ${show(shape)}`, "use reshape");
  },
  backward: (g, _s, _a, ins) => ({ x: () => g.reshape(ins.x.shape) }),
  samples: [
    [arg([2, 6]), 3, -1],
    [arg([0, 2]), [2, 0]],
    [arg([2, 6]), 2, 3, -1],
  ],
  errors: [raises([arg([2, 3]), [4]], "does not fit"), raises([arg([2, 3]), [-1, -1]], "-1 could be anything")],
};

/** The same elements in another shape: a view when strides allow it, else a copy. One size may be −1. */
export const reshape: Composite<(x: Tensor, ...shape: Sizes) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const shape = inferShape(x.shape, integers(rest));
    return (reshaped(x, shape) ? x : x.clone()).view(shape);
  },
  samples: [[arg([2, 3, 4]), 6, -1]],
  errors: [raises([arg([2, 3]), [4]], "does not fit"), raises([arg([0, 5]), [0, -1]], "could be anything")],
};

type Like = Composite<(x: Tensor, other: Tensor) => Tensor>;
const like = (name: "expand" | "reshape" | "view"): Like => ({
  compose: (x, other) => x[name](operand(other, "other").shape),
  renames: true,
  samples: [[arg([3, 1]), arg([3, name === "expand" ? 4 : 1], { fixed: true })]],
  errors: [raises([arg([2, 3]), arg([4])], name === "expand" ? "does not expand" : "does not fit")],
});

/** Expands x to the shape of `other`. */
export const expandAs: Like = like("expand");
/** `view` in the shape of another tensor. */
export const viewAs: Like = like("view");
/** `reshape` in the shape of another tensor. */
export const reshapeAs: Like = like("reshape");

type FlattenRest =
  | [startDim?: number, endDim?: number]
  | [startDim: number, options: { endDim?: number }]
  | [options: { startDim?: number; endDim?: number }];

/** Dimensions startDim to endDim (all by default) joined into one. */
export const flatten: Composite<(x: Tensor, ...rest: FlattenRest) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const { startDim, endDim } = parse(rest, { startDim: 0, endDim: -1 });
    const [from, to] = [normalizeDim(startDim, x.ndim), normalizeDim(endDim, x.ndim)];
    if (from > to) throw new ShapeError(`startDim ${startDim} comes after endDim ${endDim}`);
    if (x.ndim > 0 && from === to) return x;
    return x.reshape(x.shape.toSpliced(from, to - from + 1, sizeOf(x.shape.slice(from, to + 1))));
  },
  samples: [[arg([2, 3, 4]), { endDim: 1 }], [arg([])]],
  errors: [raises([arg([2, 3]), 1, 0], "comes after")],
};

/** One dimension cut into several; one of the sizes may be −1. */
export const unflatten: Composite<(x: Tensor, dim: number, sizes: readonly number[]) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const { dim, sizes } = parse(rest, { dim: undefined as unknown, sizes: undefined as unknown });
    const at = normalizeDim(dim, x.ndim);
    return x.reshape(x.shape.toSpliced(at, 1, ...inferShape([x.shape[at]!], listOf(sizes))));
  },
  samples: [[arg([2, 6]), 1, [3, -1]]],
  errors: [raises([arg([2, 6]), 1, [4, 2]], "does not fit")],
};

/** All elements in one dimension. */
export const ravel: Composite<(x: Tensor) => Tensor> = {
  renames: true,
  compose: (x) => x.flatten(),
  samples: [[arg([2, 3])], [arg([])], [arg([0, 2])]],
  errors: [raises([arg([2]), 1], "one argument too many")],
};

/** Without dimensions of size 1: all of them, or only those named that have it. */
export const squeeze: Composite<(x: Tensor, dim?: Dims) => Tensor> = {
  renames: true,
  rest: true,
  compose: (x, ...rest) => {
    const { dim } = parse(rest, { dim: undefined as Dims | null | undefined });
    const named = distinct([dim ?? [...x.shape.keys()]].flat(), x.ndim);
    return x.view(x.shape.filter((n, d) => n !== 1 || !named.includes(d)));
  },
  samples: [[arg([2, 1, 3, 1])], [arg([1, 2, 1]), [0, 1]], [arg([]), 0]],
  errors: [raises([arg([2]), 4], "out of range")],
};

/** With a new dimension of size 1 at position dim. */
export const unsqueeze: Composite<(x: Tensor, dim: number) => Tensor> = {
  renames: true,
  rest: true,
  compose: (x, ...rest) => {
    const { dim } = parse(rest, { dim: undefined as unknown });
    return x.view(x.shape.toSpliced(normalizeDim(dim, x.ndim + 1), 0, 1));
  },
  samples: [[arg([2, 3]), -1]],
  errors: [raises([arg([2]), 3], "out of range")],
};
