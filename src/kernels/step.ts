// The steps of optimisers, on several parameters at once: the kernel of shaders/step.wgsl and its twin.
import source from "../../shaders/step.wgsl?raw";
import type { TypedArray } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import { elements } from "../device/cpu.ts";
import type { Views } from "../device/device.ts";
import { kernel, type Launcher } from "../device/kernel.ts";

/** The gradient d of p is sign · g + weightDecay · p; p becomes shrink · p − lr · (d, or what the state makes of it). */
export interface Rates {
  readonly lr: number;
  readonly weightDecay: number;
  readonly sign: number;
  readonly shrink: number;
  /** With moments m: m becomes keep · m + add · d and replaces d, or leads it as Nesterov's momentum where that is not 0. */
  readonly keep: number;
  readonly add: number;
  readonly nesterov: number;
  /** With second moments v: v becomes beta2 · v + rest2 · d², and m is divided by √v + eps. */
  readonly beta2: number;
  readonly rest2: number;
  readonly eps: number;
}
// Parameters, gradients, first and second moments, and the largest second moments so far.
export const letters = ["p", "g", "m", "v", "w"] as const;

// A loop for each kind of state: one that asks at every element takes twice as long.
function cpuStep(io: Views, { lr, weightDecay, sign, shrink, keep, add, nesterov, beta2, rest2, eps }: Rates): void {
  for (let k = 0; io[`p${k}`]; k++) {
    const [p, g, m, v, w] = letters.map((letter) => io[letter + k] && elements(io[letter + k]!)) as [TypedArray, ...TypedArray[]];
    if (!m) for (let i = 0; i < p.length; i++) p[i] = p[i]! - lr * (sign * g![i]! + weightDecay * p[i]!);
    else if (!v)
      for (let i = 0; i < p.length; i++) {
        const d = sign * g![i]! + weightDecay * p[i]!;
        const mean = (m[i] = keep * m[i]! + add * d);
        const step = nesterov === 0 ? mean : d + nesterov * mean;
        p[i] = p[i]! - lr * step;
      }
    else
      for (let i = 0; i < p.length; i++) {
        const d = sign * g![i]! + weightDecay * p[i]!;
        const mean = (m[i] = keep * m[i]! + add * d);
        let square = (v[i] = beta2 * v[i]! + rest2 * d * d);
        if (w) square = w[i] = Math.max(w[i]!, square);
        p[i] = shrink * p[i]! - (lr * mean) / (Math.sqrt(square) + eps);
      }
  }
}

function gpuStep(io: Views, rates: Rates, q: Launcher): void {
  const { m0, m1, w0, v0, g0, ...own } = io;
  // Memory that no invocation touches stands in for what is not there; written bindings must all differ.
  const bind: Views = { p2: m0!, p3: m1!, p1: w0!, v0: v0!, g0: g0!, g1: g0!, g2: g0!, g3: g0!, ...own };
  for (const name of ["p1", "p2", "p3", "v1"]) bind[name] ??= q.scratch("float32", [4]);
  const quads = [0, 1, 2, 3].map((k) => Math.ceil(sizeOf(io[`g${k}`]?.shape ?? [0]) / 4));
  q.launch(
    kernel(source, "step_all", {
      ...(m0 && { gradient: "gradient_pair", direction: v0 ? "direction_scaled" : "direction_moment" }),
      ...(w0 && { largest: "largest_kept" }),
    }),
    bind,
    { ...rates, ...Object.fromEntries(quads.map((n, k) => [`quads${k}`, n])) },
    quads.reduce((a, b) => a + b),
  );
}

/** Updates parameters and their state in place. */
export const step = { cpu: cpuStep, gpu: gpuStep };
