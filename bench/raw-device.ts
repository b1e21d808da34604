/** The least WebGPU that hand-written contestants need: buffers, kernels with their bind groups, one pass per submit. */

/** A kernel bound to its buffers, ready to be dispatched again and again. */
export interface Command {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly x: number;
  readonly y: number;
}

/** What a kernel may be bound to: a whole buffer, a part of one, or nothing where its entry point uses nothing. */
export type Bound = GPUBuffer | GPUBufferBinding | undefined;

function entryOf(bound: Bound, binding: number): GPUBindGroupEntry[] {
  if (bound === undefined) return [];
  return [{ binding, resource: "buffer" in bound ? bound : { buffer: bound } }];
}

/** Buffers and kernels of one device. */
export class RawDevice {
  readonly device: GPUDevice;
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #pipelines = new Map<string, GPUComputePipeline>();
  #owned: GPUBuffer[] = [];

  constructor(device: GPUDevice) {
    this.device = device;
  }

  /** Asks for the fastest adapter with its full buffer limits. */
  static async request(): Promise<RawDevice> {
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) throw new Error("raw: no WebGPU adapter");
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
    return new RawDevice(await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } }));
  }

  /** A storage buffer of a given size in floats, or holding the given data. */
  storage(content: number | Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>): GPUBuffer {
    const size = 4 * (typeof content === "number" ? content : content.length);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.device.createBuffer({ size, usage });
    if (typeof content !== "number") this.device.queue.writeBuffer(buffer, 0, content);
    this.#owned.push(buffer);
    return buffer;
  }

  /** A uniform buffer of integers. */
  uniform(...values: number[]): GPUBuffer {
    const data = new Uint32Array(Math.max(4, values.length));
    data.set(values);
    const buffer = this.device.createBuffer({ size: data.byteLength, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
    this.device.queue.writeBuffer(buffer, 0, data);
    this.#owned.push(buffer);
    return buffer;
  }

  /** Binds one entry point of a shader to buffers by binding number. */
  command(code: string, entryPoint: string, buffers: readonly Bound[], x: number, y = 1): Command {
    const key = `${entryPoint}\n${code}`;
    let pipeline = this.#pipelines.get(key);
    if (pipeline === undefined) {
      let module = this.#modules.get(code);
      if (module === undefined) this.#modules.set(code, (module = this.device.createShaderModule({ code })));
      pipeline = this.device.createComputePipeline({ layout: "auto", compute: { module, entryPoint } });
      this.#pipelines.set(key, pipeline);
    }
    const entries = buffers.flatMap(entryOf);
    return { pipeline, group: this.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }), x, y };
  }

  /** Commands over `count` items with workgroups of 64, folded into two dimensions when there are many. */
  linear(code: string, entryPoint: string, buffers: readonly Bound[], count: number): Command {
    const groups = Math.ceil(count / 64);
    const y = Math.ceil(groups / 65535);
    return this.command(code, entryPoint, buffers, Math.ceil(groups / y), y);
  }

  /** Encodes all commands in one pass and submits it. */
  submit(commands: readonly Command[]): void {
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, group, x, y } of commands) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, y);
    }
    pass.end();
    this.device.queue.submit([encoder.finish()]);
  }

  /** Waits until everything submitted is finished. */
  async done(): Promise<void> {
    await this.device.queue.onSubmittedWorkDone();
  }

  /** Copies a buffer back. */
  async read(buffer: GPUBuffer): Promise<Float32Array> {
    const staging = this.device.createBuffer({ size: buffer.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
    this.device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const values = new Float32Array(staging.getMappedRange().slice(0));
    staging.destroy();
    return values;
  }

  /** Destroys every buffer made since the last call; kernels stay. */
  release(): void {
    for (const buffer of this.#owned) buffer.destroy();
    this.#owned = [];
  }
}
