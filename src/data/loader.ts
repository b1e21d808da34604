// DataLoader: batches of a data set, in order or shuffled as PyTorch shuffles.
import "../ops/indexing/index.ts";
import { ArgumentError, DtypeError, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { defaultGenerator, type Generator, generatorOf } from "../base/random.ts";
import { listed, takes } from "../base/reading.ts";
import { integer } from "../ops/arguments.ts";
import { tensor } from "../tensor/create.ts";
import { functions } from "../tensor/methods.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Collated, Dataset } from "./dataset.ts";
import { BatchSampler, RandomSampler, type Sampler, SequentialSampler } from "./sampler.ts";

export interface LoaderOptions<T, B> {
  readonly batchSize?: number;
  readonly shuffle?: boolean;
  /** Decides the order instead of shuffle. */
  readonly sampler?: Sampler;
  /** Leaves out the last batch when it is smaller. */
  readonly dropLast?: boolean;
  /** Default: the generator that manualSeed() seeds. */
  readonly generator?: Generator;
  /** Makes a batch from its examples. Default: tensors and numbers are stacked, inside arrays and objects too. */
  readonly collateFn?: (examples: T[]) => B;
}

/** Stacks examples: tensors along a new first dimension, numbers into a tensor, arrays and plain objects field by field. */
export function defaultCollate(given: readonly unknown[]): unknown {
  takes("collate", arguments, 1);
  return under("collate", () => {
    const examples = listed("collate", given, "examples");
    const [first] = examples;
    if (first instanceof Tensor) return functions.stack(examples as Tensor[]);
    // Whole numbers are class indices as a rule, as in PyTorch.
    if (typeof first === "number") return tensor(examples as number[], { dtype: examples.every(Number.isInteger) ? "int32" : "float32" });
    if (typeof first === "boolean") return tensor(examples as boolean[]);
    if (typeof first === "string") return [...examples];
    if (ArrayBuffer.isView(first)) return functions.stack(examples.map((e) => tensor(e as Float32Array<ArrayBuffer>)));
    if (typeof first !== "object" || first === null) throw new DtypeError(`cannot make a batch of ${String(first)}`, "pass collateFn");
    const list = Array.isArray(first);
    if (list && examples.some((e) => (e as unknown[]).length !== first.length))
      throw new ArgumentError("lists of different lengths", "pass collateFn");
    const fields = Object.keys(first).map(
      (key) => [key, defaultCollate(examples.map((e) => (e as Record<string, unknown>)[key]))] as const,
    );
    return list ? fields.map(([, batch]) => batch) : Object.fromEntries(fields);
  });
}

/** Also of other makes than Promise. */
const isPromise = (v: unknown): v is PromiseLike<unknown> =>
  typeof (v as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
/** What nobody will wait for says nothing more. */
const abandoned = (v: unknown): void => void (isPromise(v) && Promise.resolve(v).catch(() => undefined));

/** An array as a data set. */
class ArrayDataset<T, B> implements Dataset<T, B> {
  readonly #examples: readonly T[];
  constructor(examples: readonly T[]) {
    this.#examples = examples;
  }
  get length(): number {
    return this.#examples.length;
  }
  get(index: number): T {
    return this.#examples[index]!;
  }
}

/**
 * Batches of a data set or an array of examples: `for (const [x, y] of loader)`, or `for await` when examples arrive asynchronously.
 * Every loop is an epoch. `length` is the number of batches.
 * @example
 * const dataset = new data.TensorDataset(randn(10, 2), arange(10));
 * const loader = new data.DataLoader(dataset, { batchSize: 4, shuffle: true });
 * loader.length; // → 3
 * Array.from(loader, ([x, y]) => [x.shape, y.shape]); // → [[[4, 2], [4]], [[4, 2], [4]], [[2, 2], [2]]]
 */
export class DataLoader<T, B = Collated<T>> implements Iterable<B>, AsyncIterable<B> {
  declare readonly dataset: Dataset<T, B>;
  declare readonly batches: BatchSampler;
  readonly #options: Pick<LoaderOptions<T, B>, "generator" | "collateFn">;

  constructor(
    source: Dataset<T, B> | readonly T[],
    batchSize: number,
    shuffle: boolean,
    options?: Omit<LoaderOptions<T, B>, "batchSize" | "shuffle">,
  );
  constructor(source: Dataset<T, B> | readonly T[], batchSize: number, options?: Omit<LoaderOptions<T, B>, "batchSize">);
  /** Errors: ArgumentError for options outside their domain, or shuffle together with a sampler. */
  constructor(source: Dataset<T, B> | readonly T[], options?: LoaderOptions<T, B>);
  constructor(source: Dataset<T, B> | readonly T[], ...rest: readonly unknown[]) {
    const dataset: Dataset<T, B> = Array.isArray(source) ? new ArrayDataset(source as T[]) : (source as Dataset<T, B>);
    const o = under("DataLoader", () => {
      const given = parse(
        rest,
        { batchSize: 1, shuffle: false },
        {
          sampler: undefined as Sampler | undefined,
          dropLast: false,
          generator: undefined as Generator | undefined,
          collateFn: undefined as ((examples: T[]) => B) | undefined,
        },
      );
      if (given.shuffle && given.sampler) throw new ArgumentError("shuffle beside a sampler");
      generatorOf(given.generator);
      if (given.sampler && !(Symbol.iterator in Object(given.sampler)))
        throw new ArgumentError(`the sampler is ${typeof given.sampler}, not iterable`, "indices of examples, with a length");
      if (given.collateFn && typeof given.collateFn !== "function")
        throw new ArgumentError(`collateFn is ${typeof given.collateFn}, not a function`);
      integer(dataset?.length, "the length of the data set", given.shuffle ? 1 : 0);
      if (typeof dataset.get !== "function" && !dataset.getBatch)
        throw new ArgumentError("the data set has no get(index)", "write one, pass an array, or use TensorDataset");
      return given;
    });
    this.dataset = dataset;
    this.#options = o as LoaderOptions<T, B>;
    this.batches = new BatchSampler(
      o.sampler ?? (o.shuffle ? new RandomSampler(dataset, { generator: o.generator }) : new SequentialSampler(dataset)),
      o.batchSize,
      o.dropLast,
    );
  }

  get batchSize(): number {
    return this.batches.batchSize;
  }
  get length(): number {
    return this.batches.length;
  }

  /** The batch, or a promise of it when an example is one. */
  #fetch(indices: number[]): B | PromiseLike<B> {
    const { dataset } = this;
    const { collateFn } = this.#options;
    if (dataset.getBatch && !collateFn) return dataset.getBatch(indices);
    const gather = collateFn ?? (defaultCollate as (examples: T[]) => B);
    const examples: (T | PromiseLike<T>)[] = [];
    try {
      for (const i of indices) examples.push(dataset.get(i));
    } catch (error) {
      examples.forEach(abandoned);
      throw error;
    }
    return examples.some(isPromise) ? Promise.all(examples).then(gather) : gather(examples as T[]);
  }
  /** PyTorch draws a seed for its workers at the start of every epoch; the streams agree only if it is drawn here too. */
  #begin(): void {
    const generator = this.#options.generator ?? defaultGenerator();
    generator.random();
    generator.random();
  }

  *[Symbol.iterator](): IterableIterator<B> {
    this.#begin();
    for (const indices of this.batches) {
      const batch = this.#fetch(indices);
      if (isPromise(batch)) {
        abandoned(batch);
        throw new ArgumentError("examples arrive asynchronously", "use for await", "DataLoader");
      }
      yield batch;
    }
  }
  async *[Symbol.asyncIterator](): AsyncIterableIterator<B> {
    this.#begin();
    for (const indices of this.batches) yield await this.#fetch(indices);
  }
}
