// The guide to workers and frameworks, built and pressed: its blocks for React, Vue, Svelte and workers do what they say.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, type Page, test, type TestInfo } from "playwright/test";
import { compile } from "svelte/compiler";
import { build, type Plugin } from "vite";
import { compileScript, parse } from "vue/compiler-sfc";
import { blocksOf } from "../docs/blocks.ts";
import { root } from "../setup/source.ts";
import { collectProblems } from "./visit.ts";

const guide = "docs/guides/workers-and-frameworks.md";
const [run, , worker, script] = blocksOf(guide).map(({ code }) => code);
const blockOf = (language: string): string => blocksOf(guide, language)[0]!.code;

const vue: Plugin = {
  name: "vue",
  transform(source, id) {
    if (!id.endsWith(".vue")) return undefined;
    const { descriptor } = parse(source);
    return { code: compileScript(descriptor, { id, inlineTemplate: true }).content, moduleType: "ts" };
  },
};
const svelte: Plugin = {
  name: "svelte",
  transform: (source, filename) => (filename.endsWith(".svelte") ? compile(source, { filename }).js.code : undefined),
};

/** Opens a page with nothing but a script, built from files by name. */
async function open(page: Page, info: TestInfo, files: Readonly<Record<string, string>>): Promise<void> {
  const all = { "run.ts": `${run}\nexport { Run, type State };`, ...files };
  for (const [name, text] of Object.entries(all)) {
    const file = info.outputPath(name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  await build({
    configFile: false,
    root: info.outputPath(),
    logLevel: "error",
    base: "/built/",
    define: { __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false", __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false" },
    resolve: { alias: { wengert: join(root, "src/index.ts") } },
    worker: { format: "es" },
    plugins: [vue, svelte],
    build: {
      outDir: "built",
      assetsDir: "",
      rolldownOptions: { input: info.outputPath("main.ts"), output: { entryFileNames: "main.js" } },
    },
  });
  await page.route("**/built/**", (route) => route.fulfill({ path: info.outputPath(new URL(route.request().url()).pathname.slice(1)) }));
  await page.route("**/bare.html", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: '<!doctype html><title>bare</title><link rel="icon" href="data:"><output></output><div id="app"></div><script type="module" src="/built/main.js"></script>',
    }),
  );
  await page.goto("bare.html");
}

const apps: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  React: {
    "App.tsx": blockOf("tsx"),
    "main.ts": `import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
createRoot(document.getElementById("app")!).render(createElement(App));`,
  },
  Vue: {
    "App.vue": blockOf("vue"),
    "main.ts": `import { createApp } from "vue";
import { init } from "wengert";
import App from "./App.vue";
await init();
createApp(App).mount("#app");`,
  },
  Svelte: {
    "App.svelte": blockOf("svelte"),
    "main.ts": `import { mount } from "svelte";
import { init } from "wengert";
import App from "./App.svelte";
await init();
mount(App, { target: document.getElementById("app")! });`,
  },
};

for (const [name, files] of Object.entries(apps))
  test(`${name}: the button trains, tells the loss and pauses`, async ({ page }, info) => {
    const problems = collectProblems(page);
    await open(page, info, files);
    const button = page.getByRole("button");
    await expect(button).toHaveText(/^train: step 0, loss NaN$/);
    await button.click();
    await expect(button).toHaveText(/^pause: step [1-9]\d*0, loss \d\.\d{4}$/);
    await button.click();
    await expect(button).toHaveText(/^train: step [1-9]\d*0, loss \d\.\d{4}$/);
    await button.click();
    await expect(button).toHaveText(/^pause/);
    expect(problems).toEqual([]);
  });

test("a worker trains and tells the page the loss", async ({ page }, info) => {
  const problems = collectProblems(page);
  await open(page, info, {
    "train.worker.ts": `import { init } from "wengert";\nimport { Run } from "./run.ts";\n${worker}`,
    "main.ts": `import type { State } from "./run.ts";\n${script}`,
  });
  await expect(page.locator("output")).toHaveText(/^\d\.\d{4}$/);
  expect(problems).toEqual([]);
});
