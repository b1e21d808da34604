// Plants small faults, one at a time, and asks the tests whether they notice. Not part of `npm test`: it takes the better part of an hour.
//   npm run mutants                               520 of them, on every core
//   npm run mutants -- --count 50 --seed 7        fewer, other ones
//   npm run mutants -- --only pooling.wgsl        in some files
//   npm run mutants -- --skip 200                 goes on behind those that an interrupted run has judged
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { memo } from "../../src/base/memo.ts";
import { Generator } from "../../src/base/random.ts";
import { findChromium } from "../setup/chromium.ts";
import { root, trackedFiles } from "../setup/source.ts";
import { Worker } from "../setup/worker.ts";
import { records } from "../../src/ops/install.ts";
import type { Answer, Question } from "./near.ts";
import { allMutants, type Mutant } from "./plan.ts";
import { operatorsByFunction } from "./relations.ts";

/** How a mutant ended: "stillborn" when it does not compile, and so was no fault. */
type Fate = "killed" | "survived" | "stillborn";
interface Verdict {
  readonly mutant: Mutant;
  readonly fate: Fate;
  /** The tests that noticed it. */
  readonly by: string;
}

/** Arguments of one Vitest run. */
type Suite = readonly string[];

/** Whether the samples of a shader function's operators show a fault, the first ones say; tests see the rest. */
const NEAREST = 40;
/** What takes longer hangs; beside other work a run of tests may take some minutes. */
const PATIENCE_MS = 900_000;
const SAMPLES_PATIENCE_MS = 120_000;
/** Tests of one family, besides those of its records. */
const FAMILY_TESTS: Readonly<Record<string, readonly string[]>> = {
  math: ["test/ops/math", "test/ops/special-values", "test/ops/accuracy"],
  special: ["test/ops/special", "test/ops/special-values", "test/ops/accuracy"],
  elementwise: ["test/ops/special-values", "test/ops/accuracy"],
  conv: ["test/kernels", "test/nn"],
  convolution: ["test/kernels", "test/nn"],
  contraction: ["test/kernels"],
  matmul: ["test/kernels"],
  random: ["test/ops/random", "test/autograd"],
  adam: ["test/optim"],
  sgd: ["test/optim"],
  step: ["test/optim"],
  stepping: ["test/optim"],
  gather: ["test/tensor/selection", "test/ops/segments", "test/autograd"],
  indexing: ["test/tensor/selection", "test/ops/segments", "test/autograd"],
  view: ["test/autograd", "test/tensor/selection"],
  copy: ["test/autograd", "test/tensor/selection", "test/device"],
  normalize: ["test/nn", "test/parity"],
};

/** What looks at everything, or at programs of any operators. */
const GENERAL_TESTS = ["test/kernels/grids", "test/ops/elementwise", "test/ops/reduce", "test/lecture", "test/tiny", "test/fuzz/programs"];

const { values: options } = parseArgs({
  options: {
    count: { type: "string", default: "520" },
    seed: { type: "string", default: "1964" },
    only: { type: "string", default: "" },
    skip: { type: "string", default: "0" },
    workers: { type: "string", default: String(availableParallelism()) },
    out: { type: "string", default: "" },
  },
});

/** As it was before this process opened a device, which tells children of a driver but not of its loader. */
const environment = { ...process.env, CHROMIUM: findChromium() };
const related = await operatorsByFunction();
const verdicts: Verdict[] = [];
const queue = chosen().slice(Number(options.skip));
const total = queue.length;
await Promise.all(Array.from({ length: Number(options.workers) }, work));
summarise();
// Dawn's threads would keep the process alive.
process.exit();

/** Mutants of every file, in shares by the square root of what it has room for; rules and WGSL in halves. */
function chosen(): Mutant[] {
  const generator = new Generator(Number(options.seed));
  const groups = new Map<string, Mutant[]>();
  for (const mutant of allMutants())
    if (mutant.file.includes(options.only)) memo(groups, `${mutant.kind} ${mutant.file}`, () => []).push(mutant);
  const count = Number(options.count);
  const picked: Mutant[] = [];
  for (const kind of ["wgsl", "rule"]) {
    const own = [...groups].filter(([key]) => key.startsWith(kind)).map(([, mutants]) => mutants);
    const weight = own.reduce((sum, { length }) => sum + Math.sqrt(length), 0);
    for (const mutants of own) {
      const share = Math.ceil(((count / 2) * Math.sqrt(mutants.length)) / weight);
      const keyed = mutants.map((mutant) => ({ mutant, key: generator.random() })).sort((a, b) => a.key - b.key);
      picked.push(...keyed.slice(0, share).map(({ mutant }) => mutant));
    }
  }
  return picked;
}

/** Takes mutants from the queue, in a copy of the tree of its own. */
async function work(): Promise<void> {
  const tree = mkdtempSync(join(tmpdir(), "wengert-mutants-"));
  for (const file of trackedFiles()) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(root, file), join(tree, file));
  }
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  const near = new Worker<Question, Answer>({
    script: join(root, "test/mutants/near.ts"),
    env: environment,
    patienceMs: SAMPLES_PATIENCE_MS,
    // A process that says nothing has failed, and so has shown the fault.
    ended: () => ({ shownBy: "a process that ended" }),
  });
  // Tests that fail without a fault would kill every mutant.
  const control = queue[0] && (await judge(tree, queue[0]));
  if (control && control.fate !== "survived") throw new Error(`without a fault, too, ${control.by} fails`);
  for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
    const path = join(tree, mutant.file);
    const text = readFileSync(path, "utf8");
    const faulty = text.slice(0, mutant.start) + mutant.replacement + text.slice(mutant.end);
    writeFileSync(path, faulty);
    const found = mutant.file.endsWith(".wgsl")
      ? await near.ask({ from: text, to: faulty, operators: related.get(mutant.inside)?.slice(0, NEAREST) ?? [] })
      : await askAfresh(tree, mutant);
    const verdict = { mutant, ...(judgedBy(found) ?? (await judge(tree, mutant))) };
    writeFileSync(path, text);
    verdicts.push(verdict);
    console.log(`${verdicts.length}/${total} ${verdict.fate} ${verdict.by} ${describe(mutant)}`);
  }
  near.end();
  rmSync(tree, { recursive: true, force: true });
}

/** What the samples of its operators say of a fault; undefined when they do not show it. */
function judgedBy(found: Answer): Omit<Verdict, "mutant"> | undefined {
  if ("stillborn" in found) return { fate: "stillborn", by: "" };
  return found.shownBy === "" ? undefined : { fate: "killed", by: `the samples of ${found.shownBy}` };
}

/** Asks the samples of the record, or of all of its family where the fault is in what they share. */
async function askAfresh(tree: string, { file, inside, kind }: Mutant): Promise<Answer> {
  const exported = [...readFileSync(join(root, file), "utf8").matchAll(/^export const (\w+)/gm)].map(([, name]) => name!);
  const operators = (inside in records ? [inside] : exported).filter((name) => name in records);
  if (operators.length === 0) return { shownBy: "" };
  const script = ["--import", "tsx", "--import", "./test/setup/wgsl-loader.mjs", "test/mutants/afresh.ts", kind, ...operators];
  const { code, output } = await run(tree, script);
  if (/Transform failed|SyntaxError/.test(output)) return { stillborn: true };
  return code === 0 ? (JSON.parse(output.trim().split("\n").at(-1)!) as Answer) : { shownBy: "a process that ended" };
}

/** Runs the tests that are likeliest to notice first; samples by themselves have not. */
async function judge(tree: string, mutant: Mutant): Promise<Omit<Verdict, "mutant">> {
  for (const suite of suites(mutant)) {
    const failed = await failing(tree, suite);
    if (failed !== undefined) return { fate: failed === "stillborn" ? failed : "killed", by: suite.join(" ") };
  }
  return { fate: "survived", by: "" };
}

/** The cases of its operators, then the tests of its family and those of everything. */
function suites({ file, inside, kind }: Mutant): readonly Suite[] {
  const stem = file.replace(/^.*\//, "").replace(/\.\w+$/, "");
  const named = [...new Set([inside, ...(related.get(inside) ?? [])])].filter((name) => name !== "");
  const family = kind === "rule" && named.length === 0 ? [stem] : named;
  const titles = [`^(${family.slice(0, 5).join("|")}) `, `\\b(${family.slice(0, 12).join("|")})\\(`];
  const own: Suite = ["test/golden/golden", "test/ops/ops.test.ts", "test/ops/gradients.node.test.ts", "-t", titles.join("|")];
  return [own, [`test/ops/${stem}.test`, ...(FAMILY_TESTS[stem] ?? []), ...GENERAL_TESTS]];
}

/** Which way the tests failed; undefined when they passed. A run that hangs has failed. */
async function failing(tree: string, suite: Suite): Promise<"killed" | "stillborn" | undefined> {
  const vitest = join(tree, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--project", "node*", "--bail", "1", "--passWithNoTests", "--reporter", "dot", ...suite];
  const { code, output } = await run(tree, args);
  if (code === 0) return undefined;
  return /does not compile|Transform failed|SyntaxError|PARSE_ERROR/.test(output) ? "stillborn" : "killed";
}

/** Runs Node in a tree. */
async function run(tree: string, args: readonly string[]): Promise<{ readonly code: unknown; readonly output: string }> {
  const child = spawn(process.execPath, args, { cwd: tree, timeout: PATIENCE_MS, env: environment });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (output += part.toString()));
  return { code: await new Promise((resolve) => child.on("close", resolve)), output };
}

function describe({ file, line, inside, start, end, replacement }: Mutant): string {
  const text = readFileSync(join(root, file), "utf8");
  const [from, to] = [text.lastIndexOf("\n", start) + 1, text.indexOf("\n", end)];
  const faulty = `${text.slice(from, start)}⟦${text.slice(start, end)} → ${replacement}⟧${text.slice(end, to)}`;
  return `${file}:${line} ${inside}: ${faulty.replace(/\s+/g, " ").trim()}`;
}

function summarise(): void {
  const count = (fate: Fate): number => verdicts.filter((verdict) => verdict.fate === fate).length;
  const [killed, survived] = [count("killed"), count("survived")];
  console.log(
    `\nSurvivors:\n${verdicts
      .filter(({ fate }) => fate === "survived")
      .map(({ mutant }) => `  ${describe(mutant)}`)
      .join("\n")}\n`,
  );
  const percent = ((100 * killed) / (killed + survived)).toFixed(1);
  console.log(`${killed} of ${killed + survived} killed (${percent} %), ${count("stillborn")} did not compile`);
  if (options.out) writeFileSync(options.out, JSON.stringify(verdicts, null, 1));
}
