// Strided access: views by explicit strides, diagonals, their adjoints, and writing one tensor into another.
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { checkShape, type Geometry, type Shape, sizeOf } from "../../base/shape.ts";
import { denseCopy } from "../../device/copying.ts";
import { startFrom, stridedCopy } from "../../kernels/copy.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkFits, checkSource, integer, integers } from "../arguments.ts";
import { type Primitive, raises, t, type ViewOp } from "../op.ts";
import { inlaid, overlaps } from "../restride.ts";

export interface StridedAttrs {
  readonly to: Geometry;
  /** Geometry of the operand and the number of elements of its storage. */
  readonly from: Geometry;
  readonly elements: number;
}

const showing = (x: Tensor, { shape, strides, offset }: Geometry): Tensor => x.asStrided(shape, strides, offset);

/** The geometry asked for. Errors: ShapeError for negative strides or elements beyond the end. */
function checked(shape: readonly unknown[], strides: unknown, offset: unknown, limit: number): Geometry {
  const g = {
    shape: checkShape(shape),
    strides: integers([strides], "stride"),
    offset: integer(offset, "storageOffset", 0),
  };
  const given = `size ${show(g.shape)}, stride ${show(g.strides)}`;
  if (g.shape.length !== g.strides.length || g.strides.some((step) => step < 0))
    throw new ShapeError(`${given} must be non-negative and equally many`);
  const last = g.shape.reduce((at, d, i) => at + (d - 1) * g.strides[i]!, g.offset);
  if (last >= limit && sizeOf(g.shape) > 0) throw new ShapeError(`${given} and offset ${g.offset} reach element ${last} of ${limit}`);
  return g;
}

/** A view of x's storage by explicit size, strides and offset (default: x's own), all counted in elements. */
export const asStrided: ViewOp<(x: Tensor, size: Shape, stride: readonly number[], storageOffset?: number) => Tensor, StridedAttrs> = {
  call: (x, size, stride, storageOffset) => {
    const { shape, strides, offset, storage } = x;
    const to = checked(size, stride, storageOffset ?? offset, storage.elements);
    return { inputs: { x }, attrs: { to, from: { shape, strides, offset }, elements: storage.elements } };
  },
  view: (_x, { to }) => to,
  absolute: true,
  backward: (g, _s, { to, from, elements }) => ({
    x: () => {
      // Every place of the storage gets what all views of it send, shared among the elements of x that lie there.
      const sent = (v: Tensor, shown: Geometry): Tensor => {
        const zeros = v.filledLike(0, [elements]);
        return overlaps(shown) ? zeros.put(showing(zeros.positions(), shown), v, true) : inlaid(v, [elements], shown);
      };
      const flat = sent(g, to);
      return showing(overlaps(from) ? flat.div(sent(g.filledLike(1, from.shape), from).clampMin(1)) : flat, from);
    },
  }),
  samples: [
    [t([6]), [2, 2], [1, 2], 1],
    [t([5]), [3, 3], [1, 1]],
  ],
  errors: [raises([t([3]), [2, 2], [2, 1]], "reach element 3 of 3"), raises([t([3]), [2], [1, 1]], "equally many")],
};

/** A dense copy of x with src written to the elements that asStrided(size, stride, storageOffset) of it would show. */
export const asStridedScatter: Primitive<
  (x: Tensor, src: Tensor, size: Shape, stride: readonly number[], storageOffset?: number) => Tensor,
  never,
  Geometry
> = {
  call: (x, src, size, stride, storageOffset = 0) => ({
    inputs: { x, src },
    attrs: checked(size, stride, storageOffset, x.numel()),
  }),
  meta: (ins, attrs) => {
    const [x, src] = [ins["x"]!, ins["src"]!];
    checkFits("the source", src.shape, attrs.shape);
    checkSource(src, x);
    if (overlaps(attrs)) throw new ArgumentError(`stride ${show(attrs.strides)} writes elements twice`);
    return { out: { shape: x.shape, dtype: x.dtype } };
  },
  cpu: ({ x, src, out }, attrs) => {
    startFrom.cpu(x!, out!);
    stridedCopy.cpu({ x: src!, out: { ...out!, ...attrs } }, {});
  },
  gpu: ({ x, src, out }, attrs, q) => {
    startFrom.gpu(x!, out!, q);
    denseCopy(q, src!, { ...out!, ...attrs });
  },
  backward: (g, _s, { shape, strides, offset }) => ({
    x: () => g.asStridedScatter(g.filledLike(0, shape), shape, strides, offset),
    src: () => {
      const whole = g.contiguous();
      return whole.asStrided(shape, strides, whole.offset + offset);
    },
  }),
  samples: [[t([3, 4]), t([2, 2]), [2, 2], [4, 1], 1]],
  errors: [raises([t([3]), t([2]), [2], [0]], "writes elements twice"), raises([t([3]), t([3]), [2], [1]], "needs [2]")],
};
