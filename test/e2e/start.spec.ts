// The pages as `npm start` serves them, from their sources.
import { expect, test } from "playwright/test";
import { collectProblems, reachStep } from "./visit.ts";

test("the index page leads to the others, and back", async ({ page }) => {
  const problems = collectProblems(page);
  await page.goto("./");
  await page
    .getByRole("main")
    .getByRole("link", { name: /Train a ConvNet/ })
    .click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Train a ConvNet");
  await reachStep(page, 1);
  await page.getByRole("link", { name: "Self-test" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Self-test");
  await page.getByRole("link", { name: "wengert" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Networks that learn in this tab");
  expect(problems).toEqual([]);
});
