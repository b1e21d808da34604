// Data sets: things with a length that give examples by index.
import { permutation } from "../base/draws.ts";
import "../kits/indexing.ts";
import { tidy } from "../autograd/scope.ts";
import { ArgumentError, ShapeError, show, under } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { parse } from "../base/options.ts";
import { type Generator, generatorOf, isWhole } from "../base/random.ts";
import { tensor } from "../create.ts";
import type { DeviceName } from "../device.ts";
import { operands } from "../ops/arguments.ts";
import type { Tensor } from "../tensor.ts";

/** Examples by index. `getBatch`, where there is one, makes a whole batch at once and stands in for collating. */
export interface Dataset<T = unknown, B = unknown> {
  readonly length: number;
  get(index: number): T | Promise<T>;
  getBatch?(indices: readonly number[]): B;
}

/** Rows of tensors that share their first dimension. An example is a list of rows, a batch a list of tensors. */
export class TensorDataset implements Dataset<Tensor[], Tensor[]> {
  declare readonly tensors: readonly Tensor[];
  declare readonly length: number;

  /** Errors: ShapeError when the first dimensions differ. */
  constructor(...tensors: readonly Tensor[]) {
    this.tensors = under("TensorDataset", () => operands(tensors));
    this.length = tensors[0]!.shape[0]!;
    if (!tensors.every((t) => t.ndim > 0 && t.shape[0] === this.length))
      throw new ShapeError(`first dimensions differ: ${tensors.map((t) => show(t.shape)).join(", ")}`, "", "TensorDataset");
  }
  get(index: number): Tensor[] {
    return this.tensors.map((t) => t.select(0, index));
  }
  getBatch(indices: readonly number[]): Tensor[] {
    const rows = new Map<DeviceName, Tensor>();
    const rowsOn = (device: DeviceName): Tensor => memo(rows, device, () => tensor(Int32Array.from(indices), { device }));
    return tidy(() => this.tensors.map((t) => t.indexSelect(0, rowsOn(t.device.type))));
  }
}

/** Some examples of another data set. */
export class Subset<T, B> implements Dataset<T, B> {
  declare readonly dataset: Dataset<T, B>;
  declare readonly indices: readonly number[];
  /** Whole batches, when the data set behind makes them. */
  readonly getBatch?: (indices: readonly number[]) => B;

  /** Errors: ArgumentError for an index outside of the data set. */
  constructor(dataset: Dataset<T, B>, indices: Iterable<number>) {
    this.dataset = dataset;
    this.indices = [...indices];
    for (const i of this.indices)
      if (!isWhole(i, 0, dataset.length - 1)) throw new ArgumentError(`index ${i} is outside of ${dataset.length} examples`, "", "Subset");
    if (dataset.getBatch) this.getBatch = (some) => dataset.getBatch!(some.map((i) => this.indices[i]!));
  }
  get length(): number {
    return this.indices.length;
  }
  get(index: number): T | Promise<T> {
    return this.dataset.get(this.indices[index]!);
  }
}

/**
 * Disjoint random parts of a data set, by lengths or by fractions that sum to 1 (what rounding leaves goes to the first parts).
 * Errors: ArgumentError when the lengths do not sum to the data set's.
 */
export function randomSplit<T, B>(
  dataset: Dataset<T, B>,
  lengths: readonly number[],
  options: { readonly generator?: Generator } = {},
): Subset<T, B>[] {
  return under("randomSplit", () => {
    const { generator } = parse([options], {}, { generator: undefined as Generator | undefined });
    const n = dataset.length;
    const total = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    let sizes = [...lengths];
    if (Math.abs(total(lengths) - 1) < 1e-9 && lengths.every((f) => f >= 0 && f <= 1)) {
      sizes = lengths.map((f) => Math.floor(n * f));
      for (let i = 0, rest = n - total(sizes); i < rest; i++) sizes[i % sizes.length]!++;
    }
    if (!sizes.every((s) => isWhole(s, 0)) || total(sizes) !== n)
      throw new ArgumentError(`lengths ${show(lengths)} do not sum to ${n} examples, or 1`);
    const order = permutation(generatorOf(generator), n);
    let at = 0;
    return sizes.map((size) => new Subset(dataset, order.slice(at, (at += size))));
  });
}
