// The fused step of Adam.
import type { Tensor } from "../tensor.ts";
import { type Primitive, raises } from "./op.ts";
import { type Rates, sample, stepping } from "./stepping.ts";

type Tensors = readonly Tensor[];
export interface AdamAttrs {
  /** lr / (1 − beta1ᵗ). */
  readonly step: number;
  /** √(1 − beta2ᵗ). */
  readonly root: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** Decoupled weight decay: 1 − lr · weightDecay. */
  readonly shrink: number;
  readonly maximize: boolean;
}

const [[p, g, m, v], [p2, g2, m2, v2]] = sample as [(typeof sample)[0], (typeof sample)[0]];
const attrs: AdamAttrs = { step: 0.02, root: 0.3, beta1: 0.9, beta2: 0.99, eps: 1e-3, weightDecay: 0.1, shrink: 0.99, maximize: false };

/** One step of Adam or AdamW on up to two parameters; with running maxima of the second moments (AMSGrad) on one. Writes all but grads. */
export const adamStep: Primitive<
  (params: Tensors, grads: Tensors, expAvgs: Tensors, expAvgSqs: Tensors, maxExpAvgSqs: Tensors, attrs: AdamAttrs) => Tensor,
  never,
  Rates
> = stepping(
  ["m", "v", "w"],
  2,
  ({ step, beta1, beta2, maximize, ...same }: AdamAttrs) => ({
    ...same,
    lr: step,
    sign: maximize ? -1 : 1,
    keep: beta1,
    add: 1 - beta1,
    nesterov: 0,
    beta2,
    rest2: 1 - beta2,
  }),
  {
    samples: [
      [[p], [g], [m], [v], [], attrs],
      [[p, p2], [g, g2], [m, m2], [v, v2], [], { ...attrs, maximize: true }],
      [[p], [g], [m], [v], [v], attrs],
    ],
    errors: [raises([[p], [g], [m2], [v], [], attrs], "does not fit")],
  },
);
