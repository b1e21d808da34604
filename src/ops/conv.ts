// Convolution in 1 to 3 dimensions. The three maps convolution, convInput and convWeight are each other's gradients, so any order is closed.
import type { Views } from "../backend/backend.ts";
import { type ConvHost, convForward, convInput as planInput, convWeight as planWeight, type Sliding } from "../backend/conv.ts";
import { cpuConv } from "../backend/contractcpu.ts";
import { gpuConv } from "../backend/convgpu.ts";
import { ShapeError, show } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Primitive, raises, t } from "./op.ts";
import { productDtype } from "./product.ts";
import { checkConv, slidingSizes } from "./sliding.ts";

const plain: Sliding = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };
const strided: Sliding = { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2 };

/** Windows that output padding added beyond g's extent do not exist. */
const cropped = (y: Tensor, shape: Shape): Tensor => shape.reduce((z, n, d) => (z.shape[d] === n ? z : z.narrow(d, 0, n)), y);

/** Both devices' halves of a record from one plan. */
const planned = (plan: (host: ConvHost, io: Views, a: Sliding) => void): Pick<Primitive<() => Tensor, never, Sliding>, "cpu" | "gpu"> => ({
  cpu: (io, a) => plan(cpuConv, io, a),
  gpu: (io, a, q) => plan(gpuConv(q), io, a),
});

/** Cross-correlation of x [N, C, …] with weight [O, C/groups, …] plus bias [O]: the map behind conv1d, conv2d and conv3d. */
export const convolution: Primitive<
  (x: Tensor, weight: Tensor, bias: Tensor | null | undefined, sliding: Sliding) => Tensor,
  "x" | "weight",
  Sliding
> = {
  call: (x, weight, bias, a) => ({ inputs: { x, weight, bias: bias ?? undefined }, attrs: a }),
  meta: (ins, a) => {
    const [x, weight] = [ins["x"]!, ins["weight"]!];
    checkConv("convolution", x, weight, ins["bias"], a);
    return {
      out: {
        shape: [x.shape[0]!, weight.shape[0]!, ...slidingSizes("convolution", x.shape.slice(2), weight.shape.slice(2), a)],
        dtype: productDtype("convolution", ins),
      },
    };
  },
  ...planned((host, { x, weight, bias, out }, a) => convForward(host, x!, weight!, bias, out!, a)),
  save: ["x", "weight"],
  backward: (g, { x, weight }, a, ins) => ({
    x: () => g.convInput(weight, ins["x"]!.shape, a),
    weight: () => x.convWeight(g, ins["weight"]!.shape, a),
    bias: () => g.sum([0, ...a.stride.map((_, i) => i + 2)]),
  }),
  samples: [
    [t([2, 3, 5, 6]), t([4, 3, 3, 2]), t([4]), plain],
    [t([1, 4, 6, 7]), t([2, 2, 3, 2]), null, strided],
    [t([2, 2, 6]), t([3, 2, 3]), t([3]), { stride: [2], padding: [1], dilation: [2], groups: 1 }],
    [t([0, 3, 5, 5]), t([2, 3, 3, 3]), t([2]), plain],
  ],
  errors: [
    raises([t([1, 6, 5, 5]), t([2, 8, 3, 3]), null, plain], "wants 8 channels, x [1, 6, 5, 5] has 6 (groups = 1)"),
    raises([t([1, 2, 2, 2]), t([2, 2, 3, 3]), null, plain], "does not fit"),
    raises([t([1, 2, 5, 5]), t([2, 2, 3, 3]), t([3]), plain], "bias [3] does not fit 2 output channels"),
  ],
};

/** Adjoint of convolution in its input: what g [N, O, …] sends back to an input of `shape`. It is transposed convolution. */
export const convInput: Primitive<
  (g: Tensor, weight: Tensor, shape: Shape, sliding: Sliding) => Tensor,
  "g" | "weight",
  Sliding & { shape: Shape }
> = {
  call: (g, weight, shape, a) => ({ inputs: { g, weight }, attrs: { ...a, shape } }),
  meta: (ins, a) => {
    const [g, weight] = [ins["g"]!, ins["weight"]!];
    if (g.shape[1] !== weight.shape[0] || weight.shape[1]! * a.groups !== a.shape[1])
      throw new ShapeError(
        "convInput",
        `g ${show(g.shape)}, weight ${show(weight.shape)} and input ${show(a.shape)} do not fit (groups = ${a.groups})`,
      );
    return { out: { shape: a.shape, dtype: productDtype("convInput", ins) } };
  },
  ...planned((host, { g, weight, out }, a) => planInput(host, weight!, g!, out!, a)),
  save: ["g", "weight"],
  backward: (gg, { g, weight }, a, ins) => ({
    g: () => cropped(gg.convolution(weight, null, a), ins["g"]!.shape),
    weight: () => gg.convWeight(g, ins["weight"]!.shape, a),
  }),
  samples: [
    [t([2, 4, 3, 5]), t([4, 3, 3, 2]), [2, 3, 5, 6], plain],
    [t([1, 2, 3, 9]), t([2, 2, 3, 2]), [1, 4, 6, 7], strided],
    [t([1, 2, 2]), t([2, 1, 2]), [1, 1, 8], { stride: [2], padding: [0], dilation: [3], groups: 1 }],
  ],
  errors: [raises([t([1, 3, 2, 2]), t([2, 1, 3, 3]), [1, 1, 4, 4], plain], "do not fit")],
};

/** Adjoint of convolution in its weight: correlations of x [N, C, …] with g [N, O, …], as a weight of `shape`. */
export const convWeight: Primitive<
  (x: Tensor, g: Tensor, shape: Shape, sliding: Sliding) => Tensor,
  "x" | "g",
  Sliding & { shape: Shape }
> = {
  call: (x, g, shape, a) => ({ inputs: { x, g }, attrs: { ...a, shape } }),
  meta: (ins, a) => {
    const [x, g] = [ins["x"]!, ins["g"]!];
    if (g.shape[1] !== a.shape[0] || a.shape[1]! * a.groups !== x.shape[1] || g.shape[0] !== x.shape[0])
      throw new ShapeError(
        "convWeight",
        `x ${show(x.shape)}, g ${show(g.shape)} and weight ${show(a.shape)} do not fit (groups = ${a.groups})`,
      );
    return { out: { shape: a.shape, dtype: productDtype("convWeight", ins) } };
  },
  ...planned((host, { x, g, out }, a) => planWeight(host, x!, g!, out!, a)),
  save: ["x", "g"],
  backward: (gw, { x, g }, a, ins) => ({
    x: () => g.convInput(gw, ins["x"]!.shape, a),
    g: () => cropped(x.convolution(gw, null, a), ins["g"]!.shape),
  }),
  samples: [
    [t([2, 3, 5, 6]), t([2, 4, 3, 5]), [4, 3, 3, 2], plain],
    [t([1, 4, 6, 7]), t([1, 2, 3, 9]), [2, 2, 3, 2], strided],
  ],
  errors: [raises([t([2, 3, 5, 5]), t([1, 4, 3, 3]), [4, 3, 3, 3], plain], "do not fit")],
};
