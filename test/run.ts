// `npm test`: everything there is to run, in order, and one line at the end: "N passed, N failed".
//   npm test                              types, lint and format, Node, Chromium, pages
//   npm test -- --only=node,chromium      some of: check, node, chromium, e2e
//   npm test -- matmul -t gradient        anything else goes to Vitest, in both runtimes
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { CHROMIUM_MISSING, findChromium } from "./setup/chromium.ts";
import { environment } from "./setup/environment.ts";

interface Tally {
  passed: number;
  /** One line per failure, what and where. */
  failures: string[];
}

const STAGES = ["check", "node", "chromium", "e2e"] as const;
type Stage = (typeof STAGES)[number];

/** Against hanging, not for measuring: a stage takes half of it on two quiet cores. */
const STAGE_LIMIT_MS = 30 * 60_000;
const root = fileURLToPath(new URL("..", import.meta.url));
const reports = mkdtempSync(join(tmpdir(), "wengert-test-"));
const npm = process.platform === "win32" ? "npm.cmd" : "npm";

let running: ChildProcess | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (running) stop(running, signal);
    process.exit(130);
  });
}

process.exitCode = await main(process.argv.slice(2)).finally(() => rmSync(reports, { recursive: true, force: true }));

async function main(args: readonly string[]): Promise<number> {
  const only = args.find((arg) => arg.startsWith("--only="))?.slice("--only=".length);
  const filters = args.filter((arg) => !arg.startsWith("--only="));
  const asked = only?.split(",") ?? (filters.length > 0 ? ["node", "chromium"] : STAGES);
  const unknown = asked.filter((name) => !STAGES.some((stage) => stage === name));
  if (unknown.length > 0) {
    console.error(`test: no stage is called ${unknown.join(", ")} (there are ${STAGES.join(", ")})`);
    return 2;
  }
  const stages = STAGES.filter((stage) => asked.includes(stage));
  const total: Tally = { passed: 0, failures: [] };
  const browser = stages.every((stage) => stage === "check") || ensureChromium();
  if (!browser) total.failures.push(`browser: ${CHROMIUM_MISSING}`);
  for (const stage of stages) if (browser || stage === "check") add(total, await runStage(stage, filters));
  if (total.passed + total.failures.length === 0) total.failures.push("no test ran");
  if (total.failures.length > 0) console.log(`\nFailed:\n${total.failures.map((line) => `  ${line}`).join("\n")}\n`);
  console.log(`${total.passed} passed, ${total.failures.length} failed`);
  return total.failures.length > 0 ? 1 : 0;
}

/** Finds a browser; on a bare Debian, as root, installs one. */
function ensureChromium(): boolean {
  if (findChromium() === undefined && process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0) {
    console.log("No Chromium on this machine: installing Debian's, once.");
    const apt = (...args: string[]): boolean =>
      spawnSync("apt-get", args, { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } }).status === 0;
    if (!apt("-q", "update") || !apt("-q", "install", "-y", "--no-install-recommends", "chromium")) return false;
  }
  return findChromium() !== undefined;
}

async function runStage(stage: Stage, filters: readonly string[]): Promise<Tally> {
  console.log(`\n── ${stage} ${"─".repeat(60 - stage.length)}`);
  const started = performance.now();
  const report = join(reports, `${stage}.json`);
  const tally = await (stage === "check" ? check() : stage === "e2e" ? pages(report) : vitest(stage, report, filters));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`── ${stage}: ${tally.passed} passed, ${tally.failures.length} failed in ${seconds} s`);
  return tally;
}

async function check(): Promise<Tally> {
  const code = await start(npm, ["run", "--silent", "check"]);
  return code === 0
    ? { passed: 1, failures: [] }
    : { passed: 0, failures: ["check: types, lint or format (npm run check; npm run format)"] };
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

async function vitest(stage: "node" | "chromium", report: string, filters: readonly string[]): Promise<Tally> {
  const filtered = filters.length > 0;
  const code = await start(process.execPath, [
    "node_modules/vitest/vitest.mjs",
    "run",
    // Node's are two: files that share a process, and files that have one each.
    `--project=${stage}*`,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...(filtered ? ["--passWithNoTests", ...filters] : []),
  ]);
  const tally: Tally = { passed: 0, failures: [] };
  for (const file of readReport<VitestReport>(report)?.testResults ?? []) {
    const where = `${stage}: ${relative(root, file.name)}`;
    if (file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"))
      tally.failures.push(`${where} did not run`);
    for (const test of file.assertionResults) {
      if (test.status === "passed") tally.passed++;
      else if (test.status === "failed") tally.failures.push(`${where} › ${test.fullName}`);
      // What a -t pattern leaves out is reported as skipped, too.
      else if (!filtered) tally.failures.push(`${where} › ${test.fullName} was skipped, which counts as failed`);
    }
  }
  return conclude(stage, code, tally, filtered);
}

interface PageSuite {
  readonly title: string;
  readonly suites?: readonly PageSuite[];
  readonly specs?: readonly { readonly title: string; readonly tests: readonly { readonly status: string }[] }[];
}
interface PageReport {
  readonly suites: readonly PageSuite[];
}

async function pages(report: string): Promise<Tally> {
  const env = { PLAYWRIGHT_JSON_OUTPUT_FILE: report, WENGERT_E2E_PORT: String(await freePort()) };
  const code = await start(
    process.execPath,
    ["node_modules/playwright/cli.js", "test", "-c", "test/e2e/playwright.config.ts", "--reporter=list,json"],
    env,
  );
  const tally: Tally = { passed: 0, failures: [] };
  const visit = (suite: PageSuite, path: readonly string[]): void => {
    const here = [...path, suite.title];
    for (const spec of suite.specs ?? []) {
      for (const { status } of spec.tests) {
        if (status === "expected") tally.passed++;
        else
          tally.failures.push(
            `e2e: ${[...here, spec.title].join(" › ")}${status === "unexpected" ? "" : ` was ${status}, which counts as failed`}`,
          );
      }
    }
    for (const inner of suite.suites ?? []) visit(inner, here);
  };
  for (const suite of readReport<PageReport>(report)?.suites ?? []) visit(suite, []);
  return conclude("e2e", code, tally, false);
}

/** A runner that fails without a failed test, or passes without a test, is a failure of its own. */
function conclude(stage: Stage, code: number, tally: Tally, mayBeEmpty: boolean): Tally {
  if (code !== 0 && tally.failures.length === 0) tally.failures.push(`${stage}: the runner ended with code ${code}, its output is above`);
  if (!mayBeEmpty && tally.passed + tally.failures.length === 0) tally.failures.push(`${stage}: no test ran`);
  return tally;
}

function add(total: Tally, part: Tally): void {
  total.passed += part.passed;
  total.failures.push(...part.failures);
}

function readReport<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** Runs a command in the root folder with its output shown; the exit code, 124 when it was stopped for taking too long. */
function start(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    const chromium = findChromium();
    const child = spawn(command, args, {
      cwd: root,
      stdio: "inherit",
      // A group of its own, so that what it started can be stopped with it.
      detached: process.platform !== "win32",
      env: { ...environment(reports), ...(chromium === undefined ? {} : { CHROMIUM: chromium }), ...env },
    });
    running = child;
    const limit = setTimeout(() => stop(child, "SIGTERM"), STAGE_LIMIT_MS);
    const end = (code: number): void => {
      clearTimeout(limit);
      resolve(code);
    };
    child.on("error", (error) => {
      console.error(`test: ${command} did not start: ${error.message}`);
      end(127);
    });
    child.on("close", (code) => end(code ?? 124));
  });
}

/** Signals a command and all that it started. */
function stop(child: ChildProcess, signal: NodeJS.Signals): void {
  if (process.platform === "win32" || child.pid === undefined) child.kill(signal);
  else process.kill(-child.pid, signal);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("no free port"))));
    });
  });
}
