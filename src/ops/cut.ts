// Cutting: views of part of a dimension, and tensors cut into pieces.
import { ArgumentError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { normalizeDim } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { integer, integers, operand, withSize } from "./arguments.ts";
import { type Composite, raises, t as arg, type ViewOp } from "./op.ts";

/** Start, stop and length of a slice of `size` elements as Python clips them. */
function clip(size: number, start: number | null, end: number | null, step: number): { start: number; length: number } {
  const bound = (v: number): number => Math.min(size, Math.max(0, v < 0 ? v + size : v));
  const [from, to] = [bound(start ?? 0), bound(end ?? size)];
  return { start: from, length: Math.max(0, Math.ceil((to - from) / step)) };
}

export interface SliceAttrs {
  readonly dim: number;
  readonly start: number | null;
  readonly end: number | null;
  readonly step: number;
}

/** Every step-th element of a dimension from start up to end (exclusive); bounds are clipped and may count from the end, as in Python. */
export const slice: ViewOp<(x: Tensor, dim?: number, start?: number | null, end?: number | null, step?: number) => Tensor, SliceAttrs> = {
  call: (x, ...rest) => {
    const o = parse("slice", rest, { dim: 0, start: null as number | null, end: null as number | null, step: 1 });
    for (const bound of [o.start, o.end])
      if (bound !== null && !Number.isInteger(bound)) throw new ArgumentError("slice", `bounds must be integers, got ${String(bound)}`);
    return { inputs: { x }, attrs: { ...o, step: integer("slice", o.step, "step", 1) } };
  },
  view: (x, { dim, start, end, step }) => {
    const at = normalizeDim("slice", dim, x.shape.length);
    if (x.shape.length === 0) throw new ShapeError("slice", "a 0-d tensor has no dimension to slice");
    const cut = clip(x.shape[at]!, start, end, step);
    return {
      shape: withSize(x.shape, at, cut.length),
      strides: withSize(x.strides, at, x.strides[at]! * step),
      offset: x.offset + cut.start * x.strides[at]!,
    };
  },
  backward: (g, _s, { dim, start, end, step }, ins) => ({
    x: () => {
      const { shape } = ins["x"]!;
      const at = normalizeDim("slice", dim, shape.length);
      return g.inset(shape, withSize(shape.map(() => 0), at, clip(shape[at]!, start, end, step).start), withSize(shape.map(() => 1), at, step)); // prettier-ignore
    },
  }),
  samples: [
    [arg([5, 3]), 0, 1, 4],
    [arg([2, 7]), -1, 1, null, 2],
    [arg([5]), 0, -3],
    [arg([4]), 0, 3, 1],
    [arg([2, 3, 4]), { dim: 1, end: 2 }],
  ],
  errors: [raises([arg([3]), 0, 0, 2, -1], "step must be"), raises([arg([]), 0], "0-d")],
};

/** `length` elements of a dimension from `start` on. A 0-d int32 tensor may give the start. */
export const narrow: Composite<(x: Tensor, dim: number, start: number | Tensor, length: number) => Tensor> = {
  compose: (x, ...rest) => {
    const { shape, ndim } = operand("narrow", x);
    const { dim, start, length } = parse("narrow", rest, {
      dim: 0,
      start: undefined as number | Tensor | undefined,
      length: undefined as number | undefined,
    });
    const at = normalizeDim("narrow", dim, ndim);
    if (ndim === 0) throw new ShapeError("narrow", "a 0-d tensor has no dimension to narrow");
    const [size, count] = [shape[at]!, integer("narrow", length, "length", 0)];
    // A start that only the device knows: the elements are picked by index instead.
    if (typeof start === "object") return x.indexSelect(at, start.add(start.lt(0).mul(size)).add(start.expand(count).positions()));
    const from = integer("narrow", start, "start");
    const first = from < 0 ? from + size : from;
    if (first < 0 || first > size || first + count > size)
      throw new ShapeError("narrow", `start ${from} and length ${count} leave dimension ${at} of ${show(shape)}`);
    return x.slice(at, first, first + count);
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
    const { dim, index } = parse("select", rest, { dim: undefined as number | undefined, index: undefined as number | undefined });
    return { inputs: { x }, attrs: { dim: integer("select", dim, "dim"), index: integer("select", index, "index") } };
  },
  view: (x, { dim, index }) => {
    const at = normalizeDim("select", dim, x.shape.length);
    if (x.shape.length === 0) throw new ShapeError("select", "a 0-d tensor cannot be indexed");
    const size = x.shape[at]!;
    if (index < -size || index >= size)
      throw new ShapeError("select", `index ${index} is out of range for dimension ${at} of ${show(x.shape)}`);
    return {
      shape: x.shape.toSpliced(at, 1),
      strides: x.strides.toSpliced(at, 1),
      offset: x.offset + (index < 0 ? index + size : index) * x.strides[at]!,
    };
  },
  backward: (g, _s, { dim, index }, ins) => ({
    x: () => {
      const { shape } = ins["x"]!;
      const at = normalizeDim("select", dim, shape.length);
      return g.unsqueeze(at).inset(
        shape,
        withSize(
          shape.map(() => 0),
          at,
          index < 0 ? index + shape[at]! : index,
        ),
      );
    },
  }),
  samples: [
    [arg([3, 4]), 0, -1],
    [arg([2, 3, 4]), 1, 2],
    [arg([5]), 0, 2],
  ],
  errors: [raises([arg([4]), 0, 4], "out of range"), raises([arg([]), 0, 0], "0-d")],
};

/** All indices of a dimension, as an array of views without it. */
export const unbind: Composite<(x: Tensor, dim?: number) => Tensor[]> = {
  compose: (x, ...rest) => {
    const { shape, ndim } = operand("unbind", x);
    const at = normalizeDim("unbind", parse("unbind", rest, { dim: 0 }).dim, ndim);
    if (ndim === 0) throw new ShapeError("unbind", "a 0-d tensor has no dimension to unbind");
    return Array.from({ length: shape[at]! }, (_, i) => x.select(at, i));
  },
  samples: [[arg([2, 3])], [arg([2, 3]), 1]],
  errors: [raises([arg([]), 0], "0-d"), raises([arg([2]), 2], "out of range")],
};

type SplitRest = [dim?: number] | [options: { dim?: number }];

/** Views of `sections` elements each along a dimension (the last may be shorter), or of the sizes given. */
export const split: Composite<(x: Tensor, sections: number | readonly number[], ...rest: SplitRest) => Tensor[]> = {
  compose: (x, sections, ...rest) => {
    const { shape, ndim } = operand("split", x);
    const at = normalizeDim("split", parse("split", rest, { dim: 0 }).dim, ndim);
    if (ndim === 0) throw new ShapeError("split", "a 0-d tensor has no dimension to split");
    if (typeof sections !== "number") return x.splitWithSizes(sections, at);
    const [n, size] = [integer("split", sections, "the section size", 0), shape[at]!];
    if (n === 0 && size !== 0) throw new ArgumentError("split", `the section size is 0 for dimension ${at} of ${show(shape)}`);
    const count = Math.max(1, Math.ceil(size / Math.max(1, n)));
    return Array.from({ length: count }, (_, i) => x.slice(at, i * n, Math.min(size, (i + 1) * n)));
  },
  samples: [
    [arg([5, 2]), 2],
    [arg([2, 5]), [1, 4], 1],
    [arg([2, 5]), 3, { dim: 1 }],
    [arg([0, 2]), 2],
  ],
  errors: [raises([arg([4]), [1, 2]], "sizes sum to 3"), raises([arg([4]), -1], "at least 0")],
};

/** Views of the given sizes along a dimension. */
export const splitWithSizes: Composite<(x: Tensor, sizes: readonly number[], ...rest: SplitRest) => Tensor[]> = {
  compose: (x, sizes, ...rest) => {
    const { shape, ndim } = operand("splitWithSizes", x);
    const at = normalizeDim("splitWithSizes", parse("splitWithSizes", rest, { dim: 0 }).dim, ndim);
    const list = integers("splitWithSizes", [sizes]);
    const total = list.reduce((a, b) => a + b, 0);
    if (list.some((n) => n < 0) || total !== shape[at])
      throw new ShapeError("splitWithSizes", `sizes sum to ${total}, dimension ${at} of ${show(shape)} has ${shape[at]}`);
    let from = 0;
    return list.map((n) => x.slice(at, from, (from += n)));
  },
  samples: [
    [arg([5, 2]), [1, 4]],
    [arg([2, 3]), [1, 2, 0], -1],
  ],
  errors: [raises([arg([4]), [1, 2]], "sizes sum to 3")],
};

/** At most `chunks` views of equal size along a dimension, the last possibly shorter. */
export const chunk: Composite<(x: Tensor, chunks: number, ...rest: SplitRest) => Tensor[]> = {
  compose: (x, chunks, ...rest) => {
    const { shape, ndim } = operand("chunk", x);
    const at = normalizeDim("chunk", parse("chunk", rest, { dim: 0 }).dim, ndim);
    const [n, size] = [integer("chunk", chunks, "chunks", 1), shape[at] ?? 0];
    return size === 0 ? x.splitWithSizes(new Array<number>(n).fill(0), at) : x.split(Math.ceil(size / n), at);
  },
  samples: [
    [arg([7]), 3],
    [arg([2, 7]), 4, 1],
    [arg([0, 2]), 2],
  ],
  errors: [raises([arg([4]), 0], "at least 1")],
};
