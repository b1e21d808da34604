// What the fused optimiser steps share: operands numbered by parameter, their check, the launch. Each call updates several parameters and
// their state in place, within eight buffers per dispatch.
import type { View, Views } from "../backend/backend.ts";
import type { Kernel, Launcher } from "../backend/kernel.ts";
import { isFloat } from "../base/dtype.ts";
import { DtypeError, ShapeError, show } from "../base/errors.ts";
import { isContiguous, sameShape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Arg, type Inputs, type Meta, t } from "./op.ts";

/** Operands `p0`, `p1`, … from a list. */
export const listed = (prefix: string, tensors: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(tensors.map((x, k) => [`${prefix}${k}`, x]));

/** Numbers of the parameters in `io`. */
export const updated = (io: Views | Inputs): number[] =>
  Object.keys(io).flatMap((key) => (key.startsWith("p") ? [Number(key.slice(1))] : []));

/** Whether a kernel that walks whole buffers may have it: dense, from the first element of its memory to the last. */
export const fillsStorage = (x: View): boolean => x.offset === 0 && isContiguous(x) && x.storage.elements === sizeOf(x.shape);

/** Errors: ShapeError when a gradient or state tensor does not fit its parameter; DtypeError unless all are of one float dtype. */
export function checkUpdate(op: string, ins: Inputs, state: readonly string[], most: number): { out: Meta } {
  const numbers = updated(ins);
  if (numbers.length === 0 || numbers.length > most)
    throw new ShapeError(op, `${numbers.length} parameters, takes at least 1 and at most ${most} at a time`);
  for (const k of numbers) {
    const { shape, dtype } = ins[`p${k}`]!;
    if (!isFloat(dtype)) throw new DtypeError(op, `parameter ${k} is ${dtype}`, "only floating tensors are trained");
    for (const name of ["g", ...state]) {
      const other = ins[`${name}${k}`];
      if (!other && (name === "g" || `${name}0` in ins)) throw new ShapeError(op, `operand ${name}${k} is missing`);
      if (other && !sameShape(other.shape, shape))
        throw new ShapeError(op, `${name}${k} of shape ${show(other.shape)} does not fit a parameter of shape ${show(shape)}`);
      if (other && other.dtype !== dtype) throw new DtypeError(op, `${name}${k} is ${other.dtype}, its parameter ${dtype}`);
    }
  }
  return { out: { shape: ins["p0"]!.shape, dtype: ins["p0"]!.dtype } };
}

/**
 * Launches a step for several parameters. Memory that the kernel will not touch stands in for what `io` lacks: `writes` names the written
 * bindings, which must all differ.
 */
export function launchStep(
  q: Launcher,
  step: Kernel,
  io: Views,
  writes: readonly string[],
  { maximize, ...rates }: { readonly maximize: boolean },
  more: Readonly<Record<string, number>>,
): void {
  const quads = [0, 1, 2, 3].map((k) => (io[`g${k}`] ? Math.ceil(sizeOf(io[`g${k}`]!.shape) / 4) : 0));
  const params = { ...rates, ...more, sign: maximize ? -1 : 1, ...Object.fromEntries(quads.map((n, k) => [`quads${k}`, n])) };
  const spare = writes.filter((name) => !io[name]).map((name) => [name, q.scratch("float32", [4])] as const);
  const read = { g1: io["g0"]!, g2: io["g0"]!, g3: io["g0"]! };
  q.launch(step, { ...read, ...Object.fromEntries(spare), ...io }, params, quads.reduce((a, b) => a + b)); // prettier-ignore
}

const fixed = (shape: readonly number[], data: readonly number[]): Arg => t(shape, { data, fixed: true });
/** For samples: two parameters with gradients, first and second moments. */
export const sample = {
  p: fixed([5], [0.5, -1.25, 2, -0.75, 0.125]),
  g: fixed([5], [0.3, -0.2, 0.9, 1.4, -0.6]),
  m: fixed([5], [0.1, 0.2, -0.3, 0.4, 0.5]),
  v: fixed([5], [0.4, 0.3, 0.2, 0.1, 0.5]),
  p2: fixed([2, 2], [1, -2, 3, -4]),
  g2: fixed([2, 2], [-0.5, 0.25, 0.75, 1]),
  m2: fixed([2, 2], [0, 0.1, 0.2, 0.3]),
  v2: fixed([2, 2], [0.2, 0.1, 0.4, 0.3]),
};
