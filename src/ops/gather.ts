// Indexing by tensors: reading at indices beside adding and writing at them, which is the adjoint.
// Index tensors are int32. A bad index throws on the CPU and wherever the host uploaded the indices itself;
// indices computed on the GPU read NaN (0 for integers) there and are dropped when writing.
import { dense, elements } from "../backend/cpu.ts";
import { category } from "../base/dtype.ts";
import { DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { contiguous, normalizeDim, sameShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { checkIndex, operand, withSize } from "./arguments.ts";
import { type Composite, type Inputs, type Meta, type Primitive, raises, t, type View } from "./op.ts";
import {
  atLeast1d,
  checkRange,
  cpuGather,
  cpuScatter,
  cpuSelect,
  gpuGather,
  gpuScatter,
  gpuSelect,
  misfit,
  type Scatter,
} from "./segments.ts";

export interface Along {
  readonly dim: number;
}
type InPlace<F extends (...args: never[]) => unknown, A extends object = Along> = Primitive<F, "index", A> & { readonly inplace: true };

const ints = (shape: Shape, data: readonly number[]): unknown => t(shape, { dtype: "int32", data });
const zeroed = (g: Tensor, shape: Shape): Tensor => g.filledLike(0, shape);
const dimOf = (op: string, dim: unknown, x: Tensor): number => normalizeDim(op, dim, operand(op, x).ndim);

function checkFit(op: string, ins: Inputs, dim: number): void {
  checkIndex(op, ins["index"]!);
  const problem = misfit(ins["x"]!.shape, ins["index"]!.shape, dim);
  if (problem) throw new ShapeError(op, problem);
}

/** Picks along dim by an index for every element: out[i][j] = x[index[i][j]][j] for dim 0. Shape: that of index, which is nowhere larger than x except along dim. */
export const gather: Primitive<(x: Tensor, dim: number, index: Tensor) => Tensor, "index", Along> = {
  call: (x, ...rest) => {
    const { dim, index } = parse("gather", rest, { dim: undefined as number | undefined, index: undefined as Tensor | undefined });
    return { inputs: { x, index: operand("gather", index, "index") }, attrs: { dim: dimOf("gather", dim, x) } };
  },
  meta: (ins, { dim }) => {
    checkFit("gather", ins, dim);
    return { out: { shape: ins["index"]!.shape, dtype: ins["x"]!.dtype } };
  },
  cpu: ({ x, index, out }, { dim }) => cpuGather("gather", atLeast1d(x!), atLeast1d(index!), out!, dim),
  gpu: ({ x, index, out }, { dim }, q) => gpuGather(q, "gather", atLeast1d(x!), atLeast1d(index!), out!, dim),
  save: ["index"],
  backward: (g, { index }, { dim }, ins) => ({ x: () => zeroed(g, ins["x"]!.shape).scatterAdd(dim, index, g) }),
  samples: [[t([3, 4]), 1, ints([3, 2], [0, 0, 3, 1, 2, 2])], [t([3, 4]), 0, ints([2, 3], [0, 2, 1, 1, 1, 0])], [t([]), 0, ints([], [0])], [t([2, 3, 2]), -1, ints([1, 3, 4], [0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1])]],
  errors: [raises([t([2, 2]), 0, ints([2], [0, 1])], "number of dimensions"), raises([t([1, 1]), 1, ints([2, 2], [0, 0, 0, 0])], "larger than"), raises([t([3]), 0, t([2])], "must be int32")],
}; // prettier-ignore

/** gather with an index that broadcasts against x; without dim both are taken as flat. */
export const takeAlongDim: Composite<(x: Tensor, indices: Tensor, ...rest: [dim?: number] | [options: { dim?: number }]) => Tensor> = {
  compose: (x, indices, ...rest) => {
    operand("takeAlongDim", indices, "indices");
    const { dim } = parse("takeAlongDim", rest, { dim: undefined as number | undefined });
    if (dim === undefined) return operand("takeAlongDim", x).flatten().gather(0, indices.flatten());
    const at = dimOf("takeAlongDim", dim, x);
    if (x.ndim !== indices.ndim)
      throw new ShapeError(
        "takeAlongDim",
        `indices ${show(indices.shape)} and operand ${show(x.shape)} differ in the number of dimensions`,
      );
    const common = x.shape.map((d, i) => (i === at ? -1 : d === 1 ? indices.shape[i]! : d));
    return x.expand(common).gather(at, indices.expand(common));
  },
  samples: [
    [t([3, 4]), ints([3, 1], [0, 3, 2]), 1],
    [t([2, 3]), ints([2], [5, 0])],
    [t([3, 1]), ints([1, 2], [2, 0]), { dim: 0 }],
  ],
  errors: [raises([t([2, 2]), ints([2], [0, 1]), 0], "number of dimensions")],
};

/** The reading of a written gradient back to its sources, in the shape of `like`. */
function readBack(g: Tensor, dim: number, index: Tensor, like: Meta): Tensor {
  const read = g.gather(dim, index);
  return sameShape(read.shape, like.shape) ? read : read.inset(like.shape, like.shape.map(() => 0)); // prettier-ignore
}

function scatterMeta(op: string, ins: Inputs, dim: number): { out: Meta } {
  const [x, index, src] = [ins["x"]!, ins["index"]!, ins["src"]!];
  checkFit(op, ins, dim);
  const small = index.shape.length === src.shape.length && index.shape.every((d, i) => d <= src.shape[i]!);
  if (!small && src.shape.length > 0 && sizeOf(index.shape) > 0)
    throw new ShapeError(op, `index ${show(index.shape)} does not fit into src ${show(src.shape)}`);
  if (src.dtype !== x.dtype && src.kind !== "number") throw new DtypeError(op, `src is ${src.dtype}, x is ${x.dtype}`, "cast one of them");
  return { out: { shape: x.shape, dtype: x.dtype } };
}

/** The part of src that index reaches, or a 0-d src spread over the shape of index. */
function reached(src: View, index: View): View {
  return { ...src, shape: index.shape, strides: src.shape.length === 0 ? index.shape.map(() => 0) : src.strides };
}

function scattering(op: string, accumulate: boolean): Pick<InPlace<never>, "cpu" | "gpu"> {
  const how = (dim: number): Scatter => ({ op, dim, accumulate, perElement: true });
  return {
    cpu: ({ x, index, src, out }, { dim }) =>
      cpuScatter(atLeast1d(x!), atLeast1d(index!), atLeast1d(reached(src!, index!)), atLeast1d(out!), how(dim)),
    gpu: ({ x, index, src, out }, { dim }, q) =>
      gpuScatter(q, atLeast1d(x!), atLeast1d(index!), atLeast1d(reached(src!, index!)), atLeast1d(out!), how(dim)),
  };
}

/** x with src added at indices along dim: out[index[i][j]][j] += src[i][j] for dim 0. The order of additions is fixed. */
export const scatterAdd: InPlace<(x: Tensor, dim: number, index: Tensor, src: Tensor) => Tensor> = {
  call: (x, dim, index, src) => ({
    inputs: { x, index: operand("scatterAdd", index, "index"), src: operand("scatterAdd", src, "src") },
    attrs: { dim: dimOf("scatterAdd", dim, x) },
  }),
  meta: (ins, { dim }) => scatterMeta("scatterAdd", ins, dim),
  ...scattering("scatterAdd", true),
  save: ["index"],
  backward: (g, { index }, { dim }, ins) => ({ x: () => g, src: () => readBack(g, dim, index, ins["src"]!) }),
  samples: [[t([3, 4]), 1, ints([3, 2], [0, 0, 3, 1, 2, 2]), t([3, 2])], [t([3, 2]), 0, ints([2, 1], [2, 2]), t([3, 2])], [t([]), 0, ints([], [0]), t([])]],
  errors: [raises([t([3, 5]), 0, ints([1, 2], [0, 1]), t([2])], "does not fit into src"), raises([t([3]), 0, ints([1, 1], [0]), t([1])], "number of dimensions")],
  inplace: true,
}; // prettier-ignore

/** x with src (or a number) written at indices along dim; where indices repeat the last source stands. */
export const scatter: InPlace<(x: Tensor, dim: number, index: Tensor, src: Tensor | number) => Tensor> = {
  call: (x, dim, index, src) => ({
    inputs: { x, index: operand("scatter", index, "index"), src },
    attrs: { dim: dimOf("scatter", dim, x) },
  }),
  meta: (ins, { dim }) => scatterMeta("scatter", ins, dim),
  ...scattering("scatter", false),
  save: ["index"],
  backward: (g, { index }, { dim }, ins) => ({
    x: () => g.scatter(dim, index, 0),
    src: () => (ins["src"]!.shape.length === 0 && index.ndim > 0 ? g.gather(dim, index).sum() : readBack(g, dim, index, ins["src"]!)),
  }),
  samples: [
    [t([3, 4]), 1, ints([3, 2], [0, 2, 3, 1, 2, 0]), t([3, 2])],
    [t([2, 3]), 0, ints([1, 2], [1, 0]), 1.5],
    [t([4]), 0, ints([2], [3, 1]), t([3])],
  ],
  errors: [raises([t([3]), 0, ints([2], [0, 1]), t([1])], "does not fit into src")],
  inplace: true,
};

function checkVector(op: string, ins: Inputs): number {
  const index = ins["index"]!;
  checkIndex(op, index);
  if (index.shape.length > 1) throw new ShapeError(op, `index must have 1 dimension, got ${show(index.shape)}`);
  return sizeOf(index.shape);
}

/** The slices of a dimension that index (1-D) names, in its order. */
export const indexSelect: Primitive<(x: Tensor, dim: number, index: Tensor) => Tensor, "index", Along> = {
  call: (x, ...rest) => {
    const { dim, index } = parse("indexSelect", rest, { dim: undefined as number | undefined, index: undefined as Tensor | undefined });
    return { inputs: { x, index: operand("indexSelect", index, "index") }, attrs: { dim: dimOf("indexSelect", dim, x) } };
  },
  meta: (ins, { dim }) => {
    const count = checkVector("indexSelect", ins);
    const { shape, dtype } = ins["x"]!;
    if (shape.length === 0 && count !== 1) throw new ShapeError("indexSelect", `a 0-d tensor takes one index, got ${count}`);
    return { out: { shape: shape.length === 0 ? [] : withSize(shape, dim, count), dtype } };
  },
  cpu: ({ x, index, out }, { dim }) => cpuSelect("indexSelect", atLeast1d(x!), atLeast1d(index!), out!, dim),
  gpu: ({ x, index, out }, { dim }, q) => gpuSelect(q, "indexSelect", atLeast1d(x!), atLeast1d(index!), out!, dim),
  save: ["index"],
  backward: (g, { index }, { dim }, ins) => ({ x: () => zeroed(g, ins["x"]!.shape).indexAdd(dim, index, g) }),
  samples: [
    [t([3, 4]), 1, ints([3], [3, 0, 3])],
    [t([5, 8]), 0, ints([2], [4, 4])],
    [t([]), 0, ints([1], [0])],
    [t([2, 3]), -1, ints([0], [])],
  ],
  errors: [
    raises([t([3]), 1, ints([1], [0])], "out of range"),
    raises([t([3]), 0, ints([1, 1], [0])], "1 dimension"),
    raises([t([3]), 0, t([1])], "must be int32"),
  ],
};

function slicesMeta(op: string, ins: Inputs, dim: number): { out: Meta } {
  const count = checkVector(op, ins);
  const [x, src] = [ins["x"]!, ins["src"]!];
  const wanted = x.shape.length === 0 ? [] : withSize(x.shape, dim, count);
  if (!sameShape(wanted, src.shape) || (x.shape.length === 0 && count !== 1))
    throw new ShapeError(
      op,
      `${count} indices along dimension ${dim} of ${show(x.shape)} need a source of ${show(wanted)}, got ${show(src.shape)}`,
    );
  if (src.dtype !== x.dtype) throw new DtypeError(op, `the source is ${src.dtype}, x is ${x.dtype}`, "cast one of them");
  return { out: { shape: x.shape, dtype: x.dtype } };
}

function placing(op: string, accumulate: boolean): Pick<InPlace<never>, "cpu" | "gpu"> {
  const how = (dim: number): Scatter => ({ op, dim, accumulate, perElement: false });
  return {
    cpu: ({ x, index, src, out }, { dim }) => cpuScatter(atLeast1d(x!), atLeast1d(index!), atLeast1d(src!), atLeast1d(out!), how(dim)),
    gpu: ({ x, index, src, out }, { dim }, q) =>
      gpuScatter(q, atLeast1d(x!), atLeast1d(index!), atLeast1d(src!), atLeast1d(out!), how(dim)),
  };
}

/** x with the slices of source, times alpha, added at the places of dim that index (1-D) names. */
export const indexAdd: InPlace<(x: Tensor, dim: number, index: Tensor, source: Tensor, options?: { alpha?: number }) => Tensor> = {
  call: (x, dim, index, source, ...rest) => {
    const { alpha } = parse("indexAdd", rest, {}, { alpha: 1 });
    const src = operand("indexAdd", source, "source");
    if (!Number.isInteger(alpha) && category(src.dtype) < 2)
      throw new DtypeError("indexAdd", `alpha ${alpha} does not fit a ${src.dtype} source`);
    const scaled = alpha === 1 ? src : src.mul(alpha);
    return { inputs: { x, index: operand("indexAdd", index, "index"), src: scaled }, attrs: { dim: dimOf("indexAdd", dim, x) } };
  },
  meta: (ins, { dim }) => slicesMeta("indexAdd", ins, dim),
  ...placing("indexAdd", true),
  save: ["index"],
  backward: (g, { index }, { dim }) => ({ x: () => g, src: () => g.indexSelect(dim, index) }),
  samples: [
    [t([3, 4]), 0, ints([3], [0, 2, 0]), t([3, 4])],
    [t([2, 5]), 1, ints([2], [4, 4]), t([2, 2]), { alpha: -0.5 }],
    [t([]), 0, ints([1], [0]), t([])],
  ],
  errors: [raises([t([3]), 0, ints([2], [0, 1]), t([3])], "need a source of [2]")],
  inplace: true,
};

/** x with the slices of source written at the places of dim that index (1-D) names; where indices repeat the last one stands. */
export const indexCopy: InPlace<(x: Tensor, dim: number, index: Tensor, source: Tensor) => Tensor> = {
  call: (x, dim, index, source) => ({
    inputs: { x, index: operand("indexCopy", index, "index"), src: operand("indexCopy", source, "source") },
    attrs: { dim: dimOf("indexCopy", dim, x) },
  }),
  meta: (ins, { dim }) => slicesMeta("indexCopy", ins, dim),
  ...placing("indexCopy", false),
  save: ["index"],
  backward: (g, { index }, { dim }) => ({ x: () => g.indexFill(dim, index, 0), src: () => g.indexSelect(dim, index) }),
  samples: [
    [t([3, 4]), 0, ints([2], [0, 2]), t([2, 4])],
    [t([2, 5]), 1, ints([2], [4, 1]), t([2, 2])],
  ],
  errors: [raises([t([3]), 0, ints([2], [0, 1]), t([3])], "need a source of [2]")],
  inplace: true,
};

/** x with value (a number or 0-d tensor) in the slices of dim that index (1-D) names. */
export const indexFill: Composite<(x: Tensor, dim: number, index: Tensor, value: Tensor | number) => Tensor> = {
  compose: (x, dim, index, value) => {
    const at = dimOf("indexFill", dim, x);
    const shape = x.ndim === 0 ? [] : withSize(x.shape, at, operand("indexFill", index, "index").size);
    if (typeof value !== "number" && operand("indexFill", value, "value").ndim > 0)
      throw new ShapeError("indexFill", `value must be a number or 0-d, got ${show(value.shape)}`);
    const source =
      typeof value === "number" ? x.filledLike(value, shape) : (value.dtype === x.dtype ? value : value.cast(x.dtype)).expand(shape);
    return x.indexCopy(at, index, source);
  },
  samples: [
    [t([3, 4]), 0, ints([2], [0, 2]), 1.5],
    [t([2, 3]), 1, ints([1], [1]), t([])],
  ],
  errors: [raises([t([3]), 0, ints([1], [0]), t([2])], "number or 0-d")],
};

/** The elements at row-major positions, in the shape of index. */
export const take: Composite<(x: Tensor, index: Tensor) => Tensor> = {
  compose: (x, index) =>
    operand("take", x)
      .flatten()
      .indexSelect(0, operand("take", index, "index").flatten())
      .reshape(index.shape),
  samples: [[t([3, 4]), ints([2, 2], [0, 11, 5, 5])]],
  errors: [raises([t([3]), t([2])], "must be int32")],
};

export interface PutAttrs {
  readonly accumulate: boolean;
}
type PutFn = (x: Tensor, index: Tensor, source: Tensor, ...rest: [accumulate?: boolean] | [options: { accumulate?: boolean }]) => Tensor;

/** x with source written (or added, with accumulate) at row-major positions; where positions repeat the last one stands. */
export const put: InPlace<PutFn, PutAttrs> = {
  call: (x, index, source, ...rest) => ({
    inputs: { x, index: operand("put", index, "index"), src: operand("put", source, "source") },
    attrs: parse("put", rest, { accumulate: false }),
  }),
  meta: (ins) => {
    const [x, index, src] = [ins["x"]!, ins["index"]!, ins["src"]!];
    checkIndex("put", index);
    if (sizeOf(index.shape) !== sizeOf(src.shape))
      throw new ShapeError("put", `index ${show(index.shape)} and source ${show(src.shape)} differ in size`);
    if (src.dtype !== x.dtype) throw new DtypeError("put", `the source is ${src.dtype}, x is ${x.dtype}`, "cast one of them");
    return { out: { shape: x.shape, dtype: x.dtype } };
  },
  cpu: ({ x, index, src, out }, { accumulate }) => {
    const [at, from, to] = [dense(index!), dense(src!), elements(out!)];
    checkRange("put", at, 0, to.length);
    to.set(dense(x!));
    for (let i = 0; i < at.length; i++) to[at[i]!] = accumulate ? to[at[i]!]! + from[i]! : from[i]!;
    if (out!.dtype === "bool") for (let i = 0; i < to.length; i++) to[i] = to[i] === 0 ? 0 : 1;
  },
  gpu: ({ x, index, src, out }, { accumulate }, q) => {
    const row = (v: View): View => ({ ...q.dense(v), ...contiguous([sizeOf(v.shape)]) });
    gpuScatter(q, row(x!), row(index!), row(src!), row(out!), { op: "put", dim: 0, accumulate, perElement: true });
  },
  save: ["index"],
  backward: (g, { index }, { accumulate }, ins) => ({
    x: () => (accumulate ? g : g.put(index, g.filledLike(0, index.shape))),
    src: () => g.take(index).reshape(ins["src"]!.shape),
  }),
  samples: [
    [t([3, 4]), ints([3], [0, 11, 5]), t([3])],
    [t([2, 3]), ints([2, 2], [1, 1, 0, 5]), t([4]), true],
    [t([3]), ints([0], []), t([0]), { accumulate: true }],
  ],
  errors: [raises([t([3]), ints([2], [0, 1]), t([3])], "differ in size")],
  inplace: true,
};
