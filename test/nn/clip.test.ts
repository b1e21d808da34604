// Gradient clipping against PyTorch.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArgumentError } from "../../src/base/errors.ts";
import { tensor } from "../../src/tensor/create.ts";
import { init } from "../../src/tensor/device.ts";
import { utils } from "../../src/nn/index.ts";
import type { Nested, Tensor } from "../../src/ops/tensor.ts";
import { loadFixture } from "../golden/loader.ts";

interface Case {
  readonly maxNorm: number;
  readonly normType: number | "Infinity";
  readonly gradients: readonly Nested[];
  readonly total: number;
  readonly clipped: readonly (readonly number[])[];
}
const { clipping } = (await loadFixture("training/optim")) as { clipping: readonly Case[] };

describe.each(["cpu", "webgpu"] as const)("on %s", (device) => {
  beforeAll(async () => expect((await init({ device })).device).toBe(device));
  afterAll(async () => void (await init({ device: "cpu" })));
  const dtype = device === "cpu" ? "float64" : "float32";
  const holders = (gradients: readonly Nested[]): Tensor[] =>
    gradients.map((g) => {
      const grad = tensor(g, { dtype });
      const p = tensor(new Float32Array(grad.numel()), { shape: grad.shape, dtype, requiresGrad: true });
      p.grad = grad;
      return p;
    });

  it.each(clipping)(
    "clipGradNorm_ to $maxNorm of order $normType equals PyTorch's",
    async ({ maxNorm, normType, gradients, total, clipped }) => {
      const params = holders(gradients);
      const held = params.map((p) => p.grad);
      const norm = utils.clipGradNorm_(params, maxNorm, Number(normType));
      const bound = device === "cpu" ? 1e-12 : 2e-6;
      expect(Math.abs((await norm.item()) - total)).toBeLessThan(bound * total);
      for (const [k, p] of params.entries()) {
        expect(p.grad).toBe(held[k]);
        (await p.grad!.array()).forEach((v, i) => expect(Math.abs(v - clipped[k]![i]!)).toBeLessThan(bound * 10));
      }
    },
  );

  it("clipGradValue_ cuts every element", async () => {
    const [p] = holders([[3, -4, 0.25]]) as [Tensor];
    utils.clipGradValue_(p, 0.5);
    expect(await p.grad!.tolist()).toEqual([0.5, -0.5, 0.25]);
  });
});

describe("clipGradNorm_", () => {
  it("takes one tensor, parameters without gradients, and no negative norm", async () => {
    const p = tensor([1, 2], { requiresGrad: true });
    expect(await utils.clipGradNorm_(p, 1).item()).toBe(0);
    p.grad = tensor([3, 4]);
    expect(await utils.clipGradNorm_([p, tensor([1])], { maxNorm: 10 }).item()).toBeCloseTo(5, 6);
    expect(() => utils.clipGradNorm_(p, -1)).toThrow(ArgumentError);
    expect(() => utils.clipGradNorm_(p, 1, 0)).toThrow(ArgumentError);
    expect(() => utils.clipGradValue_(p, NaN)).toThrow(ArgumentError);
  });
});
