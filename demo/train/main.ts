// `npm run train`: trains a network on the digits in a terminal.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { init, sync, WengertError } from "../../src/index.ts";
import { DataError, type Digits, firstDigits, loadDigits } from "../mnist/digits.ts";
import { MODEL_TITLES } from "../mnist/model-names.ts";
import { drawGraph, type StepResult, Trainer } from "../mnist/trainer.ts";
import { OutputError, prepareFolder, writeAll } from "./files.ts";
import { offerGpu } from "./node-gpu.ts";
import { HELP, parseOptions, type TrainOptions, UsageError } from "./options.ts";
import { ProgressLine } from "./progress.ts";
import { confusionTable, curveSvg } from "./report.ts";

const DATA = fileURLToPath(new URL("../public/mnist", import.meta.url));

/** Steps queued ahead of the figures that are shown. */
const AHEAD = 3;
const SPEED_WINDOW = 20;

const macrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

interface Run {
  readonly losses: number[];
  readonly heldOut: number[];
  readonly confusion: number[][];
  readonly graph: { readonly dot: string; readonly svg: string };
  readonly seconds: number;
}

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

/** Trains to the end, evaluating after every epoch. */
async function train(trainer: Trainer, digits: Digits, options: TrainOptions, line: ProgressLine): Promise<Run> {
  const steps = Math.ceil(digits.train.count / options.batch) * options.epochs;
  const [losses, heldOut]: [number[], number[]] = [[], []];
  const recent: { at: number; correct: number; count: number }[] = [];
  let graph = { dot: "", svg: "" };
  trainer.onGraph = (loss, params) => {
    graph = drawGraph(loss, params);
    trainer.onGraph = undefined;
  };
  const settle = async (result: Promise<StepResult>, epoch: number): Promise<void> => {
    const { loss, correct, count } = await result;
    losses.push(loss);
    recent.push({ at: performance.now(), correct, count });
    if (recent.length > SPEED_WINDOW) recent.shift();
    const seen = recent.reduce((sum, r) => sum + r.count, 0);
    const perSecond = recent.length < 2 ? NaN : ((seen - recent[0]!.count) * 1000) / (recent.at(-1)!.at - recent[0]!.at);
    const secondsLeft = ((steps - losses.length) * options.batch) / perSecond;
    const accuracy = recent.reduce((sum, r) => sum + r.correct, 0) / seen;
    line.show({ epoch, epochs: options.epochs, step: losses.length, steps, loss, accuracy, samplesPerSecond: perSecond, secondsLeft });
  };
  const started = performance.now();
  let evaluation = undefined as Awaited<ReturnType<Trainer["evaluate"]>> | undefined;
  while (trainer.steps < steps) {
    const underWay: Promise<void>[] = [];
    do {
      const settled = settle(trainer.step(), trainer.epoch);
      // When one step fails those behind it fail too: only the first is reported.
      settled.catch(() => undefined);
      underWay.push(settled);
      if (underWay.length > AHEAD) await underWay.shift();
      await macrotask();
    } while (!trainer.atEpochEnd);
    await Promise.all(underWay);
    evaluation = await trainer.evaluate(macrotask);
    heldOut.push(evaluation.accuracy);
    recent.length = 0;
    line.clear();
    const mean = losses.slice(-Math.ceil(steps / options.epochs)).reduce((sum, v, _, all) => sum + v / all.length, 0);
    console.log(
      `epoch ${trainer.epoch}/${options.epochs}  mean loss ${mean.toFixed(4)}  held-out accuracy ${percent(evaluation.accuracy)}`,
    );
  }
  const seconds = (performance.now() - started) / 1000;
  const confusion = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  digits.heldOut.labels.forEach((label, i) => confusion[label]![evaluation!.guesses[i]!]!++);
  return { losses, heldOut, confusion, graph, seconds };
}

async function main(args: readonly string[], line: ProgressLine): Promise<void> {
  const options = parseOptions(args);
  if (options === "help") {
    process.stdout.write(HELP);
    return;
  }
  const digits = await digitsFrom(options.data ?? DATA, options.limit);
  prepareFolder(options.out);
  const device = await chooseDevice(options.device);
  const { model, seed, batch, lr, epochs } = options;
  const decaySteps = Math.ceil(digits.train.count / batch) * epochs;
  const trainer = new Trainer(digits, { model, seed, batchSize: batch, learningRate: lr, decaySteps });
  console.log(`${MODEL_TITLES[options.model]}, ${trainer.parameterCount.toLocaleString("en")} parameters, on ${device}`);
  console.log(
    `${digits.train.count} digits to train on, ${digits.heldOut.count} held out; Adam ${options.lr}, batch ${options.batch}, seed ${options.seed}`,
  );
  const { losses, heldOut, confusion, graph, seconds } = await train(trainer, digits, options, line);
  const perSecond = Math.round((digits.train.count * options.epochs) / seconds);
  console.log(
    `\nheld-out accuracy ${percent(heldOut.at(-1)!)} after ${losses.length} steps in ${seconds.toFixed(1)} s (${perSecond} samples/s)\n`,
  );
  console.log(`${confusionTable(confusion, process.stdout.isTTY)}\n`);
  const title = `${MODEL_TITLES[options.model]}: loss over ${losses.length} steps, Adam ${options.lr}, batch ${options.batch}, seed ${options.seed}`;
  writeAll(options.out, {
    "model.safetensors": await trainer.weights(),
    "loss.svg": curveSvg({ title, losses, heldOut }),
    "graph.dot": graph.dot,
    "graph.svg": graph.svg,
  });
  console.log(`written to ${options.out}: model.safetensors, loss.svg, graph.dot, graph.svg`);
  await sync();
}

const line = new ProgressLine(process.stdout);
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)
  process.on(signal, () => {
    line.clear();
    process.stderr.write("train: interrupted, nothing was written\n");
    process.exit(code);
  });

try {
  await main(process.argv.slice(2), line);
} catch (error) {
  line.clear();
  const expected = error instanceof UsageError || error instanceof DataError || error instanceof OutputError;
  const [first] = (error instanceof Error ? error.message : String(error)).split("\n");
  process.stderr.write(`train: ${first}${error instanceof UsageError ? " (--help lists the options)" : ""}\n`);
  // A fault of the program itself shows where it happened.
  if (!expected && !(error instanceof WengertError) && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = expected ? 2 : 1;
}
process.exit();
