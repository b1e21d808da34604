// WebGPU gives PyTorch's numbers.
import { beforeAll, describe, expect } from "vitest";
import { init } from "../../src/tensor/device.ts";
import { conformance } from "./conformance.ts";

beforeAll(async () => {
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
});

describe("on webgpu", () => conformance("webgpu"));
