// Convolution in 1 to 3 dimensions. The three maps convolution, convInput and convWeight are each other's gradients, so any order is closed.
import type { Shape } from "../../base/shape.ts";
import type { Io, Named } from "../../device/device.ts";
import { cpuConv } from "../../kernels/contraction-cpu.ts";
import { convForward, type ConvHost, convInput as planInput, convWeight as planWeight, type Sliding } from "../../kernels/convolution.ts";
import { gpuConv } from "../../kernels/convolution-gpu.ts";
import { checkFits, productDtype } from "../arguments.ts";
import { cropped } from "../arranging.ts";
import { type Input, type Internal, type Primitive, raises, t } from "../op.ts";
import { checkConv, slidingSizes } from "../sliding.ts";
import type { Tensor } from "../tensor.ts";

const plain: Sliding = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };
const strided: Sliding = { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2 };

/** Both devices' halves of a record from one plan. */
const planned = <N extends string>(
  plan: (host: ConvHost, io: Io<N>, a: Sliding) => void,
): Pick<Primitive<() => Tensor, N, never, Sliding>, "cpu" | "gpu"> => ({
  cpu: (io, a) => plan(cpuConv, io, a),
  gpu: (io, a, q) => plan(gpuConv(q), io, a),
});

type Names = "x" | "weight" | "bias?";

/** Cross-correlation of x [N, C, …] with weight [O, C/groups, …] plus bias [O]: the map behind conv1d, conv2d and conv3d. */
export const convolution: Primitive<
  (x: Tensor, weight: Tensor, bias: Tensor | null | undefined, sliding: Sliding) => Tensor,
  Names,
  "x" | "weight",
  Sliding
> &
  Internal = {
  internal: true,
  call: (x, weight, bias, a) => ({ inputs: { x, weight, bias }, attrs: a }),
  meta: (ins, a) => {
    const [x, weight] = [ins.x.shape, ins.weight.shape];
    const size = [x[0]!, weight[0]!];
    checkConv(x, weight, size, a.groups);
    if (ins.bias) checkFits("bias", ins.bias.shape, [size[1]!]);
    return { out: { shape: [...size, ...slidingSizes(x.slice(2), weight.slice(2), a)], dtype: productDtype(ins) } };
  },
  ...planned<Names>((host, { x, weight, bias, out }, a) => convForward(host, x, weight, bias, out, a)),
  save: { x: ["weight"], weight: ["x"] },
  backward: (g, { x, weight }, a, ins) => ({
    x: () => g.convInput(weight, ins.x.shape, a),
    weight: () => x.convWeight(g, ins.weight.shape, a),
    bias: () => g.sum([0, ...a.stride.map((_, i) => i + 2)]),
  }),
  samples: [
    [t([1, 4, 6, 7]), t([2, 2, 3, 2]), null, strided],
    [t([0, 3, 5, 5]), t([2, 3, 3, 3]), t([2]), plain],
  ],
  errors: [
    raises([t([1, 6, 5, 5]), t([2, 8, 3, 3]), null, plain], "wants 8 channels, [1, 6, 5, 5] has 6 (groups = 1)"),
    raises([t([1, 2, 2, 2]), t([2, 2, 3, 3]), null, plain], "does not fit"),
    raises([t([1, 2, 5, 5]), t([2, 2, 3, 3]), t([3]), plain], "bias [3] does not fit, needs [2]"),
  ],
};

type Adjoint<N extends string> = Primitive<
  (x: Tensor, y: Tensor, shape: Shape, sliding: Sliding) => Tensor,
  N,
  N,
  Sliding & { readonly shape: Shape }
> &
  Internal;

/** One of the two adjoints; `places` says which of x, weight and y are given. */
const adjoint = <N extends string>(
  places: (ins: Named<N, Input>, shape: Shape) => readonly [x: Shape, weight: Shape, y: Shape],
  plan: (host: ConvHost, io: Io<N>, sliding: Sliding) => void,
  rest: Pick<Adjoint<N>, "call" | "save" | "backward" | "samples" | "errors">,
): Adjoint<N> => ({
  internal: true,
  meta: (ins, a) => {
    checkConv(...places(ins, a.shape), a.groups);
    return { out: { shape: a.shape, dtype: productDtype(ins as Readonly<Record<string, Input>>) } };
  },
  ...planned<N>(plan),
  ...rest,
});

/** Adjoint of convolution in its input: what g [N, O, …] sends back to an input of `shape`. It is transposed convolution. */
export const convInput: Adjoint<"g" | "weight"> = adjoint(
  ({ g, weight }, shape) => [shape, weight.shape, g.shape],
  (host, { g, weight, out }, a) => planInput(host, weight, g, out, a),
  {
    call: (g, weight, shape, sliding) => ({ inputs: { g, weight }, attrs: { ...sliding, shape } }),
    save: { g: ["weight"], weight: ["g"] },
    backward: (gg, { g, weight }, a, ins) => ({
      // Windows that output padding added beyond g's extent do not exist.
      g: () => cropped(gg.convolution(weight, null, a), ins.g.shape),
      weight: () => gg.convWeight(g, ins.weight.shape, a),
    }),
    samples: [
      [t([1, 2, 3, 9]), t([2, 2, 3, 2]), [1, 4, 6, 7], strided],
      [t([1, 2, 2]), t([2, 1, 2]), [1, 1, 8], { stride: [2], padding: [0], dilation: [3], groups: 1 }],
    ],
    errors: [raises([t([1, 3, 2, 2]), t([2, 1, 3, 3]), [1, 1, 4, 4], plain], "wants 2 channels")],
  },
);

/** Adjoint of convolution in its weight: correlations of x [N, C, …] with g [N, O, …], as a weight of `shape`. */
export const convWeight: Adjoint<"x" | "g"> = adjoint(
  ({ x, g }, shape) => [x.shape, shape, g.shape],
  (host, { x, g, out }, a) => planWeight(host, x, g, out, a),
  {
    call: (x, g, shape, sliding) => ({ inputs: { x, g }, attrs: { ...sliding, shape } }),
    save: { x: ["g"], g: ["x"] },
    backward: (gw, { x, g }, a, ins) => ({
      x: () => g.convInput(gw, ins.x.shape, a),
      g: () => cropped(x.convolution(gw, null, a), ins.g.shape),
    }),
    samples: [[t([1, 4, 6, 7]), t([1, 2, 3, 9]), [2, 2, 3, 2], strided]],
    errors: [raises([t([2, 3, 5, 5]), t([1, 4, 3, 3]), [4, 3, 3, 3], plain], "number of images")],
  },
);
