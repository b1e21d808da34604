// What a training step costs once it is warm, in counts that no machine's speed changes.
import { beforeAll, describe, expect, it } from "vitest";
import * as w from "../../src/index.ts";
import { lenet, mlp, trainStep } from "./networks.ts";

beforeAll(async () => {
  expect((await w.init({ device: "webgpu" })).device).toBe("webgpu");
});

type Stats = ReturnType<typeof w.stats>;
const since = (before: Stats): Stats =>
  Object.fromEntries(Object.entries(w.stats()).map(([key, n]) => [key, n - before[key as keyof Stats]])) as Stats;

describe.each([
  ["LeNet, Adam, batch 64", lenet, 64, 60],
  ["MLP, Adam, batch 128", mlp, 128, 30],
] as const)("%s", (_name, make, size, budget) => {
  it(`takes at most ${budget} dispatches and one submit, and creates no shader or pipeline`, async () => {
    w.manualSeed(0);
    const model = make();
    const optimizer = new w.optim.Adam(model.parameters(), { lr: 1e-3 });
    for (let i = 0; i < 3; i++) await trainStep(model, optimizer, size, i).item();
    const before = w.stats();
    await trainStep(model, optimizer, size, 3).item();
    const cost = since(before);
    expect(cost.dispatches).toBeLessThanOrEqual(budget);
    expect(cost.submits).toBe(1);
    expect(cost.shadersCreated + cost.pipelinesCreated).toBe(0);
  });

  it("compiles nothing for a new learning rate, nor for a smaller last batch after its first appearance", async () => {
    const model = make();
    const optimizer = new w.optim.Adam(model.parameters(), { lr: 1e-3 });
    for (const n of [size, 23, size]) await trainStep(model, optimizer, n).item();
    const before = w.stats();
    for (let i = 0; i < 4; i++) {
      optimizer.paramGroups[0]!.lr = 1e-3 / (i + 1);
      await trainStep(model, optimizer, i % 2 === 0 ? size : 23, i).item();
    }
    expect(since(before).pipelinesCreated).toBe(0);
    expect(since(before).shadersCreated).toBe(0);
  });

  it("inside tidy() creates no buffer and no bind group", async () => {
    const model = make();
    const optimizer = new w.optim.Adam(model.parameters(), { lr: 1e-3 });
    const step = async (i: number): Promise<void> => {
      w.tidy(() => {
        trainStep(model, optimizer, size, i);
      });
      await w.sync();
    };
    // The collector still hands back what earlier tests dropped, which moves buffers about; once it is done, nothing is created any more.
    let created = Infinity;
    for (let round = 0; round < 8 && created > 0; round++) {
      for (let i = 0; i < 4; i++) await step(i);
      const before = w.stats();
      for (let i = 0; i < 8; i++) await step(i);
      created = since(before).buffersCreated + since(before).bindGroupsCreated;
    }
    expect(created).toBe(0);
  });
});

it.each(["cpu", "webgpu"] as const)("on %s the same seed gives bit-identical weights after 100 steps", async (device) => {
  await w.init({ device });
  const run = async (): Promise<number[]> => {
    w.manualSeed(3);
    const model = lenet();
    const optimizer = new w.optim.Adam(model.parameters(), { lr: 2e-3 });
    for (let i = 0; i < 100; i++) {
      w.tidy(() => {
        trainStep(model, optimizer, 8, i);
      });
      await w.sync();
    }
    const weights: number[] = [];
    for (const p of model.parameters()) weights.push(...(await p.array()));
    return weights;
  };
  const [first, second] = [await run(), await run()];
  expect(first.length).toBeGreaterThan(60_000);
  expect(second).toEqual(first);
  await w.init({ device: "webgpu" });
});
