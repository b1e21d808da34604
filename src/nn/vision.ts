// Images in other sizes: interpolation, and elements moved between channels and space.
import "../ops/vision/index.ts";
import { either, parse } from "../base/options.ts";
import { float, repr } from "../base/python.ts";
import { entry, exactly } from "../base/reading.ts";
import { integer } from "../ops/arguments.ts";
import type { InterpolateOptions, Mode } from "../ops/vision/interpolate.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Size } from "./conv.ts";
import { layer, type LayerClass } from "./layer.ts";
import { Module } from "./module.ts";

type UpsampleOptions = Omit<InterpolateOptions, "antialias">;
const sizes = either<Size | null>(null, "number", "list", "null");
const choice = either<boolean | null>(null, "boolean", "null");

/**
 * Interpolates [N, C, …] to a size, or by a factor.
 * @example
 * const up = new nn.Upsample({ scaleFactor: 2, mode: "bilinear" });
 * await up.call(tensor([[[[1, 3]]]])).tolist(); // → [[[[1, 1.5, 2.5, 3], [1, 1.5, 2.5, 3]]]]
 */
export class Upsample extends Module {
  static override readonly name: string = "Upsample";
  declare readonly size: Size | null;
  declare readonly scaleFactor: Size | null;
  declare readonly mode: Mode;
  declare readonly alignCorners: boolean | null;
  declare readonly recomputeScaleFactor: boolean | null;

  constructor(
    ...rest:
      | [size?: Size | null, scaleFactor?: Size | null, mode?: Mode, alignCorners?: boolean | null, recomputeScaleFactor?: boolean | null]
      | [options: UpsampleOptions]
  ) {
    super();
    const options = { size: sizes, scaleFactor: sizes, mode: "nearest" as Mode, alignCorners: choice, recomputeScaleFactor: choice };
    entry(new.target.name, rest, Infinity, () => Object.assign(this, parse(rest, options)));
  }
  override forward(x: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return functions.interpolate(x, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor });
  }
  override extraRepr(): string {
    const { size, scaleFactor, mode } = this;
    const floats = typeof scaleFactor === "number" ? float(scaleFactor) : `(${(scaleFactor ?? []).map(float).join(", ")})`;
    return `${scaleFactor === null ? `size=${repr(size)}` : `scale_factor=${floats}`}, mode=${mode}`;
  }
  static {
    exactly(this.prototype, "forward", "extraRepr");
  }
}

type ScaleRest = [size?: Size | null, scaleFactor?: Size | null] | [options: Pick<UpsampleOptions, "size" | "scaleFactor">];
type ScaleClass = new (...rest: ScaleRest) => Upsample;
const scaling = (name: string, mode: Mode, alignCorners: boolean | null): ScaleClass =>
  class extends Upsample {
    static override readonly name: string = name;
    constructor(...rest: ScaleRest) {
      super({ ...entry(name, rest, Infinity, () => parse(rest, { size: sizes, scaleFactor: sizes })), mode, alignCorners });
    }
  };
/**
 * Repeats the elements of [N, C, H, W]: Upsample with mode "nearest".
 * @example await new nn.UpsamplingNearest2d({ scaleFactor: 2 }).call(tensor([[[[1, 2]]]])).tolist(); // → [[[[1, 1, 2, 2], [1, 1, 2, 2]]]]
 */
export const UpsamplingNearest2d: ScaleClass = /* @__PURE__ */ scaling("UpsamplingNearest2d", "nearest", null);
export type UpsamplingNearest2d = Upsample;
/**
 * Interpolates [N, C, H, W] with aligned corners: Upsample with mode "bilinear".
 * @example await new nn.UpsamplingBilinear2d([1, 3]).call(tensor([[[[1, 2]]]])).tolist(); // → [[[[1, 1.5, 2]]]]
 */
export const UpsamplingBilinear2d: ScaleClass = /* @__PURE__ */ scaling("UpsamplingBilinear2d", "bilinear", true);
export type UpsamplingBilinear2d = Upsample;

/**
 * Channels as finer pixels: [*, C · r², H, W] → [*, C, H · r, W · r].
 * @example await new nn.PixelShuffle(2).call(tensor([[[1]], [[2]], [[3]], [[4]]])).tolist(); // → [[[1, 2], [3, 4]]]
 */
export const PixelShuffle: LayerClass<{ upscaleFactor: number }, [upscaleFactor: number]> = /* @__PURE__ */ layer(
  "PixelShuffle",
  { upscaleFactor: undefined },
  ({ upscaleFactor }, x) => x.pixelShuffle(upscaleFactor),
  { settle: (self) => void integer(self.upscaleFactor, "upscaleFactor", 1) },
);
export type PixelShuffle = InstanceType<typeof PixelShuffle>;
/**
 * Pixels as more channels, which PixelShuffle undoes: [*, C, H · r, W · r] → [*, C · r², H, W].
 * @example await new nn.PixelUnshuffle(2).call(tensor([[[1, 2], [3, 4]]])).tolist(); // → [[[1]], [[2]], [[3]], [[4]]]
 */
export const PixelUnshuffle: LayerClass<{ downscaleFactor: number }, [downscaleFactor: number]> = /* @__PURE__ */ layer(
  "PixelUnshuffle",
  { downscaleFactor: undefined },
  ({ downscaleFactor }, x) => x.pixelUnshuffle(downscaleFactor),
  { settle: (self) => void integer(self.downscaleFactor, "downscaleFactor", 1) },
);
export type PixelUnshuffle = InstanceType<typeof PixelUnshuffle>;
/**
 * Channels as rows of `groups`, read by columns.
 * @example await new nn.ChannelShuffle(2).call(tensor([[[1], [2], [3], [4]]])).tolist(); // → [[[1], [3], [2], [4]]]
 */
export const ChannelShuffle: LayerClass<{ groups: number }, [groups: number]> = /* @__PURE__ */ layer(
  "ChannelShuffle",
  { groups: undefined },
  ({ groups }, x) => x.channelShuffle(groups),
  { settle: (self) => void integer(self.groups, "groups", 1) },
);
export type ChannelShuffle = InstanceType<typeof ChannelShuffle>;
