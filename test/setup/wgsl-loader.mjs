// Lets plain Node import shader text as Vite does: `tsx --import ./test/setup/wgsl-loader.mjs file.ts`.
import { readFile } from "node:fs/promises";
import { register } from "node:module";

const SUFFIX = ".wgsl?raw";
const HOOKS = "?hooks";

// Node evaluates this file twice: on the main thread, where it registers itself, and on the hooks thread, which calls its exports.
if (!import.meta.url.endsWith(HOOKS)) register(import.meta.url + HOOKS);

/** Resolves `*.wgsl?raw` next to the importing file, before any other loader sees the query. */
export async function resolve(specifier, context, nextResolve) {
  if (!specifier.endsWith(SUFFIX)) return nextResolve(specifier, context);
  return { url: new URL(specifier, context.parentURL).href, format: "module", shortCircuit: true };
}

/** Turns the shader's text into a module whose default export is that text. */
export async function load(url, context, nextLoad) {
  if (!url.endsWith(SUFFIX)) return nextLoad(url, context);
  const text = await readFile(new URL(url.slice(0, -"?raw".length)), "utf8");
  return { format: "module", source: `export default ${JSON.stringify(text)};`, shortCircuit: true };
}
