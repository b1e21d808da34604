// Differences of neighbours.
import { parse } from "../../base/options.ts";
import { normalizeDim } from "../../base/shape.ts";
import { checkRank, integer, operand } from "../arguments.ts";
import { joined } from "../arranging.ts";
import { type Composite, raises, t } from "../op.ts";
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
