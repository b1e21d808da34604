// Matrix products. One kernel core with strided loaders, so transposes are views and gradients are products again.

import { contract, type Contraction } from "../backend/contract.ts";
import { contractCpu } from "../backend/contractcpu.ts";
import type { View } from "../backend/backend.ts";
import { hostDense } from "../backend/cpu.ts";
import { ShapeError, show } from "../base/errors.ts";
import { expandTo, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { operand } from "./arguments.ts";
import { type Composite, type Primitive, raises, t } from "./op.ts";
import { mismatch, productDtype, productOf, productShape, rows } from "./product.ts";

/** The product as a contraction; batches of more than two strides are spread out first, which makes them one. */
function planned(x: View, y: View, out: View, toDense: (v: View) => View): Contraction {
  const spread = (v: View): View => toDense({ ...v, ...expandTo(v, [...out.shape.slice(0, -2), ...v.shape.slice(-2)]) });
  return productOf(x, y, out) ?? productOf(spread(x), spread(y), out)!;
}

/** Batched matrix product over the last two dimensions; batches broadcast. Shape: [..., m, k] · [..., k, n] → [..., m, n]. */
export const batchMatmul: Primitive<(x: Tensor, y: Tensor) => Tensor, "x" | "y"> = {
  call: (x, y) => ({ inputs: { x, y }, attrs: {} }),
  meta: (ins) => {
    const [x, y] = [ins["x"]!, ins["y"]!];
    if (x.shape.length < 2 || y.shape.length < 2)
      throw new ShapeError("batchMatmul", `operands need two dimensions, got ${show(x.shape)} and ${show(y.shape)}`);
    return { out: { shape: productShape("batchMatmul", x.shape, y.shape), dtype: productDtype("batchMatmul", ins) } };
  },
  cpu: ({ x, y, out }) => contractCpu(planned(x!, y!, out!, hostDense)),
  gpu: ({ x, y, out }, _attrs, q) =>
    contract(
      q,
      planned(x!, y!, out!, (v) => q.dense(v)),
    ),
  save: ["x", "y"],
  backward: (g, { x, y }) => ({ x: () => g.batchMatmul(y.mT()), y: () => x.mT().batchMatmul(g) }),
  samples: [
    [t([3, 4]), t([4, 5])],
    [t([2, 3, 4]), t([2, 4, 3])],
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
    const y = operand("matmul", other, "other");
    operand("matmul", x);
    if (x.ndim === 0 || y.ndim === 0)
      throw new ShapeError("matmul", `operands need at least one dimension, got ${show(x.shape)} and ${show(y.shape)}`);
    const [a, b] = [x.ndim === 1 ? x.unsqueeze(0) : x, y.ndim === 1 ? y.unsqueeze(1) : y];
    const [lead, k] = [a.shape.slice(0, -1), a.shape[a.ndim - 1]!];
    if (k !== b.shape[b.ndim - 2]) throw mismatch("matmul", x.shape, y.shape, k, b.shape[b.ndim - 2]!);
    // A batch against one matrix is one product over all rows.
    const folded = b.ndim === 2 && a.ndim > 2;
    const product = folded
      ? a
          .reshape(sizeOf(lead), k)
          .batchMatmul(b)
          .reshape([...lead, b.shape[1]!])
      : a.batchMatmul(b);
    const left = x.ndim === 1 ? product.squeeze(-2) : product;
    return y.ndim === 1 ? left.squeeze(-1) : left;
  },
  samples: [
    [t([3]), t([3])],
    [t([2, 3]), t([3])],
    [t([3]), t([3, 2])],
    [t([2, 3]), t([3, 4])],
    [t([2, 2, 3]), t([3, 4])],
    [t([2, 1, 2, 3]), t([2, 3, 2])],
    [t([3]), t([2, 3, 2])],
  ],
  errors: [
    raises([t([2, 3]), t([4, 5])], "matmul: inner sizes differ, [2, 3] · [4, 5]: 3 ≠ 4"),
    raises([t([]), t([2])], "at least one dimension"),
    raises([t([2, 3]), 2], "other must be a tensor"),
  ],
};

/** x · weightᵀ + bias in one kernel. Shape: x [..., in], weight [out, in] (or [in]), bias [out] → [..., out]. */
export const linear: Primitive<(x: Tensor, weight: Tensor, bias?: Tensor | null) => Tensor, "x" | "weight"> = {
  call: (x, weight, bias) => ({ inputs: { x, weight, bias: bias ?? undefined }, attrs: {} }),
  meta: (ins) => {
    const [x, w, b] = [ins["x"]!.shape, ins["weight"]!.shape, ins["bias"]?.shape];
    const dtype = productDtype("linear", ins);
    if (x.length === 0 || (w.length !== 2 && w.length !== 1))
      throw new ShapeError("linear", `x ${show(x)} or weight ${show(w)} has the wrong rank`, "x [..., in], weight [out, in]");
    if (x[x.length - 1] !== w[w.length - 1])
      throw new ShapeError("linear", `x ${show(x)} has ${x[x.length - 1]} features, weight ${show(w)} wants ${w[w.length - 1]}`);
    const out = [...x.slice(0, -1), ...w.slice(0, -1)];
    if (b && b.length > 0 && (b.length + 1 !== w.length || (b[0] !== w[0] && b[0] !== 1)))
      throw new ShapeError("linear", `bias ${show(b!)} does not fit weight ${show(w)}`);
    return { out: { shape: out, dtype } };
  },
  cpu: ({ x, weight, bias, out }) => contractCpu(affine(x!, weight!, bias, out!, hostDense)),
  gpu: ({ x, weight, bias, out }, _attrs, q) =>
    contract(
      q,
      affine(x!, weight!, bias, out!, (v) => q.dense(v)),
    ),
  save: ["x", "weight"],
  backward: (g, { x, weight }, _attrs, ins) => {
    const [k, one] = [x.shape[x.ndim - 1]!, weight.ndim === 1];
    const flat = (): Tensor => g.reshape(-1, one ? 1 : weight.shape[0]!);
    return {
      x: () => (one ? g.unsqueeze(-1).mul(weight) : g.matmul(weight)),
      weight: () =>
        flat()
          .t()
          .matmul(x.reshape(sizeOf(x.shape.slice(0, -1)), k))
          .reshape(weight.shape),
      bias: () => (ins["bias"]!.shape.length === 0 ? g.sum() : flat().sum(0)),
    };
  },
  samples: [
    [t([3, 4]), t([2, 4]), t([2])],
    [t([2, 3, 4]), t([5, 4])],
    [t([4]), t([2, 4]), t([2])],
    [t([3, 4]), t([4])],
    [t([9, 17]), t([21, 17]), t([21])],
  ],
  errors: [
    raises([t([3, 4]), t([2, 5])], "has 4 features, weight [2, 5] wants 5"),
    raises([t([3, 4]), t([2, 4]), t([3])], "bias [3] does not fit"),
  ],
};

function affine(x: View, weight: View, bias: View | undefined, out: View, toDense: (v: View) => View): Contraction {
  const from = rows(x) ?? rows(toDense(x))!;
  const n = weight.shape.length === 1 ? 1 : weight.shape[0]!;
  const last = weight.strides.length - 1;
  return {
    m: from.shape[0]!,
    n,
    k: from.shape[1]!,
    a: { view: from, m: from.strides[0]!, k: from.strides[1]! },
    b: { view: weight, n: weight.strides[last - 1] ?? 0, k: weight.strides[last]! },
    c: { view: out, m: n, n: 1 },
    ...(bias ? { bias: { view: bias, m: 0, n: bias.shape[0] === n ? bias.strides[0]! : 0 } } : {}),
  };
}
