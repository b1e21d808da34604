// User-defined kernels: somebody's own WGSL and its typed-array twin as one operator, on both devices and, with a rule, differentiable.
import { asDType, type TypedArray } from "../base/dtype.ts";
import { ArgumentError, DtypeError, under, type WengertError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { entry as asked, takes } from "../base/reading.ts";
import { checkShape, sizeOf } from "../base/shape.ts";
import { dense, elements } from "../device/cpu.ts";
import { type Grid, type Kernel, kernel, wgslType } from "../device/kernel.ts";
import { type Field, link, type Linked } from "../device/webgpu/linker.ts";
import type { WebGpuDevice } from "../device/webgpu/webgpu.ts";
import { operand } from "../ops/arguments.ts";
import type { AnyPrimitive, Backward, Io, Meta, Primitive, Reads } from "../ops/op.ts";
import { deviceNamed } from "./device.ts";
import { apply } from "./dispatch.ts";
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
  /** Inputs, and `out`, that backward reads; as `{ input: names }`, what the gradient of each input reads. */
  readonly save?: Reads<S>;
  /** Gradient of the result → one thunk per input name, in tensor operators (or other kernels). Without it the result carries no gradient. */
  readonly backward?: Backward<I[number], S, A>;
}

type Erased = KernelDefinition<Names, string, object>;

/** A kernel as a function of its tensors. */
export interface UserKernel<I extends Names, A extends object> {
  (...args: [...tensors: { [K in keyof I]: Tensor }, options?: Partial<A>]): Tensor;
  /**
   * Compiles the shader for the WebGPU device in use without running it.
   * Errors: DeviceError naming the kernel and what the compiler says. Run uncompiled, a faulty shader makes reads of its result throw the same.
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
  takes("defineKernel", arguments, 1);
  const erased = definition as unknown as Erased;
  const shader = inspected(erased);
  const { name, inputs } = definition;
  const record = recordOf(erased, shader) as AnyPrimitive;
  const run = (...args: readonly unknown[]): Tensor => apply(record, args, name) as Tensor;
  Object.defineProperties(run, { name: { value: name }, length: { value: inputs.length } });
  return Object.assign(run, { compile: (...rest: []) => compiled(name, shader.kernel, rest) }) as unknown as UserKernel<I, A>;
}

type Shader = Pick<Linked, "bindings" | "params"> & { readonly kernel: Kernel };

/** All that a definition may say. */
const fields: { [K in keyof Required<Erased>]: undefined } = {
  name: undefined,
  wgsl: undefined,
  entry: undefined,
  inputs: undefined,
  attrs: undefined,
  out: undefined,
  params: undefined,
  threads: undefined,
  cpu: undefined,
  save: undefined,
  backward: undefined,
};

/** Reads the shader and holds it against the definition. Errors: ArgumentError. */
function inspected(definition: Erased): Shader {
  return asked("defineKernel", [definition], 1, () => {
    const { name, wgsl, inputs, entry = name } = definition;
    parse([definition], {}, fields);
    const demand = (fine: unknown, what: string, remedy?: string): void => {
      if (!fine) throw new ArgumentError(what, remedy);
    };
    for (const [key, type] of Object.entries({ name: "string", wgsl: "string", cpu: "function" })) {
      const given = definition[key as "name"];
      demand(given && typeof given === type, `needs a ${type} as ${key}, got ${given}`);
    }
    const distinct = Array.isArray(inputs) && new Set(inputs.filter((n) => typeof n === "string" && n !== "out")).size === inputs.length;
    demand(distinct && inputs.length > 0, `${name}: inputs must be different names, none of them out, got ${String(inputs)}`);
    const found = kernel(wgsl, entry);
    try {
      const { bindings, params } = link(found.sources, entry);
      for (const { name: binding, write } of bindings)
        demand(
          write ? binding === "out" : inputs.includes(binding),
          `the ${write ? "written" : "read"} binding ${binding} is no ${write ? "output" : "input"}`,
          `inputs are ${inputs.join(", ")}; only out is read_write`,
        );
      demand(
        bindings.some((b) => b.write),
        `the entry point ${entry} writes no binding out`,
      );
      demand(bindings.length <= 8, `${bindings.length} storage bindings, devices promise 8`);
      return { kernel: found, bindings, params };
    } catch (error) {
      const { what, remedy } = error as WengertError;
      throw new ArgumentError(`${name}: ${what}`, remedy);
    }
  });
}

function recordOf(definition: Erased, shader: Shader): Primitive<never, string, string, object> {
  const { inputs } = definition;
  const byName = <T>(value: (input: string, index: number) => T): Record<string, T> =>
    Object.fromEntries(inputs.map((input, i) => [input, value(input, i)]));
  type Told = Parameters<Erased["cpu"]>[2];
  const paramsOf = (told: Told): Record<string, number> => {
    const params: Record<string, number> = { size: sizeOf(told.out.shape), ...definition.params?.(told) };
    for (const field of shader.params) checkField(field, params[field.name]);
    for (const key of Object.keys(params))
      if (key !== "size" && !shader.params.some((f) => f.name === key)) throw new ArgumentError(`the shader has no parameter ${key}`);
    return params;
  };
  const told = (ins: Io<string>, attrs: object): Told => ({ ins, attrs, out: ins.out });
  return {
    call: (...args: readonly unknown[]) => ({
      inputs: byName((n, i) => operand(args[i], n)),
      attrs: parse(args.slice(inputs.length), {}, { ...definition.attrs }),
    }),
    meta: (ins, attrs) => {
      const given: Partial<Meta> = definition.out?.({ ins, attrs }) ?? ins[inputs[0]]!;
      const out = { shape: checkShape(given.shape!), dtype: asDType(given.dtype) };
      const metas: Readonly<Record<string, Meta>> = { ...ins, out };
      for (const { name: binding, element } of shader.bindings) {
        const { dtype } = metas[binding]!;
        const own = dtype === "float64" ? "f32" : wgslType(dtype);
        if (element && element !== own[0])
          throw new DtypeError(`${binding} is ${dtype}, the shader reads it as ${element}32`, "convert it with to()");
      }
      paramsOf({ ins, attrs, out });
      return { out };
    },
    cpu: (io, attrs) =>
      definition.cpu(
        byName((n) => dense(io[n]!)),
        elements(io.out),
        told(io, attrs),
      ),
    gpu: (io, attrs, launcher) => {
      const call = told(io, attrs);
      const grid: Grid = definition.threads?.(call) ?? sizeOf(call.out.shape);
      const most = typeof grid === "number" ? Infinity : launcher.traits.maxWorkgroupsPerDimension;
      if (![grid].flat().every((n) => Number.isInteger(n) && n >= 0 && n <= most))
        throw new ArgumentError(
          `threads must be whole numbers${most < Infinity ? ` up to ${most} in each dimension` : ""}, got ${String(grid)}`,
          "a single number of threads folds over the grid",
        );
      launcher.launch(shader.kernel, { ...byName((n) => launcher.dense(io[n]!)), out: io.out }, paramsOf(call), grid);
    },
    save: definition.save ?? [],
    backward: definition.backward ?? "none",
    samples: [],
    errors: [],
  };
}

/** Errors: ArgumentError unless the value is a number that the field holds. */
function checkField({ name, type }: Field, value: number | undefined): void {
  if (typeof value !== "number") throw new ArgumentError(`parameter ${name} was not given`, "return it from params");
  if (type !== "f32" && (type === "i32" ? value | 0 : value >>> 0) !== value)
    throw new ArgumentError(`parameter ${name} is ${type}, got ${value}`);
}

/** Errors: DeviceError when WebGPU is not in use or refuses the kernel. */
async function compiled(name: string, found: Kernel, rest: readonly unknown[]): Promise<void> {
  takes(name, rest, 0);
  const device = under(name, () => deviceNamed("webgpu")) as WebGpuDevice;
  await device.compile(name, found);
}
