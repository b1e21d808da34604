// The largest and smallest elements with their places.
import { elements } from "../backend/cpu.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../base/errors.ts";
import type { DType } from "../base/dtype.ts";
import { parse } from "../base/options.ts";
import { normalizeDim, normalizeDims, reducedShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Arg, type Cases, type Composite, type Fn, type Primitive, raises, t } from "./op.ts";
import { best, cpuReduce, type Fold, gpuReduce, type Rule } from "./reduction.ts";

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

/** Finds the position of the winner: the first of equals, a NaN before all others. */
const winner =
  (top: boolean): Fold =>
  (data, at, n0, s0, n1, s1) => {
    let value = top ? -Infinity : Infinity;
    let place = 0;
    for (let i = 0; i < n0; i++)
      for (let j = 0; j < n1; j++) {
        const v = data[at + i * s0 + j * s1]!;
        if (v !== v) return i * n1 + j;
        if (top ? v > value : v < value) [value, place] = [v, i * n1 + j];
      }
    return place;
  };

const ruleFor = (top: boolean, dtype: DType, emit: string): Rule => ({
  ...best(top, dtype, { empty: "empty_ranked", fold: "fold_ranked", merge: "merge_ranked", emit }),
  triple: "u32",
});

/** A record that chooses along `dim`; one without values gives positions only, by default that in the flattened tensor. */
function choosing<F extends Fn>(name: string, values: boolean, cases: Cases): Primitive<F, "indices", Attrs> {
  const top = name.includes("max");
  const choose = winner(top);
  return {
    call: (...args) => {
      const [x, ...rest] = args as unknown as [Tensor, ...unknown[]];
      const { dim, keepdim } = parse(name, rest, { dim: (values ? undefined : null) as number | null, keepdim: false });
      return {
        inputs: { x },
        attrs: { dims: normalizeDims(name, values || dim !== null ? normalizeDim(name, dim, x.ndim) : null, x.ndim), keepdim },
      };
    },
    meta: (ins, { dims, keepdim }) => {
      const x = ins["x"]!;
      const shape = reducedShape(x.shape, dims, keepdim);
      if (sizeOf(dims.map((d) => x.shape[d]!)) === 0 && sizeOf(shape) > 0)
        throw new ShapeError(name, `no elements to choose from in ${show(x.shape)}`);
      if (!values && x.dtype === "bool") throw new DtypeError(name, "not defined for bool", 'cast to "int32" first');
      const indices = { shape, dtype: "int32" } as const;
      return values ? { out: { shape, dtype: x.dtype }, indices } : { out: indices };
    },
    cpu: ({ x, out, indices }, { dims }) => {
      if (!indices) return cpuReduce(x!, dims, elements(out!), choose);
      const to = elements(out!);
      let o = 0;
      cpuReduce(x!, dims, elements(indices), (data, at, n0, s0, n1, s1) => {
        const found = choose(data, at, n0, s0, n1, s1);
        to[o++] = data[at + Math.floor(found / n1) * s0 + (found % n1) * s1]!;
        return found;
      });
    },
    gpu: ({ x, out, indices }, { dims }, q) =>
      gpuReduce(
        q,
        ruleFor(top, x!.dtype, values ? "emit_ranked" : "emit_place"),
        { x: x!, out: out!, out_i: indices ?? out! },
        dims,
        out!.dtype,
      ),
    ...(values ? { save: ["indices"], result: ({ out, indices }) => ({ values: out, indices }) as ReturnType<F> } : {}),
    backward: values
      ? (g, { indices }, { dims }, ins) => ({
          x: () => {
            const { shape } = ins["x"]!;
            const kept = reducedShape(shape, dims, true);
            return dims.length === 0 ? g : g.filledLike(0, shape).scatterAdd(dims[0]!, indices.reshape(kept), g.reshape(kept));
          },
        })
      : "none",
    ...cases,
  };
}

type Place = Primitive<
  (
    x: Tensor,
    ...rest:
      | [dim?: number | null, keepdim?: boolean]
      | [dim: number | null, options: { readonly keepdim?: boolean }]
      | [options: { readonly dim?: number | null; readonly keepdim?: boolean }]
  ) => Tensor,
  "indices",
  Attrs
>;
const place = (name: string): Place => choosing(name, false, { samples: [
  [t([3, 4])], [t([3, 4]), 1], [t([3, 4]), 0, true], [t([2, 300]), { dim: -1 }], [t([]), 0], [t([2, 3], { dtype: "int32", data: [1, 3, 3, 2, 2, 0] }), 1],
  [t([4], { data: [1, NaN, 5, NaN] })], [t([2, 3, 5])], [t([3], { data: [-Infinity, -Infinity, -Infinity] }), 0], [t([2, 3]), { keepdim: true }],
], errors: [raises([t([2, 3]), 2], "out of range"), raises([t([0])], "no elements")] }); // prettier-ignore

/** Position of the largest element: in the flattened tensor, or along a dimension. The first of equals; NaN wins. */
export const argmax: Place = place("argmax");
/** Position of the smallest element: in the flattened tensor, or along a dimension. The first of equals; NaN wins. */
export const argmin: Place = place("argmin");

/** Explicit data keeps its layout, so that no sample repeats values along the dimension chosen over. */
const distinct = (shape: Shape): Arg =>
  t(shape, { data: Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7 + 3) % 19) - 8.5 + i / 64) });

type Choice = Primitive<(x: Tensor, ...rest: Along) => Chosen, "indices", Attrs>;
const along = (name: string): Choice => choosing(name, true, { samples: [
  [t([3, 4]), 1], [distinct([3, 4]), 0, true], [t([2, 3, 5]), -2], [t([]), 0], [t([2, 300]), { dim: 1 }], [t([2, 3], { dtype: "int32", data: [1, 3, 3, 2, 2, 0] }), 1],
  [t([2, 3], { dtype: "bool" }), 1], [t([0, 3]), 1], [distinct([300, 2]), 0],
], errors: [raises([t([2, 3]), 2], "out of range"), raises([t([2, 0]), 1], "no elements"), raises([t([2])], "out of range")] }); // prettier-ignore

/** The largest elements along a dimension and their positions: what max(x, dim) gives. */
export const maxAlong: Choice = along("maxAlong");
/** The smallest elements along a dimension and their positions: what min(x, dim) gives. */
export const minAlong: Choice = along("minAlong");

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

const extreme = (name: "max" | "min"): Composite<Extreme> => ({
  compose: ((x: Tensor, ...rest: readonly unknown[]) => {
    const [first] = rest;
    if (first === undefined && rest.length <= 1) return x[`a${name}`]();
    const other = typeof first === "object" && first !== null && "other" in first ? first.other : first;
    if (typeof other !== "object" || other === null || !("storage" in other)) return x[`${name}Along`](...(rest as Along));
    if (rest.length > 1) throw new ArgumentError(name, "takes nothing beside two tensors");
    return x[`${name}imum`](other as Tensor);
  }) as Extreme,
  samples: [[distinct([3, 4])], [t([3, 4]), 1], [distinct([3, 4]), { dim: 0, keepdim: true }], [distinct([3, 4]), t([4])]],
  errors: [raises([t([0])], "no elements"), raises([t([2, 3]), 2], "out of range"), raises([t([2]), t([2]), true], "two tensors")],
}); // prettier-ignore

/** The largest element; with a dimension { values, indices } along it; with another tensor the larger of each pair. */
export const max: Composite<Extreme> = extreme("max");
/** The smallest element; with a dimension { values, indices } along it; with another tensor the smaller of each pair. */
export const min: Composite<Extreme> = extreme("min");
