// The WebGPU device: adapter and limits, memory, launches, reads, loss. One per page; queue order makes reuse safe.
import { type DType, type TypedArray } from "../base/dtype.ts";
import { DeviceError } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { contiguous, isContiguous, sizeOf } from "../base/shape.ts";
import { type Device, type Kernels, Storage, type View, type Views } from "./backend.ts";
import { BufferPool, type PooledBuffer } from "./buffers.ts";
import { CommandList } from "./commands.ts";
import { denseCopy, fillKernel } from "./copy.ts";
import { Fault } from "./fault.ts";
import { bitsOf, type Grid, type Kernel, type Launcher, type Traits } from "./kernel.ts";
import { counts, ledger } from "./ledger.ts";
import { type Compiled, Pipelines } from "./pipelines.ts";

const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxImmediateSize",
] as const;

/** What init() reports about the GPU. */
export interface AdapterReport {
  readonly description: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly isFallback: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

export class WebGpuDevice implements Device, Launcher {
  readonly type = "webgpu";
  readonly name: string;
  readonly report: AdapterReport;
  readonly traits: Traits;
  /** The underlying device, for embedding next to other WebGPU code. */
  readonly gpu: GPUDevice;
  readonly #fault = new Fault();
  readonly #pool: BufferPool;
  readonly #pipelines: Pipelines;
  readonly #commands: CommandList;
  readonly #tables = new Map<string, View>();
  #scratch: Storage[] = [];
  #running = "webgpu";

  constructor(gpu: GPUDevice, report: AdapterReport) {
    const fault = this.#fault;
    this.gpu = gpu;
    this.report = report;
    this.name = report.description;
    this.traits = { barriersAreSlow: report.isFallback, maxWorkgroupsPerDimension: gpu.limits.maxComputeWorkgroupsPerDimension };
    const immediates = navigator.gpu.wgslLanguageFeatures.has("immediate_address_space") ? (gpu.limits.maxImmediateSize ?? 0) : 0;
    this.#pool = new BufferPool(gpu, fault, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC);
    this.#pipelines = new Pipelines(gpu, fault, immediates);
    this.#commands = new CommandList(gpu, fault, this.#pool, this.#pipelines);
    void gpu.lost.then(({ message, reason }) =>
      fault.report(new DeviceError("webgpu", `the device was lost: ${message || reason}`, "call init() again and rebuild the model")),
    );
    gpu.addEventListener("uncapturederror", (event) => fault.report((event as GPUUncapturedErrorEvent).error));
  }

  get lost(): Error | undefined {
    return this.#fault.error;
  }

  supports(dtype: DType): boolean {
    return dtype !== "float64";
  }

  alloc(_dtype: DType, elements: number, writtenBy?: number): PooledBuffer {
    this.#fault.check();
    const buffer = this.#pool.take(elements * 4, writtenBy);
    ledger.gpu.add(elements * 4);
    return buffer;
  }

  free(memory: unknown, _dtype: DType, elements: number): void {
    ledger.gpu.remove(elements * 4);
    if (!this.#fault.error) this.#pool.give(memory as PooledBuffer);
  }

  upload(dtype: DType, data: TypedArray): PooledBuffer {
    // A host write goes straight to the queue: it must not touch memory that recorded, unsubmitted commands still use.
    const buffer = this.alloc(dtype, data.length, this.#commands.submitted + 1);
    const words = dtype === "float32" || dtype === "int32" ? data : Uint32Array.from(data);
    this.gpu.queue.writeBuffer(buffer.gpu, 0, words as Float32Array<ArrayBuffer>);
    counts.writes++;
    return buffer;
  }

  fill(dtype: DType, elements: number, value: number): PooledBuffer {
    const buffer = this.alloc(dtype, elements);
    const params = { size: elements, value: bitsOf(dtype, value) };
    this.#record("fill", this.#pipelines.get(fillKernel()), [buffer], params, Math.ceil(elements / 4));
    return buffer;
  }

  run(name: string, kernels: Kernels, io: Views, attrs: object): void {
    this.#fault.check();
    this.#running = name;
    kernels.gpu(io, attrs, this);
    for (const s of this.#scratch) s.release();
    this.#scratch = [];
  }

  launch(kernel: Kernel, bind: Readonly<Record<string, View>>, params: Readonly<Record<string, number>>, grid: Grid): void {
    const compiled = this.#pipelines.get(kernel);
    const buffers = compiled.linked.bindings.map(({ name }) => {
      if (!bind[name]) throw new DeviceError(this.#running, `kernel ${kernel.entry} wants a binding ${name}`);
      return bind[name].storage.memory as PooledBuffer;
    });
    this.#record(this.#running, compiled, buffers, params, grid);
  }

  #record(name: string, compiled: Compiled, buffers: PooledBuffer[], given: Readonly<Record<string, number>>, size: Grid): void {
    const params = compiled.linked.params.map(({ name: field }) => {
      if (given[field] === undefined) throw new DeviceError(name, `kernel parameter ${field} was not given`);
      return given[field];
    });
    let grid = size;
    if (typeof grid === "number") {
      const limit = this.traits.maxWorkgroupsPerDimension;
      const groups = Math.ceil(grid / compiled.linked.workgroup[0]);
      grid = [Math.min(groups, limit), Math.ceil(groups / limit), 1];
    }
    if (!grid.includes(0)) this.#commands.record({ name, compiled, buffers, params, grid });
  }

  scratch(dtype: DType, shape: readonly number[]): View {
    const storage = new Storage(this, dtype, sizeOf(shape), this.alloc(dtype, sizeOf(shape)));
    this.#scratch.push(storage);
    return { storage, dtype, ...contiguous(shape) };
  }

  dense(view: View): View {
    if (view.offset === 0 && isContiguous(view)) return view;
    const out = this.scratch(view.dtype, view.shape);
    denseCopy(this, view, out);
    return out;
  }

  table(key: string, make: () => Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer>): View {
    return memo(this.#tables, key, () => {
      const data = make();
      const dtype = data instanceof Int32Array ? "int32" : "float32";
      return { storage: new Storage(this, dtype, data.length, this.upload(dtype, data)), dtype, ...contiguous([data.length]) };
    });
  }

  async read({ storage, dtype, shape, offset }: View): Promise<TypedArray> {
    this.#fault.check();
    const bytes = sizeOf(shape) * 4;
    storage.retain();
    try {
      const words = bytes > 0 ? await this.#commands.read(storage.memory as PooledBuffer, offset * 4, bytes) : new ArrayBuffer(0);
      if (dtype === "float32") return new Float32Array(words);
      return dtype === "int32" ? new Int32Array(words) : Uint8Array.from(new Uint32Array(words));
    } finally {
      storage.release();
    }
  }

  async sync(): Promise<void> {
    this.#fault.check();
    await this.#commands.finish();
    this.#fault.check();
  }

  /** Sends what was recorded without waiting for it. */
  flush(): void {
    this.#commands.flush();
  }

  /** Times the dispatches of the following submits, each in a pass of its own. */
  observe(timer: CommandList["timer"]): void {
    this.#commands.flush();
    this.#commands.timer = timer;
  }
}

/** Asks the browser for a device with the adapter's own limits. Returns the reason as a string when there is none. */
export async function openWebGpu(given?: GPUDevice): Promise<WebGpuDevice | string> {
  if (given) return new WebGpuDevice(given, reportOf(given.adapterInfo, given));
  const gpu = typeof navigator === "undefined" ? undefined : navigator.gpu;
  if (!gpu) return "navigator.gpu is not there: the browser has no WebGPU, or the page is not served over https or localhost";
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return "requestAdapter gave no adapter: the GPU is blocked or missing";
    const device = await adapter.requestDevice({
      requiredLimits: limitsOf(adapter),
      requiredFeatures: adapter.features.has("timestamp-query") ? ["timestamp-query"] : [],
    });
    return new WebGpuDevice(device, reportOf(adapter.info, device));
  } catch (error) {
    return String(error);
  }
}

/** The limits kernels care about, as far as the browser knows them. */
const limitsOf = ({ limits }: GPUAdapter | GPUDevice): Record<string, number> =>
  Object.fromEntries(wantedLimits.flatMap((name) => (limits[name] === undefined ? [] : [[name, limits[name]]])));

function reportOf(info: GPUAdapterInfo | undefined, device: GPUDevice): AdapterReport {
  const { vendor = "", architecture = "" } = info ?? {};
  const description = [info?.description, vendor, architecture].filter(Boolean).join(" ") || "WebGPU adapter";
  return {
    description,
    vendor,
    architecture,
    isFallback: info?.isFallbackAdapter === true || /swiftshader|lavapipe|llvmpipe|software/i.test(description),
    features: [...device.features],
    limits: limitsOf(device),
  };
}
