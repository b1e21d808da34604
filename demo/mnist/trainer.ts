// Training a network on digits, one step at a time: what the terminal and the page have in common.
import { nn, noGrad, optim, tensor, type Tensor } from "../../src/index.ts";
import { CLASSES, type Digits, SIDE } from "./digits.ts";
import { batches, DEVIATION, imagesOf, labelsOf, MEAN, NORMALISED } from "./images.ts";
import { Learner, type Pause, type Showing, type Step } from "./learner.ts";
import type { ModelName } from "./model-names.ts";
import { buildModel } from "./models.ts";

export interface TrainerOptions {
  readonly model: ModelName;
  readonly seed: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** The learning rate falls along a half cosine to nothing over this many steps; without it, it stays. */
  readonly decaySteps?: number;
  /**
   * The first pass takes the digits in parts of so many, shuffled within each, so that it can begin before all are there.
   * Its order depends on the seed alone, not on when they come.
   */
  readonly part?: number;
}

/** One step's figures. */
export interface StepResult extends Step {
  readonly losses: { readonly loss: number };
  readonly scores: { readonly accuracy: number };
}

/** Figures over the held-out digits; `logits` has ten values per digit. */
export interface Evaluation {
  readonly figures: { readonly accuracy: number };
  readonly loss: number;
  readonly guesses: Uint8Array;
  readonly logits: Float32Array;
}

const EVALUATION_BATCH = 250;

/** Where the largest of the ten values from `at` on is. */
export function winner(values: ArrayLike<number>, at = 0): number {
  let best = 0;
  for (let k = 1; k < CLASSES; k++) if (values[at + k]! > values[at + best]!) best = k;
  return best;
}

/** Softmax of the ten values from `at` on. */
export function probabilities(values: ArrayLike<number>, at = 0): Float32Array<ArrayBuffer> {
  const top = values[at + winner(values, at)]!;
  const powers = Float32Array.from({ length: CLASSES }, (_, k) => Math.exp(values[at + k]! - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}

/** A network, its optimiser and its digits on the default device. */
export class Trainer extends Learner {
  readonly model: nn.Sequential;
  protected readonly optimizers: { readonly adam: optim.Adam };
  readonly #digits: Digits;
  readonly #loss = new nn.CrossEntropyLoss();
  #batchSize: number;

  constructor(digits: Digits, { model, seed, batchSize, learningRate, decaySteps, part }: TrainerOptions) {
    super(digits.train.count, seed, part);
    this.#digits = digits;
    this.#batchSize = batchSize;
    this.model = buildModel(model);
    this.optimizers = { adam: new optim.Adam(this.model.parameters(), { lr: learningRate }) };
    if (decaySteps !== undefined) this.decay(decaySteps);
  }

  /** Has the next step's batch ready, and says how many digits from the front of the set it reaches into. */
  ready(): number {
    return this.passes.ready(this.#batchSize);
  }
  /** Takes effect at the next step. */
  set batchSize(value: number) {
    this.#batchSize = value;
  }

  step(): Promise<StepResult> {
    const picked = this.passes.next(this.#batchSize);
    const labels = labelsOf(this.#digits.train, picked);
    const images = imagesOf(this.#digits.train, picked, NORMALISED);
    const { adam } = this.optimizers;
    this.model.train();
    adam.zeroGrad();
    const logits = this.model.call(images) as Tensor;
    const loss = this.#loss.call(logits, tensor(labels));
    this.onGraph?.(loss, this.model.namedParameters());
    loss.backward();
    adam.step();
    this.decayed();
    return this.inTurn(figures(loss, logits.detach(), labels));
  }

  async evaluate(pause: Pause = () => Promise.resolve()): Promise<Evaluation> {
    const { count, labels } = this.#digits.heldOut;
    const logits = new Float32Array(count * CLASSES);
    for (const picked of batches(count, EVALUATION_BATCH)) {
      const some = noGrad(() => this.#predict(imagesOf(this.#digits.heldOut, picked, NORMALISED)));
      logits.set((await some.array()) as Float32Array, picked[0]! * CLASSES);
      await pause();
    }
    const guesses = Uint8Array.from({ length: count }, (_, i) => winner(logits, i * CLASSES));
    let [correct, loss] = [0, 0];
    for (let i = 0; i < count; i++) {
      if (guesses[i] === labels[i]) correct++;
      loss -= Math.log(Math.max(1e-30, probabilities(logits, i * CLASSES)[labels[i]!]!)) / count;
    }
    return { figures: { accuracy: correct / count }, loss, guesses, logits };
  }

  show(pause?: Pause): Promise<Showing> {
    return this.evaluate(pause);
  }

  /** What every layer makes of one digit of 784 values from 0 to 1, by layer number; the last are the logits. */
  layersFor(pixels: Float32Array): Tensor[] {
    return noGrad(() => {
      this.model.eval();
      let x: Tensor = tensor(
        Float32Array.from(pixels, (v) => (v - MEAN) / DEVIATION),
        { shape: [1, 1, SIDE, SIDE] },
      );
      return [...this.model].map((layer) => (x = layer.call(x) as Tensor));
    });
  }

  #predict(images: Tensor): Tensor {
    this.model.eval();
    return this.model.call(images) as Tensor;
  }
}

async function figures(loss: Tensor, logits: Tensor, labels: Int32Array): Promise<StepResult> {
  const [value, rows] = await Promise.all([loss.item(), logits.array()]);
  let correct = 0;
  for (let i = 0; i < labels.length; i++) if (winner(rows, i * CLASSES) === labels[i]) correct++;
  return { losses: { loss: value }, scores: { accuracy: correct / labels.length }, count: labels.length };
}
