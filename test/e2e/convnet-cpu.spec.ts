// Train a ConvNet in a browser without WebGPU.
import { expect, test } from "playwright/test";
import { requireChromium } from "../setup/chromium.ts";
import { collectProblems, expectState, heldOutOf, longTasksSince, now, reachStep, savedLosses, stepOf, watchLongTasks } from "./visit.ts";

test.use({
  launchOptions: { executablePath: requireChromium(), args: ["--no-sandbox", "--disable-blink-features=WebGPU", "--no-first-run"] },
});

test("trains on the CPU and says why", async ({ page }) => {
  const problems = collectProblems(page);
  await watchLongTasks(page);
  await page.goto("convnet/");
  expect(await page.evaluate(() => "gpu" in navigator)).toBe(false);
  await expect(page.locator("#device .chip")).toHaveText("CPU");
  await expect(page.locator("#device")).toContainText("no WebGPU: navigator.gpu is not there");
  await reachStep(page, 2);
  const began = await now(page);
  await expect.poll(() => heldOutOf(page), { timeout: 240_000 }).toBeGreaterThan(85);
  await page.getByRole("button", { name: "Pause" }).click();
  await expectState(page, "paused");
  const losses = await savedLosses(page);
  await page.getByRole("button", { name: "Restart" }).click();
  await expect.poll(() => stepOf(page)).toBeLessThan(losses.length);
  await reachStep(page, 10);
  expect((await savedLosses(page)).slice(0, 10)).toEqual(losses.slice(0, 10));
  expect(Math.max(0, ...(await longTasksSince(page, began)))).toBeLessThanOrEqual(100);
  expect(problems).toEqual([]);
});

test("the self-test says that there is no WebGPU, and runs on the CPU", async ({ page }) => {
  await page.goto("selftest/?device=webgpu");
  await expect(page.getByRole("alert")).toContainText("navigator.gpu is not there");
  await page.getByLabel("Device").selectOption("auto");
  await expect(page.locator("#summary")).toHaveText(/^All \d+ operators passed on the CPU/, { timeout: 240_000 });
  await expect(page.locator("#adapter")).toContainText("no WebGPU");
});
