// Max pooling over windows that differ: those that divide an extent into parts, and those whose places are drawn.
import { checkFloat } from "../../base/checks.ts";
import { hostArray } from "../../base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../../base/errors.ts";
import { either, parse } from "../../base/options.ts";
import { generatorOf } from "../../base/random.ts";
import { type Shape, sizeOf } from "../../base/shape.ts";
import { checkFits, operand } from "../arguments.ts";
import { counted, joined, numbers, picked } from "../arranging.ts";
import { type Composite, raises, type Sample, t } from "../op.ts";
import { adaptedSizes, checkFilled, perDim, sized, type Sizes } from "../sliding.ts";
import type { Tensor } from "../tensor.ts";
import type { MaxPooled } from "./pool.ts";

/** The elements of x at flat places among its last `rank` dimensions. */
const read = (x: Tensor, places: Tensor, rank: number): Tensor => x.flatten(-rank).gather(-1, places.flatten(-rank)).reshape(places.shape);

// ---- windows that divide an extent ----------------------------------------------------------------------------------

type PerDim = number | readonly (number | null)[];
/** The ways to call it behind the arguments of Lead. */
interface Adaptive<Lead extends readonly unknown[]> {
  <R extends boolean = false>(...args: [...Lead, outputSize: PerDim, returnIndices?: R]): MaxPooled<R>;
  <R extends boolean = false>(...args: [...Lead, outputSize: PerDim, options: { readonly returnIndices?: R }]): MaxPooled<R>;
  <R extends boolean = false>(...args: [...Lead, options: { readonly outputSize: PerDim; readonly returnIndices?: R }]): MaxPooled<R>;
}
type AdaptiveFn = Adaptive<[x: Tensor]> & { readonly method: Adaptive<[]> };

/** As many windows over an extent, all as wide as the widest: what these hold more is the last element once more. */
function windowsOver(extent: number, parts: number): { width: number; place: (i: number) => number } {
  const from = (part: number): number => Math.floor((part * extent) / parts);
  const end = (part: number): number => Math.ceil(((part + 1) * extent) / parts);
  const width = Array.from({ length: parts }, (_, part) => end(part) - from(part)).reduce((a, b) => Math.max(a, b), 1);
  return {
    width,
    place: (i) => {
      const part = Math.floor(i / width);
      return Math.min(from(part) + (i % width), end(part) - 1);
    },
  };
}

const adaptiveMaxPool = (rank: number): Composite<AdaptiveFn> => {
  const maxPool = (x: Tensor, kernel: Shape): [output: Tensor, indices: Tensor] =>
    x[`maxPool${rank}d` as "maxPool2d"](kernel, { returnIndices: true });
  return {
    rest: true,
    compose: ((x: Tensor, ...rest: readonly unknown[]) => {
      const { outputSize, returnIndices } = parse(rest, { outputSize: undefined as unknown, returnIndices: false });
      const { shape } = x;
      checkFilled(shape, rank);
      checkFloat(x.dtype);
      const extents = shape.slice(-rank);
      const parts = adaptedSizes(outputSize, shape, rank);
      const result = [...shape.slice(0, -rank), ...parts];
      const give = (pair: readonly [Tensor, Tensor]): Tensor | readonly Tensor[] => (returnIndices ? pair : pair[0]);
      // Refuses before there is a list of parts.
      if (sizeOf(result) === 0) return give([x.flatten().narrow(0, 0, 0).reshape(result), x.filledLike(0, result).cast("int32")]);
      if (extents.every((n, i) => n % parts[i]! === 0))
        return give(
          maxPool(
            x,
            extents.map((n, i) => n / parts[i]!),
          ),
        );
      const windows = extents.map((n, i) => windowsOver(n, parts[i]!));
      // Windows side by side, so that they tile.
      const tiled = (v: Tensor): Tensor =>
        windows.reduce((y, { width, place }, i) => picked(y, y.ndim - rank + i, parts[i]! * width, place), v);
      const [, winners] = maxPool(
        tiled(x.detach()),
        windows.map(({ width }) => width),
      );
      const own = tiled(counted(x, sizeOf(extents)).reshape(extents)).flatten();
      const indices = own.gather(0, winners.flatten()).reshape(winners.shape);
      return give([read(x, indices, rank), indices]);
    }) as unknown as AdaptiveFn,
    samples: [
      [sized(rank, [2, 2], 5, 6, 4), 2],
      [sized(rank, [2], 6, 7, 5), 3, { returnIndices: true }],
      [sized(rank, [1, 2], 4, 4, 4), 2, true],
    ] as Sample[],
    errors: [raises([t([3]), 2], "x must have"), raises([sized(rank, [2], 6, 7, 5), 2 ** 40], "at most 2147483647")],
  };
};

/** Maxima of windows that divide L into outputSize parts. With returnIndices, [out, positions of the maxima]. */
export const adaptiveMaxPool1d: ReturnType<typeof adaptiveMaxPool> = adaptiveMaxPool(1);
/** Maxima of windows that divide H and W into outputSize parts; null keeps a size. With returnIndices, [out, flat H·W positions]. */
export const adaptiveMaxPool2d: ReturnType<typeof adaptiveMaxPool> = adaptiveMaxPool(2);
/** Maxima of windows that divide D, H and W into outputSize parts; null keeps a size. With returnIndices, [out, flat D·H·W positions]. */
export const adaptiveMaxPool3d: ReturnType<typeof adaptiveMaxPool> = adaptiveMaxPool(3);

// ---- windows whose places are drawn -----------------------------------------------------------------------------------

export interface FractionalOptions<R extends boolean = boolean> {
  readonly outputSize?: Sizes | null;
  /** Sizes of the output as shares of those of x, in place of outputSize. */
  readonly outputRatio?: Sizes | null;
  readonly returnIndices?: R;
  /** The draws in [0, 1), [N, C, 2] or [N, C, 3]; by default they come from the generator that manualSeed() seeds. */
  readonly randomSamples?: Tensor | null;
}
interface Fractional<Lead extends readonly unknown[]> {
  <R extends boolean = false>(
    ...args: [
      ...Lead,
      kernelSize: Sizes,
      outputSize?: Sizes | null,
      outputRatio?: Sizes | null,
      returnIndices?: R,
      randomSamples?: Tensor | null,
    ]
  ): MaxPooled<R>;
  <R extends boolean = false>(...args: [...Lead, kernelSize: Sizes, options: FractionalOptions<R>]): MaxPooled<R>;
  <R extends boolean = false>(
    ...args: [...Lead, kernelSize: Sizes, outputSize: Sizes | null, options: Omit<FractionalOptions<R>, "outputSize">]
  ): MaxPooled<R>;
  <R extends boolean = false>(...args: [...Lead, options: FractionalOptions<R> & { readonly kernelSize: Sizes }]): MaxPooled<R>;
}
type FractionalFn = Fractional<[x: Tensor]> & { readonly method: Fractional<[]> };

/** Sizes as shares of the extents. Errors: ArgumentError unless the shares lie between 0 and 1. */
function shares(outputRatio: unknown, extents: Shape): number[] {
  const given = [outputRatio].flat() as number[];
  const ratios = given.length === 1 ? extents.map(() => given[0]!) : given;
  if (ratios.length !== extents.length || !ratios.every((r) => r > 0 && r < 1))
    throw new ArgumentError(`outputRatio must be between 0 and 1, or ${extents.length} such numbers, got ${String(outputRatio)}`);
  return extents.map((n, i) => Math.floor(n * ratios[i]!));
}

/** The draws, as given or in PyTorch's order. */
function samplesFor(x: Tensor, given: Tensor | null, shape: Shape): Tensor {
  if (given === null) {
    const draws = hostArray(x.dtype, sizeOf(shape)) as Float32Array<ArrayBuffer>;
    generatorOf().fillUniform(draws);
    return x.uploadedLike(x.dtype, draws, shape);
  }
  checkFits("randomSamples", operand(given, "randomSamples").shape, shape);
  if (given.dtype !== x.dtype) throw new DtypeError(`randomSamples is ${given.dtype}, x is ${x.dtype}`);
  return given.detach();
}

/** Elements of `parts` windows of `width` from the draws u [N, C]: [N, C, parts, width]. The last window is at the end (Graham 2014, section 2). */
function drawnWindows(u: Tensor, extent: number, parts: number, width: number): Tensor {
  const each = u.unsqueeze(2);
  const last = extent - width;
  const pace = last / Math.max(1, parts - 1);
  const steps = numbers(u, [...new Array(parts - 1).keys()], [parts - 1]);
  const starts = each.add(steps).mul(pace).cast("int32").sub(each.mul(pace).cast("int32"));
  const end = starts.filledLike(last, [...u.shape, 1]);
  return joined([starts, end], 2).unsqueeze(3).add(counted(u, width));
}

const fractionalMaxPool = (rank: 2 | 3): Composite<FractionalFn> => ({
  rest: true,
  compose: ((x: Tensor, ...rest: readonly unknown[]) => {
    const sizes = either<Sizes | null>(null, "number", "list", "null");
    const o = parse(rest, {
      kernelSize: undefined as unknown,
      outputSize: sizes,
      outputRatio: sizes,
      returnIndices: false,
      randomSamples: null as Tensor | null,
    });
    const { shape } = x;
    checkFilled(shape, rank);
    checkFloat(x.dtype);
    const extents = shape.slice(-rank);
    const kernel = perDim("kernelSize", o.kernelSize, rank, 1);
    if (o.outputSize === null && o.outputRatio === null) throw new ArgumentError("needs outputSize or outputRatio");
    const parts = o.outputSize === null ? shares(o.outputRatio, extents) : perDim("outputSize", o.outputSize, rank, 1);
    if (parts.some((n, i) => n < 1 || n + kernel[i]! - 1 > extents[i]!))
      throw new ShapeError(`${show(parts)} windows of ${show(kernel)} do not fit into ${show(extents)}`);
    const [channels, items] = [shape.at(-rank - 1)!, shape.length > rank + 1 ? shape[0]! : 1];
    const draws = samplesFor(x, o.randomSamples, [items, channels, rank]);
    // Flat places of all windows, [N, C, windows, elements], one dimension after the other.
    let at = draws.filledLike(0, [1, 1, 1, 1]).cast("int32").expand(items, channels, 1, 1);
    for (const [i, extent] of extents.entries()) {
      // In two dimensions the first draw is that of the columns.
      const own = drawnWindows(draws.select(2, rank === 2 ? 1 - i : i), extent, parts[i]!, kernel[i]!);
      const [, , windows, cells] = at.shape as [number, number, number, number];
      at = at
        .reshape(items, channels, windows, 1, cells, 1)
        .mul(extent)
        .add(own.reshape(items, channels, 1, parts[i]!, 1, kernel[i]!))
        .reshape(items, channels, windows * parts[i]!, cells * kernel[i]!);
    }
    const values = x.reshape(items, channels, sizeOf(extents)).gather(2, at.flatten(2)).reshape(at.shape);
    const { indices: winners } = values.detach().max(3);
    const indices = at.gather(3, winners.unsqueeze(3)).reshape([...shape.slice(0, -rank), ...parts]);
    const out = read(x, indices, rank);
    return o.returnIndices ? [out, indices] : out;
  }) as unknown as FractionalFn,
  samples: [
    [sized(rank, [1, 2], 6, 7, 5), 2, { outputSize: 3, randomSamples: t([1, 2, rank], { low: 0, high: 0.99, fixed: true }) }],
    [
      sized(rank, [2], 6, 7, 5),
      rank === 2 ? [2, 3] : [2, 3, 1],
      { outputRatio: 0.5, returnIndices: true, randomSamples: t([1, 2, rank], { low: 0, high: 0.99, fixed: true }) },
    ],
    [sized(rank, [1, 1], 4, 4, 4), 4, 1],
  ] as Sample[],
  errors: [
    raises([sized(rank, [1, 1], 4, 4, 4), 2], "needs outputSize or outputRatio"),
    raises([sized(rank, [1, 1], 4, 4, 4), 3, 3], "do not fit into"),
    raises([sized(rank, [1, 1], 4, 4, 4), 2, null, 1.5], "outputRatio must be between 0 and 1"),
    raises([sized(rank, [1, 1], 4, 4, 4), 2, 2, { randomSamples: t([1, 1, 1]) }], "randomSamples [1, 1, 1] does not fit"),
    raises([t([3]), 2, 1], "x must have"),
  ],
});

/** Maxima of as many windows of [N, C, H, W] or [C, H, W] as outputSize or outputRatio say, at places drawn for every channel. With returnIndices, [out, flat H·W positions]. */
export const fractionalMaxPool2d: ReturnType<typeof fractionalMaxPool> = fractionalMaxPool(2);
/** The same of [N, C, D, H, W] or [C, D, H, W]. With returnIndices, [out, flat D·H·W positions]. */
export const fractionalMaxPool3d: ReturnType<typeof fractionalMaxPool> = fractionalMaxPool(3);
