/** Counts what a library asks of WebGPU by wrapping the prototypes; works on any library, ours included. */

/** WebGPU calls; `wgslBytes` and `createdBytes` are sums of sizes. */
export interface Calls {
  dispatches: number;
  passes: number;
  submits: number;
  bindGroups: number;
  buffersCreated: number;
  buffersDestroyed: number;
  createdBytes: number;
  writes: number;
  copies: number;
  maps: number;
  waits: number;
  pipelines: number;
  wgslBytes: number;
}

const zero = (): Calls => ({
  dispatches: 0,
  passes: 0,
  submits: 0,
  bindGroups: 0,
  buffersCreated: 0,
  buffersDestroyed: 0,
  createdBytes: 0,
  writes: 0,
  copies: 0,
  maps: 0,
  waits: 0,
  pipelines: 0,
  wgslBytes: 0,
});

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Running totals since `install`, and the buffers alive now. */
export interface CallCounter {
  snapshot(): Calls;
  live(): { buffers: number; bytes: number };
}

/** Wraps every counted method; call it before the library starts. */
export function installCallCounter(): CallCounter {
  const calls = zero();
  const alive = new Map<unknown, number>();
  const scope = globalThis as unknown as Record<string, { prototype: Record<string, Method> } | undefined>;
  const wrap = (owner: string, name: string, note: (args: unknown[], result: unknown, self: unknown) => void): void => {
    const prototype = scope[owner]?.prototype;
    const original = prototype?.[name];
    if (prototype === undefined || original === undefined) return;
    prototype[name] = function (this: unknown, ...args: unknown[]) {
      const result = original.apply(this, args);
      note(args, result, this);
      return result;
    };
  };
  const count = (owner: string, name: string, field: keyof Calls): void => wrap(owner, name, () => void calls[field]++);
  count("GPUComputePassEncoder", "dispatchWorkgroups", "dispatches");
  count("GPUComputePassEncoder", "dispatchWorkgroupsIndirect", "dispatches");
  count("GPUCommandEncoder", "beginComputePass", "passes");
  count("GPUCommandEncoder", "copyBufferToBuffer", "copies");
  count("GPUQueue", "submit", "submits");
  count("GPUQueue", "writeBuffer", "writes");
  count("GPUQueue", "onSubmittedWorkDone", "waits");
  count("GPUDevice", "createBindGroup", "bindGroups");
  count("GPUDevice", "createComputePipeline", "pipelines");
  count("GPUDevice", "createComputePipelineAsync", "pipelines");
  count("GPUBuffer", "mapAsync", "maps");
  wrap("GPUDevice", "createShaderModule", ([descriptor]) => {
    calls.wgslBytes += (descriptor as GPUShaderModuleDescriptor).code.length;
  });
  wrap("GPUDevice", "createBuffer", ([descriptor], buffer) => {
    const { size } = descriptor as GPUBufferDescriptor;
    calls.buffersCreated++;
    calls.createdBytes += size;
    alive.set(buffer, size);
  });
  wrap("GPUBuffer", "destroy", (_, __, buffer) => {
    // Destroying twice is allowed and does nothing.
    if (alive.delete(buffer)) calls.buffersDestroyed++;
  });
  return {
    snapshot: () => ({ ...calls }),
    live: () => ({ buffers: alive.size, bytes: [...alive.values()].reduce((sum, size) => sum + size, 0) }),
  };
}

/** Calls per step between two snapshots. */
export function callsPerStep(before: Calls, after: Calls, steps: number): Calls {
  const out = zero();
  for (const name of Object.keys(out) as (keyof Calls)[]) out[name] = (after[name] - before[name]) / steps;
  return out;
}
