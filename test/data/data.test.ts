// Data sets and loaders: PyTorch's order, batches on every device, and both ways of iterating.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArgumentError, DtypeError, ShapeError } from "../../src/base/errors.ts";
import { defaultGenerator, Generator, manualSeed } from "../../src/base/random.ts";
import { tensor } from "../../src/create.ts";
import { randomSplit, Subset, SubsetRandomSampler } from "../../src/extra/index.ts";
import { DataLoader, type Dataset, defaultCollate, TensorDataset } from "../../src/data/index.ts";
import { init } from "../../src/device.ts";
import type { Tensor } from "../../src/tensor.ts";
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

  it("takes a sampler, a collate function, and subsets", async () => {
    const own = new DataLoader(numbers, {
      batchSize: 2,
      sampler: { length: 3, [Symbol.iterator]: () => [4, 2, 0].values() },
      collate: (e) => tensor(e.map((v) => -v)),
    });
    expect(await Promise.all([...own].map((b) => b.tolist()))).toEqual([[-16, -4], [-0]]);
    const subset = new Subset(counting(10), [9, 3, 5]);
    expect(await Promise.all([...new DataLoader(subset, { batchSize: 2 })].map((b) => b[0]!.tolist()))).toEqual([[9, 3], [5]]);
    const seen = [...new DataLoader(counting(10), { sampler: new SubsetRandomSampler([1, 4, 7], new Generator(1)) })];
    expect((await Promise.all(seen.map((b) => b[0]!.item()))).sort((a, b) => a - b)).toEqual([1, 4, 7]);
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
      [() => new DataLoader(numbers, { batchSise: 2 } as object), ArgumentError, "unknown option batchSise"],
      [() => new DataLoader(numbers, { shuffle: true, sampler: new SubsetRandomSampler([0]) }), ArgumentError, "beside a sampler"],
      [
        () => new DataLoader({ length: 0, get: () => 0 }, { shuffle: true }),
        ArgumentError,
        "the length of the data set must be an integer of at least 1, got 0",
      ],
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
