// The command list: operators append launches; one compute pass and one submit carry them to the queue.
import { DeviceError } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { BufferPool, type PooledBuffer } from "./buffers.ts";
import type { Fault } from "./fault.ts";
import { counts } from "./ledger.ts";
import type { Compiled, Pipelines } from "./pipelines.ts";

interface Command {
  readonly name: string;
  readonly compiled: Compiled;
  readonly buffers: readonly PooledBuffer[];
  /** Values of the parameters, in the kernel's order. */
  readonly params: readonly number[];
  readonly grid: readonly [number, number, number];
}

interface Read {
  readonly copy: (encoder: GPUCommandEncoder) => void;
  /** Called after the submit, with what tells when its error scopes are closed. */
  readonly sent: (submit: { readonly closed: Promise<unknown> }) => void;
}

interface Batch {
  readonly id: number;
  readonly commands: Command[];
  readonly reads: Read[];
}

const maxCommands = 512;
const maxInFlight = 24;
/** Every command's parameters have a slot of this many words: the alignment of dynamic uniform offsets. */
const slotWords = 64;
const bindGroupLimit = 4096;
const newBatch = (id: number): Batch => ({ id, commands: [], reads: [] });

export class CommandList {
  /** Called for every dispatch, which gets a pass of its own with the timestamps this gives for it; the profiler attaches here. */
  timer: ((name: string) => GPUComputePassTimestampWrites | undefined) | undefined;
  /** Batches up to this id have reached the queue. */
  submitted = 0;
  readonly #gpu: GPUDevice;
  readonly #fault: Fault;
  readonly #pool: BufferPool;
  readonly #pipelines: Pipelines;
  readonly #staging: BufferPool;
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  readonly #sealed: Batch[] = [];
  /** The latest submits, each until its error scopes are closed and its work is done. */
  readonly #running: Promise<unknown>[] = [];
  /** Parameters of the batch being encoded. */
  readonly #words = new Uint32Array(maxCommands * slotWords);
  readonly #floats = new Float32Array(this.#words.buffer);
  #uniform: GPUBuffer | undefined;
  #open = newBatch(1);
  #scheduled = false;
  #pumping = false;
  #pumped: Promise<void> | undefined;

  constructor(gpu: GPUDevice, fault: Fault, pool: BufferPool, pipelines: Pipelines) {
    this.#gpu = gpu;
    this.#fault = fault;
    this.#pool = pool;
    this.#pipelines = pipelines;
    this.#staging = new BufferPool(gpu, fault, GPUBufferUsage.MAP_READ);
  }

  record(command: Command): void {
    const { id, commands } = this.#open;
    for (const b of command.buffers) b.batch = id;
    commands.push(command);
    counts.dispatches++;
    if (commands.length < maxCommands) this.#schedule();
    else this.flush();
  }

  /** Bytes of a buffer after everything recorded so far. */
  async read(buffer: PooledBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    const staging = this.#staging.take(bytes);
    const { gpu } = staging;
    const copy = (encoder: GPUCommandEncoder): void => encoder.copyBufferToBuffer(buffer.gpu, offset, gpu, 0, bytes);
    buffer.batch = this.#open.id;
    this.#schedule();
    const { closed } = await new Promise<Parameters<Read["sent"]>[0]>((sent) => this.#open.reads.push({ copy, sent }));
    const refused = await gpu.mapAsync(GPUMapMode.READ).catch((error: unknown) => new DeviceError("read", `no answer: ${String(error)}`));
    await closed;
    this.#fault.check();
    if (refused) throw refused;
    const copied = gpu.getMappedRange(0, bytes).slice(0);
    gpu.unmap();
    this.#staging.give(staging);
    counts.reads++;
    return copied;
  }

  /** Seals what was recorded and sends it as soon as its pipelines exist. */
  flush(): void {
    const { id, commands, reads } = this.#open;
    if (commands.length + reads.length === 0) return;
    this.#sealed.push(this.#open);
    this.#open = newBatch(id + 1);
    if (!this.#pumping) this.#pumped = this.#pump();
  }

  /** Resolves when all recorded work was submitted, has run and its error scopes are closed. */
  async finish(): Promise<void> {
    this.flush();
    await this.#pumped;
    await Promise.all(this.#running);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    while (this.#sealed.length > 0) {
      const compiling = this.#pipelines.ready();
      if (compiling) await Promise.race([compiling, this.#gpu.lost]);
      if (this.#running.length >= maxInFlight) await this.#running.shift();
      this.#submit(this.#sealed.shift()!);
    }
    this.#pumping = false;
  }

  #submit({ id, commands, reads }: Batch): void {
    const gpu = this.#gpu;
    const names = commands.map((c) => c.name);
    this.submitted = id;
    gpu.pushErrorScope("out-of-memory");
    gpu.pushErrorScope("validation");
    try {
      this.#fault.check();
      const encoder = gpu.createCommandEncoder();
      this.#encode(encoder, commands);
      for (const { copy } of reads) copy(encoder);
      gpu.queue.submit([encoder.finish()]);
      counts.submits++;
    } catch (error) {
      this.#fault.report(error as Error, names);
    }
    const closed = Promise.all([this.#fault.close(gpu, names), this.#fault.close(gpu, names)]);
    this.#running.push(Promise.allSettled([closed, gpu.queue.onSubmittedWorkDone()]));
    for (const { sent } of reads) sent({ closed });
    if (this.#pool.trim(id)) this.#bindGroups.clear();
  }

  #encode(encoder: GPUCommandEncoder, commands: readonly Command[]): void {
    let pass: GPUComputePassEncoder | undefined;
    let last: Compiled | undefined;
    let at = 0;
    for (const command of commands) {
      const { compiled, grid } = command;
      const { params, immediates } = compiled.linked;
      if (!compiled.pipeline) throw this.#fault.error ?? new DeviceError(command.name, "its kernel did not compile");
      const timestampWrites = this.timer?.(command.name);
      if (!pass || timestampWrites) {
        pass?.end();
        pass = encoder.beginComputePass(timestampWrites && { timestampWrites });
        last = undefined;
        counts.passes++;
      }
      if (compiled !== last) pass.setPipeline((last = compiled).pipeline!);
      // Immediates are taken from the words at once, uniforms stay there until the batch is encoded.
      params.forEach(({ type }, i) => ((type === "f32" ? this.#floats : this.#words)[at + i] = command.params[i]!));
      if (immediates) pass.setImmediates(0, this.#words, at, params.length);
      if (params.length === 0 || immediates) pass.setBindGroup(0, this.#bindGroup(command));
      else {
        pass.setBindGroup(0, this.#bindGroup(command), [at * 4]);
        at += slotWords;
      }
      pass.dispatchWorkgroups(...grid);
      if (timestampWrites) {
        pass.end();
        pass = undefined;
      }
    }
    pass?.end();
    if (at === 0) return;
    this.#gpu.queue.writeBuffer(this.#uniform!, 0, this.#words, 0, at);
    counts.writes++;
  }

  #bindGroup({ compiled, buffers }: Command): GPUBindGroup {
    const { layout, layoutKey } = compiled;
    let key = layoutKey;
    for (const b of buffers) key += `,${b.id}`;
    return memo(this.#bindGroups, key, () => {
      if (this.#bindGroups.size >= bindGroupLimit) this.#bindGroups.delete(this.#bindGroups.keys().next().value!);
      const resources: GPUBufferBinding[] = buffers.map(({ gpu }) => ({ buffer: gpu }));
      if (layoutKey.endsWith("u")) {
        const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
        this.#uniform ??= this.#gpu.createBuffer({ size: this.#words.byteLength, usage });
        resources.push({ buffer: this.#uniform, size: slotWords * 4 });
      }
      counts.bindGroupsCreated++;
      return this.#gpu.createBindGroup({ layout, entries: resources.map((resource, binding) => ({ binding, resource })) });
    });
  }
}
