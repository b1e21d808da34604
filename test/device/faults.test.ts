// What a fault on the GPU does: it poisons what it met and nothing else, and somebody is told.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { patience } from "../../src/device/webgpu/watch.ts";
import type { WebGpuDevice } from "../../src/device/webgpu/webgpu.ts";
import { DeviceError, OutOfMemoryError } from "../../src/base/errors.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { init, memory, sync, webGpuDevice } from "../../src/tensor/device.ts";
import { Linear } from "../../src/nn/linear.ts";
import { Adam } from "../../src/optim/adam.ts";
import { defineKernel } from "../../src/tensor/user-kernel.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import "../../src/ops/all.ts";

let device: WebGpuDevice;
let gpu: GPUDevice;

beforeEach(async () => {
  const adapter = await navigator.gpu.requestAdapter();
  await init({ gpuDevice: await adapter!.requestDevice() });
  device = webGpuDevice()!;
  gpu = device.gpu;
});
afterEach(async () => {
  vi.restoreAllMocks();
  patience.seconds = 30;
  if (!device.lost) await device.sync();
  gpu.destroy();
  await gpu.lost;
  await init({ device: "cpu" });
});

/** Makes the next buffer of at least `bytes` one that the device has no memory for, `times` in a row. */
function noMemory(bytes: number, times = Infinity): void {
  const create = gpu.createBuffer.bind(gpu);
  const pop = gpu.popErrorScope.bind(gpu);
  let failed = 0;
  let owed = 0;
  vi.spyOn(gpu, "createBuffer").mockImplementation((descriptor) => {
    if (descriptor.size >= bytes && failed < times) {
      failed++;
      owed = 1;
    }
    return create(descriptor);
  });
  vi.spyOn(gpu, "popErrorScope").mockImplementation(async () => {
    const mine = owed;
    owed = 0;
    await pop();
    return mine > 0 ? new GPUOutOfMemoryError("planted") : null;
  });
}

const large = 1 << 20;
const model = (): { layer: Linear; optimizer: Adam; step: (size: number) => Tensor } => {
  const layer = new Linear(4, 2);
  const optimizer = new Adam(layer.parameters(), { lr: 0.1 });
  return {
    layer,
    optimizer,
    step(size) {
      optimizer.zeroGrad();
      const loss = layer
        .call(zeros([size, 4]).add(1))
        .square()
        .mean();
      loss.backward();
      optimizer.step();
      return loss;
    },
  };
};

describe("out of memory", () => {
  it("poisons what was to be in there and what is computed from it; the rest of the batch runs", async () => {
    const x = tensor([1, 2]);
    await sync();
    noMemory(large);
    const lost = zeros([large / 4]).add(x.sum());
    const healthy = x.mul(2);
    const after = lost.sum().add(x);
    expect(await healthy.tolist()).toEqual([2, 4]);
    await expect(after.array()).rejects.toThrow(OutOfMemoryError);
    await expect(after.array()).rejects.toThrow(/^add: out of memory in createBuffer of \d+ bytes: planted \(use a smaller batch\)$/);
    expect(() => lost.mul(2)).toThrow(OutOfMemoryError);
    expect(await x.tolist()).toEqual([1, 2]);
  });

  it("is tried once more after idle buffers were given up", async () => {
    zeros([large])
      .add(tensor([1]))
      .dispose();
    await sync();
    const before = memory().gpuReservedBytes;
    noMemory(2 * large, 1);
    const x = tensor(new Float32Array(large).fill(3));
    expect(await x.add(1).amax().item()).toBe(4);
    expect(memory().gpuReservedBytes).toBeLessThan(before + 8 * large);
  });

  it.each(["throws", "null"])("createBuffer %s: OutOfMemoryError at the call", async (kind) => {
    await sync();
    vi.spyOn(gpu, "createBuffer").mockImplementation(() => {
      if (kind === "throws") throw new RangeError("planted");
      return null as never;
    });
    expect(() => tensor(new Float32Array(large))).toThrow(OutOfMemoryError);
    vi.restoreAllMocks();
    expect(await tensor([1]).tolist()).toEqual([1]);
  });

  it("in a training step changes neither parameters nor state, and a smaller batch trains on", async () => {
    const [{ layer, optimizer, step }, twin] = [model(), model()];
    twin.layer.loadStateDict(layer.stateDict());
    for (const { step: run } of [{ step }, twin]) run(2);
    await sync();
    const before = await Promise.all([...layer.parameters()].map((p) => p.array()));
    noMemory(large);
    const loss = step(large / 4);
    await expect(loss.item()).rejects.toThrow(OutOfMemoryError);
    expect(await Promise.all([...layer.parameters()].map((p) => p.array()))).toEqual(before);
    for (const state of optimizer.state.values()) expect(state.step).toBe(1);
    vi.restoreAllMocks();
    for (const { step: run } of [{ step }, twin]) run(3);
    expect(await layer.weight.array()).toEqual(await twin.layer.weight.array());
  });

  it("in the first step leaves state that can be made again", async () => {
    const { layer, optimizer, step } = model();
    await layer.weight.array();
    let count = 0;
    const create = gpu.createBuffer.bind(gpu);
    // Fails at each of the allocations of the step in turn, until none is left.
    for (let k = 0; ; k++) {
      count = 0;
      const planted = vi
        .spyOn(gpu, "createBuffer")
        .mockImplementation((descriptor) => (count++ === k || count === k + 2 ? (null as never) : create(descriptor)));
      let failed: unknown;
      try {
        await step(5).item();
        await sync();
      } catch (error) {
        failed = error;
      }
      planted.mockRestore();
      if (count <= k) break;
      expect(failed).toBeInstanceOf(OutOfMemoryError);
      await layer.weight.array();
    }
    expect([...optimizer.state.values()].map((s) => s.step)).toEqual([1, 1]);
  });
});

describe("telling", () => {
  it("an error that nobody met is thrown once, by sync() or by optimizer.step()", async () => {
    const { step } = model();
    step(2);
    await sync();
    noMemory(large);
    zeros([large]).add(tensor([1]));
    await expect(sync()).rejects.toThrow(OutOfMemoryError);
    await sync();
    zeros([large]).add(tensor([1]));
    // It is told as soon as the device has answered.
    await vi.waitFor(() => expect(() => step(2)).toThrow(OutOfMemoryError), { timeout: 60_000 });
    step(2);
    await sync();
  });
});

describe("a refused kernel", () => {
  const broken = defineKernel({
    name: "broken",
    wgsl: "@group(0) @binding(0) var<storage, read> x: array<f32>;\n@group(0) @binding(1) var<storage, read_write> out: array<f32>;\n@compute @workgroup_size(1) fn broken() { out[0] = x[0] + oops; }",
    inputs: ["x"],
    cpu: () => undefined,
  });
  it("poisons its output; everything else lives", async () => {
    const x = tensor([1, 2]);
    const out = broken(x);
    await expect(out.add(x).array()).rejects.toThrow(/^broken: kernel broken does not compile: .*oops/);
    expect(await x.add(1).tolist()).toEqual([2, 3]);
  });

  it("is tried again when it is used again", async () => {
    const planted = vi.spyOn(gpu, "createComputePipelineAsync").mockRejectedValueOnce(new Error("planted"));
    const x = tensor([1, 2]);
    await expect(x.exp().array()).rejects.toThrow(/^exp: kernel \w+ does not compile: planted$/);
    planted.mockRestore();
    expect((await x.exp().array())[0]).toBeCloseTo(Math.E, 5);
  });
});

describe("a failed submit", () => {
  it.each(["createCommandEncoder", "createBindGroup", "pushErrorScope", "popErrorScope"] as const)(
    "%s throws: the batch is poisoned, the next one runs",
    async (method) => {
      const x = tensor([1, 2]);
      await x.sin().array();
      const y = x.sin().add(x);
      const planted = vi.spyOn(gpu, method).mockImplementation(() => {
        throw new Error("planted");
      });
      const read = y.array();
      await expect(read).rejects.toThrow(DeviceError);
      await expect(read).rejects.toThrow(/planted/);
      planted.mockRestore();
      await expect(y.array()).rejects.toThrow(/planted/);
      expect(await x.add(1).tolist()).toEqual([2, 3]);
    },
  );

  it("onSubmittedWorkDone throws: sync() says so, reads go on", async () => {
    const x = tensor([1, 2]);
    const planted = vi.spyOn(gpu.queue, "onSubmittedWorkDone").mockImplementation(() => {
      throw new Error("planted");
    });
    expect(await x.add(1).tolist()).toEqual([2, 3]);
    await expect(sync()).rejects.toThrow(/planted/);
    planted.mockRestore();
    await sync();
  });
});

describe("waiting", () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  it.each([
    ["mapAsync", () => vi.spyOn(GPUBuffer.prototype, "mapAsync").mockImplementation(never)],
    ["popErrorScope", () => vi.spyOn(gpu, "popErrorScope").mockImplementation(never)],
    ["createComputePipelineAsync", () => vi.spyOn(gpu, "createComputePipelineAsync").mockImplementation(never)],
  ] as const)("%s never answers: the read says what it waited for", async (method, plant) => {
    const x = tensor([1, 2]);
    const y = x.mul(2);
    await y.array();
    patience.seconds = 0.5;
    const planted = plant();
    const read = (method === "createComputePipelineAsync" ? x.cos() : y).array();
    await expect(read).rejects.toThrow(new RegExp(`no answer from ${method}.* for 0.5 s`));
    planted.mockRestore();
    expect(await x.add(1).tolist()).toEqual([2, 3]);
  });

  it("onSubmittedWorkDone never answers: sync() says so", async () => {
    const x = tensor([1, 2]);
    await x.array();
    patience.seconds = 0.5;
    const planted = vi.spyOn(gpu.queue, "onSubmittedWorkDone").mockImplementation(never);
    expect(await x.add(1).tolist()).toEqual([2, 3]);
    await expect(sync()).rejects.toThrow("sync: no answer from onSubmittedWorkDone for 0.5 s");
    planted.mockRestore();
  });
});

describe("an adopted device", () => {
  it("outlives the application's own errors, which reach its handler; ours do not", async () => {
    const heard: string[] = [];
    gpu.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      heard.push(event.error.message);
    });
    const x = tensor([1, 2]);
    gpu.createShaderModule({ code: "nonsense" });
    gpu.createBindGroup({
      layout: gpu.createBindGroupLayout({ entries: [] }),
      entries: [{ binding: 3, resource: { buffer: gpu.createBuffer({ size: 16, usage: 128 }) } }],
    });
    gpu.queue.writeBuffer(gpu.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE }), 0, new Float32Array(4));
    expect(await x.add(1).tolist()).toEqual([2, 3]);
    await sync();
    expect(heard).toHaveLength(3);
  });
});
