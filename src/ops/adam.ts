// The fused step of Adam.
import source from "../../shaders/adam.wgsl?raw";
import { elements } from "../backend/cpu.ts";
import { kernel } from "../backend/kernel.ts";
import type { Tensor } from "../tensor.ts";
import { type Primitive, raises, t } from "./op.ts";
import { checkUpdate, launchStep, listed, sample, updated } from "./stepping.ts";

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

const { p, g, m, v, p2, g2, m2, v2 } = sample;
const attrs: AdamAttrs = { step: 0.02, root: 0.3, beta1: 0.9, beta2: 0.99, eps: 1e-3, weightDecay: 0.1, shrink: 0.99, maximize: false };

/** One step of Adam or AdamW on up to two parameters; with running maxima of the second moments (AMSGrad) on one. Writes all but grads. */
export const adamStep: Primitive<
  (params: Tensors, grads: Tensors, expAvgs: Tensors, expAvgSqs: Tensors, maxExpAvgSqs: Tensors, attrs: AdamAttrs) => Tensor,
  never,
  AdamAttrs
> = {
  self: -1,
  call: (params, grads, ms, vs, ws, attrs) => ({
    inputs: { ...listed("p", params), ...listed("g", grads), ...listed("m", ms), ...listed("v", vs), ...listed("w", ws) },
    attrs,
  }),
  meta: (ins) => checkUpdate("adamStep", ins, ["m", "v", "w"], "w0" in ins ? 1 : 2),
  cpu: (io, { step, root, beta1, beta2, eps, weightDecay, shrink, maximize }) => {
    const [rest1, rest2] = [1 - beta1, 1 - beta2];
    for (const k of updated(io)) {
      const [x, d] = [elements(io[`p${k}`]!), elements(io[`g${k}`]!)];
      const [first, second, top] = [elements(io[`m${k}`]!), elements(io[`v${k}`]!), io[`w${k}`] && elements(io[`w${k}`]!)];
      for (let i = 0; i < x.length; i++) {
        const slope = (maximize ? -d[i]! : d[i]!) + weightDecay * x[i]!;
        const mean = (first[i] = beta1 * first[i]! + rest1 * slope);
        let square = (second[i] = beta2 * second[i]! + rest2 * slope * slope);
        if (top) square = top[i] = Math.max(top[i]!, square);
        x[i] = shrink * x[i]! - (step * mean) / (Math.sqrt(square) / root + eps);
      }
    }
  },
  gpu: (io, attrs, q) => {
    const { w0, ...rest } = io;
    const more = { rest1: 1 - attrs.beta1, rest2: 1 - attrs.beta2, largest: w0 ? 1 : 0 };
    launchStep(q, kernel(source, "adam"), { ...rest, ...(w0 && { p1: w0 }) }, ["p1", "m1", "v1"], attrs, more);
  },
  mutates: ["p0", "p1", "m0", "m1", "v0", "v1", "w0"],
  backward: "none",
  samples: [
    [[p], [g], [m], [v], [], attrs],
    [[p, p2], [g, g2], [m, m2], [v, v2], [], { ...attrs, maximize: true }],
    [[p], [g], [m], [v], [t([5], { data: [0.5, 0.1, 0.1, 1, 0.2], fixed: true })], attrs],
  ],
  errors: [raises([[p], [g], [m2], [v], [], attrs], "does not fit")],
};
