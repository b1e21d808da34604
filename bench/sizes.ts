/** Gzipped sizes of the libraries as the bench uses them, and of the engine's two size budgets. */
import { readFile, rm, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT, bundle, contestantSource } from "./build.ts";
import type { BuiltFiles } from "./build.ts";
import type { ContestantInfo } from "./contestants.ts";
import type { SizeReport } from "./results.ts";

const gzipped = (body: string | Uint8Array): number => gzipSync(body, { level: 9 }).length;

const scripts = (files: BuiltFiles): number =>
  [...files].filter(([path]) => path.endsWith(".js")).reduce((sum, [, body]) => sum + gzipped(body), 0);

/** tfjs loads its binary beside the script; the threaded one is what an isolated page gets. */
async function wasmBytes(name: string): Promise<number> {
  if (name !== "tfjs-wasm") return 0;
  return gzipped(await readFile(`${ROOT}node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm`));
}

/** What a page that imports only these lines would load. */
async function sizeOfText(text: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "bench-size-"));
  try {
    const entry = join(folder, "entry.ts");
    await writeFile(entry, text);
    return scripts(await bundle({ entry }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Sizes by contestant; each is built alone, minified, with the few kilobytes of glue that use it. */
export async function measureSizes(
  contestants: readonly ContestantInfo[],
  progress: (text: string) => void,
): Promise<Record<string, SizeReport>> {
  const sizes: Record<string, SizeReport> = {};
  for (const { name } of contestants) {
    progress(name);
    sizes[name] = { js: scripts(await bundle({ [name]: contestantSource(name) })), wasm: await wasmBytes(name) };
  }
  if (contestants.some(({ name }) => name === "wengert")) {
    sizes["wengert: tensors, Linear, SGD"] = { js: await sizeOfText(MINIMAL), wasm: 0 };
    sizes["wengert: everything"] = { js: await sizeOfText('export * from "wengert";\n'), wasm: 0 };
  }
  return sizes;
}

const MINIMAL = `export { init, tensor } from "wengert/core";
export { Linear } from "wengert/nn";
export { SGD } from "wengert/optim";
`;
