// Training on WebGPU beside PyTorch: the same losses.
import { afterAll, beforeAll, expect, it } from "vitest";
import { init } from "../../src/tensor/device.ts";
import { float32Steps, follow, inFloat32 } from "./follow.ts";

beforeAll(async () => expect((await init({ device: "webgpu" })).device).toBe("webgpu"));
afterAll(async () => void (await init({ device: "cpu" })));

it.each(inFloat32)("%s follows PyTorch to 1e-4", { timeout: 600_000 }, async (_, run) => {
  const { losses } = await follow(run, "float32", float32Steps(run), false);
  expect(Math.max(...losses)).toBeLessThan(1e-4);
});
