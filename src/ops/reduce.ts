// Reductions.
import source from "../../shaders/reduce.wgsl?raw";
import { dense, elements } from "../backend/cpu.ts";
import { kernel } from "../backend/kernel.ts";
import { normalizeDims, reducedShape, type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Composite, type Primitive, t } from "./op.ts";

/** Sum over dimensions. */
export const sum: Primitive<(x: Tensor, dim?: number | readonly number[] | null, keepdim?: boolean) => Tensor, never, { dims: number[]; keepdim: boolean }> = {
  call: (x, dim, keepdim = false) => ({ inputs: { x }, attrs: { dims: normalizeDims("sum", dim, x.ndim), keepdim } }),
  meta: (ins, { dims, keepdim }) => ({ out: { shape: reducedShape(ins["x"]!.shape, dims, keepdim), dtype: ins["x"]!.dtype } }),
  cpu: ({ x, out }, { dims }) => {
    const to = elements(out!);
    const order = [...x!.shape.keys()].filter((d) => !dims.includes(d)).concat(dims);
    const from = dense({ ...x!, shape: order.map((d) => x!.shape[d]!), strides: order.map((d) => x!.strides[d]!) });
    const inner = sizeOf(dims.map((d) => x!.shape[d]!));
    for (let i = 0; i < to.length; i++) {
      let s = 0;
      for (let k = 0; k < inner; k++) s += from[i * inner + k]!;
      to[i] = s;
    }
  },
  gpu: ({ x, out }, { dims }, q) => {
    const order = [...x!.shape.keys()].filter((d) => !dims.includes(d)).concat(dims);
    const from = q.dense({ ...x!, shape: order.map((d) => x!.shape[d]!), strides: order.map((d) => x!.strides[d]!) });
    const outer = sizeOf(out!.shape);
    q.launch(kernel(source, "sum_rows"), { x: from, out: out! }, { outer, inner: sizeOf(dims.map((d) => x!.shape[d]!)) }, outer);
  },
  backward: (g, _s, { dims }, ins) => ({
    x: () => g.reshape(reducedShape(ins["x"]!.shape, dims, true)).expand(ins["x"]!.shape),
  }),
  samples: [[t([3, 4])], [t([3, 4]), 1], [t([2, 3]), [0], true], [t([])], [t([0, 2]), 0]],
  errors: [],
};

/** Sums x down to a shape that broadcasts to its own: the adjoint of expand. */
export const sumTo: Composite<(x: Tensor, shape: Shape) => Tensor> = {
  compose: (x, shape) => {
    const lead = x.ndim - shape.length;
    const dims = [...x.shape.keys()].filter((d) => d < lead || (shape[d - lead] === 1 && x.shape[d] !== 1));
    return dims.length === 0 ? x.reshape(shape) : x.sum(dims, true).reshape(shape);
  },
  samples: [[t([3, 4]), [4]], [t([2, 3]), [2, 1]]],
  errors: [],
};
