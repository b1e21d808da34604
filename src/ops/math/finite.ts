// NaN and infinities: found, replaced, and told from numbers that are close.
import { checkNonNegative } from "../../base/checks.ts";
import { type DType, isFloat } from "../../base/dtype.ts";
import { DtypeError } from "../../base/errors.ts";
import { either, parse } from "../../base/options.ts";
import { operand } from "../arguments.ts";
import { type Composite, raises, t } from "../op.ts";
import { type Mapped, mapped, plain, type PlainUnary, unary } from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

const specials = [0, 1.5, NaN, Infinity, -Infinity];
const odd = t([4], { data: specials.slice(1), fixed: true });
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
/** x is a real number, as all are here. */
export const isreal: PlainUnary = kind("true", () => true, "true");

/** x is ∞. */
export const isposinf: PlainUnary = kind("bitcast<u32>(x) == 0x7f800000u", (x) => x === Infinity);
/** x is −∞. */
export const isneginf: PlainUnary = kind("bitcast<u32>(x) == 0xff800000u", (x) => x === -Infinity);

interface Tolerances {
  readonly rtol?: number;
  readonly atol?: number;
  readonly equalNan?: boolean;
}
type CloseRest =
  [rtol?: number, atol?: number, equalNan?: boolean] | [rtol: number, options: Omit<Tolerances, "rtol">] | [options: Tolerances];

/** Whether elements differ by at most atol + rtol · |other|; equal infinities do, NaN only with equalNan. */
export const isclose: Composite<(x: Tensor, other: Tensor, ...rest: CloseRest) => Tensor> = {
  rest: true,
  compose: (x, other, ...rest) => {
    const { rtol, atol, equalNan } = parse(rest, { rtol: 1e-5, atol: 1e-8, equalNan: false });
    checkNonNegative({ rtol, atol });
    const y = operand(other, "other");
    if (x.dtype !== y.dtype) throw new DtypeError(`x is ${x.dtype}, other ${y.dtype}`, "convert one of them");
    const [a, b] = isFloat(x.dtype) ? [x, y] : [x.float(), y.float()];
    const distance = a.sub(b).abs();
    const near = distance.isfinite().logicalAnd(distance.le(b.mul(rtol).abs().add(atol)));
    const close = a.eq(b).logicalOr(near);
    return equalNan ? close.logicalOr(a.isnan().logicalAnd(b.isnan())) : close;
  },
  backward: "none",
  samples: [
    [odd, odd],
    [odd, odd, { equalNan: true }],
    [t([3], { data: [1, 2, 3] }), t([3], { data: [1.000001, 2.1, 3] })],
    [t([2], { data: [1, 2] }), t([2, 1], { data: [1.05, 2.5] }), 0.1, 0.01],
    [t([2], { dtype: "int32", data: [1, 3] }), t([2], { dtype: "int32", data: [1, 2] })],
  ],
  errors: [raises([t([2]), t([2], { dtype: "int32" })], "other int32"), raises([t([2]), t([2]), -1], "rtol")],
};

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
