// What the initialisers share: a tensor's contents replaced by what a generator draws.
import { checkFloat } from "../../base/checks.ts";
import { type Float32s, type Float64s, hostArray } from "../../base/dtype.ts";
import { parse } from "../../base/options.ts";
import { type Generator, generatorOf } from "../../base/random.ts";
import { entry } from "../../base/reading.ts";
import { operand } from "../../ops/arguments.ts";
import { type Drawing, drawing } from "../../ops/drawing.ts";
import { overwrite } from "../../tensor/dispatch.ts";
import type { Tensor } from "../../tensor/tensor.ts";

export type Floats = Float32s | Float64s;
export type Bounds = { a: number; b: number };
export type Spread = { mean: number; std: number };

/** Fills a tensor and gives it back; takes the options `O` by position, as in the tuple A, or by name, and a generator. */
export type Initialiser<O, A extends readonly unknown[] = [value?: O[keyof O]]> = (
  x: Tensor,
  ...rest: A | [...Required<A>, options: Drawing] | [options: Drawing & Partial<O>]
) => Tensor;

let skipped = false;
/** Runs fn, in which initialisers draw nothing and leave what they are given. */
export function unfilled<T>(fn: () => T): T {
  const outer = skipped;
  skipped = true;
  try {
    return fn();
  } finally {
    skipped = outer;
  }
}

/** An initialiser that replaces the contents of x by what `draw` leaves in a host array; it works on every device, unseen by autograd. */
export const initialiser =
  <O extends object, A extends readonly unknown[]>(
    op: string,
    defaults: O,
    draw: (source: Generator, out: Floats, options: O, x: Tensor) => void,
  ): Initialiser<O, A> =>
  (x, ...rest) =>
    entry(op, [x, ...rest], Infinity, () => {
      const o = parse(rest, defaults, drawing);
      checkFloat(operand(x).dtype);
      if (skipped) return x;
      const out = hostArray(x.dtype, x.numel()) as Floats;
      draw(generatorOf(o.generator), out, o, x);
      overwrite(x, x.uploadedLike(x.dtype, out, x.shape));
      return x;
    });
