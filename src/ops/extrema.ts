// The largest and smallest elements with their places.
import source from "../../shaders/reduce.wgsl?raw";
import { elements } from "../backend/cpu.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../base/errors.ts";
import { isFloat } from "../base/dtype.ts";
import { parse } from "../base/options.ts";
import { normalizeDim, normalizeDims, reducedShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Arg, type Composite, type Primitive, raises, t } from "./op.ts";
import { cpuReduce, type Fold, gpuReduce, type Rule } from "./reduction.ts";

/** Values and their positions (int32) along a dimension. */
export interface Chosen {
  readonly values: Tensor;
  readonly indices: Tensor;
}
type Along =
  | [dim: number, keepdim?: boolean]
  | [dim: number, options: { readonly keepdim?: boolean }]
  | [options: { readonly dim: number; readonly keepdim?: boolean }];
export interface Attrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

function checkChoice(name: string, shape: Shape, dims: readonly number[]): void {
  if (sizeOf(dims.map((d) => shape[d]!)) === 0 && sizeOf(reducedShape(shape, dims, false)) > 0)
    throw new ShapeError(name, `no elements to choose from in ${show(shape)}`, "give it a dim that is not empty");
}

/** The position of the winner: the first of equals, a NaN before all others. */
const largest: Fold = (data, at, n0, s0, n1, s1) => {
  let best = -Infinity;
  let place = 0;
  for (let i = 0; i < n0; i++)
    for (let j = 0; j < n1; j++) {
      const v = data[at + i * s0 + j * s1]!;
      if (v !== v) return i * n1 + j;
      if (v > best) [best, place] = [v, i * n1 + j];
    }
  return place;
};
const smallest: Fold = (data, at, n0, s0, n1, s1) => {
  let best = Infinity;
  let place = 0;
  for (let i = 0; i < n0; i++)
    for (let j = 0; j < n1; j++) {
      const v = data[at + i * s0 + j * s1]!;
      if (v !== v) return i * n1 + j;
      if (v < best) [best, place] = [v, i * n1 + j];
    }
  return place;
};

const ruleFor = (top: boolean, float: boolean, values: boolean): Rule => ({
  lanes: "ranked",
  roles: {
    zero: `zero_${top ? "lowest" : "highest"}_${float ? "f" : "i"}`,
    ...(top ? {} : { beats: "beats_below" }),
    ...(float ? { odd: "odd_nan" } : {}),
    ...(values ? {} : { emit: "emit_place", emit4: "emit4_place" }),
  },
});

function place(
  name: string,
  top: boolean,
): Primitive<
  (
    x: Tensor,
    ...rest:
      | [dim?: number | null, keepdim?: boolean]
      | [dim: number | null, options: { readonly keepdim?: boolean }]
      | [options: { readonly dim?: number | null; readonly keepdim?: boolean }]
  ) => Tensor,
  never,
  Attrs
> {
  return {
    call: (x, ...rest) => {
      const { dim, keepdim } = parse(name, rest, { dim: null as number | null, keepdim: false });
      return {
        inputs: { x },
        attrs: { dims: dim === null || x.ndim === 0 ? normalizeDims(name, dim, x.ndim) : [normalizeDim(name, dim, x.ndim)], keepdim },
      };
    },
    meta: ({ x }, { dims, keepdim }) => {
      checkChoice(name, x!.shape, dims);
      if (x!.dtype === "bool") throw new DtypeError(name, "not defined for bool", 'cast to "int32" first');
      return { out: { shape: reducedShape(x!.shape, dims, keepdim), dtype: "int32" } };
    },
    cpu: ({ x, out }, { dims }) => cpuReduce(x!, dims, elements(out!), top ? largest : smallest),
    gpu: ({ x, out }, { dims }, q) => gpuReduce(q, source, ruleFor(top, isFloat(x!.dtype), false), { x: x!, out_i: out! }, dims, "int32"),
    backward: "none",
    samples: [
      [t([3, 4])], [t([3, 4]), 1], [t([3, 4]), 0, true], [t([2, 300]), { dim: -1 }], [t([]), 0], [t([2, 3], { dtype: "int32", data: [1, 3, 3, 2, 2, 0] }), 1],
      [t([4], { data: [1, NaN, 5, NaN] })], [t([2, 3, 5])], [t([3], { data: [-Infinity, -Infinity, -Infinity] }), 0], [t([2, 3]), { keepdim: true }],
    ], // prettier-ignore
    errors: [raises([t([2, 3]), 2], "out of range"), raises([t([0])], "no elements")],
  };
}

/** Position of the largest element: in the flattened tensor, or along a dimension. The first of equals; NaN wins. */
export const argmax: ReturnType<typeof place> = place("argmax", true);

/** Position of the smallest element: in the flattened tensor, or along a dimension. The first of equals; NaN wins. */
export const argmin: ReturnType<typeof place> = place("argmin", false);

/** Explicit data keeps its layout, so that no sample repeats values along the dimension chosen over. */
const distinct = (shape: Shape): Arg =>
  t(shape, { data: Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7 + 3) % 19) - 8.5 + i / 64) });

function along(name: string, top: boolean): Primitive<(x: Tensor, ...rest: Along) => Chosen, "indices", Attrs> {
  return {
    call: (x, ...rest) => {
      const { dim, keepdim } = parse(name, rest, { dim: undefined as number | undefined, keepdim: false });
      const d = normalizeDim(name, dim, x.ndim);
      return { inputs: { x }, attrs: { dims: x.ndim === 0 ? [] : [d], keepdim } };
    },
    meta: ({ x }, { dims, keepdim }) => {
      checkChoice(name, x!.shape, dims);
      const shape = reducedShape(x!.shape, dims, keepdim);
      return { out: { shape, dtype: x!.dtype }, indices: { shape, dtype: "int32" } };
    },
    cpu: ({ x, out, indices }, { dims }) => {
      const [to, places] = [elements(out!), elements(indices!)];
      let o = 0;
      cpuReduce(x!, dims, places, (data, at, n0, s0, n1, s1) => {
        const found = (top ? largest : smallest)(data, at, n0, s0, n1, s1);
        to[o++] = data[at + Math.floor(found / n1) * s0 + (found % n1) * s1]!;
        return found;
      });
    },
    gpu: ({ x, out, indices }, { dims }, q) =>
      gpuReduce(q, source, ruleFor(top, isFloat(x!.dtype), true), { x: x!, out: out!, out_i: indices! }, dims, out!.dtype),
    save: ["indices"],
    backward: (g, { indices }, { dims }, ins) => ({
      x: () => {
        const [dim] = dims;
        if (dim === undefined) return g;
        const kept = reducedShape(ins["x"]!.shape, dims, true);
        const spread = g.reshape(kept);
        return spread.filledLike(0).expand(ins["x"]!.shape).scatterAdd(dim, indices.reshape(kept), spread);
      },
    }),
    result: ({ out, indices }) => ({ values: out!, indices: indices! }),
    samples: [
      [t([3, 4]), 1], [distinct([3, 4]), 0, true], [t([2, 3, 5]), -2], [t([]), 0], [t([2, 300]), { dim: 1 }], [t([2, 3], { dtype: "int32", data: [1, 3, 3, 2, 2, 0] }), 1],
      [t([2, 3], { dtype: "bool" }), 1], [t([0, 3]), 1], [distinct([300, 2]), 0],
    ], // prettier-ignore
    errors: [raises([t([2, 3]), 2], "out of range"), raises([t([2, 0]), 1], "no elements"), raises([t([2])], "out of range")],
  };
}

/** The largest elements along a dimension and their positions: what max(x, dim) gives. */
export const maxAlong: ReturnType<typeof along> = along("maxAlong", true);

/** The smallest elements along a dimension and their positions: what min(x, dim) gives. */
export const minAlong: ReturnType<typeof along> = along("minAlong", false);

/** PyTorch's three forms of max and min. */
export interface Extreme {
  (x: Tensor): Tensor;
  (x: Tensor, ...rest: Along): Chosen;
  (x: Tensor, other: Tensor): Tensor;
  readonly method: {
    (): Tensor;
    (...rest: Along): Chosen;
    (other: Tensor): Tensor;
  };
}

function forms(
  name: string,
  whole: (x: Tensor) => Tensor,
  dim: (x: Tensor, ...rest: Along) => Chosen,
  pair: (x: Tensor, other: Tensor) => Tensor,
): Extreme {
  return ((x: Tensor, ...rest: readonly unknown[]) => {
    const [first] = rest;
    if (first === undefined && rest.length <= 1) return whole(x);
    const other = typeof first === "object" && first !== null && "other" in first ? first.other : first;
    if (typeof other === "object" && other !== null && "storage" in other) {
      if (rest.length > 1) throw new ArgumentError(name, "takes nothing beside two tensors", "use dim and keepdim with one tensor");
      return pair(x, other as Tensor);
    }
    return dim(x, ...(rest as Along));
  }) as Extreme;
}

/** The largest element; with a dimension { values, indices } along it; with another tensor the larger of each pair. */
export const max: Composite<Extreme> = {
  compose: forms("max", (x) => x.amax(), (x, ...rest) => x.maxAlong(...rest), (x, other) => x.maximum(other)),
  samples: [[distinct([3, 4])], [t([3, 4]), 1], [distinct([3, 4]), { dim: 0, keepdim: true }], [distinct([3, 4]), t([4])]],
  errors: [raises([t([0])], "no elements"), raises([t([2, 3]), 2], "out of range"), raises([t([2]), t([2]), true], "two tensors")],
}; // prettier-ignore

/** The smallest element; with a dimension { values, indices } along it; with another tensor the smaller of each pair. */
export const min: Composite<Extreme> = {
  compose: forms("min", (x) => x.amin(), (x, ...rest) => x.minAlong(...rest), (x, other) => x.minimum(other)),
  samples: [[distinct([3, 4])], [t([3, 4]), 1], [distinct([3, 4]), { dim: 0, keepdim: true }], [distinct([3, 4]), t([4])]],
  errors: [raises([t([0])], "no elements"), raises([t([2, 3]), 2], "out of range"), raises([t([2]), t([2]), true], "two tensors")],
}; // prettier-ignore
