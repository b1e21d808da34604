// What einsum's subscripts say, from an equation or from lists of numbers: a label for every dimension of the operands and of the result.
import { ArgumentError, ShapeError, show } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";

/** Numbers from 0 to 51 in place of letters, "..." for the dimensions without one. */
export type Sublist = readonly (number | "...")[];

/** Subscripts of each operand, letters and "...", and of the result where they are given. */
export interface Subscripts {
  readonly inputs: readonly (readonly string[])[];
  readonly output?: readonly string[] | undefined;
}

/** A label for every dimension, and how large each label is. */
export interface Labelled {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
  readonly sizes: ReadonlyMap<string, number>;
}

const ellipsis = "...";
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Subscripts of one operand or of the result. Errors: ArgumentError for other signs than letters and one "...". */
function checked(list: readonly string[], whose: string): readonly string[] {
  const odd = list.find((s) => s !== ellipsis && !letters.includes(s));
  if (odd !== undefined) throw new ArgumentError(`"${odd}" among the subscripts of ${whose} is no letter`, 'letters, spaces and "..."');
  if (list.indexOf(ellipsis) !== list.lastIndexOf(ellipsis)) throw new ArgumentError(`the subscripts of ${whose} have more than one "..."`);
  return list;
}

/** Spaces may stand anywhere but inside an ellipsis or an arrow. */
const signs = (text: string): string[] => text.match(/\.{3}|[^ ]/g) ?? [];

/** Reads `ij,jk->ik`. Errors: ArgumentError. */
export function fromEquation(equation: string): Subscripts {
  const [left, right, more] = equation.split("->");
  if (more !== undefined) throw new ArgumentError(`"${equation}" has more than one arrow`);
  return { inputs: left!.split(",").map(signs), output: right === undefined ? undefined : signs(right) };
}

/** Reads lists of numbers. Errors: ArgumentError. */
export function fromLists(inputs: readonly Sublist[], output: Sublist | undefined): Subscripts {
  const spelt = (list: Sublist): string[] =>
    list.map((s) => {
      const letter = s === ellipsis ? s : letters[s];
      if (letter === undefined) throw new ArgumentError(`${String(s)} is no subscript`, 'whole numbers from 0 to 51, and "..."');
      return letter;
    });
  return { inputs: inputs.map(spelt), output: output && spelt(output) };
}

/** Labels of n dimensions without letters, told by their distance from the last one: there they align. */
const hidden = (n: number): string[] => Array.from({ length: n }, (_, i) => `${i - n}`);

/** How many dimensions of an operand have no letter. Errors: ShapeError unless subscripts and dimensions match. */
function unnamed(list: readonly string[], shape: Shape, i: number): number {
  const open = list.includes(ellipsis);
  const n = shape.length - list.length + Number(open);
  if (open ? n < 0 : n !== 0)
    throw new ShapeError(`operand ${i} ${show(shape)} does not have ${open ? "at least " : ""}${list.length - Number(open)} dimensions`);
  return n;
}

/** The size of every label: operands agree, or have size 1. Errors: ShapeError. */
function sizesOf(inputs: readonly (readonly string[])[], shapes: readonly Shape[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [i, list] of inputs.entries())
    for (const [d, label] of list.entries()) {
      const size = shapes[i]![d]!;
      const twin = shapes[i]![list.indexOf(label)]!;
      if (twin !== size)
        throw new ShapeError(`subscript ${label} of operand ${i} ${show(shapes[i]!)} stands for sizes ${twin} and ${size}`);
      const known = sizes.get(label) ?? 1;
      if (known !== 1 && size !== 1 && known !== size)
        throw new ShapeError(
          `operands do not broadcast: ${/\d/.test(label) ? `dim ${label}` : `subscript ${label}`} has sizes ${known} and ${size}`,
        );
      if (size !== 1 || !sizes.has(label)) sizes.set(label, size);
    }
  return sizes;
}

/**
 * Labels and sizes for operands of these shapes. A result that is not given has the dimensions without letters, then, in order, the letters that
 * occur once. Errors: ArgumentError for subscripts that make no sense, ShapeError for those that do not fit.
 */
export function labelled({ inputs, output }: Subscripts, shapes: readonly Shape[]): Labelled {
  if (inputs.length !== shapes.length) throw new ArgumentError(`there are subscripts for ${inputs.length} operands, got ${shapes.length}`);
  const counts = inputs.map((list, i) => unnamed(checked(list, `operand ${i}`), shapes[i]!, i));
  const all = inputs.flat();
  const once = all.filter((s) => s !== ellipsis && all.indexOf(s) === all.lastIndexOf(s)).sort();
  const result = checked(output ?? [ellipsis, ...once], "the result");
  for (const [i, s] of result.entries()) {
    if (result.indexOf(s) !== i) throw new ArgumentError(`subscript ${s} stands twice in the result`);
    if (s !== ellipsis && !all.includes(s)) throw new ArgumentError(`subscript ${s} of the result is in no operand`);
  }
  const spread = (list: readonly string[], n: number): string[] => list.flatMap((s) => (s === ellipsis ? hidden(n) : [s]));
  const full = inputs.map((list, i) => spread(list, counts[i]!));
  return { inputs: full, output: spread(result, Math.max(...counts)), sizes: sizesOf(full, shapes) };
}
