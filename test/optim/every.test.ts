// What holds for every optimiser that is exported: a new one is tested by being there.
import { beforeAll, describe, expect, it } from "vitest";
import { ArgumentError } from "../../src/base/errors.ts";
import * as optim from "../../src/optim/index.ts";
import { tensor } from "../../src/tensor/create.ts";
import { type DeviceName, init } from "../../src/tensor/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

type Options = Readonly<Record<string, unknown>>;
type Class = new (params: readonly Tensor[], options: Options) => optim.Optimizer<{ lr: number }>;

const isOptimizer = (value: unknown): value is Class => typeof value === "function" && value.prototype instanceof optim.Optimizer;
const classes = Object.entries(optim as Readonly<Record<string, unknown>>).filter((entry): entry is [string, Class] =>
  isOptimizer(entry[1]),
);
const target = [3, -2, 0.5];
const start = [0, 0, 0];

/** Steps towards (or away from) the least of Σ (w − target)². Gives w after each. */
async function path(optimizer: optim.Optimizer, w: Tensor, steps: number): Promise<number[][]> {
  const passed: number[][] = [];
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    w.sub(tensor(target, { dtype: w.dtype }))
      .square()
      .sum()
      .backward();
    optimizer.step();
    passed.push([...(await w.array())]);
  }
  return passed;
}
const parameter = (values: readonly number[], dtype: "float32" | "float64" = "float32"): Tensor =>
  tensor(values, { dtype, requiresGrad: true });
const distance = (w: readonly number[]): number => Math.hypot(...w.map((v, i) => v - target[i]!));
const taken = (Optimizer: Class): Options => new Optimizer([parameter([1])], {}).defaults;

it("there are optimisers", () => expect(classes.length).toBeGreaterThan(2));

describe.each(classes)("%s", (_, Optimizer) => {
  const defaults = taken(Optimizer);
  const onDevice = async <T>(device: DeviceName, fn: () => Promise<T>): Promise<T> => {
    expect((await init({ device })).device).toBe(device);
    try {
      return await fn();
    } finally {
      await init({ device: "cpu" });
    }
  };

  /** How far from the target a start and each of ten steps are, every one beside the one before. */
  const walk = async (options: Options): Promise<(readonly [before: number, now: number])[]> => {
    const w = parameter(start);
    const passed = [start, ...(await path(new Optimizer([w], { lr: 0.05, ...options }), w, 10))].map(distance);
    return passed.slice(1).map((now, i) => [passed[i]!, now]);
  };

  it("comes closer with every step", async () => {
    for (const [before, now] of await walk({})) expect(now).toBeLessThan(before);
  });

  if ("maximize" in defaults)
    it("goes away where it maximises", async () => {
      for (const [before, now] of await walk({ maximize: true })) expect(now).toBeGreaterThan(before);
    });

  if ("weightDecay" in defaults)
    it("weight decay shrinks what has no gradient to speak of", async () => {
      const w = parameter([2, -4]);
      const optimizer = new Optimizer([w], { lr: 0.1, weightDecay: 0.1 });
      for (let step = 0; step < 3; step++) {
        w.grad = tensor([0, 0], { dtype: "float32" });
        optimizer.step();
      }
      const [a, b] = await w.array();
      expect(a).toBeLessThan(2);
      expect(a).toBeGreaterThan(1);
      expect(b).toBeGreaterThan(-4);
      expect(b).toBeLessThan(-3);
    });

  it("goes on from its state dict as if it had never stopped", async () => {
    const w = parameter(start);
    const first = new Optimizer([w], { lr: 0.05 });
    await path(first, w, 3);
    const copy = parameter([...(await w.array())]);
    const second = new Optimizer([copy], { lr: 1 });
    second.loadStateDict(first.stateDict());
    expect(await path(second, copy, 3)).toEqual(await path(first, w, 3));
  });

  it("refuses a negative rate", () => {
    expect(() => new Optimizer([parameter([1])], { lr: -1 })).toThrow(ArgumentError);
  });

  describe("on both devices", () => {
    let truth: number[][];
    beforeAll(async () => {
      const w = parameter(start, "float64");
      truth = await path(new Optimizer([w], { lr: 0.05 }), w, 8);
    });

    it.each(["cpu", "webgpu"] as const)("%s agrees with float64", async (device) => {
      const passed = await onDevice(device, async () => {
        const w = parameter(start);
        return path(new Optimizer([w], { lr: 0.05 }), w, 8);
      });
      passed.forEach((w, step) => w.forEach((v, i) => expect(Math.abs(v - truth[step]![i]!)).toBeLessThan(1e-5)));
    });
  });
});
