// Sliding blocks as columns, and back.
import "../ops/window/index.ts";
import { perDimension } from "../base/options.ts";
import type { Size } from "./conv.ts";
import { layer, type LayerClass } from "./layer.ts";

interface Blocks {
  kernelSize: Size;
  dilation: Size;
  padding: Size;
  stride: Size;
}
type BlockRest = [dilation?: Size, padding?: Size, stride?: Size] | [options: Partial<Omit<Blocks, "kernelSize">>];
const sliding = { dilation: perDimension<Size>(1), padding: perDimension<Size>(0), stride: perDimension<Size>(1) };

/**
 * Sliding blocks of [N, C, H, W] as columns: [N, C · kH · kW, number of blocks].
 * @example await new nn.Unfold([1, 2]).call(tensor([[[[1, 2, 3]]]])).tolist(); // → [[[1, 2], [2, 3]]]
 */
export const Unfold: LayerClass<Blocks, [kernelSize: Size, ...BlockRest]> = /* @__PURE__ */ layer(
  "Unfold",
  { kernelSize: undefined, ...sliding },
  "im2col",
);
export type Unfold = InstanceType<typeof Unfold>;

/**
 * Sums of sliding blocks, given as columns: [N, C · kH · kW, number of blocks] → [N, C, H, W].
 * @example await new nn.Fold([1, 3], [1, 2]).call(tensor([[[1, 2], [2, 3]]])).tolist(); // → [[[[1, 4, 3]]]]
 */
export const Fold: LayerClass<Blocks & { outputSize: Size }, [outputSize: Size, kernelSize: Size, ...BlockRest]> = /* @__PURE__ */ layer(
  "Fold",
  { outputSize: undefined, kernelSize: undefined, ...sliding },
);
export type Fold = InstanceType<typeof Fold>;
