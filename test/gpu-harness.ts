// Runs one compute entry point on the adapter at hand, for tests of shader text before any of the library is involved.

type Data = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

export interface Run {
  readonly code: string;
  readonly entry: string;
  /** Uniform and storage buffers by binding number; outputs are given as their length in bytes. */
  readonly bindings: Readonly<Record<number, Data | number>>;
  readonly workgroups: readonly [number, number?];
}

let shared: Promise<GPUDevice> | undefined;

async function open(): Promise<GPUDevice> {
  // In Node the setup file has installed Dawn under the browser's name.
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error("no WebGPU adapter: GPU tests need one and are never skipped");
  const device = await adapter.requestDevice();
  device.addEventListener("uncapturederror", (event) => {
    throw new Error((event as GPUUncapturedErrorEvent).error.message);
  });
  return device;
}

/** One device for the whole file. */
export const gpuDevice = (): Promise<GPUDevice> => (shared ??= open());

/** Dispatches once and returns the bytes of every output binding. */
export async function runShader(run: Run): Promise<Record<number, ArrayBuffer>> {
  const device = await gpuDevice();
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code: run.code });
  const messages = (await module.getCompilationInfo()).messages.filter((message) => message.type === "error");
  if (messages.length > 0) throw new Error(messages.map((message) => `${message.lineNum}: ${message.message}`).join("\n"));
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: run.entry } });
  const made: GPUBuffer[] = [];
  const create = (size: number, usage: number): GPUBuffer => {
    const buffer = device.createBuffer({ size: Math.max(16, Math.ceil(size / 16) * 16), usage });
    made.push(buffer);
    return buffer;
  };
  const reads: { binding: number; from: GPUBuffer; to: GPUBuffer; size: number }[] = [];
  const entries = Object.entries(run.bindings).map(([key, data]): GPUBindGroupEntry => {
    const size = typeof data === "number" ? data : data.byteLength;
    const use = typeof data === "number" ? GPUBufferUsage.STORAGE : GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM;
    const buffer = create(size, use | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC);
    if (typeof data === "number") {
      reads.push({ binding: Number(key), from: buffer, to: create(size, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST), size });
    } else device.queue.writeBuffer(buffer, 0, data);
    return { binding: Number(key), resource: { buffer } };
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(run.workgroups[0], run.workgroups[1] ?? 1);
  pass.end();
  for (const read of reads) encoder.copyBufferToBuffer(read.from, 0, read.to, 0, Math.ceil(read.size / 4) * 4);
  device.queue.submit([encoder.finish()]);
  const failure = await device.popErrorScope();
  if (failure) throw new Error(failure.message);
  const outputs: Record<number, ArrayBuffer> = {};
  for (const read of reads) {
    await read.to.mapAsync(GPUMapMode.READ);
    outputs[read.binding] = read.to.getMappedRange().slice(0, read.size);
    read.to.unmap();
  }
  for (const buffer of made) buffer.destroy();
  return outputs;
}
