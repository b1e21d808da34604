// Arranging: elements in another order, repeated, or cut to a triangle.
import source from "../../shaders/layout.wgsl?raw";
import type { View } from "../backend/backend.ts";
import { denseCopy } from "../backend/copy.ts";
import { dense, elements } from "../backend/cpu.ts";
import { kernel, type Launcher } from "../backend/kernel.ts";
import { ArgumentError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { normalizeDim, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { around, integer, integers, listOf, operand, type Sizes } from "./arguments.ts";
import { stridedCopy } from "./copy.ts";
import { type Composite, type Primitive, raises, t } from "./op.ts";
import { cpuRemap, gpuRemap, type Placement } from "./remap.ts";

type Dims = number | readonly number[];

/** x with the given dimensions walked backwards: negative strides, as only kernels see them. */
const mirrored = (x: View, dims: readonly number[]): View => ({
  ...x,
  strides: x.strides.map((s, d) => (dims.includes(d) ? -s : s)),
  offset: dims.reduce((o, d) => o + Math.max(0, x.shape[d]! - 1) * x.strides[d]!, x.offset),
});

/** The order of the elements reversed along dims. */
export const flip: Primitive<
  (x: Tensor, ...dims: readonly number[] | [readonly number[]] | [{ dims: Dims }]) => Tensor,
  never,
  { dims: readonly number[] }
> = {
  call: (x, ...rest) => {
    const named = typeof rest[0] === "object" && !Array.isArray(rest[0]) ? [parse("flip", rest, { dims: [] as Dims }).dims] : rest;
    const dims = integers("flip", named, "dims").map((d) => normalizeDim("flip", d, operand("flip", x).ndim));
    if (new Set(dims).size !== dims.length) throw new ShapeError("flip", `${show(dims)} names a dimension twice`);
    return { inputs: { x }, attrs: { dims: x.ndim === 0 ? [] : dims } };
  },
  meta: (ins) => ({ out: ins["x"]! }),
  cpu: ({ x, out }, { dims }) => stridedCopy.cpu({ x: mirrored(x!, dims), out: out! }, {}),
  gpu: ({ x, out }, { dims }, q) => denseCopy(q, mirrored(x!, dims), out!),
  backward: (g, _s, { dims }) => ({ x: () => g.flip([...dims]) }),
  samples: [
    [t([2, 3]), [0, 1]],
    [t([2, 3]), 1],
    [t([2, 3, 4]), { dims: [0, -1] }],
    [t([2, 0]), [1]],
    [t([]), []],
  ],
  errors: [raises([t([2]), [1]], "out of range"), raises([t([2, 2]), [0, 0]], "twice")],
};

type RollRest = [shifts: Dims, dims?: Dims] | [shifts: Dims, options: { dims?: Dims }];
const rolled = (x: { shape: Shape }, starts: readonly number[]): Placement => ({
  mode: "circular",
  starts,
  steps: x.shape.map(() => 1),
  fill: 0,
});

/** Elements moved by `shifts` along dims, those leaving one end coming back at the other; without dims the tensor rolls as one long row. */
export const roll: Composite<(x: Tensor, ...rest: RollRest) => Tensor> = {
  compose: (x, ...rest) => {
    const { ndim, shape } = operand("roll", x);
    const given = parse("roll", rest, { shifts: undefined as Dims | undefined, dims: undefined as Dims | undefined });
    const shifts = given.shifts === undefined ? [] : integers("roll", [listOf(given.shifts)], "shifts");
    if (shifts.length === 0) throw new ArgumentError("roll", "shifts is empty");
    const dims = listOf(given.dims ?? []).map((d) => normalizeDim("roll", d, ndim));
    if (dims.length === 0 && shifts.length === 1) return x.flatten().rollBy([shifts[0]!]).reshape(shape);
    if (dims.length !== shifts.length) throw new ShapeError("roll", `${shifts.length} shifts for ${dims.length} dimensions`);
    const by = shape.map(() => 0);
    dims.forEach((d, i) => (by[d]! += shifts[i]!));
    return x.rollBy(by);
  },
  samples: [
    [t([3, 4]), [1, -2], [0, 1]],
    [t([5]), 2],
    [t([2, 3]), 7],
    [t([2, 3]), 1, { dims: -1 }],
  ],
  errors: [raises([t([5]), []], "empty"), raises([t([5, 5]), [2, 1], 0], "2 shifts for 1"), raises([t([5]), 0, 2], "out of range")],
};

/** Elements rolled by one amount per dimension. */
export const rollBy: Primitive<(x: Tensor, shifts: readonly number[]) => Tensor, never, { shifts: readonly number[] }> = {
  call: (x, shifts) => ({ inputs: { x }, attrs: { shifts } }),
  meta: (ins, { shifts }) => {
    if (shifts.length !== ins["x"]!.shape.length)
      throw new ShapeError("rollBy", `${shifts.length} shifts for ${ins["x"]!.shape.length} dimensions`);
    return { out: ins["x"]! };
  },
  cpu: ({ x, out }, { shifts }) => cpuRemap(x!, out!, rolled(out!, reduced(out!.shape, shifts))),
  gpu: ({ x, out }, { shifts }, q) => gpuRemap(q, x!, out!, rolled(out!, reduced(out!.shape, shifts))),
  backward: (g, _s, { shifts }) => ({ x: () => g.rollBy(shifts.map((s) => -s)) }),
  samples: [
    [t([3, 4]), [1, -2]],
    [t([2, 3, 4]), [0, 5, 0]],
    [t([0]), [1]],
    [t([2, 3, 2, 2, 3]), [1, 1, 1, 1, 2]],
  ],
  errors: [raises([t([2, 3]), [1]], "1 shifts for 2")],
};
const reduced = (shape: Shape, shifts: readonly number[]): number[] => shifts.map((s, d) => (shape[d] ? s % shape[d] : 0));

/** The tensor laid side by side: the last dimension sizes[last] times, and so on; more sizes than dimensions add leading ones. */
export const repeat: Composite<(x: Tensor, ...sizes: Sizes) => Tensor> = {
  compose: (x, ...rest) => {
    const { ndim, shape } = operand("repeat", x);
    const times = integers("repeat", rest);
    if (times.length < ndim || times.some((n) => n < 0))
      throw new ShapeError("repeat", `${show(times)} does not give a count of at least 0 for each dimension of ${show(shape)}`);
    return x.reshape([...times.slice(ndim).map(() => 1), ...shape]).repeatBy(times);
  },
  samples: [
    [t([2, 3]), [2, 1]],
    [t([3]), 2, 2],
    [t([]), [2, 3]],
    [t([2]), [0]],
  ],
  errors: [raises([t([2, 2]), [2]], "does not give"), raises([t([2]), [-1]], "does not give")],
};

/** The tensor repeated as often as `times` says, one number per dimension. */
export const repeatBy: Primitive<(x: Tensor, times: readonly number[]) => Tensor, never, { times: readonly number[] }> = {
  call: (x, times) => ({ inputs: { x }, attrs: { times } }),
  meta: (ins, { times }) => {
    const { shape, dtype } = ins["x"]!;
    if (times.length !== shape.length) throw new ShapeError("repeatBy", `${times.length} counts for ${shape.length} dimensions`);
    return { out: { shape: shape.map((d, i) => d * times[i]!), dtype } };
  },
  cpu: ({ x, out }) => cpuRemap(x!, out!, rolled(out!, out!.shape.map(() => 0))), // prettier-ignore
  gpu: ({ x, out }, _a, q) => gpuRemap(q, x!, out!, rolled(out!, out!.shape.map(() => 0))), // prettier-ignore
  backward: (g, _s, { times }, ins) => ({
    x: () => {
      const { shape } = ins["x"]!;
      return shape.reduce((sum, size, d) => {
        if (times[d] === 1) return sum;
        const { outer, inner } = around(sum.shape, d);
        return sum
          .reshape([outer, times[d]!, size * inner])
          .sum(1)
          .reshape(sum.shape.toSpliced(d, 1, size));
      }, g);
    },
  }),
  samples: [
    [t([2, 3]), [2, 2]],
    [t([2, 1, 3]), [1, 4, 1]],
    [t([2]), [0]],
    [t([2, 2, 1, 2, 2]), [2, 1, 3, 2, 2]],
  ],
  errors: [raises([t([2, 2]), [2]], "1 counts for 2")],
};

/** `repeat` that also takes fewer numbers than dimensions: the leading dimensions then stay. */
export const tile: Composite<(x: Tensor, ...times: Sizes) => Tensor> = {
  compose: (x, ...rest) => {
    const times = integers("tile", rest);
    const lead = Math.max(0, operand("tile", x).ndim - times.length);
    return x.repeat([...new Array<number>(lead).fill(1), ...times]);
  },
  samples: [
    [t([2, 3]), [2]],
    [t([2]), [2, 2]],
    [t([]), []],
  ],
  errors: [raises([t([2]), [-1]], "does not give")],
};

type InterleaveRest = [dim?: number] | [options: { dim?: number }];

/** Every element `repeats` times in a row along dim; without dim the tensor is flattened first. */
export const repeatInterleave: Composite<(x: Tensor, repeats: number, ...rest: InterleaveRest) => Tensor> = {
  compose: (x, repeats, ...rest) => {
    operand("repeatInterleave", x);
    const { dim } = parse("repeatInterleave", rest, { dim: undefined as number | undefined });
    const n = integer("repeatInterleave", repeats, "repeats", 0);
    const from = dim === undefined ? x.flatten() : x;
    const at = normalizeDim("repeatInterleave", dim ?? 0, from.ndim);
    if (from.ndim === 0) return from.expand(n);
    const { outer, inner } = around(from.shape, at);
    const size = from.shape[at]!;
    return from
      .reshape([outer * size, 1, inner])
      .expand(-1, n, -1)
      .reshape(from.shape.toSpliced(at, 1, size * n));
  },
  samples: [
    [t([2, 3]), 2],
    [t([2, 3]), 3, 1],
    [t([2, 3]), 2, { dim: 0 }],
  ],
  errors: [raises([t([2]), -1], "at least 0"), raises([t([2]), 2, 1], "out of range")],
};

type TriangleFn = (x: Tensor, diagonal?: number) => Tensor;

function triangle(name: "tril" | "triu"): Primitive<TriangleFn, never, { diagonal: number }> {
  const upper = name === "triu";
  const launch = (x: View, out: View, diagonal: number, q: Launcher): void => {
    const [rows, cols] = out.shape.slice(-2) as [number, number];
    const size = sizeOf(out.shape);
    q.launch(kernel(source, "triangle"), { x: q.dense(x), out }, { size, rows, cols, diagonal, upper: upper ? 1 : 0 }, size);
  };
  return {
    call: (x, ...rest) => ({ inputs: { x }, attrs: { diagonal: integer(name, parse(name, rest, { diagonal: 0 }).diagonal, "diagonal") } }),
    meta: (ins) => {
      const x = ins["x"]!;
      if (x.shape.length < 2) throw new ShapeError(name, `needs at least 2 dimensions, got ${show(x.shape)}`);
      return { out: x };
    },
    cpu: ({ x, out }, { diagonal }) => {
      const [from, to] = [dense(x!), elements(out!)];
      const [rows, cols] = out!.shape.slice(-2) as [number, number];
      for (let k = 0, row = 0; k < to.length; row = (row + 1) % rows)
        for (let col = 0; col < cols; col++, k++) to[k] = (upper ? col - row >= diagonal : col - row <= diagonal) ? from[k]! : 0;
    },
    gpu: ({ x, out }, { diagonal }, q) => launch(x!, out!, diagonal, q),
    backward: (g, _s, { diagonal }) => ({ x: () => g[name](diagonal) }),
    samples: [[t([3, 4])], [t([3, 4]), -1], [t([2, 3, 3]), { diagonal: 1 }], [t([0, 3])]],
    errors: [raises([t([3])], "at least 2 dimensions")],
    inplace: true,
  };
}

/** The lower triangle of matrices (column − row ≤ diagonal), zeros above. */
export const tril: Primitive<TriangleFn, never, { diagonal: number }> & { readonly inplace: true } = triangle("tril") as Primitive<
  TriangleFn,
  never,
  { diagonal: number }
> & { readonly inplace: true };
/** The upper triangle of matrices (column − row ≥ diagonal), zeros below. */
export const triu: Primitive<TriangleFn, never, { diagonal: number }> & { readonly inplace: true } = triangle("triu") as Primitive<
  TriangleFn,
  never,
  { diagonal: number }
> & { readonly inplace: true };

/** An int32 tensor in the shape of x that holds every element's row-major position: 0, 1, 2, … */
export const positions: Primitive<(x: Tensor) => Tensor> = {
  call: (x) => ({ inputs: { x }, attrs: {} }),
  meta: (ins) => ({ out: { shape: ins["x"]!.shape, dtype: "int32" } }),
  cpu: ({ out }) => {
    const to = elements(out!);
    for (let i = 0; i < to.length; i++) to[i] = i;
  },
  gpu: ({ out }, _a, q) => q.launch(kernel(source, "positions"), { places: out! }, { size: sizeOf(out!.shape) }, sizeOf(out!.shape)),
  backward: "none",
  samples: [[t([2, 3])], [t([])]],
  errors: [raises(["x"], "must be a tensor")],
};
