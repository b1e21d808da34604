// What runs along a dimension: the largest and smallest so far, and logarithms of sums of exponentials.
import { checkFloat } from "../../base/checks.ts";
import { parse } from "../../base/options.ts";
import { normalizeDim } from "../../base/shape.ts";
import type { Along } from "../../kernels/indexing.ts";
import { type Extremes, runningExtremes, runningLogSums } from "../../kernels/running.ts";
import { picked } from "../arranging.ts";
import { distinct } from "../choosing.ts";
import { type Chosen, chosen } from "../named.ts";
import { type Primitive, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

type DimRest = [dim: number] | [options: { readonly dim: number }];
const dimOf = (x: Tensor, rest: readonly unknown[]): number => normalizeDim(parse(rest, { dim: undefined as unknown }).dim, x.ndim);

type Running = Primitive<(x: Tensor, ...rest: DimRest) => Chosen, "x" | "indices", "indices", Extremes>;

const running = (largest: boolean): Running => ({
  rest: true,
  call: (x, ...rest) => ({ inputs: { x }, attrs: { dim: dimOf(x, rest), largest } }),
  meta: ({ x }) => ({ out: { shape: x.shape, dtype: x.dtype }, indices: { shape: x.shape, dtype: "int32" } }),
  ...runningExtremes,
  save: ["indices"],
  backward: (g, { indices }, { dim }) => ({ x: () => g.filledLike(0).scatterAdd(dim, indices, g) }),
  result: ({ out, indices }) => chosen(out, indices),
  samples: [
    [distinct([2, 3, 4]), 1],
    [distinct([5]), { dim: -1 }],
    [t([]), 0],
    [t([0, 2]), 0],
    [t([2, 4], { dtype: "int32", data: [1, 3, 3, 2, 2, 0, 2, 0] }), 1],
    [t([6], { data: [1, 1, NaN, 5, NaN, 0], fixed: true }), 0],
    [t([3], { dtype: "bool", data: [0, 1, 0] }), 0],
  ],
  errors: [raises([t([2]), 1], "out of range"), raises([t([2])], "out of range")],
});

/** The largest element so far along a dimension, and its place: the last of equals. NaN stays. */
export const cummax: Running = running(true);
/** The smallest element so far along a dimension, and its place: the last of equals. NaN stays. */
export const cummin: Running = running(false);

/** e^(part − whole), the share of a part in its running sum: 0 for parts of −∞, even of −∞, and 1 where both are +∞. */
const share = (part: Tensor, whole: Tensor): Tensor =>
  part.sub(whole).maskedFill(part.eq(Infinity), 0).maskedFill(part.eq(-Infinity), -Infinity).exp();

/** log Σ eˣ of the elements so far along a dimension, without overflow. */
export const logcumsumexp: Primitive<(x: Tensor, ...rest: DimRest) => Tensor, "x", "x" | "out", Along> = {
  rest: true,
  call: (x, ...rest) => ({ inputs: { x }, attrs: { dim: dimOf(x, rest) } }),
  meta: ({ x: { shape, dtype } }) => {
    checkFloat(dtype);
    return { out: { shape, dtype } };
  },
  ...runningLogSums,
  save: ["x", "out"],
  // A sum hands a share of its gradient down to the sum before it. Linear, so right where logarithms of gradients are not.
  backward: (g, { x, out }, { dim }) => ({
    x: () => {
      if (x.ndim === 0) return g;
      const n = x.shape[dim]!;
      const down = share(
        out,
        picked(out, dim, n, (i) => Math.min(i + 1, n - 1)),
      );
      return down.linearRecurrence(g, dim, { reverse: true }).mul(share(x, out));
    },
  }),
  samples: [
    [t([3, 4]), 1],
    [t([2, 3, 2]), { dim: -2 }],
    [t([]), 0],
    [t([0, 2]), 0],
    [t([2, 300]), 1],
    [t([6], { data: [-Infinity, 1, 1000, Infinity, -1, NaN], fixed: true }), 0],
  ],
  errors: [raises([t([2]), 1], "out of range"), raises([t([2], { dtype: "int32" }), 0], "floating")],
};
