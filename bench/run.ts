/** `npm run bench`: builds the contestants, runs them in Chromium, writes the results. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { format } from "prettier";
import { browserStage } from "./browser.ts";
import { ROOT, buildContestants } from "./build.ts";
import { adapterSlug, commitName, hostFacts, packageVersions } from "./conditions.ts";
import type { Roofline } from "./contestant.ts";
import type { ContestantInfo } from "./contestants.ts";
import type { FirstStep } from "./driver.ts";
import type { Host, Stage } from "./host.ts";
import { measureWorkload } from "./measure.ts";
import type { Effort, Entrant } from "./measure.ts";
import { nodeStage } from "./node-stage.ts";
import { USAGE, UsageError, parseOptions } from "./options.ts";
import type { Options } from "./options.ts";
import { Progress } from "./progress.ts";
import { insertReport, markdown } from "./report.ts";
import { median } from "./results.ts";
import type { BenchResults } from "./results.ts";
import { measureSizes } from "./sizes.ts";
import { INFO } from "./workloads.ts";

const START_MS = 60_000;

async function enter(info: ContestantInfo, stage: Stage): Promise<Entrant> {
  let host: Host | undefined;
  try {
    host = await stage.launch();
    await host.call("open", [`/${info.name}.js`], START_MS);
    return { info, host, problem: "" };
  } catch (error) {
    await host?.close();
    return { info, host: undefined, problem: `did not start: ${(error as Error).message}` };
  }
}

/** Measures the device's limits on the hand-written contestant's page and keeps the better of two looks. */
async function lookAtRoofline(entrants: readonly Entrant[], known: Roofline | null): Promise<Roofline | null> {
  const host = entrants.find(({ info }) => info.name === "raw")?.host;
  const now = await host?.call("roofline", [], START_MS);
  if (!now || known === null) return now ?? known;
  return { fma: Math.max(now.fma, known.fma), copy: Math.max(now.copy, known.copy) };
}

async function timed(options: Options, entrants: readonly Entrant[], results: BenchResults, progress: Progress): Promise<void> {
  const effort: Effort = { rounds: options.rounds, batchMs: options.quick ? 60 : 200, slowMs: options.quick ? 500 : 1500 };
  progress.stage("device limits");
  results.roofline = await lookAtRoofline(entrants, null);
  for (const workload of options.workloads) {
    progress.stage(INFO[workload].title);
    results.workloads[workload] = await measureWorkload(workload, entrants, effort, (text) => progress.detail(text));
  }
  progress.stage("device limits");
  results.roofline = await lookAtRoofline(entrants, results.roofline);
}

/** Steady state of both training steps, each contestant in a fresh browser watched from its start. */
async function countCalls(options: Options, stage: Stage, results: BenchResults, progress: Progress): Promise<void> {
  for (const { name, title } of options.contestants.filter(({ gpu }) => gpu)) {
    for (const workload of ["mlp", "lenet"] as const) {
      progress.stage(`WebGPU calls of ${workload} on ${title}`);
      const host = await stage.launch();
      try {
        await host.call("watchCalls", []);
        await host.call("open", [`/${name}.js`], START_MS);
        const report = await host.call("calls", [workload, 4, 8], 2 * START_MS);
        if (report !== null) (results.calls[workload] ??= {})[name] = report;
      } catch (error) {
        console.error(`bench: calls of ${workload} on ${name}: ${(error as Error).message.split("\n")[0]}`);
      } finally {
        await host.close();
      }
    }
  }
}

/** Fresh browsers, contestants interleaved; the run with the median total is kept. */
async function timeFirstSteps(options: Options, stage: Stage, results: BenchResults, progress: Progress): Promise<void> {
  const samples = new Map<string, FirstStep[]>();
  for (let round = 0; round < (options.quick ? 1 : 3); round++) {
    for (const { name, title } of options.contestants) {
      progress.stage(`first step of ${title}, round ${round + 1}`);
      const host = await stage.launch();
      try {
        const sample = await host.call("firstStep", [`/${name}.js`], START_MS);
        samples.set(name, [...(samples.get(name) ?? []), sample]);
      } catch (error) {
        console.error(`bench: first step of ${name}: ${(error as Error).message.split("\n")[0]}`);
      } finally {
        await host.close();
      }
    }
  }
  for (const [name, all] of samples) {
    const middle = median(all.map(({ totalMs }) => totalMs));
    const kept = all.toSorted((a, b) => Math.abs(a.totalMs - middle) - Math.abs(b.totalMs - middle))[0];
    if (kept !== undefined) results.firstStep[name] = kept;
  }
}

/** Our own cells that are not right. */
function ownFaults(results: BenchResults, contestants: readonly ContestantInfo[]): string[] {
  const own = contestants.filter(({ ours }) => ours);
  return Object.entries(results.workloads).flatMap(([workload, cells]) =>
    own.flatMap(({ name }) => {
      const cell = cells[name];
      if (cell?.status === "wrong")
        return [`${name} ${workload}: ${cell.agreement.wrong.join(", ")} differ by ${cell.agreement.worst.toExponential(1)}`];
      if (cell?.status === "failed") return [`${name} ${workload}: ${cell.message}`];
      return [];
    }),
  );
}

const PAGE = "docs/benchmarks.md";

/** The page with the report between its markers. Errors: UsageError when it has none, so ask before the long run. */
async function withReport(report: string): Promise<string> {
  const text = insertReport(await readFile(`${ROOT}${PAGE}`, "utf8").catch(() => ""), report);
  if (text === undefined) throw new UsageError(`bench: ${PAGE} has no <!-- bench --> and <!-- /bench --> markers (add them)`);
  return text;
}

async function save(results: BenchResults, report: string, options: Options): Promise<string> {
  const folder = `${ROOT}bench/results`;
  await mkdir(folder, { recursive: true });
  const path = `bench/results/${adapterSlug(results.adapter)}${options.node ? "-node" : ""}.json`;
  await writeFile(`${ROOT}${path}`, await format(JSON.stringify(results), { parser: "json", printWidth: 140 }));
  if (options.docs) await writeFile(`${ROOT}${PAGE}`, await withReport(report));
  return path;
}

async function bench(options: Options): Promise<number> {
  if (options.docs) await withReport("");
  const progress = new Progress();
  const { contestants } = options;
  progress.stage(`building ${contestants.length} contestants`);
  const files = await buildContestants(contestants.map(({ name }) => name));
  const stage = options.node ? await nodeStage(files) : await browserStage(files, options.software);
  const entrants: Entrant[] = [];
  try {
    const probe = await stage.launch();
    const results: BenchResults = {
      date: new Date().toISOString(),
      commit: await commitName(),
      host: hostFacts(probe.version),
      adapter: await probe.call("adapter", []),
      versions: await packageVersions(contestants),
      rounds: options.rounds,
      roofline: null,
      workloads: {},
      calls: {},
      firstStep: {},
      sizes: {},
    };
    await probe.close();
    // Starts and counts come first, while no other contestant's browser is alive.
    if (options.extras.includes("first-step")) await timeFirstSteps(options, stage, results, progress);
    if (options.extras.includes("calls")) await countCalls(options, stage, results, progress);
    if (options.workloads.length > 0) {
      progress.stage("starting the contestants");
      for (const info of contestants) entrants.push(await enter(info, stage));
      await timed(options, entrants, results, progress);
    }
    if (options.extras.includes("sizes")) {
      progress.stage("bundle sizes");
      results.sizes = await measureSizes(contestants, (text) => progress.detail(text));
    }
    progress.end();
    const report = markdown(results, contestants);
    console.log(report);
    console.error(`\nbench: results in ${await save(results, report, options)}`);
    const faults = ownFaults(results, contestants);
    for (const fault of faults) console.error(`bench: ${fault}`);
    return faults.length === 0 ? 0 : 1;
  } finally {
    for (const { host } of entrants) await host?.close();
    await stage.close();
  }
}

async function main(): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options.help) {
      console.log(USAGE);
      return 0;
    }
    return await bench(options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}

process.exitCode = await main();
