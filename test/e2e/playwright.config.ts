// The specs of this folder drive the demo pages as a visitor would: `npx playwright test -c test/e2e/playwright.config.ts`.
import { fileURLToPath } from "node:url";
import { defineConfig } from "playwright/test";
import { CHROMIUM_FLAGS, requireChromium } from "../setup/chromium.ts";

const port = Number(process.env["WENGERT_E2E_PORT"] ?? 5273);
const url = `http://localhost:${port}/`;
const vite = "node node_modules/vite/bin/vite.js";
const served = { cwd: fileURLToPath(new URL("../..", import.meta.url)), reuseExistingServer: false, timeout: 60_000 };

/** The pages as a build serves them, with packed shaders. */
const built = `http://localhost:${port + 1}/`;

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  fullyParallel: false,
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 600_000,
  expect: { timeout: 30_000 },
  use: {
    browserName: "chromium",
    headless: true,
    screenshot: "only-on-failure",
    launchOptions: { executablePath: requireChromium(), args: [...CHROMIUM_FLAGS] },
  },
  projects: [
    { name: "source", testMatch: "start.spec.ts", use: { baseURL: url } },
    // Two hundred modules take seconds a visit where a bundle takes none.
    { name: "build", testIgnore: "start.spec.ts", use: { baseURL: built } },
  ],
  webServer: [
    { ...served, command: `${vite} --port ${port} --strictPort`, url },
    { ...served, command: `${vite} build --logLevel error && ${vite} preview --port ${port + 1} --strictPort`, url: built },
  ],
});
