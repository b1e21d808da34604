// The order in which examples are visited.
import { permutation } from "../base/draws.ts";
import { under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { defaultGenerator, Generator } from "../base/random.ts";
import { entry, takes } from "../base/reading.ts";
import { integer } from "../ops/arguments.ts";

/** Gives indices of examples; iterated anew for every epoch. */
export interface Sampler extends Iterable<number> {
  readonly length: number;
}

const lengthOf = (source: { readonly length: number } | undefined): number =>
  under("Sampler", () => integer(source?.length, "the length of the data set", 0));

/**
 * 0, 1, 2, …
 * @example [...new data.SequentialSampler([10, 20, 30])]; // → [0, 1, 2]
 */
export class SequentialSampler implements Sampler {
  declare readonly length: number;
  constructor(source: { readonly length: number }) {
    takes("SequentialSampler", arguments, 1);
    this.length = lengthOf(source);
  }
  *[Symbol.iterator](): IterableIterator<number> {
    yield* new Array(this.length).keys();
  }
}

/**
 * A new random order every epoch. Without a generator of its own, each epoch is seeded from the default one, as in PyTorch.
 * @example
 * manualSeed(1);
 * [...new data.RandomSampler([10, 20, 30, 40])]; // → [2, 1, 0, 3]
 */
export class RandomSampler implements Sampler {
  declare readonly length: number;
  readonly #generator: Generator | undefined;
  constructor(source: { readonly length: number }, ...rest: [options?: { readonly generator?: Generator | undefined }]) {
    const { generator } = under("RandomSampler", () => parse(rest, {}, { generator: undefined as Generator | undefined }));
    this.length = lengthOf(source);
    this.#generator = generator;
  }
  *[Symbol.iterator](): IterableIterator<number> {
    let generator = this.#generator;
    if (!generator) {
      // PyTorch draws 64 bits for the seed; a Mersenne Twister is seeded with the lower 32.
      defaultGenerator().random();
      generator = new Generator(defaultGenerator().random());
    }
    yield* permutation(generator, this.length);
    // PyTorch draws a second order at the end and uses none of it; with a generator of one's own the next epoch follows from there.
    permutation(generator, this.length);
  }
}

/**
 * Cuts what a sampler gives into lists of batchSize; dropLast leaves out a shorter last one.
 * @example [...new data.BatchSampler(new data.SequentialSampler([10, 20, 30]), 2, false)]; // → [[0, 1], [2]]
 */
export class BatchSampler implements Iterable<number[]> {
  declare readonly sampler: Sampler;
  declare readonly batchSize: number;
  declare readonly dropLast: boolean;
  constructor(sampler: Sampler, batchSize: number, dropLast: boolean) {
    entry("BatchSampler", arguments, 3, () => integer(batchSize, "batchSize", 1));
    this.sampler = sampler;
    this.batchSize = batchSize;
    this.dropLast = dropLast;
  }
  get length(): number {
    const round = this.dropLast ? Math.floor : Math.ceil;
    return round(this.sampler.length / this.batchSize);
  }
  *[Symbol.iterator](): IterableIterator<number[]> {
    let batch: number[] = [];
    for (const i of this.sampler) {
      batch.push(i);
      if (batch.length < this.batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}
