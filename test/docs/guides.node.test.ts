// The snippets of the README and of every guide run, in order and in one scope, and give what they say.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import * as wengert from "../../src/index.ts";
import { root } from "../setup/source.ts";
import { blocksOf } from "./blocks.ts";
import { run } from "./snippets.ts";

const guides = readdirSync(join(root, "docs/guides")).filter((name) => name.endsWith(".md"));
const documents = ["README.md", ...guides.map((name) => `docs/guides/${name}`)];

/** `wengert`, its rooms and kits, from src; everything else as Node finds it. */
async function resolve(specifier: string): Promise<unknown> {
  const [name, ...path] = specifier.split("/");
  if (name !== "wengert") return import(/* @vite-ignore */ specifier);
  if (path.length === 0) return wengert;
  if (path[0] === "core") return import("../../src/core.ts");
  return path[0] === "ops" ? import(`../../src/ops/${path[1]}/index.ts`) : import(`../../src/${path[0]}/index.ts`);
}

afterEach(() => wengert.init({ device: "cpu" }));

describe("snippets run", () => {
  test.each(documents)("%s", async (path) => {
    const blocks = blocksOf(path).filter(({ reason }) => reason === undefined);
    const said: string[] = [];
    const { log } = console;
    // What a snippet prints without promising anything belongs to its reader.
    console.log = (...values) => void said.push(values.join(" "));
    try {
      // Line for line as in the document, so that errors name its lines.
      const lines: string[] = [];
      for (const { code, line } of blocks) {
        while (lines.length < line - 1) lines.push("");
        lines.push(...code.trimEnd().split("\n"));
      }
      const { broken, promises } = await run(lines.join("\n"), resolve);
      expect(broken.map((what) => `${path}:${what}`)).toEqual([]);
      if (path !== "README.md") expect(promises).toBeGreaterThan(0);
    } finally {
      console.log = log;
    }
  });
});
