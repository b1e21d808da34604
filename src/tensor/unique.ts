// Each value once. How many there are only the values tell, so that these wait for them; they are compared on the host.
import "../ops/sorting/index.ts";
import type { TypedArray } from "../base/dtype.ts";
import { ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { entry } from "../base/reading.ts";
import { normalizeDim } from "../base/shape.ts";
import { operand } from "../ops/arguments.ts";
import { vector } from "../ops/arranging.ts";
import { named, type NamedPair, type NamedTriple } from "../ops/named.ts";
import { extend } from "./methods.ts";
import type { Tensor } from "./tensor.ts";

export interface ConsecutiveOptions {
  /** Also where in the result every element is. */
  readonly returnInverse?: boolean;
  /** Also how many elements each result stands for. */
  readonly returnCounts?: boolean;
  /** Compares the slices along a dimension instead of single elements. */
  readonly dim?: number | null;
}
export interface UniqueOptions extends ConsecutiveOptions {
  /** Results come in order in any case. */
  readonly sorted?: boolean;
}

type Inverse = NamedPair<"output", "inverseIndices">;
type Counts = NamedPair<"output", "counts">;
type Both = NamedTriple<"output", "inverseIndices", "counts">;
/** PyTorch's forms: a tensor, or a list of what was asked for, which has names too. */
type Unique<O extends ConsecutiveOptions, X extends readonly Tensor[] = [x: Tensor]> = {
  (...args: [...X, options: O & { readonly returnInverse: true; readonly returnCounts: true }]): Promise<Both>;
  (...args: [...X, options: O & { readonly returnInverse: true; readonly returnCounts?: false }]): Promise<Inverse>;
  (...args: [...X, options: O & { readonly returnInverse?: false; readonly returnCounts: true }]): Promise<Counts>;
  (...args: [...X, options?: O & { readonly returnInverse?: false; readonly returnCounts?: false }]): Promise<Tensor>;
  (...args: [...X, options: O]): Promise<Tensor | Inverse | Counts | Both>;
};

/** Whether two rows of so many numbers differ. A NaN differs from all. */
function differ(data: TypedArray, a: number, b: number, width: number): boolean {
  for (let k = 0; k < width; k++) if (data[a * width + k] !== data[b * width + k]) return true;
  return false;
}

/** The order of rows by their first number, then by the next; NaN as the largest, equal ones as they stand. */
function compare(data: TypedArray, a: number, b: number, width: number): number {
  for (let k = 0; k < width; k++) {
    const [v, w] = [data[a * width + k]!, data[b * width + k]!];
    if (v < w || (w !== w && v === v)) return -1;
    if (w < v || (v !== v && w === w)) return 1;
  }
  return a - b;
}

async function found(x: Tensor, o: Required<ConsecutiveOptions>, sorts: boolean): Promise<unknown> {
  const dim = o.dim === null ? null : normalizeDim(o.dim, x.ndim);
  const given = x.detach();
  const rows = dim === null || x.ndim === 0 ? given.flatten() : given.movedim(dim, 0).contiguous();
  const [count, width] = [rows.shape[0]!, rows.shape.slice(1).reduce((n, d) => n * d, 1)];
  if (width === 0) throw new ShapeError(`slices of ${show(x.shape)} along dimension ${dim} have no elements to compare`);
  // Vectors are put in order where they are.
  const ordered = sorts && rows.ndim === 1 ? rows.argsort() : undefined;
  const [data, places] = await Promise.all([rows.array(), ordered?.array()]);
  const order = places ?? Int32Array.from({ length: count }, (_, i) => i);
  if (sorts && !ordered) order.sort((a, b) => compare(data, a, b, width));
  const inverse = new Int32Array(count);
  const firsts: number[] = [];
  const counts: number[] = [];
  order.forEach((row, i) => {
    if (i === 0 || differ(data, order[i - 1]!, row, width)) {
      firsts.push(row);
      counts.push(0);
    }
    inverse[row] = firsts.length - 1;
    counts[firsts.length - 1]!++;
  });
  const once = rows.indexSelect(0, vector(x, firsts));
  const output = rows.ndim === 1 ? once : once.movedim(0, dim!).contiguous();
  if (!o.returnInverse && !o.returnCounts) return output;
  const names = ["output", ...(o.returnInverse ? ["inverseIndices"] : []), ...(o.returnCounts ? ["counts"] : [])];
  const make = {
    output: () => output,
    inverseIndices: () => x.uploadedLike("int32", inverse, dim === null ? x.shape : [count]),
    counts: () => vector(x, counts),
  };
  return named(names, ...names.map((name) => make[name as keyof typeof make]()));
}

const defaults = { returnInverse: false, returnCounts: false, dim: null as number | null };

/**
 * Every value once, in order, or every slice along a dimension; with returnInverse and returnCounts a list { output, inverseIndices, counts }
 * of what was asked for. No gradient flows. Each NaN is a value of its own. Errors: ShapeError for slices without elements.
 * @example
 * const { output, counts } = await unique(tensor([3, 1, 3]), { returnCounts: true });
 * [await output.tolist(), await counts.tolist()]; // → [[1, 3], [1, 2]]
 */
export const unique = ((x: Tensor, ...rest: readonly unknown[]) =>
  entry("unique", rest, Infinity, async () =>
    found(operand(x), parse(rest, {}, { sorted: true, ...defaults }), true),
  )) as Unique<UniqueOptions>;

/**
 * unique of neighbours only: of equal ones that follow each other the first is kept.
 * @example await (await uniqueConsecutive(tensor([1, 1, 2, 1]))).tolist(); // → [1, 2, 1]
 */
export const uniqueConsecutive = ((x: Tensor, ...rest: readonly unknown[]) =>
  entry("uniqueConsecutive", rest, Infinity, async () =>
    found(operand(x), parse(rest, {}, defaults), false),
  )) as Unique<ConsecutiveOptions>;

extend({ unique, uniqueConsecutive });

/** The methods of this file, as Tensor declares them. */
export interface Uniques {
  /** Every value once, in order, or every slice along a dimension; lists as `unique` gives them. */
  readonly unique: Unique<UniqueOptions, []>;
  /** The first of equal neighbours, or of equal slices along a dimension. */
  readonly uniqueConsecutive: Unique<ConsecutiveOptions, []>;
}

declare module "../ops/tensor.ts" {
  interface Tensor extends Uniques {}
}
