// Elements counted in bins between edges.
import { checkFloat } from "../../base/checks.ts";
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { checkKind, either, parse } from "../../base/options.ts";
import { visible } from "../../kernels/indexing.ts";
import { checkFits, checkRank, checkSource, integer, operand } from "../arguments.ts";
import { counted } from "../arranging.ts";
import { type NamedPair, namedPair } from "../named.ts";
import { type Composite, raises, t } from "../op.ts";
import { tallied } from "../tallying.ts";
import type { Tensor } from "../tensor.ts";

/** Both ends, those of the elements where none are given, moved apart by ½ each way where they meet. Errors: ArgumentError out of order or infinite. */
function ends(x: Tensor, given: readonly number[] | null): [low: Tensor, high: Tensor] {
  const [low, high] = given
    ? given.map((v) => x.filledLike(v, []))
    : x.numel() > 0
      ? [x.amin(), x.amax()]
      : [0, 1].map((v) => x.filledLike(v, []));
  // On the GPU what the elements are is not known: nothing lies within a range that is not finite.
  const [first, last] = [low, high].map((v) => visible(v!)?.[0] ?? 0) as [number, number];
  if (!Number.isFinite(first) || !Number.isFinite(last) || (given && first > last))
    throw new ArgumentError(`needs a finite range in order, got ${first} to ${last}`);
  const margin = low!.eq(high!).to(x.dtype).mul(0.5);
  return [low!.sub(margin), high!.add(margin)];
}

/** n + 1 numbers evenly spaced, both halves counted from their own end. */
function edgesBetween(low: Tensor, high: Tensor, n: number): Tensor {
  const step = high.sub(low).div(n);
  const i = counted(low, n + 1).to(low.dtype);
  return low.add(step.mul(i)).where(i.lt(Math.floor((n + 1) / 2)), high.sub(step.mul(i.rsub(n))));
}

/** The bins 0 … n − 1 that elements from low to high fall into, the last of them closed; n for all other elements. */
const binned = (x: Tensor, place: Tensor, low: Tensor, high: Tensor, n: number): Tensor =>
  place.clampMax(n - 1).where(x.ge(low).logicalAnd(x.le(high)), n);

interface HistcOptions {
  readonly bins?: number;
  readonly min?: number;
  readonly max?: number;
}
type HistcRest =
  [bins?: number, min?: number, max?: number] | [bins: number, options: Omit<HistcOptions, "bins">] | [options: HistcOptions];

/** How many elements fall into each of `bins` equal parts of [min, max], or of their own range where both are the same. Others count nowhere. */
export const histc: Composite<(x: Tensor, ...rest: HistcRest) => Tensor> = {
  rest: true,
  compose: (given, ...rest) => {
    const { bins, min, max } = parse(rest, { bins: 100, min: 0, max: 0 });
    const x = given.flatten();
    checkFloat(x.dtype);
    const n = integer(bins, "bins", 1);
    const [low, high] = ends(x, min === max && x.numel() > 0 ? null : [min, max]);
    const place = x.sub(low).mul(n).floorDivide(high.sub(low)).to("int32");
    return tallied(binned(x, place, low, high, n), n + 1)
      .narrow(0, 0, n)
      .to(x.dtype);
  },
  backward: "none",
  samples: [
    [t([2, 3]), 5],
    [t([5], { data: [0, 1, 3, 4, NaN] }), 4, 0, 4],
    [t([3], { data: [2, 2, 2] }), { bins: 3 }],
    [t([0]), 2],
    [t([40]), 5, { min: -1, max: 1 }],
  ],
  errors: [
    raises([t([2]), 0], "at least 1"),
    raises([t([2]), 2, 3, 1], "range in order"),
    raises([t([2], { dtype: "int32" })], "floating"),
  ],
};

type Histogram = NamedPair<"hist", "binEdges">;
interface HistogramOptions {
  /** From where to where equal bins lie; by default the range of the elements. */
  readonly range?: readonly [low: number, high: number] | null;
  /** What each element counts. */
  readonly weight?: Tensor | null;
  /** Such that the histogram integrates to 1. */
  readonly density?: boolean;
}
type HistogramRest =
  | [bins?: number | Tensor]
  | [bins: number | Tensor, options: HistogramOptions]
  | [options: HistogramOptions & { readonly bins?: number | Tensor }];

/** What lies in each bin (closed below, the last on both sides), with the edges of the bins: so many equal ones, or between edges given in ascending order. */
export const histogram: Composite<(x: Tensor, ...rest: HistogramRest) => Histogram> = {
  rest: true,
  compose: (given, ...rest) => {
    const keywords = { range: null as readonly [number, number] | null, weight: null as Tensor | null, density: false };
    const { bins, range, weight, density } = parse(rest, { bins: either<number | Tensor>(100, "number", "object") }, keywords);
    checkFloat(given.dtype);
    if (range !== null) checkKind("range", range, [0, 1]);
    const x = given.flatten();
    if (weight !== null) {
      checkFits("weight", operand(weight, "weight").shape, given.shape);
      checkSource(weight, x, "weight");
    }
    const binEdges = typeof bins === "number" ? edgesBetween(...ends(x, range), integer(bins, "bins", 1)) : operand(bins, "bins").clone();
    checkRank(binEdges.shape, 1, 1);
    checkSource(binEdges, x, "bins");
    const n = binEdges.numel() - 1;
    if (n < 1) throw new ShapeError(`${show(binEdges.shape)} edges leave no bin between them`);
    if (range !== null && typeof bins !== "number") throw new ArgumentError("edges leave nothing for a range to say");
    const place = binEdges.searchsorted(x, { right: true }).sub(1);
    const all = tallied(binned(x, place, binEdges.select(0, 0), binEdges.select(0, -1), n), n + 1, weight?.flatten());
    const hist = all.narrow(0, 0, n).to(x.dtype);
    return namedPair(
      ["hist", "binEdges"],
      density ? hist.div(hist.sum()).div(binEdges.narrow(0, 1, n).sub(binEdges.narrow(0, 0, n))) : hist,
      binEdges,
    );
  },
  backward: "none",
  samples: [
    [t([2, 3]), 5],
    [t([4], { data: [0, 1, 3, 9] }), t([3], { data: [0, 1, 3] })],
    [t([4], { data: [0, 1, 2, 5] }), 2, { range: [0, 2], weight: t([4]), density: true }],
    [t([0]), { bins: 2 }],
    [t([2], { data: [1, 1] }), 3],
  ],
  errors: [
    raises([t([2]), 0], "at least 1"),
    raises([t([2]), 2, { range: [1, 0] }], "range in order"),
    raises([t([2]), 2, { range: [1] }], "a list of 2"),
    raises([t([2]), t([1])], "no bin"),
    raises([t([2]), t([2]), { range: [0, 1] }], "for a range"),
    raises([t([2]), 2, { weight: t([3]) }], "needs [2]"),
    raises([t([2]), 2, { weight: t([2], { dtype: "int32" }) }], "weight is int32"),
  ],
};
