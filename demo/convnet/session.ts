// The training session that the worker runs: a loop that yields after every step, so that no message ever waits long.
import { init, DeviceError, OutOfMemoryError } from "../../src/index.ts";
import { type Digits, loadDigits, PIXELS } from "../mnist/digits.ts";
import { drawGraph, type StepResult, Trainer } from "../mnist/trainer.ts";
import { heldOutUpdate, lookUpdate } from "./pictures.ts";
import type { Config, Listener, SessionApi, State, Update } from "./protocol.ts";

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

const download = async (name: string): Promise<Uint8Array<ArrayBuffer>> => {
  const response = await fetch(new URL(`../mnist/${name}`, location.href));
  if (!response.ok) throw new Error(`the digits could not be loaded: ${name} gave ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
};

export class Session implements SessionApi {
  #listener: Listener = () => undefined;
  #digits: Promise<Digits> | undefined;
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
  #recent: { at: number; count: number }[] = [];

  async start(config: Config, listener?: Listener): Promise<void> {
    if (listener) this.#listener = listener;
    await this.#halt();
    this.#state = "loading";
    this.#send({ kind: "status", state: "loading" });
    try {
      this.#digits ??= loadDigits(download);
      const digits = await this.#digits.catch((error: unknown) => {
        this.#digits = undefined;
        throw error;
      });
      const report = await init({ device: config.device });
      this.#config = config;
      this.#goal = config.epochs;
      const trainer = (this.#trainer = new Trainer(digits, config));
      [this.#metrics, this.#first, this.#recent] = [[], 1, []];
      this.#wantGraph();
      const { device, name, reason } = report;
      const counts = { parameters: trainer.parameterCount, trainCount: digits.train.count, heldOutCount: digits.heldOut.count };
      this.#send({ kind: "device", device, name, ...counts, ...(reason !== undefined && { reason }) });
      this.#run(Infinity);
    } catch (error) {
      this.#fail(error);
    }
  }

  async pause(): Promise<void> {
    await this.#halt();
  }

  async resume(): Promise<void> {
    if (!this.#trainer || this.#state === "running" || this.#state === "failed") return;
    if (this.#state === "finished") this.#goal += this.#config!.epochs;
    this.#run(Infinity);
  }

  async step(): Promise<void> {
    if (this.#state === "failed") return;
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

  async heldOutDigit(index: number): Promise<{ pixels: Uint8Array; label: number }> {
    const { heldOut } = await this.#digits!;
    return { pixels: heldOut.pixels.slice(index * PIXELS, (index + 1) * PIXELS), label: heldOut.labels[index]! };
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
    await this.#loop;
  }

  async #train(trainer: Trainer): Promise<void> {
    const underWay: Promise<void>[] = [];
    let [sent, looked] = [performance.now(), 0];
    this.#recent = [];
    while (this.#allowance > 0 && !this.#done(trainer)) {
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
        await Promise.all(underWay.splice(0));
        await this.#evaluate(trainer);
        // The pause for the evaluation is not the training's.
        this.#recent = [];
      }
      await macrotask();
    }
    await Promise.all(underWay);
    this.#flush(trainer);
    await this.#look();
    this.#state = this.#done(trainer) ? "finished" : "paused";
    this.#send({ kind: "status", state: this.#state });
  }

  #done(trainer: Trainer): boolean {
    return trainer.epoch >= this.#goal && trainer.atEpochEnd;
  }

  async #settle(result: Promise<StepResult>): Promise<void> {
    const figures = await result;
    this.#metrics.push(figures);
    this.#recent.push({ at: performance.now(), count: figures.count });
    if (this.#recent.length > 30) this.#recent.shift();
  }

  #flush(trainer: Trainer): void {
    const steps = this.#metrics;
    if (steps.length === 0) return;
    this.#metrics = [];
    const losses = Float32Array.from(steps, (s) => s.loss);
    const accuracies = Float32Array.from(steps, (s) => s.correct / s.count);
    const [begin, end] = [this.#recent[0], this.#recent.at(-1)];
    const samples = this.#recent.slice(1).reduce((sum, r) => sum + r.count, 0);
    const samplesPerSecond = begin && end && end.at > begin.at ? (samples * 1000) / (end.at - begin.at) : NaN;
    this.#send({ kind: "metrics", first: this.#first, losses, accuracies, epoch: trainer.epoch, samplesPerSecond });
    this.#first += steps.length;
  }

  async #evaluate(trainer: Trainer): Promise<void> {
    const { heldOut } = await this.#digits!;
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
    const problem = error instanceof Error ? error.message : String(error);
    this.#send({ kind: "status", state: "failed", problem, deviceLost: error instanceof DeviceError || error instanceof OutOfMemoryError });
  }

  #send(update: Update): void {
    this.#listener(update);
  }
}
