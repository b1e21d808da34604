// Passes over a set of samples, each in an order of its own, cut into batches as they are asked for.
import { data, type Generator } from "../../src/index.ts";

/** Where a training stands among its samples; a checkpoint keeps it beside the weights. */
export interface Place {
  readonly epoch: number;
  readonly steps: number;
  readonly at: number;
  readonly order: readonly number[];
}

export class Passes {
  readonly #count: number;
  readonly #random: Generator;
  readonly #part: number;
  #order = new Int32Array(0);
  #at = 0;
  #epoch = 0;
  #steps = 0;

  /** The first pass takes the samples in parts of so many, shuffled within each, so that it can begin before all are there. */
  constructor(count: number, random: Generator, part = count) {
    this.#count = count;
    this.#random = random;
    this.#part = part;
  }

  /** Batches taken. */
  get steps(): number {
    return this.#steps;
  }
  /** Passes begun, at least one batch into each. */
  get epoch(): number {
    return this.#epoch;
  }
  /** True right after the last batch of a pass. */
  get atEnd(): boolean {
    return this.#steps > 0 && this.#at >= this.#order.length;
  }
  /** Has the next batch ready, and says how many samples from the front of the set it reaches into. */
  ready(batchSize: number): number {
    if (this.#at >= this.#order.length) this.#shuffle();
    return 1 + this.#order.subarray(this.#at, this.#at + batchSize).reduce((a, b) => Math.max(a, b));
  }
  /** The next batch; the last of a pass may be smaller. */
  next(batchSize: number): Int32Array {
    if (this.#at >= this.#order.length) this.#shuffle();
    this.#steps++;
    return this.#order.subarray(this.#at, (this.#at += batchSize));
  }

  get place(): Place {
    return { epoch: this.#epoch, steps: this.#steps, at: this.#at, order: [...this.#order] };
  }
  set place({ epoch, steps, at, order }: Place) {
    [this.#epoch, this.#steps, this.#at] = [epoch, steps, at];
    this.#order = Int32Array.from(order);
  }

  /** The order of the next pass, as PyTorch's DataLoader(shuffle=True) has it; cut into batches later, because their size may change on the way. */
  #shuffle(): void {
    // The loader draws 64 bits for the seeds of its workers before the sampler draws its own.
    this.#random.random();
    this.#random.random();
    this.#order = Int32Array.from(new data.RandomSampler({ length: this.#count }));
    if (this.#epoch === 0) {
      const partOf = (sample: number): number => Math.floor(sample / this.#part);
      this.#order.sort((a, b) => partOf(a) - partOf(b)); // stable
    }
    this.#at = 0;
    this.#epoch++;
  }
}
