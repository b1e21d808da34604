// Geometry of windows that slide over the last dimensions: arguments as PyTorch takes them, checks and output sizes.
import { described } from "../base/copies.ts";
import { type ArgumentError, ShapeError, show } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import type { Sliding } from "../kernels/convolution.ts";
import { integer } from "./arguments.ts";
import { type Arg, t } from "./op.ts";

/** One number for every dimension, or one each. */
export type Sizes = number | readonly number[];

const told = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(told).join(", ")}]` : typeof value === "object" ? described(value) : String(value);

/** A per-dimension argument. Errors: ShapeError, or a class of the caller's, for a wrong count or values below `least`. */
export function perDim(
  name: string,
  value: unknown,
  rank: number,
  least: number,
  Failure: typeof ShapeError | typeof ArgumentError = ShapeError,
): number[] {
  const given = [value].flat();
  const list = given.length === 1 ? new Array<unknown>(rank).fill(given[0]) : given;
  if (list.length !== rank || list.some((v) => !Number.isInteger(v) || (v as number) < least))
    throw new Failure(`${name} must be an integer ≥ ${least}, or ${rank} of them, got ${told(value)}`);
  return list as number[];
}

/** Sizes that a shape's last `rank` dimensions are brought to; null keeps one. Errors: ShapeError. */
export function adaptedSizes(outputSize: unknown, shape: Shape, rank: number): number[] {
  const each = Array.isArray(outputSize) && outputSize.length === rank;
  return perDim("outputSize", each ? outputSize.map((n: unknown, i) => n ?? shape.at(i - rank)) : [outputSize], rank, 0);
}

/** Reads stride, padding (numbers), dilation and groups. Errors: ShapeError, ArgumentError. */
export const sliding = (
  rank: number,
  o: { readonly stride?: unknown; readonly padding?: unknown; readonly dilation?: unknown; readonly groups?: unknown },
): Sliding => ({
  stride: perDim("stride", o.stride, rank, 1),
  padding: perDim("padding", o.padding, rank, 0),
  dilation: perDim("dilation", o.dilation ?? 1, rank, 1),
  groups: integer(o.groups ?? 1, "groups", 1),
});

/** Errors: ShapeError unless the shape has one of these numbers of dimensions. */
export function checkRank(name: string, shape: Shape, ...ranks: readonly number[]): void {
  if (!ranks.includes(shape.length)) throw new ShapeError(`${name} must have ${ranks.join(" or ")} dimensions, got ${show(shape)}`);
}

/** For maps that need something in every window. Errors: ShapeError unless channels, perhaps after a batch, have `rank` dimensions, none empty. */
export function checkFilled(shape: Shape, rank: number): void {
  checkRank("x", shape, rank + 1, rank + 2);
  if (shape.slice(-rank - 1).includes(0)) throw new ShapeError(`x ${show(shape)} has an empty dimension`, "only the batch may be empty");
}

/** Output sizes over the extents `size`; `ceil` also counts a last window that leaves the input. Errors: ShapeError when the window does not fit. */
export function slidingSizes(size: Shape, window: Shape, a: Sliding, ceil = false): number[] {
  const { stride, padding, dilation } = a;
  return size.map((n, i) => {
    const room = n + 2 * padding[i]! - dilation[i]! * (window[i]! - 1) - 1;
    const steps = room / stride[i]!;
    let out = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // The last window must start inside the input or its left padding.
    if (ceil && (out - 1) * stride[i]! >= n + padding[i]!) out--;
    if (out < 1)
      throw new ShapeError(
        `the window ${show(window)} with dilation ${show(dilation)} does not fit into ${show(size)} with padding ${show(padding)}`,
      );
    return out;
  });
}

/** Checks that weight [O, C/groups, …] leads from x [N, C, …] to y [N, O, …]. Errors: ShapeError naming the counts. */
export function checkConv(x: Shape, weight: Shape, y: Shape, groups: number): void {
  const [outputs, share] = weight as [number, number];
  const check = (shape: Shape, wanted: number): void => {
    if (shape[1] === wanted) return;
    throw new ShapeError(`weight ${show(weight)} wants ${wanted} channels, ${show(shape)} has ${shape[1]} (groups = ${groups})`);
  };
  check(x, share * groups);
  check(y, outputs);
  if (outputs % groups) throw new ShapeError(`${outputs} channels do not divide into ${groups} groups`);
  if (x[0] !== y[0]) throw new ShapeError(`${show(x)} and ${show(y)} differ in the number of images`);
  if (weight.slice(2).includes(0)) throw new ShapeError(`weight ${show(weight)} has an empty window`);
}

/** A sample tensor with `rank` spatial dimensions after the leading ones. */
export const sized = (rank: number, lead: readonly number[], ...list: readonly number[]): Arg => t([...lead, ...list.slice(0, rank)]);
