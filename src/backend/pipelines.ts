// Pipelines and bind-group layouts: one compilation per linked text, asynchronous and in parallel; layouts shared by binding pattern.
import { DeviceError } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import type { Fault } from "./fault.ts";
import type { Kernel } from "./kernel.ts";
import { counts } from "./ledger.ts";
import { link, type Linked } from "./wgsl.ts";

export interface Compiled {
  readonly linked: Linked;
  readonly layout: GPUBindGroupLayout;
  /** Names the layout: how the bindings are accessed and how parameters travel. */
  readonly layoutKey: string;
  /** Undefined until the driver has compiled it. */
  pipeline: GPUComputePipeline | undefined;
  /** Resolves when the driver is done with it; a failure is reported as the device's fault. */
  readonly job: Promise<void>;
}

/** Compiles one entry point. Errors: DeviceError with the compiler's words and the lines they are about. */
export async function compile(
  gpu: GPUDevice,
  op: string,
  code: string,
  entryPoint: string,
  layout: GPUPipelineLayout | "auto",
): Promise<GPUComputePipeline> {
  // The pipeline's promise reports what is wrong with the text; the scope only keeps it from being reported twice.
  gpu.pushErrorScope("validation");
  const module = gpu.createShaderModule({ code, label: entryPoint });
  gpu.popErrorScope().catch(() => undefined);
  try {
    return await gpu.createComputePipelineAsync({ label: entryPoint, layout, compute: { module, entryPoint } });
  } catch (error) {
    const { messages } = await module.getCompilationInfo();
    const lines = code.split("\n");
    const words = messages.map((m) => `${m.message.split("\n")[0]!} at "${lines[m.lineNum - 1]?.trim() ?? ""}"`);
    throw new DeviceError(`kernel ${entryPoint} does not compile: ${words.join("; ") || String(error)}`, "", op);
  }
}

/**
 * Gives the compiled form of a kernel; compilation starts on first use and goes on in the background.
 * Parameters of up to `immediateBytes` travel as immediates.
 */
export function pipelinesOf(gpu: GPUDevice, fault: Fault, immediateBytes: number): (kernel: Kernel) => Compiled {
  const byKernel = new Map<Kernel, Compiled>();
  const byText = new Map<string, Compiled>();
  const layouts = new Map<string, readonly [GPUBindGroupLayout, GPUPipelineLayout]>();

  function start(entry: string, linked: Linked): Compiled {
    const { code, bindings, params, uniform } = linked;
    const layoutKey = bindings.map((b) => (b.write ? "w" : "r")).join("") + (uniform ? "u" : params.length);
    const [layout, pipelineLayout] = memo(layouts, layoutKey, () => {
      const buffers: GPUBufferBindingLayout[] = bindings.map((b) => ({ type: b.write ? "storage" : "read-only-storage" }));
      if (uniform) buffers.push({ type: "uniform", hasDynamicOffset: true });
      const group = gpu.createBindGroupLayout({
        entries: buffers.map((buffer, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer })),
      });
      const descriptor: GPUPipelineLayoutDescriptor & { immediateSize?: number } = { bindGroupLayouts: [group] };
      if (!uniform && params.length > 0) descriptor.immediateSize = params.length * 4;
      return [group, gpu.createPipelineLayout(descriptor)] as const;
    });
    counts.shadersCreated++;
    counts.pipelinesCreated++;
    const compiled: Compiled = {
      linked,
      layout,
      layoutKey,
      pipeline: undefined,
      job: compile(gpu, "webgpu", code, entry, pipelineLayout).then(
        (pipeline) => void (compiled.pipeline = pipeline),
        (error: Error) => fault.report(error),
      ),
    };
    return compiled;
  }

  return (kernel) =>
    memo(byKernel, kernel, () => {
      const linked = link(kernel.sources, kernel.entry, kernel.spec, immediateBytes);
      return memo(byText, kernel.entry + linked.code, () => start(kernel.entry, linked));
    });
}
