// The command list: operators append launches and reads; one submit carries them to the queue in their order.
import { turn } from "../../base/turn.ts";
import { counts } from "../ledger.ts";
import type { BufferPool } from "./buffers.ts";
import { encoderOf, type Timer } from "./encoder.ts";
import { type Faults, type Guarded, typed } from "./fault.ts";
import { readMode } from "./flags.ts";
import type { GPUDevice } from "./names.ts";
import {
  type Command,
  type Dispatch,
  isDispatch,
  isRead,
  type Memory,
  type Read,
  refuse,
  runnable,
  type Transaction,
  type Write,
} from "./poison.ts";

interface Batch {
  readonly id: number;
  readonly commands: Command[];
  readonly transactions: Transaction[];
  /** Resolves after the submit; its error scopes close later. */
  readonly sent: Promise<void>;
  readonly send: () => void;
}

export interface CommandList {
  record(command: Dispatch): void;
  /** Writes host data to fresh memory. */
  write(memory: Memory, data: Write["data"]): void;
  /** Bytes of memory as they are at this place among the commands. Errors: what went wrong with them. */
  read(memory: Memory, offset: number, bytes: number): Promise<ArrayBuffer>;
  /** Runs fn, whose commands go into one batch, or none of them when it throws. `born` numbers the allocations so far. */
  together<T>(fn: () => T, born: number): T;
  /** As `together`, and none of its commands run if one of them cannot; `undo` is called when they do not. Errors: one that nobody was told. */
  transaction<T>(fn: () => T, born: number, undo?: () => void): T;
  /** Seals what was recorded and sends it as soon as its pipelines exist. */
  readonly flush: () => void;
  /** Resolves when all recorded work was submitted, has run and its error scopes are closed. Errors: one that nobody was told. */
  finish(): Promise<void>;
  /** From the next submit on every dispatch for which `timer` gives timestamps gets a pass of its own. */
  readonly observe: (timer: Timer | undefined) => void;
}

const maxCommands = 512;
const maxInFlight = 24;
/** Bytes of host data that may wait for their submit. */
const maxWriting = 64 << 20;

export function commandList(gpu: GPUDevice, faults: Faults, pool: BufferPool, staging: BufferPool): CommandList {
  const encoder = encoderOf(gpu, maxCommands);
  const sealed: Batch[] = [];
  /** Submitted batches that may still turn out to have failed: until their error scopes, and those of all before them, are closed. */
  const issued: Batch[] = [];
  let settled: Promise<void> = Promise.resolve();
  /** The latest submits, each until its work is done. */
  const running: Promise<void>[] = [];
  /** Steps that may still turn out not to run, in their order. */
  const pending: Transaction[] = [];
  let started = 0;
  let open: Batch | undefined;
  let writing = 0;
  let pumped: Promise<void> | undefined;
  /** How many submits are not done. */
  let working = 0;
  /** Inside `together`: how deep, and the transaction if there is one. */
  let depth = 0;
  let inside: Transaction | undefined;

  /** The batch being recorded, to be sent at the end of the microtask at the latest. */
  function current(): Batch {
    if (open) return open;
    queueMicrotask(flush);
    let send!: () => void;
    const sent = new Promise<void>((resolve) => (send = resolve));
    return (open = { id: ++started, commands: [], transactions: [], sent, send });
  }

  function flush(): void {
    if (!open || depth > 0) return;
    // The batch being sent stays in the list, so one that comes first finds nobody at work.
    if (sealed.push(open) === 1) pumped = pump();
    open = undefined;
    writing = 0;
    faults.incident = started + 1;
  }

  const flushIfFull = (): void => {
    if (depth === 0 && open && open.commands.length >= maxCommands) flush();
  };

  async function pump(): Promise<void> {
    for (; sealed.length > 0; sealed.shift()) {
      const batch = sealed[0]!;
      const { commands, transactions } = batch;
      const compiling = commands.flatMap((c) => (isDispatch(c) && !c.compiled.pipeline && !c.compiled.error ? c.compiled.job : []));
      if (compiling.length > 0) await Promise.all(compiling);
      const opening = [pool.opened(), staging.opened()].filter((o) => o !== undefined);
      if (opening.length > 0) await Promise.all(opening);
      // No step is computed from what may turn out to be garbage.
      if (transactions.length > 0) while (issued.length > 0) await settled;
      if (running.length >= maxInFlight) await running.shift();
      submit(batch);
    }
  }

  function submit(batch: Batch): void {
    const { id } = batch;
    const healthy = runnable(batch.commands, { abort, met: (error) => faults.note(error, id) });
    const what = (): string => {
      const names = new Set(healthy.flatMap((c) => (isDispatch(c) ? c.name : [])));
      return names.size > 0 ? `running ${[...names].slice(0, 8).join(", ")}` : healthy.some(isRead) ? "reading" : "writing";
    };
    let host: Guarded<void> | undefined;
    const write = (all: () => void): void => {
      host = faults.guard("upload", () => "writeBuffer", all);
      if (host.thrown) throw host.thrown;
    };
    const guarded = faults.guard("webgpu", what, () => {
      faults.check();
      const work = encoder.encode(healthy, write);
      if (!work) return;
      gpu.queue.submit([work]);
      counts.submits++;
    });
    issued.push(batch);
    settled = settle(batch, guarded, host, settled);
    running.push(worked());
    batch.send();
    staging.passed(id);
    if (pool.passed(id)) encoder.forget();
  }

  /**
   * Follows a submitted batch until its error scopes are closed. If they caught something, nothing of it has run; if they gave no answer, or
   * what the `host` wrote was refused, it may have run on whatever was there.
   */
  async function settle(batch: Batch, guarded: Guarded<void>, host: Guarded<void> | undefined, before: Promise<void>): Promise<void> {
    const refused = await guarded.closed;
    const error = refused ?? (await host?.closed);
    const ran = !refused || !guarded.answered();
    await before;
    const { id, commands, transactions } = batch;
    if (error) {
      encoder.forget(true);
      faults.note(error, id);
      for (const transaction of transactions) abort(transaction, error);
      // A step that may have run has left neither its former contents nor known new ones.
      for (const command of commands) refuse(isDispatch(command) && ran ? { ...command, transaction: undefined } : command, error);
      for (const later of issued.slice(1)) runnable(later.commands, { abort, met: () => undefined });
    }
    issued.shift();
    for (const transaction of transactions) if (pending.includes(transaction)) pending.splice(pending.indexOf(transaction), 1);
  }

  /** Nothing of this step runs, nor of those that were recorded after it: they belong to a program that did not know. */
  function abort(transaction: Transaction, error: Error): void {
    const at = pending.indexOf(transaction);
    if (at < 0) return;
    for (const later of pending.splice(at).reverse()) {
      later.error = error;
      later.undo?.();
    }
  }

  /** Resolves when all submitted work is done. */
  async function worked(): Promise<void> {
    const incident = started;
    working++;
    try {
      await faults.wait(gpu.queue.onSubmittedWorkDone(), "onSubmittedWorkDone", "sync");
    } catch (error) {
      faults.note(typed(error, "onSubmittedWorkDone", "sync"), incident);
    }
    working--;
  }

  /** Runs fn; if it throws, what it recorded is dropped. */
  function together<T>(fn: () => T, born: number): T {
    flushIfFull();
    const batch = open;
    const from = batch?.commands.length ?? 0;
    depth++;
    try {
      return fn();
    } catch (error) {
      const dropped = open?.commands.splice(open === batch ? from : 0) ?? [];
      const cause = typed(error, "given up", "webgpu");
      for (const command of dropped) refuse(command, cause, born);
      throw error;
    } finally {
      depth--;
      flushIfFull();
    }
  }

  /** Copies to the host. Errors: DeviceError. */
  async function map(target: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    try {
      await faults.wait(target.mapAsync(readMode), "mapAsync", "read");
      return target.getMappedRange(0, bytes).slice(0);
    } catch (error) {
      throw faults.lost ?? typed(error, "mapAsync", "read");
    }
  }

  return {
    record(command) {
      const { id, commands, transactions } = current();
      for (const { buffer } of command.memories) buffer.batch = id;
      if (inside && !command.fills) {
        command.transaction = inside;
        if (transactions.at(-1) !== inside) {
          transactions.push(inside);
          pending.push(inside);
        }
      }
      counts.dispatches++;
      commands.push(command);
      flushIfFull();
    },
    write(memory, data) {
      const { id, commands } = current();
      memory.buffer.batch = id;
      commands.push({ memory, data });
      writing += data.byteLength;
      if (writing >= maxWriting && depth === 0) flush();
      flushIfFull();
    },
    async read(memory, offset, bytes) {
      const target = staging.take(bytes);
      const batch = current();
      const read: Read = { memory, offset, bytes, target, error: undefined };
      memory.buffer.batch = target.batch = batch.id;
      batch.commands.push(read);
      await batch.sent;
      const through = settled;
      const [mapped] = await Promise.allSettled([read.error ? undefined : map(target.gpu, bytes), through]);
      const failure = read.error ?? (mapped.status === "rejected" ? (mapped.reason as Error) : undefined);
      try {
        target.gpu.unmap();
      } catch (error) {
        target.error = typed(error, "unmap", "read");
      }
      // What a failed mapping left behind is nothing for the next one.
      if (failure) target.error ??= failure;
      staging.give(target);
      if (failure) throw faults.told(failure);
      counts.reads++;
      return mapped.status === "fulfilled" && mapped.value ? mapped.value : new ArrayBuffer(0);
    },
    together,
    transaction(fn, born, undo) {
      if (inside) return fn();
      faults.raise();
      const transaction: Transaction = (inside = { since: born, undo, error: undefined, examined: false });
      try {
        return together(fn, born);
      } catch (error) {
        if (pending.at(-1) === transaction) abort(transaction, typed(error, "given up", "webgpu"));
        else undo?.();
        throw error;
      } finally {
        inside = undefined;
      }
    },
    flush,
    async finish() {
      flush();
      await pumped;
      // A wait lets the collector's tasks run, whatever there was to wait for.
      if (working === 0) await Promise.all([worked(), turn()]);
      await Promise.all(running);
      while (issued.length > 0) await settled;
      faults.check();
      faults.raise();
    },
    observe(given) {
      flush();
      encoder.timer = given;
    },
  };
}
