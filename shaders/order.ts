// Looks for the order of modules in the single file that gzip, whose memory is 32 KiB, makes least of, and keeps it in order.json.
// Run by `npm run order` when the file has grown. Any order is right: a list that has aged costs bytes and nothing else.
import { readFileSync, writeFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join, relative } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, parseAst, type Plugin } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const TRIALS = 4000;

interface Statement {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly declarations?: readonly Statement[];
}
/** What a module brings to the file, and all modules that must run before it. */
interface Part {
  readonly module: string;
  text: string;
  readonly needs: ReadonlySet<string>;
}

/** A module's path from the root, without the query that loads it as text. */
const nameOf = (id: string): string => relative(root, id.replace(/\?.*/, ""));

/** Builds the single file, and hands over its code, its source map and what each module imports. */
async function bundled(): Promise<{ code: string; map: SourceMap; imports: Map<string, string[]> }> {
  const imports = new Map<string, string[]>();
  const watching: Plugin = {
    name: "wengert:imports",
    generateBundle() {
      for (const id of this.getModuleIds()) imports.set(nameOf(id), (this.getModuleInfo(id)?.importedIds ?? []).map(nameOf));
    },
  };
  const results = await build({
    root,
    configFile: join(root, "vite.config.ts"),
    mode: "bundle",
    logLevel: "error",
    build: { write: false },
    plugins: [watching],
  });
  const [{ output }] = results as unknown as [{ output: { type: string; code: string; map: object }[] }];
  const { code, map } = output.find(({ type }) => type === "chunk")!;
  return { code, map: new SourceMap(map as ConstructorParameters<typeof SourceMap>[0]), imports };
}

/** The file cut into what comes from one module each, in the order in which it stands there. */
function partsOf(code: string, map: SourceMap, imports: ReadonlyMap<string, readonly string[]>): Part[] {
  const needsOf = (module: string): ReadonlySet<string> => {
    const found = new Set<string>(imports.get(module));
    for (const name of found) for (const next of imports.get(name) ?? []) found.add(next);
    return found;
  };
  const lines = code.split("\n");
  const starts = lines.map((_, i) => lines.slice(0, i).reduce((at, line) => at + line.length + 1, 0));
  const parts: Part[] = [];
  for (const statement of parseAst(code).body as unknown as readonly Statement[])
    for (const { start, end } of statement.declarations ?? [statement]) {
      const line = starts.findLastIndex((at) => at <= start);
      const entry = map.findEntry(line, start - starts[line]!) as { originalSource?: string };
      const from = entry.originalSource?.replace(/^.*?((src|shaders)\/[^?]*).*$/, "$1");
      const module = from ?? parts.at(-1)?.module ?? "";
      if (parts.at(-1)?.module !== module) parts.push({ module, text: "", needs: needsOf(module) });
      parts.at(-1)!.text += code.slice(start, end);
    }
  return parts;
}

/** Every part stands behind those that it needs. */
function runs(parts: readonly Part[]): boolean {
  const last = new Map(parts.map(({ module }, i) => [module, i]));
  return parts.every(({ needs }, i) => [...needs].every((module) => (last.get(module) ?? -1) < i));
}

/** Moves stretches of modules about and keeps what makes the file smaller. The last part stays: it ends in the export list. */
function improve(parts: Part[]): void {
  const size = (): number => gzipSync(parts.map(({ text }) => text).join(), { level: 9 }).length;
  // The same moves in every run (mulberry32).
  let seed = 1;
  const below = (n: number): number => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
  let least = size();
  for (let trial = 0; trial < TRIALS;) {
    const length = 1 + below(below(2) ? 1 : 6);
    const [from, to] = [below(parts.length - length), below(parts.length - length)];
    const moved = parts.splice(from, length);
    parts.splice(to, 0, ...moved);
    const allowed = runs(parts);
    const now = allowed ? size() : Infinity;
    if (allowed) trial++;
    if (now < least) least = now;
    else parts.splice(from, 0, ...parts.splice(to, length));
  }
}

const file = join(root, "shaders/order.json");
let least = Infinity;
for (let kept = "[]"; ;) {
  const { code, map, imports } = await bundled();
  const size = gzipSync(code, { level: 9 }).length;
  process.stdout.write(`order: ${size} bytes\n`);
  // Names come out differently in another order, so that what looked smaller need not be.
  if (size >= least) {
    writeFileSync(file, kept);
    break;
  }
  least = size;
  kept = readFileSync(file, "utf8");
  const parts = partsOf(code, map, imports);
  if (!runs(parts)) throw new Error("order: the file is cut wrongly, its parts would not run");
  improve(parts);
  const order = [...new Set(parts.slice(0, -1).map(({ module }) => module))].filter((module) => module !== "");
  writeFileSync(file, `${JSON.stringify(order, null, 2)}\n`);
}
