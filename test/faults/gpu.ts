// A WebGPU that fails on command: a stand-in for navigator.gpu over the real one, whose every entry point can be armed with a fault.

/** Entry points that can fail, by the object they belong to. Those that the standard lets neither throw nor report are not among them. */
export const entries = [
  "GPU.requestAdapter",
  "GPUAdapter.requestDevice",
  "GPUDevice.createBuffer",
  "GPUDevice.createShaderModule",
  "GPUDevice.createBindGroupLayout",
  "GPUDevice.createPipelineLayout",
  "GPUDevice.createComputePipelineAsync",
  "GPUDevice.createBindGroup",
  "GPUDevice.createCommandEncoder",
  "GPUDevice.pushErrorScope",
  "GPUDevice.popErrorScope",
  "GPUQueue.submit",
  "GPUQueue.writeBuffer",
  "GPUQueue.onSubmittedWorkDone",
  "GPUCommandEncoder.beginComputePass",
  "GPUCommandEncoder.copyBufferToBuffer",
  "GPUCommandEncoder.finish",
  "GPUComputePassEncoder.setPipeline",
  "GPUComputePassEncoder.setBindGroup",
  "GPUComputePassEncoder.setImmediates",
  "GPUComputePassEncoder.dispatchWorkgroups",
  "GPUComputePassEncoder.end",
  "GPUShaderModule.getCompilationInfo",
  "GPUBuffer.mapAsync",
  "GPUBuffer.getMappedRange",
] as const;
export type Entry = (typeof entries)[number];

/** Called by the library, and unable to fail. */
const harmless = new Set(["GPUDevice.destroy", "GPUDevice.addEventListener", "GPUBuffer.unmap", "GPUBuffer.destroy"]);

export type Kind = "throws" | "rejects" | "never settles" | "returns null" | "out-of-memory" | "validation" | "internal" | "lost";

export interface Fault {
  readonly entry: Entry;
  readonly kind: Kind;
  /** Calls of the entry point to let pass first. */
  readonly skip?: number;
  /** Calls to break; by default one. */
  readonly times?: number;
}

type Scope = { readonly filter: GPUErrorFilter; error?: GPUError };
type Method = (...args: never[]) => unknown;

const errorOf = (kind: Kind): GPUError => {
  const words = `planted: ${kind}`;
  if (kind === "out-of-memory") return new GPUOutOfMemoryError(words);
  return kind === "validation" ? new GPUValidationError(words) : new GPUInternalError(words);
};

/** Objects that only an invalid descriptor makes: what a driver returns for a refused one. */
const invalid: Partial<Record<Entry, (device: GPUDevice) => unknown>> = {
  "GPUDevice.createBuffer": (device) => device.createBuffer({ size: 4, usage: 0 }),
  "GPUDevice.createShaderModule": (device) => device.createShaderModule({ code: "planted" }),
  "GPUDevice.createBindGroupLayout": (device) =>
    device.createBindGroupLayout({ entries: [{ binding: 1 << 20, visibility: GPUShaderStage.COMPUTE, buffer: {} }] }),
  "GPUDevice.createPipelineLayout": (device) =>
    device.createPipelineLayout({ bindGroupLayouts: Array.from({ length: 64 }, () => device.createBindGroupLayout({ entries: [] })) }),
  "GPUDevice.createBindGroup": (device) =>
    device.createBindGroup({
      layout: device.createBindGroupLayout({ entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: {} }] }),
      entries: [],
    }),
};

/** Around what a loss matters: making, writing, sending, waiting, reading. */
const losing =
  /createBuffer|createComputePipelineAsync|createCommandEncoder|submit$|writeBuffer|popErrorScope|onSubmittedWorkDone|mapAsync/;
/** Where drivers take memory or run something, whatever goes wrong there. */
const reporting = /createBuffer|createBindGroup$|submit$|writeBuffer|finish/;
const promising = /request|Async|popErrorScope|onSubmittedWorkDone|getCompilationInfo/;

/** Which faults an entry point can have. `layout of the answer` follows the standard, `throws` also what lost devices of some browsers do. */
export function kindsOf(entry: Entry): readonly Kind[] {
  const kinds: Kind[] = ["throws"];
  if (promising.test(entry)) kinds.push("rejects", "never settles");
  if (entry === "GPU.requestAdapter" || entry === "GPUDevice.createBuffer") kinds.push("returns null");
  if (entry in invalid || reporting.test(entry)) kinds.push("validation");
  if (reporting.test(entry)) kinds.push("out-of-memory");
  if (/submit$|finish/.test(entry)) kinds.push("internal");
  if (losing.test(entry)) kinds.push("lost");
  return kinds;
}

const host = navigator.gpu;

/** One real device for all stand-ins: it compiles each kernel once. */
let real: Promise<GPUDevice> | undefined;
const realDevice = (adapter: GPUAdapter, descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> =>
  (real ??= adapter.requestDevice(descriptor));

/** Limits that the first browsers with WebGPU had, as far as somebody may ask for them. */
const oldLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** What a stand-in for navigator.gpu may lack, beside the real one. */
export interface Poverty {
  /** The limits every device has, no optional feature and no optional part of the language. */
  readonly least?: boolean;
}

/** A stand-in for navigator.gpu with its devices, over the real ones. */
export class FaultyGpu {
  /** Calls of every entry point since the last arming. */
  readonly calls = new Map<Entry, number>();
  /** Errors that no scope caught: the application's handler would have met them. */
  readonly uncaptured: string[] = [];
  /** Methods that were called and are in no list: the table has a hole. */
  readonly unlisted = new Set<string>();
  /** Listeners for uncaptured errors that the library put on a device. */
  listeners = 0;
  /** Times that a fault happened. */
  hits = 0;
  /** Answers that the real WebGPU still owes. */
  pending = 0;
  readonly gpu: GPU;
  #faults: readonly Fault[] = [];
  #lose: (() => void)[] = [];
  readonly #poverty: Poverty;

  constructor(poverty: Poverty = {}) {
    this.#poverty = poverty;
    this.gpu = this.#standIn("GPU", host, {
      requestAdapter: () => this.#adapter(),
      ...(poverty.least && { wgslLanguageFeatures: new Set() }),
    });
  }

  arm(...faults: readonly Fault[]): void {
    this.#faults = faults;
    this.calls.clear();
    this.hits = 0;
  }
  disarm(): void {
    this.#faults = [];
  }
  /** All devices handed out are lost. */
  lose(): void {
    for (const lose of this.#lose.splice(0)) lose();
  }

  /** An object that does what `target` does, by `instead` where given; each listed method counts, and fails when its time has come. */
  #standIn<T extends object>(type: string, target: T, instead: Record<string, unknown> = {}, device?: Standing): T {
    const methods = new Map<PropertyKey, unknown>();
    return new Proxy(target, {
      get: (_target, key) => {
        const value: unknown = Object.hasOwn(instead, key) ? instead[key as string] : Reflect.get(target, key, target);
        if (typeof value !== "function" || key === "constructor") return value;
        if (!methods.has(key)) {
          const bound: Method = Object.hasOwn(instead, key) ? (value as Method) : (value.bind(target) as Method);
          methods.set(key, this.#fallible(`${type}.${String(key)}`, bound, device));
        }
        return methods.get(key);
      },
      set: (_target, key, value) => Reflect.set(target, key, value, target),
    });
  }

  /** Puts the fallible form in place of a method on an object that must stay itself, since the real WebGPU is given it. */
  #patch<T extends object>(type: string, target: T, keys: readonly (keyof T & string)[], device: Standing): T {
    for (const key of keys)
      Object.defineProperty(target, key, {
        value: this.#fallible(`${type}.${key}`, (target[key] as Method).bind(target), device),
        configurable: true,
      });
    return target;
  }

  #fallible(name: string, method: Method, device?: Standing): Method {
    if (harmless.has(name)) return method;
    const entry = name as Entry;
    if (!entries.includes(entry)) this.unlisted.add(name);
    return (...args) => {
      const count = this.calls.get(entry) ?? 0;
      this.calls.set(entry, count + 1);
      const fault = this.#faults.find(({ entry: e, skip = 0, times = 1 }) => e === entry && count >= skip && count < skip + times);
      if (fault) this.hits++;
      const answer = fault ? this.#fail(fault, () => method(...args), device) : method(...args);
      if (answer instanceof Promise && fault?.kind !== "never settles") {
        this.pending++;
        const settled = (): void => void this.pending--;
        answer.then(settled, settled);
      }
      return answer;
    };
  }

  #fail({ entry, kind }: Fault, perform: () => unknown, device: Standing | undefined): unknown {
    const words = `planted: ${entry} ${kind}`;
    switch (kind) {
      case "throws":
        throw new TypeError(words);
      case "rejects":
        if (entry === "GPUDevice.createComputePipelineAsync")
          return Promise.reject(new GPUPipelineError(words, { reason: "internal" }) as unknown as Error);
        return Promise.reject(new DOMException(words, "OperationError"));
      case "never settles":
        return new Promise(() => undefined);
      case "returns null":
        return entry.includes("request") ? Promise.resolve(null) : null;
      case "lost":
        this.lose();
        return perform();
      default: {
        device!.report(errorOf(kind));
        if (entry in invalid) return device!.unheard(invalid[entry]!);
        // A refused submit or write does nothing; a refused encoder and what it finishes are invalid, and so is the submit.
        return /submit|writeBuffer/.test(entry) ? undefined : (device!.refused = perform());
      }
    }
  }

  async #adapter(): Promise<GPUAdapter> {
    const of = (await host.requestAdapter({ powerPreference: "high-performance" }))!;
    if (!this.#poverty.least) {
      const requestDevice = async (descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> => this.#device(await realDevice(of, descriptor));
      return this.#standIn("GPUAdapter", of, { requestDevice });
    }
    // What a device has that was asked for nothing is what every device has. Older browsers know less of it.
    const device = await of.requestDevice();
    const limits = Object.fromEntries(oldLimits.map((name) => [name, device.limits[name]]));
    const requestDevice = (): Promise<GPUDevice> => Promise.resolve(this.#device(device, { limits }));
    return this.#standIn("GPUAdapter", of, { requestDevice, limits, features: new Set(), info: undefined });
  }

  #device(of: GPUDevice, instead: object = {}): GPUDevice {
    const standing = new Standing(of, this.uncaptured);
    const pass = (made: GPUComputePassEncoder): GPUComputePassEncoder => this.#standIn("GPUComputePassEncoder", made, {}, standing);
    const encoder = (made: GPUCommandEncoder): GPUCommandEncoder =>
      this.#standIn(
        "GPUCommandEncoder",
        made,
        { beginComputePass: (descriptor?: GPUComputePassDescriptor) => pass(made.beginComputePass(descriptor)) },
        standing,
      );
    const mappable = (usage: number): boolean => (usage & GPUBufferUsage.MAP_READ) !== 0;
    const lost = new Promise<GPUDeviceLostInfo>((resolve) => {
      const lose = (reason: GPUDeviceLostReason, message: string): void => {
        standing.lost = true;
        resolve({ reason, message } as GPUDeviceLostInfo);
      };
      this.#lose.push(() => lose("unknown", "planted: lost"));
      standing.destroy = () => lose("destroyed", "destroyed");
      void of.lost.then(({ reason, message }) => lose(reason, message));
    });
    const queue = this.#standIn(
      "GPUQueue",
      of.queue,
      {
        // As the standard has it, on a lost device everything seems to succeed but mapAsync.
        submit: (list: readonly GPUCommandBuffer[]) => {
          if (standing.lost) return;
          if (list.some((commands) => commands === standing.refused)) standing.report(errorOf("validation"));
          else of.queue.submit(list);
        },
        onSubmittedWorkDone: () => (standing.lost ? Promise.resolve() : of.queue.onSubmittedWorkDone()),
      },
      standing,
    );
    return this.#standIn(
      "GPUDevice",
      of,
      {
        ...instead,
        lost,
        queue,
        destroy: () => standing.destroy(),
        createBuffer: (descriptor: GPUBufferDescriptor) =>
          mappable(descriptor.usage)
            ? this.#patch("GPUBuffer", standing.losable(of.createBuffer(descriptor)), ["mapAsync", "getMappedRange"], standing)
            : of.createBuffer(descriptor),
        createShaderModule: (descriptor: GPUShaderModuleDescriptor) =>
          this.#patch("GPUShaderModule", of.createShaderModule(descriptor), ["getCompilationInfo"], standing),
        createCommandEncoder: (descriptor?: GPUCommandEncoderDescriptor) => {
          const made = of.createCommandEncoder(descriptor);
          return encoder(made);
        },
        pushErrorScope: (filter: GPUErrorFilter) => {
          standing.scopes.push({ filter });
          of.pushErrorScope(filter);
        },
        popErrorScope: () => {
          const own = standing.scopes.pop();
          return of.popErrorScope().then((error) => (standing.lost ? null : (own?.error ?? error)));
        },
        addEventListener: (type: string, ...rest: unknown[]) => {
          if (type === "uncapturederror") this.listeners++;
          (of.addEventListener as (...args: unknown[]) => void)(type, ...rest);
        },
      },
      standing,
    );
  }
}

/** The state of one stand-in for a device. */
class Standing {
  readonly scopes: Scope[] = [];
  lost = false;
  /** A command encoder or buffer that was declared invalid. */
  refused: unknown;
  destroy = (): void => undefined;
  readonly #of: GPUDevice;
  readonly #uncaptured: string[];

  constructor(of: GPUDevice, uncaptured: string[]) {
    this.#of = of;
    this.#uncaptured = uncaptured;
    of.addEventListener("uncapturederror", ({ error }) => uncaptured.push(error.message));
  }

  /** As the standard has it: the innermost scope of that filter takes the error, and keeps its first. */
  report(error: GPUError): void {
    const filter = error instanceof GPUOutOfMemoryError ? "out-of-memory" : error instanceof GPUValidationError ? "validation" : "internal";
    const scope = this.scopes.findLast((s) => s.filter === filter);
    if (scope) scope.error ??= error;
    else this.#uncaptured.push(error.message);
  }
  /** Makes something invalid, of which only `report` speaks. */
  unheard<T>(make: (device: GPUDevice) => T): T {
    const of = this.#of;
    of.pushErrorScope("validation");
    const made = make(of);
    void of.popErrorScope();
    return made;
  }
  losable(buffer: GPUBuffer): GPUBuffer {
    const map = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = async (...args) => {
      if (!this.lost) await map(...args);
      if (this.lost) throw new DOMException("planted: the device was lost", "AbortError");
    };
    return buffer;
  }
}

/** Puts `gpu` in the place of navigator.gpu until the returned function is called. */
export function install(gpu: GPU): () => void {
  const before = Object.getOwnPropertyDescriptor(navigator, "gpu");
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true, writable: true });
  return () => {
    if (before) Object.defineProperty(navigator, "gpu", before);
    else delete (navigator as { gpu?: GPU }).gpu;
  };
}
