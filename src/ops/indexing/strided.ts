// Strided access: views by explicit strides, diagonals, their adjoints, and writing one tensor into another.
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { either, parse } from "../../base/options.ts";
import { checkShape, contiguous, type Geometry, normalizeDim, type Shape, sizeOf } from "../../base/shape.ts";
import { denseCopy } from "../../device/copying.ts";
import { startFrom, stridedCopy } from "../../kernels/copy.ts";
import { checkFits, checkSource, integer, integers } from "../arguments.ts";
import { inlaid } from "../inlaying.ts";
import { type Primitive, raises, t, type ViewOp } from "../op.ts";
import { overlaps } from "../restride.ts";
import { putAt } from "../slices.ts";
import type { Tensor } from "../tensor.ts";

export interface StridedAttrs {
  readonly to: Geometry;
  /** Geometry of the operand and the number of elements of its storage. */
  readonly from: Geometry;
  readonly elements: number;
}

type Offset = [storageOffset?: number | null] | [options: { readonly storageOffset?: number | null }];
const offsetOf = (rest: readonly unknown[]): number | null =>
  parse(rest, { storageOffset: either<number | null>(null, "number", "null") }).storageOffset;

const showing = (x: Tensor, { shape, strides, offset }: Geometry): Tensor => x.asStrided(shape, strides, offset);

/** Zeros in `elements` places, with v added where a dense tensor of that many shows it through the geometry. */
const sent = (v: Tensor, elements: number, shown: Geometry): Tensor => {
  const zeros = v.filledLike(0, [elements]);
  return overlaps(shown) ? putAt(zeros, showing(zeros.positions(), shown), v, true) : inlaid(v, [elements], shown);
};

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
export const asStrided: ViewOp<(x: Tensor, size: Shape, stride: readonly number[], ...rest: Offset) => Tensor, StridedAttrs> = {
  rest: true,
  call: (x, size, stride, ...rest) => {
    const { shape, strides, offset, storage } = x;
    const to = checked(size, stride, offsetOf(rest) ?? offset, storage.elements);
    return { inputs: { x }, attrs: { to, from: { shape, strides, offset }, elements: storage.elements } };
  },
  view: (_x, { to }) => to,
  absolute: true,
  backward: (g, _s, { to, from, elements }) => ({
    x: () => {
      // Every place of the storage gets what all views of it send, shared among the elements of x that lie there.
      const flat = sent(g, elements, to);
      return showing(overlaps(from) ? flat.div(sent(g.filledLike(1, from.shape), elements, from).clampMin(1)) : flat, from);
    },
  }),
  samples: [
    [t([6]), [2, 2], [1, 2], 1],
    [t([5]), [3, 3], [1, 1]],
  ],
  errors: [raises([t([3]), [2, 2], [2, 1]], "reach element 3 of 3"), raises([t([3]), [2], [1, 1]], "equally many")],
};

export interface Unfolding {
  readonly dim: number;
  readonly size: number;
  readonly step: number;
}

/** Geometry of the windows over x. Errors: ShapeError when not even one fits. */
function windowsOver({ shape, strides, offset }: Geometry, { dim, size, step }: Unfolding): Geometry {
  // A number is a line of one, without a dimension.
  const [extent, stride] = [shape[dim] ?? 1, strides[dim] ?? 1];
  if (size > extent) throw new ShapeError(`a window of ${size} does not fit into dimension ${dim} of size ${extent}`);
  const places = Math.floor((extent - size) / step) + 1;
  const changed = (list: readonly number[], value: number): readonly number[] => (shape.length === 0 ? [] : list.with(dim, value));
  return { shape: [...changed(shape, places), size], strides: [...changed(strides, stride * step), stride], offset };
}

/** Windows of `size` elements along dim, `step` apart, as a last dimension of a view. Shape: [L] → [⌊(L − size) / step⌋ + 1, size]. */
export const unfold: ViewOp<(x: Tensor, dimension: number, size: number, step: number) => Tensor, Unfolding> = {
  rest: true,
  call: (x, ...rest) => {
    const o = parse(rest, { dimension: undefined as unknown, size: undefined as unknown, step: undefined as unknown });
    const attrs = { dim: normalizeDim(o.dimension, x.ndim), size: integer(o.size, "size", 0), step: integer(o.step, "step", 1) };
    return { inputs: { x }, attrs };
  },
  view: windowsOver,
  backward: (g, _s, attrs, ins) => {
    const { shape } = ins.x;
    return { x: () => sent(g, sizeOf(shape), windowsOver(contiguous(shape), attrs)).reshape(shape) };
  },
  samples: [
    [t([7]), 0, 3, 1],
    [t([2, 7, 3]), 1, 3, 2],
    [t([2, 6]), -1, 2, 3],
    [t([]), 0, 1, 1],
    [t([2, 0]), 1, 0, 1],
  ],
  errors: [
    raises([t([3]), 0, 4, 1], "a window of 4 does not fit"),
    raises([t([3]), 0, 2, 0], "step must be an integer of at least 1"),
    raises([t([3]), 1, 2, 1], "out of range"),
  ],
};

/** A dense copy of x with src written to the elements that asStrided(size, stride, storageOffset) of it would show. */
export const asStridedScatter: Primitive<
  (x: Tensor, src: Tensor, size: Shape, stride: readonly number[], ...rest: Offset) => Tensor,
  "x" | "src",
  never,
  Geometry
> = {
  rest: true,
  call: (x, src, size, stride, ...rest) => ({
    inputs: { x, src },
    attrs: checked(size, stride, offsetOf(rest) ?? 0, x.numel()),
  }),
  meta: ({ x, src }, attrs) => {
    checkFits("the source", src.shape, attrs.shape);
    checkSource(src, x);
    if (overlaps(attrs)) throw new ArgumentError(`stride ${show(attrs.strides)} writes elements twice`);
    return { out: { shape: x.shape, dtype: x.dtype } };
  },
  cpu: ({ x, src, out }, attrs) => {
    startFrom.cpu(x, out);
    stridedCopy.cpu({ x: src, out: { ...out, ...attrs } }, {});
  },
  gpu: ({ x, src, out }, attrs, q) => {
    startFrom.gpu(x, out, q);
    denseCopy(q, src, { ...out, ...attrs });
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
