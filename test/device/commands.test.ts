// Reads and writes at their place among the commands; what is not written halfway.
import { beforeAll, describe, expect, it } from "vitest";
import { Storage } from "../../src/device/device.ts";
import { kernel } from "../../src/device/kernel.ts";
import { classBytes } from "../../src/device/webgpu/buffers.ts";
import type { WebGpuDevice } from "../../src/device/webgpu/webgpu.ts";
import { ArgumentError, DeviceError } from "../../src/base/errors.ts";
import { tensor } from "../../src/tensor/create.ts";
import { init, stats, sync, webGpuDevice } from "../../src/tensor/device.ts";
import { saveCheckpoint } from "../../src/io/checkpoint.ts";
import { loadSafetensors, saveSafetensors } from "../../src/io/safetensors.ts";
import "../../src/ops/all.ts";
import { Linear } from "../../src/nn/linear.ts";
import { Adam } from "../../src/optim/adam.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { onEveryDevice } from "../devices.ts";

onEveryDevice(() => {
  describe("data()", () => {
    it("gives the contents at its place in the program", async () => {
      const x = tensor([1, 2, 3]);
      const p = x.array();
      x.add_(10);
      const y = tensor([50, 60, 70]).mul(tensor([1, 1, 1]));
      expect([...(await p)]).toEqual([1, 2, 3]);
      expect([...(await x.array())]).toEqual([11, 12, 13]);
      expect([...(await y.array())]).toEqual([50, 60, 70]);
    });

    it("gives each of several contents that follow one another", async () => {
      const x = tensor([1, 2]);
      const reads = [];
      for (let i = 0; i < 5; i++) {
        reads.push(x.array(), x.slice(0, 1).item());
        x.mul_(2);
      }
      const got = await Promise.all(reads);
      expect(got.map((v) => (typeof v === "number" ? v : [...v]))).toEqual([1, 2, 4, 8, 16].flatMap((k) => [[k, 2 * k], 2 * k]));
    });

    it("gives a parameter as it is before the step that follows", async () => {
      const w = tensor([[1, 2]], { requiresGrad: true });
      const optimizer = new SGD([w], { lr: 0.5 });
      w.sum().backward();
      const before = w.array();
      optimizer.step();
      const after = w.array();
      w.sum().backward();
      optimizer.step();
      expect([...(await before)]).toEqual([1, 2]);
      expect([...(await after)]).toEqual([0.5, 1.5]);
      expect([...(await w.array())]).toEqual([-0.5, 0.5]);
    });
  });

  it("sync() with nothing to wait for lets other tasks run", async () => {
    await sync();
    let ran = false;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      ran = true;
      port1.close();
    };
    port2.postMessage(0);
    for (let i = 0; i < 3; i++) await sync();
    expect(ran).toBe(true);
  });

  it("saveSafetensors(dict) without await beside a step saves what was there before", async () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const optimizer = new SGD([w], { lr: 1, momentum: 0.9 });
    w.sum().backward();
    const file = saveSafetensors({ w, double: w.detach().mul(2) });
    optimizer.step();
    const { w: saved, double } = loadSafetensors(await file);
    expect(await saved!.tolist()).toEqual([1, 2]);
    expect(await double!.tolist()).toEqual([2, 4]);
    expect(await w.tolist()).toEqual([0, 1]);
  });

  it("saveCheckpoint(training) without await beside a step saves weights, moments and counters of one moment", async () => {
    const model = new Linear(2, 1);
    const optimizer = new Adam(model.parameters(), { lr: 0.1 });
    const step = (): void => {
      optimizer.zeroGrad();
      model
        .call(tensor([[1, 2]]))
        .sum()
        .backward();
      optimizer.step();
    };
    step();
    const settled = await saveCheckpoint({ model, optimizer });
    const running = saveCheckpoint({ model, optimizer });
    step();
    const later = saveCheckpoint({ model, optimizer });
    step();
    expect(await running).toEqual(settled);
    expect(await later).not.toEqual(settled);
  });
});

describe("on webgpu", () => {
  let device: WebGpuDevice;
  beforeAll(async () => {
    expect((await init({ device: "webgpu" })).device).toBe("webgpu");
    device = webGpuDevice()!;
  });

  it("reads between commands take no further submit", async () => {
    const x = tensor([1, 2]);
    await sync();
    const before = stats().submits;
    const p = x.array();
    x.add_(1);
    expect((await Promise.all([p, x.array()])).map((a) => [...a])).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect(stats().submits - before).toBe(1);
  });

  it("launch() refuses a parameter that is no number and a grid beyond the limits, and nothing of that operator runs", async () => {
    const wgsl =
      "struct P { k: f32 }\n@group(0) @binding(0) var<uniform> p: P;\n@group(0) @binding(1) var<storage, read_write> out: array<f32>;\n@compute @workgroup_size(1) fn assign() { out[0] = p.k; }";
    const set = kernel(wgsl, "assign");
    const x = tensor([1, 2]);
    const limit = device.traits.maxWorkgroupsPerDimension;
    const attempt = (k: unknown, grid: readonly [number, number, number]) => () =>
      device.run(
        "set",
        {
          cpu: () => undefined,
          gpu: (io, _attrs, q) => {
            q.launch(set, { out: io["x"]! }, { k: 7 }, 1);
            q.launch(set, { out: io["x"]! }, { k: k as number }, grid);
          },
        },
        { x },
        {},
      );
    expect(attempt(10n, [1, 1, 1])).toThrow(ArgumentError);
    expect(attempt(10n, [1, 1, 1])).toThrow("set: k must be a number, got bigint 10");
    expect(attempt(1, [1, limit + 1, 1])).toThrow(DeviceError);
    expect(attempt(1, [1, limit + 1, 1])).toThrow(`set: 1 × ${limit + 1} × 1 workgroups, the device takes ${limit} in each direction`);
    expect(await x.tolist()).toEqual([1, 2]);
  });

  it("transaction(fn) that throws runs none of its commands, and fills are made again", async () => {
    const x = tensor([1, 2]);
    const zero = x.filledLike(0);
    const undone: string[] = [];
    const set = (value: number): void => x.copy_(x.detach().add(value)) as never;
    expect(() =>
      device.transaction(
        () => {
          zero.add(x);
          throw new Error("planted");
        },
        () => undone.push("once"),
      ),
    ).toThrow("planted");
    set(0);
    expect(undone).toEqual(["once"]);
    expect(await zero.add(x).tolist()).toEqual([1, 2]);
  });

  it("buffers come back lowest first, whatever the order in which they went", () => {
    const sizes = classBytes(1 << 12) / 4;
    const make = (): Storage => new Storage(device, "float32", sizes, device.alloc("float32", sizes));
    const first = Array.from({ length: 300 }, make);
    const idOf = (s: Storage): number => (s.memory as { buffer: { id: number } }).buffer.id;
    const ids = first.map(idOf);
    for (const s of first.reverse()) s.release();
    const second = Array.from({ length: 300 }, make);
    expect(second.map(idOf)).toEqual(ids);
    for (const s of second) s.release();
  });
});
