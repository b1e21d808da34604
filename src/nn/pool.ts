// Pooling layers in one to three dimensions.
import "../ops/window/index.ts";
import { ArgumentError } from "../base/errors.ts";
import { either, perDimension } from "../base/options.ts";
import { perDim } from "../ops/sliding.ts";
import type { MaxPooled } from "../ops/window/pool.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Size } from "./conv.ts";
import { type Layer, layer, type LayerClass, operatorOf } from "./layer.ts";
import type { Module } from "./module.ts";

/** A layer of windows: sizes are checked, and kept as one number for all dimensions where they were given so, unless `lists`. */
const windows = (name: string, rank: number, options: object = {}, lists = false, run?: Parameters<typeof layer>[2]): never =>
  layer(name, { kernelSize: undefined, stride: null, padding: perDimension(0), ...options }, run, {
    shown: (self) => ["kernelSize", "stride", "padding", ...("dilation" in self ? ["dilation", "ceilMode"] : [])],
    settle(self) {
      self.stride ??= self.kernelSize;
      for (const key of ["kernelSize", "stride", "padding", "dilation"])
        if (key in self) {
          const sizes = perDim(key, self[key], rank, key === "padding" ? 0 : 1, ArgumentError);
          if (lists || typeof self[key] !== "number") self[key] = sizes;
        }
    },
  }) as never;

/** The layer's properties from the options of its constructor. */
type Windowed<O, F> = Module & Readonly<Required<O>> & { readonly kernelSize: Size; readonly stride: Size; forward: F };
type WindowClass<O, A extends readonly unknown[], F = (x: Tensor) => Tensor> = new (
  kernelSize: Size,
  ...rest: A | [options: O] | [stride: Size | null, options: Omit<O, "stride">]
) => Windowed<O, F>;

export interface MaxPoolOptions<R extends boolean = boolean> {
  /** Default: the kernel size. */
  readonly stride?: Size | null;
  readonly padding?: Size;
  readonly dilation?: Size;
  /** A call then gives [output, indices]. */
  readonly returnIndices?: R;
  readonly ceilMode?: boolean;
}
type MaxPool<R extends boolean> = Windowed<MaxPoolOptions<R>, (x: Tensor) => MaxPooled<R>>;
type MaxPoolClass = new <R extends boolean = false>(
  kernelSize: Size,
  ...rest:
    | [stride?: Size | null, padding?: Size, dilation?: Size, returnIndices?: R, ceilMode?: boolean]
    | [options: MaxPoolOptions<R>]
    | [stride: Size | null, options: Omit<MaxPoolOptions<R>, "stride">]
) => MaxPool<R>;
const maxOptions = { dilation: perDimension(1), returnIndices: false, ceilMode: false };
/**
 * Maximum over windows of [N, C, L].
 * @example await new nn.MaxPool1d(2).call(tensor([[[1, 4, 3, 2]]])).tolist(); // → [[[4, 3]]]
 */
export const MaxPool1d: MaxPoolClass = /* @__PURE__ */ windows("MaxPool1d", 1, maxOptions);
export type MaxPool1d<R extends boolean = false> = MaxPool<R>;
/**
 * Maximum over windows of [N, C, H, W].
 * @example
 * const [out, indices] = new nn.MaxPool2d(2, { returnIndices: true }).call(tensor([[[1, 4], [3, 2]]]));
 * await out.tolist(); // → [[[4]]]
 * await indices.tolist(); // → [[[1]]]
 */
export const MaxPool2d: MaxPoolClass = /* @__PURE__ */ windows("MaxPool2d", 2, maxOptions);
export type MaxPool2d<R extends boolean = false> = MaxPool<R>;
/**
 * Maximum over windows of [N, C, D, H, W].
 * @example new nn.MaxPool3d(2).call(randn(1, 3, 4, 8, 8)).shape; // → [1, 3, 2, 4, 4]
 */
export const MaxPool3d: MaxPoolClass = /* @__PURE__ */ windows("MaxPool3d", 3, maxOptions);
export type MaxPool3d<R extends boolean = false> = MaxPool<R>;

type UnpoolClass = WindowClass<
  { readonly stride?: Size | null; readonly padding?: Size },
  [stride?: Size | null, padding?: Size],
  (x: Tensor, indices: Tensor, outputSize?: readonly number[]) => Tensor
>;
const unpool = (name: string, rank: number): UnpoolClass =>
  windows(name, rank, {}, true, (o, x: Tensor, indices: Tensor, outputSize?: readonly number[] | null) =>
    functions[operatorOf(name) as "maxUnpool2d"](x, indices, { ...o, outputSize: outputSize ?? null } as never),
  );
/**
 * Puts values of MaxPool1d back to where their indices say, zeros elsewhere.
 * @example
 * const [out, indices] = new nn.MaxPool1d(2, { returnIndices: true }).call(tensor([[[1, 4, 3, 2]]]));
 * await new nn.MaxUnpool1d(2).call(out, indices).tolist(); // → [[[0, 4, 3, 0]]]
 */
export const MaxUnpool1d: UnpoolClass = /* @__PURE__ */ unpool("MaxUnpool1d", 1);
export type MaxUnpool1d = InstanceType<UnpoolClass>;
/**
 * Puts values of MaxPool2d back to where their indices say, zeros elsewhere.
 * @example
 * const [out, indices] = new nn.MaxPool2d(2, { returnIndices: true }).call(tensor([[[1, 4], [3, 2]]]));
 * await new nn.MaxUnpool2d(2).call(out, indices).tolist(); // → [[[0, 4], [0, 0]]]
 */
export const MaxUnpool2d: UnpoolClass = /* @__PURE__ */ unpool("MaxUnpool2d", 2);
export type MaxUnpool2d = MaxUnpool1d;
/**
 * Puts values of MaxPool3d back to where their indices say, zeros elsewhere.
 * @example
 * const [out, indices] = new nn.MaxPool3d(2, { returnIndices: true }).call(randn(1, 1, 4, 4, 4));
 * new nn.MaxUnpool3d(2).call(out, indices).shape; // → [1, 1, 4, 4, 4]
 */
export const MaxUnpool3d: UnpoolClass = /* @__PURE__ */ unpool("MaxUnpool3d", 3);
export type MaxUnpool3d = MaxUnpool1d;

export interface AvgPoolOptions {
  /** Default: the kernel size. */
  readonly stride?: Size | null;
  readonly padding?: Size;
  readonly ceilMode?: boolean;
  readonly countIncludePad?: boolean;
  /** Not in one dimension. */
  readonly divisorOverride?: number | null;
}
type AvgPoolClass = WindowClass<
  AvgPoolOptions,
  [stride?: Size | null, padding?: Size, ceilMode?: boolean, countIncludePad?: boolean, divisorOverride?: number | null]
>;
// In one dimension PyTorch keeps lists, in the others what it was given.
const lineOptions = { ceilMode: false, countIncludePad: true };
const areaOptions = { ...lineOptions, divisorOverride: null };
/**
 * Average over windows of [N, C, L].
 * @example await new nn.AvgPool1d(2).call(tensor([[[1, 4, 3, 2]]])).tolist(); // → [[[2.5, 2.5]]]
 */
export const AvgPool1d: AvgPoolClass = /* @__PURE__ */ windows("AvgPool1d", 1, lineOptions, true);
export type AvgPool1d = InstanceType<AvgPoolClass>;
/**
 * Average over windows of [N, C, H, W].
 * @example await new nn.AvgPool2d(2).call(tensor([[[1, 4], [3, 2]]])).tolist(); // → [[[2.5]]]
 */
export const AvgPool2d: AvgPoolClass = /* @__PURE__ */ windows("AvgPool2d", 2, areaOptions);
export type AvgPool2d = AvgPool1d;
/**
 * Average over windows of [N, C, D, H, W].
 * @example new nn.AvgPool3d(2).call(randn(1, 3, 4, 8, 8)).shape; // → [1, 3, 2, 4, 4]
 */
export const AvgPool3d: AvgPoolClass = /* @__PURE__ */ windows("AvgPool3d", 3, areaOptions);
export type AvgPool3d = AvgPool1d;

type OutputSize = { outputSize: number | readonly (number | null)[] };
type AdaptiveClass = LayerClass<OutputSize, [outputSize: OutputSize["outputSize"]]>;
const adaptive = (name: string): AdaptiveClass => layer(name, { outputSize: undefined });
/**
 * Averages that divide L into outputSize parts.
 * @example await new nn.AdaptiveAvgPool1d(2).call(tensor([[[1, 4, 3, 2]]])).tolist(); // → [[[2.5, 2.5]]]
 */
export const AdaptiveAvgPool1d: AdaptiveClass = /* @__PURE__ */ adaptive("AdaptiveAvgPool1d");
export type AdaptiveAvgPool1d = Layer<OutputSize>;
/**
 * Averages that divide H and W into outputSize parts; null keeps a size.
 * @example new nn.AdaptiveAvgPool2d(1).call(randn(2, 16, 7, 5)).shape; // → [2, 16, 1, 1]
 */
export const AdaptiveAvgPool2d: AdaptiveClass = /* @__PURE__ */ adaptive("AdaptiveAvgPool2d");
export type AdaptiveAvgPool2d = AdaptiveAvgPool1d;
/**
 * Averages that divide D, H and W into outputSize parts; null keeps a size.
 * @example new nn.AdaptiveAvgPool3d([2, null, 1]).call(randn(1, 3, 4, 6, 8)).shape; // → [1, 3, 2, 6, 1]
 */
export const AdaptiveAvgPool3d: AdaptiveClass = /* @__PURE__ */ adaptive("AdaptiveAvgPool3d");
export type AdaptiveAvgPool3d = AdaptiveAvgPool1d;

type MaxPooling<R extends boolean> = Module & { forward(x: Tensor): MaxPooled<R> };
type AdaptiveMax<R extends boolean> = MaxPooling<R> & Readonly<OutputSize> & { readonly returnIndices: R };
type AdaptiveMaxClass = new <R extends boolean = false>(
  outputSize: OutputSize["outputSize"],
  ...rest: [returnIndices?: R] | [options: { readonly returnIndices?: R }]
) => AdaptiveMax<R>;
const adaptiveMax = (name: string): AdaptiveMaxClass =>
  layer(name, { outputSize: undefined, returnIndices: false }, operatorOf(name), { shown: () => ["outputSize"] });
/**
 * Maxima of windows that divide L into outputSize parts.
 * @example await new nn.AdaptiveMaxPool1d(2).call(tensor([[[1, 4, 3, 2]]])).tolist(); // → [[[4, 3]]]
 */
export const AdaptiveMaxPool1d: AdaptiveMaxClass = /* @__PURE__ */ adaptiveMax("AdaptiveMaxPool1d");
export type AdaptiveMaxPool1d<R extends boolean = false> = AdaptiveMax<R>;
/**
 * Maxima of windows that divide H and W into outputSize parts; null keeps a size.
 * @example
 * const [out, indices] = new nn.AdaptiveMaxPool2d(1, { returnIndices: true }).call(tensor([[[1, 4], [3, 2]]]));
 * await out.tolist(); // → [[[4]]]
 * await indices.tolist(); // → [[[1]]]
 */
export const AdaptiveMaxPool2d: AdaptiveMaxClass = /* @__PURE__ */ adaptiveMax("AdaptiveMaxPool2d");
export type AdaptiveMaxPool2d<R extends boolean = false> = AdaptiveMax<R>;
/**
 * Maxima of windows that divide D, H and W into outputSize parts; null keeps a size.
 * @example new nn.AdaptiveMaxPool3d([2, null, 1]).call(randn(1, 3, 4, 6, 8)).shape; // → [1, 3, 2, 6, 1]
 */
export const AdaptiveMaxPool3d: AdaptiveMaxClass = /* @__PURE__ */ adaptiveMax("AdaptiveMaxPool3d");
export type AdaptiveMaxPool3d<R extends boolean = false> = AdaptiveMax<R>;

interface Power {
  normType: number;
  kernelSize: Size;
  stride: Size | null;
  ceilMode: boolean;
}
type PowerClass = new (
  normType: number,
  kernelSize: Size,
  ...rest: [stride?: Size | null, ceilMode?: boolean] | [options: { readonly stride?: Size | null; readonly ceilMode?: boolean }]
) => Layer<Power>;
const power = (name: string): PowerClass =>
  layer(name, { normType: undefined, kernelSize: undefined, stride: either<Size | null>(null, "number", "list", "null"), ceilMode: false });
/**
 * The p-norm of windows of [N, C, L].
 * @example await new nn.LPPool1d(2, 2).call(tensor([[[3, 4, 6, 8]]])).tolist(); // → [[[5, 10]]]
 */
export const LPPool1d: PowerClass = /* @__PURE__ */ power("LPPool1d");
export type LPPool1d = Layer<Power>;
/**
 * The p-norm of windows of [N, C, H, W].
 * @example await new nn.LPPool2d(1, 2).call(tensor([[[1, 4], [3, 2]]])).tolist(); // → [[[10]]]
 */
export const LPPool2d: PowerClass = /* @__PURE__ */ power("LPPool2d");
export type LPPool2d = Layer<Power>;
/**
 * The p-norm of windows of [N, C, D, H, W].
 * @example await new nn.LPPool3d(1, [1, 2, 2]).call(tensor([[[[[1, 4], [3, 2]]]]])).tolist(); // → [[[[[10]]]]]
 */
export const LPPool3d: PowerClass = /* @__PURE__ */ power("LPPool3d");
export type LPPool3d = Layer<Power>;

export interface FractionalMaxPoolOptions<R extends boolean = boolean> {
  readonly outputSize?: Size | null;
  /** Sizes of the output as shares of those of the input, in place of outputSize. */
  readonly outputRatio?: Size | null;
  readonly returnIndices?: R;
  /** Draws to use every time; by default each call draws anew. */
  readonly randomSamples?: Tensor | null;
}
type Fractional<R extends boolean> = MaxPooling<R> & {
  readonly kernelSize: readonly number[];
  readonly outputSize: readonly number[] | null;
  readonly outputRatio: readonly number[] | null;
  readonly returnIndices: R;
  readonly randomSamples: Tensor | null;
};
type FractionalClass = new <R extends boolean = false>(
  kernelSize: Size,
  ...rest:
    | [outputSize?: Size | null, outputRatio?: Size | null, returnIndices?: R, randomSamples?: Tensor | null]
    | [outputSize: Size | null, options: Omit<FractionalMaxPoolOptions<R>, "outputSize">]
    | [options: FractionalMaxPoolOptions<R>]
) => Fractional<R>;
const optional = either<Size | null>(null, "number", "list", "null");
const fractional = (name: string, rank: number): FractionalClass =>
  layer(
    name,
    { kernelSize: undefined, outputSize: optional, outputRatio: optional, returnIndices: false, randomSamples: null },
    operatorOf(name),
    {
      shown: () => [],
      stateNames: { randomSamples: "_random_samples" },
      settle(self) {
        const { outputSize, outputRatio, randomSamples } = self;
        if ((outputSize === null) === (outputRatio === null)) throw new ArgumentError("needs one of outputSize and outputRatio");
        self.kernelSize = perDim("kernelSize", self.kernelSize, rank, 1, ArgumentError);
        if (outputSize !== null) self.outputSize = perDim("outputSize", outputSize, rank, 1, ArgumentError);
        else {
          self.outputRatio = typeof outputRatio === "number" ? new Array<number>(rank).fill(outputRatio) : outputRatio;
          if (self.outputRatio.length !== rank || !self.outputRatio.every((r: number) => r > 0 && r < 1))
            throw new ArgumentError(`outputRatio must be between 0 and 1, or ${rank} such numbers, got ${String(outputRatio)}`);
        }
        delete self.randomSamples;
        self.registerBuffer("randomSamples", randomSamples);
      },
    },
  );
/**
 * Maxima of windows of [N, C, H, W] at places drawn for every channel, as many as outputSize or outputRatio say.
 * @example new nn.FractionalMaxPool2d(2, { outputRatio: 0.7 }).call(randn(2, 3, 10, 10)).shape; // → [2, 3, 7, 7]
 */
export const FractionalMaxPool2d: FractionalClass = /* @__PURE__ */ fractional("FractionalMaxPool2d", 2);
export type FractionalMaxPool2d<R extends boolean = false> = Fractional<R>;
/**
 * Maxima of windows of [N, C, D, H, W] at places drawn for every channel, as many as outputSize or outputRatio say.
 * @example new nn.FractionalMaxPool3d(2, 3).call(randn(2, 3, 6, 7, 8)).shape; // → [2, 3, 3, 3, 3]
 */
export const FractionalMaxPool3d: FractionalClass = /* @__PURE__ */ fractional("FractionalMaxPool3d", 3);
export type FractionalMaxPool3d<R extends boolean = false> = Fractional<R>;
