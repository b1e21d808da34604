// Cutting: views of part of a dimension, and tensors cut into pieces.
import { wrapped } from "../../base/checks.ts";
import { ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { contiguous, type Geometry, normalizeDim, sizeOf } from "../../base/shape.ts";
import { checkRank, integer, integers } from "../arguments.ts";
import { putBack, written } from "../inlaying.ts";
import { type Cases, type Composite, raises, t as arg, type ViewOp } from "../op.ts";
import type { Tensor } from "../tensor.ts";

/** A dimension that can be cut. Errors: ShapeError out of range, and for 0-d tensors. */
function axis(x: Tensor, dim: unknown): number {
  checkRank(x.shape, 1);
  return normalizeDim(dim, x.ndim);
}

/** One dimension from `start` on in steps: `length` holds how many, or nothing where the dimension goes. */
export interface CutAttrs {
  readonly dim: number;
  readonly start: number;
  readonly step: number;
  readonly length: readonly number[];
}
const part = ({ shape, strides, offset }: Geometry, { dim, start, step, length }: CutAttrs): Geometry => ({
  shape: shape.toSpliced(dim, 1, ...length),
  strides: strides.toSpliced(dim, 1, ...length.map(() => strides[dim]! * step)),
  offset: offset + start * strides[dim]!,
});
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
    [arg([2, 7]), -1, 1, null, 2],
    [arg([5]), 0, 3, -3],
    [arg([2, 3, 4]), { dim: 1, end: 2 }],
  ],
  errors: [raises([arg([3]), 0, 0, 2, -1], "step must be"), raises([arg([]), 0], "at least 1 dimensions")],
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
    [arg([2, 4]), -1, -2, 2],
    [arg([3, 4]), 1, arg([], { dtype: "int32", data: [1] }), 2],
  ],
  errors: [raises([arg([4]), 0, 2, 3], "leave dimension")],
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
    [arg([3, 4]), 0, -1],
    [arg([5]), 0, 2],
  ],
  errors: [raises([arg([4]), 0, 4], "out of range"), raises([arg([]), 0, 0], "at least 1 dimensions")],
};

type DimRest = [dim?: number] | [options: { dim?: number }];
const axisOf = (x: Tensor, rest: readonly unknown[]): number => axis(x, parse(rest, { dim: 0 }).dim);

/** All indices of a dimension, as an array of views without it. */
export const unbind: Composite<(x: Tensor, dim?: number) => Tensor[]> = {
  rest: true,
  compose: (x, ...rest) => {
    const dim = axisOf(x, rest);
    return Array.from({ length: x.shape[dim]! }, (_, i) => x.select(dim, i));
  },
  samples: [[arg([2, 3]), 1]],
  errors: [raises([arg([]), 0], "at least 1 dimensions"), raises([arg([2]), 2], "out of range")],
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
  samples: [[arg([2, 3]), [1, 2, 0], -1]],
  errors: [raises([arg([4]), [1, 2]], "sizes [1, 2] do not fill dimension 0 of [4]")],
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
    [arg([2, 5]), [1, 4], 1],
    [arg([2, 5]), 3, { dim: 1 }],
    [arg([0, 2]), 2],
  ],
  errors: [raises([arg([4]), [1, 2]], "sizes [1, 2] do not fill dimension 0 of [4]"), raises([arg([4]), -1], "at least 1")],
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
    [arg([7]), 3],
    [arg([0, 2]), 2],
  ],
  errors: [raises([arg([4]), 0], "at least 1"), raises([arg([0]), 2 ** 40], "at most 2147483647")],
};

/** Views along a dimension: of so many sections, the first ones an element longer where they do not come out even, or cut before the indices given. */
export const tensorSplit: Composite<(x: Tensor, sections: number | readonly number[], ...rest: DimRest) => Tensor[]> = {
  rest: true,
  compose: (x, sections, ...rest) => {
    const dim = axisOf(x, rest);
    const size = x.shape[dim]!;
    if (typeof sections === "number") {
      const n = integer(sections, "sections", 1);
      const longer = size % sizeOf([n]);
      return x.splitWithSizes(
        Array.from({ length: n }, (_, i) => Math.floor(size / n) + Number(i < longer)),
        dim,
      );
    }
    const cuts = [0, ...integers([sections], "indices"), size];
    return cuts.slice(1).map((end, i) => x.slice(dim, cuts[i], end));
  },
  samples: [
    [arg([7]), 3],
    [arg([2, 5]), [1, 3], { dim: 1 }],
    [arg([4]), [3, 1, 9], 0],
  ],
  errors: [
    raises([arg([4]), 0], "at least 1"),
    raises([arg([]), 2], "at least 1 dimensions"),
    raises([arg([4]), [0.5]], "must be integers"),
  ],
};

type Along = Composite<(x: Tensor, sections: number | readonly number[]) => Tensor[]>;

/** tensorSplit along the dimension that `dimOf` says, into equal sections. */
const splitting = (least: number, dimOf: (rank: number) => number, { samples, errors }: Cases): Along => ({
  compose: (x, sections) => {
    checkRank(x.shape, least);
    const dim = dimOf(x.ndim);
    if (typeof sections === "number" && x.shape[dim]! % integer(sections, "sections", 1) !== 0)
      throw new ShapeError(`dimension ${dim} of ${show(x.shape)} is no multiple of ${sections}`, "tensorSplit takes any number");
    return x.tensorSplit(sections, dim);
  },
  samples,
  errors,
});

/** Views along dimension 1, or 0 of vectors: so many equal ones, or cut before the indices given. */
export const hsplit: Along = splitting(1, (rank) => Number(rank > 1), {
  samples: [
    [arg([2, 4]), 2],
    [arg([3]), [1, 2]],
  ],
  errors: [raises([arg([2, 3]), 2], "no multiple of 2"), raises([arg([]), 1], "at least 1 dimensions")],
});
/** Views along dimension 0: so many equal ones, or cut before the indices given. */
export const vsplit: Along = splitting(2, () => 0, {
  samples: [
    [arg([4, 2]), 2],
    [arg([3, 2]), [1]],
  ],
  errors: [raises([arg([3, 2]), 2], "no multiple of 2"), raises([arg([4]), 2], "at least 2 dimensions")],
});
/** Views along dimension 2: so many equal ones, or cut before the indices given. */
export const dsplit: Along = splitting(3, () => 2, {
  samples: [
    [arg([1, 2, 4]), 2],
    [arg([2, 1, 3]), [1]],
  ],
  errors: [raises([arg([1, 1, 3]), 2], "no multiple of 2"), raises([arg([4, 2]), 2], "at least 3 dimensions")],
});

/** x with src written at one index of a dimension. */
export const selectScatter: Composite<(x: Tensor, src: Tensor, dim: number, index: number) => Tensor> = {
  rest: true,
  compose: (x, src, ...rest) => written(x, src, part(contiguous(x.shape), select.call(x, ...(rest as [number, number])).attrs)),
  samples: [
    [arg([3, 4]), arg([4]), 0, 1],
    [arg([2, 3]), arg([2]), -1, -1],
  ],
  errors: [raises([arg([3, 4]), arg([3]), 0, 1], "needs [4]"), raises([arg([3]), arg([]), 0, 3], "out of range")],
};

type SliceScatterFn = (x: Tensor, src: Tensor, dim?: number, start?: number | null, end?: number | null, step?: number) => Tensor;
/** x with src written to a slice of a dimension. */
export const sliceScatter: Composite<SliceScatterFn> = {
  rest: true,
  compose: (x, src, ...rest) => written(x, src, part(contiguous(x.shape), slice.call(x, ...rest).attrs)),
  samples: [
    [arg([5, 2]), arg([2, 2]), 0, 1, 5, 2],
    [arg([2, 4]), arg([2, 1]), { dim: 1, start: -1 }],
  ],
  errors: [raises([arg([5]), arg([2]), 0, 1, 5], "needs [4]")],
};
