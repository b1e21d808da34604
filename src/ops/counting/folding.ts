// Sources folded into what stands at indices: added, multiplied, averaged, or the largest and smallest of them.
import { checkKnown } from "../../base/checks.ts";
import { category } from "../../base/dtype.ts";
import { parse } from "../../base/options.ts";
import { checkFits, operand } from "../arguments.ts";
import { type Cases, type Composite, type InPlace, type Internal, raises, t } from "../op.ts";
import { ints, placed } from "../slices.ts";
import type { Tensor } from "../tensor.ts";
import { type Writing, writing } from "../writing.ts";

type Folding = Writing<Tensor> & Internal;

const cases: Cases = {
  samples: [
    [t([3, 4]), 1, ints([3, 3], [0, 0, 3, 1, 2, 2, 3, 3, 3]), t([3, 3])],
    [t([3, 2]), 0, ints([2, 1], [2, 2]), t([2, 1])],
    [t([]), 0, ints([], [0]), t([])],
    [t([3], { dtype: "int32" }), 0, ints([4], [0, 2, 2, 0]), t([4], { dtype: "int32" })],
    [
      t([40]),
      0,
      ints(
        [50],
        Array.from({ length: 50 }, (_, i) => (i * 7) % 40),
      ),
      t([50]),
    ],
  ],
  errors: [raises([t([3]), 0, ints([2], [0, 1]), t([1])], "needs [2]"), raises([t([3]), 0, t([1]), t([1])], "must be int32")],
};

/** The largest or smallest; all that are it, sources and x, share the gradient. */
const extreme = (fold: "larger" | "smaller"): Folding => ({
  ...writing<Tensor>({
    fold,
    save: ["x", "index", "src", "out"],
    backward: (g, { x, index, src, out }, { dim }) => {
      const own = x.eq(out);
      const hits = src.eq(out.gather(dim, index));
      const part = g.div(own.to(g.dtype).scatterAdd(dim, index, hits.to(g.dtype)));
      return { x: () => part.where(own, 0), src: () => part.gather(dim, index).where(hits, 0) };
    },
    ...cases,
  }),
  internal: true,
});

/** x and the sources at each place: the largest of them. */
export const scatterLarger: Folding = extreme("larger");
/** x and the sources at each place: the smallest of them. */
export const scatterSmaller: Folding = extreme("smaller");

/** x times the sources at each place; its gradient is right at zeros, and so is the second. */
export const scatterProduct: Folding = {
  ...writing<Tensor>({
    fold: "product",
    save: ["x", "index", "src", "out"],
    backward: (g, { x, index, src, out }, { dim }) => ({
      x: () => g.mul(x.filledLike(1).scatterProduct(dim, index, src)),
      src: () => {
        // The product of the others: the quotient for what is not zero. A zero has the product without zeros, times the other zero if there is one.
        const zero = src.eq(0);
        const zeros = zero.to(g.dtype);
        const filled = src.maskedFill(zero, 1);
        const gathered = (v: Tensor): Tensor => v.gather(dim, index);
        const total = (v: Tensor): Tensor => gathered(x.filledLike(0).scatterAdd(dim, index, v));
        const count = total(zeros);
        const other = total(src.mul(zeros)).sub(src).where(count.eq(2), count.eq(1).to(g.dtype));
        const beside = gathered(g.mul(x.scatterProduct(dim, index, filled))).mul(other);
        return beside.where(zero, gathered(g.mul(out)).div(filled));
      },
    }),
    ...cases,
    samples: [...cases.samples, [t([3], { data: [2, 0, 3] }), 0, ints([6], [0, 0, 1, 2, 2, 2]), t([6], { data: [0, 4, 5, 0, 0, 6] })]],
  }),
  internal: true,
};

interface FoldOptions {
  /** What stands in x takes part where sources arrive; by default it does. */
  readonly includeSelf?: boolean;
}
type Reduce = "sum" | "prod" | "mean" | "amax" | "amin";

/** What has no influence on a fold, in the range of the dtype. */
function neutral({ dtype }: Tensor, reduce: Reduce): number {
  if (reduce === "sum" || reduce === "mean") return 0;
  if (reduce === "prod") return 1;
  const [least, most] =
    category(dtype) === 2 ? [-Infinity, Infinity] : dtype === "int32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, dtype === "bool" ? 1 : 255];
  return reduce === "amax" ? least : most;
}

/** Sources folded into x at an index for every one of them. */
function folded(x: Tensor, dim: number, index: Tensor, src: Tensor, reduce: Reduce, includeSelf: boolean): Tensor {
  const from = includeSelf ? x : x.scatter(dim, index, neutral(x, reduce));
  if (reduce === "prod") return from.scatterProduct(dim, index, src);
  if (reduce === "amax") return from.scatterLarger(dim, index, src);
  if (reduce === "amin") return from.scatterSmaller(dim, index, src);
  const sum = from.scatterAdd(dim, index, src);
  if (reduce === "sum") return sum;
  const ones = x.filledLike(1);
  const count = (includeSelf ? ones : ones.scatter(dim, index, 0)).scatterAdd(dim, index, x.filledLike(1, index.shape));
  return category(x.dtype) === 2 ? sum.div(count) : sum.floorDivide(count);
}

type FoldRest<R extends Reduce> = [reduce: R, options?: FoldOptions] | [options: { readonly reduce: R } & FoldOptions];
type FoldFn<R extends Reduce> = (x: Tensor, dim: number, index: Tensor, source: Tensor, ...rest: FoldRest<R>) => Tensor;

const folding = <R extends Reduce>(slices: boolean, known: readonly R[], own: Cases): Composite<FoldFn<R>> & InPlace => ({
  rest: true,
  compose: (x, dim, index, source, ...rest) => {
    const { reduce, includeSelf } = parse(rest, { reduce: undefined as R | undefined }, { includeSelf: true });
    checkKnown("reduce", reduce, known);
    const { dim: at, index: each } = placed(slices, x, dim, index);
    if (slices) checkFits("the source", operand(source, "source").shape, each.shape);
    return folded(x, at, each, source, reduce!, includeSelf);
  },
  inplace: true,
  ...own,
});

/** x with src folded in at indices along dim: reduce is "sum", "prod", "mean", "amax" or "amin"; { includeSelf: false } leaves out what x holds there. */
export const scatterReduce: Composite<FoldFn<Reduce>> & InPlace = folding(false, ["sum", "prod", "mean", "amax", "amin"], {
  samples: (["sum", "prod", "mean", "amax", "amin"] as const).flatMap((reduce) => [
    [t([3, 4]), 1, ints([3, 3], [0, 0, 3, 1, 2, 2, 3, 3, 3]), t([3, 3]), reduce],
    [t([3]), 0, ints([4], [0, 2, 2, 0]), t([4]), reduce, { includeSelf: false }],
  ]),
  errors: [
    raises([t([3]), 0, ints([1], [0]), t([1]), "max"], "unknown reduce"),
    raises([t([3]), 0, ints([2], [0, 1]), t([1]), "sum"], "needs [2]"),
    raises([t([3]), 0, ints([1], [0]), t([1], { dtype: "int32" }), "amax"], "the source is int32"),
  ],
});

/** x with the slices of source folded in at the places of dim that index (1-D) names: reduce is "prod", "mean", "amax" or "amin". */
export const indexReduce: Composite<FoldFn<Exclude<Reduce, "sum">>> & InPlace = folding(true, ["prod", "mean", "amax", "amin"], {
  samples: (["prod", "mean", "amax", "amin"] as const).flatMap((reduce) => [
    [t([3, 4]), 1, ints([3], [0, 3, 3]), t([3, 3]), reduce],
    [t([3, 2]), 0, ints([2], [2, 2]), t([2, 2]), reduce, { includeSelf: false }],
  ]),
  errors: [
    raises([t([3]), 0, ints([1], [0]), t([1]), "sum"], "unknown reduce"),
    raises([t([3, 2]), 0, ints([1], [0]), t([2]), "prod"], "needs [1, 2]"),
  ],
});
