// The pool and the command list: reuse, limits, order of host writes, counts, errors that surface, loss.
import { beforeAll, describe, expect, it } from "vitest";
import { classBytes } from "../../src/device/webgpu/buffers.ts";
import { openWebGpu, type WebGpuDevice } from "../../src/device/webgpu/webgpu.ts";
import { DeviceError, OutOfMemoryError } from "../../src/base/errors.ts";
import { full, tensor, zeros } from "../../src/tensor/create.ts";
import { init, memory, stats, sync } from "../../src/tensor/device.ts";
import { tidy } from "../../src/autograd/scope.ts";
import { kernel } from "../../src/device/kernel.ts";

beforeAll(async () => {
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
});

describe("classBytes(bytes)", () => {
  it("is a power of two, three quarters of one, or whole MiB, never smaller than asked", () => {
    expect([1, 256, 257, 385, 600, 800, 5 << 20].map(classBytes)).toEqual([256, 256, 384, 512, 768, 1024, 6 << 20]);
    expect(classBytes((16 << 20) + 1)).toBe(17 << 20);
    for (let n = 1; n < 1e8; n = Math.ceil(n * 1.37)) expect(classBytes(n)).toBeGreaterThanOrEqual(n);
  });
});

describe("the command list", () => {
  it("puts a synchronous chain of operators into one pass and one submit", async () => {
    const start = tensor([1, 2, 3, 4]);
    await sync();
    const before = stats();
    const x = tidy(() => {
      let y = start;
      for (let i = 0; i < 20; i++) y = y.add(1);
      return y;
    });
    expect([...(await x.array())]).toEqual([21, 22, 23, 24]);
    const after = stats();
    expect(after.dispatches - before.dispatches).toBe(20);
    expect(after.submits - before.submits).toBe(1);
    expect(after.passes - before.passes).toBe(1);
    for (const t of [start, x]) t.dispose();
  });

  it("creates no object and compiles nothing for a repeated step, whatever its scalars", async () => {
    const x = tensor(
      Float32Array.from({ length: 1000 }, (_, i) => i),
      { shape: [10, 100] },
    );
    const step = (k: number): void =>
      tidy(() => {
        x.mul(k)
          .add(k / 3)
          .sum(1);
      });
    for (let i = 0; i < 5; i++) {
      step(i);
      await sync();
    }
    const before = stats();
    for (let i = 0; i < 20; i++) {
      step(i * 0.77);
      await sync();
    }
    const after = stats();
    for (const key of ["buffersCreated", "bindGroupsCreated", "pipelinesCreated", "shadersCreated"] as const)
      expect(after[key] - before[key], key).toBe(0);
  });

  it("keeps a host write behind commands that still use the recycled memory", async () => {
    const results = [];
    for (let i = 0; i < 8; i++) {
      const a = tensor(new Float32Array(64).fill(i));
      results.push(a.add(100));
      a.dispose();
      tensor(new Float32Array(64).fill(-1));
    }
    for (const [i, r] of results.entries()) expect((await r.array())[63]).toBe(100 + i);
  });

  it("coalesces reads of one turn into one submit", async () => {
    const xs = [tensor([1]), tensor([2]), tensor([3])];
    await sync();
    const before = stats().submits;
    expect(await Promise.all(xs.map((x) => x.item()))).toEqual([1, 2, 3]);
    expect(stats().submits - before).toBe(1);
  });
});

describe("memory", () => {
  it("counts bytes of live tensors exactly, and constants as none", () => {
    const before = memory().gpuBytes;
    const x = tensor(new Float32Array(1000));
    const y = x.reshape([10, 100]);
    const z = zeros([1000, 1000]);
    expect(memory().gpuBytes - before).toBe(4000);
    for (const t of [x, y, z]) t.dispose();
    expect(memory().gpuBytes).toBe(before);
  });

  it("refuses a buffer beyond the adapter's limit before creating anything", () => {
    const one = tensor([1]);
    const before = memory();
    const x = full([16384, 32767], 1);
    expect(() => x.add(one)).toThrow(OutOfMemoryError);
    expect(memory().gpuReservedBytes).toBe(before.gpuReservedBytes);
  });
});

describe("errors and loss", () => {
  const open = async (): Promise<WebGpuDevice> => {
    const device = await openWebGpu();
    expect(device).not.toBeTypeOf("string");
    return device as WebGpuDevice;
  };

  it("a shader that does not compile is a DeviceError with the compiler's words at the next read", async () => {
    const device = await open();
    const out = device.scratch("float32", [4]);
    device.launch(
      kernel(
        "@group(0) @binding(0) var<storage, read_write> out: array<f32>;\n@compute @workgroup_size(1) fn bad() { out[0] = oops; }",
        "bad",
      ),
      { out },
      {},
      1,
    );
    await expect(device.read(out)).rejects.toThrow(/kernel bad does not compile: .*oops/);
    const other = device.scratch("float32", [4]);
    expect(await device.read(other)).toHaveLength(4);
    device.gpu.destroy();
  });

  it("a lost device rejects what waits and refuses what follows, by a DeviceError", async () => {
    const device = await open();
    const out = device.scratch("float32", [4]);
    const read = device.read(out);
    device.gpu.destroy();
    await expect(read).rejects.toThrow(DeviceError);
    await device.gpu.lost;
    expect(() => device.alloc("float32", 1)).toThrow(/lost/);
  });

  it("a lost device gives back all it held, once the last handle lets go", async () => {
    const before = memory();
    const device = await open();
    const held = device.scratch("float32", [1 << 10]);
    device.scratch("float32", [1 << 12]).storage.release();
    const table = device.table("squares", () => Int32Array.from([0, 1, 4, 9]));
    expect([...(await device.read(table))]).toEqual([0, 1, 4, 9]);
    await device.read(held);
    expect(memory().gpuReservedBytes - before.gpuReservedBytes).toBe(4 * ((1 << 10) + (1 << 12) + (1 << 10)) + 2 * 256);
    const read = device.read(held);
    device.gpu.destroy();
    await expect(read).rejects.toThrow(DeviceError);
    expect(memory().gpuReservedBytes - before.gpuReservedBytes).toBe(4 << 10);
    held.storage.release();
    expect(memory().gpuReservedBytes).toBe(before.gpuReservedBytes);
    expect(memory().gpuBytes).toBe(before.gpuBytes);
  });

  it("init() adopts a GPUDevice of the page", async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const gpuDevice = await adapter!.requestDevice();
    const report = await init({ device: "webgpu", gpuDevice });
    expect(report.adapter!.limits["maxBufferSize"]).toBe(gpuDevice.limits.maxBufferSize);
    expect(await tensor([1, 2]).add(1).tolist()).toEqual([2, 3]);
    await init({ device: "webgpu" });
  });

  it("init() refuses unknown devices and options", async () => {
    await expect(init({ device: "tpu" as never })).rejects.toThrow(/unknown device tpu/);
    await expect(init({ devise: "cpu" } as never)).rejects.toThrow(/unknown option devise/);
  });
});
