// The specs of this folder drive the demo pages as a visitor would: `npx playwright test -c test/e2e/playwright.config.ts`.
import { fileURLToPath } from "node:url";
import { defineConfig } from "playwright/test";
import { CHROMIUM_FLAGS, requireChromium, SCREENSHOT_FLAGS } from "../setup/chromium.ts";

const port = Number(process.env["WENGERT_E2E_PORT"] ?? 5273);
const url = `http://localhost:${port}/`;

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  fullyParallel: false,
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 300_000,
  expect: { timeout: 30_000 },
  use: {
    baseURL: url,
    browserName: "chromium",
    headless: true,
    screenshot: "only-on-failure",
    launchOptions: { executablePath: requireChromium(), args: [...CHROMIUM_FLAGS, ...SCREENSHOT_FLAGS] },
  },
  webServer: {
    command: `node node_modules/vite/bin/vite.js --port ${port} --strictPort`,
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    url,
    reuseExistingServer: false,
    timeout: 60_000,
  },
});
