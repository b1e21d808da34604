// Which device init() chooses: calls that meet, devices of the application, and what is said where there is none.
import { afterAll, describe, expect, it, vi } from "vitest";
import { ArgumentError, DeviceError } from "../../src/base/errors.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { manualSeed } from "../../src/base/random.ts";
import { loadSafetensors, saveSafetensors } from "../../src/io/index.ts";
import { Linear } from "../../src/nn/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { init, webGpuDevice } from "../../src/tensor/device.ts";
import { randn } from "../../src/tensor/sampling.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { watchRejections } from "../faults/waits.ts";
import { inPage } from "../setup/runtime.ts";

const ownDevice = async (): Promise<GPUDevice> => (await navigator.gpu.requestAdapter())!.requestDevice();

/** Leaves no device in use that another call could share. */
async function lose(): Promise<void> {
  const gpu = webGpuDevice()?.gpu;
  gpu?.destroy();
  await gpu?.lost;
}

afterAll(async () => void (await init({ device: "cpu" })));

describe("init", () => {
  it("calls that meet give one device", async () => {
    await lose();
    const requested = vi.spyOn(navigator.gpu, "requestAdapter");
    const f = async (): Promise<Tensor> => (await init({ device: "webgpu" }), tensor([1]));
    const [a, b] = await Promise.all([f(), f()]);
    expect(requested).toHaveBeenCalledTimes(1);
    expect(await a.add(b).tolist()).toEqual([2]);
    requested.mockRestore();
  });

  it("calls that meet are served in order, also after one that fails", async () => {
    const refused = init({ gpuDevice: {} as never });
    const [first, last] = [init({ device: "webgpu" }), init({ device: "cpu" })];
    await expect(refused).rejects.toThrow(ArgumentError);
    expect((await first).device).toBe("webgpu");
    expect((await last).device).toBe("cpu");
    expect(tensor([1]).device.type).toBe("cpu");
  });

  it("a device of the application finds its tensors again after another was in use", async () => {
    const [first, second] = [await ownDevice(), await ownDevice()];
    await init({ gpuDevice: first });
    const x = tensor([1, 2]);
    await init({ gpuDevice: second });
    expect(await tensor([5]).tolist()).toEqual([5]);
    await init({ gpuDevice: first });
    expect(await x.add(tensor([1, 1])).tolist()).toEqual([2, 3]);
    second.destroy();
  });

  describe("gpuDevice that cannot be used", () => {
    it("a promise, an adapter, something else", async () => {
      const pending = ownDevice();
      await expect(init({ gpuDevice: pending as never })).rejects.toThrow(
        "init: gpuDevice is Promise, not GPUDevice (await adapter.requestDevice())",
      );
      const adapter = (await navigator.gpu.requestAdapter()) as never;
      await expect(init({ gpuDevice: adapter })).rejects.toThrow("gpuDevice is GPUAdapter, not GPUDevice");
      await expect(init({ gpuDevice: "webgpu" as never })).rejects.toThrow(ArgumentError);
      (await pending).destroy();
    });

    it("a destroyed one", async () => {
      const gone = await ownDevice();
      gone.destroy();
      const refusal = init({ gpuDevice: gone });
      await expect(refusal).rejects.toThrow(DeviceError);
      await expect(refusal).rejects.toThrow(/^init: gpuDevice is lost: .* \(request another one\)$/);
    });

    it("one that was in use until it was destroyed", async () => {
      const gpuDevice = await ownDevice();
      await init({ gpuDevice });
      gpuDevice.destroy();
      await gpuDevice.lost;
      await expect(init({ gpuDevice })).rejects.toThrow("init: gpuDevice is lost");
    });
  });

  it("works on a device of the application where there is no navigator.gpu, and says so where none is given", async () => {
    const gpuDevice = await ownDevice();
    await lose();
    vi.stubGlobal("navigator", {});
    try {
      expect((await init({ gpuDevice })).device).toBe("webgpu");
      expect(await tensor([1, 2]).mul(3).tolist()).toEqual([3, 6]);
      gpuDevice.destroy();
      await gpuDevice.lost;
      const { device, reason } = await init();
      expect(device).toBe("cpu");
      expect(reason).toMatch(inPage ? /a browser with WebGPU/ : /in Node the package webgpu/);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("after a loss", () => {
  const lossy = /on a lost device/;
  const train = (model: Linear, optimizer: Adam): void => {
    optimizer.zeroGrad();
    model
      .call(tensor([[1, 2]]))
      .sum()
      .backward();
    optimizer.step();
  };

  it("every way off the lost device says what to do", async () => {
    await init({ device: "webgpu" });
    const [x, model] = [tensor([1, 2]), new Linear(2, 1)];
    await lose();
    expect(() => x.add(1)).toThrow(lossy);
    await init({ device: "webgpu" });
    const y = tensor([1, 2]);
    for (const use of [() => x.add(1), () => x.add(y), () => y.add(x), () => x.to("webgpu"), () => x.to("cpu"), () => model.to("webgpu")])
      expect(use).toThrow(/on a lost device: .*\(init\(\) again, then load a saved state: loadStateDict moves its target\)/);
    await expect(x.cpu()).rejects.toThrow(lossy);
    await expect(model.cpu()).rejects.toThrow(lossy);
    await expect(x.tolist()).rejects.toThrow(lossy);
  });

  it("a value that nobody waits for is no unhandled rejection", async () => {
    await init({ device: "webgpu" });
    const rejections = watchRejections();
    const [before, x] = [tensor([1]).mul(2), tensor([1, 2])];
    void before.item();
    await lose();
    void before.item();
    void x.tolist();
    await expect(x.array()).rejects.toThrow(lossy);
    await new Promise((resolve) => setTimeout(resolve, 20));
    rejections.stop();
    expect(rejections.heard).toEqual([]);
  });

  it.each<["model" | "optimizer"]>([["model"], ["optimizer"]])(
    "loadStateDict, the %s first, moves its target and goes on with equal numbers",
    async (first) => {
      await init({ device: "webgpu" });
      manualSeed(1);
      const model = new Linear(2, 1);
      const optimizer = new Adam(model.parameters(), { lr: 0.1 });
      train(model, optimizer);
      const saved = { model: loadSafetensors(await saveSafetensors(model.stateDict()), { device: "cpu" }) };
      const { state, param_groups } = optimizer.stateDict();
      const kept: Record<string, Record<string, Tensor>> = {};
      for (const [id, entry] of Object.entries(state)) {
        kept[id] = {};
        for (const [name, value] of Object.entries(entry)) kept[id][name] = await (value as Tensor).cpu();
      }
      train(model, optimizer);
      const expected = await model.weight.tolist();
      const [weight, bias] = [model.weight, model.bias];
      await lose();
      await init({ device: "webgpu" });
      const loads = [() => void model.loadStateDict(saved.model), () => optimizer.loadStateDict({ state: kept, param_groups })];
      for (const load of first === "model" ? loads : loads.reverse()) load();
      expect(model.weight === weight && model.bias === bias).toBe(true);
      expect(model.weight.grad).toBe(null);
      train(model, optimizer);
      expect(await model.weight.tolist()).toEqual(expected);
    },
  );

  it("loadStateDict leaves a model on the CPU there", async () => {
    await init({ device: "cpu" });
    const model = new Linear(2, 1, false);
    await init({ device: "webgpu" });
    model.loadStateDict({ weight: tensor([[3, 4]], { device: "cpu" }) });
    expect(model.weight.device.type).toBe("cpu");
    expect(await model.weight.tolist()).toEqual([[3, 4]]);
  });
});

describe("a tensor's device", () => {
  it.each(["cpu", "webgpu"] as const)("says where others are made and moved to: %s", async (name) => {
    await init({ device: "webgpu" });
    const { device } = tensor([1, 2], { device: name });
    const places = [
      tensor([1], { device }).device,
      zeros([2], { device, dtype: "int32" }).device,
      randn(2, { device }).device,
      tensor([3], { device: "cpu" }).to(device).device,
      tensor([3], { device: "cpu" }).to({ device }).device,
      new Linear(2, 2, { device }).weight.device,
      new Linear(2, 2, { device: "cpu" }).to(device).weight.device,
    ];
    expect(places.map(({ type }) => type)).toEqual(places.map(() => name));
  });

  it("must be one that there is", () => {
    expect(() => zeros([2], { device: { type: "cuda" } as never })).toThrow("unknown device cuda");
    expect(() => zeros([2], { device: {} as never })).toThrow(ArgumentError);
  });
});
