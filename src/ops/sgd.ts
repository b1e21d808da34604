// The fused step of stochastic gradient descent.
import type { Tensor } from "../tensor.ts";
import { type Primitive, raises } from "./op.ts";
import { type Rates, sample, stepping } from "./stepping.ts";

type Tensors = readonly Tensor[];
export interface SgdAttrs {
  readonly lr: number;
  readonly weightDecay: number;
  /** The momentum buffer becomes keep · buffer + add · gradient. */
  readonly keep: number;
  readonly add: number;
  /** The momentum of Nesterov's look-ahead, 0 without it. */
  readonly nesterov: number;
  readonly maximize: boolean;
}
type Step = (params: Tensors, grads: Tensors, buffers: Tensors, attrs: SgdAttrs) => Tensor;

const [[p, g, m], [p2, g2, m2]] = sample as [(typeof sample)[0], (typeof sample)[0]];
const attrs: SgdAttrs = { lr: 0.1, weightDecay: 0.01, keep: 0.9, add: 0.7, nesterov: 0, maximize: false };

/** One step of stochastic gradient descent on up to four parameters; with momentum buffers on up to two. Writes params and buffers. */
export const sgdStep: Primitive<Step, never, Rates> = stepping(
  ["m"],
  4,
  ({ maximize, ...same }: SgdAttrs) => ({ ...same, sign: maximize ? -1 : 1, shrink: 1, beta2: 0, rest2: 0, root: 1, eps: 0 }),
  {
    samples: [
      [[p, p2, m, m2], [g, g2, g, g2], [], { ...attrs, maximize: true }],
      [[p], [g], [m], { ...attrs, nesterov: 0.9 }],
      [[p, p2], [g, g2], [m, m2], attrs],
    ],
    errors: [raises([[p], [g2], [], attrs], "does not fit"), raises([[p, p2, m], [g, g2, g], [m, m2, g], attrs], "at most 2")],
  },
);
