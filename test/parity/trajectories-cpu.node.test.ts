// Training on the CPU beside PyTorch: the same losses, gradients and weights. JavaScript's arithmetic is the same in pages: once, in Node.
import { beforeAll, expect, it } from "vitest";
import { init } from "../../src/tensor/device.ts";
import { fixture, float32Steps, follow, inFloat32, named } from "./follow.ts";

beforeAll(async () => expect((await init({ device: "cpu" })).device).toBe("cpu"));

it.each(named(fixture.runs))("%s in float64 follows PyTorch to 1e-7 over 50 steps", { timeout: 600_000 }, async (_, run) => {
  const { losses, gradients, weights } = await follow(run, "float64", fixture.steps, true);
  expect(gradients).toBeLessThan(1e-6);
  expect(Math.max(...losses)).toBeLessThan(1e-7);
  expect(weights).toBeLessThan(1e-4);
});

it.each(inFloat32)("%s in float32 follows PyTorch to 1e-4", { timeout: 600_000 }, async (_, run) => {
  const { losses } = await follow(run, "float32", float32Steps(run), false);
  expect(Math.max(...losses)).toBeLessThan(1e-4);
});
