// Arithmetic of two and three operands. Shapes broadcast, dtypes promote as in PyTorch.
import { ArgumentError, DtypeError } from "../base/errors.ts";
import { isFloat } from "../base/dtype.ts";
import { parse } from "../base/options.ts";
import type { Tensor } from "../tensor.ts";
import type { Form } from "./mapping.ts";
import * as m from "./math.ts";
import { type Inputs, raises, t } from "./op.ts";
import { type Binary, binary, type Mapped, mismatch, type Operand, operandOf, pairs, pointwise, within } from "./pointwise.ts";

const wide = within(-3, 3);
const positive = within(0.3, 3);
const twoBools = [t([2], { dtype: "bool" }), t([2], { dtype: "bool" })];

type Scaled = Mapped<(x: Operand, y: Operand, options?: { alpha?: number }) => Tensor, never, { alpha: number }>;

const unscaled = { alpha: 1 };

/** Operands and `alpha` of add, sub and rsub. */
const scaledCall =
  (op: string) =>
  (x: Operand, y: Operand, ...rest: unknown[]) => {
    const { alpha } = rest.length === 0 ? unscaled : parse(op, rest, {}, unscaled);
    if (typeof alpha !== "number") throw new ArgumentError(op, `alpha must be a number, got ${typeof alpha}`);
    return { inputs: { x: operandOf(op, x, "x"), y: operandOf(op, y, "y") }, attrs: { alpha } };
  };

function wholeAlpha(op: string, ins: Inputs, { alpha }: { alpha: number }): undefined {
  if (!Number.isInteger(alpha) && !Object.values(ins).some((i) => isFloat(i.dtype)))
    throw new ArgumentError(op, `alpha must be an integer for integer operands, got ${alpha}`);
}

/** x + alpha · y. */
export const add: Scaled = pointwise("add", {
  wgsl: { float: "x + p0 * y", int: "x + i32(p0) * y" },
  cpu: (x, y, _z, alpha) => x + alpha * y,
  int: (x, y, _z, alpha) => x + Math.imul(alpha, y),
  loop: (to, t, n, a, i, sa, b, j, sb, _c, _k, _sc, alpha) => {
    const end = t + n;
    if (alpha === 1) for (; t < end; t++, i += sa, j += sb) to[t] = a[i]! + b[j]!;
    else for (; t < end; t++, i += sa, j += sb) to[t] = a[i]! + alpha * b[j]!;
  },
  params: ({ alpha }) => [alpha],
  call: scaledCall("add"),
  dtype: (ins, attrs) => wholeAlpha("add", ins, attrs),
  backward: (g, _s, { alpha }) => ({ x: () => g, y: () => (alpha === 1 ? g : g.mul(alpha)) }),
  samples: [...pairs(wide), [t([2, 3]), t([3]), { alpha: -2.5 }], [t([2], { dtype: "int32" }), t([2], { dtype: "int32" }), { alpha: 3 }]],
  errors: [
    ...mismatch,
    raises([t([2], { dtype: "int32" }), 1, { alpha: 0.5 }], "alpha must be an integer"),
    raises([t([2]), 1, { beta: 2 }], "unknown option beta"),
  ],
}) as Scaled;

/** x − alpha · y. */
export const sub: Scaled = pointwise("sub", {
  wgsl: { float: "x - p0 * y", int: "x - i32(p0) * y", bool: false },
  cpu: (x, y, _z, alpha) => x - alpha * y,
  int: (x, y, _z, alpha) => x - Math.imul(alpha, y),
  loop: (to, t, n, a, i, sa, b, j, sb, _c, _k, _sc, alpha) => {
    const end = t + n;
    if (alpha === 1) for (; t < end; t++, i += sa, j += sb) to[t] = a[i]! - b[j]!;
    else for (; t < end; t++, i += sa, j += sb) to[t] = a[i]! - alpha * b[j]!;
  },
  params: ({ alpha }) => [alpha],
  call: scaledCall("sub"),
  dtype: (ins, attrs) => wholeAlpha("sub", ins, attrs),
  backward: (g, _s, { alpha }) => ({ x: () => g, y: () => (alpha === 1 ? g.neg() : g.mul(-alpha)) }),
  samples: [...pairs(wide), [t([2, 3]), t([3]), { alpha: 2 }]],
  errors: [...mismatch, raises(twoBools, "not defined for bool")],
}) as Scaled;

/** y − alpha · x: subtraction with the operands exchanged. */
export const rsub: Scaled = pointwise("rsub", {
  wgsl: { float: "y - p0 * x", int: "y - i32(p0) * x", bool: false },
  cpu: (x, y, _z, alpha) => y - alpha * x,
  int: (x, y, _z, alpha) => y - Math.imul(alpha, x),
  params: ({ alpha }) => [alpha],
  call: scaledCall("rsub"),
  dtype: (ins, attrs) => wholeAlpha("rsub", ins, attrs),
  backward: (g, _s, { alpha }) => ({ x: () => g.mul(-alpha), y: () => g }),
  samples: [...pairs(wide), [t([2, 3]), 1, { alpha: 2 }]],
  errors: [...mismatch, raises(twoBools, "not defined for bool")],
}) as Scaled;

/** x · y. */
export const mul: Binary<"x" | "y"> = binary("mul", {
  wgsl: "x * y",
  cpu: (x, y) => x * y,
  int: Math.imul,
  loop: (to, t, n, a, i, sa, b, j, sb) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb) to[t] = a[i]! * b[j]!;
  },
  save: ["x", "y"],
  backward: (g, { x, y }) => ({ x: () => g.mul(y), y: () => g.mul(x) }),
});

type Rounding = "trunc" | "floor" | null;
type Division = Mapped<(x: Operand, y: Operand, options?: { roundingMode?: Rounding }) => Tensor, "y" | "out", { roundingMode: Rounding }>;

const exact: { roundingMode: Rounding } = { roundingMode: null };
const quotient: Form = {
  wgsl: "x / y",
  cpu: (x, y) => x / y,
  loop: (to, t, n, a, i, sa, b, j, sb) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb) to[t] = a[i]! / b[j]!;
  },
  result: "float",
};
const truncated: Form = {
  wgsl: { float: "trunc_f(x / y)", int: "x / y", bool: false },
  cpu: (x, y) => Math.trunc(x / y),
  int: (x, y) => (y === 0 ? x : Math.trunc(x / y)),
};
const floored: Form = {
  wgsl: { float: "floor_div_f(x, y)", int: "floor_div_i(x, y)", bool: false },
  cpu: m.floorDivide,
  int: m.floorDivideInt,
};

/**
 * x / y; integers give floats. `roundingMode` "trunc" rounds the quotient towards 0, "floor" down, and integers stay integers.
 * Errors: ArgumentError for another mode.
 */
export const div: Division = pointwise("div", {
  form: ({ roundingMode }) => (roundingMode === null ? quotient : roundingMode === "trunc" ? truncated : floored),
  call: (x: Operand, y: Operand, ...rest: unknown[]) => {
    const { roundingMode } = rest.length === 0 ? exact : parse("div", rest, {}, exact);
    if (roundingMode !== null && roundingMode !== "trunc" && roundingMode !== "floor")
      throw new ArgumentError("div", `unknown roundingMode ${String(roundingMode)}`, '"trunc", "floor" or null');
    return { inputs: { x: operandOf("div", x, "x"), y: operandOf("div", y, "y") }, attrs: { roundingMode } };
  },
  save: ["y", "out"],
  backward: (g, { y, out }, { roundingMode }) =>
    roundingMode === null
      ? { x: () => g.div(y), y: () => g.mul(out).div(y).neg() }
      : { x: () => g.filledLike(0), y: () => g.filledLike(0) },
  samples: [...pairs(positive), [wide([2, 3]), positive([3]), { roundingMode: "trunc" }], [wide([2, 3]), 0.7, { roundingMode: "floor" }]],
  errors: [...mismatch, raises([t([2]), 2, { roundingMode: "up" }], "unknown roundingMode up")],
}) as Division;

/** x / y rounded down. The gradient is 0. */
export const floorDivide: Binary = binary("floorDivide", {
  ...floored,
  backward: (g) => ({ x: () => g.filledLike(0), y: () => g.filledLike(0) }),
  range: [0.3, 3],
});

/** Remainder with the sign of x: x − y · trunc(x / y). */
export const fmod: Binary<"x" | "y"> = binary("fmod", {
  wgsl: { float: "fmod_f(x, y)", int: "fmod_i(x, y)", bool: false },
  cpu: m.fmod,
  int: m.fmodInt,
  save: ["x", "y"],
  backward: (g, { x, y }) => ({ x: () => g, y: () => g.mul(x.div(y, { roundingMode: "trunc" })).neg() }),
  range: [0.3, 3],
});

/** Remainder with the sign of y: x − y · floor(x / y). */
export const remainder: Binary<"x" | "y"> = binary("remainder", {
  wgsl: { float: "remainder_f(x, y)", int: "remainder_i(x, y)", bool: false },
  cpu: m.remainder,
  int: m.remainderInt,
  save: ["x", "y"],
  backward: (g, { x, y }) => ({ x: () => g, y: () => g.mul(x.div(y, { roundingMode: "floor" })).neg() }),
  range: [0.3, 3],
});

type Power = Mapped<
  (x: Operand, exponent: Operand) => Tensor,
  "x" | "y" | "out",
  { exponent: number | undefined; base: number | undefined }
>;

const power: Form = { wgsl: { float: "pow_f(x, y)", int: "pow_i(x, y)", bool: false }, cpu: m.pow, int: m.powInt };
const kinds = (float: string): Form["wgsl"] => ({ float, int: "pow_i(x, y)", bool: false });
/** Exponents that need no logarithm. */
const easy: ReadonlyMap<number, Form> = new Map([
  [2, { wgsl: kinds("x * x"), cpu: (x) => x * x, int: m.powInt }],
  [3, { wgsl: kinds("x * x * x"), cpu: (x) => x * x * x, int: m.powInt }],
  [0.5, { wgsl: kinds("sqrt_f(x)"), cpu: Math.sqrt, int: m.powInt }],
  [-1, { wgsl: kinds("1.0 / x"), cpu: (x) => 1 / x, int: m.powInt }],
]);

/**
 * x to the power `exponent`, each a tensor or a number: `pow(2, x)`, `x.pow(3)`. 0⁰ is 1.
 * Errors: ArgumentError for integers to a negative number.
 */
export const pow: Power = pointwise("pow", {
  form: ({ exponent }) => (exponent === undefined ? power : (easy.get(exponent) ?? power)),
  call: (x: Operand, y: Operand) => {
    const inputs = { x: operandOf("pow", x, "x"), y: operandOf("pow", y, "exponent") };
    const exponent = typeof y === "object" ? undefined : Number(y);
    if (exponent !== undefined && Number.isInteger(exponent) && exponent < 0 && typeof x === "object" && !isFloat(x.dtype))
      throw new ArgumentError("pow", `integers to the negative power ${exponent} are no integers`, "convert to a floating dtype first");
    return { inputs, attrs: { exponent, base: typeof x === "object" ? undefined : Number(x) } };
  },
  save: ["x", "y", "out"],
  backward: (g, { x, y, out }, { exponent, base }) => ({
    x: () => {
      if (exponent === undefined) return g.mul(y.mul(x.pow(y.sub(1))).maskedFill(y.eq(0), 0));
      if (exponent === 0) return g.filledLike(0);
      return exponent === 1 ? g : g.mul((exponent === 2 ? x : x.pow(exponent - 1)).mul(exponent));
    },
    // The logarithm of 0 counts only where the power is infinite.
    y: () => {
      if (base !== undefined && base !== 0) return g.mul(out.mul(Math.log(base)));
      return g.mul(out.mul(x.log()).maskedFill(x.eq(0).logicalAnd(y.ge(0)), 0));
    },
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
  errors: [...mismatch, raises([t([2], { dtype: "int32" }), -1], "negative power"), raises(twoBools, "not defined for bool")],
}) as Power;

/** The angle of the point (y, x), in (−π, π]. */
export const atan2: Binary<"x" | "y"> = binary("atan2", {
  wgsl: "atan2_f(x, y)",
  cpu: Math.atan2,
  result: "float",
  save: ["x", "y"],
  backward: (g, { x, y }) => {
    const scaled = (): Tensor => g.div(x.square().add(y.square()));
    return { x: () => scaled().mul(y), y: () => scaled().mul(x).neg() };
  },
});

/** log(eˣ + eʸ), without overflow. */
export const logaddexp: Binary<"x" | "y"> = binary("logaddexp", {
  wgsl: { float: "logaddexp_f(x, y)" },
  cpu: m.logaddexp,
  save: ["x", "y"],
  backward: (g, { x, y }) => ({ x: () => g.mul(x.sub(y).sigmoid()), y: () => g.mul(y.sub(x).sigmoid()) }),
  errors: [...mismatch, raises([t([2], { dtype: "int32" }), t([2], { dtype: "int32" })], "not defined for int32")],
});

/** 0 where x < 0 or NaN, 1 where x > 0, `values` where x = 0. */
export const heaviside: Binary<"x"> = binary("heaviside", {
  wgsl: { float: "heaviside_f(x, y)", int: "select(select(0, 1, x > 0), y, x == 0)" },
  cpu: m.heaviside,
  save: ["x"],
  backward: (g, { x }) => ({ x: () => g.filledLike(0), y: () => g.mul(x.eq(0)) }),
});

type Lerp = Mapped<(x: Tensor, end: Tensor, weight: Operand) => Tensor, "x" | "y" | "z">;

/** x + weight · (end − x). Errors: DtypeError when the tensors differ in dtype. */
export const lerp: Lerp = pointwise("lerp", {
  wgsl: { float: "lerp_f(x, y, z)" },
  cpu: m.lerp,
  call: (x: Tensor, end: Tensor, weight: Operand) => ({
    inputs: { x, y: operandOf("lerp", end, "end"), z: operandOf("lerp", weight, "weight") },
    attrs: {},
  }),
  dtype: (ins) => {
    const dtypes = new Set(
      Object.values(ins)
        .filter((i) => i.kind !== "number")
        .map((i) => i.dtype),
    );
    if (dtypes.size > 1) throw new DtypeError("lerp", `operands have dtypes ${[...dtypes].join(", ")}`, "convert them to one");
    return undefined;
  },
  save: ["x", "y", "z"],
  backward: (g, { x, y, z }) => ({ x: () => g.mul(z.rsub(1)), y: () => g.mul(z), z: () => g.mul(y.sub(x)) }),
  samples: [
    [t([3, 4]), t([4]), 0.3],
    [t([3, 4]), t([3, 4]), within(0.1, 0.4)([3, 1])],
    [t([]), t([2]), within(0.6, 0.9)([2])],
    [t([0, 2]), t([2]), 0.5],
  ],
  errors: [raises([t([2, 3]), t([4]), 0.5], "do not broadcast"), raises([t([2]), t([2], { dtype: "int32" }), 0.5], "have dtypes")],
}) as Lerp;

type Fused = Mapped<(x: Tensor, tensor1: Operand, tensor2: Operand, options?: { value?: number }) => Tensor, "y" | "z", { value: number }>;

const fusedCall =
  (op: string) =>
  (x: Tensor, tensor1: Operand, tensor2: Operand, ...rest: unknown[]) => {
    const { value } = parse(op, rest, {}, { value: 1 });
    return { inputs: { x, y: operandOf(op, tensor1, "tensor1"), z: operandOf(op, tensor2, "tensor2") }, attrs: { value } };
  };
const times = (g: Tensor, value: number): Tensor => (value === 1 ? g : g.mul(value));

/** x + value · tensor1 · tensor2. */
export const addcmul: Fused = pointwise("addcmul", {
  wgsl: { float: "x + p0 * y * z", int: "x + i32(p0) * y * z", bool: false },
  cpu: (x, y, z, value) => x + value * y * z,
  int: (x, y, z, value) => x + Math.imul(Math.imul(value, y), z),
  params: ({ value }) => [value],
  call: fusedCall("addcmul"),
  save: ["y", "z"],
  backward: (g, { y, z }, { value }) => ({ x: () => g, y: () => times(g.mul(z), value), z: () => times(g.mul(y), value) }),
  samples: [
    [t([2, 3]), t([3]), t([2, 1]), { value: 0.5 }],
    [t([3]), t([3]), t([3])],
    [t([]), t([2]), t([])],
  ],
  errors: [raises([t([2, 3]), t([4]), t([3])], "do not broadcast")],
}) as Fused;

/** x + value · tensor1 / tensor2. */
export const addcdiv: Fused = pointwise("addcdiv", {
  wgsl: { float: "x + p0 * (y / z)" },
  cpu: (x, y, z, value) => x + value * (y / z),
  params: ({ value }) => [value],
  call: fusedCall("addcdiv"),
  save: ["y", "z"],
  backward: (g, { y, z }, { value }) => ({
    x: () => g,
    y: () => times(g.div(z), value),
    z: () => times(g.mul(y).div(z.square()).neg(), value),
  }),
  samples: [
    [t([2, 3]), t([3]), positive([2, 1]), { value: 0.5 }],
    [t([3]), t([3]), positive([3])],
  ],
  errors: [raises([t([2], { dtype: "int32" }), t([2], { dtype: "int32" }), t([2], { dtype: "int32" })], "not defined for int32")],
}) as Fused;
