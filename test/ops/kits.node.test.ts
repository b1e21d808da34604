// A kit brings everything that its own operators call, to the second derivative.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import "../../src/ops/all.ts";
import { records } from "../../src/ops/install.ts";
import { root } from "../setup/source.ts";

// Only the records' samples are taken from here: the kits under test load modules of their own.
const { ...all } = records;
const kits = readdirSync(join(root, "src/ops"), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));

describe("kits", () => {
  beforeEach(() => {
    vi.resetModules();
  });

  test("all of them together bring every operator", async () => {
    await import("../../src/ops/all.ts");
    const { functions } = await import("../../src/tensor/methods.ts");
    expect(Object.keys(functions).sort()).toEqual(Object.keys(all).sort());
  });

  test("without a kit a tensor has no operators", async () => {
    const { tensor } = await import("../../src/tensor/create.ts");
    expect("add" in tensor([1], { device: "cpu" })).toBe(false);
  });

  test.each(kits)("%s runs its operators' samples, gradients and second gradients alone", async (kit) => {
    await import(`../../src/ops/${kit}/index.ts`);
    const { functions } = await import("../../src/tensor/methods.ts");
    const { derivatives } = await import("../../src/inspect/derivatives.ts");
    const names = Object.keys(functions);
    expect(names.length).toBeGreaterThan(0);
    const failed: string[] = [];
    for (const name of names)
      for (const [i, sample] of all[name]!.samples.entries())
        try {
          derivatives(name, sample, "cpu", "float64");
        } catch (error) {
          failed.push(`${name}, sample ${i}: ${String(error)}`);
        }
    expect(failed).toEqual([]);
  });

  test("kernels of kits that do not bring maths call nothing of it", async () => {
    for (const kit of ["indexing", "random", "norm", "adam", "sgd", "window"]) await import(`../../src/ops/${kit}/index.ts`);
    const { functions } = await import("../../src/tensor/methods.ts");
    const { init, sync } = await import("../../src/tensor/device.ts");
    const { callOp, materialise } = await import("../../src/inspect/samples.ts");
    expect("sin" in functions).toBe(false);
    expect((await init({ device: "webgpu" })).device).toBe("webgpu");
    for (const name of Object.keys(functions))
      for (const sample of all[name]!.samples) callOp(name, materialise(sample, "webgpu", "float32").args);
    await sync();
  });
});
