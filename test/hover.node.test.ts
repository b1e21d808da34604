// What an editor shows of the published types: the sentence of whatever can be completed, and nothing of the engine.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { records } from "../src/ops/install.ts";
import "../src/ops/all.ts";
import { LanguageServer } from "./setup/language-server.ts";
import { root } from "./setup/source.ts";

const folder = mkdtempSync(join(tmpdir(), "wengert-hover-"));
const file = join(folder, "program.ts");
const server = new LanguageServer(folder);
const methods = Object.entries(records).flatMap(([name, op]) => (op.internal || (op.self ?? 0) < 0 ? [] : [name]));
const program = [
  'import * as w from "./dist/index.d.ts";',
  "declare const x: w.Tensor;",
  "const F = w.nn.functional;",
  "x.abs();",
  "w.abs(x);",
  "F.relu(x);",
  "x.sum(0, true);",
  "F.conv2d(x, x);",
  ...methods.map((name) => `x.${name};`),
];

beforeAll(async () => {
  const emit = [
    "-p",
    "src",
    "--noEmit",
    "false",
    "--declaration",
    "--emitDeclarationOnly",
    "--rootDir",
    "src",
    "--outDir",
    join(folder, "dist"),
  ];
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...emit], { cwd: root });
  const compilerOptions = { strict: true, module: "esnext", moduleResolution: "bundler", target: "es2023", noEmit: true, types: [] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["program.ts"] }));
  writeFileSync(file, program.join("\n"));
  await server.open(file);
}, 120_000);
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const hover = (line: string, word: string): Promise<string> => server.hover(file, program.indexOf(line), line.indexOf(word));

const namespaces = ["autograd", "data", "inspect", "io", "linalg", "nn", "optim"];

/** What completes the word before its dot on a line of the program. */
const after = (start: string): Promise<ReadonlyMap<string, string>> =>
  server.completions(
    file,
    program.findIndex((line) => line.startsWith(start)),
    start.length,
  );

test.each([
  ["a tensor", "x.", 300],
  ["the root", "w.", 250],
  ["nn.functional", "F.", 55],
])("%s: everything that can be completed has its sentence", async (_what, start, least) => {
  const shown = await after(start);
  expect(shown.size).toBeGreaterThan(least);
  // Symbol is JavaScript's: [Symbol.dispose]. Of namespaces no comment is shown, wherever it stands.
  const exempt = ["Symbol", ...namespaces];
  expect([...shown].filter(([name, doc]) => !exempt.includes(name) && !/\w/.test(doc)).map(([name]) => name)).toEqual([]);
});

test("a tensor shows nothing of the engine", async () => {
  const shown = await after("x.");
  const engine = [
    "storage",
    "edge",
    "viewOf",
    "path",
    "peekGrad",
    "receiveGrad",
    "alias",
    "rebase",
    "moved",
    "filledLike",
    "checkLive",
    "tracked",
  ];
  const own = Object.entries(records).filter(([, op]) => op.internal);
  expect([...engine, ...own.map(([name]) => name)].filter((name) => shown.has(name))).toEqual([]);
  expect(shown.has("copy_")).toBe(true);
});

test("signatures name their arguments", async () => {
  expect(await hover("x.sum(0, true);", "sum")).toContain("(dim?: Dims | undefined, keepdim?: boolean | undefined, options?: WithDtype");
  expect(await hover("F.conv2d(x, x);", "conv2d")).toContain("(x: Tensor, weight: Tensor, bias?: Tensor | null | undefined, stride?: ");
  const signatures = await Promise.all(methods.map(async (name) => [name, (await hover(`x.${name};`, name)).split("```")[1]!] as const));
  // Lists that may be spread have no names of their own.
  expect(signatures.filter(([name, text]) => !text.includes(name) || /\.\.\.(?!args: readonly [\w.]+\[\])/.test(text))).toEqual([]);
});
