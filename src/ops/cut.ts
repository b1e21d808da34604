// Cutting: views of part of a dimension, and tensors cut into pieces.
import { ArgumentError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { normalizeDim, type Shape } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { checkRank, integer, integers, withSize } from "./arguments.ts";
import { type Composite, raises, t as arg, type ViewOp } from "./op.ts";

/** A dimension that can be cut. Errors: ShapeError out of range, and for 0-d tensors. */
function axis(op: string, x: Tensor, dim: unknown): number {
  checkRank(op, x.shape, 1);
  return normalizeDim(op, dim, x.ndim);
}

/** Zeros of `shape` with g from `start` of a dimension on. */
const set = (g: Tensor, shape: Shape, dim: number, start: number, step = 1): Tensor =>
  g.inset(shape, shape.map((_, d) => (d === dim ? start : 0)), shape.map((_, d) => (d === dim ? step : 1))); // prettier-ignore

export interface SliceAttrs {
  readonly dim: number;
  readonly start: number;
  readonly length: number;
  readonly step: number;
}

/** Every step-th element of a dimension from start up to end (exclusive); bounds are clipped and may count from the end, as in Python. */
export const slice: ViewOp<(x: Tensor, dim?: number, start?: number | null, end?: number | null, step?: number) => Tensor, SliceAttrs> = {
  call: (x, ...rest) => {
    const o = parse("slice", rest, { dim: 0, start: null as number | null, end: null as number | null, step: 1 });
    const step = integer("slice", o.step, "step", 1);
    const dim = axis("slice", x, o.dim);
    const size = x.shape[dim]!;
    const [start, end] = [o.start ?? 0, o.end ?? size].map((bound) => {
      const at = integer("slice", bound, "the bound");
      return Math.min(size, Math.max(0, at < 0 ? at + size : at));
    }) as [number, number];
    return { inputs: { x }, attrs: { dim, start, length: Math.max(0, Math.ceil((end - start) / step)), step } };
  },
  view: ({ shape, strides, offset }, { dim, start, length, step }) => ({
    shape: withSize(shape, dim, length),
    strides: withSize(strides, dim, strides[dim]! * step),
    offset: offset + start * strides[dim]!,
  }),
  backward: (g, _s, { dim, start, step }, ins) => ({ x: () => set(g, ins["x"]!.shape, dim, start, step) }),
  samples: [
    [arg([5, 3]), 0, 1, 4],
    [arg([2, 7]), -1, 1, null, 2],
    [arg([5]), 0, -3],
    [arg([4]), 0, 3, 1],
    [arg([2, 3, 4]), { dim: 1, end: 2 }],
  ],
  errors: [raises([arg([3]), 0, 0, 2, -1], "step must be"), raises([arg([]), 0], "at least 1 dimensions")],
};

/** `length` elements of a dimension from `start` on. A 0-d int32 tensor may give the start. */
export const narrow: Composite<(x: Tensor, dim: number, start: number | Tensor, length: number) => Tensor> = {
  compose: (x, ...rest) => {
    const o = parse("narrow", rest, { dim: 0, start: undefined as number | Tensor | undefined, length: undefined as number | undefined });
    const dim = axis("narrow", x, o.dim);
    const [size, length] = [x.shape[dim]!, integer("narrow", o.length, "length", 0)];
    // A start that only the device knows: the elements are picked by index instead.
    if (typeof o.start === "object")
      return x.indexSelect(dim, o.start.add(o.start.lt(0).mul(size)).add(o.start.expand(length).positions()));
    const start = integer("narrow", o.start, "start");
    const first = start < 0 ? start + size : start;
    if (first < 0 || first + length > size)
      throw new ShapeError("narrow", `start ${start} and length ${length} leave dimension ${dim} of ${show(x.shape)}`);
    return x.slice(dim, first, first + length);
  },
  samples: [
    [arg([5, 3]), 0, 1, 3],
    [arg([2, 4]), -1, -2, 2],
    [arg([4]), 0, 4, 0],
    [arg([3, 4]), 1, arg([], { dtype: "int32", data: [1] }), 2],
  ],
  errors: [raises([arg([4]), 0, 2, 3], "leave dimension")],
};

/** One index of a dimension, which disappears. */
export const select: ViewOp<(x: Tensor, dim: number, index: number) => Tensor, { dim: number; index: number }> = {
  call: (x, ...rest) => {
    const o = parse("select", rest, { dim: undefined as unknown, index: undefined as unknown });
    const dim = axis("select", x, o.dim);
    const [size, index] = [x.shape[dim]!, integer("select", o.index, "index")];
    if (index < -size || index >= size)
      throw new ShapeError("select", `index ${index} is out of range for dimension ${dim} of ${show(x.shape)}`);
    return { inputs: { x }, attrs: { dim, index: index < 0 ? index + size : index } };
  },
  view: ({ shape, strides, offset }, { dim, index }) => ({
    shape: shape.toSpliced(dim, 1),
    strides: strides.toSpliced(dim, 1),
    offset: offset + index * strides[dim]!,
  }),
  backward: (g, _s, { dim, index }, ins) => ({ x: () => set(g.unsqueeze(dim), ins["x"]!.shape, dim, index) }),
  samples: [
    [arg([3, 4]), 0, -1],
    [arg([2, 3, 4]), 1, 2],
    [arg([5]), 0, 2],
  ],
  errors: [raises([arg([4]), 0, 4], "out of range"), raises([arg([]), 0, 0], "at least 1 dimensions")],
};

type DimRest = [dim?: number] | [options: { dim?: number }];
const axisOf = (op: string, x: Tensor, rest: readonly unknown[]): number => axis(op, x, parse(op, rest, { dim: 0 }).dim);

/** All indices of a dimension, as an array of views without it. */
export const unbind: Composite<(x: Tensor, dim?: number) => Tensor[]> = {
  compose: (x, ...rest) => {
    const dim = axisOf("unbind", x, rest);
    return Array.from({ length: x.shape[dim]! }, (_, i) => x.select(dim, i));
  },
  samples: [[arg([2, 3])], [arg([2, 3]), 1]],
  errors: [raises([arg([]), 0], "at least 1 dimensions"), raises([arg([2]), 2], "out of range")],
};

/** Views of the given sizes along a dimension. */
export const splitWithSizes: Composite<(x: Tensor, sizes: readonly number[], ...rest: DimRest) => Tensor[]> = {
  compose: (x, sizes, ...rest) => {
    const dim = axisOf("splitWithSizes", x, rest);
    const list = integers("splitWithSizes", [sizes]);
    const total = list.reduce((a, b) => a + b, 0);
    if (list.some((n) => n < 0) || total !== x.shape[dim])
      throw new ShapeError("splitWithSizes", `sizes sum to ${total}, dimension ${dim} of ${show(x.shape)} has ${x.shape[dim]}`);
    let from = 0;
    return list.map((n) => x.slice(dim, from, (from += n)));
  },
  samples: [
    [arg([5, 2]), [1, 4]],
    [arg([2, 3]), [1, 2, 0], -1],
  ],
  errors: [raises([arg([4]), [1, 2]], "sizes sum to 3")],
};

/** Views of `sections` elements each along a dimension (the last may be shorter), or of the sizes given. */
export const split: Composite<(x: Tensor, sections: number | readonly number[], ...rest: DimRest) => Tensor[]> = {
  compose: (x, sections, ...rest) => {
    const dim = axisOf("split", x, rest);
    if (typeof sections !== "number") return x.splitWithSizes(sections, dim);
    const [n, size] = [integer("split", sections, "the section size", 0), x.shape[dim]!];
    if (n === 0 && size !== 0) throw new ArgumentError("split", `the section size is 0 for ${show(x.shape)}`);
    return Array.from({ length: Math.max(1, Math.ceil(size / (n || 1))) }, (_, i) => x.slice(dim, i * n, (i + 1) * n));
  },
  samples: [
    [arg([5, 2]), 2],
    [arg([2, 5]), [1, 4], 1],
    [arg([2, 5]), 3, { dim: 1 }],
    [arg([0, 2]), 2],
  ],
  errors: [raises([arg([4]), [1, 2]], "sizes sum to 3"), raises([arg([4]), -1], "at least 0")],
};

/** At most `chunks` views of equal size along a dimension, the last possibly shorter. */
export const chunk: Composite<(x: Tensor, chunks: number, ...rest: DimRest) => Tensor[]> = {
  compose: (x, chunks, ...rest) => {
    const dim = axisOf("chunk", x, rest);
    const [n, size] = [integer("chunk", chunks, "chunks", 1), x.shape[dim]!];
    return x.split(size === 0 ? new Array<number>(n).fill(0) : Math.ceil(size / n), dim);
  },
  samples: [
    [arg([7]), 3],
    [arg([2, 7]), 4, 1],
    [arg([0, 2]), 2],
  ],
  errors: [raises([arg([4]), 0], "at least 1")],
};
