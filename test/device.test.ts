// Which device init() chooses: calls that meet, devices of the application, and what is said where there is none.
import { afterAll, describe, expect, it, vi } from "vitest";
import { ArgumentError, DeviceError } from "../src/base/errors.ts";
import { tensor } from "../src/create.ts";
import { init, webGpuDevice } from "../src/device.ts";
import type { Tensor } from "../src/tensor.ts";

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
      expect(reason).toMatch("process" in globalThis && !("window" in globalThis) ? /in Node the package webgpu/ : /a browser with WebGPU/);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
