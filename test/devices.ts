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
  const at = got.findIndex((v, i) => {
    const e = expected[i]!;
    return Number.isFinite(e) ? !(Math.abs(v - e) <= tolerance * (1 + Math.abs(e))) : !Object.is(v, e);
  });
  if (at >= 0) expect.fail(`element ${at}: ${got[at]}, expected ${expected[at]}`);
}

/** Asserts that two long lists of numbers are the same, which takes toEqual some microseconds an element. */
export function expectSame(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(got.length).toBe(expected.length);
  const at = Array.prototype.findIndex.call(got, (v, i) => !Object.is(v, expected[i]));
  if (at >= 0) expect.fail(`element ${at}: ${got[at]}, expected ${expected[at]}`);
}
