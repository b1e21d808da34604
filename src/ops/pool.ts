// Pooling over 1 to 3 dimensions. Adjoint pairs: maxPool ↔ maxPoolBackward ↔ gather, avgPool ↔ avgPoolBackward, maxUnpool ↔ gather.
import source from "../../shaders/pool.wgsl?raw";
import { kernel, wgslType } from "../backend/kernel.ts";
import { isFloat } from "../base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { sameShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Composite, type Meta, type Primitive, raises, type Sample, t } from "./op.ts";
import {
  cpuAvgPool,
  cpuMaxPool,
  cpuMaxPoolBackward,
  perDim,
  pooledShape,
  type Sizes,
  tileParams,
  windowConsts,
  type Windows,
  windowParams,
} from "./windows.ts";

export interface MaxPoolOptions {
  readonly stride?: Sizes | null;
  readonly padding?: Sizes;
  readonly dilation?: Sizes;
  readonly ceilMode?: boolean;
  readonly returnIndices?: boolean;
}
export interface AvgPoolOptions {
  readonly stride?: Sizes | null;
  readonly padding?: Sizes;
  readonly ceilMode?: boolean;
  readonly countIncludePad?: boolean;
  readonly divisorOverride?: number | null;
}
export interface UnpoolOptions {
  readonly stride?: Sizes | null;
  readonly padding?: Sizes;
  readonly outputSize?: readonly number[] | null;
}

type MaxArgs =
  | [kernelSize: Sizes, stride?: Sizes | null, padding?: Sizes, dilation?: Sizes, ceilMode?: boolean, returnIndices?: boolean]
  | [kernelSize: Sizes, options: MaxPoolOptions]
  | [kernelSize: Sizes, stride: Sizes | null, options: MaxPoolOptions]
  | [options: MaxPoolOptions & { readonly kernelSize: Sizes }];
type AvgArgs =
  | [
      kernelSize: Sizes,
      stride?: Sizes | null,
      padding?: Sizes,
      ceilMode?: boolean,
      countIncludePad?: boolean,
      divisorOverride?: number | null,
    ]
  | [kernelSize: Sizes, options: AvgPoolOptions]
  | [kernelSize: Sizes, stride: Sizes | null, options: AvgPoolOptions]
  | [options: AvgPoolOptions & { readonly kernelSize: Sizes }];
type UnpoolArgs =
  | [kernelSize: Sizes, stride?: Sizes | null, padding?: Sizes, outputSize?: readonly number[] | null]
  | [kernelSize: Sizes, options: UnpoolOptions]
  | [kernelSize: Sizes, stride: Sizes | null, options: UnpoolOptions];

type MaxAttrs = Windows & { readonly returnIndices: boolean };
/** The output, or [output, indices] when returnIndices is set. */
type MaxResult = Tensor & [Tensor, Tensor];

const flatten = (x: Tensor, rank: number): Tensor => x.reshape([...x.shape.slice(0, x.ndim - rank), -1]);

function windows(
  op: string,
  rank: number,
  o: { kernelSize?: unknown; stride?: unknown; padding?: unknown; dilation?: unknown; ceilMode?: unknown },
): Windows {
  const kernelSize = perDim(op, "kernelSize", o.kernelSize, rank, 1);
  const stride =
    o.stride === null || o.stride === undefined || (Array.isArray(o.stride) && o.stride.length === 0)
      ? kernelSize
      : perDim(op, "stride", o.stride, rank, 1);
  return {
    rank,
    kernel: kernelSize,
    stride,
    padding: perDim(op, "padding", o.padding ?? 0, rank, 0),
    dilation: perDim(op, "dilation", o.dilation ?? 1, rank, 1),
    ceilMode: o.ceilMode === true,
    divisor: "window",
  };
}

const shapeFor = (rank: number, ...sizes: readonly number[]): number[] => [2, 2, ...sizes.slice(3 - rank)];

const maxPool = (rank: number): Primitive<(x: Tensor, ...rest: MaxArgs) => MaxResult, "indices", MaxAttrs> => {
  const op = `maxPool${rank}d`;
  return {
    call: (x, ...rest) => {
      const o = parse(op, rest, {
        kernelSize: undefined as unknown,
        stride: null,
        padding: 0,
        dilation: 1,
        ceilMode: false,
        returnIndices: false,
      });
      return { inputs: { x }, attrs: { ...windows(op, rank, o), returnIndices: o.returnIndices } };
    },
    meta: (ins, a) => {
      const shape = pooledShape(op, ins["x"]!, a);
      return { out: { shape, dtype: ins["x"]!.dtype }, indices: { shape, dtype: "int32" } };
    },
    cpu: cpuMaxPool,
    gpu: ({ x, out, indices }, a, q) => {
      const tiles = tileParams(x!.shape, out!.shape, a);
      const spec = { aliases: { Scalar: wgslType(x!.dtype) }, consts: windowConsts(x!.shape, out!.shape, a) };
      const params = tiles ?? windowParams(x!.shape, out!.shape, a);
      q.launch(
        kernel(source, tiles ? "max_pool_tiles" : "max_pool", spec),
        { x: q.dense(x!), out: out!, indices: indices! },
        params,
        sizeOf(out!.shape),
      );
    },
    save: ["indices"],
    backward: (g, { indices }, a, ins) => ({ x: () => g.maxPoolBackward(indices, a, ins["x"]!.shape) }),
    result: (outs, a) => (a.returnIndices ? [outs["out"]!, outs["indices"]!] : outs["out"]!) as MaxResult,
    samples: [
      [t(shapeFor(rank, 4, 6, 5)), 2],
      [t(shapeFor(rank, 5, 5, 7)), 3, { stride: 2, padding: 1 }],
      [t(shapeFor(rank, 5, 7, 6)), 2, { stride: 1, dilation: 2, ceilMode: true }],
      [t(shapeFor(rank, 4, 4, 6).slice(1)), 3, { stride: 2, padding: 1, ceilMode: true }],
    ] as Sample[],
    errors: [
      raises([t([3]), 2], `${op}: x must have`),
      raises([t(shapeFor(rank, 4, 4, 4)), 2, { padding: 2 }], "more than half"),
      raises([t(shapeFor(rank, 2, 2, 2)), 5], "does not fit"),
      raises([t(shapeFor(rank, 4, 4, 4)), 0], "kernelSize must be"),
      raises([t(shapeFor(rank, 4, 4, 4)), 2, { strides: 1 }], "unknown option strides"),
    ],
  };
};

/** Max pooling over [N, C, L] or [C, L]. Shape: L' = ⌊(L + 2p − d(k − 1) − 1)/s⌋ + 1. With returnIndices, [out, positions of the maxima]. */
export const maxPool1d: ReturnType<typeof maxPool> = maxPool(1);
/** Max pooling over [N, C, H, W] or [C, H, W]; the argmax positions serve the gradient. With returnIndices, [out, flat H·W positions]. */
export const maxPool2d: ReturnType<typeof maxPool> = maxPool(2);
/** Max pooling over [N, C, D, H, W] or [C, D, H, W]. With returnIndices, [out, flat D·H·W positions]. */
export const maxPool3d: ReturnType<typeof maxPool> = maxPool(3);

type BackwardAttrs = { readonly windows: Windows; readonly shape: Shape };

/** Adjoint of max pooling: each output gradient goes to the input position that won, summed where windows overlap. */
export const maxPoolBackward: Primitive<(g: Tensor, indices: Tensor, windows: Windows, shape: Shape) => Tensor, "indices", BackwardAttrs> =
  {
    call: (g, indices, windows, shape) => ({ inputs: { g, indices }, attrs: { windows, shape } }),
    meta: (ins, { shape }) => {
      if (!sameShape(ins["g"]!.shape, ins["indices"]!.shape))
        throw new ShapeError("maxPoolBackward", `g ${show(ins["g"]!.shape)} and indices ${show(ins["indices"]!.shape)} differ`);
      return { out: { shape, dtype: ins["g"]!.dtype } };
    },
    cpu: (io, { windows }) => cpuMaxPoolBackward(io, windows),
    gpu: ({ g, indices, out }, { windows }, q) => {
      const tiles = tileParams(out!.shape, g!.shape, windows);
      const spec = { consts: windowConsts(out!.shape, g!.shape, windows) };
      const params = tiles ?? windowParams(out!.shape, g!.shape, windows);
      const entry = tiles ? "max_pool_tiles_backward" : "max_pool_backward";
      q.launch(
        kernel(source, entry, spec),
        { g: q.dense(g!), winners: q.dense(indices!), out: out! },
        params,
        sizeOf(tiles ? g!.shape : out!.shape),
      );
    },
    save: ["indices"],
    backward: (g, { indices }, { windows: { rank } }) => ({
      g: () => flatten(g, rank).gather(-1, flatten(indices, rank)).reshape(indices.shape),
    }),
    samples: [
      [
        t([1, 2, 2]),
        t([1, 2, 2], { dtype: "int32", data: [5, 5, 9, 10] }),
        { rank: 2, kernel: [3, 3], stride: [1, 1], padding: [0, 0], dilation: [1, 1], ceilMode: false, divisor: "window" },
        [1, 4, 4],
      ],
    ],
    errors: [raises([t([1, 2]), t([1, 3], { dtype: "int32" }), {}, [1, 4]], "differ")],
  };

const avgMeta = (op: string, x: Meta, a: Windows): { out: Meta } => {
  if (!isFloat(x.dtype) && (a.adaptive || x.dtype !== "int32"))
    throw new DtypeError(op, `not defined for ${x.dtype}`, "convert x to a floating dtype");
  return { out: { shape: pooledShape(op, x, a), dtype: x.dtype } };
};

type Averaging<A extends readonly unknown[]> = Primitive<(x: Tensor, ...rest: A) => Tensor, never, Windows>;

const average = <A extends readonly unknown[]>(
  op: string,
  read: (rest: readonly unknown[]) => Windows,
  samples: readonly Sample[],
): Averaging<A> => ({
  call: (x: Tensor, ...rest: A) => ({ inputs: { x }, attrs: read(rest) }),
  meta: (ins, a) => avgMeta(op, ins["x"]!, a),
  cpu: ({ x, out }, a) => cpuAvgPool(x!, out!, a, false),
  gpu: ({ x, out }, a, q) =>
    q.launch(
      kernel(source, "avg_pool", {
        aliases: { Scalar: wgslType(x!.dtype), Accum: wgslType(x!.dtype) },
        consts: windowConsts(x!.shape, out!.shape, a),
      }),
      { x: q.dense(x!), out: out! },
      windowParams(x!.shape, out!.shape, a),
      sizeOf(out!.shape),
    ),
  backward: (g, _saved, a, ins) => ({ x: () => g.avgPoolBackward(a, ins["x"]!.shape) }),
  samples,
  errors: [raises([t([3]), 2], `${op}: x must have`)],
});

const avgPool = (rank: number): Averaging<AvgArgs> => {
  const op = `avgPool${rank}d`;
  const read = (rest: readonly unknown[]): Windows => {
    const o = parse(op, rest, {
      kernelSize: undefined as unknown,
      stride: null,
      padding: 0,
      ceilMode: false,
      countIncludePad: true,
      divisorOverride: null as number | null,
    });
    if (o.divisorOverride === 0) throw new ArgumentError(op, "divisorOverride must not be 0");
    return { ...windows(op, rank, o), divisor: o.divisorOverride ?? (o.countIncludePad ? "window" : "inside") };
  };
  return average(op, read, [
    [t(shapeFor(rank, 4, 6, 5)), 2],
    [t(shapeFor(rank, 5, 5, 7)), 3, { stride: 2, padding: 1, countIncludePad: false }],
    [t(shapeFor(rank, 5, 7, 6)), 3, { stride: 2, padding: 1, ceilMode: true }],
    [t(shapeFor(rank, 4, 4, 6).slice(1)), 2, { divisorOverride: 3 }],
  ]);
};

/** Average pooling over [N, C, L] or [C, L]. */
export const avgPool1d: ReturnType<typeof avgPool> = avgPool(1);
/** Average pooling over [N, C, H, W] or [C, H, W]. Padding counts as zeros unless countIncludePad is false. */
export const avgPool2d: ReturnType<typeof avgPool> = avgPool(2);
/** Average pooling over [N, C, D, H, W] or [C, D, H, W]. */
export const avgPool3d: ReturnType<typeof avgPool> = avgPool(3);

type AdaptiveArgs =
  [outputSize: number | readonly (number | null)[]] | [options: { readonly outputSize: number | readonly (number | null)[] }];

const adaptiveAvgPool = (rank: number): Averaging<AdaptiveArgs> => {
  const op = `adaptiveAvgPool${rank}d`;
  const read = (rest: readonly unknown[]): Windows => {
    const { outputSize } = parse(op, rest, { outputSize: undefined as unknown });
    // null keeps the input's size; −1 stands for it inside.
    const sizes = Array.isArray(outputSize) ? outputSize.map((n: unknown) => (n === null ? -1 : n)) : outputSize;
    const one = new Array<number>(rank).fill(1);
    if (Array.isArray(outputSize) && outputSize.length !== rank)
      throw new ShapeError(op, `outputSize must have ${rank} sizes, got [${outputSize.join(", ")}]`);
    if (!Array.isArray(outputSize) || !outputSize.includes(null)) perDim(op, "outputSize", sizes, rank, 0);
    return {
      rank,
      kernel: one,
      stride: one,
      padding: one.map(() => 0),
      dilation: one,
      ceilMode: false,
      divisor: "inside",
      adaptive: perDim(op, "outputSize", sizes, rank, -1),
    };
  };
  return average(op, read, [
    [t(shapeFor(rank, 4, 6, 5)), 2],
    [t(shapeFor(rank, 5, 5, 7)), 3],
    [t(shapeFor(rank, 5, 7, 6).slice(1)), 1],
  ]);
};

/** Averages over windows that divide L into outputSize parts. Shape: [N, C, L] → [N, C, outputSize]. */
export const adaptiveAvgPool1d: ReturnType<typeof adaptiveAvgPool> = adaptiveAvgPool(1);
/** Averages over windows that divide H and W into outputSize parts; null keeps a size. */
export const adaptiveAvgPool2d: ReturnType<typeof adaptiveAvgPool> = adaptiveAvgPool(2);
/** Averages over windows that divide D, H and W into outputSize parts; null keeps a size. */
export const adaptiveAvgPool3d: ReturnType<typeof adaptiveAvgPool> = adaptiveAvgPool(3);

/** Adjoint of average pooling: each output gradient is shared over its window. */
export const avgPoolBackward: Primitive<(g: Tensor, windows: Windows, shape: Shape) => Tensor, never, BackwardAttrs> = {
  call: (g, windows, shape) => ({ inputs: { g }, attrs: { windows, shape } }),
  meta: (ins, { windows, shape }) => {
    const want = pooledShape("avgPoolBackward", { shape, dtype: "float32" }, windows);
    if (!sameShape(ins["g"]!.shape, want))
      throw new ShapeError("avgPoolBackward", `g is ${show(ins["g"]!.shape)}, pooling ${show(shape)} gives ${show(want)}`);
    return { out: { shape, dtype: ins["g"]!.dtype } };
  },
  cpu: ({ g, out }, { windows }) => cpuAvgPool(g!, out!, windows, true),
  gpu: ({ g, out }, { windows }, q) =>
    q.launch(
      kernel(source, "avg_pool_backward", { consts: windowConsts(out!.shape, g!.shape, windows) }),
      { g: q.dense(g!), out: out! },
      windowParams(out!.shape, g!.shape, windows),
      sizeOf(out!.shape),
    ),
  backward: (g, _saved, { windows: a }) => {
    const options = {
      stride: a.stride,
      padding: a.padding,
      ceilMode: a.ceilMode,
      countIncludePad: a.divisor !== "inside",
      divisorOverride: typeof a.divisor === "number" ? a.divisor : null,
    };
    const plain = [g.avgPool1d, g.avgPool2d, g.avgPool3d][a.rank - 1]!;
    const adaptive = [g.adaptiveAvgPool1d, g.adaptiveAvgPool2d, g.adaptiveAvgPool3d][a.rank - 1]!;
    return {
      g: () =>
        a.adaptive
          ? adaptive.call(
              g,
              a.adaptive.map((n) => (n < 0 ? null : n)),
            )
          : plain.call(g, a.kernel, options),
    };
  },
  samples: [
    [
      t([1, 2, 3, 3]),
      { rank: 2, kernel: [3, 3], stride: [2, 2], padding: [1, 1], dilation: [1, 1], ceilMode: false, divisor: "window" },
      [1, 2, 5, 6],
    ],
    [
      t([1, 2, 3]),
      { rank: 1, kernel: [1], stride: [1], padding: [0], dilation: [1], ceilMode: false, divisor: "inside", adaptive: [3] },
      [1, 2, 5],
    ],
  ],
  errors: [
    raises(
      [t([1, 2, 4]), { rank: 1, kernel: [2], stride: [2], padding: [0], dilation: [1], ceilMode: false, divisor: "window" }, [1, 2, 4]],
      "gives",
    ),
  ],
};

const maxUnpool = (rank: number): Composite<(x: Tensor, indices: Tensor, ...rest: UnpoolArgs) => Tensor> => {
  const op = `maxUnpool${rank}d`;
  return {
    compose: (x, indices, ...rest) => {
      const o = parse(op, rest, {
        kernelSize: undefined as unknown,
        stride: null,
        padding: 0,
        outputSize: null as readonly number[] | null,
      });
      const a = windows(op, rank, o);
      if (indices.dtype !== "int32") throw new DtypeError(op, `indices must be int32, got ${indices.dtype}`);
      if (!sameShape(x.shape, indices.shape)) throw new ShapeError(op, `x ${show(x.shape)} and indices ${show(indices.shape)} differ`);
      if (x.ndim !== rank + 1 && x.ndim !== rank + 2)
        throw new ShapeError(op, `x must have ${rank + 1} or ${rank + 2} dimensions, got ${show(x.shape)}`);
      const spatial = x.shape.slice(-rank);
      if (x.shape.slice(x.ndim - rank - 1).some((d) => d === 0)) throw new ShapeError(op, `x ${show(x.shape)} has an empty dimension`);
      const natural = spatial.map((n, i) => (n - 1) * a.stride[i]! + a.kernel[i]! - 2 * a.padding[i]!);
      const sizes = o.outputSize ? o.outputSize.slice(-rank) : natural;
      if (o.outputSize && ![rank, x.ndim].includes(o.outputSize.length))
        throw new ShapeError(op, `outputSize must have ${rank} or ${x.ndim} sizes, got ${show(o.outputSize)}`);
      sizes.forEach((n, i) => {
        if (Math.abs(n - natural[i]!) >= a.stride[i]!)
          throw new ShapeError(op, `outputSize ${show(sizes)} is not within a stride of ${show(natural)}`);
      });
      const lead = x.shape.slice(0, x.ndim - rank);
      const flat = flatten(x, rank);
      return flat
        .filledLike(0)
        .narrow(-1, 0, Math.min(1, flat.shape.at(-1)!))
        .expand([...lead, sizeOf(sizes)])
        .scatter(-1, flatten(indices, rank), flat)
        .reshape([...lead, ...sizes]);
    },
    samples: [
      [
        t(shapeFor(rank, 1, 1, 3)),
        t(shapeFor(rank, 1, 1, 3), { dtype: "int32", data: new Array(4).fill([0, 2, 5]).flat() as number[] }),
        rank === 1 ? 2 : [1, 1, 2].slice(3 - rank),
      ],
    ],
    errors: [raises([t(shapeFor(rank, 1, 1, 2)), t(shapeFor(rank, 1, 1, 2)), 2], "indices must be int32")],
  };
};

/** Partial inverse of maxPool1d: values go back to the positions in indices, all others are 0. */
export const maxUnpool1d: ReturnType<typeof maxUnpool> = maxUnpool(1);
/** Partial inverse of maxPool2d: values go back to the flat H·W positions in indices, all others are 0. */
export const maxUnpool2d: ReturnType<typeof maxUnpool> = maxUnpool(2);
/** Partial inverse of maxPool3d. */
export const maxUnpool3d: ReturnType<typeof maxUnpool> = maxUnpool(3);
