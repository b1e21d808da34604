// Training a network on digits, one step at a time: what the terminal and the page have in common.
import { loadCheckpoint, saveCheckpoint } from "../../src/io/index.ts";
import { inspect, io, manualSeed, nn, noGrad, optim, tensor, type Tensor } from "../../src/index.ts";
import { CLASSES, type Digits, type DigitSet, PIXELS, SIDE } from "./digits.ts";
import type { ModelName } from "./model-names.ts";
import { buildModel } from "./models.ts";
import { Passes, type Place } from "./passes.ts";

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
export interface StepResult {
  readonly loss: number;
  readonly correct: number;
  readonly count: number;
}

/** Figures over the held-out digits; `logits` has ten values per digit. */
export interface Evaluation {
  readonly accuracy: number;
  readonly loss: number;
  readonly guesses: Uint8Array;
  readonly logits: Float32Array;
}

const EVALUATION_BATCH = 250;

/** Mean and standard deviation of MNIST's pixels, from 0 to 1: networks learn faster from inputs around zero. */
const MEAN = 0.1307;
const DEVIATION = 0.3081;

/** What the network sees of a byte. */
const NORMALISED = Float32Array.from({ length: 256 }, (_, v) => (v / 255 - MEAN) / DEVIATION);

/** Some digits of a set as the network takes them: [N, 1, 28, 28]. */
function imagesOf({ pixels }: DigitSet, picked: Int32Array): Tensor {
  const values = new Float32Array(picked.length * PIXELS);
  picked.forEach((digit, k) => {
    for (let i = 0; i < PIXELS; i++) values[k * PIXELS + i] = NORMALISED[pixels[digit * PIXELS + i]!]!;
  });
  return tensor(values, { shape: [picked.length, 1, SIDE, SIDE] });
}

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

/** A network, its optimiser and its digits on the default device. The same options give the same run. */
export class Trainer {
  readonly model: nn.Sequential;
  readonly trainCount: number;
  readonly #digits: Digits;
  readonly #optimizer: optim.Adam;
  readonly #schedule: optim.CosineAnnealingLR | undefined;
  readonly #loss = new nn.CrossEntropyLoss();
  readonly #passes: Passes;
  /** Settles with the figures of the latest step. */
  #latest: Promise<unknown> = Promise.resolve();
  #batchSize: number;
  /** Called with the loss of the next step before its gradients are taken. */
  onGraph: ((loss: Tensor, named: Iterable<readonly [string, Tensor]>) => void) | undefined;

  constructor(digits: Digits, { model, seed, batchSize, learningRate, decaySteps, part }: TrainerOptions) {
    this.#digits = digits;
    this.trainCount = digits.train.count;
    this.#batchSize = batchSize;
    this.#passes = new Passes(digits.train.count, manualSeed(seed), part);
    this.model = buildModel(model);
    this.#optimizer = new optim.Adam(this.model.parameters(), { lr: learningRate });
    this.#schedule = decaySteps === undefined ? undefined : new optim.CosineAnnealingLR(this.#optimizer, decaySteps);
  }

  /** Steps taken. */
  get steps(): number {
    return this.#passes.steps;
  }
  /** Passes over the digits begun, at least one step into each. */
  get epoch(): number {
    return this.#passes.epoch;
  }
  /** True right after the last batch of a pass. */
  get atEpochEnd(): boolean {
    return this.#passes.atEnd;
  }
  /** Has the next step's batch ready, and says how many digits from the front of the set it reaches into. */
  ready(): number {
    return this.#passes.ready(this.#batchSize);
  }
  get parameterCount(): number {
    return [...this.model.parameters()].reduce((sum, p) => sum + p.numel(), 0);
  }
  /** Takes effect at the next step; no kernel is compiled for it. */
  set learningRate(value: number) {
    for (const group of this.#optimizer.paramGroups) group.lr = value;
  }
  /** Takes effect at the next step. */
  set batchSize(value: number) {
    this.#batchSize = value;
  }

  /** Queues one step; the promise gives its figures when the device has run it. Several may be under way: they settle in order. */
  step(): Promise<StepResult> {
    const picked = this.#passes.next(this.#batchSize);
    const labels = Int32Array.from(picked, (i) => this.#digits.train.labels[i]!);
    const images = imagesOf(this.#digits.train, picked);
    this.model.train();
    this.#optimizer.zeroGrad();
    const logits = this.model.call(images) as Tensor;
    const loss = this.#loss.call(logits, tensor(labels));
    this.onGraph?.(loss, this.model.namedParameters());
    loss.backward();
    this.#optimizer.step();
    this.#schedule?.step();
    const before = this.#latest.catch(() => undefined);
    const own = Promise.all([figures(loss, logits.detach(), labels), before]).then(([result]) => result);
    this.#latest = own;
    return own;
  }

  /** Accuracy and loss on the held-out digits; `pause` runs between the batches. */
  async evaluate(pause: () => Promise<void> = () => Promise.resolve()): Promise<Evaluation> {
    const { count, labels } = this.#digits.heldOut;
    const logits = new Float32Array(count * CLASSES);
    for (let at = 0; at < count; at += EVALUATION_BATCH) {
      const size = Math.min(EVALUATION_BATCH, count - at);
      const picked = Int32Array.from({ length: size }, (_, k) => at + k);
      const some = noGrad(() => this.#predict(imagesOf(this.#digits.heldOut, picked)));
      logits.set((await some.array()) as Float32Array, at * CLASSES);
      await pause();
    }
    const guesses = Uint8Array.from({ length: count }, (_, i) => winner(logits, i * CLASSES));
    let [correct, loss] = [0, 0];
    for (let i = 0; i < count; i++) {
      if (guesses[i] === labels[i]) correct++;
      loss -= Math.log(Math.max(1e-30, probabilities(logits, i * CLASSES)[labels[i]!]!)) / count;
    }
    return { accuracy: correct / count, loss, guesses, logits };
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

  /** The weights in the form PyTorch and others read. */
  weights(): Promise<Uint8Array> {
    return io.saveSafetensors(this.model.stateDict());
  }

  /** Everything that a training needs to go on with the same bits, and `extra` of the caller's own. Nothing may be under way. */
  checkpoint(extra: Readonly<Record<string, unknown>>): Promise<Uint8Array> {
    return saveCheckpoint(this.#training, { extra: { ...extra, place: this.#passes.place } });
  }

  /** Goes on from a checkpoint of a trainer with the same options, whose digits are as many. Errors: as loadCheckpoint. */
  restore(bytes: Uint8Array): void {
    this.#passes.place = (loadCheckpoint(bytes, this.#training) as { readonly place: Place }).place;
  }

  get #training(): Parameters<typeof saveCheckpoint>[0] {
    return { model: this.model, optimizer: this.#optimizer, ...(this.#schedule && { scheduler: this.#schedule }) };
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
  return { loss: value, correct, count: labels.length };
}

/** The graph of a step as DOT and SVG. */
export const drawGraph = (loss: Tensor, params: Iterable<readonly [string, Tensor]>): { dot: string; svg: string } => {
  const named = [...params];
  return { dot: inspect.toDot(loss, { params: named }), svg: inspect.toSvg(loss, { params: named }) };
};
