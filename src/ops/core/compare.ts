// Comparisons, logic, choice: predicates give bool, where and its relatives pick elements.
import { ArgumentError, DtypeError } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import type { Form } from "../../kernels/elementwise.ts";
import { raises, type Sample, t } from "../op.ts";
import {
  binary,
  checkSingle,
  type Elementwise,
  type Mapped,
  mapped,
  mismatch,
  type Operand,
  operandOf,
  plain,
  type PlainBinary,
  pointwise,
  type Predicate,
  truths,
  twoTruths,
  unary,
  type Unary,
} from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

// ---- comparisons

const close = (shape: readonly number[]): unknown => t(shape, { dtype: "int32", low: 0, high: 3 });
const comparisons: readonly Sample[] = [
  [close([3, 4]), close([3, 4])],
  [t([3, 1]), t([1, 4])],
  [t([2, 3]), 0.5],
  [t([5], { data: [0, NaN, Infinity, -1, 2] }), t([5], { data: [0, NaN, Infinity, 1, NaN] })],
];
/** `test` for integers; `unordered` is what comes out beside NaN, found by its bits: compilers may assume there is none. */
const predicate = (test: string, cpu: (x: number, y: number) => boolean, unordered = "&& !"): Predicate =>
  binary({ float: `${test} ${unordered}(is_nan(x) || is_nan(y))`, int: test }, (x, y) => Number(cpu(x, y)), [], "none", {
    yields: "bool",
    samples: comparisons,
  });

/** x = y, elementwise. */
export const eq: Predicate = predicate("x == y", (x, y) => x === y);
/** x ≠ y, elementwise; true where either is NaN. */
export const ne: Predicate = predicate("x != y", (x, y) => x !== y, "||");
/** x < y, elementwise. */
export const lt: Predicate = predicate("x < y", (x, y) => x < y);
/** x ≤ y, elementwise. */
export const le: Predicate = predicate("x <= y", (x, y) => x <= y);
/** x > y, elementwise. */
export const gt: Predicate = predicate("x > y", (x, y) => x > y);
/** x ≥ y, elementwise. */
export const ge: Predicate = predicate("x >= y", (x, y) => x >= y);

// ---- logic

const logical = (wgsl: string, cpu: (x: boolean, y: boolean) => boolean): Predicate =>
  binary(wgsl, (x, y) => Number(cpu(x !== 0, y !== 0)), [], "none", {
    conditions: "xy",
    yields: "bool",
    samples: [truths, [t([4], { data: [0, 0.5, NaN, 0] }), t([4], { data: [0, 0, 2, -1] })], [close([3, 4]), close([4])]],
  });

/** Both x and y differ from 0. */
export const logicalAnd: Predicate = logical("x && y", (x, y) => x && y);
/** x or y differs from 0. */
export const logicalOr: Predicate = logical("x || y", (x, y) => x || y);
/** Exactly one of x and y differs from 0. */
export const logicalXor: Predicate = logical("x != y", (x, y) => x !== y);
/** x is 0. */
export const logicalNot: Unary = unary("!x", (x) => Number(x === 0), "", "none", {
  conditions: "x",
  yields: "bool",
  samples: [[t([4], { data: [0, 0.5, NaN, -2] })], [twoTruths]],
});

// ---- choice

const truth = (shape: readonly number[]): unknown => t(shape, { dtype: "bool" });

function truthOnly(name: string, dtype: string): undefined {
  if (dtype !== "bool") throw new DtypeError(`${name} must be bool, got ${dtype}`, "compare it first, as in mask.ne(0)");
}

/** x where `condition` holds, y elsewhere. As a method: `x.where(condition, y)`. Errors: DtypeError for a condition that is not bool. */
export const where: Elementwise<(condition: Tensor, x: Operand, y: Operand) => Tensor, "x"> & { readonly self: 1 } = {
  ...pointwise<(condition: Tensor, x: Operand, y: Operand) => Tensor, "x">({
    wgsl: "select(z, y, x)",
    cpu: (x, y, z) => (x === 0 ? z : y),
    loop: (to, t, n, a, i, sa, b, j, sb, c, k, sc) => {
      for (const end = t + n; t < end; t++, i += sa, j += sb, k += sc) to[t] = a[i] === 0 ? c[k]! : b[j]!;
    },
    conditions: "x",
    operands: ["condition", "x", "y"],
    dtype: ({ x }) => (x.dtype === "uint8" ? undefined : truthOnly("condition", x.dtype)),
    save: ["x"],
    backward: (g, { x }) => ({ y: () => g.where(x, 0), z: () => g.maskedFill(x, 0) }),
    samples: [
      [truth([3, 4]), t([3, 4]), t([3, 4])],
      [truth([3, 1]), t([4]), 0.5],
      [truth([4]), 1, t([2, 1])],
    ],
    errors: [raises([t([2]), t([2]), t([2])], "condition must be bool"), raises([truth([4]), t([2, 3]), t([3])], "do not broadcast")],
  }),
  self: 1,
};

/** x with `value`, a number or a 0-d tensor, where `mask` holds. Shape: x and mask broadcast. Errors: DtypeError for a mask that is not bool. */
export const maskedFill: Mapped<(x: Tensor, mask: Tensor, value: Operand) => Tensor, "y"> = mapped({
  wgsl: "select(x, z, y)",
  cpu: (x, y, z) => (y === 0 ? x : z),
  loop: (to, t, n, a, i, sa, b, j, sb, c, k, sc) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb, k += sc) to[t] = b[j] === 0 ? a[i]! : c[k]!;
  },
  conditions: "y",
  operands: ["x", "mask", "value"],
  check: (_, { z }) => checkSingle(z),
  dtype: ({ x, y }) => truthOnly("mask", y!.dtype) ?? x.dtype,
  save: ["y"],
  backward: (g, { y }) => ({ x: () => g.maskedFill(y, 0), z: () => g.where(y, 0) }),
  samples: [
    [t([3, 4]), truth([3, 1]), 1.5],
    [t([4]), truth([3, 4]), t([])],
    [t([3], { dtype: "int32" }), truth([3]), 7],
  ],
  errors: [raises([t([3]), t([3]), 1], "mask must be bool"), raises([t([2]), truth([2]), t([1])], "0-d tensor")],
});

// ---- extremes and limits

const larger: Form = { wgsl: { float: "max_nan(x, y)", int: "max(x, y)" }, cpu: (x, y) => Math.max(x, y) };
const smaller: Form = { wgsl: { float: "min_nan(x, y)", int: "min(x, y)" }, cpu: (x, y) => Math.min(x, y) };

/** g where `winner` is the larger one, g / 2 where both are equal, 0 elsewhere; all of g beside a NaN. */
const share = (g: Tensor, winner: Tensor, other: Tensor): Tensor => g.mul(0.5).where(winner.eq(other), g.maskedFill(winner.lt(other), 0));
const extreme = (form: Form, grads: (g: Tensor, x: Tensor, y: Tensor) => Tensor): PlainBinary<"x" | "y"> =>
  plain(
    binary(
      form.wgsl,
      form.cpu as (x: number, y: number) => number,
      ["x", "y"],
      (g, { x, y }) => ({
        x: () => grads(g, x, y),
        y: () => grads(g, y, x),
      }),
      { kinks: [0] },
    ),
  );

/** The larger of x and y; NaN where either is. Where they are equal each gets half of the gradient. */
export const maximum: PlainBinary<"x" | "y"> = extreme(larger, share);

/** The smaller of x and y; NaN where either is. Where they are equal each gets half of the gradient. */
export const minimum: PlainBinary<"x" | "y"> = extreme(smaller, (g, x, y) => share(g, y, x));

type Bound = Operand | null;
export interface Bounds {
  readonly mode: "min" | "max" | "both";
}
type Clamped = "x" | "y" | "z";

const clampForms: Readonly<Record<Bounds["mode"], Form>> = {
  min: larger,
  max: smaller,
  both: { wgsl: { float: "min_nan(max_nan(x, y), z)", int: "min(max(x, y), z)" }, cpu: (x, y, z) => Math.min(Math.max(x, y), z) },
};

/** x limited to [min, max], numbers or tensors; one of them may be left out. Where min > max the result is max. NaN stays. */
export const clamp: Mapped<
  (x: Tensor, ...rest: [min?: Bound, max?: Bound] | [options: { min?: Bound; max?: Bound }]) => Tensor,
  Clamped,
  Bounds
> = mapped({
  form: ({ mode }) => clampForms[mode],
  // The bounds fill y and z without gaps.
  rest: true,
  call: (x: Tensor, ...rest: unknown[]) => {
    const bounds = parse(rest, { min: null as unknown, max: null as unknown });
    const given = (["min", "max"] as const).filter((side) => bounds[side] !== null);
    if (given.length === 0) throw new ArgumentError("needs a bound", "give min, max or both");
    const [y, z] = given.map((side) => operandOf(bounds[side], side));
    return { inputs: { x: operandOf(x, "x"), y, z }, attrs: { mode: given.length > 1 ? "both" : given[0]! } };
  },
  save: ["x", "y", "z"],
  kinks: [0],
  // At a bound x gets all of the gradient.
  backward: (g, { x, y, z }, { mode }) =>
    mode === "both"
      ? {
          x: () => g.where(x.ge(y).logicalAnd(x.le(z)), 0),
          y: () => g.where(x.lt(y).logicalAnd(y.lt(z)), 0),
          z: () => g.where(x.gt(z).logicalOr(z.lt(y)), 0),
        }
      : { x: () => g.where(mode === "min" ? x.ge(y) : x.le(y), 0), y: () => g.where(mode === "min" ? x.lt(y) : x.gt(y), 0) },
  samples: [
    [t([3, 4]), -0.7, 0.9],
    [t([3, 4]), { min: 0.2 }],
    [t([2, 3]), t([3], { low: -1, high: 0 }), t([2, 1], { low: 0.2, high: 1 })],
    [t([2, 3]), null, t([3])],
    [t([3], { dtype: "int32" }), 1, 2],
  ],
  errors: [
    raises([t([3])], "needs a bound"),
    raises([t([2, 3]), t([4])], "do not broadcast"),
    raises([t([3]), "0"], "min must be a tensor"),
  ],
});

type Limit = Mapped<(x: Tensor, bound: Operand) => Tensor, Clamped, Bounds>;
const limit = (side: "min" | "max"): Limit => ({
  ...clamp,
  rest: false,
  call: (x, bound) => clamp.call(x, { [side]: bound }),
  samples: [
    [t([3, 4]), 0.3],
    [t([3, 4]), t([4])],
  ],
  errors: [...mismatch],
});

/** The larger of x and a lower bound. At the bound x gets the gradient. */
export const clampMin: Limit = limit("min");

/** The smaller of x and an upper bound. At the bound x gets the gradient. */
export const clampMax: Limit = limit("max");
