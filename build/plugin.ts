// The packer as a Vite plugin, for the library, the single file, the pages and the bench.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { packShaders, withoutErrorSamples } from "./pack.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const families = ["ops"].map((name) => fileURLToPath(new URL(`../src/${name}/`, import.meta.url)));
const files = readdirSync(folder).filter((file) => file.endsWith(".wgsl"));

/** What a build inlines: packed shaders, and operator records without the calls that must fail, which only tests make. */
export function pack(): Plugin {
  let packed: Record<string, string> | undefined;
  return {
    name: "wengert:pack",
    apply: "build",
    enforce: "pre",
    load(id) {
      if (!id.startsWith(folder) || !id.endsWith(".wgsl?raw")) return null;
      packed ??= packShaders(Object.fromEntries(files.map((file) => [join(folder, file), readFileSync(join(folder, file), "utf8")])));
      return { code: `export default ${JSON.stringify(packed[id.slice(0, -"?raw".length)])};`, map: null };
    },
    transform(code, id) {
      return families.some((family) => id.startsWith(family)) ? { code: withoutErrorSamples(code), map: null } : null;
    },
  };
}
