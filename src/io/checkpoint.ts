// Checkpoints: model, optimiser, schedule and random state in one safetensors file, so that training goes on as if it had never stopped.
import "../kits/core.ts";
import { FormatError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { defaultGenerator, type GeneratorState } from "../base/random.ts";
import type { Module } from "../nn/module.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { LRScheduler, SchedulerState } from "../optim/schedule.ts";
import type { Tensor } from "../tensor.ts";
import { inspectSafetensors, loadSafetensors, saveSafetensors } from "./safetensors.ts";

export interface Training {
  readonly model: Module;
  // Any optimiser.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly optimizer?: Optimizer<any, any>;
  readonly scheduler?: LRScheduler;
}
export interface CheckpointOptions {
  /** Anything of your own that JSON can hold: epoch, best accuracy. */
  readonly extra?: unknown;
}

/** Errors name the entry point; where nothing else is said, that is reading. */
const bad = (what: string, op = "loadCheckpoint"): never => {
  throw new FormatError(op, what);
};
const modelPrefix = "model.";
const statePrefix = "optimizer.state.";

/** Dotted names of the optimiser's parameters, in the order of its groups. */
function namesOf({ model, optimizer }: Training, op?: string): string[] {
  const names = new Map<unknown, string>([...model.namedParameters()].map(([name, p]) => [p, name]));
  const groups = (optimizer?.paramGroups ?? []) as readonly { readonly params: readonly Tensor[] }[];
  return groups
    .flatMap((group) => group.params)
    .map((p, i) => names.get(p) ?? bad(`parameter ${i} of the optimizer is not the model's`, op));
}

/** The training's state as a safetensors file: tensors `model.…` and `optimizer.state.<parameter>.…`, everything else as JSON in the metadata. */
export async function saveCheckpoint(training: Training, options: CheckpointOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { extra } = parse("saveCheckpoint", [options], {}, { extra: undefined as unknown });
  const tensors: Record<string, Tensor> = {};
  for (const [key, t] of training.model.stateEntries()) tensors[modelPrefix + key] = t;
  const names = namesOf(training, "saveCheckpoint");
  const saved = training.optimizer?.stateDict();
  for (const [id, entry] of Object.entries(saved?.state ?? {}))
    for (const [key, value] of Object.entries(entry)) tensors[`${statePrefix}${names[id as never]}.${key}`] = value as Tensor;
  const { words, ...random } = defaultGenerator().getState();
  const parts = {
    extra,
    param_groups: saved?.param_groups.map((g) => ({ ...g, params: (g["params"] as number[]).map((id) => names[id]) })),
    scheduler: training.scheduler?.stateDict(),
    random: { ...random, words: [...words] },
  };
  const metadata = Object.fromEntries(Object.entries(parts).map(([key, value]) => [key, JSON.stringify(value ?? null)]));
  return saveSafetensors(tensors, { metadata });
}

/**
 * Puts a checkpoint into a training of the same make, random state included, and returns its `extra`.
 * Errors: FormatError or ShapeError when the file does not fit; the model is not changed then.
 */
export function loadCheckpoint(bytes: Uint8Array | ArrayBuffer, training: Training): unknown {
  const { metadata } = inspectSafetensors(bytes);
  const [groups, scheduler, random, extra] = ["param_groups", "scheduler", "random", "extra"].map((key) => {
    try {
      return JSON.parse(metadata[key]!) as unknown;
    } catch (error) {
      return bad(`no checkpoint: ${key} is no JSON: ${(error as Error).message}`);
    }
  });
  // On the CPU first: states are small, and counters stay readable.
  const tensors = loadSafetensors(bytes, { device: "cpu" });
  const names = namesOf(training);
  const model: Record<string, Tensor> = {};
  const state: Record<string, Record<string, Tensor>> = {};
  for (const [key, t] of Object.entries(tensors))
    if (key.startsWith(modelPrefix)) model[key.slice(modelPrefix.length)] = t;
    else if (key.startsWith(statePrefix)) {
      const dot = key.lastIndexOf(".");
      const name = key.slice(statePrefix.length, dot);
      const id = names.indexOf(name);
      if (training.optimizer && id < 0) bad(`state of ${name}, which is not the optimizer's`);
      (state[id] ??= {})[key.slice(dot + 1)] = t;
    } else bad(`unknown entry ${key}`);
  if (training.optimizer && !Array.isArray(groups)) bad("no optimizer in the file");
  if (training.scheduler && !scheduler) bad("no schedule in the file");
  const param_groups = ((groups ?? []) as { params?: string[] }[]).map((g) => ({
    ...g,
    params: g.params?.map((name) => names.indexOf(name)),
  }));
  training.model.loadStateDict(model);
  training.optimizer?.loadStateDict({ state, param_groups });
  training.scheduler?.loadStateDict(scheduler as SchedulerState);
  const { words, ...rest } = random as Omit<GeneratorState, "words"> & { words: number[] };
  defaultGenerator().setState({ ...rest, words: Uint32Array.from(words) });
  return extra;
}
