import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { pack } from "./build/plugin.ts";
import { CHROMIUM_FLAGS, findChromium } from "./test/setup/chromium.ts";

const root = fileURLToPath(new URL(".", import.meta.url));

/** What `import "wengert"` and `import "wengert/<room>"` load. */
const ENTRIES: Record<string, string> = {
  index: "src/index.ts",
  core: "src/core.ts",
  "nn/index": "src/nn/index.ts",
  "optim/index": "src/optim/index.ts",
  "data/index": "src/data/index.ts",
  "io/index": "src/io/index.ts",
  "inspect/index": "src/inspect/index.ts",
  "linalg/index": "src/linalg/index.ts",
};

/** Every demo/<page>/index.html, and the page that links them; an earlier build beside them is none. */
function pages(): Record<string, string> {
  const folders = readdirSync(join(root, "demo"), { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== "dist");
  const found = ["", ...folders.map((entry) => entry.name)]
    .map((name) => [name || "index", join(root, "demo", name, "index.html")] as const)
    .filter(([, file]) => existsSync(file));
  return Object.fromEntries(found);
}

/** The ES modules of the package, readable and shakable. */
function library(): ViteUserConfig {
  return {
    plugins: [pack()],
    publicDir: false,
    build: {
      target: "es2022",
      outDir: "dist",
      emptyOutDir: true,
      sourcemap: true,
      minify: false,
      lib: { entry: ENTRIES, formats: ["es"] },
      rolldownOptions: {
        output: {
          // A file for a file, so that bundlers leave out what nobody imports.
          preserveModules: true,
          preserveModulesRoot: "src",
        },
      },
    },
  };
}

/** The whole package in one minified file, for `<script type="module">`. Runs after the library build, into the same folder. */
function bundle(): ViteUserConfig {
  return {
    plugins: [pack()],
    publicDir: false,
    build: {
      target: "es2022",
      outDir: "dist",
      emptyOutDir: false,
      sourcemap: true,
      lib: { entry: ENTRIES["index"]!, formats: ["es"], fileName: () => "wengert.bundle.js" },
      rolldownOptions: { output: { minify: true, codeSplitting: false, comments: { annotation: false } } },
    },
  };
}

/** The pages of demo/: `vite` serves them, `vite build` writes them to demo/dist, to be put under any path of any server. */
function demo(): ViteUserConfig {
  // Isolation gives the pages fine-grained timers and the memory measurement; WebGPU itself does not ask for it.
  const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  return {
    root: join(root, "demo"),
    base: "./",
    plugins: [pack()],
    worker: { format: "es", plugins: () => [pack()] },
    server: { headers, fs: { allow: [root] } },
    preview: { headers },
    build: {
      target: "es2022",
      outDir: "dist",
      emptyOutDir: true,
      rolldownOptions: { input: pages() },
    },
  };
}

/**
 * One suite, two runtimes: `*.test.ts` runs in Node (Dawn) and in Chromium,
 * `*.node.test.ts` and `*.browser.test.ts` in the one that they name.
 */
function tests(): ViteUserConfig {
  const executablePath = findChromium();
  const afterEachTest = existsSync(join(root, "test/setup/device.ts")) ? ["test/setup/device.ts"] : [];
  const patience = { testTimeout: 120_000, hookTimeout: 120_000 };
  const inNode = {
    environment: "node" as const,
    pool: "forks" as const,
    maxWorkers: 2,
    sequence: { groupOrder: 0 },
    setupFiles: ["test/setup/node.ts", ...afterEachTest],
    ...patience,
  };
  // What starts processes, looks at files, loads modules anew or plants faults; and memory, which is measured where nothing else is held.
  const alone = ["test/*.node.test.ts", "test/!(ops)/**/*.node.test.ts", "test/ops/kits.node.test.ts", "test/training/memory.test.ts"];
  return {
    test: {
      projects: [
        {
          test: {
            name: "node",
            include: ["test/**/*.test.ts"],
            exclude: ["test/**/*.browser.test.ts", ...alone],
            // Most of the time goes into compiling kernels, and a process compiles each once.
            isolate: false,
            ...inNode,
          },
        },
        { test: { name: "node-alone", include: alone, ...inNode } },
        {
          // Found only while the tests run, it would reload the page under them.
          optimizeDeps: { include: ["fast-check"] },
          test: {
            name: "chromium",
            include: ["test/**/*.test.ts"],
            exclude: ["test/**/*.node.test.ts"],
            setupFiles: afterEachTest,
            // One page and one device for the whole run: SwiftShader takes a second to start, and loses devices that come and go.
            isolate: false,
            fileParallelism: false,
            sequence: { groupOrder: 1 },
            browser: {
              enabled: true,
              headless: true,
              screenshotFailures: false,
              provider: playwright({ launchOptions: { ...(executablePath && { executablePath }), args: [...CHROMIUM_FLAGS] } }),
              instances: [{ browser: "chromium" }],
            },
            ...patience,
          },
        },
      ],
    },
  };
}

export default defineConfig(({ mode }) => {
  if (process.env["VITEST"] !== undefined) return tests();
  if (mode === "lib") return library();
  if (mode === "bundle") return bundle();
  return demo();
});
