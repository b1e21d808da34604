// Generates what src/ has for editors (faces.ts) and docs/ from the records and the declarations. Run by `npm run docs`; `npm run docs -- --check` only looks.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { catalogue } from "./catalog.ts";
import { Compiler, root } from "./compiler.ts";
import { fromPyTorch } from "./from-pytorch.ts";
import { faces } from "./faces.ts";
import { referencePages } from "./pages.ts";

/** The folder that holds nothing but generated files. */
const folder = "docs/reference";

/** Generated files and their contents, by path from the root. */
export async function generated(): Promise<Record<string, string>> {
  const compiler = new Compiler();
  try {
    const catalog = catalogue(compiler);
    return {
      ...faces(),
      ...(await referencePages(compiler, catalog)),
      "docs/from-pytorch.md": fromPyTorch(compiler, catalog),
    };
  } finally {
    compiler.close();
  }
}

/** Files in the folder of the reference that nobody generates. */
export const leftOver = (files: Readonly<Record<string, string>>): string[] =>
  readdirSync(join(root, folder))
    .map((name) => `${folder}/${name}`)
    .filter((path) => !(path in files));

/** Paths of generated files that are missing, stale, or left over. */
export async function stale(): Promise<string[]> {
  const files = await generated();
  const read = (path: string): string | undefined => {
    try {
      return readFileSync(join(root, path), "utf8");
    } catch {
      return undefined;
    }
  };
  return [...Object.keys(files).filter((path) => read(path) !== files[path]), ...leftOver(files)];
}

async function main(): Promise<void> {
  if (process.argv.includes("--check")) {
    const paths = await stale();
    if (paths.length === 0) return;
    console.error(`stale: ${paths.join(", ")} (run npm run docs)`);
    process.exitCode = 1;
    return;
  }
  const files = await generated();
  rmSync(join(root, folder), { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
