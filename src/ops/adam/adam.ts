// The step of Adam and its kin.
import { adam, type AdamRates } from "../../kernels/adam.ts";
import { type Internal, type Primitive, raises } from "../op.ts";
import { checkStep, numbered, pair, type Tensors, written } from "../stepping.ts";

type Pair = ReturnType<typeof pair>;
const [p, g, m, v] = [-0.5, -0.3, -0.2, 0.1].map(pair) as [Pair, Pair, Pair, Pair];
const rates: AdamRates = { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-3, weightDecay: 0.01, decoupled: false, maximize: false, step: 3 };

/**
 * One step of Adam, AdamW (`decoupled`) or AMSGrad on up to two parameters, one with the largest second moments so far, `tops` (else none are
 * given). Writes all but grads. Sources: Kingma & Ba 2015, Loshchilov & Hutter 2019, Reddi, Kale & Kumar 2018.
 */
export const adamStep: Primitive<
  (params: Tensors, grads: Tensors, means: Tensors, squares: Tensors, tops: Tensors, rates: AdamRates) => Tensors[number],
  string,
  never,
  AdamRates
> &
  Internal = {
  internal: true,
  self: -1,
  call: (params, grads, means, squares, tops, given) => ({
    inputs: numbered({ p: params, g: grads, m: means, v: squares, w: tops }),
    attrs: given,
  }),
  meta: (ins) => (ins["w0"] ? checkStep(ins, "gmvw", 1) : checkStep(ins, "gmv", 2)),
  ...adam,
  mutates: written("pmvw", 2),
  backward: "none",
  samples: [
    [[p[0]], [g[0]], [m[0]], [v[0]], [], { ...rates, decoupled: true, step: 1 }],
    [p, g, m, v, [], { ...rates, maximize: true }],
    [[p[0]], [g[0]], [m[0]], [v[0]], [v[0]], rates],
  ],
  errors: [
    raises([[p[0]], [g[0]], [m[1]], [v[0]], [], rates], "does not fit"),
    raises([p, g, m, v, v, rates], "at most 1"),
    raises([p, g, m, [v[0]], [], rates], "v1 is missing"),
  ],
};
