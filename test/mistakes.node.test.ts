// Deliberate mistakes of a user (test/mistakes/mistakes.ts): the compiler sees them and says what is wrong, or the library does when they run.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WengertError } from "../src/base/errors.ts";
import { init } from "../src/tensor/device.ts";
import { seen, unseen } from "./mistakes/mistakes.ts";
import { root } from "./setup/source.ts";

const text = readFileSync(join(root, "test/mistakes/mistakes.ts"), "utf8");
const directive = /^\s*\/\/ @ts-expect-error (.+)$/;

/** As deep as test/mistakes, so that its imports hold. */
const folder = mkdtempSync(join(root, "node_modules/.mistakes-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the compiler says of the list without its directives, by line. */
function complaints(): ReadonlyMap<number, string> {
  writeFileSync(join(folder, "mistakes.ts"), text.replaceAll("// @ts-expect-error", "//"));
  const config = { extends: "../../tsconfig.json", compilerOptions: { noUnusedLocals: false }, include: [], files: ["mistakes.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  let said = "";
  try {
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder, "--pretty", "false"], { cwd: folder, encoding: "utf8" }); // prettier-ignore
  } catch (error) {
    said = (error as { readonly stdout: string }).stdout;
  }
  const found = new Map<number, string>();
  let line = 0;
  for (const part of said.split("\n")) {
    line = Number(/^mistakes\.ts\((\d+),/.exec(part)?.[1] ?? line);
    if (part !== "") found.set(line, `${found.get(line) ?? ""}${part}\n`);
  }
  return found;
}

describe("mistakes", () => {
  beforeAll(async () => {
    await init({ device: "cpu" });
  });

  it("are seen by the compiler, which says what is wrong", () => {
    expect(Object.keys(seen).length).toBeGreaterThanOrEqual(46);
    const found = complaints();
    const lines = text.split("\n");
    const expected = lines.flatMap((line, i) => {
      const what = directive.exec(line)?.[1];
      return what === undefined ? [] : [[i + 2, what] as const];
    });
    expect(expected.length).toBe(Object.keys(seen).length);
    const wrong = expected.flatMap(([line, what]) => {
      const said = found.get(line);
      return said?.toLowerCase().includes(what.toLowerCase()) ? [] : [`${line}: ${lines[line - 1]!.trim()}: expected ${what}, got ${said ?? "nothing"}`]; // prettier-ignore
    });
    expect(wrong).toEqual([]);
    expect([...found].filter(([line]) => !expected.some(([at]) => at === line)).map(([, said]) => said)).toEqual([]);
  }, 300_000);

  it.each(Object.entries(unseen))("that it cannot see throw when they run: %s", (_title, [why, call]) => {
    expect(why).toMatch(/\w/);
    expect(call).toThrow(WengertError);
  });
});
