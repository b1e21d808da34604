// Random programs: CPU in float64, CPU in float32 and WebGPU agree, and gradients are the slopes of what they differentiate.
import { beforeAll, describe, expect, it, vi } from "vitest";
import { init } from "../../src/tensor/device.ts";
import { profileNames } from "./programs/profiles.ts";
import { report, search } from "./programs/search.ts";
import { inPage } from "../setup/runtime.ts";
import { cases, seed } from "./settings.ts";

beforeAll(async () => {
  // Losses that broadcast say so; here they are meant to.
  vi.spyOn(console, "warn").mockReturnValue();
  console.log(`fuzz: FUZZ_SEED=${seed}`);
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
});

describe(`programs of seed ${seed}`, () => {
  it.each(cases(profileNames, "FUZZ_PROFILE", inPage ? 12 : 60))("$name", async ({ name, from, count }) => {
    const findings = await search(name, seed, from, count);
    expect(findings.map(report).join("\n\n")).toBe("");
  });
});
