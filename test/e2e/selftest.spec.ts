// Self-test, on WebGPU, as built: with packed shaders.
import { expect, test } from "playwright/test";
import { collectProblems } from "./visit.ts";

test("every operator passes on the visitor's adapter", async ({ page, context }) => {
  const problems = collectProblems(page);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("selftest/");
  await expect(page.locator("#summary")).toHaveText(/operators (passed|failed) on WebGPU/, { timeout: 480_000 });
  expect(await page.locator("tr[data-failed] th").allTextContents()).toEqual([]);
  await expect(page.locator("#summary")).toHaveText(/^All \d+ operators passed on WebGPU, in [\d.]+ s$/);
  const rows = await page.locator("#rows tr").count();
  expect(rows).toBeGreaterThan(150);
  await expect(page.locator("#summary")).toContainText(String(rows));

  await page.getByRole("button", { name: "Copy as JSON" }).click();
  await expect(page.locator("#copy")).toHaveText("Copied");
  const report = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as {
    device: string;
    operators: { name: string; ok: boolean; second: number }[];
  };
  expect(report.operators).toHaveLength(rows);
  expect(report.operators.every((o) => o.ok && o.second < 1)).toBe(true);

  await page.getByLabel("Find an operator").fill("conv2d");
  await expect(page.locator("#rows tr:visible")).not.toHaveCount(rows);
  await expect(page.locator("#rows tr:visible th").first()).toContainText(/conv2d/i);
  await page.getByLabel("Find an operator").fill("");
  await page.getByLabel("failed only").check();
  await expect(page.locator("#rows tr:visible")).toHaveCount(0);
  expect(problems).toEqual([]);
});
