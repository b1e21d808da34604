// Finding a GPU: adapter, limits, and what init() reports about it.
import { ArgumentError, DeviceError, type WengertError } from "../../base/errors.ts";
import { typed } from "./fault.ts";
import type { GPU, GPUAdapterInfo, GPUDevice } from "./names.ts";
import { watchOf } from "./watch.ts";

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

/** `navigator.gpu`, where there is one; an application may hand over a device without it. */
export const entryPoint = (): Partial<GPU> | undefined => (globalThis as { navigator?: Partial<Navigator> }).navigator?.gpu;

/** Asks the browser for a device with the adapter's own limits. Gives the reason as a string when there is none. */
export async function requestGpu(): Promise<{ readonly gpu: GPUDevice; readonly info: GPUAdapterInfo | undefined } | string> {
  const page = entryPoint();
  if (!page?.requestAdapter) {
    const inNode = "process" in globalThis && !("window" in globalThis);
    return `navigator.gpu is not there: ${inNode ? "in Node the package webgpu brings it" : "it takes a browser with WebGPU, and https or localhost"}`;
  }
  const wait = watchOf();
  let asked = "requestAdapter";
  try {
    const adapter = await wait(page.requestAdapter({ powerPreference: "high-performance" }), asked, "init");
    if (!adapter) return "requestAdapter gave no adapter: the GPU is blocked or missing";
    asked = "requestDevice";
    const requested = adapter.requestDevice({
      requiredLimits: limitsOf(adapter),
      requiredFeatures: adapter.features.has("timestamp-query") ? ["timestamp-query"] : [],
    });
    const gpu = (await wait(requested, asked, "init")) as GPUDevice | null;
    return gpu ? { gpu, info: adapter.info } : "requestDevice gave no device";
  } catch (error) {
    return (typed(error, asked, "init") as WengertError).what;
  }
}

/** Resolves when an answer has come back: a device that was lost before has said so by then. */
async function roundTrip(gpu: GPUDevice): Promise<undefined> {
  try {
    gpu.pushErrorScope("validation");
    await watchOf()(gpu.popErrorScope(), "popErrorScope", "init");
  } catch {
    // Browsers differ in what a lost device still answers.
  }
}

/** Errors: ArgumentError for what is no GPUDevice, DeviceError for one that is lost. */
export async function checkGiven(given: GPUDevice): Promise<void> {
  const { lost, queue } = Object(given) as Partial<GPUDevice>;
  const kind = Object.prototype.toString.call(given).slice(8, -1);
  if (!lost || !queue) throw new ArgumentError(`gpuDevice is ${kind}, not GPUDevice`, "await adapter.requestDevice()", "init");
  const loss = await Promise.race([lost, roundTrip(given)]);
  if (loss) throw new DeviceError(`gpuDevice is lost: ${loss.message || loss.reason}`, "request another one", "init");
}

/** The limits kernels care about, as far as the browser knows them. */
const limitsOf = ({ limits }: GPUAdapter | GPUDevice): Record<string, number> =>
  Object.fromEntries(wantedLimits.filter((name) => name in limits).map((name) => [name, limits[name]!]));

/** Older browsers leave out the information, or parts of it. */
export function reportOf(device: GPUDevice, info: Partial<GPUAdapterInfo> = {}): AdapterReport {
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
