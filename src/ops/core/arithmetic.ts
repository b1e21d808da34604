// Arithmetic of two and three operands. Shapes broadcast, dtypes promote as in PyTorch.
import { checkKnown } from "../../base/checks.ts";
import { isFloat } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import type { Form, Kinds, Loop } from "../../kernels/elementwise.ts";
import * as m from "../../kernels/math.ts";
import { type Cases, raises, t } from "../op.ts";
import {
  type Binary,
  binary,
  type Elementwise,
  flat,
  type Mapped,
  mapped,
  mismatch,
  type Operand,
  operandOf,
  pairs,
  plain,
  times,
  within,
} from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

const wide = within();
const positive = within(0.3, 3);
const ints = t([2], { dtype: "int32" });
const twoBools = [t([2], { dtype: "bool" }), t([2], { dtype: "bool" })];

export interface Alpha {
  alpha: number;
}
type Scaled = Mapped<(x: Operand, y: Operand, options?: { alpha?: number }) => Tensor, never, Alpha>;

// Two loops, so that each sees numbers of one kind.
const addLoop: Loop = (to, t, n, a, i, sa, b, j, sb, _c, _k, _sc, factor) => {
  const end = t + n;
  if (factor === 1) for (; t < end; t++, i += sa, j += sb) to[t] = a[i]! + b[j]!;
  else for (; t < end; t++, i += sa, j += sb) to[t] = a[i]! + factor * b[j]!;
};
const subLoop: Loop = (to, t, n, a, i, sa, b, j, sb, _c, _k, _sc, factor) => {
  for (const end = t + n; t < end; t++, i += sa, j += sb) to[t] = a[i]! + factor * b[j]!;
};
const sum: Kinds = { float: "x + p0 * y", int: "x + i32(p0) * y" };
/** x + sign · alpha · y. */
const scaled = (sign: number, wgsl: Kinds, loop: Loop, { samples, errors }: Cases): Scaled =>
  mapped({
    wgsl,
    // The product may be rounded before it is added.
    ulp: 1,
    cancels: true,
    cpu: (x, y, _z, factor) => x + factor * y,
    int: (x, y, _z, factor) => x + Math.imul(factor, y),
    loop,
    params: ({ alpha }) => [sign * alpha],
    operands: ["x", "y"],
    keywords: { alpha: 1 },
    dtype: (ins, { alpha }) => {
      const floats = [ins.x, ins.y].some((i) => i && isFloat(i.dtype));
      if (floats ? typeof alpha !== "number" : !Number.isInteger(alpha))
        throw new ArgumentError(`alpha must be ${floats ? "a number" : "an integer for integer operands"}, got ${String(alpha)}`);
      return undefined;
    },
    backward: (g, _s, { alpha }) => ({ x: () => g, y: () => times(g, sign * alpha) }),
    samples: [...pairs(wide), ...samples],
    errors: [...mismatch, ...errors],
  });

/** x + alpha · y. */
export const add: Scaled = scaled(1, sum, addLoop, {
  samples: [
    [t([2, 3]), t([3]), { alpha: -2.5 }],
    [ints, ints, { alpha: 3 }],
  ],
  errors: [raises([ints, 1, { alpha: 0.5 }], "alpha must be an integer"), raises([t([2]), 1, { beta: 2 }], "unknown option beta")],
});

/** x − alpha · y. */
export const sub: Scaled = scaled(-1, { ...sum, bool: false }, subLoop, {
  samples: [[t([2, 3]), t([3]), { alpha: 2 }]],
  errors: [raises(twoBools, "not defined for bool")],
});

/** y − alpha · x: subtraction with the operands exchanged. */
export const rsub: Elementwise<(x: Operand, y: Operand, options?: { alpha?: number }) => Tensor, never, Alpha> = {
  ...plain(sub),
  rest: true,
  call: (x, y, ...rest) => sub.call(operandOf(y, "y"), operandOf(x, "x"), ...rest),
};

/** x · y. */
export const mul: Binary<"x" | "y"> = binary(
  "x * y",
  (x, y) => x * y,
  { x: ["y"], y: ["x"] },
  (g, { x, y }) => ({ x: () => g.mul(y), y: () => g.mul(x) }),
  {
    int: Math.imul,
    loop: (to, t, n, a, i, sa, b, j, sb) => {
      for (const end = t + n; t < end; t++, i += sa, j += sb) to[t] = a[i]! * b[j]!;
    },
  },
);

type Rounding = "trunc" | "floor" | null;
export interface Rounded {
  roundingMode: Rounding;
}

const quotient: Form = {
  wgsl: "x / y",
  cpu: (x, y) => x / y,
  loop: (to, t, n, a, i, sa, b, j, sb) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb) to[t] = a[i]! / b[j]!;
  },
  yields: "float",
  ulp: 2.5,
};
const truncated: Form = {
  ulp: Infinity,
  wgsl: { float: "trunc_f(x / y)", int: "x / y", bool: false },
  cpu: (x, y) => Math.trunc(x / y),
  int: (x, y) => (y === 0 ? x : Math.trunc(x / y)),
};
const floored: Form = {
  wgsl: { float: "floor_div_f(x, y)", int: "floor_div_i(x, y)", bool: false },
  ulp: 2,
  cpu: m.floorDivide,
  int: m.floorDivideInt,
};

/**
 * x / y; integers give floats. `roundingMode` "trunc" rounds the quotient towards 0, "floor" down, and integers stay integers.
 * Errors: ArgumentError for another mode.
 */
export const div: Mapped<(x: Operand, y: Operand, options?: { roundingMode?: Rounding }) => Tensor, "x" | "y", Rounded> = mapped({
  form: ({ roundingMode }) => (roundingMode === null ? quotient : roundingMode === "trunc" ? truncated : floored),
  operands: ["x", "y"],
  keywords: { roundingMode: null as Rounding },
  kinks: [0],
  check: ({ roundingMode }) => checkKnown("roundingMode", roundingMode, [null, "trunc", "floor"]),
  save: { x: ["y"], y: ["x", "y"] },
  backward: (g, { x, y }, { roundingMode }) =>
    roundingMode === null ? { x: () => g.div(y), y: () => g.mul(x.div(y).div(y)).neg() } : { x: () => flat(g), y: () => flat(g) },
  samples: [...pairs(positive), [wide([2, 3]), positive([3]), { roundingMode: "trunc" }], [wide([2, 3]), 0.75, { roundingMode: "floor" }]],
  errors: [...mismatch, raises([t([2]), 2, { roundingMode: "up" }], "unknown roundingMode up")],
});

/** x / y rounded down. The gradient is 0. */
export const floorDivide: Mapped<(x: Operand, y: Operand) => Tensor, "x" | "y", Rounded> = {
  ...div,
  call: (x, y) => div.call(x, y, { roundingMode: "floor" }),
  samples: pairs(positive),
  errors: [...mismatch],
};

export interface Powers {
  exponent: number | undefined;
}

const power = (float: string, ulp: number, cpu: Form["cpu"]): Form => ({
  wgsl: { float, int: "pow_i(x, y)", bool: false },
  ulp,
  cpu,
  int: m.powInt,
});
const anyPower = power("pow_f(x, y)", 4, m.pow);
/** Exponents that need no logarithm. */
const easy: Readonly<Record<number, Form>> = {
  1: power("x", 0, (x) => x),
  2: power("x * x", 0, (x) => x * x),
  3: power("x * x * x", 1.5, (x) => x * x * x),
  0.5: power("sqrt_f(x)", 0.5, Math.sqrt),
  [-1]: power("1.0 / x", 2.5, (x) => 1 / x),
};

/**
 * x to the power `exponent`, each a tensor or a number: `pow(2, x)`, `x.pow(3)`. 0⁰ is 1.
 * Errors: ArgumentError for integers to a negative number.
 */
export const pow: Mapped<(x: Operand, exponent: Operand) => Tensor, "x" | "y" | "out", Powers> = mapped({
  form: ({ exponent }) => easy[exponent!] ?? anyPower,
  call: (x: Operand, y: Operand) => {
    const inputs = { x: operandOf(x, "x"), y: operandOf(y, "exponent") };
    const exponent = typeof y === "object" ? undefined : Number(y);
    if (Number.isInteger(exponent) && exponent! < 0 && typeof x === "object" && !isFloat(x.dtype))
      throw new ArgumentError(`integers to the negative power ${exponent} are no integers`, "convert to a floating dtype first");
    return { inputs, attrs: { exponent } };
  },
  save: { x: ["x", "y"], y: ["x", "y", "out"] },
  kinks: [0],
  backward: (g, { x, y, out }, { exponent }) => ({
    x: () => {
      if (exponent === undefined) return g.mul(y.mul(x.pow(y.sub(1))).maskedFill(y.eq(0), 0));
      if (exponent === 0) return flat(g);
      return exponent === 1 ? g : g.mul((exponent === 2 ? x : x.pow(exponent - 1)).mul(exponent));
    },
    // The logarithm of 0 counts only where the power is infinite.
    y: () => g.mul(out.mul(x.log()).maskedFill(x.eq(0).logicalAnd(y.ge(0)), 0)),
  }),
  samples: [
    ...pairs(positive),
    [t([3]), 2],
    [t([3]), 3],
    [positive([3]), 0.5],
    [positive([3]), -1],
    [positive([3]), 0],
    [t([3]), 1],
    [2, t([3])],
    [t([3], { dtype: "int32" }), 3],
  ],
  errors: [...mismatch, raises([ints, -1], "negative power"), raises(twoBools, "not defined for bool")],
});
