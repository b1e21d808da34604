// Dropout of elements and of whole channels.
import "../ops/random/index.ts";
import { probability } from "../ops/drawing.ts";
import { type Layer, layer, type LayerClass } from "./layer.ts";

interface DropoutOptions {
  p: number;
  inplace: boolean;
}
export type DropoutClass = LayerClass<DropoutOptions, [p?: number, inplace?: boolean]>;

/** The class of a kind of dropout. */
export const dropoutLayer = (name: string): DropoutClass =>
  layer(name, { p: 0.5, inplace: false }, undefined, { also: ["training"], settle: ({ p }) => void probability(p) });

/**
 * While training, zeroes each element with probability p and scales the others by 1 / (1 − p).
 * @example
 * const dropout = new nn.Dropout(0.5).eval();
 * await dropout.call(ones(4)).tolist(); // → [1, 1, 1, 1]
 */
export const Dropout: DropoutClass = /* @__PURE__ */ dropoutLayer("Dropout");
export type Dropout = Layer<DropoutOptions>;

/**
 * While training, zeroes whole channels of [N, C, L].
 * @example new nn.Dropout1d(0.5).call(ones(2, 8, 10)).shape; // → [2, 8, 10]
 */
export const Dropout1d: DropoutClass = /* @__PURE__ */ dropoutLayer("Dropout1d");
export type Dropout1d = Dropout;
/**
 * While training, zeroes whole channels of [N, C, H, W].
 * @example new nn.Dropout2d(0.5).call(ones(2, 8, 5, 5)).shape; // → [2, 8, 5, 5]
 */
export const Dropout2d: DropoutClass = /* @__PURE__ */ dropoutLayer("Dropout2d");
export type Dropout2d = Dropout;
/**
 * While training, zeroes whole channels of [N, C, D, H, W].
 * @example new nn.Dropout3d(0.5).call(ones(2, 8, 3, 3, 3)).shape; // → [2, 8, 3, 3, 3]
 */
export const Dropout3d: DropoutClass = /* @__PURE__ */ dropoutLayer("Dropout3d");
export type Dropout3d = Dropout;
/**
 * While training, replaces elements with probability p by SELU's least value, and keeps mean and variance: dropout for networks of SELU.
 * @example await new nn.AlphaDropout(0.5).eval().call(ones(2)).tolist(); // → [1, 1]
 */
export const AlphaDropout: DropoutClass = /* @__PURE__ */ dropoutLayer("AlphaDropout");
export type AlphaDropout = Dropout;
/**
 * AlphaDropout of whole channels.
 * @example new nn.FeatureAlphaDropout(0.5).call(ones(2, 8, 5, 5)).shape; // → [2, 8, 5, 5]
 */
export const FeatureAlphaDropout: DropoutClass = /* @__PURE__ */ dropoutLayer("FeatureAlphaDropout");
export type FeatureAlphaDropout = Dropout;
