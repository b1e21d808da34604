/** What a contestant must offer; page-side modules implement it without touching the DOM. */
import type { WorkloadId } from "./workloads.ts";

/** Named results of one iteration in PyTorch's layouts, or the losses of the first steps. */
export type Results = Record<string, Float32Array | readonly number[]>;

/** One workload made ready: inputs uploaded, nothing measured yet. */
export interface Session {
  /** Runs `count` iterations and waits for the last one; training continues where it stood. */
  run(count: number): Promise<void>;
  /** Results for the digest; a training session reports the losses of its first steps and is called once, before `run`. */
  results(): Promise<Results>;
  dispose(): void;
}

/** Facts about the adapter that a GPU contestant runs on. */
export interface AdapterFacts {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly fallback: boolean;
  readonly subgroupMaxSize: number;
}

/** FMA rate and copy bandwidth of the device, in operations and bytes per second. */
export interface Roofline {
  readonly fma: number;
  readonly copy: number;
}

/** One library on one device. */
export interface Contestant {
  /** Starts the device; throws when it is not the one asked for. */
  init(): Promise<void>;
  readonly prepare: Partial<Record<WorkloadId, () => Promise<Session> | Session>>;
  /** Only the hand-written WebGPU contestant measures the device itself. */
  roofline?(): Promise<Roofline>;
}

/** A contestant module exports this one value. */
export interface ContestantModule {
  readonly contestant: Contestant;
}
