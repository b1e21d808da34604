// Differences of neighbours, slopes from them, and areas under curves.
import { checkKnown } from "../../base/checks.ts";
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { either, parse } from "../../base/options.ts";
import { normalizeDim } from "../../base/shape.ts";
import { checkRank, distinct, integer, listOf, operand } from "../arguments.ts";
import { joined } from "../arranging.ts";
import { axis } from "../cutting.ts";
import { type Cases, type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

interface Differences {
  readonly n?: number;
  readonly dim?: number;
  readonly prepend?: Tensor | null;
  readonly append?: Tensor | null;
}
type DiffRest =
  | [n?: number, dim?: number, prepend?: Tensor | null, append?: Tensor | null]
  | [n: number, options: Omit<Differences, "n">]
  | [n: number, dim: number, options: Omit<Differences, "n" | "dim">]
  | [options: Differences];

/** Differences of neighbours along a dimension, n times over, after `prepend` and `append` were joined to its ends. Truth values: whether they differ. */
export const diff: Composite<(x: Tensor, ...rest: DiffRest) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const defaults = { n: 1, dim: -1 as unknown, prepend: null as Tensor | null, append: null as Tensor | null };
    const { n, dim: given, prepend, append } = parse(rest, defaults);
    checkRank(x.shape, 1);
    const dim = normalizeDim(given, x.ndim);
    if (integer(n, "n", 0) === 0) return x.clone();
    const ends = [prepend, append].map((end) => (end === null ? [] : [operand(end, "the end")]));
    const whole = [...ends[0]!, x, ...ends[1]!];
    let y = whole.length === 1 ? x : joined(whole, dim);
    for (let left = Math.min(n, y.shape[dim]!); left > 0; left--) {
      const last = Math.max(0, y.shape[dim]! - 1);
      const [after, before] = [y.slice(dim, 1), y.slice(dim, 0, last)];
      y = y.dtype === "bool" ? after.logicalXor(before) : after.sub(before);
    }
    return y;
  },
  samples: [
    [t([2, 5])], [t([4, 2]), 2, 0], [t([3]), { prepend: t([1]), append: t([2]) }], [t([3]), 0], [t([3]), 5], [t([4], { dtype: "bool" })],
  ], // prettier-ignore
  errors: [raises([t([])], "at least 1 dimensions"), raises([t([3]), -1], "at least 0"), raises([t([3]), 1, 1], "out of range")],
};

// ---- slopes

type Spacing = number | Tensor;
interface Slopes {
  readonly spacing?: number | readonly Spacing[];
  readonly dim?: number | readonly number[] | null;
  readonly edgeOrder?: number;
}

/** Slopes along a dimension: of the parabola through three neighbours, at the ends of the line through two or of that parabola. */
function slopesAlong(x: Tensor, dim: number, spacing: Spacing, edgeOrder: number): Tensor {
  const size = x.shape[dim]!;
  if (size <= edgeOrder) throw new ShapeError(`dimension ${dim} of ${show(x.shape)} is too short for edges of order ${edgeOrder}`);
  const step = typeof spacing === "number" ? spacing : column(spacing.diff(), x.ndim, dim);
  if (typeof step !== "number" && step.shape[dim] !== size - 1)
    throw new ShapeError(`${step.shape[dim]! + 1} coordinates are not one for each of ${size} elements`);
  const slope = x.diff({ dim }).div(step);
  const last = size - 2;
  const [first, end] = [slope.narrow(dim, 0, 1), slope.narrow(dim, last, 1)];
  if (last === 0) return joined([first, end], dim);
  const [before, after] = [slope.narrow(dim, 0, last), slope.narrow(dim, 1, last)];
  // The share of the step before in both steps.
  const share = typeof step === "number" ? 0.5 : step.narrow(dim, 0, last).div(step.narrow(dim, 0, last).add(step.narrow(dim, 1, last)));
  const middle = before.add(after.sub(before).mul(share));
  if (edgeOrder === 1) return joined([first, middle, end], dim);
  const shareAt = (i: number): Spacing => (typeof share === "number" ? share : share.narrow(dim, i, 1));
  const left = first.add(first.sub(after.narrow(dim, 0, 1)).mul(shareAt(0)));
  const right = end.add(
    end.sub(before.narrow(dim, last - 1, 1)).mul(typeof share === "number" ? share : share.narrow(dim, last - 1, 1).rsub(1)),
  );
  return joined([left, middle, right], dim);
}

/** A vector along one of `rank` dimensions. */
const column = (v: Tensor, rank: number, dim: number): Tensor =>
  v.view(Array.from({ length: rank }, (_, d) => (d === dim ? v.shape[0]! : 1)));

/**
 * Slopes of x along each of its dimensions, or along `dim`: one tensor of its shape each. `spacing` is a step, or of each dimension a step or
 * its coordinates; `edgeOrder` 2 makes the ends as exact as the rest.
 */
export const gradient: Composite<(x: Tensor, options?: Slopes) => Tensor[]> = {
  self: -1,
  rest: true,
  compose: (x: Tensor, ...rest: [options?: Slopes]) => {
    const all = { spacing: either<number | readonly Spacing[]>(1, "number", "list"), dim: null as Slopes["dim"], edgeOrder: 1 };
    const { spacing, dim, edgeOrder } = parse(rest, {}, all);
    checkKnown("edgeOrder", edgeOrder, [1, 2]);
    const dims = dim == null ? Array.from(x.shape, (_, d) => d) : distinct(listOf(dim), x.ndim);
    const steps: readonly Spacing[] = typeof spacing === "number" ? dims.map(() => spacing) : spacing;
    if (steps.length !== dims.length) throw new ArgumentError(`${steps.length} spacings for ${dims.length} dimensions`);
    return dims.map((d, i) => slopesAlong(x, d, steps[i]!, edgeOrder));
  },
  samples: [
    [t([5])],
    [t([3, 4]), { spacing: 0.5 }],
    [t([3, 4]), { dim: -1, edgeOrder: 2 }],
    [t([4, 3]), { spacing: [2, t([3], { data: [0, 1, 3] })], edgeOrder: 2 }],
  ],
  errors: [
    raises([t([1])], "too short"),
    raises([t([3, 3]), { spacing: [1] }], "1 spacings for 2 dimensions"),
    raises([t([4]), { edgeOrder: 3 }], "unknown edgeOrder 3"),
    raises([t([4]), { spacing: [t([3])] }], "3 coordinates"),
  ],
};

// ---- areas

interface Steps {
  readonly x?: Tensor | null;
  readonly dx?: number;
  readonly dim?: number;
}
type AreaRest = [x?: Tensor | null] | [x: Tensor | null, options: Omit<Steps, "x">] | [options: Steps];

/** The areas of the trapezoids between neighbours along a dimension, and that dimension. */
function areas(y: Tensor, rest: AreaRest): readonly [Tensor, number] {
  const { x, dx, dim: given } = parse(rest, { x: null as Tensor | null }, { dx: 1, dim: -1 as unknown });
  const dim = axis(y, given);
  const size = y.shape[dim]!;
  const sums = y.slice(dim, 1).add(y.slice(dim, 0, Math.max(0, size - 1)));
  if (x === null) return [sums.mul(dx / 2), dim];
  if (dx !== 1) throw new ArgumentError(`x was given and dx = ${dx}`, "give one of them");
  checkRank(operand(x).shape, 1, y.ndim);
  const steps =
    x.ndim === 1 ? column(x.diff(), y.ndim, dim) : x.view([...Array<number>(y.ndim - x.ndim).fill(1), ...x.shape]).diff({ dim });
  return [sums.mul(steps).div(2), dim];
}

type Area = Composite<(y: Tensor, ...rest: AreaRest) => Tensor>;
const areaCases: Cases = {
  samples: [[t([5])], [t([3, 4]), { dx: 0.5, dim: 0 }], [t([3, 4]), t([4])], [t([2, 3]), t([2, 3]), { dim: 0 }], [t([2, 0])], [t([1])]],
  errors: [raises([t([])], "at least 1 dimensions"), raises([t([3]), t([3]), { dx: 2 }], "give one of them")],
};

/** Area under y along a dimension by the trapezoidal rule, at coordinates x or in steps of dx. */
export const trapezoid: Area = {
  self: -1,
  rest: true,
  compose: (y, ...rest) => {
    const [parts, dim] = areas(y, rest);
    return parts.sum(dim);
  },
  ...areaCases,
};

/** Areas under y along a dimension up to each element after the first, by the trapezoidal rule, at coordinates x or in steps of dx. */
export const cumulativeTrapezoid: Area = {
  self: -1,
  rest: true,
  compose: (y, ...rest) => {
    const [parts, dim] = areas(y, rest);
    return parts.cumsum(dim);
  },
  ...areaCases,
};
