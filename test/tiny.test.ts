// A one-minute tour of the engine, on every device.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { functions } from "../src/tensor/methods.ts";
import { init } from "../src/tensor/device.ts";
import { grad } from "../src/autograd/engine.ts";
import { ones, tensor } from "../src/tensor/create.ts";

describe.each(["cpu", "webgpu"] as const)("on %s", (device) => {
  beforeAll(async () => {
    expect((await init({ device })).device).toBe(device);
  });
  afterAll(async () => void (await init({ device: "cpu" })));

  it("add, mul and sum give values and gradients", async () => {
    const x = tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { requiresGrad: true },
    );
    const y = tensor([10, 20, 30], { requiresGrad: true });
    const s = x.mul(y).add(2).mul(x).sum();
    expect(await s.item()).toBeCloseTo(1 * 12 + 2 * 42 + 3 * 92 + 4 * 42 + 5 * 102 + 6 * 182);
    s.backward();
    expect(await x.grad!.tolist()).toEqual([
      [22, 82, 182],
      [82, 202, 362],
    ]);
    expect(await y.grad!.tolist()).toEqual([17, 29, 45]);
  });

  it("grad(createGraph) gives derivatives of any order", async () => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    const [g1] = grad(x.mul(x).sum(), x, { createGraph: true });
    expect(await g1!.tolist()).toEqual([2, 4, 6]);
    const [g2] = grad(g1!.exp().sum(), x);
    for (const [i, v] of (await g2!.array()).entries()) expect(v).toBeCloseTo(2 * Math.exp(2 * (i + 1)), 2);
  });

  it("in-place operators write through and count versions", async () => {
    const x = ones([2, 3]);
    x.add_(1).mul_(tensor([1, 2, 3]));
    expect(await x.permute(1, 0).tolist()).toEqual([
      [2, 2],
      [4, 4],
      [6, 6],
    ]);
    expect(functions.add(x, x).shape).toEqual([2, 3]);
  });
});
