// A kit brings everything that its own operators call, to the second derivative.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { AnyOp } from "../../src/ops/op.ts";
import { extras } from "../../src/extra/table.ts";
import { ops } from "../../src/ops/table.ts";
import { root } from "../setup/source.ts";

// Only the records' samples are taken from here: the kits under test load modules of their own.
const samplesOf = (name: string): AnyOp["samples"] => (({ ...ops, ...extras }) as Record<string, AnyOp>)[name]!.samples;
const kits = [...readdirSync(join(root, "src/kits")).map((file) => `kits/${file}`), "extra/kit.ts"];

describe("kits", () => {
  beforeEach(() => {
    vi.resetModules();
  });

  test("all of them together install the whole table", async () => {
    await import("../../src/kits/all.ts");
    const { functions } = await import("../../src/methods.ts");
    expect(Object.keys(functions).sort()).toEqual(Object.keys(ops).sort());
  });

  test("wengert/extra installs its own table besides", async () => {
    await import("../../src/extra/index.ts");
    const { functions } = await import("../../src/methods.ts");
    expect(Object.keys(functions).sort()).toEqual(Object.keys({ ...ops, ...extras }).sort());
    expect(Object.keys(extras).filter((name) => name in ops)).toEqual([]);
  });

  test("without a kit a tensor has no operators", async () => {
    const { tensor } = await import("../../src/create.ts");
    expect("add" in tensor([1], { device: "cpu" })).toBe(false);
  });

  test.each(kits)("%s runs its operators' samples, gradients and second gradients alone", async (kit) => {
    await import(`../../src/${kit}`);
    const { functions } = await import("../../src/methods.ts");
    const { derivatives } = await import("../../src/inspect/derivatives.ts");
    const names = Object.keys(functions);
    expect(names.length).toBeGreaterThan(0);
    const failed: string[] = [];
    for (const name of names)
      for (const [i, sample] of samplesOf(name).entries())
        try {
          derivatives(name, sample, "cpu", "float64");
        } catch (error) {
          failed.push(`${name}, sample ${i}: ${String(error)}`);
        }
    expect(failed).toEqual([]);
  });

  test("kernels of kits that do not bring maths call nothing of it", async () => {
    for (const kit of ["indexing", "noise", "norms", "stepping", "windows"]) await import(`../../src/kits/${kit}.ts`);
    const { functions } = await import("../../src/methods.ts");
    const { init, sync } = await import("../../src/device.ts");
    const { callOp, materialise } = await import("../../src/inspect/samples.ts");
    expect("sin" in functions).toBe(false);
    expect((await init({ device: "webgpu" })).device).toBe("webgpu");
    for (const name of Object.keys(functions))
      for (const sample of samplesOf(name)) callOp(name, materialise(sample, "webgpu", "float32").args);
    await sync();
  });
});
