// What is being disturbed: a small network with a convolution, trained by Adam, in three paces, and its undisturbed run to compare with.
import { webGpuDevice } from "../../src/tensor/device.ts";
import * as w from "../../src/index.ts";

export const steps = 3;
const size = 4;

/** Convolution, pooling and two linear layers: every kind of kernel that a training step takes. */
export function network(): w.nn.Sequential {
  const { Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential, Tanh } = w.nn;
  return new Sequential(new Conv2d(1, 2, 3), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(8, 5), new Tanh(), new Linear(5, 3));
}

/** The parts of a training step, in order. */
export const stages = ["upload", "forward", "backward", "step", "read"] as const;
export type Stage = (typeof stages)[number];

/**
 * How a step is written. `staged` waits for the device after every part, `pipelined` sends every part without waiting,
 * `whole` leaves the step to be one batch, as most programs do.
 */
export type Pace = "staged" | "pipelined" | "whole";

/** Bits of every parameter, every state tensor and every counter, by name. */
export type Snapshot = ReadonlyMap<string, readonly number[]>;

export class Training {
  readonly model: w.nn.Sequential;
  readonly optimizer: w.optim.Adam;

  /** The same numbers every time. */
  constructor() {
    w.manualSeed(7);
    this.model = network();
    this.optimizer = new w.optim.Adam(this.model.parameters(), { lr: 0.05 });
  }

  /** One step on the batch of that number; `before` is told of every part. Returns the loss. */
  async step(k: number, pace: Pace, before: (stage: Stage) => void = () => undefined, examples = size): Promise<number> {
    const { model, optimizer } = this;
    const made: w.Tensor[] = [];
    try {
      before("upload");
      const pixels = Float32Array.from({ length: examples * 36 }, (_, i) => Math.sin(i * 0.7 + k));
      const x = w.tensor(pixels, { shape: [examples, 1, 6, 6] });
      const y = w.tensor(Int32Array.from({ length: examples }, (_, i) => (i + k) % 3));
      made.push(x, y);
      if (pace === "staged") await w.sync();
      if (pace === "pipelined") webGpuDevice()!.flush();
      before("forward");
      const loss = w.nn.functional.crossEntropy(model.call(x) as w.Tensor, y);
      made.push(loss);
      if (pace === "staged") await w.sync();
      if (pace === "pipelined") webGpuDevice()!.flush();
      before("backward");
      optimizer.zeroGrad();
      loss.backward();
      if (pace === "staged") await w.sync();
      if (pace === "pipelined") webGpuDevice()!.flush();
      before("step");
      optimizer.step();
      if (pace === "staged") await w.sync();
      if (pace === "pipelined") webGpuDevice()!.flush();
      before("read");
      return await loss.item();
    } finally {
      for (const tensor of made) tensor.dispose();
    }
  }

  /** All that a checkpoint holds, in bits. */
  async save(): Promise<Snapshot> {
    const { state } = this.optimizer.stateDict();
    const named = [
      ...Object.entries(this.model.stateDict()),
      ...Object.entries(state).flatMap(([id, own]) => Object.entries(own).map(([name, t]) => [`${id}.${name}`, t] as const)),
    ];
    const arrays = await Promise.all(named.map(async ([name, t]) => [name, Array.from(await (t as w.Tensor).array())] as const));
    return new Map(arrays);
  }

  /** Takes a checkpoint back, wherever the model was. */
  load(saved: Snapshot): void {
    const model = Object.keys(this.model.stateDict());
    const parameters = [...this.model.parameters()];
    const tensor = (values: readonly number[], shape: readonly number[]): w.Tensor =>
      w.tensor([...values], { device: "cpu" }).reshape([...shape]);
    const shapes = Object.entries(this.model.stateDict()).map(([, t]) => t.shape);
    this.model.loadStateDict(Object.fromEntries(model.map((key, i) => [key, tensor(saved.get(key)!, shapes[i]!)])));
    const state: Record<string, Record<string, w.Tensor>> = {};
    for (const [key, values] of saved) {
      const [, id, name] = /^(\d+)\.(step|exp_.*)$/.exec(key) ?? [];
      if (id !== undefined) (state[id] ??= {})[name!] = tensor(values, name === "step" ? [] : parameters[Number(id)]!.shape);
    }
    const { param_groups } = this.optimizer.stateDict();
    this.optimizer.loadStateDict({ state, param_groups });
  }

  dispose(): void {
    this.optimizer.zeroGrad();
    for (const p of this.model.parameters()) p.dispose();
    for (const own of this.optimizer.state.values()) for (const t of Object.values(own)) if (typeof t === "object") t.dispose();
  }
}

/** Losses of every step, and the state before and after each. */
export interface Reference {
  readonly losses: readonly number[];
  readonly states: readonly Snapshot[];
}

/** The run that nothing disturbs. */
export async function undisturbed(): Promise<Reference> {
  const training = new Training();
  const losses: number[] = [];
  const states = [await training.save()];
  for (let k = 0; k < steps; k++) {
    losses.push(await training.step(k, "whole"));
    states.push(await training.save());
  }
  training.dispose();
  return { losses, states };
}

/** Whether two states have the same bits. */
export const sameState = (a: Snapshot, b: Snapshot): boolean =>
  a.size === b.size &&
  [...a].every(([key, values]) => values.length === b.get(key)?.length && values.every((v, i) => Object.is(v, b.get(key)![i])));
