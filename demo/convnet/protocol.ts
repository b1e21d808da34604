// What page and worker say to each other. Numbers travel in typed arrays, which are handed over, not copied.
import type { ModelName } from "../mnist/model-names.ts";

export type DeviceChoice = "auto" | "webgpu" | "cpu";

export interface Config {
  readonly device: DeviceChoice;
  readonly model: ModelName;
  readonly seed: number;
  readonly learningRate: number;
  readonly batchSize: number;
  /** Training pauses by itself after this many passes. */
  readonly epochs: number;
}

export type State = "loading" | "running" | "paused" | "finished" | "failed";

/** What failed, as far as a visitor can do different things about it. */
export type Fault = "digits" | "no device" | "lost device" | "memory" | "training";

/** Where the training stands; sent at every change. */
export interface StatusUpdate {
  readonly kind: "status";
  readonly state: State;
  /** What failed, and why, as the error says it. */
  readonly fault?: { readonly what: Fault; readonly problem: string };
}

/** How many of all digits have arrived. */
export interface ArrivalUpdate {
  readonly kind: "arrival";
  readonly arrived: number;
  readonly count: number;
}

/** What init() chose. */
export interface DeviceUpdate {
  readonly kind: "device";
  readonly device: "cpu" | "webgpu";
  readonly name: string;
  readonly reason?: string;
  /** WebGPU by a program, without a graphics processor. */
  readonly software: boolean;
  readonly parameters: number;
  readonly trainCount: number;
  readonly heldOutCount: number;
}

/** Losses and accuracies of the steps since the last update; the first of them has the number `first`, counted from 1. */
export interface MetricsUpdate {
  readonly kind: "metrics";
  readonly first: number;
  readonly losses: Float32Array<ArrayBuffer>;
  readonly accuracies: Float32Array<ArrayBuffer>;
  readonly epoch: number;
  readonly samplesPerSecond: number;
}

/** As many mistakes travel and are shown. */
export const SHOWN_MISTAKES = 24;

/** Result on the held-out digits after a step. */
export interface HeldOutUpdate {
  readonly kind: "heldOut";
  readonly step: number;
  readonly accuracy: number;
  readonly loss: number;
  readonly count: number;
  readonly wrong: number;
  /** The surest mistakes: positions in the held-out set, truths, guesses, and 784 bytes each. */
  readonly indices: Int32Array<ArrayBuffer>;
  readonly truths: Uint8Array<ArrayBuffer>;
  readonly guesses: Uint8Array<ArrayBuffer>;
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** A stack of pictures of one size. */
export interface Pictures {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array<ArrayBuffer>;
}

/** What the network makes of the digit on the pad right now. */
export interface LookUpdate {
  readonly kind: "look";
  /** Not there for an empty pad: that is no digit. */
  readonly probabilities?: Float32Array<ArrayBuffer>;
  /** The first filters, then the maps after each convolution: as MODEL_STACKS has them. */
  readonly stacks: readonly Pictures[];
}

/** The recorded graph of a step, drawn. */
export interface GraphUpdate {
  readonly kind: "graph";
  readonly step: number;
  readonly svg: string;
  readonly dot: string;
}

export type Update = StatusUpdate | ArrivalUpdate | DeviceUpdate | MetricsUpdate | HeldOutUpdate | LookUpdate | GraphUpdate;
export type Listener = (update: Update) => void;

export interface HeldOutDigit {
  readonly pixels: Uint8Array;
  readonly label: number;
}

/** What the worker offers through comlink. Every call resolves when it has taken effect. */
export interface SessionApi {
  /** Begins anew with fresh weights: also after an error or a lost device. */
  start(config: Config, listener?: Listener): Promise<void>;
  pause(): Promise<void>;
  /** Goes on; after the last epoch, for as many epochs more. */
  resume(): Promise<void>;
  /** One step, then pause. */
  step(): Promise<void>;
  setLearningRate(value: number): Promise<void>;
  setBatchSize(value: number): Promise<void>;
  /** The digit to look at: 784 values from 0 to 1. */
  setProbe(pixels: Float32Array<ArrayBuffer>): Promise<void>;
  /** One held-out digit, for those who do not draw; undefined where the digits could not be loaded. */
  heldOutDigit(index: number): Promise<HeldOutDigit | undefined>;
  /** The weights as a safetensors file. */
  weights(): Promise<Uint8Array>;
}
