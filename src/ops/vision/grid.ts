// Images read at places that are themselves tensors: spatial transformers.
import { checkFloat, checkKnown } from "../../base/checks.ts";
import { isFloat } from "../../base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../../base/errors.ts";
import { either, parse } from "../../base/options.ts";
import { checkShape, sizeOf } from "../../base/shape.ts";
import { cubicWeights, KEYS, linearWeights } from "../../kernels/resampling.ts";
import { checkFits, operand } from "../arguments.ts";
import { joined, numbers } from "../arranging.ts";
import { type Composite, raises, t } from "../op.ts";
import { checkRank } from "../sliding.ts";
import type { Tensor } from "../tensor.ts";

/** Per mode, the weights of the elements read around a place, and where the first of them lies. */
const modes = {
  nearest: { weights: [[1]], first: 0 },
  bilinear: { weights: linearWeights, first: 0 },
  bicubic: { weights: cubicWeights(KEYS), first: -1 },
} as const;
const paddings = ["zeros", "border", "reflection"] as const;
type Mode = keyof typeof modes;
type Padding = (typeof paddings)[number];

export interface GridSampleOptions {
  readonly mode?: Mode;
  /** What lies beyond x: zeros, its border, or its mirror image. */
  readonly paddingMode?: Padding;
  /** −1 and 1 are the centres of the outermost elements, not their outer edges. */
  readonly alignCorners?: boolean | null;
}
const alignment = either<boolean | null>(null, "boolean", "null");

/** Places moved to the nearest of [0, size − 1]; those moved, and the ends themselves, have no slope, as in PyTorch. */
function clipped(place: Tensor, size: number): Tensor {
  const inside = place.gt(0).logicalAnd(place.lt(size - 1));
  return place.where(inside, place.detach().clamp(0, size - 1));
}

/** Places reflected at both ends, as often as it takes to come inside. */
function reflected(place: Tensor, size: number, aligned: boolean): Tensor {
  const [low, span] = aligned ? [0, size - 1] : [-0.5, size];
  if (span === 0) return place.mul(0);
  const far = place.sub(low).abs();
  // A whole number of spans, which has no slope.
  const turns = far.detach().div(span).floor();
  const rest = far.sub(turns.mul(span));
  const even = turns.remainder(2).eq(0);
  return rest.where(even, rest.neg().add(span)).add(low);
}

function padded(place: Tensor, size: number, padding: Padding, aligned: boolean): Tensor {
  if (padding === "zeros") return place;
  return clipped(padding === "border" ? place : reflected(place, size, aligned), size);
}

/** The nearest whole numbers, halves to the even one in the plane and away from 0 in space, as PyTorch has them. */
function rounded(place: Tensor, rank: number): Tensor {
  if (rank === 2) return place.round();
  const whole = place.trunc();
  return whole.add(place.sub(whole).mul(2).trunc());
}

/** Along one dimension, the elements read for every place, [N, taps, L], and their weights; `size` and 0 where there is none. */
function tapsOf(
  grid: Tensor,
  size: number,
  { mode, padding, aligned, rank }: { mode: Mode; padding: Padding; aligned: boolean; rank: number },
): { at: Tensor; weight: Tensor } {
  const place = aligned
    ? grid
        .add(1)
        .div(2)
        .mul(size - 1)
    : grid.add(1).mul(size).sub(1).div(2);
  const { weights, first } = modes[mode];
  const taps = weights.length;
  // A cubic pads every element that it reads, the others the place.
  const own = mode === "bicubic" ? place : padded(place, size, padding, aligned);
  const left = mode === "nearest" ? rounded(own.detach(), rank) : own.detach().floor();
  const steps = numbers(
    grid,
    Array.from({ length: taps }, (_, i) => first + i),
    [taps, 1],
  );
  const around = left.unsqueeze(1).add(steps);
  const each = mode === "bicubic" ? padded(around, size, padding, aligned) : around;
  const there = each.ge(0).logicalAnd(each.le(size - 1));
  const part = own.sub(left).unsqueeze(1);
  const powers = [part.filledLike(1)];
  while (powers.length < taps) powers.push(powers.at(-1)!.mul(part));
  const weight = taps === 1 ? powers[0]! : numbers(grid, weights.flat(), [taps, taps]).matmul(joined(powers, 1));
  return { at: each.where(there, size).cast("int32"), weight: weight.where(there, 0) };
}

type GridSampleFn = (
  x: Tensor,
  grid: Tensor,
  ...rest:
    | [mode?: Mode, paddingMode?: Padding, alignCorners?: boolean | null]
    | [mode: Mode, options: Omit<GridSampleOptions, "mode">]
    | [options: GridSampleOptions]
) => Tensor;

/**
 * x [N, C, H, W] or [N, C, D, H, W] read at the places of grid [N, …, 2 or 3], whose last dimension holds (x, y) or (x, y, z) from −1, the
 * left, upper or front end, to 1. Shape: [N, C, …]. Elements between others are means of these.
 */
export const gridSample: Composite<GridSampleFn> = {
  rest: true,
  compose: (x, grid, ...rest) => {
    const { mode, paddingMode, alignCorners } = parse(rest, {
      mode: "bilinear" as Mode,
      paddingMode: "zeros" as Padding,
      alignCorners: alignment,
    });
    checkRank("x", x.shape, 4, 5);
    checkRank("grid", operand(grid, "grid").shape, x.ndim);
    checkFloat(x.dtype);
    if (grid.dtype !== x.dtype) throw new DtypeError(`grid is ${grid.dtype}, x is ${x.dtype}`);
    checkKnown("mode", mode, Object.keys(modes));
    checkKnown("paddingMode", paddingMode, paddings);
    const [items, channels, ...extents] = x.shape as [number, number, ...number[]];
    const [rank, places] = [extents.length, grid.shape.slice(1, -1)];
    checkFits("grid", grid.shape, [items, ...places, rank]);
    if (mode === "bicubic" && rank > 2) throw new ArgumentError("bicubic takes 4 dimensions");
    if (extents.includes(0)) throw new ShapeError(`x ${show(x.shape)} has an empty dimension`);
    const count = sizeOf(places);
    const points = grid.reshape(items, count, rank);
    // All elements around every place, [N, taps, L], one dimension after the other: their flat places, −1 for none, and products of weights.
    let at = x.filledLike(0, [1, 1, 1]).cast("int32");
    let weight = x.filledLike(1, [1, 1, 1]);
    for (const [i, size] of extents.entries()) {
      const own = tapsOf(points.select(2, rank - 1 - i), size, { mode, padding: paddingMode, aligned: alignCorners ?? false, rank });
      at = own.at.unsqueeze(1).flatIndex(at.unsqueeze(2), size).flatten(1, 2);
      weight = own.weight.unsqueeze(1).mul(weight.unsqueeze(2)).flatten(1, 2);
    }
    const taps = at.shape[1]!;
    const index = at
      .add(1)
      .reshape(items, 1, taps * count)
      .expand(items, channels, taps * count);
    // A zero in front is what lies beyond x.
    const values = x.flatten(2).pad([1, 0]).gather(2, index).reshape(items, channels, taps, count);
    return values
      .mul(weight.unsqueeze(1))
      .sum(2)
      .reshape([items, channels, ...places]);
  },
  samples: [
    [t([2, 2, 3, 4]), t([2, 2, 3, 2], { low: -0.9, high: 0.83 })],
    [t([1, 2, 3, 4]), t([1, 2, 2, 2], { low: -1.35, high: 1.42 }), { paddingMode: "reflection", alignCorners: true }],
    [t([1, 1, 4, 3]), t([1, 1, 3, 2], { low: -0.71, high: 0.85 }), "bicubic", "border"],
    [t([1, 1, 3, 3]), t([1, 2, 2, 2], { low: -0.9, high: 0.83, fixed: true }), "nearest"],
    [t([1, 1, 2, 3, 3]), t([1, 1, 2, 2, 3], { low: -0.83, high: 0.77 }), { alignCorners: true }],
  ],
  errors: [
    raises([t([1, 1, 2, 2]), t([1, 2, 2])], "grid must have 4 dimensions"),
    raises([t([1, 1, 2, 2]), t([2, 1, 1, 2])], "grid [2, 1, 1, 2] does not fit, needs [1, 1, 1, 2]"),
    raises([t([1, 1, 2, 2]), t([1, 1, 1, 2]), "cubic"], "unknown mode cubic"),
    raises([t([1, 1, 2, 2, 2]), t([1, 1, 1, 1, 3]), "bicubic"], "bicubic takes 4 dimensions"),
    raises([t([1, 1, 2, 0]), t([1, 1, 1, 2])], "has an empty dimension"),
    raises([t([1, 1, 2, 2], { dtype: "int32" }), t([1, 1, 1, 2])], "floating"),
  ],
};

/** n places from −1 to 1: the centres of n cells, or of the outermost ones the outer edges. */
const line = (n: number, aligned: boolean): number[] =>
  Array.from({ length: n }, (_, i) => (n === 1 ? 0 : (-1 + (2 * i) / (n - 1)) * (aligned ? 1 : (n - 1) / n)));

type AffineGridFn = (
  theta: Tensor,
  size: readonly number[],
  ...rest: [alignCorners?: boolean | null] | [options: { readonly alignCorners?: boolean | null }]
) => Tensor;

/** The places that affine maps theta [N, 2, 3] or [N, 3, 4] send a regular grid to, for gridSample. Shape: size [N, C, H, W] → [N, H, W, 2], [N, C, D, H, W] → [N, D, H, W, 3]. */
export const affineGrid: Composite<AffineGridFn> = {
  rest: true,
  compose: (theta, size, ...rest) => {
    const aligned = parse(rest, { alignCorners: alignment }).alignCorners ?? false;
    const shape = checkShape(size);
    checkRank("size", shape, 4, 5);
    if (shape.includes(0)) throw new ShapeError(`size ${show(shape)} has an empty dimension`);
    const rank = shape.length - 2;
    if (!isFloat(operand(theta, "theta").dtype)) throw new DtypeError(`needs a floating theta, got ${theta.dtype}`);
    checkFits("theta", theta.shape, [shape[0]!, rank, rank + 1]);
    const extents = shape.slice(2);
    // Coordinates of all places, the last dimension first, and a 1 for the shift.
    const lines = extents.map((n) => line(n, aligned));
    const places = lines.reduce<number[][]>((outer, own) => outer.flatMap((before) => own.map((v) => [v, ...before])), [[]]);
    const base = numbers(
      theta,
      places.flatMap((place) => [...place, 1]),
      [places.length, rank + 1],
    );
    return base.matmul(theta.transpose(1, 2)).reshape([shape[0]!, ...extents, rank]);
  },
  samples: [
    [t([2, 2, 3]), [2, 1, 2, 3]],
    [t([1, 2, 3]), [1, 3, 1, 4], true],
    [t([1, 3, 4]), [1, 1, 2, 2, 3], { alignCorners: false }],
  ],
  errors: [
    raises([t([1, 2, 3]), [2, 1, 2, 3]], "theta [1, 2, 3] does not fit, needs [2, 2, 3]"),
    raises([t([1, 2, 3]), [1, 2, 3]], "size must have 4 or 5 dimensions"),
    raises([t([1, 2, 3], { dtype: "int32" }), [1, 1, 2, 3]], "floating"),
  ],
};
