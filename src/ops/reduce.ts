// Reductions to one number per kept position.
import source from "../../shaders/reduce.wgsl?raw";
import type { View } from "../backend/backend.ts";
import { elements } from "../backend/cpu.ts";
import type { Launcher } from "../backend/kernel.ts";
import { asDType, type DType, type DTypeLike, isFloat } from "../base/dtype.ts";
import { DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { normalizeDims, reducedShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Arg, type Composite, type Fn, type Inputs, type Meta, type Metas, type Primitive, raises, type Sample, t } from "./op.ts";
import { cpuReduce, cpuSum, type Fold, gpuReduce, type Rule } from "./reduction.ts";

type Dims = number | readonly number[] | null;
/** dim and keepdim as PyTorch takes them, by position or in the options. */
type Over<K extends object = object> =
  | [dim?: Dims, keepdim?: boolean, options?: K]
  | [dim: Dims, options: { readonly keepdim?: boolean } & K]
  | [options: { readonly dim?: Dims; readonly keepdim?: boolean } & K];
export interface Attrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}
export interface Typed extends Attrs {
  readonly dtype: DType | undefined;
}
export interface WithDtype {
  readonly dtype?: DTypeLike | undefined;
}

const positional: { dim: Dims; keepdim: boolean } = { dim: null, keepdim: false };
const over = (name: string, x: Tensor, rest: readonly unknown[]): Attrs => {
  const { dim, keepdim } = parse(name, rest, positional);
  return { dims: normalizeDims(name, dim, x.ndim), keepdim };
};
const typed = (name: string, x: Tensor, rest: readonly unknown[]): Typed => {
  const { dim, keepdim, dtype } = parse(name, rest, positional, { dtype: undefined as DTypeLike | undefined });
  return { dims: normalizeDims(name, dim, x.ndim), keepdim, dtype: dtype === undefined ? undefined : asDType(name, dtype) };
};

const reduced = (ins: Inputs, { dims, keepdim }: Attrs, dtype: DType): Meta => ({
  shape: reducedShape(ins["x"]!.shape, dims, keepdim),
  dtype,
});
const counted = (x: Meta, dims: readonly number[]): number => sizeOf(dims.map((d) => x.shape[d]!));
/** The gradient of a reduced tensor seen in the shape of its operand. */
const restored = (g: Tensor, ins: Metas, dims: readonly number[]): Tensor => g.reshape(reducedShape(ins["x"]!.shape, dims, true));

const launch = (q: Launcher, rule: Rule, x: View, out: View, dims: readonly number[], scale = 1): void =>
  gpuReduce(q, source, { ...rule, accumulate: rule.accumulate ?? (isFloat(out.dtype) ? "f32" : "i32") }, { x, out }, dims, out.dtype, {
    scale,
  });

/** Roles that bring sums and products from the accumulator to `out`. */
const finishing = (x: View, out: View): Record<string, string> => ({
  ...(out.dtype === "bool"
    ? { lift: "lift_truth", finish: "finish_truth" }
    : x.dtype === "float32" && !isFloat(out.dtype)
      ? { lift: "lift_to_int" }
      : {}),
  ...(out.dtype === "uint8" ? { finish: "finish_byte" } : {}),
});

/** The sum over dimensions, all by default. Integers and booleans are counted in int32. */
export const sum: Primitive<(x: Tensor, ...rest: Over<WithDtype>) => Tensor, never, Typed> = {
  call: (x, ...rest) => ({ inputs: { x }, attrs: typed("sum", x, rest) }),
  meta: (ins, attrs) => ({ out: reduced(ins, attrs, attrs.dtype ?? (isFloat(ins["x"]!.dtype) ? ins["x"]!.dtype : "int32")) }),
  cpu: ({ x, out }, { dims }) => {
    const to = elements(out!);
    if (!isFloat(x!.dtype) || isFloat(out!.dtype)) cpuSum(x!, dims, to);
    else cpuReduce(x!, dims, to, truncatedSum);
    if (out!.dtype === "bool") to.forEach((v, i) => (to[i] = Number(v !== 0)));
  },
  gpu: ({ x, out }, { dims }, q) => launch(q, { lanes: "", roles: finishing(x!, out!) }, x!, out!, dims),
  backward: (g, _s, { dims }, ins) => ({ x: () => restored(g, ins, dims).expand(ins["x"]!.shape) }),
  samples: [
    [t([3, 4])], [t([3, 4]), 1], [t([2, 3]), [0], true], [t([])], [t([0, 2]), 0], [t([2, 3, 4, 2]), [0, 2]], [t([2, 3, 4, 2, 2]), [1, -1]],
    [t([3, 70]), -1], [t([70, 3]), 0, { keepdim: true }], [t([2, 3], { dtype: "int32" }), { dtype: "float32" }], [t([5], { dtype: "bool" })], [t([2, 2, 2, 2, 2]), [0, 2, 4]],
  ], // prettier-ignore
  errors: [raises([t([2, 3]), 2], "out of range"), raises([t([2, 3]), [0, 0]], "twice"), raises([t([2]), { axis: 0 }], "unknown option")],
};

const truncatedSum: Fold = (data, at, n0, s0, n1, s1) => {
  let total = 0;
  for (let i = 0; i < n0; i++) for (let j = 0; j < n1; j++) total += Math.trunc(data[at + i * s0 + j * s1]!);
  return total;
};

/** The arithmetic mean over dimensions, all by default. Errors: DtypeError for integers unless `dtype` is given. */
export const mean: Primitive<(x: Tensor, ...rest: Over<WithDtype>) => Tensor, never, Typed> = {
  call: (x, ...rest) => ({ inputs: { x }, attrs: typed("mean", x, rest) }),
  meta: (ins, attrs) => {
    const dtype = attrs.dtype ?? ins["x"]!.dtype;
    if (!isFloat(dtype)) throw new DtypeError("mean", `needs a floating dtype, got ${dtype}`, 'pass { dtype: "float32" }');
    return { out: reduced(ins, attrs, dtype) };
  },
  cpu: ({ x, out }, { dims }) => cpuSum(x!, dims, elements(out!), counted(x!, dims)),
  gpu: ({ x, out }, { dims }, q) => launch(q, { lanes: "", roles: { finish: "finish_mean" } }, x!, out!, dims, counted(x!, dims)),
  backward: (g, _s, { dims }, ins) => ({
    x: () => restored(g, ins, dims).div(counted(ins["x"]!, dims)).expand(ins["x"]!.shape),
  }),
  samples: [[t([3, 4])], [t([3, 4]), 1, true], [t([2, 3, 5]), [0, 2]], [t([])], [t([2, 3], { dtype: "int32" }), 0, { dtype: "float32" }]],
  errors: [raises([t([3], { dtype: "int32" })], "floating"), raises([t([2, 3]), 2], "out of range")],
};

const productFold: Fold = (data, at, n0, s0, n1, s1) => {
  let product = 1;
  for (let i = 0; i < n0; i++) for (let j = 0; j < n1; j++) product *= data[at + i * s0 + j * s1]!;
  return product;
};
const integerProductFold: Fold = (data, at, n0, s0, n1, s1) => {
  let product = 1;
  for (let i = 0; i < n0; i++) for (let j = 0; j < n1; j++) product = Math.imul(product, Math.trunc(data[at + i * s0 + j * s1]!));
  return product;
};

/** The product over dimensions, all by default; its gradient is right at zeros, to any order. */
export const prod: Primitive<(x: Tensor, ...rest: Over<WithDtype>) => Tensor, "x", Typed> = {
  call: (x, ...rest) => ({ inputs: { x }, attrs: typed("prod", x, rest) }),
  meta: (ins, attrs) => ({ out: reduced(ins, attrs, attrs.dtype ?? (isFloat(ins["x"]!.dtype) ? ins["x"]!.dtype : "int32")) }),
  cpu: ({ x, out }, { dims }) => {
    const to = elements(out!);
    cpuReduce(x!, dims, to, isFloat(out!.dtype) || out!.dtype === "bool" ? productFold : integerProductFold);
    if (out!.dtype === "bool") to.forEach((v, i) => (to[i] = Number(v !== 0)));
  },
  gpu: ({ x, out }, { dims }, q) =>
    launch(q, { lanes: "", roles: { zero: "zero_one", join: "join_product", ...finishing(x!, out!) } }, x!, out!, dims),
  save: ["x"],
  backward: (g, { x }, { dims }) => ({
    x: () => {
      // Every factor's gradient is the product of all others: those before it times those after it.
      const order = [...x.shape.keys()].filter((d) => !dims.includes(d)).concat(dims);
      const moved = x.permute(order);
      const n = counted(x, dims);
      const flat = moved.reshape([sizeOf(g.shape), n]);
      const others = flat.cumprod(1, { exclusive: true }).mul(flat.cumprod(1, { exclusive: true, reverse: true }));
      const grad = g.reshape([flat.shape[0]!, 1]).mul(others);
      return grad.reshape(moved.shape).permute(order.map((_, d) => order.indexOf(d)));
    },
  }),
  samples: [
    [t([3, 4])], [t([3, 4]), 1, true], [t([2, 3, 2]), 0], [t([])], [t([0, 2]), 0], [t([2, 3], { dtype: "int32" })],
    [t([3, 3], { data: [2, 0, 3, 0, 4, 0, 1, 2, 3] }), 1], [t([4], { data: [2, 0, 3, -1] })], [t([70, 3], { low: 0.9, high: 1.1 }), 0],
  ], // prettier-ignore
  errors: [raises([t([2, 3]), 2], "out of range")],
};

const maxFold: Fold = (data, at, n0, s0, n1, s1) => {
  let best = -Infinity;
  for (let i = 0; i < n0; i++)
    for (let j = 0; j < n1; j++) {
      const v = data[at + i * s0 + j * s1]!;
      if (v > best) best = v;
      else if (v !== v) return v;
    }
  return best;
};
const minFold: Fold = (data, at, n0, s0, n1, s1) => {
  let best = Infinity;
  for (let i = 0; i < n0; i++)
    for (let j = 0; j < n1; j++) {
      const v = data[at + i * s0 + j * s1]!;
      if (v < best) best = v;
      else if (v !== v) return v;
    }
  return best;
};

/** Explicit data keeps its layout, so that no sample repeats values along the dimension chosen over. */
const distinct = (shape: Shape): Arg =>
  t(shape, { data: Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7 + 3) % 19) - 8.5 + i / 64) });

function extreme(
  name: string,
  fold: Fold,
  roles: (float: boolean) => Record<string, string>,
): Primitive<(x: Tensor, ...rest: Over) => Tensor, "x" | "out", Attrs> {
  return {
    call: (x, ...rest) => ({ inputs: { x }, attrs: over(name, x, rest) }),
    meta: (ins, attrs) => {
      const { shape, dtype } = ins["x"]!;
      const out = reduced(ins, attrs, dtype);
      if (counted(ins["x"]!, attrs.dims) === 0 && sizeOf(out.shape) > 0)
        throw new ShapeError(name, `no elements to choose from in ${show(shape)}`, "give it a dim that is not empty");
      return { out };
    },
    cpu: ({ x, out }, { dims }) => cpuReduce(x!, dims, elements(out!), fold),
    gpu: ({ x, out }, { dims }, q) => launch(q, { lanes: "", roles: roles(isFloat(x!.dtype)) }, x!, out!, dims),
    save: ["x", "out"],
    backward: (g, { x, out }, { dims }, ins) => ({
      x: () => {
        // Equal extremes share the gradient.
        const ties = x.eq(restored(out, ins, dims)).cast(g.dtype);
        return restored(g, ins, dims).mul(ties.div(ties.sum(dims, true)));
      },
    }),
    samples: [
      [distinct([3, 4])],
      [t([3, 4]), 1, true],
      [distinct([2, 3, 5]), [0, 2]],
      [t([])],
      [distinct([70, 5]), 0],
      [t([2, 3], { dtype: "int32" }), 0],
      [t([0, 3]), 1],
      [t([2, 3], { dtype: "bool" }), 1],
    ],
    errors: [raises([t([2, 3]), 2], "out of range"), raises([t([0])], "no elements"), raises([t([0, 3]), 0], "no elements")],
  };
}

/** The largest element over dimensions, all by default; equal ones share the gradient, NaN wins. */
export const amax: Primitive<(x: Tensor, ...rest: Over) => Tensor, "x" | "out", Attrs> = extreme("amax", maxFold, (float) => ({
  zero: float ? "zero_lowest_f" : "zero_lowest_i",
  join: float ? "join_max_f" : "join_max",
}));

/** The smallest element over dimensions, all by default; equal ones share the gradient, NaN wins. */
export const amin: Primitive<(x: Tensor, ...rest: Over) => Tensor, "x" | "out", Attrs> = extreme("amin", minFold, (float) => ({
  zero: float ? "zero_highest_f" : "zero_highest_i",
  join: float ? "join_min_f" : "join_min",
}));

const anyFold: Fold = (data, at, n0, s0, n1, s1) => {
  for (let i = 0; i < n0; i++) for (let j = 0; j < n1; j++) if (data[at + i * s0 + j * s1] !== 0) return 1;
  return 0;
};
const allFold: Fold = (data, at, n0, s0, n1, s1) => {
  for (let i = 0; i < n0; i++) for (let j = 0; j < n1; j++) if (data[at + i * s0 + j * s1] === 0) return 0;
  return 1;
};
const countFold: Fold = (data, at, n0, s0, n1, s1) => {
  let count = 0;
  for (let i = 0; i < n0; i++) for (let j = 0; j < n1; j++) if (data[at + i * s0 + j * s1] !== 0) count++;
  return count;
};

type Truth<F extends Fn> = Primitive<F, never, Attrs>;

type Predicate = (x: Tensor, ...rest: Over) => Tensor;

const truth = <F extends Fn>(
  name: string,
  fold: Fold,
  roles: Record<string, string>,
  dtype: (x: DType) => DType,
  options: object,
  samples: readonly Sample[],
): Truth<F> => ({
  call: (...args) => {
    const [x, ...rest] = args as unknown as [Tensor, ...unknown[]];
    const { dim, keepdim } = { keepdim: false, ...parse(name, rest, { dim: null as Dims, ...options }) };
    return { inputs: { x }, attrs: { dims: normalizeDims(name, dim, x.ndim), keepdim } };
  },
  meta: (ins, attrs) => ({ out: reduced(ins, attrs, dtype(ins["x"]!.dtype)) }),
  cpu: ({ x, out }, { dims }) => cpuReduce(x!, dims, elements(out!), fold),
  gpu: ({ x, out }, { dims }, q) => launch(q, { lanes: "", accumulate: "i32", roles: { lift: "lift_truth", ...roles } }, x!, out!, dims),
  backward: "none",
  samples: [
    [t([2, 3], { data: [0, 1, 0, 2, 3, -1] }), 1],
    [t([4], { dtype: "bool", data: [1, 1, 0, 1] })],
    [t([3], { dtype: "uint8", data: [0, 0, 0] })],
    [t([0, 2]), 0],
    [t([])],
    ...samples,
  ],
  errors: [raises([t([2, 3]), 2], "out of range")],
});

const kept: readonly Sample[] = [[t([2, 2, 3], { dtype: "int32" }), [0, 2], true]];
const asTruth = (x: DType): DType => (x === "uint8" ? "uint8" : "bool");

/** Whether any element over dimensions, all by default, is not zero. */
export const any: Truth<Predicate> = truth<Predicate>("any", anyFold, { join: "join_max" }, asTruth, { keepdim: false }, kept);

/** Whether every element over dimensions, all by default, is not zero; true for none. */
export const all: Truth<Predicate> = truth<Predicate>(
  "all",
  allFold,
  { zero: "zero_one", join: "join_min" },
  asTruth,
  { keepdim: false },
  kept,
);

/** How many elements over dimensions, all by default, are not zero. */
export const countNonzero: Truth<(x: Tensor, dim?: Dims) => Tensor> = truth<(x: Tensor, dim?: Dims) => Tensor>(
  "countNonzero",
  countFold,
  {},
  () => "int32",
  {},
  [],
);

/** Sums x down to a shape that broadcasts to its own: the adjoint of expand. */
export const sumTo: Composite<(x: Tensor, shape: Shape) => Tensor> = {
  compose: (x, shape) => {
    const lead = x.ndim - shape.length;
    const dims = [...x.shape.keys()].filter((d) => d < lead || (shape[d - lead] === 1 && x.shape[d] !== 1));
    if (lead < 0 || x.shape.some((d, i) => i >= lead && shape[i - lead] !== 1 && shape[i - lead] !== d))
      throw new ShapeError("sumTo", `${show(x.shape)} does not sum to ${show(shape)}`);
    return dims.length === 0 ? x.reshape(shape) : x.sum(dims, true).reshape(shape);
  },
  samples: [
    [t([3, 4]), [4]],
    [t([2, 3]), [2, 1]],
  ],
  errors: [raises([t([3, 4]), [3]], "does not sum to")],
};
