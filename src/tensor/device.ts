// Which device tensors live on: init(), the default device, and what the devices count.
import { told } from "../autograd/anomaly.ts";
import { relieve } from "../autograd/pressure.ts";
import { checkKnown } from "../base/checks.ts";
import { ArgumentError, DeviceError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { entry, takes } from "../base/reading.ts";
import { cpu } from "../device/cpu.ts";
import type { Device, DeviceLike, DeviceName } from "../device/device.ts";
import { type Counts, counts, ledger } from "../device/ledger.ts";
import type { GPUDevice } from "../device/webgpu/names.ts";
import { type AdapterReport, openWebGpu, type WebGpuDevice } from "../device/webgpu/webgpu.ts";
import { isTensor } from "../ops/arguments.ts";

export type { DeviceLike, DeviceName };
export interface InitOptions {
  /** "auto" (default): WebGPU where it works, else the CPU. "webgpu" and "cpu" insist. */
  readonly device?: "auto" | DeviceName;
  /** A GPUDevice to share with other code on the page. */
  readonly gpuDevice?: GPUDevice;
}
/** What init() chose and why. */
export interface InitReport {
  readonly device: DeviceName;
  readonly name: string;
  /** Present when device is "webgpu". */
  readonly adapter?: AdapterReport;
  /** Present when "auto" fell back to the CPU: why WebGPU could not be used. */
  readonly reason?: string;
}

let current: Device = cpu;
let webgpu: WebGpuDevice | undefined;

/** The latest call of init(): the next one waits for it, so that calls that meet agree on one device. */
let latest: Promise<unknown> = Promise.resolve();

/**
 * Chooses the default device for new tensors. May be called again, also after a device was lost, or while another call runs: calls are served
 * in order. A `gpuDevice` that was in use before finds its tensors again.
 * Errors: DeviceError when "webgpu" is asked for and there is none, or gpuDevice is lost; ArgumentError for unknown options.
 * @example (await init({ device: "cpu" })).device; // → cpu
 */
export async function init(options: InitOptions = {}): Promise<InitReport> {
  const { device, gpuDevice } = entry("init", arguments, 1, () => {
    const o = parse([options], {}, { device: "auto" as "auto" | DeviceName, gpuDevice: undefined as GPUDevice | undefined });
    checkKnown("device", o.device, ["auto", "cpu", "webgpu"]);
    return o;
  });
  const served = latest.then(() => choose(device, gpuDevice));
  latest = served.catch(() => undefined);
  return served;
}

async function choose(device: "auto" | DeviceName, gpuDevice: GPUDevice | undefined): Promise<InitReport> {
  const usable = webgpu && !webgpu.lost && (!gpuDevice || webgpu.gpu === gpuDevice);
  const opened = device === "cpu" ? "" : usable ? webgpu! : await openWebGpu(gpuDevice);
  if (typeof opened !== "string") {
    current = webgpu = opened;
    return { device: "webgpu", name: opened.name, adapter: opened.report };
  }
  if (device === "webgpu") throw new DeviceError(`no WebGPU: ${opened}`, 'use device "auto" or "cpu"', "init");
  current = cpu;
  return { device: "cpu", name: cpu.name, ...(opened && { reason: opened }) };
}

export const defaultDevice = (): Device => current;

/** Whether something is a device as tensors hold it. */
export const isDevice = (x: unknown): x is { readonly type: unknown } => typeof x === "object" && x !== null && "type" in x && !isTensor(x);

/** The device object for a name, or for one with that name. Errors: DeviceError when WebGPU was not initialised. */
export function deviceNamed(device: unknown): Device {
  if (device === undefined || device === null) return current;
  const name = isDevice(device) ? device.type : device;
  if (name === "cpu") return cpu;
  if (name !== "webgpu") throw new ArgumentError(`unknown device ${String(name)}`, "cpu or webgpu");
  if (!webgpu) throw new DeviceError("webgpu is not initialised", 'await init({ device: "webgpu" }) first');
  return webgpu;
}

/** The WebGPU device in use, for profiling and embedding. */
export const webGpuDevice = (): WebGpuDevice | undefined => webgpu;

/** Resolves when everything recorded so far has run. Errors: the first device error met, typed. */
export async function sync(): Promise<void> {
  takes("sync", arguments, 0);
  await current.sync();
  await told();
  await relieve();
}

export interface MemoryReport {
  /** Bytes of live tensors on the GPU, and their number. */
  readonly gpuBytes: number;
  readonly gpuStorages: number;
  /** Bytes of all GPU buffers, in use or pooled; `gpuPeakBytes` is their maximum so far. */
  readonly gpuReservedBytes: number;
  readonly gpuPeakBytes: number;
  /** Bytes of live tensors on the CPU: those that nobody holds any more count until the collector has found them. */
  readonly cpuBytes: number;
}

/**
 * What tensors take right now.
 * @example
 * const before = memory().cpuBytes;
 * const x = randn(1000);
 * memory().cpuBytes - before; // → 4000
 */
export function memory(): MemoryReport {
  takes("memory", arguments, 0);
  return {
    gpuBytes: ledger.gpu.live,
    gpuStorages: ledger.gpu.count,
    gpuReservedBytes: ledger.pool.live,
    gpuPeakBytes: ledger.pool.peak,
    cpuBytes: ledger.cpu.live,
  };
}

/** Restarts `gpuPeakBytes` at what is reserved now. */
export function resetPeak(): void {
  takes("resetPeak", arguments, 0);
  ledger.pool.resetPeak();
}

/** Cumulative counts since the page loaded: dispatches, passes, submits, created objects, writes, reads. Subtract two to get one step's. */
export function stats(): Counts {
  takes("stats", arguments, 0);
  return { ...counts };
}
