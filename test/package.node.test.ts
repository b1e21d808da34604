// What is published: builds it as `npm run build` does, into a package folder of its own, and uses it from outside.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "vite";
import { memo } from "../src/base/memo.ts";
import type * as source from "../src/index.ts";
import { findSwiftShader } from "./setup/chromium.ts";
import { root } from "./setup/source.ts";

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const KB = 1000;
const gzipped = (text: string): number => gzipSync(text, { level: 9 }).length;
const consumer = mkdtempSync(join(tmpdir(), "wengert-package-"));
const installed = join(consumer, "node_modules/wengert");
/** The folders that a pattern such as ./ops/* stands for. */
const filesOf = (pattern: string): readonly string[] =>
  readdirSync(join(root, "src", pattern.replace(/\*.*$/, "")), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => pattern.replace("*", name));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

const train = (imports: string): string => `
${imports}
export async function train() {
  await init();
  const x = tensor([[1, 2], [3, -1]]);
  const net = new Linear(2, 1);
  const optimizer = new SGD(net.parameters(), { lr: 0.05 });
  const losses = [];
  for (let step = 0; step < 20; step++) {
    optimizer.zeroGrad();
    const loss = net.forward(x).sub(tensor([[4], [-7]])).square().sum();
    loss.backward();
    optimizer.step();
    losses.push(await loss.item());
  }
  return losses;
}
`;
/** Programs that a bundler must not break, in the order of the README's sizes: they ask for some names and use the methods that come with them. */
const PROGRAMS = {
  least: train(`import { init, tensor } from "wengert/core";
import { Linear } from "wengert/nn";
import { SGD } from "wengert/optim";`),
  lenet: `
import { init, tensor } from "wengert/core";
import { DataLoader, TensorDataset } from "wengert/data";
import { Conv2d, CrossEntropyLoss, Flatten, Linear, MaxPool2d, ReLU, Sequential } from "wengert/nn";
import { SGD } from "wengert/optim";
export async function train() {
  await init();
  // Bright on the left or on the right.
  const pixels = Array.from({ length: 16 * 64 }, (_, i) => Number(i % 8 < 4 === i % 128 < 64));
  const labels = tensor(Array.from({ length: 16 }, (_, i) => i % 2), { dtype: "int32" });
  const model = new Sequential(new Conv2d(1, 4, 3), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(36, 2));
  const optimizer = new SGD(model.parameters(), { lr: 0.5 });
  const loss = new CrossEntropyLoss();
  const losses = [];
  for (let epoch = 0; epoch < 10; epoch++)
    for await (const [x, y] of new DataLoader(new TensorDataset(tensor(pixels, { shape: [16, 1, 8, 8] }), labels), { batchSize: 8 })) {
      optimizer.zeroGrad();
      const l = loss.call(model.call(x), y);
      l.backward();
      optimizer.step();
      losses.push(await l.item());
    }
  return losses;
}
`,
  root: train('import { init, nn, optim, tensor } from "wengert";\nconst { Linear } = nn, { SGD } = optim;'),
} as const;

/** What can be imported; a pattern stands for its files. */
const entries = Object.keys(manifest.exports)
  .filter((path) => path !== "./package.json")
  .flatMap((path) => (path.endsWith("/*") ? filesOf(path) : path));

const run = (tool: string, args: readonly string[], cwd = root): string => {
  const { VITEST: _, NODE_ENV: __, ...env } = process.env;
  return execFileSync(process.execPath, [join(root, "node_modules", tool), ...args], { cwd, env, encoding: "utf8", stdio: "pipe" });
};

/** The output and the error output of a command that should fail. */
const complaints = (tool: string, args: readonly string[], cwd: string): string => {
  try {
    return run(tool, args, cwd);
  } catch (error) {
    return String((error as { readonly stdout?: string }).stdout);
  }
};

/** A program bundled with what it imports, minified, as a page would load it. */
async function bundled(name: string, program: string): Promise<string> {
  const entry = join(consumer, name);
  writeFileSync(entry, program);
  const result = await build({
    configFile: false,
    root: consumer,
    logLevel: "error",
    build: {
      write: false,
      target: "es2022",
      lib: { entry, formats: ["es"] },
      rolldownOptions: { output: { minify: true, codeSplitting: false } },
    },
  });
  const outputs = (Array.isArray(result) ? result : [result]) as readonly { readonly output: readonly { readonly code?: string }[] }[];
  return outputs.flatMap(({ output }) => output.map((chunk) => chunk.code ?? "")).join("");
}

const bundles = new Map<string, Promise<string>>();
/** One of PROGRAMS, bundled once. */
const bundleOf = (name: string): Promise<string> =>
  memo(bundles, name, () => bundled(`${name}.js`, PROGRAMS[name as keyof typeof PROGRAMS]));

const built = (extension: string): readonly string[] =>
  readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(extension));
const readBuilt = (file: string): string => readFileSync(join(installed, "dist", file), "utf8");

beforeAll(() => {
  const outDir = join(installed, "dist");
  run("vite/bin/vite.js", ["build", "--mode", "lib", "--outDir", outDir, "--logLevel", "error"]);
  run("vite/bin/vite.js", ["build", "--mode", "bundle", "--outDir", outDir, "--logLevel", "error"]);
  run("typescript/bin/tsc", [
    "-p",
    "src",
    "--noEmit",
    "false",
    "--declaration",
    "--emitDeclarationOnly",
    "--rootDir",
    "src",
    "--outDir",
    outDir,
  ]);
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ type: "module", private: true }));
});
afterAll(() => rmSync(consumer, { recursive: true, force: true }));

describe("the published package", () => {
  test("has a file for everything that package.json exports, types first", () => {
    for (const [path, entry] of Object.entries(manifest.exports)) {
      if (typeof entry === "string") continue;
      expect(Object.keys(entry)[0], path).toBe("types");
      const files = [entry.types, entry.default].flatMap((file) =>
        file.includes("*") ? filesOf(file.replace("./dist/", "")).map((name) => `dist/${name}`) : file,
      );
      expect(files.filter((file) => !existsSync(join(installed, file)))).toEqual([]);
    }
  });

  test("imports nothing but itself", () => {
    expect(manifest.dependencies).toBeUndefined();
    const foreign = built(".js").flatMap((file) =>
      [...readBuilt(file).matchAll(/^(?:import|export)\b[^;"'`]*?(?:from\s*)?"([^"]+)"/gm)]
        .map((match) => match[1] ?? "")
        .filter((from) => !from.startsWith(".")),
    );
    expect(foreign).toEqual([]);
  });

  test("loads where there is no browser and no WebGPU, and does nothing then", () => {
    const specifiers = entries.map((path) => path.replace(".", "wengert"));
    const script = `globalThis.navigator === undefined || Object.defineProperty(globalThis, "navigator", { get() { throw new Error("navigator was read"); } });
      for (const name of ${JSON.stringify(specifiers)}) console.log(typeof (await import(name)));`;
    const loaded = execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: consumer, encoding: "utf8" })
      .trim()
      .split("\n");
    expect(loaded).toEqual(specifiers.map(() => "object"));
  });

  test("the bundle exports what the modules export", async () => {
    const module = (await import(join(installed, "dist/index.js"))) as object;
    const bundle = (await import(join(installed, "dist/wengert.bundle.js"))) as object;
    expect(Object.keys(bundle).sort()).toEqual(Object.keys(module).sort());
  });

  test("the bundle passes its self-test", async () => {
    const { selfTest } = (await import(join(installed, "dist/wengert.bundle.js"))) as typeof source;
    await import("../src/ops/all.ts");
    const { firstNames } = await import("../src/ops/install.ts");
    const { operators, failed } = await selfTest({ device: "cpu" });
    expect(operators.map(({ name }) => name).sort()).toEqual(
      firstNames()
        .map(([name]) => name)
        .sort(),
    );
    expect(failed).toBe(0);
  });

  test("the bundle keeps the names that modules, optimizers and errors print", async () => {
    const bundle = (await import(join(installed, "dist/wengert.bundle.js"))) as Record<string, Record<string, unknown>>;
    const { nn, optim } = await import("../src/index.ts");
    const printed = (value: unknown): boolean =>
      typeof value === "function" && (value.prototype instanceof nn.Module || value.prototype instanceof optim.Optimizer);
    const classes = Object.entries({ nn, optim }).flatMap(([room, exported]) =>
      Object.entries(exported).flatMap(([name, value]) => (printed(value) ? [`${room}.${name}`] : [])),
    );
    expect(classes.length).toBeGreaterThan(50);
    const nameOf = (path: string): unknown => {
      const [room, name] = path.split(".") as [string, string];
      return (bundle[room]![name] as { name: string }).name;
    };
    expect(classes.filter((path) => nameOf(path) !== path.replace(/^.*\./, ""))).toEqual([]);
    const failure = (() => {
      try {
        return (bundle["zeros"] as unknown as (n: number) => unknown)(-1);
      } catch (error) {
        return error;
      }
    })();
    expect(String(failure)).toMatch(/^ShapeError: zeros: /);
  });

  test("its declarations do without @webgpu/types, and check strictly with either module resolution", () => {
    const references = built(".d.ts").filter((file) => /reference\s+types|@webgpu\/types/.test(readBuilt(file)));
    expect(references).toEqual([]);
    // Compilers without a library of WebGPU know its names from one file only, those before 5.7 no kinds of memory.
    const code = (file: string): string => readBuilt(file).replace(/\/\*[^]*?\*\//g, "");
    const strangers = built(".d.ts").filter((file) => /\bGPU[A-Z]|Array<ArrayBuffer/.test(code(file)) && !/names\.(d\.)?ts/.test(code(file) + file)); // prettier-ignore
    expect(strangers).toEqual([]);
    const rooms = entries.map((path) => path.replace(".", "wengert"));
    const lines = rooms.map((name, i) => `import * as room${i} from "${name}";\nroom${i}.surelyNotThere;`);
    writeFileSync(join(consumer, "use.ts"), `${lines.join("\n")}\n`);
    for (const [module, resolution] of [
      ["nodenext", "nodenext"],
      ["esnext", "bundler"],
    ] as const) {
      const options = [
        "--ignoreConfig",
        "--noEmit",
        "--strict",
        "--skipLibCheck",
        "false",
        "--target",
        "es2022",
        "--lib",
        "es2023,esnext.disposable,dom,dom.iterable",
      ];
      const output = complaints(
        "typescript/bin/tsc",
        [...options, "--types", "", "--module", module, "--moduleResolution", resolution, "use.ts"],
        consumer,
      );
      // One complaint a room proves that its types were found; any other would be ours.
      expect(output.match(/error TS\d+/g) ?? [], output).toEqual(rooms.map(() => "error TS2339"));
    }
  });

  test("a kit brings the types of its methods, and the core has no others", () => {
    writeFileSync(join(consumer, "plain.ts"), 'import { tensor } from "wengert/core";\ntensor([1]).add(1).tanh();\n');
    writeFileSync(
      join(consumer, "kit.ts"),
      'import { tensor } from "wengert/core";\nimport "wengert/ops/activation";\ntensor([1]).add(1).tanh().sin_();\n',
    );
    const options = "--ignoreConfig --noEmit --strict --target es2022 --lib es2023,esnext.disposable,dom --types  --module nodenext".split(
      " ",
    );
    expect(complaints("typescript/bin/tsc", [...options, "plain.ts"], consumer)).toMatch(/^plain\.ts\(2,20\): error TS2339: [^\n]*\n$/);
    expect(run("typescript/bin/tsc", [...options, "kit.ts"], consumer)).toBe("");
  });

  test("publint has nothing to say", () => {
    expect(run("publint/src/cli.js", ["--strict", "--pack", "false", installed])).toMatch(/All good/);
  });

  test.each(Object.keys(PROGRAMS))("%s, bundled, trains", async (name) => {
    const code = await bundleOf(name);
    expect(code).toContain("fn ");
    writeFileSync(join(consumer, `${name}.min.js`), code);
    const bundle = (await import(join(consumer, `${name}.min.js`))) as { readonly train: () => Promise<readonly number[]> };
    const losses = await bundle.train();
    expect(losses.length).toBe(20);
    expect(losses.at(-1)).toBeLessThan(0.05 * losses[0]!);
  });

  test("the least that trains (tensors, Linear, SGD) is at most 52 kB gzipped with its shaders", async () => {
    expect(gzipped(await bundleOf("least"))).toBeLessThanOrEqual(52 * KB);
  });
});

describe("what the README says of the package is true", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  /** The block of a language below a heading. */
  const block = (heading: string, language: string): string => {
    const [, below = ""] = readme.split(`### ${heading}\n`);
    return new RegExp(`^\`\`\`${language}\\b.*\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(below)?.[1] ?? "";
  };
  /** Runs a program beside the package; what it prints, or puts into its document. */
  const output = (name: string, code: string): string => {
    writeFileSync(join(consumer, name), code);
    // Where Chromium's driver is, there is its Vulkan loader too.
    const driver = findSwiftShader();
    const env = { ...process.env, ...(driver && { VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: dirname(driver) }) };
    return execFileSync(process.execPath, [name], { cwd: consumer, env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  };
  const PAGE = `const page = { textContent: "" };
globalThis.document = { querySelector: () => page };
`;

  test("the page of a Vite project builds and trains", async () => {
    const code = await bundled("main.ts", block("In a Vite project", "ts"));
    const text = output("main.mjs", `${PAGE}${code}\nconsole.log(page.textContent);`);
    const [, weight = "null"] = /^on cpu navigator\.gpu is not there: .*: (\[.*\])$/m.exec(text) ?? [];
    // It learns to add: both weights are 1.
    for (const w of (JSON.parse(weight) as number[][]).flat()) expect(w).toBeCloseTo(1, 2);
  });

  test("the bare page runs beside the single file", () => {
    const [, script = ""] = /<script type="module">\n([\s\S]*?)<\/script>/.exec(block("In a bare page", "html")) ?? [];
    cpSync(join(installed, "dist/wengert.bundle.js"), join(consumer, "wengert.bundle.js"));
    expect(output("bare.mjs", `${PAGE}${script}\nconsole.log(page.textContent);`)).toBe("on cpu: 3,12,27\n");
  });

  test("Node finds WebGPU by the package webgpu", () => {
    cpSync(join(root, "node_modules/webgpu"), join(consumer, "node_modules/webgpu"), { recursive: true });
    expect(output("node.mjs", block("In Node", "js"))).toMatch(/^webgpu .*\n\[ \[ 3, 3 \], \[ 3, 3 \] \]\n$/);
  });

  test("its links lead to files of the package", () => {
    const packed = JSON.parse(
      execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
        cwd: root,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }),
    ) as readonly [{ readonly files: readonly { readonly path: string }[] }];
    const paths = new Set(packed[0].files.map(({ path }) => path));
    const links = [...readme.matchAll(/(?:\]\(|src=")([^)"#:]+)[^)":]*[)"]/g)].map(([, to]) => to!);
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((to) => !paths.has(to))).toEqual([]);
  });

  test("its sizes are within 2 kB", async () => {
    const sizes = [...readme.matchAll(/\| (\d+) kB \|/g)].map(([, kB]) => Number(kB));
    const programs = await Promise.all(Object.keys(PROGRAMS).map(bundleOf));
    const real = [...programs, readBuilt("wengert.bundle.js")].map((code) => gzipped(code) / KB);
    expect(sizes.length).toBe(real.length);
    real.forEach((kB, i) => expect(Math.abs(kB - sizes[i]!), `${kB.toFixed(1)} kB, the README says ${sizes[i]}`).toBeLessThan(2));
  });
});
