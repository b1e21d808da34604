// Every record of the table, from its own samples: the devices agree in every layout, and errors are typed.
import "../../src/ops/all.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { WengertError } from "../../src/base/errors.ts";
import { callOp, materialise } from "../../src/inspect/samples.ts";
import { bounds, checkOp } from "../../src/inspect/selftest.ts";
import { firstNames } from "../../src/ops/install.ts";
import { init } from "../../src/tensor/device.ts";
import { layouts, refused } from "./layouts.ts";

const table = firstNames();
const names = ["contiguous", "strided", "expanded"] as const;

beforeAll(async () => {
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
});

describe.each(table)("%s", (name, op) => {
  it("declares samples", () => {
    expect(op.samples.length).toBeGreaterThan(0);
  });

  it.each(names)("agrees on WebGPU with the CPU, %s", async (layout) => {
    const report = await checkOp(name, "webgpu", layouts[layout]);
    expect(report.failures).toEqual(Object.entries(refused[layout][name] ?? {}).map(([i, message]) => `sample ${i}: ${name}: ${message}`));
    expect(report.value).toBeLessThanOrEqual(bounds.value);
    expect(report.gradient).toBeLessThanOrEqual(bounds.gradient);
    expect(report.second).toBeLessThanOrEqual(bounds.second);
  });

  it.each(["cpu", "webgpu"] as const)("refuses bad arguments on %s with a typed error", (device) => {
    for (const { args, message } of op.errors) {
      const call = (): unknown => callOp(name, materialise(args, device, "float32").args);
      expect(call).toThrow(WengertError);
      expect(call).toThrow(message);
      // Every error names the operator that was called, and none of those that it is made of.
      expect(call).toThrow(new RegExp(`^${name}: `));
    }
  });
});
