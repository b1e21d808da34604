// The command list: operators append launches; one compute pass and one submit carry them to the queue.
import { DeviceError } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { type BufferPool, bufferPool, type PooledBuffer } from "./buffers.ts";
import type { Fault } from "./fault.ts";
import { counts } from "./ledger.ts";
import type { Compiled } from "./pipelines.ts";

interface Command {
  readonly name: string;
  readonly compiled: Compiled;
  readonly buffers: readonly PooledBuffer[];
  /** Values of the parameters, in the kernel's order. */
  readonly params: readonly number[];
  readonly grid: readonly [number, number, number];
}

interface Batch {
  readonly id: number;
  readonly commands: Command[];
  readonly reads: {
    readonly copy: (encoder: GPUCommandEncoder) => void;
    /** Called after the submit. */
    readonly sent: (value: unknown) => void;
  }[];
  /** Once submitted: resolves when its error scopes are closed. */
  closed?: Promise<unknown>;
}

/** Gives the timestamps to be written around a dispatch of that name. */
type Timer = (name: string) => GPUComputePassTimestampWrites | undefined;

export interface CommandList {
  /** Batches up to this id have reached the queue. */
  readonly submitted: number;
  record(command: Command): void;
  /** Bytes of a buffer after everything recorded so far. */
  read(buffer: PooledBuffer, offset: number, bytes: number): Promise<ArrayBuffer>;
  /** Seals what was recorded and sends it as soon as its pipelines exist. */
  readonly flush: () => void;
  /** Resolves when all recorded work was submitted, has run and its error scopes are closed. */
  finish(): Promise<void>;
  /** From the next submit on every dispatch for which `timer` gives timestamps gets a pass of its own. */
  readonly observe: (timer: Timer | undefined) => void;
}

const maxCommands = 512;
const maxInFlight = 24;
/** Every command's parameters have a slot of this many words: the alignment of dynamic uniform offsets. */
const slotWords = 64;
const bindGroupLimit = 4096;

export function commandList(gpu: GPUDevice, fault: Fault, pool: BufferPool): CommandList {
  const staging = bufferPool(gpu, fault, GPUBufferUsage.MAP_READ);
  const bindGroups = new Map<string, GPUBindGroup>();
  const sealed: Batch[] = [];
  /** The latest submits, each until its error scopes are closed and its work is done. */
  const running: Promise<unknown>[] = [];
  /** Parameters of the batch being encoded. */
  const words = new Uint32Array(maxCommands * slotWords);
  const floats = new Float32Array(words.buffer);
  let uniform: GPUBuffer | undefined;
  let timer: Timer | undefined;
  let started = 0;
  let submitted = 0;
  let open: Batch | undefined;
  let pumped: Promise<void> | undefined;

  /** The batch being recorded, to be sent at the end of the microtask at the latest. */
  function current(): Batch {
    if (!open) queueMicrotask(flush);
    return (open ??= { id: ++started, commands: [], reads: [] });
  }

  function flush(): void {
    if (!open) return;
    // The batch being sent stays in the list, so one that comes first finds nobody at work.
    if (sealed.push(open) === 1) pumped = pump();
    open = undefined;
  }

  async function pump(): Promise<void> {
    for (; sealed.length > 0; sealed.shift()) {
      const batch = sealed[0]!;
      const compiling = batch.commands.flatMap(({ compiled }) => (compiled.pipeline ? [] : compiled.job));
      if (compiling.length > 0) await Promise.race([Promise.all(compiling), gpu.lost]);
      if (running.length >= maxInFlight) await running.shift();
      submit(batch);
    }
  }

  function submit(batch: Batch): void {
    const { id, commands, reads } = batch;
    const names = commands.map((c) => c.name);
    submitted = id;
    gpu.pushErrorScope("out-of-memory");
    gpu.pushErrorScope("validation");
    try {
      fault.check();
      const encoder = gpu.createCommandEncoder();
      encode(encoder, commands);
      for (const { copy } of reads) copy(encoder);
      gpu.queue.submit([encoder.finish()]);
      counts.submits++;
    } catch (error) {
      fault.report(error as Error, names);
    }
    batch.closed = Promise.all([fault.close(names), fault.close(names)]);
    running.push(Promise.allSettled([batch.closed, gpu.queue.onSubmittedWorkDone()]));
    for (const { sent } of reads) sent(id);
    if (pool.trim(id)) bindGroups.clear();
  }

  function encode(encoder: GPUCommandEncoder, commands: readonly Command[]): void {
    let pass: GPUComputePassEncoder | undefined;
    let last: Compiled | undefined;
    let at = 0;
    for (const command of commands) {
      const { compiled, grid } = command;
      const { params, uniform: inBuffer } = compiled.linked;
      if (!compiled.pipeline) throw fault.error ?? new DeviceError("its kernel did not compile", "", command.name);
      const timestampWrites = timer?.(command.name);
      if (!pass || timestampWrites) {
        pass?.end();
        pass = encoder.beginComputePass(timestampWrites && { timestampWrites });
        last = undefined;
        counts.passes++;
      }
      if (compiled !== last) pass.setPipeline((last = compiled).pipeline!);
      // Immediates are taken from the words at once, uniforms stay there until the batch is encoded.
      params.forEach(({ type }, i) => ((type === "f32" ? floats : words)[at + i] = command.params[i]!));
      pass.setBindGroup(0, bindGroup(command), inBuffer ? [at * 4] : undefined);
      if (inBuffer) at += slotWords;
      else if (params.length > 0) pass.setImmediates(0, words, at, params.length);
      pass.dispatchWorkgroups(...grid);
      if (timestampWrites) {
        pass.end();
        pass = undefined;
      }
    }
    pass?.end();
    if (at === 0) return;
    gpu.queue.writeBuffer(uniform!, 0, words, 0, at);
    counts.writes++;
  }

  function bindGroup({ compiled, buffers }: Command): GPUBindGroup {
    const { layout, layoutKey } = compiled;
    let key = layoutKey;
    for (const b of buffers) key += `,${b.id}`;
    return memo(bindGroups, key, () => {
      if (bindGroups.size >= bindGroupLimit) bindGroups.delete(bindGroups.keys().next().value!);
      const resources: GPUBufferBinding[] = buffers.map((b) => ({ buffer: b.gpu }));
      if (compiled.linked.uniform) {
        const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
        uniform ??= gpu.createBuffer({ size: words.byteLength, usage });
        resources.push({ buffer: uniform, size: slotWords * 4 });
      }
      counts.bindGroupsCreated++;
      return gpu.createBindGroup({ layout, entries: resources.map((resource, binding) => ({ binding, resource })) });
    });
  }

  return {
    get submitted() {
      return submitted;
    },
    record(command) {
      const { id, commands } = current();
      for (const b of command.buffers) b.batch = id;
      counts.dispatches++;
      if (commands.push(command) === maxCommands) flush();
    },
    async read(buffer, offset, bytes) {
      const taken = staging.take(bytes);
      const target = taken.gpu;
      const copy = (encoder: GPUCommandEncoder): void => encoder.copyBufferToBuffer(buffer.gpu, offset, target, 0, bytes);
      const batch = current();
      buffer.batch = batch.id;
      try {
        await new Promise((sent) => batch.reads.push({ copy, sent }));
        const refused = await target
          .mapAsync(GPUMapMode.READ)
          .catch((error: unknown) => new DeviceError(`no answer: ${String(error)}`, "", "read"));
        await batch.closed;
        fault.check();
        if (refused) throw refused;
        counts.reads++;
        return target.getMappedRange(0, bytes).slice(0);
      } finally {
        target.unmap();
        staging.give(taken);
      }
    },
    flush,
    async finish() {
      flush();
      await pumped;
      await Promise.all(running);
    },
    observe(given) {
      flush();
      timer = given;
    },
  };
}
