// Quantiles: elements at a share of the way through a line, and between them.
import { checkFloat, checkKnown } from "../../base/checks.ts";
import { described } from "../../base/copies.ts";
import { hostArray } from "../../base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { normalizeDims, reducedShape } from "../../base/shape.ts";
import { checkRank, isTensor } from "../arguments.ts";
import { distinct } from "../choosing.ts";
import { type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

type Interpolation = "linear" | "lower" | "higher" | "midpoint" | "nearest";
interface QuantileOptions {
  readonly dim?: number | null;
  readonly keepdim?: boolean;
  readonly interpolation?: Interpolation;
}
type QuantileRest =
  | [dim?: number | null, keepdim?: boolean, options?: Pick<QuantileOptions, "interpolation">]
  | [dim: number | null, options: Omit<QuantileOptions, "dim">]
  | [options: QuantileOptions];
type Quantile = Composite<(x: Tensor, q: number | readonly number[] | Tensor, ...rest: QuantileRest) => Tensor>;

/** The shares as a tensor like x. Errors: DtypeError for another dtype, ShapeError for a table, ArgumentError for numbers outside of [0, 1]. */
function shares(x: Tensor, q: number | readonly number[] | Tensor): Tensor {
  if (isTensor(q)) {
    if (q.dtype !== x.dtype) throw new DtypeError(`q is ${q.dtype}, x is ${x.dtype}`);
    checkRank(q.shape, 0, 1);
    return q;
  }
  const list = [q].flat();
  for (const v of list)
    if (!(typeof v === "number" && v >= 0 && v <= 1)) throw new ArgumentError(`q must be between 0 and 1, got ${described(v)}`);
  const host = hostArray(x.dtype, list.length);
  host.set(list);
  return x.uploadedLike(x.dtype, host, typeof q === "number" ? [] : [host.length]);
}

const quantile_ = (ignore: boolean): Quantile => ({
  rest: true,
  compose: (x, q, ...rest) => {
    const o = parse(rest, { dim: null as number | null, keepdim: false }, { interpolation: "linear" });
    checkKnown("interpolation", o.interpolation, ["linear", "lower", "higher", "midpoint", "nearest"]);
    checkFloat(x.dtype);
    const given = shares(x, q);
    const valid = given.ge(0).logicalAnd(given.le(1));
    const level = isTensor(q) ? given.where(valid, 0) : given;
    const dims = normalizeDims(o.dim, x.ndim);
    if (x.numel() === 0) throw new ShapeError(`no elements in ${show(x.shape)}`);
    const kept = [...x.shape.keys()].filter((d) => !dims.includes(d));
    const lines = x
      .permute([...kept, ...dims])
      .flatten(kept.length)
      .reshape([...kept.map((d) => x.shape[d]!), -1]);
    const [sorted] = lines.sort(-1);
    const last = sorted.shape.at(-1)! - 1;
    const missing = sorted.detach().isnan().sum(-1, true);
    // How far through the line: to its end where that is a NaN, or through the numbers alone.
    const steps = level.reshape(-1).mul(ignore ? missing.neg().add(last).clampMin(0) : last);
    const rank = ignore ? steps : steps.where(missing.eq(0), last);
    const at = (place: Tensor): Tensor => sorted.gather(-1, place.cast("int32"));
    const found =
      o.interpolation === "lower" ? at(rank.floor())
      : o.interpolation === "higher" ? at(rank.ceil())
      : o.interpolation === "nearest" ? at(rank.round())
      : at(rank.floor()).lerp(at(rank.ceil()), o.interpolation === "midpoint" ? 0.5 : rank.sub(rank.detach().floor())); // prettier-ignore
    const known = isTensor(q) ? found.where(valid.reshape(-1), NaN) : found;
    return known.movedim(-1, 0).reshape([...level.shape, ...reducedShape(x.shape, dims, o.keepdim)]);
  },
  samples: [
    [distinct([3, 4]), 0.3],
    [distinct([3, 4]), [0, 0.4, 1], 1, true],
    [distinct([2, 5, 3]), 0.6, { dim: 1, interpolation: "midpoint" }],
    [distinct([5]), [0.5, 0.3], { interpolation: "nearest" }],
    [distinct([4, 2]), t([2], { data: [0.1, 0.8], fixed: true }), 0, { interpolation: "lower" }],
    [distinct([4]), 0.7, { interpolation: "higher" }],
    [t([]), 0.5],
    [t([2, 3], { data: [NaN, 1, 2, 4, 3, 5], fixed: true }), 0.25, 1],
  ],
  errors: [
    raises([t([3]), 1.5], "between 0 and 1"),
    raises([t([0]), 0.5], "no elements"),
    raises([t([3], { dtype: "int32" }), 0.5], "floating"),
    raises([t([3]), 0.5, { interpolation: "cubic" }], "interpolation"),
    raises([t([3]), t([1, 1])], "0 to 1 dimensions"),
    raises([t([3]), t([1], { dtype: "int32", data: [1] })], "q is int32"),
  ],
});

/** The elements that lie a share q of the way through a line in order, or between its neighbours there; of all, or along a dimension. NaN spreads; a q in a tensor, which is not read, gives NaN outside of [0, 1]. Shape: that of q, then that of the reduction. */
export const quantile: Quantile = quantile_(false);
/** quantile of the elements that are numbers. */
export const nanquantile: Quantile = quantile_(true);
