// The fused step of stochastic gradient descent.
import source from "../../shaders/sgd.wgsl?raw";
import { elements } from "../backend/cpu.ts";
import { kernel } from "../backend/kernel.ts";
import type { Tensor } from "../tensor.ts";
import { type Primitive, raises } from "./op.ts";
import { checkUpdate, launchStep, listed, sample, updated } from "./stepping.ts";

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

const { p, g, m, v, p2, g2, m2, v2 } = sample;
const attrs: SgdAttrs = { lr: 0.1, weightDecay: 0.01, keep: 0.9, add: 0.7, nesterov: 0, maximize: false };

/** One step of stochastic gradient descent on up to four parameters; with momentum buffers on up to two. Writes params and buffers. */
export const sgdStep: Primitive<Step, never, SgdAttrs> = {
  self: -1,
  call: (params, grads, buffers, attrs) => ({ inputs: { ...listed("p", params), ...listed("g", grads), ...listed("m", buffers) }, attrs }),
  meta: (ins) => checkUpdate("sgdStep", ins, ["m"], "m0" in ins ? 2 : 4),
  cpu: (io, { lr, weightDecay, keep, add, nesterov, maximize }) => {
    for (const k of updated(io)) {
      const [x, d, b] = [elements(io[`p${k}`]!), elements(io[`g${k}`]!), io[`m${k}`] && elements(io[`m${k}`]!)];
      for (let i = 0; i < x.length; i++) {
        let step = (maximize ? -d[i]! : d[i]!) + weightDecay * x[i]!;
        if (b) {
          const buffer = (b[i] = keep * b[i]! + add * step);
          step = nesterov === 0 ? buffer : step + nesterov * buffer;
        }
        x[i] = x[i]! - lr * step;
      }
    }
  },
  gpu: (io, attrs, q) => {
    const { m0, m1, ...rest } = io;
    const bind = { ...rest, ...(m0 && { p2: m0 }), ...(m1 && { p3: m1 }) };
    launchStep(q, kernel(source, "sgd"), bind, ["p1", "p2", "p3"], attrs, { heavy: m0 ? 1 : 0 });
  },
  mutates: ["p0", "p1", "p2", "p3", "m0", "m1"],
  backward: "none",
  samples: [
    [[p], [g], [], attrs],
    [[p, p2, m, m2], [g, g2, g, g2], [], { ...attrs, maximize: true }],
    [[p, p2], [g, g2], [], attrs],
    [[p], [g], [m], { ...attrs, nesterov: 0.9 }],
    [[p, p2], [g, g2], [m, m2], attrs],
  ],
  errors: [raises([[p], [g2], [], attrs], "does not fit"), raises([[p, p2, m], [g, g2, g], [v, v2, v], attrs], "at most 2")],
};
