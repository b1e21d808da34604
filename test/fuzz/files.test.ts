// Damaged files and states of every format are loaded in order or refused with a typed error, and leave no trace then.
import { beforeAll, describe, expect, it } from "vitest";
import { init } from "../../src/tensor/device.ts";
import { formatNames } from "./files/formats.ts";
import { searchFiles } from "./files/search.ts";
import { inPage } from "../setup/runtime.ts";
import { cases, seed } from "./settings.ts";

beforeAll(async () => {
  console.log(`fuzz: FUZZ_SEED=${seed}`);
  expect((await init({ device: "cpu" })).device).toBe("cpu");
});

describe(`files of seed ${seed}`, () => {
  it.each(cases(formatNames, "FUZZ_FORMAT", inPage ? 200 : 2000))("$name", async ({ name, from, count }) => {
    expect((await searchFiles(name, seed, from, count)).join("\n\n")).toBe("");
  });
});
