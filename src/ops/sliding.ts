// Geometry of convolutions: arguments as PyTorch takes them, output sizes, and the description the planner in src/backend/conv.ts wants.
import type { Sliding } from "../backend/conv.ts";
import { ArgumentError, ShapeError, show } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import type { Meta } from "./op.ts";
import { perDim } from "./windows.ts";

/** Reads stride, padding (numbers), dilation and groups. Errors: ShapeError, ArgumentError. */
export function sliding(op: string, rank: number, o: { stride: unknown; padding: unknown; dilation: unknown; groups: unknown }): Sliding {
  if (!Number.isInteger(o.groups) || (o.groups as number) < 1)
    throw new ArgumentError(op, `groups must be a positive integer, got ${String(o.groups)}`);
  return {
    stride: perDim(op, "stride", o.stride, rank, 1),
    padding: perDim(op, "padding", o.padding, rank, 0),
    dilation: perDim(op, "dilation", o.dilation, rank, 1),
    groups: o.groups as number,
  };
}

/** Spatial output sizes. Errors: ShapeError when the window does not fit. */
export function convSizes(op: string, size: Shape, window: Shape, a: Sliding): number[] {
  return size.map((n, i) => {
    const span = a.dilation[i]! * (window[i]! - 1) + 1;
    const out = Math.floor((n + 2 * a.padding[i]! - span) / a.stride[i]!) + 1;
    if (out < 1)
      throw new ShapeError(
        op,
        `the window ${show(window)} with dilation ${show(a.dilation)} does not fit into ${show(size)} with padding ${show(a.padding)}`,
      );
    return out;
  });
}

/** Checks x [N, C, …], weight [O, C/groups, …] and bias [O]. Errors: ShapeError naming the counts. */
export function checkConv(op: string, x: Meta, weight: Meta, bias: Meta | undefined, a: Sliding): void {
  const [c, o] = [x.shape[1]!, weight.shape[0]!];
  if (weight.shape[1]! * a.groups !== c)
    throw new ShapeError(
      op,
      `weight ${show(weight.shape)} wants ${weight.shape[1]! * a.groups} channels, x ${show(x.shape)} has ${c} (groups = ${a.groups})`,
    );
  if (o % a.groups !== 0) throw new ShapeError(op, `${o} output channels do not divide into ${a.groups} groups`);
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== o))
    throw new ShapeError(op, `bias ${show(bias.shape)} does not fit ${o} output channels`);
  if (weight.shape.slice(2).some((k) => k < 1)) throw new ShapeError(op, `weight ${show(weight.shape)} has an empty window`);
}
