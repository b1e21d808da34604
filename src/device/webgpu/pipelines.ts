// Pipelines and bind-group layouts: one compilation per linked text, asynchronous and in parallel; layouts shared by binding pattern.
import { DeviceError } from "../../base/errors.ts";
import { memo } from "../../base/memo.ts";
import type { Kernel } from "../kernel.ts";
import { counts } from "../ledger.ts";
import { type Faults, type Guarded, typed } from "./fault.ts";
import { computeStage } from "./flags.ts";
import { link, type Linked } from "./linker.ts";
import type { GPUBindGroupLayout, GPUComputePipeline, GPUDevice, GPUPipelineLayout } from "./names.ts";

export interface Compiled {
  readonly linked: Linked;
  readonly layout: GPUBindGroupLayout;
  /** Names the layout: how the bindings are accessed and how parameters travel. */
  readonly layoutKey: string;
  /** Undefined until the driver has compiled it. */
  pipeline: GPUComputePipeline | undefined;
  /** Why it never will be. */
  error: Error | undefined;
  /** Resolves when the driver is done with it, either way. */
  readonly job: Promise<void>;
}

/** Compiles one entry point. Errors: DeviceError with the compiler's words and the lines they are about. */
export async function compile(
  gpu: GPUDevice,
  faults: Faults,
  op: string,
  code: string,
  entryPoint: string,
  layout: GPUPipelineLayout | "auto",
): Promise<GPUComputePipeline> {
  let module: GPUShaderModule | undefined;
  const { made, thrown, closed } = faults.guard(
    op,
    () => `kernel ${entryPoint}`,
    () => {
      module = gpu.createShaderModule({ code, label: entryPoint });
      return gpu.createComputePipelineAsync({ label: entryPoint, layout, compute: { module, entryPoint } });
    },
  );
  if (!made) throw thrown!;
  try {
    const pipeline = await faults.wait(made, `createComputePipelineAsync of ${entryPoint}`, op);
    const refused = await closed;
    if (refused) throw refused;
    return pipeline;
  } catch (error) {
    const words = await complaints(module!, code, faults);
    if (words) throw new DeviceError(`kernel ${entryPoint} does not compile: ${words}`, "", op);
    throw typed(error, `kernel ${entryPoint} does not compile`, op);
  }
}

/** What the compiler says against a module, with the lines it means; empty when nothing. */
async function complaints(module: GPUShaderModule, code: string, faults: Faults): Promise<string> {
  const lines = code.split("\n");
  try {
    const { messages } = await faults.wait(module.getCompilationInfo(), "getCompilationInfo");
    return messages.map((m) => `${m.message.split("\n")[0]!} at "${lines[m.lineNum - 1]?.trim() ?? ""}"`).join("; ");
  } catch {
    return "";
  }
}

type Layouts = readonly [GPUBindGroupLayout, GPUPipelineLayout];

/**
 * Gives the compiled form of a kernel; compilation starts on first use and goes on in the background, for the operator `op` that errors name. One that was refused is tried anew
 * at the next use. Parameters of up to `immediateBytes` travel as immediates.
 */
export function pipelinesOf(gpu: GPUDevice, faults: Faults, immediateBytes: number): (kernel: Kernel, op: string) => Compiled {
  const byKernel = new Map<Kernel, Compiled>();
  const byText = new Map<string, Compiled>();
  const layouts = new Map<string, Guarded<Layouts>>();

  const makeLayouts = ({ bindings, params, uniform }: Linked, op: string): Guarded<Layouts> =>
    faults.guard(
      op,
      () => `the layout of ${bindings.length} bindings`,
      () => {
        const buffers: GPUBufferBindingLayout[] = bindings.map((b) => ({ type: b.write ? "storage" : "read-only-storage" }));
        if (uniform) buffers.push({ type: "uniform", hasDynamicOffset: true });
        const group = gpu.createBindGroupLayout({
          entries: buffers.map((buffer, binding) => ({ binding, visibility: computeStage, buffer })),
        });
        const descriptor: GPUPipelineLayoutDescriptor & { immediateSize?: number } = { bindGroupLayouts: [group] };
        if (!uniform && params.length > 0) descriptor.immediateSize = params.length * 4;
        return [group, gpu.createPipelineLayout(descriptor)] as const;
      },
    );

  function start(entry: string, linked: Linked, op: string): Compiled {
    const { code, bindings, params, uniform } = linked;
    const layoutKey = bindings.map((b) => (b.write ? "w" : "r")).join("") + (uniform ? "u" : params.length);
    const guarded = memo(layouts, layoutKey, () => makeLayouts(linked, op));
    if (!guarded.made) {
      layouts.delete(layoutKey);
      throw guarded.thrown!;
    }
    const [layout, pipelineLayout] = guarded.made;
    counts.shadersCreated++;
    counts.pipelinesCreated++;
    const { incident } = faults;
    const finish = async (): Promise<void> => {
      try {
        const pipeline = await compile(gpu, faults, op, code, entry, pipelineLayout);
        const refused = await guarded.closed;
        if (refused) throw refused;
        compiled.pipeline = pipeline;
      } catch (error) {
        compiled.error = faults.note(error as Error, incident);
        // The cause may have passed by the time somebody tries again.
        if (layouts.get(layoutKey) === guarded) layouts.delete(layoutKey);
      }
    };
    const compiled: Compiled = { linked, layout, layoutKey, pipeline: undefined, error: undefined, job: finish() };
    return compiled;
  }

  function fresh<K>(map: Map<K, Compiled>, key: K, make: () => Compiled): Compiled {
    if (map.get(key)?.error) map.delete(key);
    return memo(map, key, make);
  }

  return (kernel, op) =>
    fresh(byKernel, kernel, () => {
      const linked = link(kernel.sources, kernel.entry, kernel.spec, immediateBytes);
      return fresh(byText, kernel.entry + linked.code, () => start(kernel.entry, linked, op));
    });
}
