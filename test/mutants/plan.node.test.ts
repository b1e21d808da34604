// inWgsl(text) and allMutants(): faults stand where they say, and are no change of types or comments.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../setup/source.ts";
import { allMutants, inWgsl } from "./plan.ts";

const planted = (text: string): readonly string[] =>
  inWgsl(text).map(({ start, end, replacement }) => text.slice(0, start) + replacement + text.slice(end));

test("inWgsl exchanges operators and nudges numbers", () => {
  expect(planted("a + b * 2u")).toEqual(["a - b * 2u", "a + b / 2u", "a + b * 3u"]);
  expect(planted("min(x, 0.5) <= 0x10u")).toEqual([
    "max(x, 0.5) <= 0x10u",
    "min(x, 0.505) <= 0x10u",
    "min(x, 0.5) < 0x10u",
    "min(x, 0.5) <= 0u",
  ]);
});

test("inWgsl takes the highest bit from a pattern, and turns the test of a kernel's constant round", () => {
  expect(planted("bits == 0x7f800000u")).toEqual(["bits != 0x7f800000u", `bits == ${String(0x3f800000)}u`]);
  expect(planted("RANK > 2u")).toEqual(["RANK <= 2u", "RANK > 3u"]);
});

test("inWgsl takes a sign away, and leaves addresses, types and comments alone", () => {
  expect(planted("let b = -a;")).toEqual(["let b = a;"]);
  expect(planted("f(&x, *y); // a + b\nvar v: vec2<f32>;")).toEqual([]);
});

test("allMutants finds hundreds of faults in both halves, each of which changes its file", () => {
  const all = allMutants();
  for (const kind of ["wgsl", "rule"]) expect(all.filter((mutant) => mutant.kind === kind).length).toBeGreaterThan(400);
  const unchanged = all.filter(
    ({ file, start, end, replacement }) => readFileSync(join(root, file), "utf8").slice(start, end) === replacement,
  );
  expect(unchanged).toEqual([]);
});
