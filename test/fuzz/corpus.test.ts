// What random programs once found, made small: every case is a fault that was mended.
import { beforeAll, describe, expect, it } from "vitest";
import { init } from "../../src/tensor/device.ts";
import corpus from "./corpus/programs.json";
import { check, truth } from "./programs/check.ts";
import { shownBy } from "./programs/compare.ts";
import { runProgram } from "./programs/machine.ts";
import { type Program, revive } from "./programs/program.ts";

beforeAll(async () => {
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
});

describe("corpus", () => {
  it.each(corpus)("$title", async ({ steps, second, throws }) => {
    const program: Program = { profile: "corpus", seed: 0, steps: revive(steps) as Program["steps"], second };
    expect(await check(program, true)).toBeUndefined();
    const { thrown } = await shownBy(runProgram(program, truth));
    expect(thrown.map(({ at, kind }) => `${at} ${kind}`)).toEqual(throws);
  });
});
