// The index of the golden cases says what the fixtures hold.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { catalogue } from "./catalogue.ts";

it("index.md is what `npm run docs` writes", async () => {
  expect(readFileSync(new URL("index.md", import.meta.url), "utf8")).toBe(await catalogue());
});
