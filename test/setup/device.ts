// Every operator is there before a test, and a file begins on the CPU; after a test, nothing on the GPU went wrong unnoticed.
import { afterEach, beforeAll, expect } from "vitest";
import { init, webGpuDevice } from "../../src/tensor/device.ts";
import "../../src/ops/all.ts";
import "../../src/tensor/print.ts";
import "../../src/tensor/selection.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import "../../src/tensor/words.ts";

// A tensor is like itself only: what can be iterated over is taken for a list of its rows otherwise, down to numbers, which have none.
expect.addEqualityTesters([(a, b) => (a instanceof Tensor && b instanceof Tensor ? a === b : undefined)]);

// Files that share a page come in any order, and the one before may have left it on WebGPU.
beforeAll(() => init({ device: "cpu" }));

afterEach(async () => {
  const device = webGpuDevice();
  if (!device || device.lost) return;
  await device.sync();
  expect(device.lost).toBeUndefined();
});
