// The packer as a Vite plugin, for the library, the pages and the bench, and what the single file asks for besides.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { withPlainExports, withRecordsInPlace } from "./layout.ts";
import { packShaders, withFewerSamples } from "./pack.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const families = ["ops", "extra"].map((name) => fileURLToPath(new URL(`../src/${name}/`, import.meta.url)));
const files = readdirSync(folder).filter((file) => file.endsWith(".wgsl"));

/**
 * What a build inlines: packed shaders, and operator records without the calls that must fail, which only tests make.
 * Of the calls that selfTest() makes, `samples` stay for each operator.
 */
export function pack(samples?: number): Plugin {
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
      return families.some((family) => id.startsWith(family)) ? { code: withFewerSamples(code, samples), map: null } : null;
    },
  };
}

/** Lays a single file out: modules in the order that order.ts found, records where they are installed, function names once, at the end. */
export function layOut(entry: string): Plugin {
  return {
    name: "wengert:lay-out",
    apply: "build",
    transform(code, id) {
      if (id !== entry) return null;
      const order = JSON.parse(readFileSync(join(folder, "order.json"), "utf8")) as readonly string[];
      const paths = order.map((file) => join(folder, "..", file)).filter((path) => existsSync(path));
      const imports = paths.map((path) => `import "${path}${path.endsWith(".wgsl") ? "?raw" : ""}";`);
      return { code: [...imports, code].join("\n"), map: null };
    },
    renderChunk(code) {
      const text = withRecordsInPlace(code);
      return { code: text.toString(), map: text.generateMap({ hires: true }) };
    },
    generateBundle(_options, output) {
      for (const file of Object.values(output)) if (file.type === "chunk") file.code = withPlainExports(file.code);
    },
  };
}
