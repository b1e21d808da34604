// Arguments that do not belong there: every public function, method and constructor takes them or says so with a typed error.
import { beforeAll, describe, expect, it, vi } from "vitest";
import { init } from "../../src/tensor/device.ts";
import { searchArguments } from "./arguments/search.ts";
import { familyNames } from "./arguments/targets.ts";
import { inPage } from "../setup/runtime.ts";
import { cases, seed } from "./settings.ts";

beforeAll(async () => {
  // Losses that broadcast say so; here anything may.
  vi.spyOn(console, "warn").mockReturnValue();
  console.log(`fuzz: FUZZ_SEED=${seed}`);
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
  expect((await init({ device: "cpu" })).device).toBe("cpu");
});

describe(`arguments of seed ${seed}`, () => {
  it.each(cases(familyNames, "FUZZ_FAMILY", inPage ? 500 : 5000))("$name", async ({ name, from, count }) => {
    expect((await searchArguments(name, seed, from, count)).join("\n")).toBe("");
  });
});
