// Pipelines and bind-group layouts: one compilation per linked text, asynchronous and in parallel; layouts shared by binding pattern.
import { DeviceError } from "../base/errors.ts";
import type { Kernel } from "./kernel.ts";
import { counts } from "./ledger.ts";
import { link, type Linked } from "./wgsl.ts";

export interface Compiled {
  readonly id: number;
  readonly linked: Linked;
  readonly layout: GPUBindGroupLayout;
  readonly layoutKey: string;
  /** Undefined until the driver has compiled it. */
  pipeline: GPUComputePipeline | undefined;
}

interface Layouts {
  readonly group: GPUBindGroupLayout;
  readonly pipeline: GPUPipelineLayout;
}

export class Pipelines {
  readonly #device: GPUDevice;
  readonly #immediateBytes: number;
  readonly #byKernel = new Map<Kernel, Compiled>();
  readonly #byText = new Map<string, Compiled>();
  readonly #layouts = new Map<string, Layouts>();
  readonly #pending = new Set<Promise<void>>();

  readonly #onError: (error: DeviceError) => void;

  constructor(device: GPUDevice, immediateBytes: number, onError: (error: DeviceError) => void) {
    this.#device = device;
    this.#immediateBytes = immediateBytes;
    this.#onError = onError;
  }

  /** The compiled form of a kernel; compilation starts on first use and goes on in the background. */
  get(kernel: Kernel): Compiled {
    let compiled = this.#byKernel.get(kernel);
    if (!compiled) this.#byKernel.set(kernel, (compiled = this.#compile(kernel)));
    return compiled;
  }

  /** Undefined when nothing is compiling, else a promise for the end of it. Failures go to the error callback. */
  ready(): Promise<unknown> | undefined {
    return this.#pending.size === 0 ? undefined : Promise.all(this.#pending);
  }

  #compile(kernel: Kernel): Compiled {
    const linked = link(kernel.sources, kernel.entry, kernel.spec, this.#immediateBytes);
    const key = `${kernel.entry}\n${linked.code}`;
    const known = this.#byText.get(key);
    if (known) return known;
    const layoutKey =
      linked.bindings.map((b) => (b.write ? "w" : "r")).join("") +
      (linked.params.length === 0 ? "" : linked.immediates ? `i${linked.params.length}` : "u");
    const layouts = this.#layoutsFor(layoutKey, linked);
    const compiled: Compiled = { id: this.#byText.size, linked, layout: layouts.group, layoutKey, pipeline: undefined };
    this.#byText.set(key, compiled);
    // The pipeline promise below reports what is wrong with the text; the scope only keeps it from being reported twice.
    this.#device.pushErrorScope("validation");
    const module = this.#device.createShaderModule({ code: linked.code, label: kernel.entry });
    void this.#device.popErrorScope().catch(() => undefined);
    counts.shadersCreated++;
    counts.pipelinesCreated++;
    const job = this.#device
      .createComputePipelineAsync({ label: kernel.entry, layout: layouts.pipeline, compute: { module, entryPoint: kernel.entry } })
      .then(
        (pipeline) => {
          compiled.pipeline = pipeline;
        },
        async (error: unknown) => {
          const { messages } = await module.getCompilationInfo();
          const lines = linked.code.split("\n");
          const text = messages.map((m) => `${m.message} at "${(lines[m.lineNum - 1] ?? "").trim()}"`).join("; ");
          this.#onError(new DeviceError("webgpu", `kernel ${kernel.entry} does not compile: ${text || String(error)}`));
        },
      )
      .finally(() => this.#pending.delete(job));
    this.#pending.add(job);
    return compiled;
  }

  #layoutsFor(key: string, linked: Linked): Layouts {
    let layouts = this.#layouts.get(key);
    if (layouts) return layouts;
    const visibility = GPUShaderStage.COMPUTE;
    const entries: GPUBindGroupLayoutEntry[] = linked.bindings.map((b, binding) => ({
      binding,
      visibility,
      buffer: { type: b.write ? "storage" : "read-only-storage" },
    }));
    if (key.endsWith("u")) entries.push({ binding: entries.length, visibility, buffer: { type: "uniform", hasDynamicOffset: true } });
    const group = this.#device.createBindGroupLayout({ label: key, entries });
    const immediateSize = linked.immediates ? linked.params.length * 4 : 0;
    const descriptor: GPUPipelineLayoutDescriptor & { immediateSize?: number } = { label: key, bindGroupLayouts: [group] };
    if (immediateSize > 0) descriptor.immediateSize = immediateSize;
    layouts = { group, pipeline: this.#device.createPipelineLayout(descriptor) };
    this.#layouts.set(key, layouts);
    return layouts;
  }
}
