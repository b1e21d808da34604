// Interpolation to another size: a linear map along each spatial dimension, one after the other.
import { checkFloat, checkKnown } from "../../base/checks.ts";
import { isFloat } from "../../base/dtype.ts";
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { either, parse } from "../../base/options.ts";
import { normalizeDim, sizeOf } from "../../base/shape.ts";
import { nearest, type Resampling, resampling } from "../../kernels/resampling.ts";
import { checkFits, withSize } from "../arguments.ts";
import { picked } from "../arranging.ts";
import { type Composite, type Internal, type Primitive, raises, t } from "../op.ts";
import { checkRank, perDim } from "../sliding.ts";
import type { Tensor } from "../tensor.ts";

const doubled: Resampling = { filter: "tent", from: 3, to: 6, step: 0.5, aligned: false, antialias: false, adjoint: false };

/** Lines of x along dim as the plan resamples them. */
export const resample: Primitive<(x: Tensor, dim: number, plan: Resampling) => Tensor, "x", never, Resampling & { readonly dim: number }> &
  Internal = {
  internal: true,
  call: (x, dim, plan) => ({ inputs: { x }, attrs: { ...plan, dim: normalizeDim(dim, x.ndim) } }),
  meta: ({ x }, { dim, from, to, adjoint }) => {
    checkFloat(x.dtype);
    const [read, made] = adjoint ? [to, from] : [from, to];
    checkFits("x", x.shape, withSize(x.shape, dim, read));
    return { out: { shape: withSize(x.shape, dim, made), dtype: x.dtype } };
  },
  ...resampling,
  backward: (g, _saved, { dim, ...plan }) => ({ x: () => g.resample(dim, { ...plan, adjoint: !plan.adjoint }) }),
  samples: [
    [t([2, 3, 2]), 1, doubled],
    [t([2, 6]), -1, { ...doubled, adjoint: true }],
    [t([3]), 0, { ...doubled, filter: "cubic", to: 5, step: 0.5, aligned: true }],
    [t([7, 2]), 0, { ...doubled, filter: "cubic", from: 7, to: 3, step: 7 / 3, antialias: true }],
    [t([5]), 0, { ...doubled, filter: "nearest", from: 5, to: 3, step: 5 / 3 }],
    [t([0, 3]), 1, doubled],
  ],
  errors: [
    raises([t([2, 4]), 1, doubled], "x [2, 4] does not fit, needs [2, 3]"),
    raises([t([3], { dtype: "int32" }), 0, doubled], "floating"),
  ],
};

const one = [1] as const;
const two = [2] as const;
const all = [1, 2, 3] as const;
/** How many spatial dimensions a mode works on. */
const modes = { nearest: all, "nearest-exact": all, linear: one, bilinear: two, trilinear: [3], bicubic: two, area: all } as const;
export type Mode = keyof typeof modes;

type PerDim = number | readonly number[];
export interface InterpolateOptions {
  readonly size?: PerDim | null;
  readonly scaleFactor?: PerDim | null;
  readonly mode?: Mode;
  /** Corners of input and output lie on each other, by their centres; only of the modes that compute means. */
  readonly alignCorners?: boolean | null;
  /** The scale follows from the rounded sizes, not from scaleFactor. */
  readonly recomputeScaleFactor?: boolean | null;
  /** Smoothes what gets smaller, in modes "bilinear" and "bicubic". */
  readonly antialias?: boolean;
}
const sizes = either<PerDim | null>(null, "number", "list", "null");
const choice = either<boolean | null>(null, "boolean", "null");
const order = { size: sizes, scaleFactor: sizes, mode: "nearest" as Mode, alignCorners: choice };

/** The factors of all dimensions. Errors: ArgumentError unless they are positive. */
function factorsOf(given: PerDim, rank: number): number[] {
  const list = [given].flat();
  const factors = list.length === 1 && typeof given === "number" ? new Array<number>(rank).fill(given) : list;
  if (factors.length !== rank || !factors.every((f) => typeof f === "number" && f > 0 && f < Infinity))
    throw new ArgumentError(`scaleFactor must be a positive number, or ${rank} of them, got ${show([given].flat())}`);
  return factors;
}

type Interpolation = Required<Omit<InterpolateOptions, "mode">> & { readonly mode: Mode };

function interpolated(x: Tensor, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor, antialias }: Interpolation): Tensor {
  checkKnown("mode", mode, Object.keys(modes));
  checkRank("x", x.shape, ...modes[mode].map((n) => n + 2));
  const rank = x.ndim - 2;
  const exact = mode === "nearest" || mode === "nearest-exact";
  if ((exact || mode === "area") && alignCorners !== null) throw new ArgumentError(`alignCorners says nothing to mode ${mode}`);
  if ((size === null) === (scaleFactor === null)) throw new ArgumentError("needs one of size and scaleFactor");
  if (recomputeScaleFactor && size !== null) throw new ArgumentError("recomputeScaleFactor needs scaleFactor in place of size");
  if (antialias && modes[mode] !== two) throw new ArgumentError(`antialias is not offered for mode ${mode}`, "bilinear or bicubic");
  const extents = x.shape.slice(2);
  const factors = scaleFactor === null ? null : factorsOf(scaleFactor, rank);
  if (Array.isArray(size) && size.length !== rank) throw new ShapeError(`size ${show(size)} does not fit ${show(x.shape)}`);
  const made = factors ? extents.map((n, i) => Math.floor(n * factors[i]!)) : perDim("size", size, rank, mode === "area" ? 0 : 1);
  if (mode === "area") return [x.adaptiveAvgPool1d, x.adaptiveAvgPool2d, x.adaptiveAvgPool3d][rank - 1]!.call(x, made as never);
  if ([...made, ...x.shape.slice(1)].some((n) => n < 1))
    throw new ShapeError(`${show(x.shape)} would become ${show(made)}`, "at least 1 element");
  sizeOf([...x.shape.slice(0, 2), ...made]); // refuses before there is a list of places
  if (!exact) checkFloat(x.dtype);
  const filter = exact ? mode : mode === "bicubic" ? "cubic" : "tent";
  const aligned = alignCorners ?? false;
  const y = made.reduce((part, to, i) => {
    const from = extents[i]!;
    const own = factors && !recomputeScaleFactor ? 1 / factors[i]! : from / to;
    const step = !aligned ? own : to > 1 ? (from - 1) / (to - 1) : 0;
    if (from === to && (step === 1 || (filter === "tent" && !antialias))) return part;
    const plan: Resampling = { filter, from, to, step, aligned, antialias, adjoint: false };
    return isFloat(x.dtype) ? part.resample(i + 2, plan) : picked(part, i + 2, to, (o) => nearest(plan, o));
  }, x);
  return y === x ? x.clone() : y;
}

type InterpolateFn = (
  x: Tensor,
  ...rest:
    | [
        size?: PerDim | null,
        scaleFactor?: PerDim | null,
        mode?: Mode,
        alignCorners?: boolean | null,
        recomputeScaleFactor?: boolean | null,
        antialias?: boolean,
      ]
    | [size: PerDim, options: Omit<InterpolateOptions, "size">]
    | [options: InterpolateOptions]
) => Tensor;

/**
 * [N, C, …] in other spatial sizes, given as such or by factors. Modes: "nearest", "nearest-exact", "area", "linear" (3-d), "bilinear" and
 * "bicubic" (4-d), "trilinear" (5-d).
 */
export const interpolate: Composite<InterpolateFn> = {
  rest: true,
  compose: (x, ...rest) => interpolated(x, parse(rest, { ...order, recomputeScaleFactor: choice, antialias: false })),
  samples: [
    [t([1, 2, 3]), { scaleFactor: 2 }],
    [t([1, 2, 3, 4]), [5, 2], null, "bilinear", true],
    [t([1, 1, 3, 4]), { scaleFactor: [1.5, 0.5], mode: "bicubic" }],
    [t([1, 1, 6, 7]), 3, { mode: "bilinear", antialias: true }],
    [t([1, 1, 2, 3, 2]), { size: [3, 3, 4], mode: "trilinear" }],
    [t([1, 2, 6]), 4, { mode: "area" }],
    [t([1, 1, 2, 2], { dtype: "uint8" }), 3],
    [t([2, 1, 3]), 3],
  ],
  errors: [
    raises([t([1, 1, 3])], "needs one of size and scaleFactor"),
    raises([t([1, 1, 3]), 4, 2], "needs one of size and scaleFactor"),
    raises([t([1, 1, 3]), 4, { mode: "bilinear" }], "x must have 4 dimensions"),
    raises([t([1, 1, 3]), 4, { mode: "cubic" }], "unknown mode cubic"),
    raises([t([1, 1, 3]), 4, { alignCorners: true }], "alignCorners says nothing to mode nearest"),
    raises([t([1, 1, 3, 3]), [4]], "size [4] does not fit"),
    raises([t([1, 1, 3, 3]), { scaleFactor: [1, -1] }], "must be a positive number"),
    raises([t([1, 1, 3]), { scaleFactor: 0.25 }], "at least 1 element"),
    raises([t([1, 1, 3]), 4, { antialias: true }], "antialias is not offered for mode nearest"),
    raises([t([1, 1, 3], { dtype: "int32" }), 4, { mode: "linear" }], "floating"),
  ],
};

type UpsampleFn = (
  x: Tensor,
  ...rest:
    | [size?: PerDim | null, scaleFactor?: PerDim | null, mode?: Mode, alignCorners?: boolean | null]
    | [size: PerDim, options: Pick<InterpolateOptions, "scaleFactor" | "mode" | "alignCorners">]
    | [options: Pick<InterpolateOptions, "size" | "scaleFactor" | "mode" | "alignCorners">]
) => Tensor;
type ScaleFn = (
  x: Tensor,
  ...rest: [size?: PerDim | null, scaleFactor?: PerDim | null] | [options: Pick<InterpolateOptions, "size" | "scaleFactor">]
) => Tensor;

const plain = { recomputeScaleFactor: null, antialias: false };

/** interpolate by its older name. */
export const upsample: Composite<UpsampleFn> = {
  rest: true,
  compose: (x, ...rest) => interpolated(x, { ...plain, ...parse(rest, order) }),
  samples: [[t([1, 1, 2, 3]), { scaleFactor: 2, mode: "bilinear" }]],
  errors: [raises([t([1, 1, 3])], "needs one of size and scaleFactor")],
};

const scaling = (mode: Mode, alignCorners: boolean | null): Composite<ScaleFn> => ({
  rest: true,
  compose: (x, ...rest) => interpolated(x, { ...plain, mode, alignCorners, ...parse(rest, { size: sizes, scaleFactor: sizes }) }),
  samples: [
    [t([1, 1, 2, 3]), { scaleFactor: 2 }],
    [t([1, 1, 2, 3]), [3, 5]],
  ],
  errors: [raises([t([1, 1, 3, 3])], "needs one of size and scaleFactor")],
});

/** interpolate with mode "nearest". */
export const upsampleNearest: Composite<ScaleFn> = scaling("nearest", null);
/** interpolate with mode "bilinear" and aligned corners. */
export const upsampleBilinear: Composite<ScaleFn> = scaling("bilinear", true);
