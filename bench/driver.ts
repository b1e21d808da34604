/** Runs one contestant; the same code serves a browser page and a Node process. */
import { callsPerStep, installCallCounter } from "./calls.ts";
import type { CallCounter, Calls } from "./calls.ts";
import type { AdapterFacts, Contestant, ContestantModule, Roofline, Session } from "./contestant.ts";
import { digestOf } from "./digest.ts";
import type { Digests } from "./digest.ts";
import type { WorkloadId } from "./workloads.ts";

/** Milliseconds from nothing loaded to the end of the first training step. */
export interface FirstStep {
  readonly importMs: number;
  readonly initMs: number;
  readonly stepMs: number;
  readonly totalMs: number;
}

/** Calls per step in steady state, and what had been made by the end of the first step. */
export interface CallReport {
  readonly perStep: Calls;
  readonly firstStep: Calls;
  readonly liveBuffers: number;
  readonly liveBytes: number;
}

/** What the runner can ask of the process or page that holds a contestant; everything passed is plain JSON. */
export interface Driver {
  open(url: string): Promise<void>;
  adapter(): Promise<AdapterFacts | null>;
  /** Makes a workload ready and returns its digests, or null when the contestant does not offer it. */
  prepare(workload: WorkloadId): Promise<Digests | null>;
  /** Milliseconds of `count` iterations including the wait for the last. */
  run(count: number): Promise<number>;
  finish(): Promise<void>;
  firstStep(url: string): Promise<FirstStep>;
  watchCalls(): Promise<void>;
  calls(workload: WorkloadId, warmUp: number, steps: number): Promise<CallReport | null>;
  roofline(): Promise<Roofline | null>;
}

async function load(url: string): Promise<Contestant> {
  const module = (await import(/* @vite-ignore */ url)) as ContestantModule;
  return module.contestant;
}

async function adapterFacts(): Promise<AdapterFacts | null> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return null;
  const { vendor, architecture, description, isFallbackAdapter, subgroupMaxSize } = adapter.info;
  return { vendor, architecture, description, fallback: isFallbackAdapter, subgroupMaxSize };
}

/** A driver for the current global scope; `locate` turns a built file's path into what can be imported here. */
export function createDriver(locate: (path: string) => string = (path) => path): Driver {
  let contestant: Contestant | undefined;
  let session: Session | undefined;
  let counter: CallCounter | undefined;
  const opened = (): Contestant => {
    if (contestant === undefined) throw new Error("bench: no contestant is open");
    return contestant;
  };
  const ready = (): Session => {
    if (session === undefined) throw new Error("bench: no workload is prepared");
    return session;
  };
  return {
    async open(url) {
      contestant = await load(locate(url));
      await contestant.init();
    },
    adapter: adapterFacts,
    async prepare(workload) {
      const make = opened().prepare[workload];
      if (make === undefined) return null;
      session = await make();
      const results = await session.results();
      return Object.fromEntries(Object.entries(results).map(([name, values]) => [name, digestOf(values)]));
    },
    async run(count) {
      const current = ready();
      const begin = performance.now();
      await current.run(count);
      return performance.now() - begin;
    },
    async finish() {
      session?.dispose();
      session = undefined;
    },
    async firstStep(url) {
      const begin = performance.now();
      const loaded = await load(locate(url));
      const imported = performance.now();
      await loaded.init();
      const started = performance.now();
      const make = loaded.prepare.mlp;
      if (make === undefined) throw new Error("bench: the contestant has no mlp");
      await (await make()).run(1);
      const end = performance.now();
      return { importMs: imported - begin, initMs: started - imported, stepMs: end - started, totalMs: end - begin };
    },
    async watchCalls() {
      counter = installCallCounter();
    },
    async calls(workload, warmUp, steps) {
      const make = opened().prepare[workload];
      if (make === undefined || counter === undefined) return null;
      const start = counter.snapshot();
      const current = await make();
      await current.run(1);
      const first = callsPerStep(start, counter.snapshot(), 1);
      await current.run(warmUp);
      const before = counter.snapshot();
      await current.run(steps);
      const perStep = callsPerStep(before, counter.snapshot(), steps);
      const { buffers, bytes } = counter.live();
      current.dispose();
      return { perStep, firstStep: first, liveBuffers: buffers, liveBytes: bytes };
    },
    async roofline() {
      return (await opened().roofline?.()) ?? null;
    },
  };
}
