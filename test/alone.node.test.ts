// Each file stands with what it imports itself: methods that a kit brings are known to the compiler only where the kit is imported, so that
// a program of one file shows a forgotten one.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { API } from "typescript/unstable/sync";
import { afterAll, describe, expect, test } from "vitest";
import { root, trackedFiles } from "./setup/source.ts";

const folder = mkdtempSync(join(tmpdir(), "wengert-alone-"));
const api = new API({ cwd: root });
afterAll(() => {
  api.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the compiler says of some files in a program that begins with `start`. */
function complaints(start: string, files: readonly string[]): readonly string[] {
  const config = join(folder, `${start.replaceAll("/", "-")}.json`);
  const compilerOptions = { noEmit: true, declaration: false, typeRoots: [join(root, "node_modules")] };
  const roots = [start, "src/wgsl.d.ts"].map((path) => resolve(root, path));
  writeFileSync(config, JSON.stringify({ extends: join(root, "src/tsconfig.json"), compilerOptions, include: [], files: roots }));
  const snapshot = api.updateSnapshot({ openProject: config });
  const { program } = snapshot.getProject(config)!;
  return files.flatMap((path) => program.getSemanticDiagnostics(resolve(root, path)).map(({ text }) => `${path}: ${text}`));
}

const sources = trackedFiles().filter((path) => /^src\/.*\.ts$/.test(path) && !path.endsWith(".d.ts"));
const rooms = sources.filter((path) => /^src\/(nn|optim|linalg|data|io|inspect)\//.test(path));
const kits = sources.filter((path) => /^src\/ops\/\w+\/index\.ts$/.test(path));

describe("alone", () => {
  test.each(rooms)("%s", (path) => {
    expect(complaints(path, [path])).toEqual([]);
  });
  test.each(kits)("%s with its families", (path) => {
    const kit = path.slice(0, path.lastIndexOf("/") + 1);
    expect(
      complaints(
        path,
        sources.filter((file) => file.startsWith(kit)),
      ),
    ).toEqual([]);
  });
  test("a method of a kit that is not there does not compile", () => {
    const program = join(folder, "program.ts");
    writeFileSync(program, `import { tensor } from "${join(root, "src/core.ts")}";\ntensor([1]).tanh();\n`);
    expect(complaints(program, [program])).toEqual([expect.stringContaining("'tanh' does not exist")]);
  });
});
