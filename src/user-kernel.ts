// User-defined kernels: somebody's own WGSL and its typed-array twin as one operator, on both devices and, with a rule, differentiable.
import { dense, elements } from "./backend/cpu.ts";
import { type Grid, type Kernel, kernel, wgslType } from "./backend/kernel.ts";
import { compile } from "./backend/pipelines.ts";
import { declarations, type Field, link, type Linked } from "./backend/wgsl.ts";
import { asDType, type DType, type TypedArray } from "./base/dtype.ts";
import { ArgumentError, DtypeError } from "./base/errors.ts";
import { parse } from "./base/options.ts";
import { checkShape, sizeOf } from "./base/shape.ts";
import type { WebGpuDevice } from "./backend/webgpu.ts";
import { deviceNamed } from "./device.ts";
import { apply } from "./dispatch.ts";
import { operand } from "./ops/arguments.ts";
import type { AnyPrimitive, Backward, Meta, Primitive, Views } from "./ops/op.ts";
import type { Tensor } from "./tensor.ts";

type Names = readonly [string, ...string[]];

/** What the functions of a definition are told about one call. */
export interface KernelCall<N extends string, A extends object> {
  /** Shape and dtype of every input. */
  readonly ins: Readonly<Record<N, Meta>>;
  readonly attrs: A;
}

/** A kernel in WGSL with its twin in TypeScript; see defineKernel. */
export interface KernelDefinition<I extends Names, S extends I[number] | "out" = never, A extends object = object> {
  /** Labels errors, graphs and profiles. */
  readonly name: string;
  /**
   * A complete WGSL module. Storage bindings are named after the inputs, and `out`; everything is in group 0 and the binding numbers are free.
   * Scalars travel in one struct of u32, i32 and f32 fields, declared `var<uniform>`. The functions of shaders/math.wgsl and shaders/special.wgsl may be called.
   */
  readonly wgsl: string;
  /** The entry point. Default: `name`. */
  readonly entry?: string;
  /** Names of the tensor arguments, in order. Kernels see them dense and row-major; bool and uint8 as one u32 each. */
  readonly inputs: I;
  /** Keyword attributes with their defaults; callers give them in a last options object. */
  readonly attrs?: A;
  /** Shape and dtype of the result. Default: those of the first input. */
  readonly out?: (call: KernelCall<I[number], A>) => Meta;
  /** Every field of the uniform struct; one named `size` is filled with the number of elements of the result if left out. */
  readonly params?: (call: KernelCall<I[number], A> & { readonly out: Meta }) => Readonly<Record<string, number>>;
  /** Invocations, to be folded over a 1-D grid, or workgroups as [x, y, z]. Default: one invocation per element of the result. */
  readonly threads?: (call: KernelCall<I[number], A> & { readonly out: Meta }) => number | readonly [number, number, number];
  /** The same on the CPU, in float32 or float64: reads the arrays, which may be views of live tensors, and writes every element of `out`. */
  readonly cpu: (
    arrays: Readonly<Record<I[number], TypedArray>>,
    out: TypedArray,
    call: KernelCall<I[number], A> & { readonly out: Meta },
  ) => void;
  /** Inputs, and `out`, that backward reads. */
  readonly save?: readonly S[];
  /** Gradient of the result → one thunk per input name, in tensor operators (or other kernels). Without it the result carries no gradient. */
  readonly backward?: Backward<S, A>;
}

type Erased = KernelDefinition<Names, string, object>;

/** A kernel as a function of its tensors. */
export interface UserKernel<I extends Names, A extends object> {
  (...args: [...tensors: { [K in keyof I]: Tensor }, options?: Partial<A>]): Tensor;
  /**
   * Compiles the shader for the WebGPU device in use without running it.
   * Errors: DeviceError naming the kernel and what the compiler says. A faulty shader that runs uncompiled fails the whole device instead.
   */
  compile(): Promise<void>;
}

/**
 * Makes an operator of your own from a WGSL kernel and its CPU twin. It runs where its tensors are, inside autograd.Function or, with a
 * `backward` rule, by itself; gradcheck proves the rule.
 * Errors: ArgumentError when the definition and the shader do not fit together; calls throw DtypeError, ShapeError and ArgumentError.
 */
export function defineKernel<const I extends Names, S extends I[number] | "out" = never, A extends object = object>(
  definition: KernelDefinition<I, S, A>,
): UserKernel<I, A> {
  const erased = definition as unknown as Erased;
  const shader = inspected(erased);
  const { name, inputs } = definition;
  const record = recordOf(erased, shader) as AnyPrimitive;
  const run = (...args: readonly unknown[]): Tensor => apply(record, args, name) as Tensor;
  Object.defineProperty(run, "name", { value: name });
  Object.defineProperty(run, "length", { value: inputs.length });
  return Object.assign(run, { compile: () => compiled(name, shader.kernel) }) as unknown as UserKernel<I, A>;
}

interface Shader {
  readonly kernel: Kernel;
  readonly fields: readonly Field[];
  /** WGSL type of the elements of each binding, where it is a plain one. */
  readonly elements: ReadonlyMap<string, string>;
}

/** Reads the shader and holds it against the definition. Errors: ArgumentError. */
function inspected({ name, wgsl, inputs, cpu, entry = name }: Erased): Shader {
  const demand = (fine: unknown, what: string, remedy?: string): void => {
    if (!fine) throw new ArgumentError("defineKernel", what, remedy);
  };
  demand(name && typeof name === "string", `needs a name, got ${String(name)}`);
  demand(typeof wgsl === "string", `${name}: wgsl must be the text of a shader, got ${typeof wgsl}`);
  demand(typeof cpu === "function", `${name}: cpu must be a function, got ${typeof cpu}`);
  const distinct = Array.isArray(inputs) && new Set(inputs.filter((n) => typeof n === "string" && n !== "out")).size === inputs.length;
  demand(distinct && inputs.length > 0, `${name}: inputs must be different names, none of them out, got ${String(inputs)}`);
  const found = kernel(wgsl, entry);
  let linked: Linked;
  let parts: ReturnType<typeof declarations>;
  try {
    linked = link(found.sources, entry);
    parts = declarations(wgsl);
  } catch (error) {
    throw new ArgumentError("defineKernel", `${name}: ${(error as Error).message.replace(/^wgsl: /, "")}`);
  }
  for (const { name: binding, write } of linked.bindings)
    demand(
      write ? binding === "out" : inputs.includes(binding),
      `${name}: the ${write ? "written" : "read"} binding ${binding} is no ${write ? "output" : "input"}`,
      `inputs are ${inputs.join(", ")}; only out is read_write`,
    );
  demand(
    linked.bindings.some((b) => b.write),
    `${name}: the entry point ${entry} writes no binding out`,
  );
  demand(linked.bindings.length <= 8, `${name}: ${linked.bindings.length} storage bindings, devices promise 8`);
  const elements = new Map<string, string>();
  for (const part of parts) {
    if (!/@binding/.test(part.text)) continue;
    demand(/var<\s*(storage|uniform)/.test(part.text), `${name}: ${part.name} is neither a storage nor a uniform binding`);
    const element = /array<\s*(?:vec[234]<\s*)?(\w+)/.exec(part.text)?.[1]?.replace(/^vec[234]([fiu])$/, "$132");
    if (element && /^[fiu]32$/.test(element)) elements.set(part.name, element);
  }
  const uniform = parts.find((part) => /var<\s*uniform/.test(part.text) && linked.code.includes(part.name));
  const struct = uniform && parts.find((part) => part.kind === "struct" && uniform.words.includes(part.name));
  const fields = struct?.text.match(/\w+\s*:/g)?.length ?? 0;
  demand(!uniform || fields === linked.params.length, `${name}: ${uniform?.name} must be a struct of u32, i32 and f32 fields`);
  return { kernel: found, fields: linked.params, elements };
}

type Told = KernelCall<string, object>;

function recordOf(definition: Erased, shader: Shader): Primitive<never, string, object> {
  const { name, inputs } = definition;
  const metaOf = (told: Told): Meta => {
    const first = told.ins[inputs[0]]!;
    const out = definition.out ? definition.out(told) : first;
    if (typeof out !== "object" || out === null) throw new ArgumentError(name, `out must give a shape and a dtype, got ${String(out)}`);
    return { shape: checkShape(name, out.shape), dtype: asDType(name, out.dtype) };
  };
  const fits = (binding: string, dtype: DType): void => {
    const element = shader.elements.get(binding);
    const own = dtype === "float64" ? "f32" : wgslType(dtype);
    if (element && element !== own)
      throw new DtypeError(name, `${binding} is ${dtype}, the shader reads it as ${element}`, "convert it with to()");
  };
  const paramsOf = (told: Told & { out: Meta }): Record<string, number> => {
    const params: Record<string, number> = { size: sizeOf(told.out.shape), ...definition.params?.(told) };
    for (const field of shader.fields) checkField(name, field, params[field.name]);
    for (const key of Object.keys(params))
      if (key !== "size" && !shader.fields.some((f) => f.name === key)) throw new ArgumentError(name, `the shader has no parameter ${key}`);
    return params;
  };
  const told = (io: Views, attrs: object): Told & { out: Meta } => ({
    ins: Object.fromEntries(inputs.map((n) => [n, io[n]!])),
    attrs,
    out: io["out"]!,
  });
  return {
    call: (...args: readonly unknown[]) => ({
      inputs: Object.fromEntries(inputs.map((n, i) => [n, operand(name, args[i], n)])),
      attrs: parse(name, args.slice(inputs.length), {}, { ...definition.attrs }),
    }),
    meta: (ins, attrs) => {
      for (const n of inputs) fits(n, ins[n]!.dtype);
      const out = metaOf({ ins, attrs });
      fits("out", out.dtype);
      paramsOf({ ins, attrs, out });
      return { out };
    },
    cpu: (io, attrs) => definition.cpu(Object.fromEntries(inputs.map((n) => [n, dense(io[n]!)])), elements(io["out"]!), told(io, attrs)),
    gpu: (io, attrs, launcher) => {
      const call = told(io, attrs);
      const bind = Object.fromEntries(inputs.map((n) => [n, launcher.dense(io[n]!)]));
      const grid: Grid = definition.threads?.(call) ?? sizeOf(call.out.shape);
      if (![grid].flat().every((n) => Number.isInteger(n) && n >= 0))
        throw new ArgumentError(name, `threads must be whole numbers, got ${String(grid)}`);
      launcher.launch(shader.kernel, { ...bind, out: io["out"]! }, paramsOf(call), grid);
    },
    save: definition.save ?? [],
    backward: definition.backward ?? "none",
    samples: [],
    errors: [],
  };
}

/** Errors: ArgumentError unless the value is a number that the field holds. */
function checkField(name: string, { name: field, type }: Field, value: number | undefined): void {
  if (typeof value !== "number") throw new ArgumentError(name, `parameter ${field} was not given`, "return it from params");
  const low = type === "i32" ? -2147483648 : 0;
  if (type !== "f32" && !(Number.isInteger(value) && value >= low && value < low + 4294967296))
    throw new ArgumentError(name, `parameter ${field} is ${type}, got ${value}`);
}

/** Errors: DeviceError when WebGPU is not in use or refuses the kernel. */
async function compiled(name: string, { sources, entry }: Kernel): Promise<void> {
  const { gpu } = deviceNamed(name, "webgpu") as WebGpuDevice;
  await compile(gpu, name, link(sources, entry).code, entry, "auto");
}
