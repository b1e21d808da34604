// A run in the terminal: epochs, figures on the way, and a checkpoint after each of them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { io, WengertError } from "../../src/index.ts";
import { DataError } from "../mnist/digits.ts";
import { drawGraph, type Figures, type Learner, type Showing, type Step } from "../mnist/learner.ts";
import type { Place } from "../mnist/passes.ts";
import { Speed } from "../mnist/speed.ts";
import { figuresAgain, heldOutWords, keptFigures, type KeptFigures, meanOf, valueOf, wordsOf } from "./figures.ts";
import { writeAll } from "./files.ts";
import { CHECKPOINT, parseOptions, type RunOptions, shapeOf, type TrainOptions } from "./options.ts";
import type { ProgressLine } from "./progress.ts";

/** Steps queued ahead of the figures that are shown. */
const AHEAD = 3;
/** Steps that the figures of the progress line are taken over. */
const RECENT = 20;

const macrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The run was stopped where a checkpoint could be kept; the message is one line for the terminal. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** What a checkpoint holds of a run, apart from the training's own state. */
export interface SavedRun {
  readonly options: RunOptions;
  readonly losses: readonly Figures[];
  readonly heldOut: readonly Figures[];
  /** Samples that there were to train on. */
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** The same as it stands in the file. */
interface Kept {
  readonly run: Readonly<Record<string, string | number>>;
  readonly losses: readonly KeptFigures[];
  readonly heldOut: readonly KeptFigures[];
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
    const whole = order.every((sample) => Number.isInteger(sample) && sample >= 0 && sample < order.length);
    if (options === "help" || !whole || steps !== losses.length) throw new Error("its parts do not belong together");
    return { options: shapeOf(options), losses: figuresAgain(losses), heldOut: figuresAgain(heldOut), count: order.length, bytes };
  } catch (error) {
    throw new DataError(`${file}: is no checkpoint of npm run train: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export class Run {
  /** The losses of every step. */
  readonly losses: Figures[];
  /** The figures after every epoch. */
  readonly heldOut: Figures[];
  readonly learner: Learner;
  readonly steps: number;
  /** The graph of the first step taken here. */
  graph = { dot: "", svg: "" };
  readonly #options: TrainOptions;
  readonly #line: ProgressLine;
  readonly #speed = new Speed();
  #recent: Step[] = [];
  #stopped = false;

  /** Begins a run, or goes on with a saved one. Errors: DataError where the checkpoint does not fit the learner. */
  constructor(learner: Learner, options: TrainOptions, line: ProgressLine, saved?: SavedRun) {
    const { batch, epochs, resume } = options;
    this.learner = learner;
    this.#options = options;
    this.#line = line;
    this.losses = [...(saved?.losses ?? [])];
    this.heldOut = [...(saved?.heldOut ?? [])];
    this.steps = Math.ceil(learner.trainCount / batch) * epochs;
    if (saved && saved.count !== learner.trainCount)
      throw new DataError(`${resume}: was kept with ${saved.count} digits to train on, there are ${learner.trainCount}`);
    try {
      if (saved) learner.restore(saved.bytes);
    } catch (error) {
      throw error instanceof WengertError ? new DataError(`${resume}: ${error.message}`) : error;
    }
    learner.onGraph = (loss, params) => {
      this.graph = drawGraph(loss, params);
      learner.onGraph = undefined;
    };
  }

  /** Has the run end after the step that it is at. */
  stop(): void {
    this.#stopped = true;
  }

  /** Trains to the end and evaluates after every epoch. Errors: Interrupted after stop(), with a checkpoint kept. */
  async finish(): Promise<Showing> {
    const { learner } = this;
    while (learner.steps < this.steps) {
      await this.#pass();
      if (learner.atEpochEnd) await this.#evaluate();
      if (learner.steps < this.steps) await this.#keep();
    }
    return learner.show(macrotask);
  }

  /** Steps to the end of the epoch, or until the run is stopped. */
  async #pass(): Promise<void> {
    const underWay: Promise<void>[] = [];
    this.#speed.begin(performance.now());
    do {
      const settled = this.#settle(this.learner.step(), this.learner.epoch);
      // When one step fails those behind it fail too: only the first is reported.
      settled.catch(() => undefined);
      underWay.push(settled);
      if (underWay.length > AHEAD) await underWay.shift();
      await macrotask();
    } while (!this.learner.atEpochEnd && !this.#stopped);
    await Promise.all(underWay);
  }

  async #settle(result: Promise<Step>, epoch: number): Promise<void> {
    const settled = await result;
    this.losses.push(settled.losses);
    this.#recent = [...this.#recent, settled].slice(-RECENT);
    this.#speed.settle(performance.now(), settled.count);
    const [step, samplesPerSecond] = [this.losses.length, this.#speed.perSecond];
    this.#line.show({
      epoch,
      epochs: this.#options.epochs,
      step,
      steps: this.steps,
      figures: meanOf(
        this.#recent.map(({ losses, scores }) => ({ ...losses, ...scores })),
        this.#recent.map(({ count }) => count),
      ),
      samplesPerSecond,
      secondsLeft: ((this.steps - step) * this.#options.batch) / samplesPerSecond,
    });
  }

  async #evaluate(): Promise<void> {
    const { epochs } = this.#options;
    let batches = 0;
    const { figures } = await this.learner.evaluate(() => {
      this.#line.note(`epoch ${this.learner.epoch}/${epochs}  held-out samples, batch ${++batches}`);
      return macrotask();
    });
    this.heldOut.push(figures);
    this.#recent = [];
    this.#line.clear();
    const means = Object.entries(meanOf(this.losses.slice(-this.steps / epochs)));
    const words = [
      ...means.map(([name, value]) => `mean ${wordsOf(name)} ${valueOf(name, value)}`),
      ...Object.entries(figures).map(([name, value]) => `${heldOutWords(name)} ${valueOf(name, value)}`),
    ];
    console.log(`epoch ${this.learner.epoch}/${epochs}  ${words.join("  ")}`);
  }

  /** Keeps a checkpoint, and ends the run there if it was stopped. */
  async #keep(): Promise<void> {
    const { out } = this.#options;
    const [losses, heldOut] = [keptFigures(this.losses), keptFigures(this.heldOut)];
    writeAll(out, { [CHECKPOINT]: await this.learner.checkpoint({ run: shapeOf(this.#options), losses, heldOut }) });
    if (!this.#stopped) return;
    throw new Interrupted(
      `interrupted after step ${losses.length} of ${this.steps}; npm run train -- --resume ${join(out, CHECKPOINT)} goes on from there`,
    );
  }
}
