// Finding a device that cannot be had, one that can do the least, and one that the application uses, too.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { kernel } from "../../src/device/kernel.ts";
import { DeviceError } from "../../src/base/errors.ts";
import { webGpuDevice } from "../../src/tensor/device.ts";
import * as w from "../../src/index.ts";
import { keepUsualDevice } from "../setup/usual.ts";
import { onDevice, setAside } from "./cells.ts";
import { type Entry, FaultyGpu, install, kindsOf } from "./gpu.ts";
import { watchRejections, withoutPatience } from "./waits.ts";
import { Training, undisturbed } from "./workload.ts";

keepUsualDevice();

describe.each(["GPU.requestAdapter", "GPUAdapter.requestDevice"] as const satisfies readonly Entry[])("init() when %s", (entry) => {
  it.each(kindsOf(entry))("%s: says so, and works once it is over", async (kind) => {
    await setAside();
    const rejections = watchRejections();
    const gpu = new FaultyGpu();
    const restore = install(gpu.gpu);
    const name = entry.split(".")[1]!;
    try {
      gpu.arm({ entry, kind, times: 2 });
      await withoutPatience(
        () => gpu.pending > 0,
        async () => {
          await expect(w.init({ device: "webgpu" })).rejects.toThrow(DeviceError);
          expect(await w.init()).toMatchObject({ device: "cpu", reason: expect.stringContaining(name) as string });
        },
      );
      expect(gpu.hits).toBe(2);
      expect(await w.tensor([1, 2]).add(1).tolist()).toEqual([2, 3]);
      expect((await w.init({ device: "webgpu" })).device).toBe("webgpu");
      expect(await w.tensor([1, 2]).add(1).tolist()).toEqual([2, 3]);
    } finally {
      gpu.lose();
      restore();
      rejections.stop();
    }
    expect(rejections.heard).toEqual([]);
  });
});

describe("an adapter with the least that the standard promises", () => {
  it("trains to the same bits", async () => {
    const rich = await onDevice(new FaultyGpu(), undisturbed);
    const poor = new FaultyGpu({ least: true });
    const run = await onDevice(poor, async () => {
      expect((await w.init({ device: "webgpu" })).adapter!.features).not.toContain("timestamp-query");
      return undisturbed();
    });
    expect(run).toEqual(rich);
    expect(poor.calls.get("GPUComputePassEncoder.setImmediates")).toBeUndefined();
    expect(poor.uncaptured).toEqual([]);
  });
});

let gpuDevice: GPUDevice;
/** What met the handler for errors that a page may have. */
const handled: string[] = [];
const mistakes: Readonly<Record<string, (device: GPUDevice) => void>> = {
  "a shader that does not compile": (device) => void device.createShaderModule({ code: "nonsense" }),
  "a submit of what is invalid": (device) => {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(
      device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_SRC }),
      0,
      device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_SRC }),
      0,
      4,
    );
    device.queue.submit([encoder.finish()]);
  },
  "memory that there is not": (device) => {
    device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error: new GPUOutOfMemoryError("planted") }));
  },
};

describe("init({ gpuDevice })", () => {
  beforeAll(async () => {
    const adapter = await navigator.gpu.requestAdapter();
    gpuDevice = await adapter!.requestDevice();
    gpuDevice.addEventListener("uncapturederror", (event) => {
      handled.push(event.error.constructor.name);
      event.preventDefault();
    });
  });
  beforeEach(() => void handled.splice(0));
  afterAll(() => gpuDevice.destroy());

  it.each(Object.entries(mistakes))("the application's own mistake is its own: %s", async (_name, mistake) => {
    const reference = await onDevice(new FaultyGpu(), undisturbed);
    await w.init({ device: "webgpu", gpuDevice });
    const training = new Training();
    const losses: number[] = [];
    for (const [k, pace] of (["whole", "staged", "pipelined"] as const).entries())
      losses.push(await training.step(k, pace, (stage) => stage === "backward" && mistake(gpuDevice)));
    await gpuDevice.queue.onSubmittedWorkDone();
    expect(losses).toEqual(reference.losses);
    expect(await training.save()).toEqual(reference.states[3]);
    expect(handled.length).toBeGreaterThanOrEqual(3);
  });

  it("our errors reach neither the application's handler nor its open scopes", async () => {
    await w.init({ device: "webgpu", gpuDevice });
    for (const filter of ["validation", "out-of-memory", "internal"] as const) gpuDevice.pushErrorScope(filter);
    const device = webGpuDevice()!;
    const out = device.scratch("float32", [4]);
    const refused =
      "@group(0) @binding(0) var<storage, read_write> out: array<f32>;\n@compute @workgroup_size(1) fn bad() { out[0] = oops; }";
    device.launch(kernel(refused, "bad"), { out }, {}, 1);
    await expect(device.read(out)).rejects.toThrow(DeviceError);
    const scopes = [gpuDevice.popErrorScope(), gpuDevice.popErrorScope(), gpuDevice.popErrorScope()];
    expect(await Promise.all(scopes)).toEqual([null, null, null]);
    out.storage.release();
    expect(await w.tensor([1, 2]).add(1).tolist()).toEqual([2, 3]);
    await gpuDevice.queue.onSubmittedWorkDone();
    expect(handled).toEqual([]);
  });
});
