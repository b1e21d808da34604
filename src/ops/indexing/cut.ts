// Cutting: views of part of a dimension, and of all of its parts.
import { wrapped } from "../../base/checks.ts";
import { ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { sizeOf } from "../../base/shape.ts";
import { integer, integers } from "../arguments.ts";
import { axis, axisOf, type CutAttrs, type DimRest, part } from "../cutting.ts";
import { putBack } from "../inlaying.ts";
import { type Composite, raises, t, type ViewOp } from "../op.ts";
import type { Tensor } from "../tensor.ts";

const cutting = { view: part, backward: putBack(part) };

/** Every step-th element of a dimension from start up to end (exclusive); bounds are clipped and may count from the end, as in Python. */
export const slice: ViewOp<(x: Tensor, dim?: number, start?: number | null, end?: number | null, step?: number) => Tensor, CutAttrs> = {
  ...cutting,
  rest: true,
  call: (x, ...rest) => {
    const o = parse(rest, { dim: 0, start: null as number | null, end: null as number | null, step: 1 });
    const step = integer(o.step, "step", 1);
    const dim = axis(x, o.dim);
    const size = x.shape[dim]!;
    const [start, end] = [o.start ?? 0, o.end ?? size].map((bound) => {
      const at = integer(bound, "the bound");
      return Math.min(size, Math.max(0, at < 0 ? at + size : at));
    }) as [number, number];
    return { inputs: { x }, attrs: { dim, start, step, length: [Math.max(0, Math.ceil((end - start) / step))] } };
  },
  samples: [
    [t([2, 7]), -1, 1, null, 2],
    [t([5]), 0, 3, -3],
    [t([2, 3, 4]), { dim: 1, end: 2 }],
  ],
  errors: [raises([t([3]), 0, 0, 2, -1], "step must be"), raises([t([]), 0], "at least 1 dimensions")],
};

/** `length` elements of a dimension from `start` on. A 0-d int32 tensor may give the start. */
export const narrow: Composite<(x: Tensor, dim: number, start: number | Tensor, length: number) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const o = parse(rest, { dim: 0, start: undefined as number | Tensor | undefined, length: undefined as number | undefined });
    const dim = axis(x, o.dim);
    const [size, length] = [x.shape[dim]!, integer(o.length, "length", 0)];
    // A start that only the device knows: the elements are picked by index instead.
    if (typeof o.start === "object")
      return x.indexSelect(dim, o.start.add(o.start.lt(0).mul(size)).add(o.start.expand(length).positions()));
    const start = integer(o.start, "start");
    const first = start < 0 ? start + size : start;
    if (first < 0 || first + length > size)
      throw new ShapeError(`start ${start} and length ${length} leave dimension ${dim} of ${show(x.shape)}`);
    return x.slice(dim, first, first + length);
  },
  samples: [
    [t([2, 4]), -1, -2, 2],
    [t([3, 4]), 1, t([], { dtype: "int32", data: [1] }), 2],
  ],
  errors: [raises([t([4]), 0, 2, 3], "leave dimension")],
};

/** One index of a dimension, which disappears. */
export const select: ViewOp<(x: Tensor, dim: number, index: number) => Tensor, CutAttrs> = {
  ...cutting,
  rest: true,
  call: (x, ...rest) => {
    const o = parse(rest, { dim: undefined as unknown, index: undefined as unknown });
    const dim = axis(x, o.dim);
    const start = wrapped(integer(o.index, "index"), dim, x.shape[dim]!);
    return { inputs: { x }, attrs: { dim, start, step: 1, length: [] } };
  },
  samples: [
    [t([3, 4]), 0, -1],
    [t([5]), 0, 2],
  ],
  errors: [raises([t([4]), 0, 4], "out of range"), raises([t([]), 0, 0], "at least 1 dimensions")],
};

/** All indices of a dimension, as an array of views without it. */
export const unbind: Composite<(x: Tensor, dim?: number) => Tensor[]> = {
  rest: true,
  compose: (x, ...rest) => {
    const dim = axisOf(x, rest);
    return Array.from({ length: x.shape[dim]! }, (_, i) => x.select(dim, i));
  },
  samples: [[t([2, 3]), 1]],
  errors: [raises([t([]), 0], "at least 1 dimensions"), raises([t([2]), 2], "out of range")],
};

/** Views of the given sizes along a dimension. */
export const splitWithSizes: Composite<(x: Tensor, sizes: readonly number[], ...rest: DimRest) => Tensor[]> = {
  rest: true,
  compose: (x, sizes, ...rest) => {
    const dim = axisOf(x, rest);
    const list = integers([sizes]);
    if (list.some((n) => n < 0) || list.reduce((a, b) => a + b, 0) !== x.shape[dim])
      throw new ShapeError(`sizes ${show(list)} do not fill dimension ${dim} of ${show(x.shape)}`);
    let from = 0;
    return list.map((n) => x.slice(dim, from, (from += n)));
  },
  samples: [[t([2, 3]), [1, 2, 0], -1]],
  errors: [raises([t([4]), [1, 2]], "sizes [1, 2] do not fill dimension 0 of [4]")],
};

/** Views of `sections` elements each along a dimension (the last may be shorter), or of the sizes given. */
export const split: Composite<(x: Tensor, sections: number | readonly number[], ...rest: DimRest) => Tensor[]> = {
  rest: true,
  compose: (x, sections, ...rest) => {
    const dim = axisOf(x, rest);
    if (typeof sections !== "number") return x.splitWithSizes(sections, dim);
    const size = x.shape[dim]!;
    const n = integer(sections, "the section size", Math.min(1, size));
    return Array.from({ length: Math.max(1, Math.ceil(size / (n || 1))) }, (_, i) => x.slice(dim, i * n, (i + 1) * n));
  },
  samples: [
    [t([2, 5]), [1, 4], 1],
    [t([2, 5]), 3, { dim: 1 }],
    [t([0, 2]), 2],
  ],
  errors: [raises([t([4]), [1, 2]], "sizes [1, 2] do not fill dimension 0 of [4]"), raises([t([4]), -1], "at least 1")],
};

/** At most `chunks` views of equal size along a dimension, the last possibly shorter. */
export const chunk: Composite<(x: Tensor, chunks: number, ...rest: DimRest) => Tensor[]> = {
  rest: true,
  compose: (x, chunks, ...rest) => {
    const dim = axisOf(x, rest);
    const [n, size] = [integer(chunks, "chunks", 1), x.shape[dim]!];
    return x.split(size === 0 ? new Array<number>(sizeOf([n])).fill(0) : Math.ceil(size / n), dim);
  },
  samples: [
    [t([7]), 3],
    [t([0, 2]), 2],
  ],
  errors: [raises([t([4]), 0], "at least 1"), raises([t([0]), 2 ** 40], "at most 2147483647")],
};
