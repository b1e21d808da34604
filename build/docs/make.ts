// Generates what src/ has for editors (faces.ts) and docs/ from the records and the declarations. Run by `npm run docs`; `npm run docs:check` only looks.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Compiler, root } from "./compiler.ts";
import { faces } from "./faces.ts";

/** The folder that holds nothing but generated files. */
const folder = "docs/reference";

/** Generated files and their contents, by path from the root. */
export async function generated(): Promise<Record<string, string>> {
  // These load the library, which cannot be loaded while the names that it exports are still to be written (main).
  const [{ catalogue }, { fromPyTorch }, { referencePages }, { picture }] = await Promise.all([
    import("./catalog.ts"),
    import("./from-pytorch.ts"),
    import("./pages.ts"),
    import("./picture.ts"),
  ]);
  const compiler = new Compiler();
  try {
    const catalog = catalogue(compiler);
    return {
      ...faces(),
      ...(await referencePages(compiler, catalog)),
      "docs/from-pytorch.md": fromPyTorch(compiler, catalog),
      "docs/graph.svg": picture(),
    };
  } finally {
    compiler.close();
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return undefined;
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
  // What editors see comes first: the rest is read off it, and in a fresh process, since this one has loaded what was there before.
  if (write(faces())) {
    const { status } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], { stdio: "inherit" });
    process.exitCode = status ?? 1;
    return;
  }
  const files = await generated();
  for (const path of leftOver(files)) rmSync(join(root, path));
  write(files);
}

/** Writes what differs; tells whether anything did. */
function write(files: Readonly<Record<string, string>>): boolean {
  const changed = Object.entries(files).filter(([path, text]) => read(path) !== text);
  for (const [path, text] of changed) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return changed.length > 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
