// What every training here is made of: networks, optimisers, a place among the samples, and a state that a checkpoint keeps.
import { loadCheckpoint, saveCheckpoint } from "../../src/io/index.ts";
import { inspect, io, manualSeed, type nn, optim, type Tensor } from "../../src/index.ts";
import { Passes, type Place } from "./passes.ts";

/** Numbers to watch, by name; the first is the one to show where there is room for one. */
export type Figures = Readonly<Record<string, number>>;

/** One step's figures. */
export interface Step {
  /** What the optimisers bring down, and what it is made of. */
  readonly losses: Figures;
  /** How well it goes otherwise. */
  readonly scores: Figures;
  /** Samples that the step saw. */
  readonly count: number;
}

/** Pictures in shades of grey from 0 to 1, row by row. */
export interface Pictures {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly values: ArrayLike<number>;
}

/** What there is to see at the end. */
export interface Showing {
  /** The class that each held-out sample is taken for. */
  readonly guesses?: ArrayLike<number>;
  readonly pictures?: Pictures & { readonly caption: string };
}

/** Lets the machine do something else between batches. */
export type Pause = () => Promise<void>;

/** Something that is trained step by step. The same options give the same run. */
export abstract class Learner {
  abstract readonly model: nn.Module;
  readonly trainCount: number;
  protected abstract readonly optimizers: Readonly<Record<string, optim.Optimizer>>;
  protected readonly passes: Passes;
  #schedulers: Readonly<Record<string, optim.CosineAnnealingLR>> = {};
  /** Settles with the figures of the latest step. */
  #latest: Promise<unknown> = Promise.resolve();
  /** Called with the loss of the next step and the parameters. */
  onGraph: ((loss: Tensor, named: Iterable<readonly [string, Tensor]>) => void) | undefined;

  /** Seeds before the networks are made. Passes go over `trainCount` samples; for `part` see Passes. */
  constructor(trainCount: number, seed: number, part?: number) {
    this.trainCount = trainCount;
    this.passes = new Passes(trainCount, manualSeed(seed), part);
  }

  /** Queues one step; the promise gives its figures when the device has run it. Several may be under way: they settle in order. */
  abstract step(): Promise<Step>;
  /** Figures over the held-out samples. */
  abstract evaluate(pause?: Pause): Promise<{ readonly figures: Figures }>;
  /** What there is to see of what it has learnt. */
  abstract show(pause?: Pause): Promise<Showing>;

  /** Steps taken. */
  get steps(): number {
    return this.passes.steps;
  }
  /** Passes over the samples begun, at least one step into each. */
  get epoch(): number {
    return this.passes.epoch;
  }
  /** True right after the last batch of a pass. */
  get atEpochEnd(): boolean {
    return this.passes.atEnd;
  }
  get parameterCount(): number {
    return [...this.model.parameters()].reduce((sum, p) => sum + p.numel(), 0);
  }
  /** The optimiser, by its kind. */
  get method(): string {
    return Object.values(this.optimizers)[0]!.constructor.name;
  }
  /** Takes effect at the next step; no kernel is compiled for it. */
  set learningRate(value: number) {
    for (const { paramGroups } of Object.values(this.optimizers)) for (const group of paramGroups) group["lr"] = value;
  }

  /** The weights in the form PyTorch and others read. */
  weights(): Promise<Uint8Array> {
    return io.saveSafetensors(this.model.stateDict());
  }

  /** Everything that a training needs to go on with the same bits, and `extra` of the caller's own. Nothing may be under way. */
  checkpoint(extra: Readonly<Record<string, unknown>>): Promise<Uint8Array> {
    return saveCheckpoint(this.#training, { extra: { ...extra, place: this.passes.place } });
  }

  /** Goes on from a checkpoint of a training with the same options and as many samples. Errors: as loadCheckpoint. */
  restore(bytes: Uint8Array): void {
    this.passes.place = (loadCheckpoint(bytes, this.#training) as { readonly place: Place }).place;
  }

  /** Has the learning rate fall along a half cosine to nothing over so many steps. */
  protected decay(steps: number): void {
    const over = (optimizer: optim.Optimizer): optim.CosineAnnealingLR => new optim.CosineAnnealingLR(optimizer, steps);
    this.#schedulers = Object.fromEntries(Object.entries(this.optimizers).map(([name, optimizer]) => [name, over(optimizer)]));
  }

  /** To be called after each step of the optimisers. */
  protected decayed(): void {
    for (const scheduler of Object.values(this.#schedulers)) scheduler.step();
  }

  /** The figures of a step, once those of all before it are there. */
  protected inTurn<T>(figures: Promise<T>): Promise<T> {
    const before = this.#latest.catch(() => undefined);
    const own = Promise.all([figures, before]).then(([result]) => result);
    this.#latest = own;
    return own;
  }

  get #training(): Parameters<typeof saveCheckpoint>[0] {
    return { model: this.model, optimizer: this.optimizers, scheduler: this.#schedulers };
  }
}

/** The graph of a step as DOT and SVG. */
export const drawGraph = (loss: Tensor, params: Iterable<readonly [string, Tensor]>): { dot: string; svg: string } => {
  const named = [...params];
  return { dot: inspect.toDot(loss, { params: named }), svg: inspect.toSvg(loss, { params: named }) };
};
