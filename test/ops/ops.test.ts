// Every record of the table, from its own samples: values, gradients and second gradients, layouts, devices and errors.
import { beforeAll, describe, expect, it } from "vitest";
import { WengertError } from "../../src/base/errors.ts";
import { init } from "../../src/device.ts";
import { gradcheck, gradgradcheck } from "../../src/inspect/gradcheck.ts";
import { callOp, materialise } from "../../src/inspect/samples.ts";
import { bounds, checkOp } from "../../src/inspect/selftest.ts";
import { type AnyOp, isView } from "../../src/ops/op.ts";
import { extras } from "../../src/extra/table.ts";
import { ops } from "../../src/ops/table.ts";
import type { Tensor } from "../../src/tensor.ts";
import { layouts } from "./layouts.ts";

const table = Object.entries({ ...ops, ...extras }) as [string, AnyOp][];
// Far below the defaults: in float64 a difference quotient is good to seven digits, and a factor off by 0.1 % must show.
const tight = { atol: 2e-5, rtol: 1e-5 };
const names = ["contiguous", "strided", "expanded"] as const;

beforeAll(async () => {
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
});

describe.each(table)("%s", (name, op) => {
  it("declares samples", () => {
    expect(op.samples.length).toBeGreaterThan(0);
  });

  it("matches finite differences to second order on the CPU in float64, in every layout", async () => {
    for (const [i, sample] of op.samples.entries())
      for (const layout of isView(op) ? (["contiguous"] as const) : names) {
        const { args, leaves } = materialise(sample, "cpu", "float64", layouts[layout]);
        const outputs = callOp(name, args);
        if (leaves.length === 0 || !outputs.some((o) => o.requiresGrad)) continue;
        const replay = (...inputs: Tensor[]): Tensor[] => {
          const swap = (v: unknown): unknown => {
            const at = (leaves as readonly unknown[]).indexOf(v);
            if (at >= 0) return inputs[at];
            if (Array.isArray(v)) return v.map(swap);
            return typeof v === "object" && v !== null && Object.getPrototypeOf(v) === Object.prototype
              ? Object.fromEntries(Object.entries(v).map(([key, item]) => [key, swap(item)]))
              : v;
          };
          return callOp(name, args.map(swap));
        };
        const where = `sample ${i}, ${layout}`;
        await expect(gradcheck(replay, leaves, tight), `gradcheck, ${where}`).resolves.toBe(true);
        if (layout !== "expanded") await expect(gradgradcheck(replay, leaves, tight), `gradgradcheck, ${where}`).resolves.toBe(true);
      }
  });

  it.each(names)("agrees on WebGPU with the CPU, %s", async (layout) => {
    const report = await checkOp(name, "webgpu", layouts[layout]);
    expect(report.failures).toEqual([]);
    expect(report.value).toBeLessThanOrEqual(bounds.value);
    expect(report.gradient).toBeLessThanOrEqual(bounds.gradient);
    expect(report.second).toBeLessThanOrEqual(bounds.second);
  });

  it.each(["cpu", "webgpu"] as const)("refuses bad arguments on %s with a typed error", (device) => {
    for (const { args, message } of op.errors) {
      const call = (): unknown => callOp(name, materialise(args, device, "float32").args);
      expect(call).toThrow(WengertError);
      expect(call).toThrow(message);
      // Every error says whose it is: the operator's, or that of one it is made of.
      expect(call).toThrow(/^\w+: /);
    }
  });
});
