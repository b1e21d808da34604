// Connectionist temporal classification: the chance of a sequence over all its alignments with the steps.
import { checkFloat, inRange } from "../../base/checks.ts";
import { ArgumentError } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { slopes, type Slopes, trellis } from "../../kernels/ctc.ts";
import { visible } from "../../kernels/indexing.ts";
import { checkFits, checkIndex, checkRank, integer, integers, isTensor, operand } from "../arguments.ts";
import { counted, joined, vector } from "../arranging.ts";
import { checkReduction, reduced, type Reduction } from "../averaging.ts";
import { type Arg, type Composite, type Internal, type Primitive, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

type Names = "x" | "targets" | "starts" | "frames" | "lengths";
type Items = readonly [x: Tensor, targets: Tensor, starts: Tensor, frames: Tensor, lengths: Tensor];
const attributes: Slopes = { blank: 0, width: 1, zeroInfinity: false };

const wholes = (...data: readonly number[]): Arg => t([data.length], { dtype: "int32", data });
/** Three items of at most five steps: of two targets, of the same one twice, and of none; together they have four. */
const items = [wholes(1, 2, 2, 2), wholes(0, 2, 4), wholes(5, 4, 2), wholes(2, 2, 0)] as const;
const lows = { low: -3, high: -0.2 };

/** The operands by name. Errors: DtypeError for what is no tensor. */
const itemsOf = ([x, targets, starts, frames, lengths]: readonly unknown[]): Record<Names, Tensor> => ({
  x: operand(x, "x"),
  targets: operand(targets, "targets"),
  starts: operand(starts, "starts"),
  frames: operand(frames, "frames"),
  lengths: operand(lengths, "lengths"),
});

/** −log of the chance of every item. The gradient by x, which holds logarithms of chances that sum to 1, is that by what they are the logSoftmax of. */
export const ctcEach: Primitive<(...args: [...Items, options: Slopes]) => Tensor, Names, Names, Slopes> & Internal = {
  internal: true,
  rest: true,
  call: (...args) => ({ inputs: itemsOf(args), attrs: parse(args.slice(5), {}, attributes) }),
  meta: ({ x }) => {
    checkRank(x.shape, 3, 3);
    return { out: { shape: [x.shape[1]!], dtype: x.dtype } };
  },
  ...trellis,
  save: ["x", "targets", "starts", "frames", "lengths"],
  backward: (g, { x, targets, starts, frames, lengths }, attrs) => ({
    x: () => g.ctcBackward(x, targets, starts, frames, lengths, attrs),
  }),
  // Finite differences know nothing of the sums.
  samples: [[t([5, 3, 3], { ...lows, fixed: true }), ...items, { width: 5 }]],
  errors: [raises(["text"], "must be a tensor")],
} // prettier-ignore

/** log(Σ exp) of three. */
const logSum = (...terms: readonly [Tensor, Tensor, Tensor]): Tensor =>
  joined(terms.map((v) => v.unsqueeze(0)), 0).logsumexp(0); // prettier-ignore

/** The share of all paths that passes each class at each step, as the steps where `live` holds have it. */
function shares([x, targets, starts, frames, lengths]: Items, { blank, width }: Slopes, live: Tensor): Tensor {
  const [steps, batch] = x.shape as [number, number, number];
  if (steps === 0) return x;
  const size = Math.max(width, 3);
  const places = counted(x, size).unsqueeze(0);
  const ends = lengths.mul(2).add(1).unsqueeze(1);
  const inside = places.lt(ends);
  const odd = inside.logicalAnd(places.remainder(2).eq(1));
  const at = starts.unsqueeze(1).add(places.floorDivide(2)).where(odd, 0);
  const labels = targets.numel() > 0 ? targets.reshape(-1).take(at).where(odd, blank) : odd.filledLike(blank).to("int32");
  /** Places moved to the right, or to the left. */
  const moved = (v: Tensor, by: number, fill: number): Tensor => v.pad([by, -by], { value: fill });
  // Paths pass over a blank between targets that differ.
  const stays = labels.eq(moved(labels, 2, blank)).logicalOr(places.lt(2));
  const wide = labels.expand([steps, batch, size]);
  const gains = x.gather(2, wide).maskedFill(inside.logicalNot(), -Infinity).unbind(0);
  const nothing = gains[0]!.filledLike(-Infinity);
  const [first, last] = [places.lt(2), places.ge(ends.sub(2)).logicalAnd(inside)].map((v) => nothing.maskedFill(v, 0)) as [Tensor, Tensor];
  const ahead: Tensor[] = [];
  for (const gain of gains) {
    const former = ahead.at(-1);
    const sum = former ? logSum(former, moved(former, 1, -Infinity), moved(former, 2, -Infinity).maskedFill(stays, -Infinity)) : first;
    ahead.push(sum.add(gain));
  }
  const back = new Array<Tensor>(steps);
  for (let i = steps - 1; i >= 0; i--) {
    const next = i === steps - 1 ? nothing : back[i + 1]!.add(gains[i + 1]!);
    const sum = logSum(next, moved(next, -1, -Infinity), moved(next.maskedFill(stays, -Infinity), -2, -Infinity));
    back[i] = last.where(frames.unsqueeze(1).eq(i + 1), sum);
  }
  const together = joined(
    ahead.map((v, i) => v.add(back[i]!).unsqueeze(0)),
    0,
  );
  return x.filledLike(0).scatterAdd(2, wide, together.maskedFill(live.logicalNot(), 0).softmax(2));
}

/** The gradient of ctcEach by x: g · (eˣ − the share of all paths that passes each class), 0 beyond the last step. */
export const ctcBackward: Primitive<(...args: [g: Tensor, ...Items, options: Slopes]) => Tensor, Names | "g", never, Slopes> & Internal = {
  internal: true,
  rest: true,
  call: (g, ...args) => ({ inputs: { g: operand(g, "g"), ...itemsOf(args) }, attrs: parse(args.slice(5), {}, attributes) }),
  meta: ({ x }) => {
    checkRank(x.shape, 3, 3);
    return { out: x };
  },
  ...slopes,
  backward: "definition",
  definition: (g, ...rest) => {
    const [given, attrs] = [rest.slice(0, 5) as unknown as Items, parse(rest.slice(5), {}, attributes)];
    const [x, , , frames] = given;
    const steps = counted(x, x.shape[0]!);
    const within = steps.unsqueeze(1).lt(frames);
    const finite = (): Tensor =>
      x
        .detach()
        .ctcEach(...(given.slice(1) as [Tensor, Tensor, Tensor, Tensor]), attrs)
        .ne(Infinity);
    const live = (attrs.zeroInfinity ? within.logicalAnd(finite()) : within).unsqueeze(2);
    return x
      .exp()
      .sub(shares(given, attrs, live))
      .mul(g.unsqueeze(1))
      .maskedFill(live.logicalNot(), 0);
  },
  samples: [
    [t([3]), t([5, 3, 3], lows), ...items, { width: 5 }],
    [t([2]), t([3, 2, 3], lows), wholes(1, 1, 2), wholes(0, 2), wholes(2, 3), wholes(2, 1), { width: 5, blank: 2, zeroInfinity: true }],
  ],
  errors: [raises(["text"], "must be a tensor")],
};

type Counts = Tensor | readonly number[];
/** How many of `most` each item has, as a tensor. Errors: ArgumentError for numbers out of range. */
function countsOf(x: Tensor, given: Counts, name: string, batch: number, most: number): Tensor {
  const counts = isTensor(given) ? given : vector(x, integers([given], name));
  checkIndex(counts);
  if (counts.numel() !== batch || counts.ndim > 1) checkFits(name, counts.shape, [batch]);
  for (const n of Array.from(visible(counts) ?? []))
    if (n < 0 || n > most) throw new ArgumentError(`${name} must lie between 0 and ${most}, got ${n}`);
  return counts.reshape(batch);
}

export interface Alignment {
  /** The class that stands between targets. */
  readonly blank?: number;
  readonly reduction?: Reduction;
  /** Items that do not fit their steps count as 0, instead of as an infinite loss. */
  readonly zeroInfinity?: boolean;
}
type AlignmentRest =
  | [blank?: number, reduction?: Reduction, zeroInfinity?: boolean]
  | [blank: number, options: Omit<Alignment, "blank">]
  | [blank: number, reduction: Reduction, options: Pick<Alignment, "zeroInfinity">]
  | [options: Alignment];

/** Where the targets of each item start, if they lie one after the other. */
const running = (counts: readonly number[]): number[] => counts.map((_, n) => counts.slice(0, n).reduce((sum, count) => sum + count, 0));

/** Errors: ArgumentError unless there are as many targets as items have together. */
function checkTotal(counts: readonly number[], room: number): void {
  const total = counts.reduce((sum, n) => sum + n, 0);
  if (total !== room) throw new ArgumentError(`targetLengths sum to ${total}, but there are ${room} targets`);
}

/** Classes that the host can see are checked before anything runs. */
function checkTargets(targets: Tensor, starts: readonly number[], counts: readonly number[], classes: number): void {
  const seen = visible(targets);
  if (seen) counts.forEach((count, n) => { for (let i = 0; i < count; i++) inRange(seen[starts[n]! + i]!, 2, classes); }); // prettier-ignore
}

/**
 * −log of the chance that steps give the targets, over all alignments with blanks between; "mean" divides each by its number of targets first.
 * Shape: log-probabilities [T, N, C] and targets [N, S] or one after the other, or [T, C] and [S]. Source: Graves et al. 2006.
 */
export const ctcLoss: Composite<
  (x: Tensor, targets: Tensor, inputLengths: Counts, targetLengths: Counts, ...rest: AlignmentRest) => Tensor
> = {
  rest: true,
  compose: (x, targets, inputLengths, targetLengths, ...rest) => {
    const { blank, reduction, zeroInfinity } = parse(rest, { blank: 0, reduction: "mean", zeroInfinity: false });
    checkReduction(reduction);
    checkRank(x.shape, 2, 3);
    checkFloat(x.dtype);
    checkIndex(operand(targets, "targets"));
    checkRank(targets.shape, 1, x.ndim - 1);
    const steps = x.ndim === 2 ? x.unsqueeze(1) : x;
    const [most, batch, classes] = steps.shape as [number, number, number];
    inRange(integer(blank, "blank"), 2, classes);
    const padded = targets.ndim === 2;
    if (padded) checkFits("targets", targets.shape, [batch, targets.shape[1]!]);
    const room = padded ? targets.shape[1]! : targets.numel();
    const frames = countsOf(x, inputLengths, "inputLengths", batch, most);
    const lengths = countsOf(x, targetLengths, "targetLengths", batch, room);
    const seen = visible(lengths);
    const counts = seen && Array.from(seen);
    if (counts && !padded) checkTotal(counts, room);
    const known = padded ? Array.from({ length: batch }, (_, n) => n * room) : counts && running(counts);
    if (known && counts) checkTargets(targets, known, counts, classes);
    const starts = known ? vector(x, known) : lengths.cumsum(0).sub(lengths);
    const longest = counts ? Math.max(0, ...counts) : room;
    const each = steps.ctcEach(targets.reshape(-1), starts, frames, lengths, { blank, width: 2 * longest + 1, zeroInfinity });
    const losses = (zeroInfinity ? each.maskedFill(each.eq(Infinity), 0) : each).reshape(x.ndim === 2 ? [] : [batch]);
    const shared = reduction === "mean" ? losses.div(lengths.clampMin(1).reshape(losses.shape)) : losses;
    return reduced(shared, reduction);
  },
  // Finite differences know nothing of the sums.
  samples: [
    [t([5, 3, 3], { ...lows, fixed: true }), items[0], [5, 4, 2], [2, 2, 0]],
    [t([4, 2, 3], { ...lows, fixed: true }), t([2, 2], { dtype: "int32", data: [1, 2, 0, -1] }), wholes(4, 3), wholes(2, 1), 2, { reduction: "none" }], // prettier-ignore
    [t([4, 3], { ...lows, fixed: true }), wholes(1, 1), [2], [2], { zeroInfinity: true }],
  ],
  errors: [
    raises([t([4, 1, 3]), wholes(1, 3), [4], [2]], "out of range"),
    raises([t([4, 1, 3]), wholes(1, 2), [5], [2]], "inputLengths must lie between 0 and 4, got 5"),
    raises([t([4, 1, 3]), wholes(1, 2), [4], [1]], "sum to 1"),
    raises([t([4, 2, 3]), wholes(1, 2), [4], [1, 1]], "inputLengths [1] does not fit, needs [2]"),
    raises([t([4, 1, 3]), wholes(1, 2), [4], [2], 3], "out of range"),
  ],
};
