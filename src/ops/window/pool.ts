// Pooling over 1 to 3 dimensions. maxPool, its adjoint maxPoolBackward and gather have kernels; averages are sums over windows by other operators.
import { checkFloat } from "../../base/checks.ts";
import { isFloat } from "../../base/dtype.ts";
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { either, parse, perDimension } from "../../base/options.ts";
import { checkShape, type Shape, sizeOf } from "../../base/shape.ts";
import { maxPoolAdjoint, maxPooling, type Windows } from "../../kernels/pooling.ts";
import { checkFits, checkIndex, operand } from "../arguments.ts";
import { bordered } from "../arranging.ts";
import { type Composite, type Internal, type Primitive, raises, type Sample, t } from "../op.ts";
import { adaptedSizes, checkFilled, perDim, sized, type Sizes, sliding, slidingSizes } from "../sliding.ts";
import type { Tensor } from "../tensor.ts";

export interface MaxPoolOptions<R extends boolean = boolean> {
  readonly stride?: Sizes | null;
  readonly padding?: Sizes;
  readonly dilation?: Sizes;
  readonly ceilMode?: boolean;
  readonly returnIndices?: R;
}
/** What max pooling gives: its output, or [output, indices] with returnIndices. */
export type MaxPooled<R extends boolean> = R extends true ? [output: Tensor, indices: Tensor] : Tensor;
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

/** The ways to call it behind the arguments of Lead. */
interface MaxPooling<Lead extends readonly unknown[]> {
  <R extends boolean = false>(
    ...args: [...Lead, kernelSize: Sizes, stride?: Sizes | null, padding?: Sizes, dilation?: Sizes, ceilMode?: boolean, returnIndices?: R]
  ): MaxPooled<R>;
  <R extends boolean = false>(...args: [...Lead, kernelSize: Sizes, options: MaxPoolOptions<R>]): MaxPooled<R>;
  <R extends boolean = false>(...args: [...Lead, kernelSize: Sizes, stride: Sizes | null, options: MaxPoolOptions<R>]): MaxPooled<R>;
  <R extends boolean = false>(...args: [...Lead, options: MaxPoolOptions<R> & { readonly kernelSize: Sizes }]): MaxPooled<R>;
}
export type MaxPoolFn = MaxPooling<[x: Tensor]> & { readonly method: MaxPooling<[]> };
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

type MaxAttrs = Windows & { readonly ceilMode: boolean; readonly returnIndices: boolean };

/** Positional arguments that all pooling starts with, and their defaults. */
const first = { kernelSize: undefined as unknown, stride: null as unknown, padding: perDimension<unknown>(0) };

function windows(rank: number, o: { kernelSize: unknown; stride: unknown; padding: unknown; dilation?: unknown }): Windows {
  const kernelSize = perDim("kernelSize", o.kernelSize, rank, 1);
  const stride = [o.stride ?? []].flat();
  return { ...sliding(rank, { ...o, stride: stride.length > 0 ? stride : kernelSize }), kernel: kernelSize };
}

/** Output sizes along the pooled dimensions. Errors: ShapeError when the input has the wrong rank or a window does not fit. */
function pooledSizes(shape: Shape, a: Windows, ceilMode: boolean): number[] {
  const rank = a.kernel.length;
  checkFilled(shape, rank);
  a.padding.forEach((p, i) => {
    if (2 * p > a.kernel[i]!) throw new ShapeError(`padding ${p} is more than half of the window ${a.kernel[i]}`);
  });
  return slidingSizes(shape.slice(-rank), a.kernel, a, ceilMode);
}

const maxPool = (rank: number): Primitive<MaxPoolFn, "x" | "indices", "indices", MaxAttrs> => ({
  rest: true,
  call: (x, ...rest) => {
    const o = parse(rest, { ...first, dilation: perDimension<unknown>(1), ceilMode: false, returnIndices: false });
    return { inputs: { x }, attrs: { ...windows(rank, o), ceilMode: o.ceilMode, returnIndices: o.returnIndices } };
  },
  meta: (ins, a) => {
    const { shape: given, dtype } = ins.x;
    const sizes = pooledSizes(given, a, a.ceilMode);
    const shape = [...given.slice(0, -rank), ...sizes];
    return { out: { shape, dtype }, indices: { shape, dtype: "int32" } };
  },
  ...maxPooling,
  save: ["indices"],
  backward: (g, { indices }, a, ins) => ({ x: () => g.maxPoolBackward(indices, a, ins.x.shape) }),
  result: ({ out, indices }, a) => (a.returnIndices ? [out, indices] : out),
  samples: [
    [sized(rank, [2, 2], 4, 6, 4), 2],
    [sized(rank, [2, 2], 7, 5, 5), 3, { stride: 2, padding: 1 }],
    [sized(rank, [2, 2], 6, 7, 5), 2, { stride: 1, dilation: 2, ceilMode: true }],
    [sized(rank, [2], 6, 4, 4), 3, { stride: 2, padding: 1, ceilMode: true }],
  ] as Sample[],
  errors: [
    raises([t([3]), 2], "x must have"),
    raises([sized(rank, [2, 2], 4, 4, 4), 2, { padding: 2 }], "more than half"),
    raises([sized(rank, [2, 2], 2, 2, 2), 5], "does not fit"),
    raises([sized(rank, [2, 2], 4, 4, 4), 0], "kernelSize must be"),
    raises([sized(rank, [2, 2], 4, 4, 4), 2, { strides: 1 }], "unknown option strides"),
  ],
});

/** Max pooling over [N, C, L] or [C, L]. Shape: L' = ⌊(L + 2p − d(k − 1) − 1)/s⌋ + 1. With returnIndices, [out, positions of the maxima, −1 for none]. */
export const maxPool1d: ReturnType<typeof maxPool> = maxPool(1);
/** Max pooling over [N, C, H, W] or [C, H, W]; the argmax positions serve the gradient. With returnIndices, [out, flat H·W positions]. */
export const maxPool2d: ReturnType<typeof maxPool> = maxPool(2);
/** Max pooling over [N, C, D, H, W] or [C, D, H, W]. With returnIndices, [out, flat D·H·W positions]. */
export const maxPool3d: ReturnType<typeof maxPool> = maxPool(3);

/** Adjoint of max pooling: each output gradient goes to the input position that won, summed where windows overlap. */
export const maxPoolBackward: Primitive<
  (g: Tensor, indices: Tensor, windows: Windows, shape: Shape) => Tensor,
  "g" | "indices",
  "indices",
  { readonly windows: Windows; readonly shape: Shape }
> &
  Internal = {
  internal: true,
  call: (g, indices, windows, shape) => ({ inputs: { g, indices }, attrs: { windows, shape: checkShape(shape) } }),
  meta: (ins, { shape, windows: { kernel } }) => {
    const given = ins.g.shape;
    checkFits("indices", ins.indices.shape, given);
    checkFits("shape", shape, [...given.slice(0, -kernel.length), ...shape.slice(-kernel.length)]);
    return { out: { shape, dtype: ins.g.dtype } };
  },
  ...maxPoolAdjoint,
  save: ["indices"],
  backward: (g, { indices }, { windows: { kernel, dilation } }) => ({
    g: () => {
      const read = (at: Tensor): Tensor => g.flatten(-kernel.length).gather(-1, at.flatten(-kernel.length)).reshape(indices.shape);
      // Only dilated windows can have found nothing.
      return dilation.every((d) => d === 1) ? read(indices) : read(indices.clampMin(0)).maskedFill(indices.lt(0), 0);
    },
  }),
  samples: [
    [
      t([1, 2, 2]),
      t([1, 2, 2], { dtype: "int32", data: [5, 5, 9, 10] }),
      { kernel: [3, 3], stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 },
      [1, 4, 4],
    ],
  ],
  errors: [raises([t([1, 2]), t([1, 3], { dtype: "int32" }), { kernel: [2] }, [1, 4]], "does not fit")],
};

/** Sums over windows, as a convolution of every plane with ones; zeros at the end make up for a last window that leaves x. */
function sums(x: Tensor, a: Windows, sizes: readonly number[]): Tensor {
  const rank = sizes.length;
  const size = x.shape.slice(-rank);
  const beyond = sizes.map((n, i) => [0, Math.max(0, (n - 1) * a.stride[i]! + a.kernel[i]! - size[i]! - 2 * a.padding[i]!)] as const);
  const planes = bordered(x.reshape([-1, 1, ...size]), beyond);
  return planes.convolution(x.filledLike(1, [1, 1, ...a.kernel]), null, a).reshape([...x.shape.slice(0, -rank), ...sizes]);
}

const avgPool = (rank: number): Composite<(x: Tensor, ...rest: AvgArgs) => Tensor> => ({
  rest: true,
  compose: (x, ...rest) => {
    const o = parse(rest, {
      ...first,
      ceilMode: false,
      countIncludePad: true,
      divisorOverride: either<number | null>(null, "integer", "null"),
    });
    const a = windows(rank, o);
    const { dtype, shape } = x;
    if (o.divisorOverride === 0) throw new ArgumentError("divisorOverride must not be 0");
    if (dtype !== "int32") checkFloat(dtype);
    const sizes = pooledSizes(shape, a, o.ceilMode);
    // Integers are summed in float32, exact below 2^24, and divided as integers.
    const float = isFloat(dtype) ? x : x.cast("float32");
    // Padding counts as zeros, or not at all; what lies beyond it never counts.
    const counted = shape.slice(-rank).map((n, i) => (o.countIncludePad ? n + 2 * a.padding[i]! : n));
    const padding = o.countIncludePad ? a.padding.map(() => 0) : a.padding;
    const whole = sizes.every((n, i) => padding[i] === 0 && (n - 1) * a.stride[i]! + a.kernel[i]! <= counted[i]!);
    const divisor =
      o.divisorOverride ?? (whole ? sizeOf(a.kernel) : sums(float.filledLike(1, counted), { ...a, padding }, sizes).to(dtype));
    return sums(float, a, sizes)
      .to(dtype)
      .div(divisor, { roundingMode: float === x ? null : "trunc" });
  },
  samples: [
    [sized(rank, [2, 2], 5, 6, 4), 2],
    [sized(rank, [2, 2], 6, 7, 5), 3, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }],
    [sized(rank, [2], 6, 4, 4), 2, { divisorOverride: 3 }],
  ],
  errors: [raises([t([3]), 2], "x must have")],
});

/** Average pooling over [N, C, L] or [C, L]. */
export const avgPool1d: ReturnType<typeof avgPool> = avgPool(1);
/** Average pooling over [N, C, H, W] or [C, H, W]. Padding counts as zeros unless countIncludePad is false. */
export const avgPool2d: ReturnType<typeof avgPool> = avgPool(2);
/** Average pooling over [N, C, D, H, W] or [C, D, H, W]. */
export const avgPool3d: ReturnType<typeof avgPool> = avgPool(3);

type AdaptiveArgs =
  [outputSize: number | readonly (number | null)[]] | [options: { readonly outputSize: number | readonly (number | null)[] }];

const adaptiveAvgPool = (rank: number): Composite<(x: Tensor, ...rest: AdaptiveArgs) => Tensor> => ({
  rest: true,
  compose: (x, ...rest) => {
    const { dtype, shape } = x;
    const { outputSize } = parse(rest, { outputSize: undefined as unknown });
    checkFilled(shape, rank);
    checkFloat(dtype);
    // Means of means: the windows of an axis depend on that axis alone.
    return adaptedSizes(outputSize, shape, rank).reduce((y, parts, i) => {
      const dim = y.ndim - rank + i;
      const extent = y.shape[dim]!;
      sizeOf(y.shape.with(dim, parts)); // refuses before there is a list of parts
      if (extent % parts === 0) return y.unflatten(dim, [parts, extent / parts]).mean(dim + 1);
      const means = Array.from({ length: parts }, (_, part) => {
        const from = Math.floor((part * extent) / parts);
        return y.narrow(dim, from, Math.ceil(((part + 1) * extent) / parts) - from).mean(dim, true);
      });
      return y.narrow(dim, 0, 0).cat(means, dim);
    }, x);
  },
  samples: [
    [sized(rank, [2, 2], 5, 6, 4), 2],
    [sized(rank, [2], 6, 7, 5), 1],
  ],
  errors: [raises([t([3]), 2], "x must have"), raises([sized(rank, [2], 6, 7, 5), 2 ** 40], "at most 2147483647")],
});

/** Averages over windows that divide L into outputSize parts. Shape: [N, C, L] → [N, C, outputSize]. */
export const adaptiveAvgPool1d: ReturnType<typeof adaptiveAvgPool> = adaptiveAvgPool(1);
/** Averages over windows that divide H and W into outputSize parts; null keeps a size. */
export const adaptiveAvgPool2d: ReturnType<typeof adaptiveAvgPool> = adaptiveAvgPool(2);
/** Averages over windows that divide D, H and W into outputSize parts; null keeps a size. */
export const adaptiveAvgPool3d: ReturnType<typeof adaptiveAvgPool> = adaptiveAvgPool(3);

const maxUnpool = (rank: number): Composite<(x: Tensor, indices: Tensor, ...rest: UnpoolArgs) => Tensor> => ({
  rest: true,
  compose: (x, indices, ...rest) => {
    const o = parse(rest, { ...first, outputSize: null as readonly number[] | null });
    const a = windows(rank, o);
    const { shape } = x;
    checkIndex(operand(indices, "indices"));
    checkFits("indices", indices.shape, shape);
    checkFilled(shape, rank);
    const natural = shape.slice(-rank).map((n, i) => (n - 1) * a.stride[i]! + a.kernel[i]! - 2 * a.padding[i]!);
    const given = o.outputSize ?? natural;
    const sizes = given.slice(-rank);
    if (![rank, x.ndim].includes(given.length) || sizes.some((n, i) => Math.abs(n - natural[i]!) >= a.stride[i]!))
      throw new ShapeError(`outputSize ${show(given)} is not within a stride of ${show(natural)}`);
    const zeros = x.filledLike(0, [...shape.slice(0, -rank), sizeOf(sizes)]);
    return zeros.scatter(-1, indices.flatten(-rank), x.flatten(-rank)).unflatten(-1, sizes);
  },
  samples: [
    [
      sized(rank, [2, 2], 3, 1, 1),
      { ...sized(rank, [2, 2], 3, 1, 1), dtype: "int32", data: new Array(4).fill([0, 2, 5]).flat() },
      rank === 1 ? 2 : [2, 1, 1].slice(0, rank),
    ],
  ],
  errors: [raises([sized(rank, [2, 2], 2, 1, 1), sized(rank, [2, 2], 2, 1, 1), 2], "must be int32")],
});

/** Partial inverse of maxPool1d: values go back to the positions in indices, all others are 0. */
export const maxUnpool1d: ReturnType<typeof maxUnpool> = maxUnpool(1);
/** Partial inverse of maxPool2d: values go back to the flat H·W positions in indices, all others are 0. */
export const maxUnpool2d: ReturnType<typeof maxUnpool> = maxUnpool(2);
/** Partial inverse of maxPool3d. */
export const maxUnpool3d: ReturnType<typeof maxUnpool> = maxUnpool(3);
