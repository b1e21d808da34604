// Every snippet of the documents compiles under the strictest settings, also those that need a browser to run.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { root, trackedFiles } from "../setup/source.ts";
import { type Block, blocksOf } from "./blocks.ts";

const documents = trackedFiles().filter((path) => path === "README.md" || (path.endsWith(".md") && path.startsWith("docs/")));

/** The compiler's complaints about these blocks, by document and line. */
function complaints(files: ReadonlyMap<string, string>, places: ReadonlyMap<string, string>): string[] {
  mkdirSync(join(root, "test-results"), { recursive: true });
  const folder = mkdtempSync(join(root, "test-results/snippets-"));
  const paths = {
    wengert: ["../../src/index.ts"],
    "wengert/ops/*": ["../../src/ops/*/index.ts"],
    "wengert/core": ["../../src/core.ts"],
    "wengert/*": ["../../src/*/index.ts"],
  };
  const compilerOptions = { paths, noUnusedLocals: false, noUnusedParameters: false, jsx: "preserve" };
  try {
    for (const [name, code] of files) writeFileSync(join(folder, name), `${code}\nexport {};\n`);
    const config = { extends: "../../tsconfig.json", compilerOptions, include: ["*.ts", "../../src/wgsl.d.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], { cwd: folder, encoding: "utf8" });
    return [];
  } catch (error) {
    const lines = String((error as { readonly stdout?: string }).stdout).split("\n");
    return lines.filter(Boolean).map((line) => line.replace(/^([\w.-]+\.ts)(?=\()/, (name) => places.get(name) ?? name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The snippets of a guide share a scope, in order; what only a browser runs sees what came before, and nothing sees it. */
function joined(blocks: readonly Block[]): string {
  const imported = new Set<string>();
  /** Names that are not there yet. */
  const fresh = (code: string): string =>
    code.replace(/^import \{([^}]*)\}/gm, (_, names: string) => {
      const own = names.split(",").map((name) => name.trim());
      const missing = own.filter((name) => name !== "" && !imported.has(name.replace("type ", "")));
      for (const name of missing) imported.add(name.replace("type ", ""));
      return `import { ${missing.join(", ")} }`;
    });
  const parts = blocks.map(({ code, reason }) => {
    const unique = fresh(code);
    if (reason === undefined) return unique;
    return [...(unique.match(/^import .*$/gm) ?? []), "{", unique.replace(/^import .*$/gm, ""), "}"].join("\n");
  });
  return parts.join("\n");
}

test("every snippet type-checks", () => {
  const files = new Map<string, string>();
  const places = new Map<string, string>();
  for (const path of documents) {
    const blocks = blocksOf(path);
    const guide = path === "README.md" || path.startsWith("docs/guides/");
    const parts = guide ? [blocks] : blocks.map((block) => [block]);
    for (const part of parts.filter((p) => p.length > 0)) {
      const name = `${basename(path, ".md")}-${files.size}.ts`;
      files.set(name, joined(part));
      places.set(name, `${path}:${part[0]!.line}`);
    }
  }
  expect(files.size).toBeGreaterThan(300);
  expect(complaints(files, places)).toEqual([]);
});
