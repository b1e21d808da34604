// A run in the terminal: epochs, figures on the way, and a checkpoint after each of them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { io, WengertError } from "../../src/index.ts";
import { DataError, type Digits } from "../mnist/digits.ts";
import { Speed } from "../mnist/speed.ts";
import type { Place } from "../mnist/passes.ts";
import { drawGraph, type Evaluation, type StepResult, Trainer } from "../mnist/trainer.ts";
import { writeAll } from "./files.ts";
import { CHECKPOINT, parseOptions, type RunOptions, shapeOf, type TrainOptions } from "./options.ts";
import type { ProgressLine } from "./progress.ts";

/** Steps queued ahead of the figures that are shown. */
const AHEAD = 3;
/** Steps that the accuracy of the progress line is taken over. */
const RECENT = 20;

const macrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** The run was stopped where a checkpoint could be kept; the message is one line for the terminal. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** What a checkpoint holds of a run, apart from the training's own state. */
export interface SavedRun {
  readonly options: RunOptions;
  readonly losses: readonly number[];
  readonly heldOut: readonly number[];
  /** How many there were to train on. */
  readonly digits: number;
  readonly bytes: Uint8Array;
}

/** The same as it stands in the file. */
interface Kept {
  readonly run: Readonly<Record<string, string | number>>;
  readonly losses: readonly (number | null)[];
  readonly heldOut: readonly number[];
  readonly place: Place;
}

/** Reads a checkpoint of this program. Errors: DataError naming the file. */
export function readRun(file: string): SavedRun {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(readFileSync(file));
  } catch (error) {
    throw new DataError(`${file}: ${(error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : String(error)}`);
  }
  try {
    const { run, losses, heldOut, place } = JSON.parse(io.inspectSafetensors(bytes).metadata["extra"]!) as Kept;
    // The same checks as on the command line.
    const options = parseOptions(Object.entries(run).map(([name, value]) => `--${name}=${value}`));
    const { order, steps } = place;
    const whole = order.every((digit) => Number.isInteger(digit) && digit >= 0 && digit < order.length);
    if (options === "help" || !whole || steps !== losses.length) throw new Error("its parts do not belong together");
    // JSON has no NaN: a loss that was none comes as null.
    return { options: shapeOf(options), losses: losses.map((loss) => loss ?? NaN), heldOut, digits: order.length, bytes };
  } catch (error) {
    throw new DataError(`${file}: is no checkpoint of npm run train: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export class Run {
  readonly losses: number[];
  readonly heldOut: number[];
  readonly trainer: Trainer;
  readonly steps: number;
  /** The graph of the first step taken here. */
  graph = { dot: "", svg: "" };
  readonly #options: TrainOptions;
  readonly #line: ProgressLine;
  readonly #speed = new Speed();
  #recent: StepResult[] = [];
  #evaluation: Evaluation | undefined;
  #stopped = false;

  /** Begins a run, or goes on with a saved one. Errors: DataError where the checkpoint does not fit the digits or the network. */
  constructor(digits: Digits, options: TrainOptions, line: ProgressLine, saved?: SavedRun) {
    const { model, seed, batch, lr, epochs } = options;
    this.#options = options;
    this.#line = line;
    this.losses = [...(saved?.losses ?? [])];
    this.heldOut = [...(saved?.heldOut ?? [])];
    this.steps = Math.ceil(digits.train.count / batch) * epochs;
    this.trainer = new Trainer(digits, { model, seed, batchSize: batch, learningRate: lr, decaySteps: this.steps });
    if (saved && saved.digits !== digits.train.count)
      throw new DataError(`${options.resume}: was kept with ${saved.digits} digits to train on, there are ${digits.train.count}`);
    try {
      if (saved) this.trainer.restore(saved.bytes);
    } catch (error) {
      throw error instanceof WengertError ? new DataError(`${options.resume}: ${error.message}`) : error;
    }
    this.trainer.onGraph = (loss, params) => {
      this.graph = drawGraph(loss, params);
      this.trainer.onGraph = undefined;
    };
  }

  /** Has the run end after the step that it is at. */
  stop(): void {
    this.#stopped = true;
  }

  /** Trains to the end and evaluates after every epoch. Errors: Interrupted after stop(), with a checkpoint kept. */
  async finish(): Promise<Evaluation> {
    const { trainer } = this;
    while (trainer.steps < this.steps) {
      await this.#pass();
      if (trainer.atEpochEnd) await this.#evaluate();
      if (trainer.steps < this.steps) await this.#keep();
    }
    return this.#evaluation!;
  }

  /** Steps to the end of the epoch, or until the run is stopped. */
  async #pass(): Promise<void> {
    const underWay: Promise<void>[] = [];
    this.#speed.begin(performance.now());
    do {
      const settled = this.#settle(this.trainer.step(), this.trainer.epoch);
      // When one step fails those behind it fail too: only the first is reported.
      settled.catch(() => undefined);
      underWay.push(settled);
      if (underWay.length > AHEAD) await underWay.shift();
      await macrotask();
    } while (!this.trainer.atEpochEnd && !this.#stopped);
    await Promise.all(underWay);
  }

  async #settle(result: Promise<StepResult>, epoch: number): Promise<void> {
    const figures = await result;
    this.losses.push(figures.loss);
    this.#recent.push(figures);
    if (this.#recent.length > RECENT) this.#recent.shift();
    this.#speed.settle(performance.now(), figures.count);
    const [correct, seen] = this.#recent.reduce(([c, n], r) => [c + r.correct, n + r.count], [0, 0]);
    const [step, samplesPerSecond] = [this.losses.length, this.#speed.perSecond];
    this.#line.show({
      epoch,
      epochs: this.#options.epochs,
      step,
      steps: this.steps,
      loss: figures.loss,
      accuracy: correct / seen,
      samplesPerSecond,
      secondsLeft: ((this.steps - step) * this.#options.batch) / samplesPerSecond,
    });
  }

  async #evaluate(): Promise<void> {
    const { epochs } = this.#options;
    this.#evaluation = await this.trainer.evaluate(macrotask);
    this.heldOut.push(this.#evaluation.accuracy);
    this.#recent = [];
    this.#line.clear();
    const mean = this.losses.slice(-this.steps / epochs).reduce((sum, v, _, all) => sum + v / all.length, 0);
    console.log(
      `epoch ${this.trainer.epoch}/${epochs}  mean loss ${mean.toFixed(4)}  held-out accuracy ${percent(this.#evaluation.accuracy)}`,
    );
  }

  /** Keeps a checkpoint, and ends the run there if it was stopped. */
  async #keep(): Promise<void> {
    const { losses, heldOut } = this;
    const { out } = this.#options;
    writeAll(out, { [CHECKPOINT]: await this.trainer.checkpoint({ run: shapeOf(this.#options), losses, heldOut }) });
    if (!this.#stopped) return;
    throw new Interrupted(
      `interrupted after step ${losses.length} of ${this.steps}; npm run train -- --resume ${join(out, CHECKPOINT)} goes on from there`,
    );
  }
}
