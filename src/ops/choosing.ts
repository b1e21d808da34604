// Records that look for the largest or smallest element: its value, its place, or both.
import { DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { normalizeDim, normalizeDims, reducedShape, type Shape, sizeOf } from "../base/shape.ts";
import { elements } from "../device/cpu.ts";
import { cpuReduce, extreme, extremeAndPlace, extremePlace, type Fold, gpuReduce } from "../kernels/reduction.ts";
import { chosen } from "./named.ts";
import { type Arg, type Fn, type Primitive, raises, t } from "./op.ts";
import { type Attrs, counted, type Dims, restored } from "./reducing.ts";
import type { Tensor } from "./tensor.ts";

/** Finds the place of the winner: the first of equals, a NaN before all others. */
const winner =
  (sign: number): Fold =>
  (data, at, n0, s0, n1, s1) => {
    let value = -Infinity;
    let place = 0;
    for (let i = 0; i < n0; i++)
      for (let j = 0; j < n1; j++) {
        const v = data[at + i * s0 + j * s1]! * sign;
        if (v > value) [value, place] = [v, i * n1 + j];
        else if (v !== v) return i * n1 + j;
      }
    return place;
  };

/** A sample whose layout stays, so that no values repeat along the dimension chosen over. */
export const distinct = (shape: Shape): Arg =>
  t(shape, { data: Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7 + 3) % 19) - 8.5 + i / 64) });

/** Errors: ShapeError when there is nothing to choose from. */
export function checkChoice(shape: Shape, dims: readonly number[]): void {
  if (counted(shape, dims) === 0 && sizeOf(reducedShape(shape, dims, false)) > 0)
    throw new ShapeError(`no elements to choose from in ${show(shape)}`, "give it a dim that is not empty");
}

/** A record of what the function below makes. */
export type Choosing<F extends Fn> = Primitive<F, "x" | "indices?", "x" | "out" | "indices", Attrs>;

/**
 * A record that gives values over any dimensions, the place along one of them (by default in the flattened tensor), or both along one.
 * Of equal elements the first is taken, but values share their gradient; NaN wins.
 */
export function choosing<F extends Fn>(
  which: "largest" | "smallest",
  gives: "value" | "place" | "both",
  scattered?: (g: Tensor, indices: Tensor, dim: number, shape: Shape) => Tensor,
): Choosing<F> {
  const top = which === "largest";
  const place = winner(top ? 1 : -1);
  const value: Fold = (data, at, n0, s0, n1, s1) => {
    const found = place(data, at, n0, s0, n1, s1);
    return data[at + Math.floor(found / n1) * s0 + (found % n1) * s1]!;
  };
  return {
    call: (...args) => {
      const [x, ...rest] = args as unknown as [Tensor, ...unknown[]];
      const { dim, keepdim } = parse(rest, { dim: (gives === "both" ? undefined : null) as Dims | undefined, keepdim: false });
      const one = gives === "both" || (gives === "place" && dim !== null);
      return { inputs: { x }, attrs: { dims: normalizeDims(one ? normalizeDim(dim, x.ndim) : dim, x.ndim), keepdim } };
    },
    meta: ({ x }, { dims, keepdim }) => {
      checkChoice(x.shape, dims);
      const shape = reducedShape(x.shape, dims, keepdim);
      const indices = { shape, dtype: "int32" } as const;
      const out = { shape, dtype: x.dtype };
      if (gives === "both") return { out, indices };
      if (gives === "value") return { out };
      if (x.dtype === "bool") throw new DtypeError("not defined for bool", 'cast to "int32" first');
      return { out: indices };
    },
    cpu: ({ x, out, indices }, { dims }) => {
      cpuReduce(x, dims, elements(out), gives === "place" ? place : value);
      if (indices) cpuReduce(x, dims, elements(indices), place);
    },
    gpu: ({ x, out, indices }, { dims }, q) => {
      const reduction = gives === "value" ? extreme : gives === "place" ? extremePlace : extremeAndPlace;
      gpuReduce(q, reduction(top, x.dtype), { x, out, out_i: indices ?? out }, dims, out.dtype);
    },
    save: gives === "value" ? ["x", "out"] : gives === "both" ? ["indices"] : [],
    backward:
      gives === "place"
        ? "none"
        : (g, { x, out, indices }, { dims }, ins) => ({
            x: () => {
              const [wide, { shape }] = [restored(g, ins, dims), ins.x];
              if (gives === "both") return dims.length === 0 ? g : scattered!(wide, indices.reshape(wide.shape), dims[0]!, shape);
              const ties = x.eq(restored(out, ins, dims)).cast(g.dtype);
              return wide.mul(ties.div(ties.sum(dims, true)));
            },
          }),
    // PyTorch calls them max and min.
    ...(gives === "both" ? { result: ({ out, indices }) => chosen(out, indices!) as ReturnType<F> } : {}),
    samples: [
      ...(gives === "both" ? [] : [[distinct([2, 3, 5])]]),
      [distinct([3, 4]), 1],
      [t([]), 0],
      [distinct([300, 2]), { dim: -2, keepdim: true }],
      [t([2, 3], { dtype: "int32", data: [1, 3, 3, 2, 2, 0] }), 1],
      ...(gives === "place" ? [[t([4], { data: [1, NaN, 5, NaN] })]] : [[t([0, 3]), 1], [t([2, 3], { dtype: "bool" }), 1]]),
      ...(gives === "value" ? [[distinct([2, 3, 5]), [0, 2]]] : []),
    ], // prettier-ignore
    errors: [
      raises([t([2, 3]), 2], "out of range"),
      raises([t([0, 3]), 0], "no elements"),
      gives === "both" ? raises([t([2])], "out of range") : raises([t([0])], "no elements"),
    ],
  };
}
