// WebGPU's interfaces as far as declarations of ours show them: where the compiler knows them, by a library of its own or by @webgpu/types, they
// are those; elsewhere unknown, so that nobody needs them who only trains.
type Known<Name extends string> = typeof globalThis extends { readonly [K in Name]: { readonly prototype: infer T } } ? T : unknown;

export type GPU = Known<"GPU">;
export type GPUAdapterInfo = Known<"GPUAdapterInfo">;
export type GPUBindGroupLayout = Known<"GPUBindGroupLayout">;
export type GPUBuffer = Known<"GPUBuffer">;
export type GPUCommandBuffer = Known<"GPUCommandBuffer">;
export type GPUComputePipeline = Known<"GPUComputePipeline">;
export type GPUDevice = Known<"GPUDevice">;
export type GPUPipelineLayout = Known<"GPUPipelineLayout">;

export type GPUErrorFilter = "internal" | "out-of-memory" | "validation";
export interface GPUComputePassTimestampWrites {
  querySet: Known<"GPUQuerySet">;
  beginningOfPassWriteIndex?: number;
  endOfPassWriteIndex?: number;
}
