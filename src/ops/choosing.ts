// Records that look for the largest or smallest element: its value or its place.
import { elements } from "../backend/cpu.ts";
import { DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { normalizeDim, normalizeDims, reducedShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Arg, type Fn, type Primitive, raises, t } from "./op.ts";
import { type Attrs, best, counted, cpuReduce, type Dims, type Fold, gpuReduce, ofKind, restored, type Rule } from "./reduction.ts";

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

/**
 * A record that gives the largest or smallest element over any dimensions, or its place along one of them (by default in the flattened
 * tensor). Of equal elements the first is taken, but values share their gradient; NaN wins.
 */
export function choosing<F extends Fn>(which: "max" | "min", gives: "value" | "place"): Primitive<F, "x" | "out", Attrs> {
  const top = which === "max";
  const value = gives === "value";
  const place = winner(top ? 1 : -1);
  return {
    call: (...args) => {
      const [x, ...rest] = args as unknown as [Tensor, ...unknown[]];
      const { dim, keepdim } = parse(rest, { dim: null as Dims, keepdim: false });
      return { inputs: { x }, attrs: { dims: normalizeDims(value || dim === null ? dim : normalizeDim(dim, x.ndim), x.ndim), keepdim } };
    },
    meta: (ins, { dims, keepdim }) => {
      const { shape, dtype } = ins["x"]!;
      checkChoice(shape, dims);
      if (!value && dtype === "bool") throw new DtypeError("not defined for bool", 'cast to "int32" first');
      return { out: { shape: reducedShape(shape, dims, keepdim), dtype: value ? dtype : "int32" } };
    },
    cpu: ({ x, out }, { dims }) =>
      cpuReduce(x!, dims, elements(out!), (data, at, n0, s0, n1, s1) => {
        const found = place(data, at, n0, s0, n1, s1);
        return value ? data[at + Math.floor(found / n1) * s0 + (found % n1) * s1]! : found;
      }),
    gpu: ({ x, out }, { dims }, q) => {
      const roles = value ? { join: "join_best" } : { ...ofKind("ranked", "empty", "fold", "merge"), emit: "emit_place" };
      const rule: Rule = { ...best(top, x!.dtype, roles), ...(value ? {} : { triple: "u32" }) };
      gpuReduce(q, rule, { x: x!, [value ? "out" : "out_i"]: out! }, dims, out!.dtype);
    },
    save: value ? ["x", "out"] : [],
    backward: value
      ? (g, { x, out }, { dims }, ins) => ({
          x: () => {
            const ties = x.eq(restored(out, ins, dims)).cast(g.dtype);
            return restored(g, ins, dims).mul(ties.div(ties.sum(dims, true)));
          },
        })
      : "none",
    samples: [
      [distinct([2, 3, 5])],
      [distinct([3, 4]), 1],
      [t([]), 0],
      [distinct([300, 2]), { dim: -2, keepdim: true }],
      [t([2, 3], { dtype: "int32", data: [1, 3, 3, 2, 2, 0] }), 1],
      ...(value
        ? [[t([0, 3]), 1], [t([2, 3], { dtype: "bool" }), 1], [distinct([2, 3, 5]), [0, 2]]]
        : [[t([4], { data: [1, NaN, 5, NaN] })]]),
    ], // prettier-ignore
    errors: [raises([t([2, 3]), 2], "out of range"), raises([t([0, 3]), 0], "no elements"), raises([t([0])], "no elements")],
  };
}
