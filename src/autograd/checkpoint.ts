// checkpoint(): trade memory for time by running a segment again during backward.
import { GradError, under } from "../base/errors.ts";
import { generatorOf, type GeneratorState } from "../base/random.ts";
import { callable } from "../base/reading.ts";
import { isTensor } from "../ops/arguments.ts";
import { enableGrad, isGradEnabled, synchronous } from "./mode.ts";
import { observed, type Rerun, SavedTensor } from "./node.ts";
import { scope } from "./scope.ts";

export interface CheckpointOptions {
  /** The second run draws the random numbers of the first. Default true. */
  readonly preserveRngState?: boolean;
}

/** A run that was recorded as usual, but gave up the tensors that its nodes saved until one of them is needed. */
class Segment implements Rerun {
  readonly #fn: (...inputs: unknown[]) => unknown;
  readonly #state: GeneratorState | undefined;
  /** Tensors among the inputs are saved like those of a node: versions are checked, and a segment around this one may give them up. */
  readonly #inputs: readonly unknown[];
  readonly #saved: SavedTensor[] = [];
  /** Tensors given up and still wanted. */
  #absent = 0;

  constructor(fn: (...inputs: unknown[]) => unknown, inputs: readonly unknown[], preserveRngState: boolean) {
    this.#fn = fn;
    this.#state = preserveRngState ? generatorOf(undefined).getState() : undefined;
    this.#inputs = inputs.map((x, i) => (isTensor(x) ? new SavedTensor(`input ${i}`, x, -1) : x));
  }

  first(inputs: readonly unknown[]): unknown {
    try {
      return observed(
        (saved) => this.#saved.push(saved),
        () => synchronous("checkpoint", this.#fn(...inputs)),
      );
    } finally {
      for (const saved of this.#saved) if (saved.giveUp(this)) this.#absent++;
      if (this.#absent === 0) this.#forget();
    }
  }

  run(): void {
    const generator = generatorOf(undefined);
    const now = this.#state && generator.getState();
    if (this.#state) generator.setState(this.#state);
    try {
      under("checkpoint", () => scope(() => enableGrad(() => this.#second())));
    } finally {
      if (now) generator.setState(now);
    }
    this.#forget();
  }

  #second(): void {
    const again: SavedTensor[] = [];
    const inputs = this.#inputs.map((x) => (x instanceof SavedTensor ? x.unpack({ name: "checkpoint" }) : x));
    observed(
      (saved) => again.push(saved),
      () => this.#fn(...inputs),
    );
    if (again.length !== this.#saved.length)
      throw new GradError(`the second run saved ${again.length} tensors, the first ${this.#saved.length}`, "fn must do the same again");
    this.#saved.forEach((saved, i) => saved.restore(again[i]!));
  }

  drop(): void {
    if (--this.#absent === 0) this.#forget();
  }

  #forget(): void {
    for (const x of this.#inputs) if (x instanceof SavedTensor) x.release();
  }
}

const isOptions = (x: unknown): x is CheckpointOptions =>
  typeof x === "object" && x !== null && Object.keys(x).join() === "preserveRngState";

/**
 * fn(...inputs) without keeping what its operators save for backward, which runs fn a second time to get that back. Gradients of any order
 * reach the inputs and all that fn closes over. Both runs must do the same; what they change besides (running statistics) changes twice.
 * A last argument { preserveRngState: false } spares the second run from drawing the first one's random numbers from the default generator.
 * Errors: GradError in backward when the second run differs, or what fn reads was changed in place; ArgumentError when fn returns a promise.
 * @example
 * const block = new nn.Sequential(new nn.Linear(4, 4), new nn.Tanh());
 * const x = randn(2, 4, { requiresGrad: true });
 * autograd.checkpoint((y: Tensor) => block.call(y), x).sum().backward();
 * x.grad!.shape; // → [2, 4]
 */
export function checkpoint<A extends readonly unknown[], R>(fn: (...inputs: A) => R, ...inputs: A): R;
export function checkpoint<A extends readonly unknown[], R>(fn: (...inputs: A) => R, ...given: [...A, CheckpointOptions]): R;
export function checkpoint(fn: (...inputs: unknown[]) => unknown, ...given: unknown[]): unknown {
  callable("checkpoint", fn);
  const last = given.at(-1);
  const [inputs, { preserveRngState = true }] = isOptions(last) ? [given.slice(0, -1), last] : [given, {}];
  return isGradEnabled() ? new Segment(fn, inputs, preserveRngState).first(inputs) : fn(...inputs);
}
