// Checkpoints: model, optimiser, schedule and random state in one safetensors file, so that training goes on as if it had never stopped.
import "../kits/core.ts";
import { FormatError, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { renamed } from "../base/python.ts";
import { defaultGenerator, Generator, type GeneratorState } from "../base/random.ts";
import type { Module } from "../nn/module.ts";
import type { Optimizer, OptimizerStateDict } from "../optim/optimizer.ts";
import type { LRScheduler, SchedulerState } from "../optim/schedule.ts";
import type { Tensor } from "../tensor.ts";
import { inspectSafetensors, loadSafetensors, saveSafetensors } from "../io/safetensors.ts";

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
  throw new FormatError(what, "", op);
};

/** Dotted names of the optimiser's parameters, in the order of its groups. */
function namesOf({ model, optimizer }: Training, op?: string): string[] {
  const names = new Map<unknown, string>([...model.namedParameters()].map(([name, p]) => [p, name]));
  const groups = (optimizer?.paramGroups ?? []) as readonly { readonly params: readonly Tensor[] }[];
  return groups
    .flatMap((group) => group.params)
    .map((p, i) => names.get(p) ?? bad(`parameter ${i} of the optimizer is not the model's`, op));
}

/** An optimiser's state with other labels for its parameters. */
const relabelled = (
  { state, param_groups }: OptimizerStateDict,
  label: (parameter: never) => string | number,
): { state: OptimizerStateDict["state"]; param_groups: OptimizerStateDict["param_groups"] } => ({
  state: renamed(state, label as (parameter: string) => string),
  param_groups: param_groups.map((group) => ({ ...group, params: (group["params"] as never[]).map(label) })),
});

/** The training's state as a safetensors file: tensors `model.…` and `optimizer.state.<parameter>.…`, everything else as JSON in the metadata. */
export async function saveCheckpoint(training: Training, options: CheckpointOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { extra } = under("saveCheckpoint", () => parse([options], {}, { extra: undefined as unknown }));
  const tensors: Record<string, Tensor> = {};
  for (const [key, t] of training.model.stateEntries()) tensors[`model.${key}`] = t;
  const names = namesOf(training, "saveCheckpoint");
  const saved = training.optimizer && relabelled(training.optimizer.stateDict(), (id) => names[id]!);
  for (const [name, entry] of Object.entries(saved?.state ?? {}))
    for (const [key, value] of Object.entries(entry)) tensors[`optimizer.state.${name}.${key}`] = value as Tensor;
  const { words, ...random } = defaultGenerator().getState();
  const parts = {
    extra,
    param_groups: saved?.param_groups,
    scheduler: training.scheduler?.stateDict(),
    random: { ...random, words: [...words] },
  };
  const metadata = Object.fromEntries(Object.entries(parts).map(([key, value]) => [key, JSON.stringify(value ?? null)]));
  return saveSafetensors(tensors, { metadata });
}

/**
 * Puts a checkpoint into a training of the same make, random state included, and returns its `extra`.
 * Errors: FormatError, ShapeError or ArgumentError when the file does not fit; nothing is changed then.
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
  for (const [key, t] of Object.entries(tensors)) {
    const [, weight, name, field] = /^model\.(.+)$|^optimizer\.state\.(.+)\.(.+)$/s.exec(key) ?? bad(`unknown entry ${key}`);
    if (weight) model[weight] = t;
    else (state[name!] ??= {})[field!] = t;
  }
  const { words, ...rest } = Object(random) as Omit<GeneratorState, "words"> & { words: unknown };
  if (!Array.isArray(words)) bad("no random state in the file");
  const stream: GeneratorState = { ...rest, words: Uint32Array.from(words as number[]) };
  new Generator().setState(stream); // refuses what is no state
  // The model comes last, since it changes all at once or not at all; what came before it is undone when a later one does not fit.
  const undo: (() => void)[] = [];
  const put = <S>(owner: { stateDict(): S; loadStateDict(state: S): void }, loaded: S): void => {
    const before = owner.stateDict();
    undo.unshift(() => owner.loadStateDict(before));
    owner.loadStateDict(loaded);
  };
  try {
    const { optimizer, scheduler: schedule } = training;
    if (optimizer) {
      if (!(Array.isArray(groups) && groups.every((g) => Array.isArray(Object(g).params)))) bad("no optimizer in the file");
      const id = (name: string): number => (names.includes(name) ? names.indexOf(name) : bad(`${String(name)} is not the optimizer's`));
      put(optimizer, relabelled({ state, param_groups: groups as OptimizerStateDict["param_groups"] }, id as (name: never) => number));
    }
    if (schedule) put(schedule, scheduler ? (scheduler as SchedulerState) : bad("no schedule in the file"));
    training.model.loadStateDict(model);
  } catch (error) {
    for (const back of undo) back();
    throw error;
  }
  defaultGenerator().setState(stream);
  return extra;
}
