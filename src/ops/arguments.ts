// Reading and checking the arguments that operators of several families share.
import { described, isOwn } from "../base/copies.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../base/errors.ts";
import { checkCount, isOptions } from "../base/options.ts";
import { normalizeDim, sameShape, type Shape } from "../base/shape.ts";
import type { Input, Meta } from "./op.ts";
import type { Tensor } from "./tensor.ts";

/** Sizes spread out or as one array: `x.view(2, 3)` and `x.view([2, 3])`. */
export type Sizes = readonly number[] | readonly [sizes: readonly number[]];

/** Told by a mark, since the class stands on a floor above. */
export const isTensor = (x: unknown): x is Tensor => isOwn(x, "tensor");

/** The value itself when it is a tensor. Errors: DtypeError naming the operator. */
export function operand(x: unknown, name = "x"): Tensor {
  if (isTensor(x)) return x;
  throw new DtypeError(`${name} must be a tensor, got ${described(x)}`);
}

/** The list itself when all its members are tensors. Errors: ArgumentError for an empty list, DtypeError for other members. */
export function operands(list: unknown): readonly Tensor[] {
  if (!Array.isArray(list) || list.length === 0) throw new ArgumentError("needs a non-empty array of tensors");
  return list.map((x, i) => operand(x, `element ${i}`));
}

/** A list of integers given spread or as one array. Errors: ShapeError for anything else, ArgumentError for what stands behind it. */
export function integers(rest: readonly unknown[], name = "sizes"): number[] {
  const given = (Array.isArray(rest[0]) ? rest[0] : rest) as readonly unknown[];
  if (given !== rest) checkCount(rest, 1);
  else if (isOptions(rest.at(-1))) checkCount(rest, rest.length - 1);
  if (given.some((d) => !Number.isInteger(d))) throw new ShapeError(`${name} must be integers, got [${given.map(String).join(", ")}]`);
  return [...(given as readonly number[])];
}

/** One integer argument. Errors: ArgumentError. */
export function integer(value: unknown, name: string, least = -Infinity): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < least)
    throw new ArgumentError(`${name} must be an integer${least > -Infinity ? ` of at least ${least}` : ""}, got ${String(value)}`);
  return value;
}

/** One integer or a list of them, as a list. Errors: ShapeError for anything else. */
export const listOf = (given: unknown, name = "sizes"): number[] => integers([given].flat(), name);

/** Normalised dimensions, in the order given. Errors: ShapeError for one out of range or named twice. */
export function distinct(dims: readonly number[], rank: number): number[] {
  const list = dims.map((d) => normalizeDim(d, rank));
  if (new Set(list).size !== list.length) throw new ShapeError(`${show(list)} names a dimension twice`);
  return list;
}

/** Errors: ShapeError unless `shape` has at least `least` and at most `most` dimensions. */
export function checkRank(shape: Shape, least: number, most = Infinity): void {
  if (shape.length < least || shape.length > most)
    throw new ShapeError(
      `needs ${least === most ? least : most < Infinity ? `${least} to ${most}` : `at least ${least}`} dimensions, got ${show(shape)}`,
    );
}

/** A copy of `shape` with the size of one dimension replaced. */
export const withSize = (shape: Shape, dim: number, size: number): number[] => shape.map((d, i) => (i === dim ? size : d));

/** Errors: DtypeError unless `index` holds int32. */
export function checkIndex(index: { readonly dtype: string; readonly shape: Shape }): void {
  if (index.dtype !== "int32")
    throw new DtypeError(`the index ${show(index.shape)} must be int32, got ${index.dtype}`, 'convert it with cast("int32")');
}

/** Errors: ShapeError unless an operand has the shape that others ask of it. */
export function checkFits(name: string, shape: Shape, wanted: Shape): void {
  if (!sameShape(shape, wanted)) throw new ShapeError(`${name} ${show(shape)} does not fit, needs ${show(wanted)}`);
}

/** Errors: DtypeError unless the source of a write, or what else has this name, has the dtype of its destination. */
export function checkSource({ dtype }: { readonly dtype: string }, x: { readonly dtype: string }, name = "the source"): void {
  if (dtype !== x.dtype) throw new DtypeError(`${name} is ${dtype}, x is ${x.dtype}`);
}

/** The dtype of all tensors. Errors: DtypeError when operands differ in it or have none that products exist for. */
export function productDtype(ins: Readonly<Record<string, Input | undefined>>): Meta["dtype"] {
  const list = Object.entries(ins).flatMap(([name, x]) => (x && x.kind !== "number" ? [{ name, x }] : []));
  const [{ x: first }] = list as [(typeof list)[number]];
  for (const { name, x } of list) {
    if (x.dtype !== first.dtype) throw new DtypeError(`${name} is ${x.dtype}, the first operand ${first.dtype}`, "convert one of them");
    if (x.dtype === "bool" || x.dtype === "uint8") throw new DtypeError(`not defined for ${x.dtype}`, "convert to float32 or int32");
  }
  return first.dtype;
}
