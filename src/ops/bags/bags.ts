// Sums, means and maxima over bags of embeddings.
import { checkKnown, wrapped } from "../../base/checks.ts";
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { either, parse } from "../../base/options.ts";
import { visible } from "../../kernels/indexing.ts";
import { checkFits, checkIndex, checkRank, operand } from "../arguments.ts";
import { vector } from "../arranging.ts";
import { distinct } from "../choosing.ts";
import { type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import type { EmbeddingOptions } from "../indexing/indexing.ts";

type Mode = "sum" | "mean" | "max";
export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** Where each bag of a 1-d x begins. */
  readonly offsets?: Tensor | null;
  readonly mode?: Mode;
  /** Factors of the rows, in the shape of x; only of sums. */
  readonly perSampleWeights?: Tensor | null;
  /** The last offset is the end of the last bag. */
  readonly includeLastOffset?: boolean;
}
type EmbeddingBagFn = (
  x: Tensor,
  weight: Tensor,
  ...rest:
    | [
        offsets?: Tensor | null,
        maxNorm?: number | null,
        normType?: number,
        scaleGradByFreq?: boolean,
        mode?: Mode,
        options?: EmbeddingBagOptions,
      ]
    | [offsets: Tensor | null, options: Omit<EmbeddingBagOptions, "offsets">]
    | [options: EmbeddingBagOptions]
) => Tensor;

/** Bags of rows: their sum, and how the numbers of members and the maxima are found, whichever way bags are told. */
interface Bags {
  readonly sum: (each: Tensor) => Tensor;
  /** Rows side by side, [bags, longest, size], those that are none −∞. */
  readonly apart: (rows: Tensor) => Tensor;
}

/** Bags of one length. */
const equal = (x: Tensor): Bags => ({
  sum: (each) => each.reshape([...x.shape, ...each.shape.slice(1)]).sum(1),
  apart: (rows) => rows.reshape([...x.shape, rows.shape[1]!]),
});

/** Bags that begin at offsets. Errors: ArgumentError where rows come before the first bag, or maxima need offsets that the host cannot see. */
function ragged(x: Tensor, offsets: Tensor): Bags {
  const [length, bags] = [x.numel(), offsets.numel()];
  const seen = visible(offsets);
  if (seen && bags > 0 && seen[0] !== 0) throw new ArgumentError(`the first offset must be 0, got ${seen[0]}`);
  // As many bags begin up to an element as its own bag counts.
  const begun = offsets.filledLike(0, [length + 1]).scatterAdd(0, offsets, offsets.filledLike(1));
  const own = begun.cumsum(0).narrow(0, 0, length).sub(1);
  return {
    // Where there are no bags, no row is in one.
    sum: (each) => (bags === 0 ? each.narrow(0, 0, 0) : each.filledLike(0, [bags, ...each.shape.slice(1)]).indexAdd(0, own, each)),
    apart: (rows) => {
      if (!seen) throw new ArgumentError('mode "max" needs offsets that the host can see', "make them with tensor()");
      const starts = [...Array.from(seen), length];
      const longest = Math.max(0, ...Array.from(seen, (start, i) => starts[i + 1]! - start));
      // Behind all rows stands the one that is none.
      const places = Array.from(seen, (start, i) =>
        Array.from({ length: longest }, (_, k) => (start + k < starts[i + 1]! ? start + k : length)),
      );
      const none = rows.filledLike(-Infinity, [1, rows.shape[1]!]);
      return rows.cat([none]).indexSelect(0, vector(rows, places.flat())).reshape(bags, longest, rows.shape[1]!);
    },
  };
}

/** The bags' offsets without the end of the last. */
function offsetsOf(given: Tensor | null, includesEnd: boolean): Tensor {
  if (given === null) throw new ArgumentError("a 1-d x needs offsets");
  checkIndex(operand(given, "offsets"));
  checkRank(given.shape, 1, 1);
  if (includesEnd && given.numel() === 0) throw new ShapeError("offsets [0] have no last one");
  return includesEnd ? given.narrow(0, 0, given.numel() - 1) : given;
}

/**
 * Sums, means or maxima over bags of rows of weight ([rows, size]): of each row of int32 indices x [B, L], or of the parts of a 1-d x that begin
 * at offsets. Shape: [B, size]. Rows paddingIdx are in no bag; empty bags give 0.
 */
export const embeddingBag: Composite<EmbeddingBagFn> = {
  rest: true,
  compose: (x, weight, ...rest) => {
    const o = parse(rest, {
      offsets: null as Tensor | null,
      maxNorm: either<number | null>(null, "number", "null"),
      normType: 2,
      scaleGradByFreq: false,
      mode: "mean" as Mode,
      sparse: false,
      perSampleWeights: null as Tensor | null,
      includeLastOffset: false,
      paddingIdx: either<number | null>(null, "integer", "null"),
    });
    const { mode, perSampleWeights: factors, maxNorm, normType, scaleGradByFreq, sparse } = o;
    checkKnown("mode", mode, ["sum", "mean", "max"]);
    checkIndex(operand(x));
    checkRank(x.shape, 1, 2);
    checkRank(operand(weight, "weight").shape, 2, 2);
    if (factors) checkFits("perSampleWeights", operand(factors, "perSampleWeights").shape, x.shape);
    if (factors && mode !== "sum") throw new ArgumentError(`perSampleWeights are of mode "sum", not ${mode}`);
    if (scaleGradByFreq && mode === "max") throw new ArgumentError('scaleGradByFreq is not of mode "max"');
    if (x.ndim === 2 && o.offsets) throw new ArgumentError(`x ${show(x.shape)} has its bags as rows, and takes no offsets`);
    const padding = o.paddingIdx === null ? null : wrapped(o.paddingIdx, 0, weight.shape[0]!);
    const bags = x.ndim === 2 ? equal(x) : ragged(x, offsetsOf(o.offsets, o.includeLastOffset));
    const rows = x.flatten().embedding(weight, { maxNorm, normType, scaleGradByFreq, sparse });
    const counts = padding === null ? null : x.flatten().ne(padding);
    if (mode === "max") {
      const apart = bags.apart(counts ? rows.where(counts.unsqueeze(1), -Infinity) : rows);
      if (apart.shape[1] === 0) return apart.sum(1);
      const [values] = apart.max(1);
      return values.where(values.ne(-Infinity), 0);
    }
    const scaled = factors ? rows.mul(factors.reshape(-1, 1)) : rows;
    const total = bags.sum(counts ? scaled.where(counts.unsqueeze(1), 0) : scaled);
    if (mode === "sum") return total;
    const members = bags.sum(counts ? counts.cast(rows.dtype) : rows.filledLike(1, [x.numel()]));
    return total.div(members.clampMin(1).unsqueeze(1));
  },
  samples: [
    [t([2, 3], { dtype: "int32", data: [0, 2, 2, 1, 3, 0] }), t([4, 3])],
    [
      t([5], { dtype: "int32", data: [0, 2, 3, 1, 0] }),
      t([4, 2]),
      t([3], { dtype: "int32", data: [0, 2, 2] }),
      { mode: "sum", perSampleWeights: t([5]) },
    ],
    [
      t([4], { dtype: "int32", data: [0, 2, 3, 1] }),
      distinct([4, 3]),
      t([3], { dtype: "int32", data: [0, 3, 4] }),
      { mode: "max", includeLastOffset: true },
    ],
    [t([2, 2], { dtype: "int32", data: [1, 0, 2, 1] }), t([3, 2]), { paddingIdx: 1, mode: "mean" }],
  ],
  errors: [
    raises([t([2], { dtype: "int32", data: [0, 1] }), t([3, 2])], "a 1-d x needs offsets"),
    raises([t([1, 2], { dtype: "int32", data: [0, 1] }), t([3, 2]), t([1], { dtype: "int32", data: [0] })], "takes no offsets"),
    raises(
      [t([2], { dtype: "int32", data: [0, 1] }), t([3, 2]), t([1], { dtype: "int32", data: [1] })],
      "the first offset must be 0, got 1",
    ),
    raises([t([1, 2], { dtype: "int32", data: [0, 1] }), t([3, 2]), { perSampleWeights: t([1, 2]) }], 'are of mode "sum"'),
    raises([t([1, 2], { dtype: "int32", data: [0, 1] }), t([3, 2]), { mode: "min" }], "unknown mode min"),
    raises([t([1, 2]), t([3, 2])], "must be int32"),
  ],
};
