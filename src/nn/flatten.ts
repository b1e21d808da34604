// Layers that change only the shape.
import "../ops/core/index.ts";
import { type Layer, layer, type LayerClass } from "./layer.ts";

interface Range {
  startDim: number;
  endDim: number;
}
/**
 * Joins the dimensions from startDim to endDim; by default all but the batch.
 * @example new nn.Flatten().call(zeros(2, 3, 4)).shape; // → [2, 12]
 */
export const Flatten: LayerClass<Range, [startDim?: number, endDim?: number]> = /* @__PURE__ */ layer("Flatten", {
  startDim: 1,
  endDim: -1,
});
export type Flatten = Layer<Range>;

interface Split {
  dim: number;
  unflattenedSize: readonly number[];
}
/**
 * Splits one dimension into several.
 * @example new nn.Unflatten(1, [3, 4]).call(zeros(2, 12)).shape; // → [2, 3, 4]
 */
export const Unflatten: new (dim: number, unflattenedSize: readonly number[]) => Layer<Split> = /* @__PURE__ */ layer(
  "Unflatten",
  { dim: 0, unflattenedSize: [] },
  ({ dim, unflattenedSize }, x) => x.unflatten(dim, unflattenedSize),
);
export type Unflatten = Layer<Split>;
