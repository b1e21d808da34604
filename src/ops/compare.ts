// Comparisons, logic, choice: predicates give bool, bits stay integers, where and its relatives pick elements.
import { ArgumentError, DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import type { Tensor } from "../tensor.ts";
import type { Form, Kinds } from "./mapping.ts";
import { type Primitive, raises, type Sample, t } from "./op.ts";
import {
  type Binary,
  binary,
  type Mapped,
  mismatch,
  type Operand,
  operandOf,
  pointwise,
  type Predicate,
  unary,
  type Unary,
} from "./pointwise.ts";

// ---- comparisons

/** Float comparisons with NaN ruled out by its bits: compilers may assume there is none. */
const ordered = (test: string): Kinds => ({ float: `${test} && !(is_nan(x) || is_nan(y))`, int: test });
const close = (shape: readonly number[]): unknown => t(shape, { dtype: "int32", low: 0, high: 3 });
const comparisons: readonly Sample[] = [
  [close([3, 4]), close([3, 4])],
  [t([3, 4]), t([4])],
  [t([3, 1]), t([1, 4])],
  [t([2, 3]), 0.5],
  [t([5], { data: [0, NaN, Infinity, -1, 2] }), t([5], { data: [0, NaN, Infinity, 1, NaN] })],
  [t([]), t([2])],
  [t([0, 3]), t([3])],
];
const predicate = (name: string, wgsl: Form["wgsl"], cpu: Form["cpu"]): Predicate =>
  binary(name, { wgsl, cpu, result: "bool", backward: "none", samples: comparisons });

/** x = y, elementwise. */
export const eq: Predicate = predicate("eq", ordered("x == y"), (x, y) => (x === y ? 1 : 0));
/** x ≠ y, elementwise; true where either is NaN. */
export const ne: Predicate = predicate("ne", { float: "!(x == y) || is_nan(x) || is_nan(y)", int: "x != y" }, (x, y) => (x === y ? 0 : 1));
/** x < y, elementwise. */
export const lt: Predicate = predicate("lt", ordered("x < y"), (x, y) => (x < y ? 1 : 0));
/** x ≤ y, elementwise. */
export const le: Predicate = predicate("le", ordered("x <= y"), (x, y) => (x <= y ? 1 : 0));
/** x > y, elementwise. */
export const gt: Predicate = predicate("gt", ordered("x > y"), (x, y) => (x > y ? 1 : 0));
/** x ≥ y, elementwise. */
export const ge: Predicate = predicate("ge", ordered("x >= y"), (x, y) => (x >= y ? 1 : 0));

// ---- logic and bits

const truthTable: readonly Sample[] = [
  [t([4], { dtype: "bool", data: [0, 0, 1, 1] }), t([4], { dtype: "bool", data: [0, 1, 0, 1] })],
  [t([4], { data: [0, 0.5, NaN, 0] }), t([4], { data: [0, 0, 2, -1] })],
  [close([3, 4]), close([4])],
  [t([0, 3]), t([3])],
];
const logical = (name: string, wgsl: string, cpu: Form["cpu"]): Predicate =>
  binary(name, { wgsl, cpu, logical: true, result: "bool", backward: "none", samples: truthTable });

/** Both x and y differ from 0. */
export const logicalAnd: Predicate = logical("logicalAnd", "x && y", (x, y) => x & y);
/** x or y differs from 0. */
export const logicalOr: Predicate = logical("logicalOr", "x || y", (x, y) => x | y);
/** Exactly one of x and y differs from 0. */
export const logicalXor: Predicate = logical("logicalXor", "x != y", (x, y) => x ^ y);
/** x is 0. */
export const logicalNot: Unary = unary("logicalNot", {
  wgsl: "!x",
  cpu: (x) => 1 - x,
  logical: true,
  result: "bool",
  backward: "none",
  samples: [[t([4], { data: [0, 0.5, NaN, -2] })], [t([2], { dtype: "bool", data: [0, 1] })], [t([0])]],
});

const bits = (shape: readonly number[]): unknown => t(shape, { dtype: "int32", low: -9, high: 9 });
const bitPairs: readonly Sample[] = [
  [bits([3, 4]), bits([4])],
  [bits([5]), 6],
  [t([4], { dtype: "bool", data: [0, 0, 1, 1] }), t([4], { dtype: "bool", data: [0, 1, 0, 1] })],
  [t([3], { dtype: "uint8", low: 0, high: 255 }), t([3], { dtype: "uint8", low: 0, high: 255 })],
];
const bitwise = (name: string, int: string, cpu: Form["cpu"]): Binary =>
  binary(name, {
    wgsl: { int },
    cpu,
    backward: "none",
    samples: bitPairs,
    errors: [...mismatch, raises([t([2]), t([2])], "not defined for float")],
  });

/** Bits set in both integers; "and" of truth values. */
export const bitwiseAnd: Binary = bitwise("bitwiseAnd", "x & y", (x, y) => x & y);
/** Bits set in either integer; "or" of truth values. */
export const bitwiseOr: Binary = bitwise("bitwiseOr", "x | y", (x, y) => x | y);
/** Bits set in exactly one of the integers. */
export const bitwiseXor: Binary = bitwise("bitwiseXor", "x ^ y", (x, y) => x ^ y);

const invertBits: Form = { wgsl: { int: "~x" }, cpu: (x) => ~x };
const invertTruth: Form = { wgsl: "!x", cpu: (x) => 1 - x, logical: true };

/** All bits inverted; "not" of truth values. */
export const bitwiseNot: Mapped<(x: Tensor) => Tensor, never, { truth: boolean }> = pointwise("bitwiseNot", {
  form: ({ truth }) => (truth ? invertTruth : invertBits),
  call: (x: Tensor) => ({ inputs: { x: operandOf("bitwiseNot", x, "x") }, attrs: { truth: x.dtype === "bool" } }),
  backward: "none",
  samples: [[bits([3, 4])], [t([2], { dtype: "bool", data: [0, 1] })], [t([3], { dtype: "uint8", low: 0, high: 255 })]],
  errors: [raises([t([2])], "not defined for float")],
}) as Mapped<(x: Tensor) => Tensor, never, { truth: boolean }>;

// ---- special values

const specials: readonly Sample[] = [[t([5], { data: [0, 1.5, NaN, Infinity, -Infinity] })], [t([3], { dtype: "int32" })], [t([0])]];

/** x is NaN. */
export const isnan: Unary = unary("isnan", { wgsl: { float: "is_nan(x)", int: "false" }, cpu: (x) => (Number.isNaN(x) ? 1 : 0), result: "bool", backward: "none", samples: specials }); // prettier-ignore
/** x is ∞ or −∞. */
export const isinf: Unary = unary("isinf", { wgsl: { float: "is_inf(x)", int: "false" }, cpu: (x) => (Math.abs(x) === Infinity ? 1 : 0), result: "bool", backward: "none", samples: specials }); // prettier-ignore
/** x is neither NaN nor infinite. */
export const isfinite: Unary = unary("isfinite", { wgsl: { float: "is_finite(x)", int: "true" }, cpu: (x) => (Number.isFinite(x) ? 1 : 0), result: "bool", backward: "none", samples: specials }); // prettier-ignore

type Replacements = { nan: number | null; posinf: number | null; neginf: number | null };
type NanToNum = Mapped<
  (x: Tensor, ...rest: [nan?: number | null, posinf?: number | null, neginf?: number | null] | [options: Partial<Replacements>]) => Tensor,
  "x",
  Replacements
>;
const largest = { float32: 3.4028234663852886e38, float64: Number.MAX_VALUE, int32: 0, uint8: 0, bool: 0 } as const;

/** NaN replaced by `nan`, ±∞ by `posinf` and `neginf`, which default to the largest finite numbers of the dtype. */
export const nanToNum: NanToNum = pointwise("nanToNum", {
  wgsl: { float: "select(select(x, select(p2, p1, x > 0.0), is_inf(x)), p0, is_nan(x))", int: "x" },
  cpu: (x, _y, _z, nan, posinf, neginf) => (Number.isNaN(x) ? nan : x === Infinity ? posinf : x === -Infinity ? neginf : x),
  params: ({ nan, posinf, neginf }, dtype) => [nan ?? 0, posinf ?? largest[dtype], neginf ?? -largest[dtype]],
  call: (x: Tensor, ...rest: unknown[]) => {
    const none: number | null = null;
    return {
      inputs: { x: operandOf("nanToNum", x, "x") },
      attrs: parse("nanToNum", rest, { nan: none as number | null, posinf: none as number | null, neginf: none as number | null }),
    };
  },
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.where(x.isfinite(), 0) }),
  samples: [
    [t([2, 3])],
    [t([4], { data: [1, NaN, Infinity, -Infinity], fixed: true })],
    [t([4], { data: [1, NaN, Infinity, -Infinity], fixed: true }), 2, { posinf: 5, neginf: -6 }],
  ],
}) as NanToNum;

// ---- choice

type Where = Primitive<(condition: Tensor, x: Operand, y: Operand) => Tensor, "x"> & { readonly self: 1 };

/** x where `condition` holds, y elsewhere. As a method: `x.where(condition, y)`. Errors: DtypeError for a condition that is not bool. */
export const where: Where = pointwise<(condition: Tensor, x: Operand, y: Operand) => Tensor, "x">("where", {
  wgsl: "select(z, y, x)",
  cpu: (x, y, z) => (x === 0 ? z : y),
  loop: (to, t, n, a, i, sa, b, j, sb, c, k, sc) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb, k += sc) to[t] = a[i] === 0 ? c[k]! : b[j]!;
  },
  condition: "x",
  call: (condition, x, y) => ({
    inputs: { x: operandOf("where", condition, "condition"), y: operandOf("where", x, "x"), z: operandOf("where", y, "y") },
    attrs: {},
  }),
  dtype: ({ x }) => truthOnly("where", "condition", x!.dtype, ["bool", "uint8"]),
  save: ["x"],
  backward: (g, { x }) => ({ y: () => g.where(x, 0), z: () => g.maskedFill(x, 0) }),
  samples: [
    [t([3, 4], { dtype: "bool" }), t([3, 4]), t([3, 4])],
    [t([3, 1], { dtype: "bool" }), t([4]), 0.5],
    [t([4], { dtype: "bool" }), 1, t([2, 1])],
    [t([], { dtype: "bool" }), t([2]), t([])],
    [t([0, 2], { dtype: "bool" }), t([2]), 0],
  ],
  errors: [
    raises([t([2]), t([2]), t([2])], "condition must be bool"),
    raises([t([4], { dtype: "bool" }), t([2, 3]), t([3])], "do not broadcast"),
  ],
  inplace: false,
  self: 1,
}) as Where;

function truthOnly(op: string, name: string, dtype: string, allowed: readonly string[]): undefined {
  if (!allowed.includes(dtype)) throw new DtypeError(op, `${name} must be bool, got ${dtype}`, "compare it first, as in mask.ne(0)");
}

type MaskedFill = Mapped<(x: Tensor, mask: Tensor, value: Operand) => Tensor, "y">;

/** x with `value`, a number or a 0-d tensor, where `mask` holds. Shape: x and mask broadcast. Errors: DtypeError for a mask that is not bool. */
export const maskedFill: MaskedFill = pointwise<(x: Tensor, mask: Tensor, value: Operand) => Tensor, "y">("maskedFill", {
  wgsl: "select(x, z, y)",
  cpu: (x, y, z) => (y === 0 ? x : z),
  loop: (to, t, n, a, i, sa, b, j, sb, c, k, sc) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb, k += sc) to[t] = b[j] === 0 ? a[i]! : c[k]!;
  },
  condition: "y",
  call: (x, mask, value) => {
    const z = operandOf("maskedFill", value, "value");
    if (typeof z === "object" && z.ndim > 0)
      throw new ShapeError("maskedFill", `value must be a number or a 0-d tensor, got shape ${show(z.shape)}`);
    return { inputs: { x, y: operandOf("maskedFill", mask, "mask"), z }, attrs: {} };
  },
  dtype: ({ x, y }) => truthOnly("maskedFill", "mask", y!.dtype, ["bool"]) ?? x!.dtype,
  save: ["y"],
  backward: (g, { y }) => ({ x: () => g.maskedFill(y, 0), z: () => g.where(y, 0) }),
  samples: [
    [t([3, 4]), t([3, 1], { dtype: "bool" }), 1.5],
    [t([4]), t([3, 4], { dtype: "bool" }), t([])],
    [t([3], { dtype: "int32" }), t([3], { dtype: "bool" }), 7],
    [t([0, 3]), t([3], { dtype: "bool" }), 0],
  ],
  errors: [raises([t([3]), t([3]), 1], "mask must be bool"), raises([t([2]), t([2], { dtype: "bool" }), t([1])], "0-d tensor")],
}) as MaskedFill;

const larger: Form = { wgsl: { float: "max_nan(x, y)", int: "max(x, y)" }, cpu: (x, y) => Math.max(x, y) };
const smaller: Form = { wgsl: { float: "min_nan(x, y)", int: "min(x, y)" }, cpu: (x, y) => Math.min(x, y) };

/** The larger of x and y; NaN where either is. Where they are equal each gets half of the gradient. */
export const maximum: Binary<"x" | "y"> = binary("maximum", {
  ...larger,
  save: ["x", "y"],
  backward: (g, { x, y }) => ({ x: () => g.maximumBackward(x, y), y: () => g.maximumBackward(y, x) }),
});

/** The smaller of x and y; NaN where either is. Where they are equal each gets half of the gradient. */
export const minimum: Binary<"x" | "y"> = binary("minimum", {
  ...smaller,
  save: ["x", "y"],
  backward: (g, { x, y }) => ({ x: () => g.maximumBackward(y, x), y: () => g.maximumBackward(x, y) }),
});

type MaximumBackward = Primitive<(g: Tensor, winner: Tensor, other: Tensor) => Tensor, "y" | "z">;

/** g where `winner` is the larger one, g / 2 where both are equal, 0 elsewhere; all of g beside a NaN. */
export const maximumBackward: MaximumBackward = pointwise<(g: Tensor, winner: Tensor, other: Tensor) => Tensor, "y" | "z">(
  "maximumBackward",
  {
    wgsl: { float: "select(select(x, 0.0, y < z), 0.5 * x, y == z && !is_nan(y))" },
    cpu: (x, y, z) => (y === z ? 0.5 * x : y < z ? 0 : x),
    loop: (to, t, n, a, i, sa, b, j, sb, c, k, sc) => {
      for (const end = t + n; t < end; t++, i += sa, j += sb, k += sc) to[t] = b[j]! < c[k]! ? 0 : b[j] === c[k] ? 0.5 * a[i]! : a[i]!;
    },
    call: (x, y, z) => ({ inputs: { x, y, z }, attrs: {} }),
    save: ["y", "z"],
    backward: (g, { y, z }) => ({ x: () => g.maximumBackward(y, z), y: () => g.filledLike(0), z: () => g.filledLike(0) }),
    samples: [[t([2, 3]), t([3]), t([2, 3])]],
    inplace: false,
  },
);

type Bound = Tensor | number | null;
export interface Bounds {
  readonly mode: "min" | "max" | "both";
  /** The bounds when they are plain numbers. */
  readonly low: number | undefined;
  readonly high: number | undefined;
}
type Clamp = Mapped<
  (x: Tensor, ...rest: [min?: Bound, max?: Bound] | [options: { min?: Bound; max?: Bound }]) => Tensor,
  "x" | "y" | "z",
  Bounds
>;

const between: Form = {
  wgsl: { float: "min_nan(max_nan(x, y), z)", int: "min(max(x, y), z)" },
  cpu: (x, y, z) => Math.min(Math.max(x, y), z),
};
const clampForms = { min: larger, max: smaller, both: between } as const;

function bounded(op: string, x: Tensor, min: Bound | undefined, max: Bound | undefined) {
  const [low, high] = [min ?? undefined, max ?? undefined].map((b, i) => (b === undefined ? b : operandOf(op, b, i === 0 ? "min" : "max")));
  if (low === undefined && high === undefined) throw new ArgumentError(op, "needs a bound", "give min, max or both");
  const mode: Bounds["mode"] = high === undefined ? "min" : low === undefined ? "max" : "both";
  const number = (b: Bound | undefined): number | undefined => (typeof b === "number" ? b : undefined);
  const inputs = mode === "both" ? { x: operandOf(op, x, "x"), y: low, z: high } : { x: operandOf(op, x, "x"), y: low ?? high };
  return { inputs, attrs: { mode, low: number(low), high: number(high) } };
}

/** Gradients of clamp and its halves: at a bound x gets it all. */
const clampGrads = (
  g: Tensor,
  { x, y, z }: { x: Tensor; y: Tensor; z: Tensor },
  { mode, low, high }: Bounds,
): Record<string, () => Tensor> => {
  if (mode === "min")
    return { x: () => (low === undefined ? g.where(x.ge(y), 0) : g.clampBackward(x, { min: low })), y: () => g.where(x.lt(y), 0) };
  if (mode === "max")
    return { x: () => (high === undefined ? g.where(x.le(y), 0) : g.clampBackward(x, { max: high })), y: () => g.where(x.gt(y), 0) };
  return {
    x: () =>
      low === undefined || high === undefined ? g.where(x.ge(y).logicalAnd(x.le(z)), 0) : g.clampBackward(x, { min: low, max: high }),
    y: () => g.where(x.lt(y).logicalAnd(y.lt(z)), 0),
    z: () => g.where(x.gt(z).logicalOr(z.lt(y)), 0),
  };
};

/** x limited to [min, max], numbers or tensors; one of them may be left out. Where min > max the result is max. NaN stays. */
export const clamp: Clamp = pointwise("clamp", {
  form: ({ mode }) => clampForms[mode],
  call: (x: Tensor, ...rest: unknown[]) => {
    const { min, max } = parse("clamp", rest, { min: null as Bound, max: null as Bound });
    return bounded("clamp", x, min, max);
  },
  save: ["x", "y", "z"],
  backward: clampGrads,
  samples: [
    [t([3, 4]), -0.7, 0.9],
    [t([3, 4]), { min: 0.2 }],
    [t([3]), { max: 0.2 }],
    [t([2, 3]), t([3], { low: -1, high: 0 }), t([2, 1], { low: 0.2, high: 1 })],
    [t([2, 3]), null, t([3])],
    [t([3], { dtype: "int32" }), 1, 2],
    [t([0]), 0],
  ],
  errors: [
    raises([t([3])], "needs a bound"),
    raises([t([2, 3]), t([4])], "do not broadcast"),
    raises([t([3]), "0"], "min must be a tensor"),
  ],
}) as Clamp;

type Limit = Mapped<(x: Tensor, bound: Operand) => Tensor, "x" | "y" | "z", Bounds>;
const limits: readonly Sample[] = [
  [t([3, 4]), 0.3],
  [t([3, 4]), t([4])],
  [t([]), t([2])],
  [t([0]), 1],
];

/** The larger of x and a lower bound. At the bound x gets the gradient. */
export const clampMin: Limit = pointwise("clampMin", {
  ...larger,
  call: (x: Tensor, min: Operand) => bounded("clampMin", x, operandOf("clampMin", min, "min"), null),
  save: ["x", "y", "z"],
  backward: clampGrads,
  samples: limits,
  errors: mismatch,
}) as Limit;

/** The smaller of x and an upper bound. At the bound x gets the gradient. */
export const clampMax: Limit = pointwise("clampMax", {
  ...smaller,
  call: (x: Tensor, max: Operand) => bounded("clampMax", x, null, operandOf("clampMax", max, "max")),
  save: ["x", "y", "z"],
  backward: clampGrads,
  samples: limits,
  errors: mismatch,
}) as Limit;

type ClampBackward = Primitive<(g: Tensor, x: Tensor, bounds: { min?: number; max?: number }) => Tensor, "y", { min: number; max: number }>;

/** g where x lies within the bounds or on them, else 0. */
export const clampBackward: ClampBackward = pointwise("clampBackward", {
  wgsl: { float: "select(0.0, x, y >= p0 && y <= p1 && !is_nan(y))" },
  cpu: (x, y, _z, min, max) => (y >= min && y <= max ? x : 0),
  loop: (to, t, n, a, i, sa, b, j, sb, _c, _k, _sc, min, max) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb) to[t] = b[j]! >= min && b[j]! <= max ? a[i]! : 0;
  },
  params: ({ min, max }) => [min, max],
  call: (x: Tensor, y: Tensor, ...rest: unknown[]) => ({
    inputs: { x, y },
    attrs: parse("clampBackward", rest, {}, { min: -Infinity, max: Infinity }),
  }),
  save: ["y"],
  backward: (g, { y }, bounds) => ({ x: () => g.clampBackward(y, bounds), y: () => g.filledLike(0) }),
  samples: [
    [t([2, 3]), t([2, 3]), { min: -0.5, max: 1 }],
    [t([3]), t([3]), { min: 0.1 }],
  ],
  inplace: false,
});
