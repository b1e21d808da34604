// Reductions to one number per kept position.
import { checkFloat } from "../../base/checks.ts";
import { asDType, type DType, type DTypeLike, isFloat } from "../../base/dtype.ts";
import { ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { broadcastShapes, checkShape, normalizeDims, reducedShape, sameShape, type Shape } from "../../base/shape.ts";
import { elements } from "../../device/cpu.ts";
import { cpuSum, gpuReduce, means, sums } from "../../kernels/reduction.ts";
import { choosing, type Choosing } from "../choosing.ts";
import { type Cases, type Composite, type Internal, type Meta, type Primitive, raises, type Sample, t } from "../op.ts";
import { type Attrs, counted, type Dims, over, restored } from "../reducing.ts";
import type { Tensor } from "../tensor.ts";

/** dim and keepdim as PyTorch takes them, by position or in the options. */
type Over<K extends object = object> =
  | [dim?: Dims, keepdim?: boolean, options?: K]
  | [dim: Dims, options: { readonly keepdim?: boolean } & K]
  | [options: { readonly dim?: Dims; readonly keepdim?: boolean } & K];
export interface Typed extends Attrs {
  readonly dtype: DType | undefined;
}
export interface WithDtype {
  readonly dtype?: DTypeLike | undefined;
}

type Summing = Primitive<(x: Tensor, ...rest: Over<WithDtype>) => Tensor, "x", never, Typed>;

const adding = (mean: boolean, { samples, errors }: Cases): Summing => {
  const divisor = ({ shape }: Meta, dims: readonly number[]): number => (mean ? counted(shape, dims) : 1);
  return {
    rest: true,
    call: (x, ...rest) => {
      const { dtype: asked, ...attrs } = over(x, rest, { dtype: undefined as DTypeLike | undefined });
      const dtype = asked && asDType(asked);
      // What is reduced comes in the wanted dtype.
      return { inputs: { x: dtype && dtype !== x.dtype ? x.cast(dtype) : x }, attrs: { ...attrs, dtype } };
    },
    meta: (ins, { dims, keepdim }) => {
      const { shape, dtype } = ins.x;
      if (mean) checkFloat(dtype, 'pass { dtype: "float32" }');
      return { out: { shape: reducedShape(shape, dims, keepdim), dtype: isFloat(dtype) ? dtype : "int32" } };
    },
    cpu: ({ x, out }, { dims }) => cpuSum(x, dims, elements(out), divisor(x, dims)),
    gpu: ({ x, out }, { dims }, q) => gpuReduce(q, mean ? means : sums, { x, out }, dims, out.dtype, { scale: divisor(x, dims) }),
    backward: (g, _s, { dims }, ins) => ({
      x: () => {
        const [part, x] = [restored(g, ins, dims), ins.x];
        return (mean ? part.div(divisor(x, dims)) : part).expand(x.shape);
      },
    }),
    result: ({ out }, { dtype = out.dtype }) => (dtype === out.dtype ? out : out.cast(dtype)),
    samples: [[t([])], [t([3, 4]), 1, true], [t([2, 3], { dtype: "int32" }), 0, { dtype: "float32" }], ...samples],
    errors: [raises([t([2, 3]), 2], "out of range"), ...errors],
  };
};

/** The sum over dimensions, all by default. Integers and booleans are counted in int32. */
export const sum: Summing = adding(false, {
  samples: [
    [t([0, 2]), 0], [t([2, 3, 4, 2, 2]), [1, -1]], [t([3, 70]), -1], [t([70, 3]), { dim: 0 }], [t([5], { dtype: "bool" })],
    [t([2, 2, 2, 2, 2]), [0, 2, 4]],
  ], // prettier-ignore
  errors: [raises([t([2, 3]), [0, 0]], "twice"), raises([t([2]), { axis: 0 }], "unknown option")],
});

/** The arithmetic mean over dimensions, all by default. Errors: DtypeError for integers unless `dtype` is given. */
export const mean: Summing = adding(true, {
  samples: [[t([2, 3, 5]), [0, 2]]],
  errors: [raises([t([3], { dtype: "int32" })], "floating")],
});

type NanSum = Composite<(x: Tensor, ...rest: Over<WithDtype>) => Tensor>;
const odd = [t([2, 3], { data: [1, NaN, 2, 4, 5, NaN], fixed: true }), t([2], { data: [NaN, NaN], fixed: true })];

/** The sum over dimensions, all by default, in which NaN counts as 0. */
export const nansum: NanSum = {
  rest: true,
  compose: (x, ...rest) => {
    const { dims, keepdim, dtype } = over(x, rest, { dtype: undefined as DTypeLike | undefined });
    return x.maskedFill(x.ne(x), 0).sum(dims, keepdim, { dtype });
  },
  samples: [[odd[0]], [odd[0], 1, true], [odd[1]], [t([2, 3]), { dim: 0 }], [t([3], { dtype: "int32" })]],
  errors: [raises([t([2, 3]), 2], "out of range")],
};

/** The mean over dimensions, all by default, of what is not NaN; NaN where nothing is left. */
export const nanmean: NanSum = {
  rest: true,
  compose: (x, ...rest) => {
    checkFloat(x.dtype);
    const { dims, keepdim, dtype } = over(x, rest, { dtype: undefined as DTypeLike | undefined });
    return x.nansum(dims, keepdim, { dtype }).div(x.eq(x).sum(dims, keepdim));
  },
  samples: [[odd[0]], [odd[0], 1, true], [odd[1]], [t([2, 3]), { dim: 0 }]],
  errors: [raises([t([3], { dtype: "int32" })], "floating")],
};

type Extreme = Choosing<(x: Tensor, ...rest: Over) => Tensor>;
/** The largest element over dimensions, all by default; equal ones share the gradient, NaN wins. */
export const amax: Extreme = choosing("largest", "value");

/** The smallest element over dimensions, all by default; equal ones share the gradient, NaN wins. */
export const amin: Extreme = choosing("smallest", "value");

// ---- truth values: sums of comparisons

const truths: readonly Sample[] = [
  [t([2, 3], { data: [0, 1, 0, 2, 3, -1] }), 1],
  [t([3], { dtype: "uint8", data: [0, 0, 0] })],
  [t([0, 2]), 0],
];

type Truth = Composite<(x: Tensor, ...rest: Over) => Tensor>;

/** Both compare with zero, add up, and compare the sum with zero again. */
const truth = (compare: "eq" | "ne"): Truth => ({
  rest: true,
  compose: (x, ...rest) => {
    const { dims, keepdim } = over(x, rest);
    const found = x[compare](0).sum(dims, keepdim)[compare](0);
    return x.dtype === "uint8" ? found.cast("uint8") : found;
  },
  backward: "none",
  samples: [...truths, [t([2, 2, 3], { dtype: "int32" }), [0, 2], true]],
  errors: [raises([t([2, 3]), 2], "out of range")],
});

/** Whether any element over dimensions, all by default, is not zero. */
export const any: Truth = truth("ne");

/** Whether every element over dimensions, all by default, is not zero; true for none. */
export const all: Truth = truth("eq");

/** Sums x down to a shape that broadcasts to its own: the adjoint of expand. */
export const sumTo: Composite<(x: Tensor, shape: Shape) => Tensor> & Internal = {
  internal: true,
  compose: (x, shape) => {
    const lead = x.ndim - checkShape(shape).length;
    const dims = [...x.shape.keys()].filter((d) => d < lead || (shape[d - lead] === 1 && x.shape[d] !== 1));
    if (!sameShape(broadcastShapes(x.shape, shape), x.shape)) throw new ShapeError(`${show(x.shape)} does not sum to ${show(shape)}`);
    return dims.length === 0 ? x.reshape(shape) : x.sum(dims, true).reshape(shape);
  },
  samples: [
    [t([3, 4]), [4]],
    [t([2, 3]), [2, 1]],
  ],
  errors: [raises([t([3, 4]), [3]], "do not broadcast"), raises([t([1, 4]), [3, 4]], "does not sum to")],
};

/** How many elements over dimensions, all by default, are not zero. */
export const countNonzero: Composite<(x: Tensor, dim?: Dims) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => x.ne(0).sum(normalizeDims(parse(rest, { dim: null as Dims }).dim, x.ndim)),
  backward: "none",
  samples: truths,
  errors: [raises([t([2, 3]), 2], "out of range")],
};
