// Reductions to one number per kept position.
import { elements } from "../backend/cpu.ts";
import { asDType, type DType, type DTypeLike, isFloat } from "../base/dtype.ts";
import { DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { normalizeDims, reducedShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Arg, type Composite, type Inputs, type Meta, type Metas, type Primitive, raises, type Sample, t } from "./op.ts";
import { best, cpuReduce, cpuSum, type Fold, gpuReduce } from "./reduction.ts";

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
/** The arguments of a reduction that may convert first: what it then reduces comes in the wanted dtype. */
const typed = (name: string, x: Tensor, rest: readonly unknown[]): { inputs: { x: Tensor }; attrs: Typed } => {
  const { dim, keepdim, dtype } = parse(name, rest, positional, { dtype: undefined as DTypeLike | undefined });
  const wanted = dtype === undefined ? x.dtype : asDType(name, dtype);
  return {
    inputs: { x: wanted === x.dtype ? x : x.cast(wanted) },
    attrs: { dims: normalizeDims(name, dim, x.ndim), keepdim, dtype: dtype && wanted },
  };
};

const reduced = (ins: Inputs, { dims, keepdim }: Attrs, dtype: DType): Meta => ({
  shape: reducedShape(ins["x"]!.shape, dims, keepdim),
  dtype,
});
const counted = (x: Meta, dims: readonly number[]): number => sizeOf(dims.map((d) => x.shape[d]!));
/** The gradient of a reduced tensor seen in the shape of its operand. */
const restored = (g: Tensor, ins: Metas, dims: readonly number[]): Tensor => g.reshape(reducedShape(ins["x"]!.shape, dims, true));

/** The sum over dimensions, all by default. Integers and booleans are counted in int32. */
export const sum: Primitive<(x: Tensor, ...rest: Over<WithDtype>) => Tensor, never, Typed> = {
  call: (x, ...rest) => typed("sum", x, rest),
  meta: (ins, attrs) => ({ out: reduced(ins, attrs, isFloat(ins["x"]!.dtype) ? ins["x"]!.dtype : "int32") }),
  cpu: ({ x, out }, { dims }) => cpuSum(x!, dims, elements(out!)),
  gpu: ({ x, out }, { dims }, q) => gpuReduce(q, {}, { x: x!, out: out! }, dims, out!.dtype),
  backward: (g, _s, { dims }, ins) => ({ x: () => restored(g, ins, dims).expand(ins["x"]!.shape) }),
  result: ({ out }, { dtype = out!.dtype }) => (dtype === out!.dtype ? out! : out!.cast(dtype)),
  samples: [
    [t([3, 4])], [t([3, 4]), 1], [t([2, 3]), [0], true], [t([])], [t([0, 2]), 0], [t([2, 3, 4, 2]), [0, 2]], [t([2, 3, 4, 2, 2]), [1, -1]],
    [t([3, 70]), -1], [t([70, 3]), 0, { keepdim: true }], [t([2, 3], { dtype: "int32" }), { dtype: "float32" }], [t([5], { dtype: "bool" })], [t([2, 2, 2, 2, 2]), [0, 2, 4]],
  ], // prettier-ignore
  errors: [raises([t([2, 3]), 2], "out of range"), raises([t([2, 3]), [0, 0]], "twice"), raises([t([2]), { axis: 0 }], "unknown option")],
};

/** The arithmetic mean over dimensions, all by default. Errors: DtypeError for integers unless `dtype` is given. */
export const mean: Primitive<(x: Tensor, ...rest: Over<WithDtype>) => Tensor, never, Typed> = {
  call: (x, ...rest) => typed("mean", x, rest),
  meta: (ins, attrs) => {
    const { dtype } = ins["x"]!;
    if (!isFloat(dtype)) throw new DtypeError("mean", `needs a floating dtype, got ${dtype}`, 'pass { dtype: "float32" }');
    return { out: reduced(ins, attrs, dtype) };
  },
  cpu: ({ x, out }, { dims }) => cpuSum(x!, dims, elements(out!), counted(x!, dims)),
  gpu: ({ x, out }, { dims }, q) =>
    gpuReduce(q, { roles: { finish: "finish_mean" } }, { x: x!, out: out! }, dims, out!.dtype, { scale: counted(x!, dims) }),
  backward: (g, _s, { dims }, ins) => ({
    x: () => restored(g, ins, dims).div(counted(ins["x"]!, dims)).expand(ins["x"]!.shape),
  }),
  samples: [[t([3, 4])], [t([3, 4]), 1, true], [t([2, 3, 5]), [0, 2]], [t([])], [t([2, 3], { dtype: "int32" }), 0, { dtype: "float32" }]],
  errors: [raises([t([3], { dtype: "int32" })], "floating"), raises([t([2, 3]), 2], "out of range")],
};

/** Explicit data keeps its layout, so that no sample repeats values along the dimension chosen over. */
const distinct = (shape: Shape): Arg =>
  t(shape, { data: Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7 + 3) % 19) - 8.5 + i / 64) });

/** The winner among numbers times `sign`; a NaN wins at once. */
const bestFold =
  (sign: number): Fold =>
  (data, at, n0, s0, n1, s1) => {
    let found = -Infinity;
    for (let i = 0; i < n0; i++)
      for (let j = 0; j < n1; j++) {
        const v = data[at + i * s0 + j * s1]! * sign;
        if (v > found) found = v;
        else if (v !== v) return v;
      }
    return found * sign;
  };

function extreme(name: string, largest: boolean): Primitive<(x: Tensor, ...rest: Over) => Tensor, "x" | "out", Attrs> {
  return {
    call: (x, ...rest) => ({ inputs: { x }, attrs: over(name, x, rest) }),
    meta: (ins, attrs) => {
      const { shape, dtype } = ins["x"]!;
      const out = reduced(ins, attrs, dtype);
      if (counted(ins["x"]!, attrs.dims) === 0 && sizeOf(out.shape) > 0)
        throw new ShapeError(name, `no elements to choose from in ${show(shape)}`, "give it a dim that is not empty");
      return { out };
    },
    cpu: ({ x, out }, { dims }) => cpuReduce(x!, dims, elements(out!), bestFold(largest ? 1 : -1)),
    gpu: ({ x, out }, { dims }, q) => gpuReduce(q, best(largest, x!.dtype, { join: "join_best" }), { x: x!, out: out! }, dims, out!.dtype),
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
export const amax: ReturnType<typeof extreme> = extreme("amax", true);

/** The smallest element over dimensions, all by default; equal ones share the gradient, NaN wins. */
export const amin: ReturnType<typeof extreme> = extreme("amin", false);

// ---- truth values: sums of comparisons

const truths: readonly Sample[] = [
  [t([2, 3], { data: [0, 1, 0, 2, 3, -1] }), 1],
  [t([4], { dtype: "bool", data: [1, 1, 0, 1] })],
  [t([3], { dtype: "uint8", data: [0, 0, 0] })],
  [t([0, 2]), 0],
  [t([])],
];
const outOfRange = [raises([t([2, 3]), 2], "out of range")];

const truth = (
  name: string,
  test: (x: Tensor, dims: readonly number[], keepdim: boolean) => Tensor,
): Composite<(x: Tensor, ...rest: Over) => Tensor> => ({
  compose: (x, ...rest) => {
    const { dims, keepdim } = over(name, x, rest);
    const found = test(x, dims, keepdim);
    return x.dtype === "uint8" ? found.cast("uint8") : found;
  },
  backward: "none",
  samples: [...truths, [t([2, 2, 3], { dtype: "int32" }), [0, 2], true]],
  errors: outOfRange,
});

/** Whether any element over dimensions, all by default, is not zero. */
export const any: ReturnType<typeof truth> = truth("any", (x, dims, keepdim) => x.ne(0).sum(dims, keepdim).ne(0));

/** Whether every element over dimensions, all by default, is not zero; true for none. */
export const all: ReturnType<typeof truth> = truth("all", (x, dims, keepdim) => x.eq(0).sum(dims, keepdim).eq(0));

/** How many elements over dimensions, all by default, are not zero. */
export const countNonzero: Composite<(x: Tensor, dim?: Dims) => Tensor> = {
  compose: (x, ...rest) => x.ne(0).sum(normalizeDims("countNonzero", parse("countNonzero", rest, { dim: null as Dims }).dim, x.ndim)),
  backward: "none",
  samples: truths,
  errors: outOfRange,
};

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
