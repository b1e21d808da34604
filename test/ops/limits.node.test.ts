// Every operator and its gradient on a device with the limits that all devices have: an application may have asked for no more.
import "../../src/ops/all.ts";
import { beforeAll, expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { callOp, materialise, tensorsIn } from "../../src/inspect/samples.ts";
import { firstNames } from "../../src/ops/install.ts";
import { differentiable } from "../../src/ops/op.ts";
import { init } from "../../src/tensor/device.ts";

beforeAll(async () => {
  const device = await (await navigator.gpu.requestAdapter())!.requestDevice();
  expect(device.limits.maxStorageBuffersPerShaderStage).toBe(8);
  await init({ gpuDevice: device });
});

it("the samples of all operators run", { timeout: 600_000 }, async () => {
  const refused: string[] = [];
  for (const [name, op] of firstNames())
    for (const sample of op.samples) {
      try {
        const { args, leaves } = materialise(sample, "webgpu", "float32");
        const results = tensorsIn(callOp(name, args));
        for (const result of results) await result.array();
        const y = results.find((result) => result.requiresGrad);
        if (!y || !differentiable(op)) continue;
        for (const slope of grad(y.sum(), leaves, { allowUnused: true }) as (typeof y | undefined)[]) await slope?.array();
      } catch (error) {
        refused.push(`${name}: ${(error as Error).message}`);
      }
    }
  expect(refused).toEqual([]);
});
