// What the steps of optimisers share: lists of parameters, gradients and state as numbered operands, p0, g0, p1, g1, …
import { checkFloat } from "../base/checks.ts";
import { ShapeError } from "../base/errors.ts";
import { sizeOf } from "../base/shape.ts";
import { checkFits, productDtype } from "./arguments.ts";
import { type Arg, type Inputs, type Meta, t } from "./op.ts";
import type { Tensor } from "./tensor.ts";

export type Tensors = readonly Tensor[];

/** The operands of lists by letter; lists of a state that is not kept are empty. */
export function numbered(lists: Readonly<Record<string, Tensors>>): Record<string, Tensor> {
  const inputs: Record<string, Tensor> = {};
  for (const [letter, list] of Object.entries(lists)) for (const [k, x] of list.entries()) inputs[letter + k] = x;
  return inputs;
}

/** Names of the operands that steps of up to `most` parameters write to. */
export const written = (letters: string, most: number): readonly string[] =>
  Array.from(letters, (letter) => Array.from({ length: most }, (_, k) => letter + k)).flat();

/** Errors: ShapeError when a gradient or state tensor is missing or does not fit its parameter; DtypeError unless all are of one float dtype. */
export function checkStep(ins: Inputs, letters: string, most: number): { out: Meta } {
  const count = Object.keys(ins).filter((key) => key.startsWith("p")).length;
  const first = ins["p0"];
  if (!first || count > most) throw new ShapeError(`${count} parameters, takes at least 1 and at most ${most} at a time`);
  checkFloat(productDtype(ins));
  for (let k = 0; k < count; k++)
    for (const letter of letters) {
      const other = ins[letter + k];
      if (!other) throw new ShapeError(`${letter}${k} is missing`);
      checkFits(letter + k, other.shape, ins[`p${k}`]!.shape);
    }
  return { out: first };
}

/** Two sample tensors, from `least` up; what is written to keeps its layout. */
export const pair = (least: number): readonly [Arg, Arg] => [numbers([5], least), numbers([2, 2], least)];
const numbers = (shape: readonly number[], least: number): Arg =>
  t(shape, { data: Array.from({ length: sizeOf(shape) }, (_, i) => least + ((i * 7 + 3) % 11) / 10), fixed: true });
