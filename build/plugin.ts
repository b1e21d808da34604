// The packer as a Vite plugin, for the library, the single file, the pages and the bench.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { packShaders, withoutTests } from "./pack.ts";

const shaders = fileURLToPath(new URL("../shaders/", import.meta.url));
const families = fileURLToPath(new URL("../src/ops/", import.meta.url));

/** What a build inlines: packed shaders, and operator records without what only tests read. */
export function pack(): Plugin {
  let packed: Record<string, string> | undefined;
  return {
    name: "wengert:pack",
    apply: "build",
    enforce: "pre",
    load(id) {
      if (!id.startsWith(shaders) || !id.endsWith(".wgsl?raw")) return null;
      packed ??= packShaders(
        Object.fromEntries(readdirSync(shaders).map((file) => [join(shaders, file), readFileSync(join(shaders, file), "utf8")])),
      );
      return { code: `export default ${JSON.stringify(packed[id.slice(0, -"?raw".length)])};`, map: null };
    },
    transform(code, id) {
      return id.startsWith(families) ? { code: withoutTests(code), map: null } : null;
    },
  };
}
