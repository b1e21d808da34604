// Every format that can be read: valid examples, how they are damaged, how they are loaded, and what must hold after.
import { WengertError } from "../../../src/base/errors.ts";
import { Generator, manualSeed } from "../../../src/base/random.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { loadCheckpoint, saveCheckpoint } from "../../../src/io/checkpoint.ts";
import { loadIdx, parseIdx } from "../../../src/io/idx.ts";
import { inspectSafetensors, loadSafetensors, saveSafetensors } from "../../../src/io/safetensors.ts";
import { Sequential } from "../../../src/nn/container.ts";
import { Linear } from "../../../src/nn/linear.ts";
import { ReLU } from "../../../src/nn/activation.ts";
import { BatchNorm1d } from "../../../src/nn/norm.ts";
import { Adam } from "../../../src/optim/adam.ts";
import type { Optimizer } from "../../../src/optim/optimizer.ts";
import { CosineAnnealingLR, StepLR } from "../../../src/optim/schedule.ts";
import { SGD } from "../../../src/optim/sgd.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import type { Rng } from "../random.ts";
import { damaged, edited, withHeader } from "./bytes.ts";
import { damagedValue } from "./values.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a format's tests need. `load` throws a plain Error where what was loaded is not in order. */
export interface Format<T> {
  readonly valid: readonly T[];
  readonly damage: (rng: Rng, value: T) => T;
  readonly load: (value: T) => void | Promise<void>;
  /** The target's half, as text: equal before and after a load that was refused. */
  readonly state?: () => string;
  /** Puts the target back after a load that was not. */
  readonly restore?: () => void;
}

const check = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what);
};

/** Shapes are whole numbers, and the elements are there, not more than the bytes allow. */
function checkTensor(name: string, x: Tensor, bytes: number): void {
  const size = x.shape.reduce((n, d) => n * d, 1);
  check(x.shape.every((d) => Number.isInteger(d) && d >= 0), `${name} has the shape [${x.shape.join()}]`); // prettier-ignore
  check(size <= bytes, `${name} has ${size} elements out of ${bytes} bytes`);
  check(x.storage.elements >= size, `${name} has ${size} elements, its memory ${x.storage.elements}`);
}

const header = (rng: Rng, bytes: Bytes): Bytes =>
  rng.chance(0.5) ? damaged(rng, bytes) : withHeader(rng, bytes, (text) => edited(rng, rng.chance(0.3) ? edited(rng, text) : text));

async function safetensors(): Promise<Format<Bytes>> {
  const dict = {
    weight: tensor([[1, 2], [3, 4]]), // prettier-ignore
    steps: tensor([1, 2, 3], { dtype: "int32" }),
    mask: tensor([true, false]),
    scalar: tensor(0.5),
    empty: tensor([], { shape: [0, 3] }),
    double: tensor([1.5], { dtype: "float64", device: "cpu" }),
  };
  return {
    valid: [
      await saveSafetensors(dict),
      await saveSafetensors({}),
      await saveSafetensors({ a: tensor([1]) }, { metadata: { note: "text" } }),
    ],
    damage: header,
    load(bytes) {
      inspectSafetensors(bytes);
      const loaded = loadSafetensors(bytes, { device: "cpu" });
      check(Object.getPrototypeOf(loaded) === null, "the dict has a prototype");
      for (const [name, x] of Object.entries(loaded)) checkTensor(name, x, bytes.length);
    },
  };
}

const arrayOf = (type: number, shape: readonly number[], body: readonly number[]): Bytes =>
  Uint8Array.from([0, 0, type, shape.length, ...shape.flatMap((d) => [0, 0, d >> 8, d & 255]), ...body]);

const idxFiles = [
  arrayOf(8, [2, 3], [1, 2, 3, 4, 5, 6]),
  arrayOf(0x0b, [2], [0, 1, 255, 255]),
  arrayOf(0x0d, [1], [63, 128, 0, 0]),
  arrayOf(0x0e, [], [63, 240, 0, 0, 0, 0, 0, 0]),
];

const readIdx = async (bytes: Bytes, most: number): Promise<void> => {
  const { data, shape } = await parseIdx(bytes);
  check(data.length === shape.reduce((n, d) => n * d, 1), `${data.length} elements for the shape [${shape.join()}]`);
  checkTensor("idx", await loadIdx(bytes, { device: "cpu" }), most);
};

const idx = (): Format<Bytes> => ({ valid: idxFiles, damage: damaged, load: (bytes) => readIdx(bytes, bytes.length) });

async function gzipped(): Promise<Format<Bytes>> {
  const packed = idxFiles.map((file) => new Response(new Blob([file]).stream().pipeThrough(new CompressionStream("gzip"))).bytes());
  // gzip packs a thousand to one at most.
  return { valid: (await Promise.all(packed)) as Bytes[], damage: damaged, load: (bytes) => readIdx(bytes, 1100 * bytes.length + 64) };
}

const text = (x: Tensor): string => `${x.dtype}[${x.shape.join()}]:${Array.from(x.storage.memory as ArrayLike<number>).join()}`;
/** Any state as text; JSON alone refuses tensors. */
const shown = (value: unknown): string => {
  if (value instanceof Tensor) return text(value);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return String(value);
  return `{${Object.entries(value).map(([key, v]) => `${key}:${shown(v)}`).join()}}`; // prettier-ignore
};

/** A small training with state of every kind. */
function training(): { model: Sequential; optimizer: Adam; scheduler: StepLR } {
  manualSeed(5);
  const model = new Sequential(new Linear(2, 3), new BatchNorm1d(3), new ReLU(), new Linear(3, 1)).to("cpu");
  const optimizer = new Adam(model.parameters(), { lr: 0.1 });
  const scheduler = new StepLR(optimizer, 2);
  for (let i = 0; i < 3; i++) {
    optimizer.zeroGrad();
    model.call(tensor([[1, 2], [3, 5]], { device: "cpu" })).sum().backward(); // prettier-ignore
    optimizer.step();
    scheduler.step();
  }
  return { model, optimizer, scheduler };
}

const groupsOf = (optimizer: Optimizer): string =>
  shown((optimizer.paramGroups as readonly Record<string, unknown>[]).map(({ params: _params, ...options }) => options));
const stateOf = (model: Sequential, optimizer: Optimizer): string =>
  [...model.stateEntries()].map(([key, x]) => key + text(x)).join() + shown(optimizer.stateDict().state) + groupsOf(optimizer);

/** Counters count, sizes fit, options are numbers where they must be. */
function checkTraining(optimizer: Optimizer): void {
  for (const [param, own] of optimizer.state)
    for (const [name, value] of Object.entries(own)) {
      if (name === "step") check(Number.isInteger(value) && (value as number) >= 0, `step is ${String(value)}`);
      else if (typeof value === "object") check(String(value.shape) === String(param.shape), `${name} is [${value.shape.join()}]`);
    }
  for (const { lr } of optimizer.paramGroups as readonly { lr?: unknown }[])
    check(typeof lr === "number" && lr >= 0, `lr is ${String(lr)}`);
}

async function checkpoint(): Promise<Format<Bytes>> {
  const parts = training();
  const valid = [await saveCheckpoint(parts, { extra: { epoch: 1 } })];
  const random = (): string => String(new Generator().getState().words.length);
  return {
    valid,
    damage: header,
    load(bytes) {
      loadCheckpoint(bytes, parts);
      checkTraining(parts.optimizer);
    },
    state: () => stateOf(parts.model, parts.optimizer) + shown(parts.scheduler.stateDict()) + random(),
    restore: () => void loadCheckpoint(valid[0]!, parts),
  };
}

function moduleState(): Format<unknown> {
  const { model } = training();
  const before = Object.fromEntries([...model.stateEntries()].map(([key, x]) => [key, x.detach().clone()]));
  return {
    valid: [before],
    damage: damagedValue,
    load: (value) => void model.loadStateDict(value as never),
    state: () => [...model.stateEntries()].map(([key, x]) => key + text(x)).join(),
    restore: () => void model.loadStateDict(before),
  };
}

function optimizerState(make: (params: Iterable<Tensor>) => Optimizer): Format<unknown> {
  const { model } = training();
  const optimizer = make(model.parameters());
  optimizer.zeroGrad();
  model.call(tensor([[1, 2], [3, 5]], { device: "cpu" })).sum().backward(); // prettier-ignore
  optimizer.step();
  const { state, param_groups } = optimizer.stateDict();
  const valid = {
    state: Object.fromEntries(Object.entries(state).map(([id, own]) => [id, Object.fromEntries(Object.entries(own).map(([name, v]) => [name, typeof v === "number" ? v : v.clone()]))])), // prettier-ignore
    param_groups,
  };
  return {
    valid: [valid],
    damage: damagedValue,
    load(value) {
      optimizer.loadStateDict(value as never);
      checkTraining(optimizer);
    },
    state: () => stateOf(model, optimizer),
    restore: () => optimizer.loadStateDict(valid),
  };
}

function schedulerState(): Format<unknown> {
  const optimizer = new SGD([tensor([1], { requiresGrad: true, device: "cpu" })], { lr: 0.1 });
  const scheduler = new CosineAnnealingLR(optimizer, 10);
  scheduler.step();
  const valid = structuredClone(scheduler.stateDict());
  return {
    valid: [valid],
    damage: damagedValue,
    load(value) {
      scheduler.loadStateDict(value as never);
      const rate = (): number => optimizer.paramGroups[0]!.lr;
      check(Number.isFinite(rate()), `lr is ${rate()}`);
      // A schedule may refuse to go on, with limits without end, but no rate becomes anything else.
      try {
        scheduler.step();
      } catch (error) {
        check(error instanceof WengertError, String(error));
      }
      check(Number.isFinite(rate()), `lr is ${rate()} after a step`);
    },
    state: () => shown(scheduler.stateDict()) + groupsOf(optimizer as unknown as Optimizer),
    restore: () => scheduler.loadStateDict(valid),
  };
}

function generatorState(): Format<unknown> {
  const generator = new Generator(3);
  generator.normal();
  const valid = generator.getState();
  return {
    valid: [valid],
    damage: damagedValue,
    load(value) {
      generator.setState(value as never);
      const x = [generator.unit(), generator.normal(), generator.random()];
      check(x.every(Number.isFinite), `draws ${x.join()}`);
    },
    state: () => shown(generator.getState()),
    restore: () => void generator.setState(valid),
  };
}

/** Makers of all formats by name. */
const makers: Readonly<Record<string, () => unknown>> = {
  safetensors,
  idx,
  gzipped,
  checkpoint,
  module: moduleState,
  adam: () => optimizerState((params) => new Adam(params, { lr: 0.1, amsgrad: true }) as unknown as Optimizer),
  sgd: () => optimizerState((params) => new SGD(params, { lr: 0.1, momentum: 0.9 }) as unknown as Optimizer),
  scheduler: schedulerState,
  generator: generatorState,
};
export const formatNames = Object.keys(makers);
export const formatOf = async (name: string): Promise<Format<unknown>> => (await makers[name]!()) as Format<unknown>;
