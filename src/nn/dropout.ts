// Dropout of elements and of whole channels.
import "../kits/noise.ts";
import { ArgumentError } from "../base/errors.ts";
import { functions } from "../methods.ts";
import type { Tensor } from "../tensor.ts";
import { type Layer, layer, type LayerClass } from "./layer.ts";

interface DropoutOptions {
  p: number;
  inplace: boolean;
}
type DropoutClass = LayerClass<DropoutOptions, [p?: number, inplace?: boolean]>;

const dropping = (name: string, drop: (x: Tensor, options: object) => Tensor): DropoutClass =>
  layer(name, { p: 0.5, inplace: false }, (x, options, { training }) => drop(x, { ...options, training }), {
    settle({ p }, op) {
      if (!(p >= 0 && p <= 1)) throw new ArgumentError(op, `p must be between 0 and 1, got ${String(p)}`);
    },
  });

/** While training, zeroes each element with probability p and scales the others by 1 / (1 − p). */
export const Dropout: DropoutClass = /* @__PURE__ */ dropping("Dropout", (x, o) => functions.dropout(x, o));
export type Dropout = Layer<DropoutOptions>;
/** While training, zeroes whole channels of [N, C, L]. */
export const Dropout1d: DropoutClass = /* @__PURE__ */ dropping("Dropout1d", (x, o) => functions.dropout1d(x, o));
export type Dropout1d = Dropout;
/** While training, zeroes whole channels of [N, C, H, W]. */
export const Dropout2d: DropoutClass = /* @__PURE__ */ dropping("Dropout2d", (x, o) => functions.dropout2d(x, o));
export type Dropout2d = Dropout;
/** While training, zeroes whole channels of [N, C, D, H, W]. */
export const Dropout3d: DropoutClass = /* @__PURE__ */ dropping("Dropout3d", (x, o) => functions.dropout3d(x, o));
export type Dropout3d = Dropout;
