// Variance, standard deviation and norms.
import { checkFloat } from "../../base/checks.ts";
import { asDType, type DTypeLike } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import { either, parse } from "../../base/options.ts";
import { normalizeDims, reducedShape, type Shape } from "../../base/shape.ts";
import { elements } from "../../device/cpu.ts";
import { cpuReduce, type Fold, gpuReduce, variances } from "../../kernels/reduction.ts";
import { operand } from "../arguments.ts";
import { checkChoice, distinct } from "../choosing.ts";
import { type Arg, type Composite, type Primitive, raises, t } from "../op.ts";
import { type Attrs, counted, type Dims, restored } from "../reducing.ts";
import { safeRoot } from "../roots.ts";
import type { Tensor } from "../tensor.ts";

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
export interface Spread extends Attrs {
  readonly correction: number;
}

const divisor = (shape: Shape, { dims, correction }: Spread): number => Math.max(0, counted(shape, dims) - correction);

// Deviations from the first element instead of the mean, which is at most √(n − 1) standard deviations away: in double precision the
// subtraction loses no more than the last digits.
const varianceFold =
  (by: number): Fold =>
  (data, at, n0, s0, n1, s1) => {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n0; i++)
      for (let j = 0; j < n1; j++) {
        const d = data[at + i * s0 + j * s1]! - data[at]!;
        sum += d;
        squares += d * d;
      }
    return Math.max(0, squares - (sum * sum) / (n0 * n1)) / by;
  };

function spread(x: Tensor, rest: readonly unknown[]): Spread {
  const legacy = typeof rest[0] === "boolean" ? [null, ...rest] : rest;
  const defaults = { dim: null as Dims, unbiased: either<boolean | undefined>(undefined, "boolean"), keepdim: false };
  const { dim, unbiased, keepdim, correction } = parse(legacy, defaults, { correction: either<number | undefined>(undefined, "number") });
  if (unbiased !== undefined && correction !== undefined)
    throw new ArgumentError("unbiased and correction were both given", "use correction");
  checkFloat(x.dtype);
  return { dims: normalizeDims(dim, x.ndim), keepdim, correction: correction ?? (unbiased === false ? 0 : 1) };
}

/** The variance over dimensions, all by default; the count is lowered by `correction` (1). */
const variance: Primitive<(x: Tensor, ...rest: SpreadArgs) => Tensor, "x", "x", Spread> = {
  rest: true,
  call: (x, ...rest) => ({ inputs: { x }, attrs: spread(x, rest) }),
  meta: ({ x }, { dims, keepdim }) => ({ out: { shape: reducedShape(x.shape, dims, keepdim), dtype: x.dtype } }),
  cpu: ({ x, out }, attrs) => cpuReduce(x, attrs.dims, elements(out), varianceFold(divisor(x.shape, attrs))),
  gpu: ({ x, out }, attrs, q) => gpuReduce(q, variances, { x, out }, attrs.dims, "float32", { scale: divisor(x.shape, attrs) }),
  save: ["x"],
  backward: (g, { x }, attrs, ins) => ({
    x: () => {
      const slope = restored(g, ins, attrs.dims).mul(2 / divisor(x.shape, attrs));
      return x.sub(x.mean(attrs.dims, true)).mul(slope);
    },
  }),
  samples: [
    [t([3, 4])], [t([2, 3, 5]), [0, 2], { correction: 0, keepdim: true }], [t([3, 4]), 0, false, true], [t([4]), false],
    [t([2, 300, 3], { low: 100, high: 101 }), 1],
  ], // prettier-ignore
  errors: [
    raises([t([2, 3]), 2], "out of range"),
    raises([t([3], { dtype: "int32" })], "floating"),
    raises([t([3]), 0, true, { correction: 1 }], "both given"),
  ],
};
export { variance as var };

/** The standard deviation over dimensions, all by default; the count is lowered by `correction` (1). Its gradient at 0 is 0. */
export const std: Composite<(x: Tensor, ...rest: SpreadArgs) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const { dims, ...options } = spread(x, rest);
    return safeRoot(x.var(dims, options));
  },
  samples: variance.samples,
  errors: variance.errors,
};

type WithMean = Composite<(x: Tensor, ...rest: SpreadArgs) => readonly [spread: Tensor, mean: Tensor]>;
const withMean = (name: "std" | "var"): WithMean => ({
  rest: true,
  compose: (x, ...rest) => {
    const { dims, keepdim, correction } = spread(x, rest);
    return [x[name](dims, { keepdim, correction }), x.mean(dims, keepdim)];
  },
  samples: variance.samples.slice(0, 4),
  errors: variance.errors,
});

/** The standard deviation and the mean over dimensions, all by default. */
export const stdMean: WithMean = withMean("std");
/** The variance and the mean over dimensions, all by default. */
export const varMean: WithMean = withMean("var");

// ---- norms --------------------------------------------------------------------------------------------------------

export interface NormOptions {
  readonly dim?: Dims;
  readonly keepdim?: boolean;
  readonly dtype?: DTypeLike | undefined;
}
/** The p-norm of all elements or over dimensions, ord 2 by default; 0 counts, ±Infinity take extremes. The gradient at 0 is 0. */
export const vectorNorm: Composite<
  (
    x: Tensor,
    ...rest:
      | [ord?: number, dim?: Dims, keepdim?: boolean, options?: { readonly dtype?: DTypeLike | undefined }]
      | [ord: number, options: NormOptions]
      | [options: NormOptions & { readonly ord?: number }]
  ) => Tensor
> = {
  rest: true,
  compose: (given, ...rest) => {
    const defaults = { ord: 2, dim: null as Dims, keepdim: false };
    const { ord: p, dim, keepdim, dtype } = parse(rest, defaults, { dtype: undefined as DTypeLike | undefined });
    if (typeof p !== "number" || Number.isNaN(p)) throw new ArgumentError(`the order must be a number, got ${String(p)}`);
    const { shape } = given;
    const dims = normalizeDims(dim, shape.length);
    const wanted = asDType(dtype ?? given.dtype);
    checkFloat(wanted);
    if (p < 0) checkChoice(shape, dims);
    const x = given.to(wanted);
    if (p === 2) return safeRoot(x.square().sum(dims, keepdim));
    const size = x.abs();
    if (p === 1) return size.sum(dims, keepdim);
    if (p === Infinity) return size.amax(dims, keepdim);
    if (p === -Infinity) return size.amin(dims, keepdim);
    // Zeros are kept out of every power, which makes their gradients 0, also in later derivatives.
    const power = (v: Tensor, exponent: number): Tensor => {
      const zeros = v.eq(0);
      return v
        .maskedFill(zeros, 1)
        .pow(exponent)
        .maskedFill(zeros, p < 0 ? Infinity : 0);
    };
    const total = power(size, p).sum(dims, keepdim);
    return p === 0 ? total : power(total, 1 / p);
  },
  samples: [
    [t([3, 4]), 2, 1, true], [t([3, 4]), 1, 0], [t([3, 4]), Infinity, 1], [distinct([3, 4]), { ord: -Infinity }], [t([3, 4]), 0, 1],
    [t([3, 4]), 1.5, 1], [t([3, 4], { low: 0.5, high: 2 }), -2, [0, 1]], [t([0, 2]), 2, 0],
  ], // prettier-ignore
  errors: [
    raises([t([2, 3]), 2, 2], "out of range"),
    raises([t([3], { dtype: "int32" })], "floating"),
    raises([t([3]), "fro"], "must be a number"),
    raises([t([0]), -2], "no elements"),
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
  rest: true,
  compose: (x, ...rest) => {
    const defaults = { p: either<number | "fro">("fro", "number", "string"), dim: null as Dims, keepdim: false };
    const { p, ...options } = parse(rest, defaults, { dtype: undefined as DTypeLike | undefined });
    return x.vectorNorm(p === "fro" ? 2 : p, options);
  },
  samples: [[t([3, 4])], [t([3, 4]), { p: 3, dim: 0 }]],
  errors: [raises([t([3]), "nuc"], "must be a number")],
};

// A norm has no slope at 0.
const near = (shape: Shape): Arg => t(shape, { low: -1, high: 1 });
const far = (shape: Shape): Arg => t(shape, { low: 2, high: 4 });

/** The vector p-norm of the difference of two tensors, which broadcast. */
export const dist: Composite<(x: Tensor, other: Tensor, p?: number) => Tensor> = {
  rest: true,
  compose: (x, other, ...rest) => x.sub(operand(other, "other")).vectorNorm(parse(rest, { p: 2 }).p),
  samples: [
    [near([2, 3]), far([2, 3])],
    [near([2, 3]), far([3]), 1],
    [near([2]), far([2]), { p: Infinity }],
  ],
  errors: [raises([t([3]), t([2])], "do not broadcast"), raises([t([3]), 1], "must be a tensor")],
};
