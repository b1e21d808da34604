// Every example of the reference runs and gives what it says.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import * as wengert from "../../src/index.ts";
import { records } from "../../src/ops/install.ts";
import { root } from "../setup/source.ts";
import { blocksOf } from "./blocks.ts";
import { run } from "./snippets.ts";

const pages = readdirSync(join(root, "docs/reference")).filter((name) => name.endsWith(".md"));
const fromRoot = async (specifier: string): Promise<unknown> => {
  expect(specifier).toBe("wengert");
  return wengert;
};

afterEach(() => wengert.init({ device: "cpu" }));

describe("examples of the reference", () => {
  test.each(pages)("%s", async (page) => {
    const path = `docs/reference/${page}`;
    const broken: string[] = [];
    for (const { code, line } of blocksOf(path)) {
      const outcome = await run(code, fromRoot, line - 1).catch((error: unknown) => ({
        broken: [`${line}: ${String(error)}`],
        promises: 1,
      }));
      broken.push(...outcome.broken.map((what) => `${path}:${what}`));
      // An example that promises nothing shows nothing.
      if (outcome.promises === 0) broken.push(`${path}:${line}: promises nothing`);
    }
    expect(broken).toEqual([]);
  });

  test("there is one for every operator", () => {
    const examples = pages.reduce((sum, page) => sum + blocksOf(`docs/reference/${page}`).length, 0);
    expect(examples).toBeGreaterThan(Object.values(records).filter((op) => !op.internal).length);
  });
});
