// What the optimiser steps of update.ts share: operands numbered by parameter, their check, and the launch size.
import type { View, Views } from "../backend/backend.ts";
import { isFloat } from "../base/dtype.ts";
import { DtypeError, ShapeError, show } from "../base/errors.ts";
import { isContiguous, sameShape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Inputs, Meta } from "./op.ts";

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
