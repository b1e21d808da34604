// Parts of data sets.
import { permutation } from "../base/draws.ts";
import { ArgumentError, show, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { defaultGenerator, type Generator, generatorOf, isWhole } from "../base/random.ts";
import { entry, exactly, listed, takes } from "../base/reading.ts";
import { integer } from "../ops/arguments.ts";
import type { Each } from "../ops/tensor.ts";
import type { Collated, Dataset } from "./dataset.ts";
import type { Sampler } from "./sampler.ts";

/**
 * Some examples of another data set.
 * @example
 * const all = new data.TensorDataset(arange(10));
 * const last = new data.Subset(all, [7, 8, 9]);
 * last.length; // → 3
 */
export class Subset<T, B = Collated<T>> implements Dataset<T, B> {
  declare readonly dataset: Dataset<T, B>;
  declare readonly indices: readonly number[];
  /** Whole batches, when the data set behind makes them. */
  readonly getBatch?: (indices: readonly number[]) => B;

  /** Errors: ArgumentError for an index outside of the data set. */
  constructor(dataset: Dataset<T, B>, indices: Iterable<number>) {
    takes("Subset", arguments, 2);
    this.dataset = dataset;
    this.indices = listed("Subset", indices, "indices");
    under("Subset", () => integer(dataset?.length, "the length of the data set", 0));
    for (const i of this.indices)
      if (!isWhole(i, 0, dataset.length - 1)) throw new ArgumentError(`index ${i} is outside of ${dataset.length} examples`, "", "Subset");
    if (dataset.getBatch)
      this.getBatch = (some, ...rest: []) => {
        takes("getBatch", rest, 0);
        return dataset.getBatch!(some.map((i) => this.indices[i]!));
      };
  }
  get length(): number {
    return this.indices.length;
  }
  get(index: number): T | Promise<T> {
    return this.dataset.get(this.indices[index]!);
  }
  static {
    exactly(this.prototype, "get");
  }
}

/**
 * Disjoint random parts of a data set, by lengths or by fractions that sum to 1 (what rounding leaves goes to the first parts).
 * Errors: ArgumentError when the lengths do not sum to the data set's.
 * @example
 * const [train, test] = data.randomSplit(new data.TensorDataset(arange(10)), [0.8, 0.2]);
 * [train.length, test.length]; // → [8, 2]
 */
export function randomSplit<const N extends readonly number[], T, B = Collated<T>>(
  dataset: Dataset<T, B>,
  lengths: N,
  ...rest: [generator?: Generator] | [options: { readonly generator?: Generator }]
): Each<N, Subset<T, B>> {
  return entry("randomSplit", arguments, Infinity, () => {
    const { generator } = parse(rest, { generator: undefined as Generator | undefined });
    const n = dataset.length;
    const total = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    let sizes: number[] = [...lengths];
    if (Math.abs(total(lengths) - 1) < 1e-9 && lengths.every((f) => f >= 0 && f <= 1)) {
      sizes = lengths.map((f) => Math.floor(n * f));
      for (let i = 0, left = n - total(sizes); i < left; i++) sizes[i % sizes.length]!++;
    }
    if (!sizes.every((s) => isWhole(s, 0)) || total(sizes) !== n)
      throw new ArgumentError(`lengths ${show(lengths)} do not sum to ${n} examples, or 1`);
    const order = permutation(generatorOf(generator), n);
    let at = 0;
    return sizes.map((size) => new Subset(dataset, order.slice(at, (at += size)))) as Each<N, Subset<T, B>>;
  });
}

/**
 * The given indices in random order, for splits that share one data set.
 * @example
 * manualSeed(0);
 * [...new data.SubsetRandomSampler([7, 8, 9])]; // → [9, 7, 8]
 */
export class SubsetRandomSampler implements Sampler {
  declare readonly indices: readonly number[];
  readonly #generator: Generator | undefined;
  constructor(indices: Iterable<number>, ...rest: [generator?: Generator] | [options: { readonly generator?: Generator }]) {
    const { generator } = under("SubsetRandomSampler", () => parse(rest, { generator: undefined as Generator | undefined }));
    this.indices = listed("SubsetRandomSampler", indices, "indices");
    this.#generator = generator;
  }
  get length(): number {
    return this.indices.length;
  }
  *[Symbol.iterator](): IterableIterator<number> {
    for (const i of permutation(this.#generator ?? defaultGenerator(), this.length)) yield this.indices[i]!;
  }
}
