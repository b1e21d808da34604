// Tensors inside others: what the gradients of views that show no element twice are made of.
import { contiguous, type Geometry, type Shape } from "../base/shape.ts";
import { operand } from "./arguments.ts";
import type { Backward } from "./op.ts";
import type { Tensor } from "./tensor.ts";

/** `value` in the shape `whole`, with x at the places that a dense tensor of that shape shows through the geometry. */
export const inlaid = (x: Tensor, whole: Shape, { shape, strides, offset }: Geometry, value = 0): Tensor =>
  x.filledLike(value, whole).asStridedScatter(x, shape, strides, offset);

/** x with src at the places that a dense tensor of its shape shows through the geometry. */
export const written = (x: Tensor, src: Tensor, { shape, strides, offset }: Geometry): Tensor =>
  x.asStridedScatter(operand(src, "src"), shape, strides, offset);

/** The gradient rule of a view that shows no element twice: zeros, with g in the places that it shows. */
export const putBack =
  <A extends object>(view: (x: Geometry, attrs: A) => Geometry): Backward<"x", never, A> =>
  (g, _saved, attrs, ins) => {
    const { shape } = ins.x;
    return { x: () => inlaid(g, shape, view(contiguous(shape), attrs)) };
  };
