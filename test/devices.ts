// The conformance pattern: one body, every device.
import { beforeAll, describe, expect } from "vitest";
import { type DeviceName, init } from "../src/tensor/device.ts";
import type { Tensor } from "../src/tensor/tensor.ts";

/** Runs the tests of `body` with each device as the default one. A device that cannot start fails them. */
export function onEveryDevice(body: (device: DeviceName) => void): void {
  describe.each<DeviceName>(["cpu", "webgpu"])("on %s", (device) => {
    beforeAll(async () => {
      expect((await init({ device })).device).toBe(device);
    });
    body(device);
  });
}

/** Asserts a tensor's values, flat, within an absolute plus relative tolerance. */
export async function expectValues(actual: Tensor | null | undefined, expected: readonly number[], tolerance = 1e-5): Promise<void> {
  if (!actual) throw new Error("expected a tensor, got none");
  const got = [...(await actual.array())];
  expect(got.length).toBe(expected.length);
  got.forEach((v, i) => {
    const e = expected[i]!;
    if (Number.isNaN(e) || !Number.isFinite(e)) expect(v).toBe(e);
    else expect(Math.abs(v - e), `element ${i}: ${v}, expected ${e}`).toBeLessThanOrEqual(tolerance * (1 + Math.abs(e)));
  });
}
