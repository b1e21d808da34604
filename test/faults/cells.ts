// The table: every entry point × moment × kind, and what must hold after each.
import { webGpuDevice } from "../../src/tensor/device.ts";
import * as w from "../../src/index.ts";
import { type Entry, type Fault, FaultyGpu, install, kindsOf } from "./gpu.ts";
import { settle, watchRejections, withoutPatience } from "./waits.ts";
import { type Pace, type Reference, sameState, type Snapshot, type Stage, stages, Training } from "./workload.ts";

/** When a fault strikes: in a part of the first step, when everything is made, or of a later one, written at a pace; or while saving. */
export interface Moment {
  readonly name: string;
  readonly pace: Pace;
  readonly step: number;
  /** The part of the step in which it is armed; `all` stands for the whole step, `save` for the reads after it. */
  readonly during: Stage | "all" | "save";
}

const later = 1;
export const moments: readonly Moment[] = [
  { name: "first use", pace: "whole", step: 0, during: "all" },
  ...stages.map((during) => ({ name: `first ${during}`, pace: "staged", step: 0, during }) as const),
  ...stages.map((during) => ({ name: during, pace: "staged", step: later, during }) as const),
  { name: "one batch", pace: "whole", step: later, during: "all" },
  { name: "pipelined", pace: "pipelined", step: later, during: "all" },
  { name: "save", pace: "whole", step: later, during: "save" },
];

/** Calls of every entry point at a moment. */
type Calls = ReadonlyMap<Entry, number>;

export interface Cell {
  readonly moment: Moment;
  readonly fault: Fault;
  /** Another fault, without which this one cannot happen. */
  readonly cause?: Fault;
}
export const titleOf = ({ moment, fault }: Cell): string =>
  `${moment.name}: ${fault.entry} ${fault.kind}${fault.times === Infinity ? " for good" : ""} (call ${(fault.skip ?? 0) + 1})`;

/** Makes init() look for a device: one in use that is not lost would be taken. */
export async function setAside(): Promise<void> {
  if (!webGpuDevice() || webGpuDevice()!.lost) return;
  const gpu = new FaultyGpu();
  const gpuDevice = await (await gpu.gpu.requestAdapter())!.requestDevice();
  await w.init({ device: "webgpu", gpuDevice });
  gpu.lose();
  await settle(1);
}

/** Runs a training on a device of its own and gives all of it back afterwards. `during` is told when the moment begins and ends. */
export async function onDevice<T>(gpu: FaultyGpu, body: () => Promise<T>): Promise<T> {
  await setAside();
  const restore = install(gpu.gpu);
  try {
    await w.init({ device: "webgpu" });
    return await body();
  } finally {
    gpu.disarm();
    gpu.lose();
    restore();
    await settle(1);
  }
}

/** A step during which the fault is armed at its moment only. */
async function stepWith(training: Training, k: number, moment: Moment, arm: () => void, disarm: () => void): Promise<number> {
  if (moment.during === "all") arm();
  try {
    return await training.step(k, moment.pace, (stage) => {
      if (moment.during === "all" || moment.during === "save") return;
      if (stage === moment.during) arm();
      else disarm();
    });
  } finally {
    disarm();
  }
}

/** How often each entry point is called at each moment, by an undisturbed run. Errors: Error for calls the table does not know. */
export async function census(): Promise<ReadonlyMap<Moment, Calls>> {
  const found = new Map<Moment, Calls>();
  for (const moment of moments) {
    const gpu = new FaultyGpu();
    await onDevice(gpu, async () => {
      const training = new Training();
      let open = false;
      const arm = (): void => {
        gpu.arm();
        open = true;
      };
      const disarm = (): void => {
        if (open) found.set(moment, new Map(gpu.calls));
        open = false;
      };
      for (let k = 0; k < moment.step; k++) await training.step(k, moment.pace);
      await stepWith(training, moment.step, moment, arm, disarm);
      if (moment.during === "save") {
        arm();
        await training.save();
        disarm();
      }
      training.dispose();
    });
    if (gpu.unlisted.size > 0) throw new Error(`no entry in the table: ${[...gpu.unlisted].join(", ")}`);
  }
  return found;
}

/** Only the first step makes things for certain; later ones do when the collector is late. */
const makes = /create(?!CommandEncoder)/;
const certain = ({ name, during }: Moment, entry: Entry): boolean =>
  name === "first use" || during === "save" || makes.test(entry) === name.startsWith("first ");

/** Of a kernel that is refused the library asks why; that may fail, too. */
function explained({ moment, fault: cause }: Cell): Cell[] {
  if (cause.entry !== "GPUDevice.createComputePipelineAsync" || cause.kind !== "rejects") return [];
  const entry = "GPUShaderModule.getCompilationInfo";
  return kindsOf(entry).map((kind) => ({ moment, cause, fault: { entry, kind } }));
}

/** Every fault that can strike at a moment, in the midst of the calls made then: not too late, since what the collector gives back early need not be made. */
export function cellsOf(counted: ReadonlyMap<Moment, Calls>): Cell[] {
  return [...counted].flatMap(([moment, calls]) =>
    [...calls]
      .filter(([entry]) => certain(moment, entry))
      .flatMap(([entry, count]) =>
        kindsOf(entry).flatMap((kind): Cell[] => {
          const fault = { entry, kind, skip: Math.floor(count / 4) };
          const lasting = entry === "GPUDevice.createBuffer" && (kind === "out-of-memory" || kind === "returns null");
          return [
            { moment, fault },
            ...(lasting ? [{ moment, fault: { ...fault, times: Infinity } }] : []),
            ...explained({ moment, fault }),
          ];
        }),
      ),
  );
}

export interface Outcome {
  /** `equal`: nothing was told, and nothing happened. `typed`: an error was told. `reloaded`: and a checkpoint had to be loaded. */
  readonly result: "equal" | "typed" | "reloaded";
  readonly told: readonly string[];
  /** What should not have been: empty. */
  readonly wrong: readonly string[];
}

/** Trains through the fault: resumes where the state is, or from the last checkpoint where it cannot be read. */
export async function disturbed({ moment, fault, cause }: Cell, reference: Reference): Promise<Outcome> {
  const gpu = new FaultyGpu();
  const rejections = watchRejections();
  const told: string[] = [];
  const wrong: string[] = [];
  let result: Outcome["result"] = "equal";
  await setAside();
  const before = w.memory();

  const hear = (error: unknown): void => {
    // Only the words: an error whose stack nobody has read keeps hold of what was on it.
    told.push(String((error as Error).stack && error));
    if (!(error instanceof w.DeviceError || error instanceof w.OutOfMemoryError)) wrong.push(`told as ${String(error)}`);
    else if (fault.kind === "out-of-memory" && !(error instanceof w.OutOfMemoryError)) wrong.push(`no OutOfMemoryError: ${String(error)}`);
    if (result === "equal") result = "typed";
  };
  /** The number of steps that the state has taken; a checkpoint is loaded where the state is out of reach. */
  const standing = async (training: Training, k: number): Promise<number> => {
    try {
      const state = await training.save();
      const at = reference.states.findIndex((s) => sameState(s, state));
      if (at < 0) wrong.push(`half updated in step ${k}: ${differing(state, reference.states)}`);
      return at;
    } catch (error) {
      hear(error);
      // Where no answer came, or what the host wrote was refused beside the commands, it is not known what has run.
      if (!/lost|never settles/.test(fault.kind) && !/popErrorScope|writeBuffer/.test(fault.entry))
        wrong.push(`cannot be saved: ${String(error)}`);
      result = "reloaded";
      await w.init({ device: "webgpu" });
      training.load(reference.states[k]!);
      return k;
    }
  };

  const run = async (): Promise<void> => {
    const training = new Training();
    const arm = (): void => {
      if (gpu.hits === 0) gpu.arm(...(cause ? [cause, fault] : [fault]));
    };
    const disarm = (): void => gpu.disarm();
    for (let k = 0; k < moment.step; k++) await training.step(k, moment.pace);
    let k = moment.step;
    try {
      const loss = await stepWith(training, k, moment, arm, disarm);
      if (!Object.is(loss, reference.losses[k])) wrong.push(`loss ${loss}, not ${reference.losses[k]}`);
      if (moment.during === "save") arm();
      if (moment.during === "save") await training.save();
    } catch (error) {
      hear(error);
    }
    disarm();
    if (gpu.hits < (cause ? 2 : 1)) wrong.push("never happened");
    const at = await standing(training, k);
    if (at !== k && at !== k + 1) wrong.push(`after step ${k} the state is that of ${at}`);
    /** What nobody was told yet is told by the next step: whether something must be, and whether something may be. */
    let owed = at === k && told.length === 0;
    let open = told.length === 0;
    const end = moment.step + 2;
    for (k = Math.max(at, 0); k < end; k++) {
      try {
        const loss = await training.step(k, "whole");
        if (!Object.is(loss, reference.losses[k])) wrong.push(`resumed, loss ${k} is ${loss}, not ${reference.losses[k]}`);
        if (owed) wrong.push("an update is missing, and nobody was told");
      } catch (error) {
        hear(error);
        if (!open) wrong.push(`told again: ${String(error)}`);
        if (!open || (await standing(training, k)) !== k) break;
        k--;
        open = false;
      }
      owed = false;
    }
    if (!sameState(await training.save(), reference.states[end]!)) wrong.push("resumed, other parameters in the end");
    training.dispose();
  };
  try {
    await withoutPatience(
      () => gpu.pending > 0,
      () => onDevice(gpu, run),
    );
  } catch (error) {
    wrong.push(`ends with ${String(error)}`);
  }
  await settle();
  await collect(() => w.memory().gpuBytes <= before.gpuBytes);
  rejections.stop();
  for (const reason of rejections.heard) wrong.push(`unhandled: ${reason}`);
  for (const message of gpu.uncaptured) wrong.push(`reached the application: ${message}`);
  // Without the collector at hand, what it has still to find cannot be told from what is lost.
  const accounts = collector() ? (["gpuBytes", "gpuStorages", "gpuReservedBytes"] as const) : [];
  for (const key of accounts) if (w.memory()[key] > before[key]) wrong.push(`${key} rose by ${w.memory()[key] - before[key]}`);
  return { result, told, wrong };
}

/** The entries that differ from each of the neighbouring states. */
const differing = (state: Snapshot, states: readonly Snapshot[]): string =>
  states.map((s) => [...state].filter(([key, v]) => v.some((x, i) => !Object.is(x, s.get(key)?.[i]))).map(([key]) => key).length).join("/");

/** The collector, where the runtime lets it be called. */
const collector = (): (() => void) | undefined => (globalThis as { gc?: () => void }).gc;

/** Calls the collector until `done`, a few times at most. */
export async function collect(done: () => boolean): Promise<void> {
  const gc = collector();
  for (let round = 0; gc && round < 6 && !done(); round++) {
    gc();
    await settle(3);
  }
}
