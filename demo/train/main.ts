// `npm run train`: trains one of the models in a terminal.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { init, sync, WengertError } from "../../src/index.ts";
import { CLASSES, DataError, type Digits, firstDigits, loadDigits } from "../mnist/digits.ts";
import { heldOutWords, valueOf } from "./figures.ts";
import { discard, OutputError, prepareFolder, writeAll } from "./files.ts";
import { learnerFor } from "./learners.ts";
import { modelOf } from "./models.ts";
import { offerGpu } from "./node-gpu.ts";
import { CHECKPOINT, HELP, parseOptions, type TrainOptions, UsageError } from "./options.ts";
import { ProgressLine } from "./progress.ts";
import { confusionTable } from "./confusion.ts";
import { resultsOf } from "./results.ts";
import { Interrupted, readRun, Run } from "./run.ts";

const DATA = fileURLToPath(new URL("../public/mnist", import.meta.url));

/** npm hands Ctrl-C on to a program that has it from the terminal already: what comes this soon is the same key. */
const SAME_KEY_MS = 500;

async function digitsFrom(folder: string, limit: number | undefined): Promise<Digits> {
  const digits = await loadDigits(async (name) => {
    try {
      return new Blob([new Uint8Array(await readFile(join(folder, name)))]).stream();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new DataError(`${join(folder, name)}: ${code === "ENOENT" ? "there is no such file (restore it, or give --data)" : message}`);
    }
  });
  return limit === undefined ? digits : { ...digits, train: firstDigits(digits.train, limit) };
}

/** Chooses the device and says what it is, and why when it is not what was asked for first. */
async function chooseDevice(asked: TrainOptions["device"]): Promise<string> {
  const missing = asked === "cpu" ? undefined : await offerGpu();
  if (asked === "webgpu" && missing !== undefined) throw new UsageError(`--device webgpu cannot be had: ${missing}`);
  const { device, name, reason } = await init({ device: missing === undefined ? asked : "cpu" });
  const why = missing ?? reason;
  return device === "webgpu" ? `WebGPU: ${name}` : `CPU${why === undefined ? "" : `, because ${why}`}`;
}

async function main(args: readonly string[], line: ProgressLine): Promise<void> {
  const given = parseOptions(args);
  if (given === "help") {
    process.stdout.write(HELP);
    return;
  }
  const saved = given.resume === undefined ? undefined : readRun(given.resume);
  const options: TrainOptions = { ...given, ...saved?.options };
  const { epochs, batch, lr, seed, out } = options;
  const { title, points } = modelOf(options.model);
  const digits = points === undefined ? await digitsFrom(options.data ?? DATA, options.limit) : undefined;
  prepareFolder(out);
  const device = await chooseDevice(options.device);
  const learner = learnerFor(options, digits);
  const run = new Run(learner, options, line, saved);
  const { trainCount, method } = learner;
  const samples = digits ? `${trainCount} digits to train on, ${digits.heldOut.count} held out` : `${trainCount} points to an epoch`;
  console.log(`${title}, ${learner.parameterCount.toLocaleString("en")} parameters, on ${device}`);
  console.log(`${samples}; ${method} ${lr}, batch ${batch}, seed ${seed}`);
  if (saved) console.log(`going on after step ${run.losses.length} of ${run.steps}`);
  const [started, before] = [performance.now(), run.losses.length];
  stop = () => run.stop();
  const { guesses, pictures } = await run.finish();
  stop = undefined;
  const seconds = (performance.now() - started) / 1000;
  const perSecond = Math.round(((trainCount * epochs) / run.steps) * ((run.steps - before) / seconds));
  const reached = Object.entries(run.heldOut.at(-1)!).map(([name, value]) => `${heldOutWords(name)} ${valueOf(name, value)}`);
  console.log(`\n${reached.join(", ")} after ${run.losses.length} steps in ${seconds.toFixed(1)} s (${perSecond} samples/s)\n`);
  if (digits && guesses) {
    const confusion = Array.from({ length: CLASSES }, () => new Array<number>(CLASSES).fill(0));
    digits.heldOut.labels.forEach((label, i) => confusion[label]![guesses[i]!]!++);
    console.log(`${confusionTable(confusion, process.stdout.isTTY)}\n`);
  }
  const files = await resultsOf(run, options, pictures);
  writeAll(out, files);
  // Nothing of an earlier run stays among them.
  for (const name of [CHECKPOINT, "samples.png"]) if (!(name in files)) discard(join(out, name));
  console.log(`written to ${out}: ${Object.keys(files).join(", ")}${pictures ? ` (${pictures.caption})` : ""}`);
  await sync();
}

const line = new ProgressLine(process.stdout);
const CODES = { SIGINT: 130, SIGTERM: 143 } as const;
/** Ends the training after its step, once there is one to end. */
let stop: (() => void) | undefined;
let first: { readonly at: number; readonly code: number } | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    const at = performance.now();
    if (first && at - first.at < SAME_KEY_MS) return;
    if (stop && !first) {
      first = { at, code: CODES[signal] };
      return stop();
    }
    line.clear();
    process.stderr.write(`train: interrupted${first ? " at once" : ", nothing was written"}\n`);
    process.exit(CODES[signal]);
  });

try {
  await main(process.argv.slice(2), line);
} catch (error) {
  line.clear();
  const expected = error instanceof UsageError || error instanceof DataError || error instanceof OutputError;
  const [words] = (error instanceof Error ? error.message : String(error)).split("\n");
  process.stderr.write(`train: ${words}${error instanceof UsageError ? " (--help lists the options)" : ""}\n`);
  // A fault of the program itself shows where it happened.
  const known = expected || error instanceof Interrupted || error instanceof WengertError;
  if (!known && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = error instanceof Interrupted && first ? first.code : expected ? 2 : 1;
}
process.exit();
