// Checkpoints: model, optimiser, schedule and random state in one safetensors file, so that training goes on as if it had never stopped.
import "../kits/core.ts";
import { FormatError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { defaultGenerator, type GeneratorState } from "../base/random.ts";
import type { Module } from "../nn/module.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { LRScheduler, SchedulerState } from "../optim/schedule.ts";
import { Tensor } from "../tensor.ts";
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

const bad = (what: string): never => {
  throw new FormatError("loadCheckpoint", what);
};

/** Dotted names of the optimiser's parameters, in the order of its groups. */
function namesOf(op: string, { model, optimizer }: Training): string[] {
  const names = new Map<Tensor, string>([...model.namedParameters()].map(([name, p]) => [p, name]));
  const params = ((optimizer?.paramGroups ?? []) as readonly { readonly params: readonly Tensor[] }[]).flatMap((group) => group.params);
  return params.map((p, i) => {
    const name = names.get(p);
    if (name === undefined) throw new FormatError(op, `parameter ${i} of the optimizer does not belong to the model`);
    return name;
  });
}

/** The training's state as a safetensors file: tensors `model.…` and `optimizer.state.<parameter>.…`, everything else as JSON in the metadata. */
export async function saveCheckpoint(training: Training, options: CheckpointOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { extra } = parse("saveCheckpoint", [options], {}, { extra: null as unknown });
  const tensors: Record<string, Tensor> = {};
  for (const [key, t] of training.model.stateEntries()) tensors[`model.${key}`] = t;
  const names = namesOf("saveCheckpoint", training);
  const saved = training.optimizer?.stateDict();
  for (const [id, entry] of Object.entries(saved?.state ?? {}))
    for (const [key, value] of Object.entries(entry))
      if (value instanceof Tensor) tensors[`optimizer.state.${names[Number(id)]}.${key}`] = value;
  const groups = saved?.param_groups.map((g) => ({ ...g, params: (g["params"] as number[]).map((id) => names[id]) })) ?? null;
  const { words, ...random } = defaultGenerator().getState();
  const metadata = {
    extra: JSON.stringify(extra),
    param_groups: JSON.stringify(groups),
    scheduler: JSON.stringify(training.scheduler?.stateDict() ?? null),
    random: JSON.stringify({ ...random, words: [...words] }),
  };
  return saveSafetensors(tensors, { metadata });
}

/**
 * Puts a checkpoint into a training of the same make, random state included, and returns its `extra`.
 * Errors: FormatError or ShapeError when the file does not fit; the model is not changed then.
 */
export function loadCheckpoint(bytes: Uint8Array | ArrayBuffer, training: Training): unknown {
  const { metadata } = inspectSafetensors(bytes);
  const json = (key: string): unknown => {
    try {
      return JSON.parse(metadata[key] ?? bad(`the file has no ${key}, it is no checkpoint`));
    } catch (error) {
      if (error instanceof FormatError) throw error;
      return bad(`${key} is no JSON`);
    }
  };
  const [groups, scheduler, random, extra] = [json("param_groups"), json("scheduler"), json("random"), json("extra")];
  // On the CPU first: states are small, and counters stay readable.
  const tensors = loadSafetensors(bytes, { device: "cpu" });
  const names = namesOf("loadCheckpoint", training);
  const model: Record<string, Tensor> = {};
  const state: Record<string, Record<string, Tensor>> = {};
  for (const [key, t] of Object.entries(tensors)) {
    if (key.startsWith("model.")) model[key.slice(6)] = t;
    else if (key.startsWith("optimizer.state.")) {
      const [name, field] = [key.slice(16, key.lastIndexOf(".")), key.slice(key.lastIndexOf(".") + 1)];
      const id = names.indexOf(name);
      if (training.optimizer && id < 0) bad(`state of ${name}, which the optimizer does not have`);
      (state[id] ??= {})[field] = t;
    } else bad(`unknown entry ${key}`);
  }
  if (training.optimizer && !Array.isArray(groups)) bad("the file holds no optimizer");
  if (training.scheduler && (typeof scheduler !== "object" || scheduler === null)) bad("the file holds no schedule");
  const numbered = ((groups ?? []) as Record<string, unknown>[]).map((g) => ({
    ...g,
    params: ((g["params"] ?? []) as string[]).map((name) => names.indexOf(name)),
  }));
  training.model.loadStateDict(model);
  training.optimizer?.loadStateDict({ state, param_groups: numbered });
  training.scheduler?.loadStateDict(scheduler as SchedulerState);
  const { words, ...rest } = random as Omit<GeneratorState, "words"> & { words: number[] };
  defaultGenerator().setState({ ...rest, words: Uint32Array.from(words) });
  return extra;
}
