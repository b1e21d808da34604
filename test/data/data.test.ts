// Data sets and loaders: PyTorch's order, batches on every device, and both ways of iterating.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ArgumentError, DtypeError, ShapeError } from "../../src/base/errors.ts";
import { defaultGenerator, Generator, manualSeed } from "../../src/base/random.ts";
import { tensor } from "../../src/tensor/create.ts";
import { randomSplit, Subset, SubsetRandomSampler } from "../../src/data/index.ts";
import { DataLoader, type Dataset, defaultCollate, TensorDataset } from "../../src/data/index.ts";
import { init } from "../../src/tensor/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadFixture } from "../golden/loader.ts";

interface Case {
  readonly seed: number;
  readonly n: number;
  readonly batchSize: number;
  readonly dropLast: boolean;
  readonly generatorSeed: number | null;
  readonly epochs: readonly (readonly (readonly number[])[])[];
  readonly randAfter: readonly number[];
}
const { cases } = (await loadFixture("training/shuffles")) as { cases: readonly Case[] };
const counting = (n: number): TensorDataset => new TensorDataset(tensor(Int32Array.from({ length: n }, (_, i) => i)));
const numbers: Dataset<number, Tensor> = { length: 5, get: (i) => i * i };

describe.each(["cpu", "webgpu"] as const)("on %s", (device) => {
  beforeAll(async () => expect((await init({ device })).device).toBe(device));
  afterAll(async () => void (await init({ device: "cpu" })));

  it("DataLoader takes an array of examples, and says what else it wants", async () => {
    const examples = [1, 2, 3].map((v) => [tensor([v, v]), v] as const);
    const batches = [...new DataLoader(examples, { batchSize: 2 })] as Tensor[][];
    expect(await Promise.all(batches.map(([x]) => x!.tolist()))).toEqual([[[1, 1], [2, 2]], [[3, 3]]]); // prettier-ignore
    expect(await Promise.all(batches.map(([, y]) => y!.tolist()))).toEqual([[1, 2], [3]]);
    expect([...new DataLoader([1, 2, 3], { shuffle: true, batchSize: 2 })].length).toBe(2);
    expect(() => new DataLoader({ length: 3 } as never)).toThrow("DataLoader: the data set has no get(index)");
  });

  it.each(
    cases.map(
      (c) =>
        [
          `${c.n} in batches of ${c.batchSize}${c.dropLast ? ", dropLast" : ""}${c.generatorSeed === null ? "" : ", own generator"}`,
          c,
        ] as const,
    ),
  )("shuffles %s as PyTorch does", async (_, c) => {
    manualSeed(c.seed);
    const generator = c.generatorSeed === null ? {} : { generator: new Generator(c.generatorSeed) };
    const loader = new DataLoader(counting(c.n), { batchSize: c.batchSize, shuffle: true, dropLast: c.dropLast, ...generator });
    expect(loader.length).toBe(c.epochs[0]!.length);
    for (const epoch of c.epochs) {
      const got: unknown[] = [];
      for (const [batch] of loader) got.push(await batch!.tolist());
      expect(got).toEqual(epoch);
    }
    const after = defaultGenerator().fillUniform(new Float32Array(3));
    after.forEach((v, i) => expect(v).toBeCloseTo(c.randAfter[i]!, 6));
  });

  it("makes batches of several tensors at once, the last one smaller", async () => {
    const set = new TensorDataset(
      tensor([
        [0, 1],
        [2, 3],
        [4, 5],
      ]),
      tensor([7, 8, 9], { dtype: "int32" }),
    );
    const shapes = [...new DataLoader(set, { batchSize: 2 })].map((batch) => batch.map((t) => [t.shape, t.dtype]));
    expect(shapes).toEqual([
      [
        [[2, 2], "float32"],
        [[2], "int32"],
      ],
      [
        [[1, 2], "float32"],
        [[1], "int32"],
      ],
    ]);
    expect(await set.get(1)[0]!.tolist()).toEqual([2, 3]);
    const [x, y] = [...new DataLoader(set, { batchSize: 3 })][0]!;
    expect([await x!.tolist(), await y!.tolist()]).toEqual([
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
      [7, 8, 9],
    ]);
  });
});

describe("DataLoader", () => {
  it("iterates plainly and asynchronously over examples of any kind", async () => {
    const got: unknown[] = [];
    for (const batch of new DataLoader(numbers, { batchSize: 2 })) got.push([batch.dtype, await batch.tolist()]);
    expect(got).toEqual([
      ["int32", [0, 1]],
      ["int32", [4, 9]],
      ["int32", [16]],
    ]);
    const late: Dataset<{ x: Tensor; name: string }, { x: Tensor; name: string[] }> = {
      length: 3,
      get: async (i) => ({ x: tensor([i, i]), name: `n${i}` }),
    };
    const loader = new DataLoader(late, { batchSize: 3 });
    for await (const { x, name } of loader)
      expect([x.shape, name]).toEqual([
        [3, 2],
        ["n0", "n1", "n2"],
      ]);
    expect(() => [...loader]).toThrow("for await");
  });

  /** An example that fails later, and whether anybody waits for it: if nobody does, it is an unhandled rejection. */
  function failing(message: string): { example: Promise<number>; awaited: () => boolean } {
    const example = Promise.reject<number>(new RangeError(message));
    const then = vi.spyOn(example, "then");
    return { example, awaited: () => then.mock.calls.length > 0 };
  }
  const thrown = (message: string): never => {
    throw new RangeError(message);
  };

  it.each(["for", "for await"])("%s: an example that throws at once leaves no other rejection behind", async (loop) => {
    const late = [failing("0"), failing("1")];
    const set: Dataset<number, Tensor> = { length: 4, get: (i) => (i === 2 ? thrown("at once") : late[i]!.example) };
    const loader = new DataLoader(set, { batchSize: 4 });
    const next = async (): Promise<unknown> => (loop === "for" ? loader[Symbol.iterator]().next() : loader[Symbol.asyncIterator]().next());
    await expect(next()).rejects.toThrow("at once");
    expect(late.map(({ awaited }) => awaited())).toEqual([true, true]);
  });

  it("waits for every example of a batch whose first rejects, and refuses promises in a plain loop with nothing left behind", async () => {
    const late = [failing("0"), failing("1"), failing("2")];
    const set: Dataset<number, Tensor> = { length: 3, get: (i) => late[i]!.example };
    await expect(new DataLoader(set, { batchSize: 3 })[Symbol.asyncIterator]().next()).rejects.toThrow("0");
    expect(late.map(({ awaited }) => awaited())).toEqual([true, true, true]);
    const again = failing("again");
    const plain = new DataLoader({ length: 1, get: () => again.example });
    expect(() => [...plain]).toThrow("examples arrive asynchronously (use for await)");
    expect(again.awaited()).toBe(true);
    const batch = failing("batch");
    const whole = new DataLoader({ length: 1, get: () => 0, getBatch: () => batch.example });
    expect(() => [...whole]).toThrow("use for await");
    expect(batch.awaited()).toBe(true);
  });

  it("takes examples from other kinds of promises", async () => {
    // eslint-disable-next-line unicorn/no-thenable
    const thenable = { then: (done: (value: number) => void) => done(7) } as unknown as Promise<number>;
    const got: number[][] = [];
    for await (const batch of new DataLoader<number, Tensor>({ length: 2, get: () => thenable }, { batchSize: 2 }))
      got.push((await batch.tolist()) as number[]);
    expect(got).toEqual([[7, 7]]);
  });

  it("hands on what collateFn, a sampler and a data set throw, and ends the epoch", async () => {
    const sampler = { length: 2, *[Symbol.iterator]() { yield 0; thrown("of the sampler"); } }; // prettier-ignore
    const loaders: [DataLoader<number, unknown>, string, number][] = [
      [new DataLoader(numbers as Dataset<number, unknown>, { collateFn: () => thrown("of collateFn") }), "of collateFn", 0],
      [new DataLoader(numbers as Dataset<number, unknown>, { sampler }), "of the sampler", 1],
      [new DataLoader({ length: 2, get: () => 0, getBatch: ([i]) => (i ? thrown("of getBatch") : i) }), "of getBatch", 1],
      [new DataLoader({ length: 2, get: async (i) => (i ? thrown("of get") : 0) }), "of get", 1],
    ];
    for (const [loader, message, before] of loaders) {
      const batches = loader[Symbol.asyncIterator]();
      for (let i = 0; i < before; i++) expect((await batches.next()).done).toBe(false);
      await expect(batches.next(), message).rejects.toThrow(message);
      expect(await batches.next()).toEqual({ done: true, value: undefined });
      if (message === "of get") continue;
      const plain = loader[Symbol.iterator]();
      for (let i = 0; i < before; i++) plain.next();
      expect(() => plain.next(), message).toThrow(message);
      expect(plain.next()).toEqual({ done: true, value: undefined });
    }
  });

  it("closes the sampler when a loop is left early, once, however often it is returned", async () => {
    let closed = 0;
    const sampler = { length: 5, *[Symbol.iterator]() { try { yield* [0, 1, 2, 3, 4]; } finally { closed++; } } }; // prettier-ignore
    const loader = new DataLoader(numbers, { sampler });
    for (const _ of loader) break;
    expect(closed).toBe(1);
    for await (const _ of loader) break;
    expect(closed).toBe(2);
    const plain = loader[Symbol.iterator]() as unknown as { next(): { done: boolean }; return(): { done: boolean } };
    plain.next();
    expect([plain.return(), plain.return(), plain.next()].map(({ done }) => done)).toEqual([true, true, true]);
    const late = loader[Symbol.asyncIterator]() as AsyncGenerator<Tensor, undefined>;
    await late.next();
    expect((await Promise.all([late.return(undefined), late.return(undefined), late.next()])).map(({ done }) => done)).toEqual([
      true,
      true,
      true,
    ]);
    expect(closed).toBe(4);
    expect([...loader].length).toBe(5);
  });

  it("takes a sampler, a collate function, and subsets", async () => {
    const own = new DataLoader(numbers, {
      batchSize: 2,
      sampler: { length: 3, [Symbol.iterator]: () => [4, 2, 0].values() },
      collateFn: (e) => tensor(e.map((v) => -v)),
    });
    expect(await Promise.all([...own].map((b) => b.tolist()))).toEqual([[-16, -4], [-0]]);
    const subset = new Subset(counting(10), [9, 3, 5]);
    expect(await Promise.all([...new DataLoader(subset, { batchSize: 2 })].map((b) => b[0]!.tolist()))).toEqual([[9, 3], [5]]);
    const seen = [...new DataLoader(counting(10), { sampler: new SubsetRandomSampler([1, 4, 7], new Generator(1)) })];
    expect((await Promise.all(seen.map((b) => b[0]!.item()))).sort((a, b) => a - b)).toEqual([1, 4, 7]);
  });

  it("takes the size of batches and shuffle by position, as PyTorch does", async () => {
    const order = (loader: DataLoader<Tensor[], Tensor[]>): Promise<unknown> => {
      manualSeed(5);
      return Promise.all(Array.from(loader, (batch) => batch[0]!.tolist()));
    };
    expect(new DataLoader(counting(10), 4).length).toBe(3);
    const placed = await order(new DataLoader(counting(10), 4, true, { dropLast: true }));
    expect(placed).toEqual(await order(new DataLoader(counting(10), { batchSize: 4, shuffle: true, dropLast: true })));
    expect(placed).not.toEqual(await order(new DataLoader(counting(10), 4, { dropLast: true })));
  });

  it("knows what batches of examples are made of", async () => {
    const examples = [{ x: tensor([1, 2]), y: 3, name: "a", pair: [true, tensor(4)] as const }];
    const [batch] = [...new DataLoader(examples)];
    const { x, y, name, pair } = batch!;
    expect([x.shape, y.dtype, name, pair[0].dtype, pair[1].shape]).toEqual([[1, 2], "int32", ["a"], "bool", [1]]);
    const own: string = [...new DataLoader(examples, { collateFn: ([only]) => only!.name })][0]!;
    expect(own).toBe("a");
    const [first, second] = randomSplit(new TensorDataset(tensor([1, 2, 3]), tensor([4, 5, 6])), [2, 1]);
    for (const [a, b] of new DataLoader(first, 2)) expect(await b.sub(a).tolist()).toEqual([3, 3]);
    expect(second.length).toBe(1);
  });

  it("splits at random, disjointly, by lengths and by fractions", () => {
    for (const lengths of [
      [6, 3, 1],
      [0.55, 0.25, 0.2],
    ]) {
      const parts = randomSplit(counting(10), lengths, { generator: new Generator(3) });
      expect(parts.map((p) => p.length)).toEqual([6, 2, 2].map((n, i) => (lengths[0] === 6 ? lengths[i] : n)));
      expect(parts.flatMap((p) => p.indices).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect(() => randomSplit(counting(10), [3, 3])).toThrow(ArgumentError);
  });

  it("refuses bad sets and options", () => {
    const bad: [() => unknown, new (...a: never[]) => Error, string][] = [
      [() => new TensorDataset(), ArgumentError, "needs a non-empty array of tensors"],
      [() => new TensorDataset(tensor([1, 2]), tensor([1])), ShapeError, "first dimensions differ: [2], [1]"],
      [() => new DataLoader(numbers, { batchSize: 0 }), ArgumentError, "batchSize must be an integer of at least 1, got 0"],
      [() => new DataLoader(numbers, 2, true, { batchSize: 3 } as object), ArgumentError, "batchSize was given twice"],
      [() => new DataLoader(numbers, { batchSise: 2 } as object), ArgumentError, "unknown option batchSise"],
      [() => new DataLoader(numbers, { shuffle: true, sampler: new SubsetRandomSampler([0]) }), ArgumentError, "beside a sampler"],
      [
        () => new DataLoader({ length: 0, get: () => 0 }, { shuffle: true }),
        ArgumentError,
        "the length of the data set must be an integer of at least 1, got 0",
      ],
      [
        () => new DataLoader(numbers, { sampler: { length: 1 } as SubsetRandomSampler }),
        ArgumentError,
        "the sampler is object, not iterable",
      ],
      [() => new DataLoader(numbers, { collateFn: 3 as never }), ArgumentError, "collateFn is number, not a function"],
      [() => new DataLoader(numbers, { generator: 3 as never }), ArgumentError, "generator must be a Generator, got number"],
      [() => new DataLoader({} as Dataset), ArgumentError, "the length of the data set must be"],
      [() => new Subset(numbers, [5]), ArgumentError, "index 5 is outside of 5 examples"],
      [() => defaultCollate([null]), DtypeError, "cannot make a batch of null"],
      [() => defaultCollate([[1], [1, 2]]), ArgumentError, "different lengths"],
    ];
    for (const [call, type, message] of bad) {
      expect(call, message).toThrow(type);
      expect(call).toThrow(message);
    }
  });
});
