// The WebGPU device: memory, launches, reads, loss. One per GPUDevice; queue order makes reuse safe.
import { ArgumentError, DeviceError } from "../../base/errors.ts";
import { memo } from "../../base/memo.ts";
import { contiguous, isContiguous, sizeOf } from "../../base/shape.ts";
import { denseCopy, fillKernel } from "../copying.ts";
import { denseView, type Device, type Storage } from "../device.ts";
import { bitsOf, type Grid, type Kernel, type Launcher } from "../kernel.ts";
import { ledger } from "../ledger.ts";
import { type AdapterReport, checkGiven, entryPoint, reportOf, requestGpu } from "./adapter.ts";
import { bufferPool } from "./buffers.ts";
import { type CommandList, commandList } from "./commands.ts";
import { type Faults, faultsOf } from "./fault.ts";
import { usage } from "./flags.ts";
import { link } from "./linker.ts";
import type { GPUDevice } from "./names.ts";
import { compile, type Compiled, pipelinesOf } from "./pipelines.ts";
import { isWrite, type Memory, poisonOf } from "./poison.ts";
import { tablesOf } from "./tables.ts";

export type { AdapterReport };

export interface WebGpuDevice extends Device, Launcher, Pick<CommandList, "flush" | "observe"> {
  readonly report: AdapterReport;
  /** The underlying device, for embedding next to other WebGPU code. */
  readonly gpu: GPUDevice;
  /** Compiles a kernel without running it. Errors: DeviceError with what the compiler says. */
  compile(name: string, kernel: Kernel): Promise<void>;
}

function deviceOn(gpu: GPUDevice, info: GPUAdapterInfo | undefined): WebGpuDevice {
  const report = reportOf(gpu, info);
  const limit = gpu.limits.maxComputeWorkgroupsPerDimension;
  const hasImmediates = entryPoint()?.wgslLanguageFeatures?.has("immediate_address_space");
  const faults: Faults = faultsOf(gpu);
  const relief = new Set<() => void>();
  const pool = bufferPool(gpu, faults, usage.storage | usage.copySrc, relief);
  const staging = bufferPool(gpu, faults, usage.mapRead, relief);
  const pipelines = pipelinesOf(gpu, faults, hasImmediates ? (gpu.limits.maxImmediateSize ?? 0) : 0);
  const commands = commandList(gpu, faults, pool, staging);
  const tables = tablesOf(
    (data) => {
      const dtype = data instanceof Int32Array ? "int32" : "float32";
      return denseView(device, dtype, [data.length], device.upload(dtype, data));
    },
    ({ storage }) => !poisonOf(storage.memory as Memory),
  );
  void faults.gone.then(() => tables.clear());
  let temporary: Storage[] = [];
  let running = "webgpu";
  let born = 0;

  function alloc(elements: number, forHost = false): Memory {
    faults.check();
    const buffer = pool.take(elements * 4, forHost);
    ledger.gpu.add(elements * 4);
    return { buffer, error: undefined, born: born++, refill: undefined, healing: false };
  }

  /** Errors: what is known to be wrong with the contents, unless they can be made again. */
  function checkSound(memory: Memory): void {
    const error = poisonOf(memory);
    const { refill, buffer } = memory;
    if (!error || memory.healing) return;
    if (!refill) throw faults.told(error);
    const { bytes } = buffer;
    memory.buffer = pool.take(bytes, isWrite(refill));
    pool.give(buffer);
    memory.healing = true;
    if (isWrite(refill)) commands.write(memory, refill.data);
    else commands.record({ ...refill, compiled: pipelines(fillKernel(), "fill") });
  }

  function record(
    name: string,
    compiled: Compiled,
    memories: readonly Memory[],
    given: Readonly<Record<string, number | undefined>>,
    size: Grid,
    fills = false,
  ): void {
    const { linked } = compiled;
    const params = linked.params.map(({ name: field }) => {
      const value: unknown = given[field] ?? 0;
      if (typeof value !== "number") throw new ArgumentError(`${field} must be a number, got ${typeof value} ${String(value)}`, "", name);
      return value;
    });
    let grid = size;
    if (typeof grid === "number") {
      const groups = Math.ceil(grid / linked.workgroup);
      grid = [Math.min(groups, limit), Math.ceil(groups / limit), 1];
    }
    if (grid.includes(0)) return;
    if (!grid.every((n) => n <= limit))
      throw new DeviceError(`${grid.join(" × ")} workgroups, the device takes ${limit} in each direction`, "use smaller tensors", name);
    for (const memory of memories) if (!fills) checkSound(memory);
    commands.record({ name, compiled, memories, params, grid, fills, transaction: undefined });
  }

  const device: WebGpuDevice = {
    traits: { barriersAreSlow: report.isFallback, maxWorkgroupsPerDimension: limit },
    launch(kernel, bind, params, grid) {
      // Where there is nothing to do, nothing is compiled either.
      if (grid === 0 || (typeof grid === "object" && grid.includes(0))) return;
      const compiled = pipelines(kernel, running);
      const memories = compiled.linked.bindings.map(({ name }) => bind[name]!.storage.memory as Memory);
      record(running, compiled, memories, params, grid);
    },
    scratch(dtype, shape) {
      const view = denseView(device, dtype, shape, alloc(sizeOf(shape)));
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
    table: (key, make) => tables.get(key, make),
    type: "webgpu",
    name: report.description,
    report,
    gpu,
    get lost() {
      return faults.lost;
    },
    supports: (dtype) => dtype !== "float64",
    alloc: (_dtype, elements) => alloc(elements),
    upload(_dtype, data) {
      // Host writes go ahead of their batch: they must not touch memory that recorded, unsubmitted commands still use.
      const memory = alloc(data.length, true);
      // The caller's array is the caller's again at once.
      commands.write(memory, data instanceof Uint8Array ? Uint32Array.from(data) : data.slice());
      return memory;
    },
    fill(dtype, elements, value) {
      const compiled = pipelines(fillKernel(), "fill");
      const memory = alloc(elements);
      const params = { size: elements, value: bitsOf(dtype, value) };
      record("fill", compiled, [memory], params, Math.ceil(elements / 4), true);
      return memory;
    },
    free(memory, _dtype, elements) {
      ledger.gpu.remove(elements * 4);
      pool.give((memory as Memory).buffer);
    },
    run(name, kernels, io, attrs) {
      faults.check();
      running = name;
      try {
        commands.together(() => kernels.gpu(io, attrs, device), born);
      } finally {
        for (const s of temporary) s.release();
        temporary = [];
        tables.trim();
      }
    },
    transaction(fn, undo) {
      faults.check();
      return commands.transaction(fn, born, undo);
    },
    async read({ storage, dtype, shape, offset }) {
      faults.check();
      const bytes = sizeOf(shape) * 4;
      storage.retain();
      try {
        const memory = storage.memory as Memory;
        checkSound(memory);
        const words = bytes > 0 ? await commands.read(memory, offset * 4, bytes) : new ArrayBuffer(0);
        if (dtype === "float32") return new Float32Array(words);
        return dtype === "int32" ? new Int32Array(words) : Uint8Array.from(new Uint32Array(words));
      } finally {
        storage.release();
      }
    },
    sync: () => commands.finish(),
    flush: commands.flush,
    observe: commands.observe,
    async compile(name, { sources, entry, spec }) {
      faults.check();
      await compile(gpu, faults, name, link(sources, entry, spec).code, entry, "auto");
    },
  };
  return device;
}

/** One wrapper per device, so that tensors made before another device was in use are at home on theirs again. */
const opened = new WeakMap<GPUDevice, WebGpuDevice>();

/**
 * A device with the adapter's own limits, or the one on a GPUDevice that the application hands over. Gives the reason as a string when there is none.
 * Errors: ArgumentError or DeviceError for a GPUDevice that cannot be used.
 */
export async function openWebGpu(given?: GPUDevice): Promise<WebGpuDevice | string> {
  if (given) await checkGiven(given);
  const found = given ? { gpu: given, info: given.adapterInfo } : await requestGpu();
  return typeof found === "string" ? found : memo(opened, found.gpu, () => deviceOn(found.gpu, found.info));
}
