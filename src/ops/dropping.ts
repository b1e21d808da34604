// What the kinds of dropout share.
import { checkFloat } from "../base/checks.ts";
import { parse } from "../base/options.ts";
import { generatorOf, type PhiloxKey } from "../base/random.ts";
import { sizeOf } from "../base/shape.ts";
import { operand } from "./arguments.ts";
import { type Drawing, drawing, keyOf, probability } from "./drawing.ts";
import type { Composite } from "./op.ts";
import type { Tensor } from "./tensor.ts";

export interface DropoutOptions extends Drawing {
  readonly p?: number;
  readonly training?: boolean;
  readonly inplace?: boolean;
}
type DropoutRest =
  | [p?: number, training?: boolean, inplace?: boolean]
  | [p: number, options: DropoutOptions]
  | [p: number, training: boolean, options: DropoutOptions]
  | [options: DropoutOptions];
export type Dropping = Composite<(x: Tensor, ...rest: DropoutRest) => Tensor>;
type Sizes = readonly number[];

/**
 * A record that draws once for all elements that share a place of `shapeOf(x)`; `dropped` makes the result from the draw. In place that is
 * copied into x. Off unless training, which `training` is the default of.
 */
export const dropping = (
  training: boolean,
  shapeOf: (x: Tensor) => Sizes,
  dropped: (x: Tensor, p: number, key: PhiloxKey, shape: Sizes) => Tensor,
  record: Pick<Dropping, "samples" | "errors">,
): Dropping => ({
  rest: true,
  compose: (x, ...rest) => {
    checkFloat(operand(x).dtype);
    const o = parse(rest, { p: 0.5, training, inplace: false }, drawing);
    const p = probability(o.p);
    const shape = shapeOf(x);
    generatorOf(o.generator);
    if (!o.training || p === 0 || x.numel() === 0) return x;
    const out = dropped(x, p, keyOf(sizeOf(shape), o), shape);
    return o.inplace ? x.copy_(out) : out;
  },
  ...record,
});
