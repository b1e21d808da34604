// The training session that the worker runs: a loop that yields after every step, so that no message ever waits long.
import { init, type InitReport, DeviceError, OutOfMemoryError, WengertError } from "../../src/index.ts";
import { type ArrivingDigits, DataError, type DigitSet, type Digits, openDigits, type OpenFile, PART, PIXELS } from "../mnist/digits.ts";
import { Speed } from "../mnist/speed.ts";
import { drawGraph } from "../mnist/learner.ts";
import { type StepResult, Trainer } from "../mnist/trainer.ts";
import { heldOutUpdate, lookUpdate } from "./pictures.ts";
import type { Config, Fault, HeldOutDigit, Listener, SessionApi, State, Update } from "./protocol.ts";

/** Steps queued ahead of the figures that are shown. */
const AHEAD = 2;
const EVALUATE_EVERY = 50;
const METRICS_MS = 80;
const LOOK_MS = 250;

const channel = new MessageChannel();
/** A turn of the event loop: messages to the worker are taken in between. Timers would be throttled in a background tab. */
const macrotask = (): Promise<void> =>
  new Promise((resolve) => {
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(undefined);
  });

const download: OpenFile = async (name) => {
  try {
    const response = await fetch(new URL(`../mnist/${name}`, location.href));
    if (!response.ok || !response.body) throw new Error(`the server answers ${response.status} ${response.statusText}`.trimEnd());
    return response.body;
  } catch (error) {
    throw new DataError(`${name}: ${reason(error)}`);
  }
};

/** What is wrong, in words for a visitor: the remedies in wengert's messages are for programmers. */
const reason = (error: unknown): string => {
  const words = error instanceof WengertError ? `${error.op}: ${error.what}` : error instanceof Error ? error.message : String(error);
  return words.replace(/[.\s]+$/, "");
};

/** WebGPU was asked for and cannot be had. */
class NoDevice extends Error {}

async function open({ device }: Config): Promise<InitReport> {
  try {
    return await init({ device });
  } catch (error) {
    throw error instanceof DeviceError ? new NoDevice(error.what) : error;
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof DataError) return "digits";
  if (error instanceof NoDevice) return "no device";
  if (error instanceof OutOfMemoryError) return "memory";
  return error instanceof DeviceError && /\blost\b/.test(error.what) ? "lost device" : "training";
}

export class Session implements SessionApi {
  #listener: Listener = () => undefined;
  #digits: Promise<Digits<ArrivingDigits>> | undefined;
  /** Counts the calls of start(): one that another has overtaken gives up. */
  #starts = 0;
  #trainer: Trainer | undefined;
  #config: Config | undefined;
  #goal = 0;
  #state: State = "loading";
  /** How many steps may still be taken before the loop pauses; Infinity while it runs freely. */
  #allowance = 0;
  #loop: Promise<void> = Promise.resolve();
  #probe: Float32Array<ArrayBuffer> = new Float32Array(PIXELS);
  #probeChanged = true;
  #looking: Promise<void> = Promise.resolve();
  #metrics: StepResult[] = [];
  #first = 1;
  readonly #speed = new Speed();
  /** Ends the wait for digits that have not arrived. */
  #wake = (): void => undefined;

  async start(config: Config, listener?: Listener): Promise<void> {
    if (listener) this.#listener = listener;
    const start = ++this.#starts;
    await this.#halt();
    if (start !== this.#starts) return;
    this.#state = "loading";
    this.#send({ kind: "status", state: "loading" });
    try {
      const [report, digits] = await Promise.all([open(config), this.#load()]);
      if (start !== this.#starts) return;
      this.#config = config;
      this.#goal = config.epochs;
      const trainer = (this.#trainer = new Trainer(digits, { ...config, part: PART }));
      [this.#metrics, this.#first] = [[], 1];
      this.#wantGraph();
      const { device, name, reason: why, adapter } = report;
      const counts = { parameters: trainer.parameterCount, trainCount: digits.train.count, heldOutCount: digits.heldOut.count };
      const software = adapter?.isFallback ?? false;
      this.#send({ kind: "device", device, name, software, ...counts, ...(why !== undefined && { reason: why }) });
      this.#run(Infinity);
    } catch (error) {
      if (start === this.#starts) this.#fail(error);
    }
  }

  /** The digits, as soon as there are enough to begin with. After a failure the next start tries again. */
  async #load(): Promise<Digits<ArrivingDigits>> {
    const arriving = (this.#digits ??= openDigits(download, ({ train, heldOut }) => {
      if (this.#digits === arriving)
        this.#send({ kind: "arrival", arrived: train.arrived + heldOut.arrived, count: train.count + heldOut.count });
    }));
    try {
      const digits = await arriving;
      await digits.train.until(Math.min(PART, digits.train.count));
      return digits;
    } catch (error) {
      this.#digits = undefined;
      throw error;
    }
  }

  async pause(): Promise<void> {
    await this.#halt();
  }

  async resume(): Promise<void> {
    if (!this.#trainer || this.#state === "running" || this.#state === "loading" || this.#state === "failed") return;
    if (this.#state === "finished") this.#goal += this.#config!.epochs;
    this.#run(Infinity);
  }

  async step(): Promise<void> {
    if (this.#state === "loading" || this.#state === "failed") return;
    await this.#halt();
    this.#run(1);
    await this.#loop;
  }

  async setLearningRate(value: number): Promise<void> {
    if (this.#trainer) this.#trainer.learningRate = value;
  }

  async setBatchSize(value: number): Promise<void> {
    if (this.#trainer) this.#trainer.batchSize = value;
    this.#wantGraph();
  }

  async setProbe(pixels: Float32Array<ArrayBuffer>): Promise<void> {
    this.#probe = pixels;
    this.#probeChanged = true;
    if (this.#state === "paused" || this.#state === "finished") await this.#look();
  }

  async heldOutDigit(index: number): Promise<HeldOutDigit | undefined> {
    try {
      const { heldOut } = await this.#digits!;
      await heldOut.until(index + 1);
      return { pixels: heldOut.pixels.slice(index * PIXELS, (index + 1) * PIXELS), label: heldOut.labels[index]! };
    } catch {
      return undefined; // the training says why
    }
  }

  async weights(): Promise<Uint8Array> {
    return this.#trainer!.weights();
  }

  #run(allowance: number): void {
    this.#allowance = allowance;
    this.#state = "running";
    if (allowance > 1) this.#send({ kind: "status", state: "running" });
    this.#loop = this.#train(this.#trainer!).catch((error: unknown) => this.#fail(error));
  }

  /** Lets the steps under way end, then stands still. */
  async #halt(): Promise<void> {
    this.#allowance = 0;
    this.#wake();
    await this.#loop;
  }

  async #train(trainer: Trainer): Promise<void> {
    const { train, heldOut } = await this.#digits!;
    const underWay: Promise<void>[] = [];
    const settleAll = async (): Promise<void> => {
      await Promise.all(underWay.splice(0));
      this.#flush(trainer);
    };
    let [sent, looked] = [performance.now(), 0];
    this.#speed.begin(sent);
    while (this.#allowance > 0 && !this.#done(trainer)) {
      if (trainer.ready() > train.arrived) {
        await settleAll();
        await this.#arrival(train, trainer.ready());
        this.#speed.begin(performance.now());
        continue;
      }
      this.#allowance--;
      const settled = this.#settle(trainer.step());
      // When one step fails those behind it fail too: only the first is reported.
      settled.catch(() => undefined);
      underWay.push(settled);
      if (underWay.length > AHEAD) await underWay.shift();
      const now = performance.now();
      if (now - sent >= METRICS_MS) {
        sent = now;
        this.#flush(trainer);
      }
      if (now - looked >= LOOK_MS) {
        looked = now;
        await this.#look();
      }
      if (trainer.steps % EVALUATE_EVERY === 0 || trainer.atEpochEnd) {
        await settleAll();
        if (await this.#arrival(heldOut, heldOut.count)) await this.#evaluate(trainer, heldOut);
        // The pause for the evaluation is not the training's.
        this.#speed.begin(performance.now());
      }
      await macrotask();
    }
    await settleAll();
    await this.#look();
    this.#state = this.#done(trainer) ? "finished" : "paused";
    this.#send({ kind: "status", state: this.#state });
  }

  /** Waits until digits have arrived, or a pause ends the wait: then false. Errors: DataError when they will not come. */
  async #arrival(set: ArrivingDigits, count: number): Promise<boolean> {
    if (set.arrived >= count) return true;
    await Promise.race([set.until(count), new Promise<void>((resolve) => (this.#wake = resolve))]);
    return set.arrived >= count;
  }

  #done(trainer: Trainer): boolean {
    return trainer.epoch >= this.#goal && trainer.atEpochEnd;
  }

  async #settle(result: Promise<StepResult>): Promise<void> {
    const figures = await result;
    this.#metrics.push(figures);
    this.#speed.settle(performance.now(), figures.count);
  }

  #flush(trainer: Trainer): void {
    const steps = this.#metrics;
    if (steps.length === 0) return;
    this.#metrics = [];
    const losses = Float32Array.from(steps, (s) => s.losses.loss);
    const accuracies = Float32Array.from(steps, (s) => s.scores.accuracy);
    const samplesPerSecond = this.#speed.perSecond;
    this.#send({ kind: "metrics", first: this.#first, losses, accuracies, epoch: trainer.epoch, samplesPerSecond });
    this.#first += steps.length;
  }

  async #evaluate(trainer: Trainer, heldOut: DigitSet): Promise<void> {
    const step = trainer.steps;
    const evaluation = await trainer.evaluate(macrotask);
    this.#flush(trainer);
    this.#send(heldOutUpdate(step, evaluation, heldOut));
  }

  /** Shows what the network makes of the pad; calls queue up instead of running into each other. */
  #look(): Promise<void> {
    const look = async (): Promise<void> => {
      if (!this.#trainer || this.#state === "failed") return;
      if (this.#state !== "running" && !this.#probeChanged) return;
      this.#probeChanged = false;
      this.#send(await lookUpdate(this.#trainer, this.#probe));
    };
    return (this.#looking = this.#looking.then(look).catch((error: unknown) => this.#fail(error)));
  }

  /** Has the next step's graph drawn: its shapes change with the network and the batch size only. */
  #wantGraph(): void {
    const trainer = this.#trainer;
    if (!trainer) return;
    trainer.onGraph = (loss, params) => {
      trainer.onGraph = undefined;
      this.#send({ kind: "graph", step: trainer.steps + 1, ...drawGraph(loss, params) });
    };
  }

  #fail(error: unknown): void {
    if (this.#state === "failed") return;
    this.#state = "failed";
    this.#allowance = 0;
    const what = faultOf(error);
    // A download that broke off is begun anew.
    if (what === "digits") this.#digits = undefined;
    this.#send({ kind: "status", state: "failed", fault: { what, problem: reason(error) } });
  }

  #send(update: Update): void {
    this.#listener(update);
  }
}
