// Training a task of demo/models.
import { nn, noGrad, type optim, type Tensor } from "../../src/index.ts";
import { batches } from "../mnist/images.ts";
import { type Figures, Learner, type Pause, type Showing, type Step } from "../mnist/learner.ts";
import type { Task } from "../models/task.ts";
import { meanOf } from "./figures.ts";
import type { Samples, SampleSets } from "./samples.ts";

export interface TaskTrainerOptions {
  readonly seed: number;
  readonly batch: number;
  readonly lr: number;
  /** The learning rate falls along a half cosine to nothing over this many steps; without it, it stays. */
  readonly decaySteps?: number;
}

const EVALUATION_BATCH = 100;
/** Held-out images that pictures are made for. */
const SHOWN = 8;

export class TaskTrainer extends Learner {
  readonly model: nn.Module;
  protected readonly optimizers: Readonly<Record<string, optim.Optimizer>>;
  readonly #task: Task;
  readonly #samples: SampleSets;
  readonly #batch: number;

  constructor(build: () => Task, samples: SampleSets, { seed, batch, lr, decaySteps }: TaskTrainerOptions) {
    super(samples.train.count, seed);
    this.#task = build();
    this.#samples = samples;
    this.#batch = batch;
    const networks = Object.values(this.#task.networks);
    this.model = networks.length === 1 ? networks[0]! : new nn.ModuleDict(this.#task.networks);
    this.optimizers = this.#task.optimizers;
    this.learningRate = lr;
    if (decaySteps !== undefined) this.decay(decaySteps);
  }

  step(): Promise<Step> {
    const picked = this.passes.next(this.#batch);
    this.model.train();
    const figures = Object.entries(this.#task.step(...this.#samples.train.batch(picked), this.steps - 1));
    this.decayed();
    const losses = figures.filter(([, figure]) => figure.requiresGrad);
    this.onGraph?.(losses[0]![1], this.model.namedParameters());
    const scores = figures.filter(([, figure]) => !figure.requiresGrad);
    return this.inTurn(
      Promise.all([numbers(losses), numbers(scores)]).then((read) => ({ losses: read[0], scores: read[1], count: picked.length })),
    );
  }

  async evaluate(pause?: Pause): Promise<{ readonly figures: Figures }> {
    const [found, counts]: [Figures[], number[]] = [[], []];
    for await (const [images, labels] of this.#heldOut(pause)) {
      found.push(await numbers(Object.entries(noGrad(() => this.#task.evaluate(images, labels)))));
      counts.push(images.size(0));
    }
    return { figures: meanOf(found, counts) };
  }

  async show(pause?: Pause): Promise<Showing> {
    const pictures = await this.#pictures();
    if (!this.#task.guesses) return { ...(pictures && { pictures }) };
    const guesses: number[] = [];
    for await (const [images] of this.#heldOut(pause)) guesses.push(...(await noGrad(() => this.#task.guesses!(images)).array()));
    return { guesses, ...(pictures && { pictures }) };
  }

  async #pictures(): Promise<Showing["pictures"]> {
    const { heldOut } = this.#samples;
    this.model.eval();
    const [images] = heldOut.batch(Int32Array.from({ length: Math.min(SHOWN, heldOut.count) }, (_, i) => i));
    const tensor = noGrad(() => this.#task.pictures?.(images));
    if (!tensor) return undefined;
    const [count, height, width] = tensor.shape as [number, number, number];
    return { caption: this.#task.caption ?? "", count, height, width, values: await tensor.array() };
  }

  /** The held-out samples, the networks in evaluation. */
  async *#heldOut(pause: Pause = () => Promise.resolve()): AsyncGenerator<ReturnType<Samples["batch"]>> {
    this.model.eval();
    for (const picked of batches(this.#samples.heldOut.count, EVALUATION_BATCH)) {
      yield this.#samples.heldOut.batch(picked);
      await pause();
    }
  }
}

const numbers = async (figures: readonly (readonly [string, Tensor])[]): Promise<Figures> =>
  Object.fromEntries(await Promise.all(figures.map(async ([name, figure]) => [name, await figure.item()] as const)));
