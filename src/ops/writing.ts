// Records that fold sources into what stands at indices: added up, or otherwise.
import { ShapeError, show } from "../base/errors.ts";
import { type Shape, sizeOf } from "../base/shape.ts";
import { scattering, type Writes } from "../kernels/indexing.ts";
import { checkFits, checkIndex, checkSource, operand } from "./arguments.ts";
import { cropped } from "./arranging.ts";
import type { Cases, Input, Primitive } from "./op.ts";
import { placed } from "./slices.ts";
import type { Tensor } from "./tensor.ts";

/** Errors: ShapeError unless the index, which is int32, has an element for every element of x but along `dim`, or fewer. */
export function checkPlaces(index: Input, shape: Shape, dim: number): void {
  checkIndex(index);
  const [own, given] = [shape.length === 0 ? [1] : shape, index.shape.length === 0 ? [1] : index.shape];
  if (own.length !== given.length || (sizeOf(given) > 0 && given.some((d, i) => i !== dim && d > own[i]!)))
    throw new ShapeError(`the index ${show(given)} needs the dimensions of ${show(own)}, none larger except dimension ${dim}`);
}

/** What is written, in the shape of the index: one value repeated, or as much of a larger source as the index reaches. */
function sourceFor(x: Tensor, index: Tensor, src: unknown): Tensor {
  const { shape } = index;
  const given = typeof src === "number" ? x.filledLike(src, shape) : operand(src, "source");
  if (given.ndim === 0) return given.expand(shape);
  // An empty index takes nothing, whatever the source looks like.
  if (index.numel() === 0) return given.flatten().narrow(0, 0, 0).reshape(shape);
  // What is smaller than the index is left as it is, and refused.
  return given.ndim === shape.length && shape.every((d, i) => d <= given.shape[i]!) ? cropped(given, shape) : given;
}

type Names = "x" | "index" | "src";
/** A record of what the function below makes. */
export type Writing<Source extends Tensor | number, S extends Names | "out" = Names | "out"> = Primitive<
  (x: Tensor, dim: number, index: Tensor, src: Source) => Tensor,
  Names,
  S,
  Writes
>;
type Own<Source extends Tensor | number> = Pick<Writing<Source>, "save" | "backward"> & Cases & Pick<Writes, "fold">;

/** A record that takes src into x at indices along a dimension. */
export const writing = <Source extends Tensor | number>({ fold, ...own }: Own<Source>): Writing<Source> => ({
  call: (x, dim, index, src) => {
    const { dim: at, ...inputs } = placed(false, x, dim, index);
    return { inputs: { ...inputs, src: sourceFor(x, inputs.index, src) }, attrs: { dim: at, fold } };
  },
  meta: ({ x, index, src }, { dim }) => {
    const { shape, dtype } = x;
    checkPlaces(index, shape, dim);
    checkFits("the source", src.shape, index.shape);
    checkSource(src, x);
    return { out: { shape, dtype } };
  },
  ...scattering,
  ...own,
});
