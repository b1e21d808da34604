// Links between documents lead somewhere, also their anchors.
import { existsSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, test } from "vitest";
import { readText, root, trackedFiles } from "../setup/source.ts";

const documents = trackedFiles().filter((path) => path.endsWith(".md"));

/** Headings as GitHub names them. */
const anchorsOf = (text: string): Set<string> =>
  new Set(
    [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, "")
        .replace(/ /g, "-"),
    ),
  );

test("every relative link leads to a file, and to a heading of it", () => {
  expect(documents.length).toBeGreaterThan(30);
  const anchors = new Map(documents.map((path) => [path, anchorsOf(readText(path))]));
  const broken: string[] = [];
  let links = 0;
  for (const path of documents)
    for (const [, to] of readText(path)
      .replace(/^```[\s\S]*?^```$/gm, "")
      .matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(to!)) continue;
      links++;
      const [file, anchor] = to!.split("#") as [string, string?];
      const target = file === "" ? path : posix.join(posix.dirname(path), file);
      const exists = existsSync(join(root, target)) && (statSync(join(root, target)).isFile() || target.endsWith("/"));
      if (!exists || (anchor !== undefined && !anchors.get(target)?.has(anchor))) broken.push(`${path}: ${to}`);
    }
  expect(links).toBeGreaterThan(1000);
  expect(broken).toEqual([]);
});
