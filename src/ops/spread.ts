// Variance, standard deviation and norms.
import source from "../../shaders/reduce.wgsl?raw";
import { elements } from "../backend/cpu.ts";
import { asDType, type DType, type DTypeLike, isFloat } from "../base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { normalizeDims, reducedShape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Composite, type Inputs, type Metas, type Primitive, raises, t } from "./op.ts";
import { cpuReduce, type Fold, gpuReduce, type Rule } from "./reduction.ts";

type Dims = number | readonly number[] | null;
export interface SpreadOptions {
  readonly unbiased?: boolean;
  readonly keepdim?: boolean;
  /** What the count is lowered by: 1 (default) for a sample, 0 for a population. */
  readonly correction?: number;
}
type SpreadArgs =
  | [dim?: Dims, unbiased?: boolean, keepdim?: boolean]
  | [dim: Dims, options: SpreadOptions]
  | [unbiased: boolean]
  | [options: SpreadOptions & { readonly dim?: Dims }];
export interface Spread {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  readonly correction: number;
}

const counted = (ins: Metas, dims: readonly number[]): number => sizeOf(dims.map((d) => ins["x"]!.shape[d]!));
const divisor = (n: number, correction: number): number => Math.max(0, n - correction);

// Two passes, the second with the correction for the rounding of the first mean.
const varianceFold =
  (correction: number, root: boolean): Fold =>
  (data, at, n0, s0, n1, s1) => {
    const n = n0 * n1;
    let sum = 0;
    for (let i = 0; i < n0; i++) for (let j = 0; j < n1; j++) sum += data[at + i * s0 + j * s1]!;
    const mean = sum / n;
    let m2 = 0;
    let rest = 0;
    for (let i = 0; i < n0; i++)
      for (let j = 0; j < n1; j++) {
        const d = data[at + i * s0 + j * s1]! - mean;
        m2 += d * d;
        rest += d;
      }
    const v = Math.max(0, m2 - (rest * rest) / n) / divisor(n, correction);
    return root ? Math.sqrt(v) : v;
  };

function spread<S extends "x" | "out">(
  name: string,
  root: boolean,
  save: readonly S[],
  slope: (g: Tensor, out: Tensor, by: number) => Tensor,
): Primitive<(x: Tensor, ...rest: SpreadArgs) => Tensor, S, Spread> {
  return {
    call: (x, ...rest) => {
      const legacy = typeof rest[0] === "boolean" ? [null, ...rest] : rest;
      const defaults = { dim: null as Dims, unbiased: undefined as boolean | undefined, keepdim: false };
      const { dim, unbiased, keepdim, correction } = parse(name, legacy, defaults, { correction: undefined as number | undefined });
      if (unbiased !== undefined && correction !== undefined)
        throw new ArgumentError(name, "unbiased and correction were both given", "use correction");
      return {
        inputs: { x },
        attrs: { dims: normalizeDims(name, dim, x.ndim), keepdim, correction: correction ?? (unbiased === false ? 0 : 1) },
      };
    },
    meta: ({ x }, { dims, keepdim }) => {
      if (!isFloat(x!.dtype)) throw new DtypeError(name, `needs a floating dtype, got ${x!.dtype}`, 'cast to "float32" first');
      return { out: { shape: reducedShape(x!.shape, dims, keepdim), dtype: x!.dtype } };
    },
    cpu: ({ x, out }, { dims, correction }) => cpuReduce(x!, dims, elements(out!), varianceFold(correction, root)),
    gpu: ({ x, out }, { dims, correction }, q) => {
      const rule: Rule = {
        lanes: "moments",
        roles: root ? { write_moments: "write_deviation" } : {},
        across: { first_shift: "first_shift_across" },
      };
      const n = counted({ x: x! }, dims);
      gpuReduce(q, source, rule, { x: x!, out: out! }, dims, "float32", { scale: divisor(n, correction) });
    },
    save,
    backward: (g, saved, { dims, correction }, ins) => ({
      x: () => {
        const { x, out } = saved as unknown as { x: Tensor; out: Tensor };
        const kept = reducedShape(ins["x"]!.shape, dims, true);
        const scale = slope(g.reshape(kept), root ? out.reshape(kept) : g, divisor(counted(ins, dims), correction));
        return x.sub(x.mean(dims, true)).mul(scale);
      },
    }),
    samples: [
      [t([3, 4])], [t([3, 4]), 1], [t([2, 3, 5]), [0, 2], { correction: 0, keepdim: true }], [t([3, 4]), 0, false, true], [t([4]), false],
      [t([2, 300], { low: 100, high: 101 }), -1], [t([2, 300, 3], { low: 100, high: 101 }), 1], [t([5]), { correction: 2 }],
    ], // prettier-ignore
    errors: [
      raises([t([2, 3]), 2], "out of range"),
      raises([t([3], { dtype: "int32" })], "floating"),
      raises([t([3]), 0, true, { correction: 1 }], "both given"),
    ],
  };
}

/** The variance over dimensions, all by default; the count is lowered by `correction` (1). */
const variance: ReturnType<typeof spread<"x">> = spread("var", false, ["x"], (g, _out, by) => g.mul(2 / by));
export { variance as var };

/** The standard deviation over dimensions, all by default; the count is lowered by `correction` (1). Its gradient at 0 is 0. */
export const std: ReturnType<typeof spread<"x" | "out">> = spread("std", true, ["x", "out"], (g, out, by) =>
  g.div(out.maskedFill(out.eq(0), Infinity).mul(by)),
);

// ---- norms --------------------------------------------------------------------------------------------------------

export interface NormOptions {
  readonly dim?: Dims;
  readonly keepdim?: boolean;
  readonly dtype?: DTypeLike | undefined;
}
export interface Norm {
  readonly p: number;
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  readonly dtype: DType;
}

const normFold =
  (p: number): Fold =>
  (data, at, n0, s0, n1, s1) => {
    let acc = p === -Infinity ? Infinity : 0;
    for (let i = 0; i < n0; i++)
      for (let j = 0; j < n1; j++) {
        const v = Math.abs(data[at + i * s0 + j * s1]!);
        if (p === 2) acc += v * v;
        else if (p === Infinity) acc = Math.max(acc, v);
        else if (p === -Infinity) acc = Math.min(acc, v);
        else acc += p === 0 ? Number(v !== 0) : v ** p;
      }
    return p === 2 ? Math.sqrt(acc) : p === 0 || p === 1 || Math.abs(p) === Infinity ? acc : acc ** (1 / p);
  };

const normRoles = (p: number): Record<string, string> => {
  if (p === 2) return { lift: "lift_square", finish: "finish_sqrt" };
  if (p === Infinity) return { lift: "lift_abs", join: "join_max_f" };
  if (p === -Infinity) return { lift: "lift_abs", join: "join_min_f", zero: "zero_highest_f" };
  if (p === 0) return { lift: "lift_truth" };
  return p === 1 ? { lift: "lift_abs" } : { lift: "lift_power", finish: "finish_power" };
};

const normCall = (
  name: string,
  x: Tensor,
  p: unknown,
  dim: Dims,
  keepdim: boolean,
  dtype: DTypeLike | undefined,
): { inputs: { x: Tensor }; attrs: Norm } => {
  if (typeof p !== "number" || Number.isNaN(p)) throw new ArgumentError(name, `the order must be a number, got ${String(p)}`);
  return {
    inputs: { x },
    attrs: { p, dims: normalizeDims(name, dim, x.ndim), keepdim, dtype: dtype === undefined ? x.dtype : asDType(name, dtype) },
  };
};

const normMeta = (name: string, { x }: Inputs, { p, dims, keepdim, dtype }: Norm): { shape: number[]; dtype: DType } => {
  if (!isFloat(dtype)) throw new DtypeError(name, `needs a floating dtype, got ${dtype}`, 'cast to "float32" first');
  const shape = reducedShape(x!.shape, dims, keepdim);
  if ((p < 0 || p === Infinity) && counted({ x: x! }, dims) === 0 && sizeOf(shape) > 0)
    throw new ShapeError(name, `order ${p} of no elements is not defined for ${show(x!.shape)}`);
  return { shape, dtype };
};

/** The p-norm of all elements or over dimensions, ord 2 by default; 0 counts, ±Infinity take extremes. The gradient at 0 is 0. */
export const vectorNorm: Primitive<
  (
    x: Tensor,
    ...rest:
      | [ord?: number, dim?: Dims, keepdim?: boolean, options?: { readonly dtype?: DTypeLike | undefined }]
      | [ord: number, options: NormOptions]
      | [options: NormOptions & { readonly ord?: number }]
  ) => Tensor,
  "x" | "out",
  Norm
> = {
  call: (x, ...rest) => {
    const { ord, dim, keepdim, dtype } = parse(
      "vectorNorm",
      rest,
      { ord: 2, dim: null as Dims, keepdim: false },
      { dtype: undefined as DTypeLike | undefined },
    );
    return normCall("vectorNorm", x, ord, dim, keepdim, dtype);
  },
  meta: (ins, attrs) => ({ out: normMeta("vectorNorm", ins, attrs) }),
  cpu: ({ x, out }, { p, dims }) => cpuReduce(x!, dims, elements(out!), normFold(p)),
  gpu: ({ x, out }, { p, dims }, q) =>
    gpuReduce(q, source, { lanes: "", accumulate: "f32", roles: normRoles(p) }, { x: x!, out: out! }, dims, "float32", { p, scale: 1 / p }),
  save: ["x", "out"],
  backward: (g, { x: given, out }, { p, dims, dtype }, ins) => ({
    x: () => {
      const x = given.dtype === dtype ? given : given.cast(dtype);
      const kept = reducedShape(ins["x"]!.shape, dims, true);
      const [gradient, norm] = [g.reshape(kept), out.reshape(kept)];
      if (p === 0) return x.filledLike(0);
      if (p === 1) return x.sign().mul(gradient);
      if (Math.abs(p) === Infinity) {
        const ties = x.abs().eq(norm).cast(dtype);
        return x
          .sign()
          .mul(ties)
          .mul(gradient.div(ties.sum(dims, true)));
      }
      // Infinity below the fraction bar makes every gradient at a zero norm or element 0, also in later derivatives.
      const safe = norm.maskedFill(norm.eq(0), Infinity);
      if (p === 2) return x.mul(gradient.div(safe));
      const size = x.abs();
      const zeros = x.eq(0);
      const powers =
        p > 2
          ? size.pow(p - 1)
          : size
              .maskedFill(zeros, 1)
              .pow(p - 1)
              .maskedFill(zeros, 0);
      const slope = x.sign().mul(powers);
      return slope.mul(gradient.div(safe.pow(p - 1)));
    },
  }),
  samples: [
    [t([3, 4])], [t([3, 4]), 2, 1], [t([3, 4]), 1, 0, true], [t([3, 4]), 3, [0, 1]], [t([3, 4]), Infinity, 1], [t([3, 4], { data: [1, -2, 3, -4, 2, 3, -1, 5, -3, 4, 2, 1] }), -Infinity, 0], [t([3, 4]), 0, 1],
    [t([3, 4]), 1.5, 1], [t([3, 4], { low: 0.5, high: 2 }), 0.5, 1], [t([3, 4], { low: 0.5, high: 2 }), -2, 1], [t([2, 300]), { dim: 1 }], [t([]), { ord: 1 }], [t([0, 2]), 2, 0],
  ], // prettier-ignore
  errors: [
    raises([t([2, 3]), 2, 2], "out of range"),
    raises([t([3], { dtype: "int32" })], "floating"),
    raises([t([3]), "fro"], "must be a number"),
    raises([t([0]), Infinity], "not defined"),
  ],
};

/** The vector norm under PyTorch's older name: p "fro" is 2. Errors: ArgumentError for matrix norms such as "nuc". */
export const norm: Composite<
  (
    x: Tensor,
    ...rest:
      | [p?: number | "fro", dim?: Dims, keepdim?: boolean, options?: { readonly dtype?: DTypeLike | undefined }]
      | [p: number | "fro", options: NormOptions]
      | [options: NormOptions & { readonly p?: number | "fro" }]
  ) => Tensor
> = {
  compose: (x, ...rest) => {
    const { p, dim, keepdim, dtype } = parse(
      "norm",
      rest,
      { p: "fro" as number | "fro", dim: null as Dims, keepdim: false },
      { dtype: undefined as DTypeLike | undefined },
    );
    if (p !== "fro" && typeof p !== "number") throw new ArgumentError("norm", `p must be a number or "fro", got ${String(p)}`);
    return x.vectorNorm(p === "fro" ? 2 : p, { dim, keepdim, dtype });
  },
  samples: [[t([3, 4])], [t([3, 4]), 1, 1], [t([3, 4]), "fro", [0, 1], true], [t([3, 4]), { p: 3, dim: 0 }]],
  errors: [raises([t([3]), "nuc"], "must be a number")],
};
