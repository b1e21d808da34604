// The step of SGD.
import { sgd, type SgdRates } from "../../kernels/sgd.ts";
import { type Internal, type Primitive, raises } from "../op.ts";
import { checkStep, numbered, pair, type Tensors, written } from "../stepping.ts";

const [p, g, b] = [-0.5, -0.3, -0.2].map(pair) as [ReturnType<typeof pair>, ReturnType<typeof pair>, ReturnType<typeof pair>];
const plain: SgdRates = { lr: 0.1, momentum: 0, dampening: 0, weightDecay: 0.01, nesterov: false, maximize: false, first: false };
const momentum: SgdRates = { ...plain, momentum: 0.9, dampening: 0.3 };

/** One step of SGD on up to four parameters, or two with momentum buffers (else none are given). Writes all but grads. Source: torch.optim.SGD. */
export const sgdStep: Primitive<
  (params: Tensors, grads: Tensors, buffers: Tensors, rates: SgdRates) => Tensors[number],
  string,
  never,
  SgdRates
> &
  Internal = {
  internal: true,
  self: -1,
  call: (params, grads, buffers, rates) => ({ inputs: numbered({ p: params, g: grads, b: buffers }), attrs: rates }),
  meta: (ins) => (ins["b0"] ? checkStep(ins, "gb", 2) : checkStep(ins, "g", 4)),
  ...sgd,
  mutates: written("pb", 4),
  backward: "none",
  samples: [
    [[...p, ...b], [...g, ...g], [], { ...plain, maximize: true }],
    [p.slice(0, 1), g.slice(0, 1), b.slice(0, 1), { ...momentum, dampening: 0, nesterov: true }],
    [p, g, b, momentum],
    [p, g, b, { ...momentum, first: true }],
  ],
  errors: [
    raises([[p[0]], [g[1]], [], plain], "does not fit"),
    raises([[...p, b[0]], [...g, g[0]], [...b, g[0]], momentum], "at most 2"),
    raises([p, g, [b[0]], momentum], "b1 is missing"),
  ],
};
