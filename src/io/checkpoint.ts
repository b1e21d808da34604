// Checkpoints: model, optimiser, schedule and random state in one safetensors file, so that training goes on as if it had never stopped.
import "../ops/core/index.ts";
import type { Uint8s } from "../base/dtype.ts";
import { ArgumentError, FormatError } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { isOptions, parse, shown } from "../base/options.ts";
import { renamed } from "../base/python.ts";
import { defaultGenerator, Generator, type GeneratorState } from "../base/random.ts";
import { entry } from "../base/reading.ts";
import { record } from "../base/record.ts";
import type { Module } from "../nn/module.ts";
import type { Optimizer, OptimizerStateDict } from "../optim/optimizer.ts";
import type { LRScheduler, SchedulerState } from "../optim/schedule.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type ArrivingBytes, type Bytes, withBytes } from "./bytes.ts";
import { readSafetensors, saveSafetensors } from "./safetensors.ts";

// Any optimiser.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyOptimizer = Optimizer<any, any>;
type Several<T> = Readonly<Record<string, T>>;

export interface Training {
  /** Several networks stand in one `nn.ModuleDict`. */
  readonly model: Module;
  /** One, or several by name: `{ generator, discriminator }`. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly optimizer?: Optimizer<any, any> | Readonly<Record<string, Optimizer<any, any>>>;
  /** One, or several by name. */
  readonly scheduler?: LRScheduler | Readonly<Record<string, LRScheduler>>;
}
export interface CheckpointOptions {
  /** Anything of your own that JSON can hold: epoch, best accuracy. */
  readonly extra?: unknown;
}

const bad = (what: string, remedy?: string): never => {
  throw new FormatError(what, remedy);
};

/** The parts of a checkpoint that are no tensors, in the file's metadata. */
const parts = ["param_groups", "scheduler", "random", "extra"] as const;
/** Deeper than anything that people write down. */
const deepest = 100;

/** A part as JSON. Errors: ArgumentError for what would not come back as it was. */
function written(part: string, value: unknown): string {
  const refuse = (what: string): never => {
    throw new ArgumentError(`${part} holds ${what}`, "only what JSON can hold");
  };
  const checked = (key: string, inner: unknown): unknown => {
    if (key === "__proto__") refuse(`the name ${key}`);
    return typeof inner === "bigint" || (typeof inner === "number" && !Number.isFinite(inner))
      ? refuse(`${inner} as ${key || part}`)
      : inner;
  };
  try {
    return JSON.stringify(value ?? null, checked);
  } catch (error) {
    if (error instanceof TypeError) refuse(`a cycle: ${error.message}`);
    throw error;
  }
}

/** What a part holds. Errors: FormatError for what is no JSON, nested deeper than people write, or named as objects name their prototype. */
function parsed(part: string, text: string): unknown {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"') quoted = !quoted;
    else if (quoted) i += Number(c === "\\");
    else if (c === "[" || c === "{") depth++;
    else if (c === "]" || c === "}") depth--;
    if (depth > deepest) bad(`${part} is nested more than ${deepest} deep`);
  }
  try {
    return JSON.parse(text, (key, inner: unknown) => (key === "__proto__" ? bad(`${part} holds the name ${key}`) : inner));
  } catch (error) {
    if (error instanceof SyntaxError) bad(`${part} is no JSON: ${error.message}`);
    throw error;
  }
}

type Stateful = AnyOptimizer | LRScheduler;
const isOne = <T extends Stateful>(part: T | Several<T>): part is T => typeof Object(part).stateDict === "function";

/** What `of` makes of one, or of each of several by its name; one alone has none. */
function each<T extends Stateful, R>(part: T | Several<T> | undefined, of: (one: T, name: string) => R): R | Several<R> | undefined {
  if (part === undefined || isOne(part)) return part && of(part, "");
  return record(Object.entries(part).map(([name, one]) => [name, of(one, name)] as const));
}

/** Of what `each` gave, the share of one; undefined if there is none. */
const shareOf = (all: unknown, name: string): unknown => (name === "" ? all : new Map(Object.entries(Object(all) as object)).get(name));

/** Where the state of an optimiser's parameters is in the file. */
const placeOf = (name: string): string => (name === "" ? "optimizer.state." : `optimizers.${name}.state.`);

/** "optimizer" or "optimizer generator". */
const called = (kind: string, name: string): string => (name === "" ? kind : `${kind} ${name}`);

/** Errors: ArgumentError for what a misspelt name would leave out, and for names that a file would not keep apart. */
function checkTraining(training: Training): void {
  parse([training], {}, { model: undefined, optimizer: undefined, scheduler: undefined });
  for (const kind of ["optimizer", "scheduler"] as const) {
    const part: Stateful | Several<Stateful> | undefined = training[kind];
    if (part === undefined || isOne(part)) continue;
    if (!isOptions(part)) throw new ArgumentError(`${kind} must be one, or several by name, got ${shown(part)}`);
    for (const [name, one] of Object.entries(part)) {
      if (/^$|\.|^__proto__$/.test(name))
        throw new ArgumentError(`no ${kind} can be named "${name}"`, "names are not empty and hold no dot");
      if (!isOne(one)) throw new ArgumentError(`${kind} ${name} must have a state, got ${shown(one)}`);
    }
  }
}

/** Dotted names of an optimiser's parameters, in the order of its groups. */
function namesOf(model: Module, optimizer: AnyOptimizer, who: string): string[] {
  const names = new Map<unknown, string>([...model.namedParameters()].map(([name, p]) => [p, name]));
  const groups = optimizer.paramGroups as readonly { readonly params: readonly Tensor[] }[];
  return groups.flatMap((group) => group.params).map((p, i) => names.get(p) ?? bad(`parameter ${i} of the ${who} is not the model's`));
}

/** An optimiser's state with other labels for its parameters. */
const relabelled = ({ state, param_groups }: OptimizerStateDict, label: (parameter: never) => string | number): OptimizerStateDict => ({
  state: renamed(state, label as (parameter: string) => string),
  param_groups: param_groups.map((group) => ({ ...group, params: (group["params"] as never[]).map(label) })),
});

/**
 * The training's state as a safetensors file: tensors `model.…` and `optimizer.state.<parameter>.…`
 * (of several optimisers `optimizers.<name>.state.<parameter>.…`), everything else as JSON in the metadata.
 * All of it is of the moment of the call: training may go on before the promise resolves. Errors: ArgumentError for `extra` that JSON cannot hold.
 * @example
 * const model = new nn.Linear(2, 1);
 * const optimizer = new optim.Adam(model.parameters());
 * const file = await io.saveCheckpoint({ model, optimizer }, { extra: { epoch: 3 } });
 * io.loadCheckpoint(file, { model, optimizer }); // → { epoch: 3 }
 */
export async function saveCheckpoint(training: Training, options: CheckpointOptions = {}): Promise<Uint8s> {
  const [tensors, metadata] = entry("saveCheckpoint", arguments, 2, () => {
    checkTraining(training);
    const { extra } = parse([options], {}, { extra: undefined as unknown });
    const all: [string, Tensor][] = Array.from(training.model.stateEntries(), ([key, t]) => [`model.${key}`, t]);
    const groups = each(training.optimizer, (optimizer, own) => {
      const names = namesOf(training.model, optimizer, called("optimizer", own));
      const { state, param_groups } = relabelled(optimizer.stateDict(), (id) => names[id]!);
      for (const [name, fields] of Object.entries(state))
        for (const [key, value] of Object.entries(fields)) all.push([`${placeOf(own)}${name}.${key}`, value as Tensor]);
      return param_groups;
    });
    const scheduler = each(training.scheduler, (one) => one.stateDict());
    const { words, ...random } = defaultGenerator().getState();
    const values = [groups, scheduler, { ...random, words: [...words] }, extra];
    return [record(all), record(parts.map((part, i) => [part, written(part, values[i])] as const))];
  });
  return saveSafetensors(tensors, { metadata });
}

/**
 * Puts a checkpoint into a training of the same make, random state included, and returns its `extra`; a promise of it for a Blob, File or Response.
 * Errors: FormatError, ShapeError or ArgumentError when the file is no checkpoint, or does not fit; nothing is changed then.
 */
export function loadCheckpoint(file: Bytes, training: Training): unknown;
export function loadCheckpoint(file: ArrivingBytes, training: Training): Promise<unknown>;
export function loadCheckpoint(file: Bytes | ArrivingBytes, training: Training): unknown;
export function loadCheckpoint(file: Bytes | ArrivingBytes, training: Training): unknown {
  entry("loadCheckpoint", arguments, 2, () => checkTraining(training));
  return withBytes("loadCheckpoint", file, (bytes) => put(bytes, training));
}

function put(bytes: Uint8s, training: Training): unknown {
  // On the CPU first: states are small, and what they hold can be checked.
  const { tensors, metadata } = readSafetensors(bytes, "cpu");
  if (!parts.some((part) => part in metadata)) bad("these are plain weights, no checkpoint", "model.loadStateDict(loadSafetensors(file))");
  const [groups, schedules, random, extra] = parts.map((part) => parsed(part, metadata[part] ?? bad(`no checkpoint: it has no ${part}`)));
  const model: [string, Tensor][] = [];
  /** By place, parameter and field. */
  const states = new Map<string, Map<string, [string, Tensor][]>>();
  for (const [key, t] of Object.entries(tensors)) {
    const [, weight, place, name, field] =
      /^model\.(.+)$|^(optimizer\.state\.|optimizers\.[^.]+\.state\.)(.+)\.(.+)$/s.exec(key) ?? bad(`unknown entry ${key}`);
    if (weight) model.push([weight, t]);
    else
      memo(
        memo(states, place!, () => new Map<string, [string, Tensor][]>()),
        name!,
        () => [],
      ).push([field!, t]);
  }
  new Generator().setState(random as GeneratorState); // refuses what is no state
  // Everything is checked before the model, which changes all at once or not at all, and the model before everything else is changed.
  const changes: (() => void)[] = [];
  each(training.optimizer, (optimizer, own) => {
    const who = called("optimizer", own);
    const param_groups = shareOf(groups, own);
    if (!(Array.isArray(param_groups) && param_groups.every((g) => Array.isArray(Object(g).params)))) return bad(`no ${who} in the file`);
    const ids = new Map(namesOf(training.model, optimizer, who).map((name, i) => [name, i]));
    const id = (name: string): number => ids.get(name) ?? bad(`${String(name)} is not the ${who}'s`);
    const state = record(Array.from(states.get(placeOf(own)) ?? [], ([name, fields]) => [name, record(fields)] as const));
    changes.push(optimizer.plannedState(relabelled({ state, param_groups }, id as (name: never) => number)));
  });
  each(training.scheduler, (scheduler, own) => {
    const state = shareOf(schedules, own) as SchedulerState | null | undefined;
    // Of several it is asked by name.
    if (!Array.isArray(Object(state)._last_lr)) bad(`no ${called("schedule", own)} in the file`);
    changes.push(scheduler.plannedState(state!));
  });
  training.model.loadStateDict(record(model));
  for (const change of changes) change();
  defaultGenerator().setState(random as GeneratorState);
  return extra;
}
