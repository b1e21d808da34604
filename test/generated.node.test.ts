// Files that are generated say what their sources say.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { generated } from "../docs/make.ts";
import { root } from "./setup/source.ts";

describe("is what `npm run docs` writes", () => {
  test.each(Object.entries(generated()))("%s", (file, text) => {
    expect(readFileSync(`${root}/${file}`, "utf8")).toBe(text);
  });
});
