// Every operator is there before a test; after it, nothing on the GPU went wrong unnoticed.
import { afterEach, expect } from "vitest";
import { webGpuDevice } from "../../src/tensor/device.ts";
import "../../src/ops/all.ts";
import "../../src/tensor/print.ts";
import "../../src/tensor/selection.ts";

afterEach(async () => {
  const device = webGpuDevice();
  if (!device || device.lost) return;
  await device.sync();
  expect(device.lost).toBeUndefined();
});
