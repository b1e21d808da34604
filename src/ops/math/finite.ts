// NaN and infinities: found, and replaced.
import type { DType } from "../../base/dtype.ts";
import { either } from "../../base/options.ts";
import { raises, t } from "../op.ts";
import { type Mapped, mapped, plain, type PlainUnary, unary } from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

const specials = [0, 1.5, NaN, Infinity, -Infinity];
const kind = (float: string, cpu: (x: number) => boolean, int = "false"): PlainUnary =>
  plain(
    unary({ float, int }, (x) => Number(cpu(x)), "", "none", {
      yields: "bool",
      samples: [[t([5], { data: specials })], [t([3], { dtype: "int32" })]],
    }),
  );

/** x is NaN. */
export const isnan: PlainUnary = kind("is_nan(x)", Number.isNaN);
/** x is ∞ or −∞. */
export const isinf: PlainUnary = kind("is_inf(x)", (x) => Math.abs(x) === Infinity);
/** x is neither NaN nor infinite. */
export const isfinite: PlainUnary = kind("is_finite(x)", Number.isFinite, "true");

/** What stands for what; null: 0 for NaN, the largest finite numbers of the dtype for the infinities. */
export interface Replacements {
  nan: number | null;
  posinf: number | null;
  neginf: number | null;
}
type ReplacementRest =
  | [nan?: number | null, posinf?: number | null, neginf?: number | null]
  | [nan: number | null, options: Partial<Omit<Replacements, "nan">>]
  | [options: Partial<Replacements>];
const maybe = either<number | null>(null, "number", "null");
const largest = (dtype: DType): number => (dtype === "float64" ? Number.MAX_VALUE : 3.4028234663852886e38);
const odd = t([4], { data: specials.slice(1), fixed: true });

/** NaN replaced by `nan`, ±∞ by `posinf` and `neginf`, which default to the largest finite numbers of the dtype. */
export const nanToNum: Mapped<(x: Tensor, ...rest: ReplacementRest) => Tensor, "x", Replacements> = mapped({
  wgsl: { float: "select(select(x, select(p2, p1, x > 0.0), is_inf(x)), p0, is_nan(x))", int: "x" },
  cpu: (x, _y, _z, nan, posinf, neginf) => (x === Infinity ? posinf : x === -Infinity ? neginf : Number.isNaN(x) ? nan : x),
  int: (x) => x,
  params: ({ nan, posinf, neginf }, dtype) => [nan ?? 0, posinf ?? largest(dtype), neginf ?? -largest(dtype)],
  positional: { nan: maybe, posinf: maybe, neginf: maybe },
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.maskedFill(x.isfinite().logicalNot(), 0) }),
  samples: [[odd], [odd, 2, { posinf: 5, neginf: -6 }], [t([3, 4])], [t([2], { dtype: "int32" })]],
  errors: [raises(["text"], "must be a tensor")],
});
