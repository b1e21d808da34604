/**
 * `npm run soak`: long trainings in Chromium, in plain code and with exceptions on the way, and what they hold meanwhile.
 *   npm run soak -- --scale 0.1    a tenth of the steps
 */
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { CHROMIUM_FLAGS, requireChromium } from "../test/setup/chromium.ts";
import { ROOT, bundle } from "./build.ts";
import { Progress } from "./progress.ts";
import { median } from "./results.ts";
import { serve } from "./server.ts";
import type { SoakPlan, SoakReport } from "./soak-session.ts";

interface Sample extends SoakReport {
  readonly step: number;
  /** Proportional share of all the browser's processes. */
  readonly processBytes: number;
}

const SAMPLES = 40;
const MiB = 2 ** 20;
const PLANS: readonly (readonly [SoakPlan, number])[] = [false, true].flatMap((faults) => [
  [{ model: "mlp", batch: 16, faults }, 10_000] as const,
  [{ model: "lenet", batch: 16, faults }, 2_000] as const,
]);

/** Bytes of a process and of all that it started: shared pages count in parts. */
async function processBytes(root: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const entry of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    parents.set(Number(entry), Number(/^.*\) \S (\d+)/.exec(stat)?.[1]));
  }
  const belongs = (pid: number | undefined): boolean => pid !== undefined && (pid === root || belongs(parents.get(pid)));
  let bytes = 0;
  for (const pid of [...parents.keys()].filter(belongs)) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
    bytes += 1024 * Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  }
  return bytes;
}

/** Trains by one plan in a browser of its own. */
async function soak(plan: SoakPlan, steps: number, origin: string, progress: Progress): Promise<readonly Sample[]> {
  const profile = await mkdtemp(join(tmpdir(), "wengert-soak-"));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: requireChromium(),
    headless: true,
    args: [...CHROMIUM_FLAGS, "--disable-background-timer-throttling", "--disable-renderer-backgrounding"],
  });
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(`${origin}/bench.html`);
    await page.waitForFunction(() => globalThis.soak !== undefined);
    await page.evaluate((given) => globalThis.soak.open(given), plan);
    const root = await rootOf(profile);
    const samples: Sample[] = [];
    for (let step = 0; step < steps;) {
      const count = Math.ceil(steps / SAMPLES);
      const report = await page.evaluate((some) => globalThis.soak.run(some), count);
      step += count;
      samples.push({ ...report, step, processBytes: await processBytes(root) });
      progress.detail(`${step} of ${steps}`);
    }
    if (errors.length > 0) throw new Error(`soak: the page reported ${errors[0]}`);
    return samples;
  } finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  }
}

/** The browser that was started with this profile: the process that no other one of it started. */
async function rootOf(profile: string): Promise<number> {
  for (const entry of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    if (line.includes(profile) && !line.includes("--type=")) return Number(entry);
  }
  throw new Error("soak: the browser's process is not in /proc (this runs on Linux)");
}

/** What is held around one tenth and at the end, as medians of a few samples. */
function verdict(samples: readonly Sample[], key: keyof Sample): string {
  const tenth = median(samples.slice(SAMPLES / 10 - 2, SAMPLES / 10 + 2).map((sample) => sample[key]));
  const end = median(samples.slice(-4).map((sample) => sample[key]));
  const shown = (value: number): string => (key === "gpuStorages" ? String(value) : `${(value / MiB).toFixed(1)} MiB`);
  const change = end === tenth ? 0 : (100 * (end - tenth)) / tenth;
  return `${shown(tenth)} → ${shown(end)} (${change.toFixed(1)} %)`;
}

const { values } = parseArgs({ options: { scale: { type: "string", default: "1" }, only: { type: "string", default: "" } } });
const progress = new Progress();
progress.stage("building");
const server = await serve(await bundle({ page: `${ROOT}bench/soak-session.ts` }));
for (const [plan, steps] of PLANS) {
  const title = `${plan.model}, ${plan.faults ? "with exceptions" : "plain"}`;
  if (!title.includes(values.only)) continue;
  progress.stage(title);
  const samples = await soak(plan, Math.ceil(steps * Number(values.scale)), server.origin, progress);
  progress.end();
  const last = samples.at(-1)!;
  console.log(`${title}: ${last.step} steps, ${last.thrown} exceptions, loss ${last.loss.toFixed(4)}`);
  console.log("  held at one tenth → at the end");
  for (const key of ["processBytes", "gpuBytes", "gpuStorages", "reservedBytes", "cpuBytes"] as const)
    console.log(`  ${key.padEnd(14)} ${verdict(samples, key)}`);
}
await server.close();
