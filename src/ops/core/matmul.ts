// Matrix products. One kernel core with strided loaders, so transposes are views and gradients are products again.
import { ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { sizeOf } from "../../base/shape.ts";
import { hostDense } from "../../device/cpu.ts";
import type { Io, View } from "../../device/device.ts";
import { contract, type Contraction } from "../../kernels/contraction.ts";
import { contractCpu } from "../../kernels/contraction-cpu.ts";
import { checkInner, productOf, productShape, rows } from "../../kernels/product.ts";
import { checkFits, checkRank, operand, productDtype } from "../arguments.ts";
import { type Composite, type Internal, type Primitive, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

/** Both devices' halves of a record from the contraction that it is. */
const contracted = <N extends string>(
  plan: (io: Io<N>, toDense: (v: View) => View) => Contraction,
): Pick<Primitive<() => Tensor, N>, "cpu" | "gpu"> => ({
  cpu: (io) => contractCpu(plan(io, hostDense)),
  gpu: (io, _attrs, q) =>
    contract(
      q,
      plan(io, (v) => q.dense(v)),
    ),
});

/** Batched matrix product over the last two dimensions; batches broadcast. Shape: [..., m, k] · [..., k, n] → [..., m, n]. */
export const batchMatmul: Primitive<(x: Tensor, y: Tensor) => Tensor, "x" | "y", "x" | "y"> & Internal = {
  internal: true,
  call: (x, y) => ({ inputs: { x, y }, attrs: {} }),
  meta: ({ x, y }) => {
    for (const v of [x, y]) checkRank(v.shape, 2);
    return { out: { shape: productShape(x.shape, y.shape), dtype: productDtype({ x, y }) } };
  },
  ...contracted<"x" | "y">(({ x, y, out }, toDense) => productOf(x, y, out, toDense)),
  save: { x: ["y"], y: ["x"] },
  backward: (g, { x, y }) => ({ x: () => g.batchMatmul(y.mT()), y: () => x.mT().batchMatmul(g) }),
  samples: [
    [t([2, 1, 3, 2]), t([3, 2, 4])],
    [t([2, 1, 2, 1, 3]), t([1, 2, 1, 3, 2])],
    [t([2, 3, 0]), t([2, 0, 2])],
    [t([17, 9]), t([9, 21])],
  ],
  errors: [
    raises([t([2, 3]), t([4, 5])], "inner sizes differ, [2, 3] · [4, 5]: 3 ≠ 4"),
    raises([t([2, 3]), t([3, 2], { dtype: "int32" })], "is int32"),
  ],
};

/** Matrix product of any ranks, as torch.matmul: 1-d operands are vectors, further dimensions are broadcast batches. */
export const matmul: Composite<(x: Tensor, other: Tensor) => Tensor> = {
  compose: (x, other) => {
    const y = operand(other, "other");
    for (const v of [x, y]) checkRank(v.shape, 1);
    const [a, b] = [x.ndim === 1 ? x.unsqueeze(0) : x, y.ndim === 1 ? y.unsqueeze(1) : y];
    checkInner(x.shape, y.shape, b.shape.at(-2)!);
    // A batch against one matrix is one product over all rows.
    const lead = a.shape.slice(0, -1);
    const product =
      b.ndim === 2 && a.ndim > 2
        ? a
            .reshape(sizeOf(lead), b.shape[0]!)
            .batchMatmul(b)
            .reshape([...lead, b.shape[1]!])
        : a.batchMatmul(b);
    const left = x.ndim === 1 ? product.squeeze(-2) : product;
    return y.ndim === 1 ? left.squeeze(-1) : left;
  },
  samples: [
    [t([3]), t([3])],
    [t([2, 2, 3]), t([3, 4])],
    [t([2, 1, 2, 3]), t([2, 3, 2])],
  ],
  errors: [
    raises([t([2, 3]), t([4, 5])], "matmul: inner sizes differ, [2, 3] · [4, 5]: 3 ≠ 4"),
    raises([t([]), t([2])], "at least 1 dimensions"),
    raises([t([2, 3]), 2], "other must be a tensor"),
  ],
};

type Bias = [bias?: Tensor | null | undefined] | [options: { readonly bias?: Tensor | null | undefined }];

type LinearFn = (x: Tensor, weight: Tensor, ...rest: Bias) => Tensor;
type Affine = "x" | "weight" | "bias?";

/** x · weightᵀ + bias in one kernel. Shape: x [..., in], weight [out, in] (or [in]), bias [out] → [..., out]. */
export const linear: Primitive<LinearFn, Affine, "x" | "weight", { readonly single: boolean }> = {
  rest: true,
  call: (x, weight, ...rest) => {
    const given = parse(rest, { bias: null as Tensor | null }).bias;
    const bias = given && operand(given, "bias");
    // One row of weights counts as a matrix, one number as a bias for every output.
    const single = operand(weight, "weight").ndim === 1;
    const rows = single ? weight.unsqueeze(0) : weight;
    const one = bias?.numel() === 1 && bias.shape[0] !== rows.shape[0];
    return { inputs: { x, weight: rows, bias: one ? bias.expand(rows.shape[0]!) : bias }, attrs: { single } };
  },
  meta: (ins) => {
    const [x, w, b] = [ins.x.shape, ins.weight.shape, ins.bias?.shape];
    const [n, k] = w as [number, number];
    if (x.length === 0 || w.length !== 2)
      throw new ShapeError(`x ${show(x)} or weight ${show(w)} has the wrong rank`, "x [..., in], weight [out, in]");
    if (x.at(-1) !== k) throw new ShapeError(`x ${show(x)} has ${x.at(-1)} features, weight ${show(w)} wants ${k}`);
    if (b) checkFits("bias", b, [n]);
    return { out: { shape: [...x.slice(0, -1), n], dtype: productDtype(ins) } };
  },
  ...contracted<Affine>(({ x, weight: w, bias, out }, toDense) => {
    const from = rows(x) ?? rows(toDense(x))!;
    const [n, k] = w.shape as [number, number];
    return {
      m: from.shape[0]!,
      n,
      k,
      a: { view: from, m: from.strides[0]!, k: from.strides[1]! },
      b: { view: w, n: w.strides[0]!, k: w.strides[1]! },
      c: { view: out, m: n, n: 1 },
      ...(bias ? { bias: { view: bias, m: 0, n: bias.strides[0]! } } : {}),
    };
  }),
  save: { x: ["weight"], weight: ["x"] },
  backward: (g, { x, weight }) => {
    const flat = (v: Tensor): Tensor => v.reshape(sizeOf(v.shape.slice(0, -1)), v.shape.at(-1)!);
    return {
      x: () => g.matmul(weight),
      weight: () => flat(g).t().matmul(flat(x)),
      bias: () => flat(g).sum(0),
    };
  },
  result: ({ out }, { single }) => (single ? out.squeeze(-1) : out),
  samples: [
    [t([2, 3, 4]), t([5, 4])],
    [t([4]), t([2, 4]), t([1])],
    [t([3, 4]), t([4]), t([])],
    [t([9, 17]), t([21, 17]), t([21])],
  ],
  errors: [
    raises([t([3, 4]), t([2, 5])], "has 4 features, weight [2, 5] wants 5"),
    raises([t([3, 4]), t([2, 4]), t([3])], "bias [3] does not fit"),
  ],
};
