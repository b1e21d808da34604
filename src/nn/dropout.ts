// Dropout of elements.
import "../kits/noise.ts";
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

/** While training, zeroes each element with probability p and scales the others by 1 / (1 − p). */
export const Dropout: DropoutClass = /* @__PURE__ */ dropoutLayer("Dropout");
export type Dropout = Layer<DropoutOptions>;
