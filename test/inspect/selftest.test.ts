// selfTest(): the same samples in float32 on the CPU device, so that a visitor without a GPU learns something too.
import { expect, it } from "vitest";
import { selfTest } from "../../src/inspect/selftest.ts";

it("every operator passes selfTest({ device: 'cpu' }), in float32 against float64", async () => {
  const seen: string[] = [];
  const report = await selfTest({ device: "cpu", onProgress: (r) => seen.push(r.name) });
  expect(report.operators.filter((r) => !r.ok)).toEqual([]);
  expect(seen).toEqual(report.operators.map((r) => r.name));
  // float32 rounds: a report of nothing but exact results would compare a number with itself.
  expect(report.operators.some((r) => r.value > 0)).toBe(true);
});

it("selfTest refuses unknown options", async () => {
  await expect(selfTest({ devise: "cpu" } as never)).rejects.toThrow(/unknown option devise/);
});
