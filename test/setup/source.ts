// The source tree as data, for tests about its structure.
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";

/** Folder of package.json. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A node of a syntax tree, as far as these tests look at it. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** One `import` or `export … from`; `value` is false where it vanishes with the types. */
export interface Import {
  readonly from: string;
  readonly value: boolean;
  readonly line: number;
}

/** A parsed TypeScript file. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly program: SyntaxNode;
  readonly comments: readonly SyntaxNode[];
  readonly imports: readonly Import[];
  readonly lineOf: (offset: number) => number;
}

/** Every file that belongs to the repository, as paths from the root with forward slashes. */
export function trackedFiles(): readonly string[] {
  if (existsSync(join(root, ".git"))) {
    const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    return [...new Set(listed.split("\0"))].filter(
      (path) => path !== "" && lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile(),
    );
  }
  const skip = new Set(["node_modules", "dist", "test-results"]);
  const walk = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return skip.has(entry.name) ? [] : walk(path);
      return entry.isFile() ? [path] : [];
    });
  return walk("");
}

export const readText = (path: string): string => readFileSync(join(root, path), "utf8");

/** Lines of a text, not counting the empty one after a final newline. */
export const countLines = (text: string): number => text.replace(/\n$/, "").split("\n").length;

/** Parses a TypeScript file. Errors: Error where it does not parse. */
export function parseSource(path: string): Source {
  const text = readText(path);
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message ?? "does not parse"}`);
  const starts = [0];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) starts.push(i + 1);
  const lineOf = (offset: number): number => starts.findLastIndex((start) => start <= offset) + 1;
  const tree = program as unknown as SyntaxNode;
  const imports: Import[] = [];
  visit(tree, (node) => {
    const source = node["source"] as { readonly value?: unknown } | null | undefined;
    if (!IMPORTING.has(node.type) || typeof source?.value !== "string") return;
    const kind = node["importKind"] ?? node["exportKind"] ?? "value";
    imports.push({ from: source.value, value: kind !== "type" && node.type !== "TSImportType", line: lineOf(node.start) });
  });
  return { path, text, program: tree, comments: comments as unknown as readonly SyntaxNode[], imports, lineOf };
}

const IMPORTING = new Set(["ImportDeclaration", "ExportNamedDeclaration", "ExportAllDeclaration", "ImportExpression", "TSImportType"]);

/** Calls `see` for every node of the tree, parents first. */
export function visit(node: unknown, see: (node: SyntaxNode) => void): void {
  if (Array.isArray(node)) for (const item of node) visit(item, see);
  else if (typeof node === "object" && node !== null && typeof (node as SyntaxNode).type === "string") {
    see(node as SyntaxNode);
    for (const value of Object.values(node)) if (typeof value === "object") visit(value, see);
  }
}

/** Path from the root that a relative import of `path` means. */
export const target = (path: string, from: string): string => posix.join(dirname(path), from.replace(/\?.*$/, ""));

/** A cycle among `edges` as the list of its members, or undefined. */
export function findCycle(edges: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const search = (at: string): readonly string[] | undefined => {
    if (path.includes(at)) return [...path.slice(path.indexOf(at)), at];
    if (done.has(at)) return undefined;
    path.push(at);
    for (const next of edges.get(at) ?? []) {
      const cycle = search(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(at);
    return undefined;
  };
  for (const start of edges.keys()) {
    const cycle = search(start);
    if (cycle) return cycle;
  }
  return undefined;
}
