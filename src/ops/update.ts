// Fused optimiser steps: each call updates several parameters and their state in place, within eight buffers per dispatch.
import source from "../../shaders/update.wgsl?raw";
import { elements } from "../backend/cpu.ts";
import type { Views } from "../backend/backend.ts";
import { kernel, type Launcher } from "../backend/kernel.ts";
import { sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Primitive, raises, t } from "./op.ts";
import { type AdamAttrs, checkUpdate, listed, type SgdAttrs, updated } from "./stepping.ts";

type Tensors = readonly Tensor[];
const start = [0.5, -1.25, 2, -0.75, 0.125];
const slope = [0.3, -0.2, 0.9, 1.4, -0.6];
const p = t([5], { data: start, fixed: true });
const g = t([5], { data: slope, fixed: true });
const m = t([5], { data: [0.1, 0.2, -0.3, 0.4, 0.5], fixed: true });
const v = t([5], { data: [0.4, 0.3, 0.2, 0.1, 0.5], fixed: true });
const p2 = t([2, 2], { data: [1, -2, 3, -4], fixed: true });
const g2 = t([2, 2], { data: [-0.5, 0.25, 0.75, 1], fixed: true });
const m2 = t([2, 2], { data: [0, 0.1, 0.2, 0.3], fixed: true });
const v2 = t([2, 2], { data: [0.2, 0.1, 0.4, 0.3], fixed: true });
const sgdAttrs: SgdAttrs = { lr: 0.1, weightDecay: 0.01, keep: 0.9, add: 0.7, nesterov: 0, maximize: false };
const adamAttrs: AdamAttrs = { step: 0.02, root: 0.3, beta1: 0.9, beta2: 0.99, eps: 1e-3, weightDecay: 0.1, shrink: 0.99, maximize: false };

/** Launches a kernel for several parameters: memory that it will not touch stands in for missing ones. Written buffers must all differ. */
function launchStep(
  q: Launcher,
  entry: string,
  io: Views,
  bind: Views,
  attrs: SgdAttrs | AdamAttrs,
  more: Readonly<Record<string, number>>,
): void {
  const quads = [0, 1, 2, 3].map((k) => (io[`p${k}`] ? Math.ceil(sizeOf(io[`p${k}`]!.shape) / 4) : 0));
  const { maximize, ...rates } = attrs;
  const params = { ...rates, ...more, sign: maximize ? -1 : 1, ...Object.fromEntries(quads.map((n, k) => [`quads${k}`, n])) };
  const spare = (entry === "sgd" ? ["p1", "p2", "p3"] : ["p1", "m1", "v1"]).filter((name) => !bind[name]);
  const written = Object.fromEntries(spare.map((name) => [name, q.scratch("float32", [4])]));
  const read = { g1: io["g0"]!, g2: io["g0"]!, g3: io["g0"]! };
  q.launch(kernel(source, entry), { ...read, ...written, ...bind }, params, quads.reduce((a, b) => a + b)); // prettier-ignore
}

/** One step of stochastic gradient descent on up to four parameters; with momentum buffers on up to two. Writes params and buffers. */
export const sgdStep: Primitive<(params: Tensors, grads: Tensors, buffers: Tensors, attrs: SgdAttrs) => Tensor, never, SgdAttrs> = {
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
    const bind = { ...io, ...(io["m0"] && { p2: io["m0"] }), ...(io["m1"] && { p3: io["m1"] }) };
    launchStep(q, "sgd", io, bind, attrs, { heavy: io["m0"] ? 1 : 0 });
  },
  mutates: ["p0", "p1", "p2", "p3", "m0", "m1"],
  backward: "none",
  samples: [
    [[p], [g], [], sgdAttrs],
    [[p, p2, m, m2], [g, g2, g, g2], [], { ...sgdAttrs, maximize: true }],
    [[p, p2], [g, g2], [], sgdAttrs],
    [[p], [g], [m], { ...sgdAttrs, nesterov: 0.9 }],
    [[p, p2], [g, g2], [m, m2], sgdAttrs],
  ],
  errors: [raises([[p], [g2], [], sgdAttrs], "does not fit"), raises([[p, p2, m], [g, g2, g], [v, v2, v], sgdAttrs], "at most 2")],
};

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
    const rest = { rest1: 1 - attrs.beta1, rest2: 1 - attrs.beta2, largest: io["w0"] ? 1 : 0 };
    launchStep(q, "adam", io, { ...io, ...(io["w0"] && { p1: io["w0"] }) }, attrs, rest);
  },
  mutates: ["p0", "p1", "m0", "m1", "v0", "v1", "w0"],
  backward: "none",
  samples: [
    [[p], [g], [m], [v], [], adamAttrs],
    [[p, p2], [g, g2], [m, m2], [v, v2], [], { ...adamAttrs, maximize: true }],
    [[p], [g], [m], [v], [t([5], { data: [0.5, 0.1, 0.1, 1, 0.2], fixed: true })], adamAttrs],
  ],
  errors: [raises([[p], [g], [m2], [v], [], adamAttrs], "does not fit")],
};
