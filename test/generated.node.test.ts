// Files that are generated say what their sources say.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { generated, leftOver } from "../build/docs/make.ts";
import { root } from "./setup/source.ts";

const files = await generated();

describe("is what `npm run docs` writes", () => {
  test.each(Object.entries(files))("%s", (file, text) => {
    expect(readFileSync(`${root}/${file}`, "utf8")).toBe(text);
  });
  test("and nothing else is there", () => {
    expect(leftOver(files)).toEqual([]);
  });
});
