import { afterAll, beforeAll } from "vitest";
import { init, webGpuDevice } from "../../src/tensor/device.ts";

/** For a file that puts devices of its own in the place of the usual one, which the files behind it in the same page look for. */
export function keepUsualDevice(): void {
  let usual: GPUDevice;
  beforeAll(async () => {
    await init({ device: "webgpu" });
    usual = webGpuDevice()!.gpu;
  });
  afterAll(async () => void (await init({ device: "webgpu", gpuDevice: usual })));
}
