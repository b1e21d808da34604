// State dicts and the devices that models are on.
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { DeviceError } from "../../src/base/errors.ts";
import { tensor } from "../../src/tensor/create.ts";
import { init, webGpuDevice } from "../../src/tensor/device.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/io/checkpoint.ts";
import { loadSafetensors, saveSafetensors } from "../../src/io/safetensors.ts";
import "../../src/ops/all.ts";
import { Linear } from "../../src/nn/linear.ts";
import { Adam } from "../../src/optim/adam.ts";

describe("after the device was lost", () => {
  const lose = async (): Promise<void> => {
    const { gpu } = webGpuDevice()!;
    gpu.destroy();
    await gpu.lost;
  };
  beforeEach(async () => {
    const adapter = await navigator.gpu.requestAdapter();
    await init({ gpuDevice: await adapter!.requestDevice() });
  });
  afterAll(async () => {
    await lose();
    await init({ device: "cpu" });
  });

  it("every use of its tensors says so, with the remedy", async () => {
    const x = tensor([1, 2]);
    await x.array();
    await lose();
    const lost = /on a lost device: .*init\(\) again, then load a saved state: loadStateDict moves its target/;
    for (const use of [() => x.add(1), () => x.to("cpu"), () => tensor([1])]) {
      expect(use).toThrow(DeviceError);
      expect(use).toThrow(lost);
    }
    for (const read of [x.array(), x.item().catch(() => x.cpu()), x.cpu()]) await expect(read).rejects.toThrow(lost);
    await init({ device: "webgpu" });
    expect(() => x.add(tensor([1, 2]))).toThrow(lost);
  });

  it.each(["webgpu", "cpu"] as const)("loadStateDict moves the model to the device in use, %s, and training goes on", async (next) => {
    const model = new Linear(2, 1);
    const optimizer = new Adam(model.parameters(), { lr: 0.1 });
    const step = async (): Promise<void> => {
      optimizer.zeroGrad();
      model
        .call(tensor([[1, 2]]))
        .sum()
        .backward();
      optimizer.step();
      await model.weight.array();
    };
    await step();
    const [weights, all] = await Promise.all([saveSafetensors(model.stateDict()), saveCheckpoint({ model, optimizer })]);
    await step();
    const twice = [...(await model.weight.array())];
    await lose();
    await init({ device: next });
    model.loadStateDict(loadSafetensors(weights));
    expect(model.weight.device.type).toBe(next);
    loadCheckpoint(all, { model, optimizer });
    await step();
    [...(await model.weight.array())].forEach((v, i) => expect(v).toBeCloseTo(twice[i]!, 5));
  });
});
