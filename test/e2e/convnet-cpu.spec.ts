// The pages in a browser without WebGPU.
import { expect, type Page, test } from "playwright/test";
import { requireChromium } from "../setup/chromium.ts";
import { collectProblems, expectState, learnMoreThan, reachStep, restart, savedLosses } from "./visit.ts";

// Started plainly, headless Chromium has navigator.gpu but finds no adapter.
test.use({ launchOptions: { executablePath: requireChromium(), args: ["--no-sandbox", "--no-first-run"] } });

/** Takes navigator.gpu out of the page and of its workers, as in a browser that never heard of WebGPU. */
async function removeWebGpu(page: Page): Promise<void> {
  await page.addInitScript(() => void Reflect.deleteProperty(Navigator.prototype, "gpu"));
  await page.route(/\.worker-/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `Reflect.deleteProperty(WorkerNavigator.prototype, "gpu");\n${await response.text()}` });
  });
}

test("trains on the CPU and says why", async ({ page }) => {
  const problems = collectProblems(page);
  await removeWebGpu(page);
  await page.goto("convnet/");
  expect(await page.evaluate(() => "gpu" in navigator)).toBe(false);
  await expect(page.locator("#device .chip")).toHaveText("CPU");
  await expect(page.locator("#device")).toContainText("no WebGPU: navigator.gpu is not there");
  await learnMoreThan(page, 85);
  await page.getByRole("button", { name: "Pause" }).click();
  await expectState(page, "paused");
  const losses = await savedLosses(page);
  await restart(page);
  await reachStep(page, 10);
  expect((await savedLosses(page)).slice(0, 10)).toEqual(losses.slice(0, 10));
  expect(problems).toEqual([]);
});

test("the self-test says that there is no WebGPU, and runs on the CPU", async ({ page }) => {
  await removeWebGpu(page);
  await page.goto("selftest/?device=webgpu");
  await expect(page.getByRole("alert")).toContainText("navigator.gpu is not there");
  await page.getByLabel("Device").selectOption("auto");
  await expect(page.locator("#summary")).toHaveText(/^All \d+ operators passed on the CPU/, { timeout: 480_000 });
  await expect(page.locator("#adapter")).toContainText("no WebGPU");
});

test("without an adapter it trains on the CPU as well, and says that", async ({ page }) => {
  await page.goto("convnet/");
  await expect(page.locator("#device .chip")).toHaveText("CPU");
  await expect(page.locator("#device")).toContainText("requestAdapter gave no adapter");
  await reachStep(page, 2);
});

test("asked for WebGPU it says that there is none, and how to do without", async ({ page }) => {
  const problems = collectProblems(page);
  await page.goto("convnet/?device=webgpu");
  await expectState(page, "failed");
  await expect(page.getByRole("alert")).toContainText("There is no WebGPU here");
  await expect(page.getByRole("alert")).toContainText("requestAdapter gave no adapter");
  await expect(page.getByRole("alert")).not.toContainText(/went away|options/);
  expect(problems.filter((problem) => problem.startsWith("uncaught"))).toEqual([]);
});
