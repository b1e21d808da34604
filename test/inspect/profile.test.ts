// profile(fn): counts, names and times of a step on both devices.
import { expect, it, vi } from "vitest";
import { webGpuDevice } from "../../src/tensor/device.ts";
import * as w from "../../src/index.ts";
import { onEveryDevice } from "../devices.ts";

onEveryDevice((device) => {
  it("profile(fn) gives the result, the wall time and what ran", async () => {
    const x = w.ones([64, 64]).add(w.arange(64));
    const report = await w.profile(() => x.matmul(x).relu().sum());
    expect(await (report.result as w.Tensor).item()).toBeGreaterThan(0);
    expect(Number.isFinite(report.wallMs)).toBe(true);
    expect(report.counts.dispatches).toBe(device === "webgpu" ? report.operators.reduce((n, o) => n + o.dispatches, 0) : 0);
    if (device === "webgpu") {
      expect(report.counts.dispatches).toBeGreaterThanOrEqual(3);
      expect(report.operators.map((o) => o.name)).toEqual(expect.arrayContaining(["batchMatmul", "relu", "sum"]));
    }
    expect(report.source).toBe(device === "webgpu" && report.gpuMs !== undefined ? "gpu timestamps" : "wall clock");
    expect(report.toString()).toMatch(/ms wall/);
  });

  it("profile(fn) names what ran on an adapter without timestamps as well", async () => {
    if (device === "webgpu") vi.spyOn(webGpuDevice()!.gpu.features, "has").mockReturnValue(false);
    try {
      const x = w.ones([8]).add(w.arange(8));
      const report = await w.profile(() => x.exp().add(x));
      expect(report.source).toBe("wall clock");
      expect(report.gpuMs).toBeUndefined();
      const names = report.operators.map((o) => [o.name, o.dispatches, o.ms]);
      expect(names).toEqual(
        device === "webgpu"
          ? [
              ["exp", 1, undefined],
              ["add", 1, undefined],
            ]
          : [],
      );
    } finally {
      vi.restoreAllMocks();
    }
  });

  it("profile(fn) detaches its observer when fn throws", async () => {
    const fail = (): never => {
      throw new Error("planted");
    };
    await expect(w.profile(fail)).rejects.toThrow("planted");
    expect(await w.ones([2]).add(1).tolist()).toEqual([2, 2]);
  });
});
