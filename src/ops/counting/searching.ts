// Values looked up: their places in sorted rows, and whether they are among others.
import { checkKnown } from "../../base/checks.ts";
import { promote } from "../../base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { sameShape } from "../../base/shape.ts";
import { checkVisible } from "../../kernels/indexing.ts";
import { member, type Membership, places, type Side } from "../../kernels/search.ts";
import { checkFits, checkIndex, checkRank, isTensor, operand } from "../arguments.ts";
import { type Composite, type Primitive, raises, t } from "../op.ts";
import { operandOf } from "../pointwise.ts";
import { ints } from "../slices.ts";
import type { Tensor } from "../tensor.ts";

/** Two operands, one of them perhaps a number, as tensors of the dtype that holds both. */
function alike(a: Tensor | number, b: Tensor | number): [Tensor, Tensor] {
  const known = isTensor(a) ? a : operand(b, "one of both");
  const dtype = promote(
    [a, b].map((v) =>
      isTensor(v)
        ? { dtype: v.dtype, kind: v.ndim > 0 ? "tensor" : "scalar" }
        : { dtype: Number.isInteger(v) ? "int32" : "float32", kind: "number" },
    ),
  );
  if (dtype === "bool") throw new DtypeError("not defined for bool", 'convert with to("int32")');
  const single = known.filledLike(0, []).to(dtype);
  const cast = (v: Tensor | number): Tensor => (isTensor(v) ? v.to(dtype) : single.filledLike(v, []));
  return [cast(a), cast(b)];
}

interface SideOptions {
  /** Equal elements stand before the place of a value: it is the last that keeps the order, not the first. */
  readonly right?: boolean;
  /** Without effect: places are int32. */
  readonly outInt32?: boolean;
}
interface SearchOptions extends SideOptions {
  /** "right" says what { right: true } says. */
  readonly side?: "left" | "right" | null;
  /** The order that sorts a sequence which is not sorted itself. */
  readonly sorter?: Tensor | null;
}

/** Where each value would be inserted so that its row stays sorted: [n] for all values, or rows that share the leading dimensions of x. */
export const searchsorted: Primitive<
  (sortedSequence: Tensor, x: Tensor | number, options?: SearchOptions) => Tensor,
  "x" | "sorted" | "sorter?",
  never,
  Side
> = {
  rest: true,
  call: (sequence, given, ...rest) => {
    const defaults = { right: false, side: null as string | null, sorter: null as Tensor | null, outInt32: false };
    const { right, side, sorter } = parse(rest, {}, defaults);
    checkKnown("side", side, ["left", "right", null]);
    if (right && side === "left") throw new ArgumentError('side "left" contradicts right: true', "give one of both");
    const [sorted, x] = alike(operand(sequence, "the sorted sequence"), operandOf(given, "x"));
    checkRank(sorted.shape, 1);
    if (sorted.ndim > 1 && (x.ndim !== sorted.ndim || !sameShape(x.shape.slice(0, -1), sorted.shape.slice(0, -1))))
      throw new ShapeError(`rows of ${show(sorted.shape)} need values with the same leading dimensions, got ${show(x.shape)}`);
    if (sorter) {
      checkIndex(operand(sorter, "sorter"));
      checkFits("sorter", sorter.shape, sorted.shape);
      checkVisible(sorter, sorted.ndim - 1, sorted.shape.at(-1)!);
    }
    return { inputs: { x, sorted, sorter }, attrs: { right: right || side === "right" } };
  },
  meta: ({ x }) => ({ out: { shape: x.shape, dtype: "int32" } }),
  ...places,
  backward: "none",
  samples: [
    [t([4], { data: [1, 3, 3, 7] }), t([2, 3], { data: [0, 1, 3, 5, 7, NaN] }), { right: true }],
    [t([2, 3], { data: [1, 2, 3, -1, 0, 4] }), t([2, 2], { data: [2, 9, -2, 1] })],
    [ints([3], [1, 2, 3]), 2.5],
    [t([3], { data: [3, 1, 2] }), t([2], { data: [1.5, 3] }), { side: "right", sorter: ints([3], [1, 2, 0]) }],
    [t([0]), t([2])],
    [t([2, 3]), t([2, 0])],
  ],
  errors: [
    raises([t([2, 3]), t([3])], "same leading dimensions"),
    raises([t([]), 1], "at least 1 dimensions"),
    raises([t([3]), 1, { side: "middle" }], "unknown side"),
    raises([t([3]), 1, { side: "left", right: true }], "contradicts"),
    raises([t([2]), 1, { sorter: ints([2], [0, 2]) }], "out of range"),
    raises([t([2]), 1, { sorter: ints([1], [0]) }], "needs [2]"),
    raises([t([2], { dtype: "bool" }), t([2], { dtype: "bool" })], "not defined for bool"),
  ],
};

/** The number of the bucket that each value falls into, between boundaries in ascending order: 0 … their count. */
export const bucketize: Composite<(x: Tensor | number, boundaries: Tensor, options?: SideOptions) => Tensor> = {
  self: -1,
  rest: true,
  compose: (x, boundaries, ...rest) => {
    const { right } = parse(rest, {}, { right: false, outInt32: false });
    checkRank(operand(boundaries, "boundaries").shape, 1, 1);
    return boundaries.searchsorted(x, { right });
  },
  backward: "none",
  samples: [
    [t([2, 3], { data: [0, 1, 2, 3, 4, 5] }), t([3], { data: [1, 3, 4] })],
    [ints([2], [2, 3]), ints([2], [2, 3]), { right: true }],
    [2.5, ints([2], [2, 3])],
  ],
  errors: [raises([t([2]), t([1, 2])], "needs 1 dimensions"), raises([t([2]), 1], "boundaries must be a tensor")],
};

/** Whether each element is among `testElements`, one of both perhaps a number; { invert } asks whether it is not. NaN is among none. */
export const isin: Primitive<
  (
    elements: Tensor | number,
    testElements: Tensor | number,
    options?: { readonly assumeUnique?: boolean; readonly invert?: boolean },
  ) => Tensor,
  "x" | "sorted",
  never,
  Membership
> = {
  rest: true,
  call: (elements, testElements, ...rest) => {
    const { invert } = parse(rest, {}, { assumeUnique: false, invert: false });
    const [x, sorted] = alike(operandOf(elements, "elements"), operandOf(testElements, "testElements"));
    return { inputs: { x, sorted }, attrs: { invert } };
  },
  meta: ({ x }) => ({ out: { shape: x.shape, dtype: "bool" } }),
  ...member,
  backward: "none",
  samples: [
    [t([2, 3], { data: [0, 1, NaN, 3, 4, 5] }), t([3], { data: [4, NaN, 1] })],
    [ints([4], [3, 1, 2, 0]), ints([2, 1], [2, 3]), { invert: true }],
    [ints([3], [1, 2, 3]), 2],
    [2, ints([3], [1, 2, 3])],
    [t([2]), t([0])],
  ],
  errors: [raises([1, 2], "must be a tensor"), raises([t([2], { dtype: "bool" }), t([2], { dtype: "bool" })], "not defined for bool")],
};
