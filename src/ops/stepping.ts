// The fused optimiser steps: what they share, which is all but the way their rates are given. Each call updates several parameters and
// their state in place, within eight buffers per dispatch.
import source from "../../shaders/stepping.wgsl?raw";
import type { View, Views } from "../backend/backend.ts";
import { elements } from "../backend/cpu.ts";
import { kernel, type Launcher } from "../backend/kernel.ts";
import { checkFloat } from "../base/checks.ts";
import { DtypeError, ShapeError, show } from "../base/errors.ts";
import { isContiguous, sameShape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Arg, type Fn, type Inputs, type Meta, type Primitive, t } from "./op.ts";

/** Whether a kernel that walks whole buffers may have it: dense, from the first element of its memory to the last. */
export const fillsStorage = (x: View): boolean => x.offset === 0 && isContiguous(x) && x.storage.elements === sizeOf(x.shape);

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
  /** With second moments v: v becomes beta2 · v + rest2 · d², and m is divided by √v / root + eps. */
  readonly beta2: number;
  readonly rest2: number;
  readonly root: number;
  readonly eps: number;
}

/** Numbers of the parameters in `io`. */
const updated = (io: Views | Inputs): number[] => Object.keys(io).flatMap((key) => (key.startsWith("p") ? [Number(key.slice(1))] : []));

/** Errors: ShapeError when a gradient or state tensor does not fit its parameter; DtypeError unless all are of one float dtype. */
function checkUpdate(ins: Inputs, letters: readonly string[], most: number): { out: Meta } {
  const numbers = updated(ins);
  if (numbers.length === 0 || numbers.length > most)
    throw new ShapeError(`${numbers.length} parameters, takes at least 1 and at most ${most} at a time`);
  for (const k of numbers) {
    const { shape, dtype } = ins[`p${k}`]!;
    checkFloat(dtype);
    for (const name of letters) {
      if (name !== "g" && !(`${name}0` in ins)) continue;
      const other = ins[name + k];
      if (!other || !sameShape(other.shape, shape))
        throw new ShapeError(`${name}${k} of shape ${other ? show(other.shape) : "none"} does not fit a parameter of ${show(shape)}`);
      if (other.dtype !== dtype) throw new DtypeError(`${name}${k} is ${other.dtype}, its parameter ${dtype}`);
    }
  }
  const { shape, dtype } = ins["p0"]!;
  return { out: { shape, dtype } };
}

// A loop for each kind of state: one that asks at every element takes twice as long.
function cpuStep(io: Views, { lr, weightDecay, sign, shrink, keep, add, nesterov, beta2, rest2, root, eps }: Rates): void {
  for (const k of updated(io)) {
    const [p, g] = [elements(io[`p${k}`]!), elements(io[`g${k}`]!)];
    const [m, v, w] = ["m", "v", "w"].map((letter) => io[letter + k] && elements(io[letter + k]!));
    if (!m) for (let i = 0; i < p.length; i++) p[i] = p[i]! - lr * (sign * g[i]! + weightDecay * p[i]!);
    else if (!v)
      for (let i = 0; i < p.length; i++) {
        const d = sign * g[i]! + weightDecay * p[i]!;
        const mean = (m[i] = keep * m[i]! + add * d);
        const step = nesterov === 0 ? mean : d + nesterov * mean;
        p[i] = p[i]! - lr * step;
      }
    else
      for (let i = 0; i < p.length; i++) {
        const d = sign * g[i]! + weightDecay * p[i]!;
        const mean = (m[i] = keep * m[i]! + add * d);
        let square = (v[i] = beta2 * v[i]! + rest2 * d * d);
        if (w) square = w[i] = Math.max(w[i]!, square);
        p[i] = shrink * p[i]! - (lr * mean) / (Math.sqrt(square) / root + eps);
      }
  }
}

function gpuStep(io: Views, rates: Rates, q: Launcher): void {
  const { m0, m1, w0, ...own } = io;
  const bind: Views = { ...own, ...(m0 && { p2: m0 }), ...(m1 && { p3: m1 }), ...(w0 && { p1: w0 }) };
  const direction = io["v0"] ? "direction_scaled" : "direction_moment";
  const roles: Record<string, string> = m0 ? { gradient: "gradient_pair", direction } : {};
  if (w0) roles["largest"] = "largest_kept";
  const quads = [0, 1, 2, 3].map((k) => (io[`g${k}`] ? Math.ceil(sizeOf(io[`g${k}`]!.shape) / 4) : 0));
  // Memory that no invocation touches stands in for what is not there; written bindings must all differ.
  for (const name of ["p1", "p2", "p3", "v1"]) bind[name] ??= q.scratch("float32", [4]);
  for (const name of ["g1", "g2", "g3"]) bind[name] ??= io["g0"]!;
  q.launch(
    kernel(source, "step_all", roles),
    bind,
    { ...rates, ...Object.fromEntries(quads.map((n, k) => [`quads${k}`, n])) },
    quads.reduce((a, b) => a + b),
  );
}

/**
 * A step over lists of tensors: parameters, gradients, and those of the state, a letter each. It takes at most `most` parameters at a time,
 * two if they have a state, one if that includes the largest second moments; `rates` reads what the caller gives last.
 */
export const stepping = <F extends Fn, G>(
  state: readonly string[],
  most: number,
  rates: (given: G) => Rates,
  record: Pick<Primitive<F>, "samples" | "errors">,
): Primitive<F, never, Rates> => {
  const letters = ["g", ...state];
  return {
    self: -1,
    call: (...args) => {
      const inputs: Record<string, Tensor> = {};
      ["p", ...letters].forEach((letter, l) => (args[l] as readonly Tensor[]).forEach((x, k) => (inputs[letter + k] = x)));
      return { inputs, attrs: rates(args.at(-1) as G) };
    },
    meta: (ins) => checkUpdate(ins, letters, "w0" in ins ? 1 : "m0" in ins ? 2 : most),
    cpu: cpuStep,
    gpu: gpuStep,
    mutates: ["p", ...state].flatMap((letter) => [0, 1, 2, 3].map((k) => letter + k)),
    backward: "none",
    ...record,
  };
};

const numbers = (shape: readonly number[], least: number): Arg =>
  t(shape, { data: Array.from({ length: sizeOf(shape) }, (_, i) => least + ((i * 7 + 3) % 11) / 10), fixed: true });
/** For samples, which are written to and so keep their layout: two parameters with gradients, first and second moments. */
export const sample = ([[5], [2, 2]] as const).map((shape) => [-0.5, -0.3, -0.2, 0.1].map((least) => numbers(shape, least)));
