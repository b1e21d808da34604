// NaN and infinities: found, and replaced.
import type { DType } from "../../base/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { either, parse } from "../../base/options.ts";
import { type Composite, raises, t } from "../op.ts";
import { unary, type Unary } from "../pointwise.ts";

const specials = [0, 1.5, NaN, Infinity, -Infinity];
const kind = (float: string, cpu: (x: number) => boolean, int = "false"): Unary =>
  unary({ float, int }, (x) => Number(cpu(x)), "", "none", {
    yields: "bool",
    samples: [[t([5], { data: specials })], [t([3], { dtype: "int32" })]],
  });

/** x is NaN. */
export const isnan: Unary = kind("is_nan(x)", Number.isNaN);
/** x is ∞ or −∞. */
export const isinf: Unary = kind("is_inf(x)", (x) => Math.abs(x) === Infinity);
/** x is neither NaN nor infinite. */
export const isfinite: Unary = kind("is_finite(x)", Number.isFinite, "true");

type Replacements = { nan: number | null; posinf: number | null; neginf: number | null };
const maybe = either<number | null>(null, "number", "null");
const largest = (dtype: DType): number => (dtype === "float64" ? Number.MAX_VALUE : 3.4028234663852886e38);
const odd = t([4], { data: specials.slice(1), fixed: true });

/** NaN replaced by `nan`, ±∞ by `posinf` and `neginf`, which default to the largest finite numbers of the dtype. */
export const nanToNum: Composite<
  (x: Tensor, ...rest: [nan?: number | null, posinf?: number | null, neginf?: number | null] | [options: Partial<Replacements>]) => Tensor
> & { readonly inplace: true } = {
  compose: (x, ...rest) => {
    const { nan, posinf, neginf } = parse(rest, { nan: either<number | null>(0, "number", "null"), posinf: maybe, neginf: maybe });
    const top = largest(x.dtype);
    const infinite = x.isinf();
    const finite = x.maskedFill(infinite, neginf ?? -top).maskedFill(infinite.logicalAnd(x.gt(0)), posinf ?? top);
    return finite.maskedFill(x.isnan(), nan ?? 0);
  },
  inplace: true,
  samples: [[odd], [odd, 2, { posinf: 5, neginf: -6 }]],
  errors: [raises(["text"], "must be a tensor")],
};
