// Activations that draw: gumbelSoftmax with PyTorch's numbers for the same seed (1.13), rrelu's slopes.
import { describe, expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { Generator, manualSeed } from "../../src/base/random.ts";
import "../../src/ops/all.ts";
import { tensor } from "../../src/tensor/create.ts";
import { functions as F } from "../../src/tensor/methods.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

onEveryDevice(() => {
  describe("gumbelSoftmax", () => {
    const logits = [
      [0.5, -1, 2],
      [0, 0, 0],
    ];

    it("gives PyTorch's samples, soft and hard", async () => {
      manualSeed(42);
      const soft = [0.258746266, 0.027034666, 0.714219093, 0.950377643, 0.022295831, 0.027326567];
      await expectValues(F.gumbelSoftmax(tensor(logits), 0.7), soft);
      await expectValues(F.gumbelSoftmax(tensor(logits), 0.7, { generator: new Generator(42) }), soft);
      manualSeed(42);
      await expectValues(F.gumbelSoftmax(tensor(logits), { hard: true, dim: 0 }), [1, 1, 1, 0, 0, 0], 1e-6);
    });

    it.each([false, true])("has the soft result's gradient (hard: %s)", async (hard) => {
      manualSeed(42);
      const x = tensor(logits, { requiresGrad: true });
      const [g] = grad(F.gumbelSoftmax(x, 0.7, hard).select(1, 0).sum(), x);
      await expectValues(g, [0.273995191, -0.009993028, -0.264002174, 0.067371398, -0.030270657, -0.037100796]);
    });
  });

  it("rrelu draws a slope for every element, the same on every device, and its gradient is the slope", async () => {
    const x = tensor([-1, 2, -1, -1, 0, -1], { requiresGrad: true });
    const draw = (): typeof x => F.rrelu(x, 0.25, 0.5, { training: true, generator: new Generator(5) });
    const y = draw();
    const values = Array.from(await y.array());
    const slopes = values.filter((_, i) => ![1, 4].includes(i)).map((v) => -v);
    expect([values[1], values[4]]).toEqual([2, 0]);
    expect(new Set(slopes).size).toBe(4);
    expect(slopes.every((v) => v >= 0.25 && v < 0.5)).toBe(true);
    expect(await draw().tolist()).toEqual(values);
    const [g] = grad(y.sum(), x);
    const found = Array.from(await g!.array());
    expect(found.filter((_, i) => ![1, 4].includes(i))).toEqual(slopes);
    expect(found[1]).toBe(1);
    expect(found[4]).toBeGreaterThanOrEqual(0.25);
  });
});
