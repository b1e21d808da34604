// What ARCHITECTURE.md says about the tree, held by a machine: floors, sizes, mirrored stems, one home for shaders and for operator names.
import { beforeAll, describe, expect, test } from "vitest";
import { countLines, findCycle, parseSource, readText, type Source, type SyntaxNode, target, trackedFiles, visit } from "./setup/source.ts";

const MAX_LINES = 400;
const ROOF = ["src/functions.ts", "src/core.ts", "src/index.ts"];

/** Folders of src/ from the ground up; the files directly in src/ are the tensor floor, the entries src/core.ts and src/index.ts the roof. */
const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  device: 1,
  kernels: 2,
  ops: 3,
  autograd: 4,
  tensor: 5,
  nn: 6,
  optim: 6,
  linalg: 6,
  data: 7,
  io: 7,
  inspect: 7,
};
const TOP_LEVEL = ["src", "shaders", "build", "test", "demo", "bench", "docs", ".ci"];

const files = trackedFiles();
const sources = files.filter((path) => path.startsWith("src/") && path.endsWith(".ts") && !path.endsWith(".d.ts")).map(parseSource);
const shaders = files.filter((path) => path.startsWith("shaders/") && path.endsWith(".wgsl"));

const folderOf = (path: string): string => (path.split("/").length > 2 ? (path.split("/")[1] ?? "") : "");
const floorOf = (path: string): number => (ROOF.includes(path) ? 8 + ROOF.indexOf(path) : (FLOORS[folderOf(path)] ?? NaN));
const stem = (path: string): string => path.replace(/^.*\//, "").replace(/\.\w+$/, "");

/** `path:line what`, one for every finding: an empty list is the expectation, the list itself the message. */
const at = (source: Source, offset: number, what: string): string => `${source.path}:${source.lineOf(offset)} ${what}`;

describe("floors", () => {
  test("every folder of src/ stands on a floor", () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter(({ path }) => Number.isNaN(floorOf(path))).map(({ path }) => path)).toEqual([]);
  });

  test("imports point down, or sideways inside one folder, types included", () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ from }) => from.startsWith(".") && !from.endsWith(".wgsl?raw"))
        .filter(({ from }) => {
          const to = target(path, from);
          const down = floorOf(to) < floorOf(path);
          return !down && !(folderOf(to) === folderOf(path) && !ROOF.includes(to) && !ROOF.includes(path));
        })
        .map(({ from, line }) => `${path}:${line} must not import ${from}`),
    );
    expect(wrong).toEqual([]);
  });

  test("nothing but the roof imports the roof, not even its types", () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports.filter(({ from }) => ROOF.includes(target(path, from)) && floorOf(path) < 8).map(({ line }) => `${path}:${line}`),
    );
    expect(wrong).toEqual([]);
  });

  test("value imports have no cycles", () => {
    const edges = new Map(sources.map(({ path, imports }) => [path, imports.filter((i) => i.value).map((i) => target(path, i.from))]));
    expect(findCycle(edges)).toBeUndefined();
  });

  test("every import names an existing file, and none a package", () => {
    const known = new Set(files);
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ from }) => !from.startsWith(".") || !known.has(target(path, from)))
        .map(({ from, line }) => `${path}:${line} ${from}`),
    );
    expect(wrong).toEqual([]);
  });

  test("only the device and the kernels read shaders; families bring special.wgsl along", () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ from }) => from.endsWith(".wgsl?raw") && !["device", "kernels"].includes(folderOf(path)))
        .filter(({ from }) => folderOf(path) !== "ops" || !from.endsWith("/special.wgsl?raw"))
        .map(({ line }) => `${path}:${line}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("files", () => {
  test(`no source file is longer than ${MAX_LINES} lines`, () => {
    const counted = files.filter(
      (path) => /^(src|shaders|build|test|demo|bench|docs|\.ci)\//.test(path) && /(\.(ts|mjs|js|wgsl|css|html|py)|\.ci\/run)$/.test(path),
    );
    expect(counted.map((path) => ({ path, lines: countLines(readText(path)) })).filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
  });

  test("no file or folder is named after nothing in particular", () => {
    expect(files.filter((path) => /(^|\/)(utils?|helpers?|common|misc|shared|lib)(\.|\/)/.test(path))).toEqual([]);
  });

  test("the top level holds the known folders and nothing else", () => {
    const folders = new Set(files.filter((path) => path.includes("/")).map((path) => path.split("/")[0]));
    expect([...folders].filter((folder) => !TOP_LEVEL.includes(folder ?? ""))).toEqual([]);
  });

  test("nothing is exported as default, but for configurations", () => {
    const typescript = files
      .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts") && !/(^|\/)\w+\.config\.ts$/.test(path))
      .map(parseSource);
    const wrong = typescript.flatMap((source) => {
      const found: string[] = [];
      visit(source.program, (node) => node.type === "ExportDefaultDeclaration" && found.push(at(source, node.start, "")));
      return found;
    });
    expect(wrong).toEqual([]);
  });

  test("no work is left marked in the text", () => {
    const marker = /\b(TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/;
    expect(findLines((path) => /^(src|shaders|build|test|demo|bench|docs|\.ci)\//.test(path) || !path.includes("/"), marker)).toEqual([]);
  });

  test("no file names a package registry or a folder of somebody's machine", () => {
    const host = /https?:\/\/[^\s"'<>)]*(registr[y]|mirro[r]|pool\/mai[n])/;
    const folder = /(^|[^A-Za-z0-9._~/-])\/(wor[k]|far[m]|tm[p]|hom[e]|roo[t]|User[s])\//;
    expect(findLines(() => true, new RegExp(`${host.source}|${folder.source}|"resolve[d]": "http`))).toEqual([]);
  });
});

function findLines(belongs: (path: string) => boolean, pattern: RegExp): readonly string[] {
  return files
    .filter((path) => belongs(path) && !/\.(png|jpg|ico|gz|bin|safetensors|npz|pt|woff2)$/.test(path))
    .flatMap((path) =>
      readText(path)
        .split("\n")
        .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1} ${line.trim().slice(0, 100)}`] : [])),
    );
}

describe("shaders", () => {
  test("every shader file has a file of kernels of the same name", () => {
    const kernels = new Set(sources.filter(({ path }) => path.startsWith("src/kernels/")).map(({ path }) => stem(path)));
    const alone = shaders.filter((path) => !kernels.has(stem(path)));
    expect(shaders.length).toBeGreaterThan(0);
    expect(alone).toEqual([]);
  });

  test("every shader file is used", () => {
    const read = new Set(
      sources.flatMap(({ path, imports }) => imports.filter((i) => i.from.endsWith(".wgsl?raw")).map((i) => target(path, i.from))),
    );
    expect(shaders.filter((path) => !read.has(path))).toEqual([]);
  });

  test("TypeScript holds no shader text", () => {
    const program = /@(compute|workgroup_size|group|binding|builtin)\b|\bvar<|\bfn\s+main\b/;
    const wrong = sources.flatMap((source) => {
      const found: string[] = [];
      visit(source.program, (node) => {
        const text =
          node.type === "TemplateElement" ? (node["value"] as { raw: string }).raw : node.type === "Literal" ? node["value"] : undefined;
        // The linker writes the one declaration that no shader file can: parameters as immediates.
        const own =
          source.path === "src/device/webgpu/linker.ts" && typeof text === "string" && /^@group|^var<(immediate|uniform)>/.test(text);
        if (typeof text === "string" && program.test(text) && !own) found.push(at(source, node.start, text.slice(0, 60)));
      });
      return found;
    });
    expect(wrong).toEqual([]);
  });
});

type Records = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

describe("operators", () => {
  let records: Records = {};
  let names: ReadonlySet<string> = new Set();
  beforeAll(async () => {
    await import("../src/ops/all.ts");
    records = (await import("../src/ops/install.ts")).records as unknown as Records;
    names = new Set(Object.keys(records));
  });
  const families = sources
    .filter(({ path }) => /^src\/ops\/\w+\/index\.ts$/.test(path))
    .flatMap(({ path, imports }) => imports.filter(({ from }) => /^\.\/[\w-]+\.ts$/.test(from)).map(({ from }) => target(path, from)))
    .map((path) => sources.find((source) => source.path === path)!);

  test("the kits bring every export of every family, and no name twice", () => {
    const exported = families.flatMap((source) => exportsOf(source).map(({ name }) => name));
    expect(exported.filter((name, i) => exported.indexOf(name) !== i)).toEqual([]);
    expect(exported.filter((name) => !names.has(name))).toEqual([]);
    expect([...names].filter((name) => !exported.includes(name))).toEqual([]);
  });

  test("what others are made of is not exported", async () => {
    const root = await import("../src/index.ts");
    expect([...names].filter((name) => name in root && records[name]!["internal"])).toEqual([]);
    expect([...names].filter((name) => !(name in root) && !records[name]!["internal"])).toEqual([]);
  });

  test("every record is complete", () => {
    const wrong = Object.entries(records).flatMap(([name, record]) => incomplete(record).map((field) => `${name}: ${field}`));
    expect(names.size).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });

  test("every record has a sentence of documentation", () => {
    const wrong = families.flatMap((source) =>
      exportsOf(source)
        .filter(({ doc }) => !/\w.*[.:)]/s.test(doc))
        .map(({ name }) => `${source.path} ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test("no floor but the operators' own chooses by an operator's name", () => {
    const wrong = sources.filter(({ path }) => folderOf(path) !== "ops").flatMap((source) => namedChoices(source, names));
    expect(wrong).toEqual([]);
  });
});

/** What is missing from a record, by field. */
function incomplete(record: Readonly<Record<string, unknown>>): readonly string[] {
  const needed: Record<string, "function" | "rule" | "list"> = { samples: "list", errors: "list" };
  if ("compose" in record) Object.assign(needed, { compose: "function" });
  else if ("view" in record) Object.assign(needed, { call: "function", view: "function", backward: "function" });
  else Object.assign(needed, { call: "function", meta: "function", cpu: "function", gpu: "function", backward: "rule" });
  const missing = Object.entries(needed).filter(([field, kind]) => {
    const value = record[field];
    if (kind === "list") return !Array.isArray(value) || value.length === 0;
    if (kind === "rule" && value === "definition") return typeof record["definition"] !== "function";
    return typeof value !== "function" && !(kind === "rule" && value === "none");
  });
  return missing.map(([field]) => field);
}

/** The values a family exports, each with the doc comment right before its declaration; `export { variance as var }` counts as `var`. */
function exportsOf(source: Source): readonly { readonly name: string; readonly doc: string }[] {
  const statements = source.program["body"] as readonly SyntaxNode[];
  const nameOf = (node: unknown): string => String((node as { readonly name?: string } | undefined)?.name);
  const docOf = (statement: SyntaxNode): string => {
    const before = source.comments.findLast(
      (comment) => comment.end <= statement.start && source.text.slice(comment.end, statement.start).trim() === "",
    );
    return before && String(before["value"]).startsWith("*") ? String(before["value"]) : "";
  };
  const declaredBy = (declaration: SyntaxNode): readonly string[] =>
    (declaration.type === "VariableDeclaration" ? (declaration["declarations"] as readonly SyntaxNode[]) : [declaration]).map((item) =>
      nameOf(item["id"]),
    );
  const locals = new Map(
    statements.flatMap((statement) =>
      statement.type.endsWith("Declaration") && !/^(Export|Import)/.test(statement.type)
        ? declaredBy(statement).map((name) => [name, docOf(statement)] as const)
        : [],
    ),
  );
  return statements.flatMap((statement) => {
    const declaration = statement["declaration"] as SyntaxNode | null | undefined;
    if (statement.type !== "ExportNamedDeclaration" || statement["exportKind"] === "type") return [];
    if (declaration) return declaredBy(declaration).map((name) => ({ name, doc: docOf(statement) }));
    return (statement["specifiers"] as readonly SyntaxNode[]).map((item) => ({
      name: nameOf(item["exported"]),
      doc: locals.get(nameOf(item["local"])) ?? "",
    }));
  });
}

/** Operators' names that are also words of options, and where they may be compared as such. */
const DTYPES = new Set(["bool", "float", "int", "uint8", "int32", "float16", "float32", "float64"]);
const OPTION_WORDS: readonly (readonly [prefix: string, words: readonly string[]])[] = [
  ["src/nn/", ["sum", "mean"]],
  ["src/inspect/", ["contiguous"]],
  // Kinds of WGSL declarations.
  ["src/device/webgpu/linker.ts", ["var"]],
  ["src/nn/init.ts", ["linear", "sigmoid", "tanh", "relu", "leakyRelu", "selu", "conv1d", "conv2d", "conv3d"]],
];

/** Comparisons with, cases of, lookups by and lists of operators' names. */
function namedChoices(source: Source, names: ReadonlySet<string>): readonly string[] {
  const allowed = new Set(OPTION_WORDS.flatMap(([prefix, words]) => (source.path.startsWith(prefix) ? words : [])));
  const found: string[] = [];
  const look = (node: unknown): void => {
    const { type, value, start } = (node ?? {}) as Partial<SyntaxNode>;
    if (type !== "Literal" || typeof value !== "string" || start === undefined) return;
    if (names.has(value) && !DTYPES.has(value) && !allowed.has(value)) found.push(at(source, start, `"${value}"`));
  };
  visit(source.program, (node) => {
    if (node.type === "BinaryExpression" && /^[!=]==?$/.test(String(node["operator"]))) [node["left"], node["right"]].forEach(look);
    else if (node.type === "SwitchCase") look(node["test"]);
    else if (node.type === "MemberExpression" && node["computed"] === true) look(node["property"]);
    else if (node.type === "ArrayExpression") (node["elements"] as readonly unknown[]).forEach(look);
  });
  return found;
}
