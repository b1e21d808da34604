// After every test: nothing on the GPU went wrong unnoticed.
import { afterEach, expect } from "vitest";
import { webGpuDevice } from "../../src/device.ts";

afterEach(async () => {
  const device = webGpuDevice();
  if (!device || device.lost) return;
  await device.sync();
  expect(device.lost).toBeUndefined();
});
