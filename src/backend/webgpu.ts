// The WebGPU device: adapter and limits, memory, launches, reads, loss. One per page; queue order makes reuse safe.
import { type DType, type TypedArray } from "../base/dtype.ts";
import { ArgumentError, DeviceError } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { contiguous, isContiguous, sizeOf } from "../base/shape.ts";
import { denseView, type Device, type Storage, type View } from "./backend.ts";
import { bufferPool, type PooledBuffer } from "./buffers.ts";
import { type CommandList, commandList } from "./commands.ts";
import { denseCopy, fillKernel } from "./copy.ts";
import { faultOf } from "./fault.ts";
import { bitsOf, type Grid, type Launcher } from "./kernel.ts";
import { counts, ledger } from "./ledger.ts";
import { type Compiled, pipelinesOf } from "./pipelines.ts";

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

export interface WebGpuDevice extends Device, Launcher, Pick<CommandList, "flush" | "observe"> {
  readonly report: AdapterReport;
  /** The underlying device, for embedding next to other WebGPU code. */
  readonly gpu: GPUDevice;
  /** The first error met: from then on nothing works. */
  readonly lost: Error | undefined;
}

function deviceOn(gpu: GPUDevice, info: GPUAdapterInfo | undefined): WebGpuDevice {
  const report = reportOf(gpu, info);
  const limit = gpu.limits.maxComputeWorkgroupsPerDimension;
  const immediates = entryPoint()?.wgslLanguageFeatures?.has("immediate_address_space") ? (gpu.limits.maxImmediateSize ?? 0) : 0;
  const fault = faultOf(gpu);
  const pool = bufferPool(gpu, fault, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC);
  const pipelines = pipelinesOf(gpu, fault, immediates);
  const commands = commandList(gpu, fault, pool);
  const tables = new Map<string, View>();
  let temporary: Storage[] = [];
  let running = "webgpu";
  void gpu.lost.then(({ message, reason }) =>
    fault.report(new DeviceError(`the device was lost: ${message || reason}`, "init() again, then rebuild the model", "webgpu")),
  );
  gpu.addEventListener("uncapturederror", (event) => fault.report((event as GPUUncapturedErrorEvent).error));

  function alloc(_dtype: DType, elements: number, writtenBy?: number): PooledBuffer {
    fault.check();
    const buffer = pool.take(elements * 4, writtenBy);
    ledger.gpu.add(elements * 4);
    return buffer;
  }

  function upload(dtype: DType, data: TypedArray): PooledBuffer {
    // A host write goes straight to the queue: it must not touch memory that recorded, unsubmitted commands still use.
    const buffer = alloc(dtype, data.length, commands.submitted + 1);
    const words = data instanceof Uint8Array ? Uint32Array.from(data) : data;
    gpu.queue.writeBuffer(buffer.gpu, 0, words as Float32Array<ArrayBuffer>);
    counts.writes++;
    return buffer;
  }

  function record(
    name: string,
    compiled: Compiled,
    buffers: PooledBuffer[],
    given: Readonly<Record<string, number | undefined>>,
    size: Grid,
  ): void {
    const { linked } = compiled;
    const params = linked.params.map((field) => given[field.name] ?? 0);
    let grid = size;
    if (typeof grid === "number") {
      const groups = Math.ceil(grid / linked.workgroup);
      grid = [Math.min(groups, limit), Math.ceil(groups / limit), 1];
    }
    if (!grid.includes(0)) commands.record({ name, compiled, buffers, params, grid });
  }

  const device: WebGpuDevice = {
    traits: { barriersAreSlow: report.isFallback, maxWorkgroupsPerDimension: limit },
    launch(kernel, bind, params, grid) {
      // Where there is nothing to do, nothing is compiled either.
      if (grid === 0 || (typeof grid === "object" && grid.includes(0))) return;
      const compiled = pipelines(kernel);
      const buffers = compiled.linked.bindings.map(({ name }) => bind[name]!.storage.memory as PooledBuffer);
      record(running, compiled, buffers, params, grid);
    },
    scratch(dtype, shape) {
      const view = denseView(device, dtype, shape, alloc(dtype, sizeOf(shape)));
      temporary.push(view.storage);
      return view;
    },
    dense(view) {
      if (sizeOf(view.shape) === 0) return { ...view, ...contiguous(view.shape) };
      if (view.offset === 0 && isContiguous(view)) return view;
      const out = device.scratch(view.dtype, view.shape);
      denseCopy(device, view, out);
      return out;
    },
    table: (key, make) =>
      memo(tables, key, () => {
        const data = make();
        const dtype = data instanceof Int32Array ? "int32" : "float32";
        return denseView(device, dtype, [data.length], upload(dtype, data));
      }),
    type: "webgpu",
    name: report.description,
    report,
    gpu,
    get lost() {
      return fault.error;
    },
    supports: (dtype) => dtype !== "float64",
    alloc,
    upload,
    fill(dtype, elements, value) {
      const buffer = alloc(dtype, elements);
      record("fill", pipelines(fillKernel()), [buffer], { size: elements, value: bitsOf(dtype, value) }, Math.ceil(elements / 4));
      return buffer;
    },
    free(memory, _dtype, elements) {
      ledger.gpu.remove(elements * 4);
      pool.give(memory as PooledBuffer);
    },
    run(name, kernels, io, attrs) {
      fault.check();
      running = name;
      kernels.gpu(io, attrs, device);
      for (const s of temporary) s.release();
      temporary = [];
    },
    async read({ storage, dtype, shape, offset }) {
      fault.check();
      const bytes = sizeOf(shape) * 4;
      storage.retain();
      try {
        const words = bytes > 0 ? await commands.read(storage.memory as PooledBuffer, offset * 4, bytes) : new ArrayBuffer(0);
        if (dtype === "float32") return new Float32Array(words);
        return dtype === "int32" ? new Int32Array(words) : Uint8Array.from(new Uint32Array(words));
      } finally {
        storage.release();
      }
    },
    async sync() {
      await commands.finish();
      fault.check();
    },
    flush: commands.flush,
    observe: commands.observe,
  };
  return device;
}

/** `navigator.gpu`, where there is one; an application may hand over a device without it. */
const entryPoint = (): Partial<GPU> | undefined => (globalThis as { navigator?: Partial<Navigator> }).navigator?.gpu;

/** Why there is no WebGPU at all, and where it comes from. */
const absence = (what: string): string => {
  const inNode = "process" in globalThis && !("window" in globalThis);
  return `${what} not there: ${inNode ? "in Node the package webgpu brings both the globals and navigator.gpu" : "it takes a browser with WebGPU, and https or localhost"}`;
};

/** Resolves when an answer has come back: a device that was lost before has said so by then. */
async function roundTrip(gpu: GPUDevice): Promise<void> {
  try {
    gpu.pushErrorScope("validation");
    await gpu.popErrorScope();
  } catch {
    // Browsers differ in what a lost device still answers.
  }
}

/** One wrapper per device, so that tensors made before another device was in use are at home on theirs again. */
const opened = new WeakMap<GPUDevice, WebGpuDevice>();

/** The device on a GPUDevice of the application. Errors: ArgumentError for another thing, DeviceError for a device that is lost. */
async function adopted(given: GPUDevice): Promise<WebGpuDevice> {
  const { lost, queue } = Object(given) as Partial<GPUDevice>;
  const kind = Object.prototype.toString.call(given).slice(8, -1);
  if (!lost || !queue) throw new ArgumentError(`gpuDevice is ${kind}, not GPUDevice`, "await adapter.requestDevice()", "init");
  if (!("GPUBufferUsage" in globalThis)) throw new DeviceError(absence("the globals of WebGPU are"), "", "init");
  const loss = await Promise.race([lost, roundTrip(given)]);
  if (loss) throw new DeviceError(`gpuDevice is lost: ${loss.message || loss.reason}`, "request another one", "init");
  return memo(opened, given, () => deviceOn(given, given.adapterInfo));
}

/**
 * A device with the adapter's own limits, or the one on a GPUDevice that the application hands over. Gives the reason as a string when there is none.
 * Errors: ArgumentError or DeviceError for a GPUDevice that cannot be used.
 */
export async function openWebGpu(given?: GPUDevice): Promise<WebGpuDevice | string> {
  if (given) return adopted(given);
  const gpu = entryPoint();
  if (!gpu?.requestAdapter) return absence("navigator.gpu is");
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return "requestAdapter gave no adapter: the GPU is blocked or missing";
    const device = await adapter.requestDevice({
      requiredLimits: limitsOf(adapter),
      requiredFeatures: adapter.features.has("timestamp-query") ? ["timestamp-query"] : [],
    });
    return memo(opened, device, () => deviceOn(device, adapter.info));
  } catch (error) {
    return String(error);
  }
}

/** The limits kernels care about, as far as the browser knows them. */
const limitsOf = ({ limits }: GPUAdapter | GPUDevice): Record<string, number> =>
  Object.fromEntries(wantedLimits.filter((name) => name in limits).map((name) => [name, limits[name]!]));

/** Older browsers leave out the information, or parts of it. */
function reportOf(device: GPUDevice, info: Partial<GPUAdapterInfo> = {}): AdapterReport {
  const { vendor = "", architecture = "", isFallbackAdapter = false } = info;
  const description = [info.description, vendor, architecture].filter(Boolean).join(" ") || "WebGPU adapter";
  return {
    description,
    vendor,
    architecture,
    isFallback: isFallbackAdapter || /swiftshader|lavapipe|llvmpipe|software/i.test(description),
    features: [...device.features],
    limits: limitsOf(device),
  };
}
