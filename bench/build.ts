/** Builds the page and the contestants as a user would ship them: minified ES modules, kept in memory. */
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { pack } from "../build/plugin.ts";

/** Repository root. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Built files by path, as text or bytes. */
export type BuiltFiles = Map<string, string | Uint8Array>;

interface OutputChunk {
  readonly fileName: string;
  readonly code?: string;
  readonly source?: string | Uint8Array;
}

/** How a bundle is made; `mangle: false` only strips white space. */
export interface BundleOptions {
  readonly external?: readonly string[];
  readonly mangle?: boolean;
}

/** Bundles the given entries (output name to source path); shared code is split off. */
export async function bundle(entries: Record<string, string>, options: BundleOptions = {}): Promise<BuiltFiles> {
  const output = await build({
    configFile: false,
    root: ROOT,
    logLevel: "error",
    publicDir: false,
    plugins: [pack()],
    resolve: {
      alias: [
        { find: /^wengert$/, replacement: `${ROOT}src/index.ts` },
        { find: /^wengert\/core$/, replacement: `${ROOT}src/core.ts` },
        { find: /^wengert\/(\w+)$/, replacement: `${ROOT}src/$1/index.ts` },
      ],
    },
    worker: { format: "es" },
    build: {
      write: false,
      target: "es2022",
      minify: options.mangle ?? true,
      modulePreload: false,
      rolldownOptions: {
        input: entries,
        external: [...(options.external ?? [])],
        preserveEntrySignatures: "strict",
        output: {
          entryFileNames: "[name].js",
          chunkFileNames: "chunks/[name]-[hash].js",
          assetFileNames: "assets/[name]-[hash][extname]",
          ...(options.mangle === false ? { minify: { mangle: false, compress: false } } : {}),
        },
      },
    },
  });
  const files: BuiltFiles = new Map();
  for (const { output: chunks } of (Array.isArray(output) ? output : [output]) as { output: OutputChunk[] }[]) {
    for (const chunk of chunks) files.set(`/${chunk.fileName}`, chunk.code ?? chunk.source ?? "");
  }
  return files;
}

/** Contestants whose library sends its own source text to workers and breaks when a minifier rewrites it. */
const UNMANGLED = new Set(["tfjs-wasm"]);

/** The bench page and the modules of the named contestants, ready to serve. */
export async function buildContestants(names: readonly string[]): Promise<BuiltFiles> {
  const entries = (wanted: readonly string[]) => Object.fromEntries(wanted.map((name) => [name, contestantSource(name)]));
  const files = await bundle({ page: `${ROOT}bench/page.ts`, ...entries(names.filter((name) => !UNMANGLED.has(name))) });
  const delicate = names.filter((name) => UNMANGLED.has(name));
  if (delicate.length > 0) for (const [path, body] of await bundle(entries(delicate), { mangle: false })) files.set(path, body);
  return files;
}

/** Source of one contestant's module. */
export const contestantSource = (name: string): string => `${ROOT}bench/contestants/${name}.ts`;
