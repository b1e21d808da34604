// What the specs share: a page that collects its errors and shifts, and readings of the training page.
import { readFile } from "node:fs/promises";
import { expect, type Page } from "playwright/test";

/** Everything that went wrong on a page, in words. */
export function collectProblems(page: Page): string[] {
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
  });
  return problems;
}

/** Has the page note from the beginning how far things moved under the visitor. */
export async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const noted: number[] = [];
    Object.assign(globalThis, { shifts: noted });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) noted.push((entry as PerformanceEntry & { value: number }).value);
    }).observe({ type: "layout-shift", buffered: true });
  });
}

/** The layout shifts of the visit, added up. */
export const shiftsOf = (page: Page): Promise<number> =>
  page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts.reduce((a, b) => a + b, 0));

const numberIn = async (page: Page, id: string): Promise<number> =>
  parseFloat(((await page.locator(`#figure-${id}`).textContent()) ?? "").replace(",", ""));

export const stepOf = (page: Page): Promise<number> => numberIn(page, "step");
export const heldOutOf = (page: Page): Promise<number> => numberIn(page, "held-out");

export const expectState = (page: Page, state: string, timeout = 60_000): Promise<void> =>
  expect(page.locator("#state")).toHaveAttribute("data-state", state, { timeout });

/** Waits until at least this many steps were taken. */
export const reachStep = (page: Page, step: number): Promise<void> =>
  expect.poll(() => stepOf(page), { timeout: 240_000 }).toBeGreaterThanOrEqual(step);

/** Waits until the network is better than this on the held-out digits, in per cent. */
export const learnMoreThan = (page: Page, accuracy: number): Promise<void> =>
  expect.poll(() => heldOutOf(page), { timeout: 480_000 }).toBeGreaterThan(accuracy);

/** Presses Restart and waits until the figures of the old run are gone. The page itself watches: a fast machine passes the old step between two looks. */
export async function restart(page: Page): Promise<void> {
  await expect.poll(() => stepOf(page)).toBeGreaterThan(0);
  const emptied = page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const step = document.getElementById("figure-step")!;
        const watcher = new MutationObserver(() => {
          if (step.textContent !== "0") return;
          watcher.disconnect();
          resolve();
        });
        watcher.observe(step, { childList: true, characterData: true, subtree: true });
      }),
  );
  await page.getByRole("button", { name: "Restart" }).click();
  await emptied;
}

/** The losses of the run so far, from the file that the page offers. */
export async function savedLosses(page: Page): Promise<number[]> {
  const arriving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save the curve (CSV)" }).click();
  const file = await (await arriving).path();
  const rows = (await readFile(file, "utf8")).trim().split("\n").slice(1);
  expect(rows.map((row) => Number(row.split(",")[0]))).toEqual(rows.map((_, i) => i + 1));
  return rows.map((row) => Number(row.split(",")[1]));
}
