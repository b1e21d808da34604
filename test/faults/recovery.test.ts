// After a fault, in every runtime: a choice of the table's cells, and what memory or a kernel refused for good leaves possible.
import { beforeAll, describe, expect, it } from "vitest";
import * as w from "../../src/index.ts";
import { keepUsualDevice } from "../setup/usual.ts";
import { type Cell, disturbed, moments, onDevice, titleOf } from "./cells.ts";
import { type Entry, type Fault, FaultyGpu, type Kind } from "./gpu.ts";
import { type Reference, Training, undisturbed } from "./workload.ts";

keepUsualDevice();

let reference: Reference;
beforeAll(async () => {
  reference = await onDevice(new FaultyGpu(), undisturbed);
});

const cell = (moment: string, entry: Entry, kind: Kind): Cell => ({
  moment: moments.find(({ name }) => name === moment)!,
  fault: { entry, kind },
});
const chosen = [
  cell("first use", "GPUDevice.createComputePipelineAsync", "rejects"),
  cell("first forward", "GPUDevice.createBuffer", "out-of-memory"),
  cell("first backward", "GPUDevice.createShaderModule", "validation"),
  cell("first step", "GPUDevice.createBindGroup", "validation"),
  cell("upload", "GPUQueue.writeBuffer", "out-of-memory"),
  cell("backward", "GPUDevice.createCommandEncoder", "throws"),
  cell("step", "GPUQueue.submit", "validation"),
  cell("read", "GPUBuffer.mapAsync", "rejects"),
  cell("one batch", "GPUCommandEncoder.finish", "internal"),
  cell("pipelined", "GPUQueue.submit", "lost"),
  cell("save", "GPUBuffer.mapAsync", "never settles"),
];

describe("training through", () => {
  it.each(chosen.map((c) => [titleOf(c), c] as const))("%s", async (_title, c) => {
    const { result, told, wrong } = await disturbed(c, reference);
    expect(wrong).toEqual([]);
    expect(told.length > 0).toBe(result !== "equal");
  });
});

const refusals: Readonly<Record<string, readonly [Fault, typeof w.WengertError]>> = {
  "memory beyond what there is": [{ entry: "GPUDevice.createBuffer", kind: "out-of-memory", times: Infinity }, w.OutOfMemoryError],
  "a kernel that no driver takes": [{ entry: "GPUDevice.createComputePipelineAsync", kind: "rejects", times: Infinity }, w.DeviceError],
};

it.each(Object.entries(refusals))("after %s the parameters can be saved, and a smaller batch trains on", async (_name, [fault, error]) => {
  const gpu = new FaultyGpu();
  await onDevice(gpu, async () => {
    const training = new Training();
    await training.step(0, "whole");
    const before = await training.save();
    gpu.arm(fault);
    // Thirty times the examples take other buffers, and another activation another kernel.
    const activation = [...training.model][5]!;
    activation.forward = (x: w.Tensor) => x.softplus();
    await expect(training.step(1, "whole", () => undefined, 120)).rejects.toThrow(error);
    delete (activation as { forward?: unknown }).forward;
    expect(gpu.hits).toBeGreaterThan(0);
    gpu.disarm();
    const kept = await training.save();
    expect(kept).toEqual(before);
    const file = w.io.loadSafetensors(await w.io.saveSafetensors(training.model.stateDict()));
    expect(await file["0.weight"]!.array()).toEqual(await [...training.model.parameters()][0]!.array());

    const other = new Training();
    other.load(kept);
    expect(await training.step(2, "whole", () => undefined, 2)).toBe(await other.step(2, "whole", () => undefined, 2));
    expect(await training.save()).toEqual(await other.save());
  });
  expect(gpu.uncaptured).toEqual([]);
});
