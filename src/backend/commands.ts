// The command list: operators append launches and reads; one submit carries them to the queue in their order.
import type { BufferPool } from "./buffers.ts";
import { encoderOf, type Timer } from "./encoder.ts";
import { type Faults, typed } from "./fault.ts";
import { readMode } from "./flags.ts";
import { counts } from "./ledger.ts";
import { type Command, type Dispatch, isRead, type Memory, type Read, refuse, runnable, type Transaction } from "./poison.ts";

type HostData = Float32Array | Float64Array | Int32Array | Uint32Array;

interface Batch {
  readonly id: number;
  readonly commands: Command[];
  readonly transactions: Transaction[];
  /** Resolves after the submit; its error scopes close later. */
  readonly sent: Promise<void>;
  readonly send: () => void;
}

/** What went to the queue and may still turn out to have failed: a batch, or a host write, which has no commands. */
interface Issued {
  readonly commands: readonly Command[];
  readonly transactions: readonly Transaction[];
}

export interface CommandList {
  record(command: Dispatch): void;
  /** Writes host data to memory that no recorded command uses, before every command that is still to be submitted. */
  write(memory: Memory, data: HostData): void;
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

export function commandList(gpu: GPUDevice, faults: Faults, pool: BufferPool, staging: BufferPool): CommandList {
  const encoder = encoderOf(gpu, maxCommands);
  const sealed: Batch[] = [];
  /** In the order of their issue, until their error scopes and those of all before them are closed. */
  const issued: Issued[] = [];
  let settled: Promise<void> = Promise.resolve();
  /** The latest submits, each until its work is done. */
  const running: Promise<void>[] = [];
  /** Steps that may still turn out not to run, in their order. */
  const pending: Transaction[] = [];
  let started = 0;
  let open: Batch | undefined;
  let pumped: Promise<void> | undefined;
  /** Answers that are due: how many submits are not done, and whether the host wrote since the last one. */
  let working = 0;
  let written = false;
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
    faults.incident = started + 1;
  }

  const flushIfFull = (): void => {
    if (depth === 0 && open && open.commands.length >= maxCommands) flush();
  };

  async function pump(): Promise<void> {
    for (; sealed.length > 0; sealed.shift()) {
      const batch = sealed[0]!;
      const { commands, transactions } = batch;
      const compiling = commands.flatMap((c) => (isRead(c) || c.compiled.pipeline || c.compiled.error ? [] : c.compiled.job));
      if (compiling.length > 0) await Promise.all(compiling);
      for (let opening; (opening = pool.opened() ?? staging.opened());) await opening;
      // No step is computed from what may turn out to be garbage.
      if (transactions.length > 0) while (issued.length > 0) await settled;
      if (running.length >= maxInFlight) await running.shift();
      submit(batch);
    }
  }

  function submit(batch: Batch): void {
    const { id, commands, transactions } = batch;
    const healthy = runnable(commands, abort);
    const what = (): string => {
      const names = new Set(healthy.flatMap((c) => (isRead(c) ? [] : c.name)));
      return names.size > 0 ? `running ${[...names].slice(0, 8).join(", ")}` : "reading";
    };
    const { closed } = faults.guard("webgpu", what, () => {
      faults.check();
      if (healthy.length === 0) return;
      gpu.queue.submit([encoder.encode(healthy)]);
      counts.submits++;
    });
    issue({ commands, transactions }, id, closed, (error) => {
      encoder.forget(true);
      for (const transaction of transactions) abort(transaction, error);
      for (const command of commands) refuse(command, error);
    });
    running.push(worked());
    batch.send();
    staging.passed(id);
    if (pool.passed(id)) encoder.forget();
  }

  /** Keeps what was issued in view until its scopes are closed; `fail` is told what they caught, and what came after is looked through. */
  function issue(work: Issued, incident: number, closed: Promise<Error | undefined>, fail: (error: Error) => void): void {
    issued.push(work);
    const before = settled;
    settled = (async () => {
      const error = await closed;
      await before;
      if (error) {
        fail(faults.note(error, incident));
        for (const { commands } of issued.slice(1)) runnable(commands, abort);
      }
      issued.shift();
      for (const transaction of work.transactions) if (pending.includes(transaction)) pending.splice(pending.indexOf(transaction), 1);
    })();
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
    written = false;
    working++;
    try {
      await faults.wait(gpu.queue.onSubmittedWorkDone(), "onSubmittedWorkDone");
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

  function write(memory: Memory, data: HostData): void {
    const { closed } = faults.guard(
      "upload",
      () => `writeBuffer of ${data.byteLength} bytes`,
      () => gpu.queue.writeBuffer(memory.buffer.gpu, 0, data as Float32Array<ArrayBuffer>),
    );
    counts.writes++;
    written = true;
    issue({ commands: [], transactions: [] }, faults.incident, closed, (error) => (memory.error = error));
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
      const { buffer } = memory;
      if (!buffer.opening) return write(memory, data);
      // The caller may change its array before the device has answered.
      const kept = data.slice();
      buffer.write = () => write(memory, kept);
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
      for (let opening; (opening = pool.opened());) await opening;
      if (written || working === 0) await worked();
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
