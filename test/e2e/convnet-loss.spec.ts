// The graphics process dies while the page trains.
import { expect, test } from "playwright/test";
import { CHROMIUM_FLAGS, requireChromium } from "../setup/chromium.ts";
import { expectState, reachStep, restart } from "./visit.ts";

// Without these flags Chromium gives no adapter after the third crash.
const forgiving = ["--disable-gpu-process-crash-limit", "--disable-domain-blocking-for-3d-apis"];
test.use({ launchOptions: { executablePath: requireChromium(), args: [...CHROMIUM_FLAGS, ...forgiving] } });

test("a lost device is explained, and training restarts without a reload", async ({ page, browser }) => {
  const uncaught: string[] = [];
  page.on("pageerror", (error) => uncaught.push(error.message));
  await page.goto("convnet/");
  await page.evaluate(() => Object.assign(globalThis, { sameVisit: true }));
  for (let round = 0; round < 2; round++) {
    await reachStep(page, 5);
    const devtools = await browser.newBrowserCDPSession();
    await devtools.send("Browser.crashGpuProcess");
    await expectState(page, "failed");
    await expect(page.getByRole("alert")).toContainText("The graphics device went away while training");
    await expect(page.getByRole("alert")).toContainText("on a lost device");
    await expect(page.getByRole("alert")).not.toContainText("init()");
    await expect(page.getByRole("button", { name: "Step", exact: true })).toBeDisabled();
    await restart(page);
    await expectState(page, "running");
    await expect(page.getByRole("alert")).toBeHidden();
    await expect(page.locator("#device .chip")).toHaveText("WebGPU");
  }
  await reachStep(page, 60);
  expect(await page.evaluate(() => "sameVisit" in globalThis)).toBe(true);
  expect(uncaught).toEqual([]);
});
