// The command list: operators append launches; one compute pass and one submit carry them to the queue.
import { DeviceError } from "../base/errors.ts";
import type { BufferPool, PooledBuffer } from "./buffers.ts";
import { counts } from "./ledger.ts";
import type { Compiled, Pipelines } from "./pipelines.ts";

interface Command {
  readonly compiled: Compiled;
  readonly buffers: readonly PooledBuffer[];
  /** Parameter words start here in the batch's word list. */
  readonly at: number;
  readonly grid: readonly [number, number, number];
  readonly name: string;
}

export interface ReadRequest {
  readonly buffer: PooledBuffer;
  readonly offset: number;
  readonly bytes: number;
  readonly done: (bytes: ArrayBuffer) => void;
  readonly fail: (error: unknown) => void;
}

interface Batch {
  readonly id: number;
  readonly commands: Command[];
  readonly reads: ReadRequest[];
  /** Parameters of all commands, as words and as floats over the same memory. */
  words: Uint32Array<ArrayBuffer>;
  floats: Float32Array<ArrayBuffer>;
  used: number;
}

const maxCommands = 512;
const maxInFlight = 24;
const uniformStride = 256;
const bindGroupLimit = 4096;
/** Mapped ranges start at multiples of 8 bytes. */
const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Notified around a batch's compute pass; the profiler attaches here. */
export interface PassObserver {
  begin(encoder: GPUCommandEncoder): GPUComputePassTimestampWrites | undefined;
  end(encoder: GPUCommandEncoder, names: readonly string[]): void;
  /** True to give every dispatch a pass of its own, so that each can be timed. */
  readonly perDispatch: boolean;
}

export class CommandList {
  observer: PassObserver | undefined;
  readonly #device: GPUDevice;
  readonly #pool: BufferPool;
  readonly #pipelines: Pipelines;
  readonly #onError: (error: Error | GPUError, names: readonly string[]) => void;
  readonly #failure: () => Error | undefined;
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  readonly #staging = new Map<number, GPUBuffer[]>();
  readonly #sealed: Batch[] = [];
  readonly #spareWords: Uint32Array<ArrayBuffer>[] = [];
  #open: Batch;
  #scheduled = false;
  #pumping: Promise<void> | undefined;
  #inFlight = 0;
  #scopes: Promise<unknown>[] = [];
  #uniform: { gpu: GPUBuffer; id: number } | undefined;
  #submitted = 0;

  constructor(
    device: GPUDevice,
    pool: BufferPool,
    pipelines: Pipelines,
    onError: (error: Error | GPUError, names: readonly string[]) => void,
    failure: () => Error | undefined,
  ) {
    this.#device = device;
    this.#pool = pool;
    this.#pipelines = pipelines;
    this.#onError = onError;
    this.#failure = failure;
    this.#open = this.#newBatch(1);
  }

  /** Id of the batch that commands recorded now belong to. */
  get current(): number {
    return this.#open.id;
  }
  /** Batches up to this id have reached the queue. */
  get submitted(): number {
    return this.#submitted;
  }

  record(
    name: string,
    compiled: Compiled,
    buffers: readonly PooledBuffer[],
    params: Readonly<Record<string, number>>,
    grid: readonly [number, number, number],
  ): void {
    const batch = this.#open;
    const fields = compiled.linked.params;
    const at = batch.used;
    if (at + fields.length > batch.words.length) {
      const grown = new Uint32Array(batch.words.length * 2);
      grown.set(batch.words);
      batch.words = grown;
      batch.floats = new Float32Array(grown.buffer);
    }
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]!;
      const value = params[field.name];
      if (value === undefined) throw new DeviceError(name, `kernel parameter ${field.name} was not given`);
      if (field.type === "f32") batch.floats[at + i] = value;
      else batch.words[at + i] = value;
    }
    batch.used = at + fields.length;
    for (const b of buffers) b.batch = batch.id;
    batch.commands.push({ compiled, buffers, at, grid, name });
    counts.dispatches++;
    if (batch.commands.length >= maxCommands) this.flush();
    else this.#schedule();
  }

  read(request: ReadRequest): void {
    request.buffer.batch = this.#open.id;
    this.#open.reads.push(request);
    this.#schedule();
  }

  /** Seals what was recorded and sends it as soon as its pipelines exist. */
  flush(): void {
    if (this.#open.commands.length === 0 && this.#open.reads.length === 0) return;
    this.#sealed.push(this.#open);
    this.#open = this.#newBatch(this.#open.id + 1);
    this.#drive();
  }

  /** A batch sealed while the pump was coming to its end finds it still marked as running: it is looked for once more. */
  #drive(): void {
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined;
      if (this.#sealed.length > 0) this.#drive();
    });
  }

  /** Resolves when all recorded work was submitted, has run and its error scopes are closed. */
  async finish(): Promise<void> {
    this.flush();
    while (this.#pumping) await this.#pumping;
    await this.#device.queue.onSubmittedWorkDone().catch(() => undefined);
    await Promise.all(this.#scopes);
  }

  /** Forgets bind groups over buffers that were destroyed. */
  forget(ids: readonly number[]): void {
    if (ids.length > 0) this.#bindGroups.clear();
  }

  /** Fails everything that waits: the device is gone. */
  abandon(error: Error): void {
    for (const batch of [...this.#sealed.splice(0), this.#open]) for (const r of batch.reads) r.fail(error);
    this.#open = this.#newBatch(this.#open.id + 1);
  }

  #newBatch(id: number): Batch {
    const words = this.#spareWords.pop() ?? new Uint32Array(2048);
    return { id, commands: [], reads: [], words, floats: new Float32Array(words.buffer), used: 0 };
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
    while (this.#sealed.length > 0) {
      const compiling = this.#pipelines.ready();
      if (compiling) await compiling;
      while (this.#inFlight >= maxInFlight) await this.#device.queue.onSubmittedWorkDone().catch(() => (this.#inFlight = 0));
      const batch = this.#sealed.shift();
      if (batch) this.#submit(batch);
    }
  }

  #submit(batch: Batch): void {
    this.#submitted = batch.id;
    const names = batch.commands.map((c) => c.name);
    const failure = this.#failure();
    if (failure) {
      for (const r of batch.reads) r.fail(failure);
      return;
    }
    const device = this.#device;
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    const encoder = device.createCommandEncoder();
    let staging: { gpu: GPUBuffer; size: number } | undefined;
    try {
      this.#writeUniforms(batch);
      this.#encode(encoder, batch, names);
      staging = batch.reads.length > 0 ? this.#encodeReads(encoder, batch.reads) : undefined;
      device.queue.submit([encoder.finish()]);
      counts.submits++;
    } catch (error) {
      this.#onError(error as Error, names);
    }
    const scopes = Promise.all([device.popErrorScope(), device.popErrorScope()]).then(
      (errors) => errors.forEach((e) => e && this.#onError(e, names)),
      () => undefined,
    );
    this.#scopes = [...this.#scopes.slice(-maxInFlight), scopes];
    this.#inFlight++;
    void device.queue.onSubmittedWorkDone().then(
      () => this.#inFlight--,
      () => this.#inFlight--,
    );
    if (batch.reads.length > 0) void this.#deliver(batch.reads, staging, scopes);
    if (this.#spareWords.length < maxInFlight) this.#spareWords.push(batch.words);
    this.forget(this.#pool.trim(batch.id));
  }

  #writeUniforms(batch: Batch): void {
    const users = batch.commands.filter((c) => c.compiled.layoutKey.endsWith("u"));
    if (users.length === 0) return;
    const bytes = users.length * uniformStride;
    if (!this.#uniform || this.#uniform.gpu.size < bytes) {
      this.#uniform?.gpu.destroy();
      const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, 64 * uniformStride)));
      this.#uniform = { gpu: this.#device.createBuffer({ size, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST }), id: -size };
      counts.buffersCreated++;
    }
    const image = new Uint32Array(bytes / 4);
    users.forEach((c, i) => image.set(batch.words.subarray(c.at, c.at + c.compiled.linked.params.length), (i * uniformStride) / 4));
    this.#device.queue.writeBuffer(this.#uniform.gpu, 0, image);
    counts.writes++;
  }

  #encode(encoder: GPUCommandEncoder, batch: Batch, names: readonly string[]): void {
    if (batch.commands.length === 0) return;
    const observer = this.observer;
    let pass: GPUComputePassEncoder | undefined;
    let last: Compiled | undefined;
    let uniformAt = 0;
    for (const command of batch.commands) {
      const { compiled, at, grid } = command;
      if (!compiled.pipeline) throw this.#failure() ?? new DeviceError(command.name, "its kernel did not compile");
      if (!pass) {
        const timestampWrites = observer?.begin(encoder);
        pass = encoder.beginComputePass(timestampWrites ? { timestampWrites } : {});
        counts.passes++;
      }
      if (compiled !== last) pass.setPipeline(compiled.pipeline);
      last = compiled;
      const group = this.#bindGroup(command);
      if (compiled.layoutKey.endsWith("u")) pass.setBindGroup(0, group, [uniformStride * uniformAt++]);
      else pass.setBindGroup(0, group);
      if (compiled.linked.immediates) pass.setImmediates(0, batch.words, at, compiled.linked.params.length);
      pass.dispatchWorkgroups(...grid);
      if (observer?.perDispatch) {
        pass.end();
        observer.end(encoder, [command.name]);
        pass = last = undefined;
      }
    }
    if (pass) {
      pass.end();
      observer?.end(encoder, names);
    }
  }

  #bindGroup({ compiled, buffers }: Command): GPUBindGroup {
    const uniform = compiled.layoutKey.endsWith("u") ? this.#uniform : undefined;
    let key = compiled.layoutKey;
    for (const b of buffers) key += `,${b.id}`;
    if (uniform) key += `,${uniform.id}`;
    let group = this.#bindGroups.get(key);
    if (group) return group;
    if (this.#bindGroups.size >= bindGroupLimit) this.#bindGroups.delete(this.#bindGroups.keys().next().value!);
    const entries: GPUBindGroupEntry[] = buffers.map((b, binding) => ({ binding, resource: { buffer: b.gpu } }));
    if (uniform) entries.push({ binding: entries.length, resource: { buffer: uniform.gpu, size: uniformStride } });
    group = this.#device.createBindGroup({ layout: compiled.layout, entries });
    counts.bindGroupsCreated++;
    this.#bindGroups.set(key, group);
    return group;
  }

  #encodeReads(encoder: GPUCommandEncoder, reads: readonly ReadRequest[]): { gpu: GPUBuffer; size: number } {
    const total = reads.reduce((sum, r) => sum + aligned(r.bytes), 0);
    const size = 2 ** Math.ceil(Math.log2(Math.max(total, 256)));
    const gpu =
      this.#staging.get(size)?.pop() ??
      this.#device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST, label: "wengert read" });
    let at = 0;
    for (const r of reads) {
      encoder.copyBufferToBuffer(r.buffer.gpu, r.offset, gpu, at, r.bytes);
      at += aligned(r.bytes);
    }
    return { gpu, size };
  }

  async #deliver(
    reads: readonly ReadRequest[],
    staging: { gpu: GPUBuffer; size: number } | undefined,
    scopes: Promise<unknown>,
  ): Promise<void> {
    try {
      if (!staging) throw this.#failure() ?? new DeviceError("read", "the commands were refused");
      await staging.gpu.mapAsync(GPUMapMode.READ);
      await scopes;
      const failure = this.#failure();
      if (failure) throw failure;
      let at = 0;
      for (const r of reads) {
        r.done(staging.gpu.getMappedRange(at, r.bytes).slice(0));
        at += aligned(r.bytes);
      }
      staging.gpu.unmap();
      const list = this.#staging.get(staging.size);
      if (list) list.push(staging.gpu);
      else this.#staging.set(staging.size, [staging.gpu]);
      counts.reads++;
    } catch (error) {
      await scopes;
      const cause =
        this.#failure() ?? (error instanceof DeviceError ? error : new DeviceError("read", `the device did not answer: ${String(error)}`));
      for (const r of reads) r.fail(cause);
    }
  }
}
