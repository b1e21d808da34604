/**
 * `npm run bench:pages`: what a visitor of the ConvNet page waits for, as built.
 *   time to the first step, samples per second, tasks that hold the page up
 */
import { chromium } from "playwright";
import { preview } from "vite";
import { CHROMIUM_FLAGS, requireChromium } from "../test/setup/chromium.ts";

const STEPS = 200;
const LONG_MS = 50;

interface Visit {
  readonly firstStepMs: number;
  readonly allDigitsMs: number;
  readonly stepsMs: number;
  readonly longTasks: readonly number[];
}

/** In the page: notes when figures change, and every long task. */
function watch(): void {
  const noted = { steps: [] as [number, number][], arrived: 0, longTasks: [] as number[] };
  Object.assign(globalThis, { noted });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) noted.longTasks.push(duration);
  }).observe({ type: "longtask", buffered: true });
  addEventListener("DOMContentLoaded", () => {
    new MutationObserver(() => {
      const step = Number(document.getElementById("figure-step")!.textContent);
      if (step > (noted.steps.at(-1)?.[0] ?? 0)) noted.steps.push([step, performance.now()]);
      if (document.getElementById("arrival")!.hasAttribute("data-done")) noted.arrived ||= performance.now();
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  });
}

async function visit(url: string): Promise<Visit> {
  const browser = await chromium.launch({ executablePath: requireChromium(), args: [...CHROMIUM_FLAGS] });
  try {
    const page = await browser.newPage();
    await page.addInitScript(watch);
    await page.goto(url);
    await page.waitForFunction((steps) => Number(document.getElementById("figure-step")?.textContent) >= steps, STEPS, {
      timeout: 600_000,
    });
    return await page.evaluate(() => {
      const { steps, arrived, longTasks } = (
        globalThis as unknown as { noted: { steps: [number, number][]; arrived: number; longTasks: number[] } }
      ).noted;
      return { firstStepMs: steps[0]![1], allDigitsMs: arrived, stepsMs: steps.at(-1)![1] - steps[0]![1], longTasks };
    });
  } finally {
    await browser.close();
  }
}

const server = await preview({ preview: { port: 0, open: false } });
const address = server.resolvedUrls!.local[0]!;
for (const device of ["webgpu", "cpu"]) {
  const { firstStepMs, allDigitsMs, stepsMs, longTasks } = await visit(`${address}convnet/?device=${device}`);
  const long = longTasks.filter((ms) => ms > LONG_MS);
  console.log(
    `${device}: first step after ${Math.round(firstStepMs)} ms, all digits after ${Math.round(allDigitsMs)} ms, ` +
      `${STEPS} steps in ${(stepsMs / 1000).toFixed(1)} s; ${long.length} tasks over ${LONG_MS} ms, the longest ${Math.round(Math.max(0, ...long))} ms`,
  );
}
await server.close();
