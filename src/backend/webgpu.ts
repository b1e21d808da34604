// The WebGPU device: adapter and limits, memory, launches, reads, loss. One per page; queue order makes reuse safe.
import { type DType, type TypedArray } from "../base/dtype.ts";
import { DeviceError, OutOfMemoryError } from "../base/errors.ts";
import { contiguous, isContiguous, sizeOf } from "../base/shape.ts";
import { type Device, type Kernels, Storage, type View, type Views } from "./backend.ts";
import { BufferPool, type PooledBuffer } from "./buffers.ts";
import { CommandList, type PassObserver } from "./commands.ts";
import { denseCopy, fillKernel } from "./copy.ts";
import { bitsOf, type Grid, type Kernel, type Launcher, type Traits } from "./kernel.ts";
import { counts, ledger } from "./ledger.ts";
import { Pipelines } from "./pipelines.ts";

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
  readonly #pool: BufferPool;
  readonly #pipelines: Pipelines;
  readonly #commands: CommandList;
  readonly #tables = new Map<string, View>();
  #scratch: Storage[] = [];
  #running = "webgpu";
  #failure: Error | undefined;

  constructor(gpu: GPUDevice, report: AdapterReport) {
    this.gpu = gpu;
    this.report = report;
    this.name = report.description;
    this.traits = { barriersAreSlow: report.isFallback, maxWorkgroupsPerDimension: gpu.limits.maxComputeWorkgroupsPerDimension };
    const immediates = navigator.gpu.wgslLanguageFeatures.has("immediate_address_space") ? (gpu.limits.maxImmediateSize ?? 0) : 0;
    const fail = (error: Error): void => void (this.#failure ??= error);
    this.#pool = new BufferPool(gpu, (error, bytes) =>
      fail(new OutOfMemoryError("webgpu", `the driver refused ${bytes} bytes: ${error.message}`, "use a smaller batch", { bytes })),
    );
    this.#pipelines = new Pipelines(gpu, immediates, fail);
    this.#commands = new CommandList(
      gpu,
      this.#pool,
      this.#pipelines,
      (error, names) => fail(describe(error, names)),
      () => this.#failure,
    );
    gpu.lost.then(
      (info) => {
        fail(
          new DeviceError("webgpu", `the device was lost: ${info.message || info.reason}`, "call init() again and rebuild the model", {
            reason: info.reason,
          }),
        );
        this.#commands.abandon(this.#failure!);
      },
      () => undefined,
    );
    gpu.addEventListener("uncapturederror", (event) => fail(describe((event as GPUUncapturedErrorEvent).error, [])));
  }

  get lost(): Error | undefined {
    return this.#failure;
  }

  supports(dtype: DType): boolean {
    return dtype !== "float64";
  }
  bytes(_dtype: DType, elements: number): number {
    return elements * 4;
  }

  alloc(_dtype: DType, elements: number): PooledBuffer {
    this.#check();
    const buffer = this.#pool.take(elements * 4);
    ledger.gpu.add(elements * 4);
    return buffer;
  }

  free(memory: unknown, _dtype: DType, elements: number): void {
    ledger.gpu.remove(elements * 4);
    if (!this.#failure) this.#pool.give(memory as PooledBuffer);
  }

  upload(dtype: DType, data: TypedArray): PooledBuffer {
    this.#check();
    // A host write goes straight to the queue: it must not touch memory that recorded, unsubmitted commands still use.
    const buffer = this.#pool.take(data.length * 4, this.#commands.submitted + 1);
    ledger.gpu.add(data.length * 4);
    const words = dtype === "float32" || dtype === "int32" ? data : Uint32Array.from(data);
    if (data.length > 0) this.gpu.queue.writeBuffer(buffer.gpu, 0, words as Float32Array<ArrayBuffer>);
    counts.writes++;
    return buffer;
  }

  fill(dtype: DType, elements: number, value: number): PooledBuffer {
    const buffer = this.alloc(dtype, elements);
    const compiled = this.#pipelines.get(fillKernel());
    if (elements > 0)
      this.#commands.record(
        "fill",
        compiled,
        [buffer],
        { size: elements, value: bitsOf(dtype, value) },
        this.#fold(Math.ceil(elements / 4), compiled.linked.workgroup[0]),
      );
    return buffer;
  }

  run(name: string, kernels: Kernels, io: Views, attrs: object): void {
    this.#check();
    this.#running = name;
    kernels.gpu(io, attrs, this);
    for (const s of this.#scratch) s.release();
    this.#scratch = [];
  }

  launch(kernel: Kernel, bind: Readonly<Record<string, View>>, params: Readonly<Record<string, number>>, grid: Grid): void {
    const compiled = this.#pipelines.get(kernel);
    const buffers = compiled.linked.bindings.map(({ name }) => {
      const view = bind[name];
      if (!view) throw new DeviceError(this.#running, `kernel ${kernel.entry} wants a binding ${name}`);
      return view.storage.memory as PooledBuffer;
    });
    const cells = typeof grid === "number" ? this.#fold(grid, compiled.linked.workgroup[0]) : grid;
    if (cells[0] * cells[1] * cells[2] === 0) return;
    if (cells.some((c) => c > this.traits.maxWorkgroupsPerDimension))
      throw new DeviceError(this.#running, `grid [${cells.join(", ")}] is beyond the adapter's limit`);
    this.#commands.record(this.#running, compiled, buffers, params, cells);
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
    let view = this.#tables.get(key);
    if (!view) {
      const data = make();
      const dtype = data instanceof Int32Array ? "int32" : "float32";
      view = { storage: new Storage(this, dtype, data.length, this.upload(dtype, data)), dtype, ...contiguous([data.length]) };
      this.#tables.set(key, view);
    }
    return view;
  }

  async read(view: View): Promise<TypedArray> {
    this.#check();
    const n = sizeOf(view.shape);
    if (n === 0) return hostFrom(view.dtype, new ArrayBuffer(0));
    const buffer = view.storage.memory as PooledBuffer;
    view.storage.retain();
    try {
      const bytes = await new Promise<ArrayBuffer>((done, fail) => {
        this.#commands.read({ buffer, offset: view.offset * 4, bytes: n * 4, done, fail });
      });
      return hostFrom(view.dtype, bytes);
    } finally {
      view.storage.release();
    }
  }

  async sync(): Promise<void> {
    this.#check();
    await this.#commands.finish();
    this.#check();
  }

  /** Sends what was recorded without waiting for it. */
  flush(): void {
    this.#commands.flush();
  }

  /** Attaches a profiler to the following submits. */
  observe(observer: PassObserver | undefined): void {
    this.#commands.flush();
    this.#commands.observer = observer;
  }

  #check(): void {
    if (this.#failure) throw this.#failure;
  }

  #fold(invocations: number, workgroup: number): [number, number, number] {
    const groups = Math.ceil(invocations / workgroup);
    const limit = this.traits.maxWorkgroupsPerDimension;
    return groups <= limit ? [groups, 1, 1] : [limit, Math.ceil(groups / limit), 1];
  }
}

const describe = (error: Error | GPUError, names: readonly string[]): Error => {
  if (error instanceof DeviceError) return error;
  const during = names.length > 0 ? ` while running ${[...new Set(names)].slice(0, 8).join(", ")}` : "";
  const outOfMemory = typeof GPUOutOfMemoryError !== "undefined" && error instanceof GPUOutOfMemoryError;
  return outOfMemory
    ? new OutOfMemoryError("webgpu", `out of memory${during}: ${error.message}`, "use a smaller batch")
    : new DeviceError("webgpu", `${error.message}${during}`, undefined, { names });
};

function hostFrom(dtype: DType, bytes: ArrayBuffer): TypedArray {
  if (dtype === "float32") return new Float32Array(bytes);
  if (dtype === "int32") return new Int32Array(bytes);
  return Uint8Array.from(new Uint32Array(bytes));
}

/** Asks the browser for a device with the adapter's own limits. Returns the reason as a string when there is none. */
export async function openWebGpu(given?: GPUDevice): Promise<WebGpuDevice | string> {
  if (given) return new WebGpuDevice(given, reportOf(given.adapterInfo, given));
  const gpu = typeof navigator === "undefined" ? undefined : navigator.gpu;
  if (!gpu) return "navigator.gpu is not there: this browser has no WebGPU, or the page is not served over https or localhost";
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return "requestAdapter gave no adapter: the GPU is blocked or missing";
    const requiredLimits: Record<string, number> = {};
    for (const name of wantedLimits) {
      const value = adapter.limits[name];
      if (typeof value === "number") requiredLimits[name] = value;
    }
    const requiredFeatures = (["timestamp-query"] as const).filter((f) => adapter.features.has(f));
    const device = await adapter.requestDevice({ requiredLimits, requiredFeatures, label: "wengert" });
    return new WebGpuDevice(device, reportOf(adapter.info, device));
  } catch (error) {
    return `requestDevice failed: ${String(error)}`;
  }
}

function reportOf(info: GPUAdapterInfo | undefined, device: GPUDevice): AdapterReport {
  const limits: Record<string, number> = {};
  for (const name of wantedLimits) if (device.limits[name] !== undefined) limits[name] = device.limits[name];
  const description = [info?.description, info?.vendor, info?.architecture].filter(Boolean).join(" ") || "WebGPU adapter";
  return {
    description,
    vendor: info?.vendor ?? "",
    architecture: info?.architecture ?? "",
    isFallback: info?.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|software/i.test(description),
    features: [...device.features],
    limits,
  };
}
