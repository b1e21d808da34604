// What a kernel launch is: pure data between operator records and the command list.
import math from "../../shaders/math.wgsl?raw";
import { type DType, type Float32s, type Int32s, roundTo } from "../base/dtype.ts";
import { memo } from "../base/memo.ts";
import type { View } from "./device.ts";

/**
 * How a shader file is specialised, by the names of its module-scope declarations: the value of a constant, the type behind an alias,
 * and for a function another one, by its text `fn name(…) -> T { … }` or by the name it has in the same file.
 */
export type Specialisation = Readonly<Record<string, number | boolean | string>>;

/** One entry point of one shader file, specialised. The same request gives the same object, so devices can key caches on it. */
export interface Kernel {
  readonly sources: readonly string[];
  readonly entry: string;
  readonly spec: Specialisation;
}

const cache = new Map<string, Map<string, Kernel>>();

const libraries = new Set([math]);

/** Lets kernels made from now on call the functions of another shader file; those of math.wgsl are always there. */
export const library = (source: string): void => void libraries.add(source);

/** The kernel for `entry` of `source` (a shader file's text) under `spec`. */
export function kernel(source: string, entry: string, spec: Specialisation = {}): Kernel {
  const entries = memo(cache, source, () => new Map<string, Kernel>());
  return memo(entries, entry + JSON.stringify(spec), () => ({ sources: [source, ...libraries], entry, spec }));
}

/** Workgroup counts, or a number of invocations to be folded over a 1-D (then 2-D) grid. */
export type Grid = readonly [number, number, number] | number;

/** Facts about the adapter that choose between kernel variants. */
export interface Traits {
  /** Software adapters and the like: prefer barrier-free kernels. */
  readonly barriersAreSlow: boolean;
  readonly maxWorkgroupsPerDimension: number;
}

/** What an operator's `gpu` may do. */
export interface Launcher {
  readonly traits: Traits;
  /** Records one dispatch. `bind` names the shader's storage bindings, `params` the fields of its Params struct; those left out are 0. */
  launch(kernel: Kernel, bind: Readonly<Record<string, View>>, params: Readonly<Record<string, number | undefined>>, grid: Grid): void;
  /** Temporary memory, returned to the pool when the operator is recorded. */
  scratch(dtype: DType, shape: readonly number[]): View;
  /** The view itself when dense (offset 0 too), else a dense copy in scratch memory. */
  dense(view: View): View;
  /** A buffer made from host integers or floats, cached by key, the most recently used ones: index tables. Launch it in the operator that asked. */
  table(key: string, make: () => Int32s | Float32s): View;
}

/** WGSL storage type of a dtype: one 4-byte element each. */
export const wgslType = (dtype: DType): "f32" | "i32" | "u32" => (dtype === "float32" ? "f32" : dtype === "int32" ? "i32" : "u32");

const scratchFloat = new Float32Array(1);
const scratchWord = new Uint32Array(scratchFloat.buffer);

/** The 32-bit pattern of `value` as an element of `dtype`, for parameters that carry an element. */
export function bitsOf(dtype: DType, value: number): number {
  if (dtype !== "float32") return roundTo(dtype, value) >>> 0;
  scratchFloat[0] = value;
  return scratchWord[0]!;
}

/** Parameters `<prefix>d, h, w` of a value for each of three spatial axes. */
export const axisFields = (prefix: string, values: readonly number[]): Record<string, number> =>
  Object.fromEntries(values.map((v, i) => [prefix + "dhw"[i]!, v]));
