// Layers that change only the shape.
import "../kits/core.ts";
import { type Layer, layer, type LayerClass } from "./layer.ts";

interface Range {
  startDim: number;
  endDim: number;
}
/** Joins the dimensions from startDim to endDim; by default all but the batch. */
export const Flatten: LayerClass<Range, [startDim?: number, endDim?: number]> = /* @__PURE__ */ layer("Flatten", {
  startDim: 1,
  endDim: -1,
});
export type Flatten = Layer<Range>;
