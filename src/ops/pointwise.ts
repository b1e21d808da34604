// Constructors for elementwise records: one scalar expression in WGSL and its twin in TypeScript make both devices.
import source from "../../shaders/elementwise.wgsl?raw";
import { constantOf, type View, type Views } from "../backend/backend.ts";
import { walk } from "../backend/copy.ts";
import { elements } from "../backend/cpu.ts";
import { bitsOf, kernel, type Launcher, wgslType } from "../backend/kernel.ts";
import { category, type DType, isFloat, promote } from "../base/dtype.ts";
import { DtypeError } from "../base/errors.ts";
import { broadcastShapes, coalesce, expandTo, forEachOffset, type Geometry, isContiguous, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Backward, ErrorSample, Inputs, Primitive, Sample } from "./op.ts";

type Scalars = readonly number[];

/** How an elementwise operator computes; `x`, `y`, `z` are operands, `p0`…`p3` its numeric attributes. */
export interface Pointwise<A> {
  /** WGSL expression; separate ones where floats, integers or booleans differ. Types left out are refused. */
  readonly wgsl: string | { readonly float?: string; readonly int?: string; readonly bool?: string };
  readonly cpu: (x: number, y: number, z: number, p0: number, p1: number, p2: number, p3: number) => number;
  /** "float": integers become float32. "bool": a predicate. "same": the operands' promoted type (default). */
  readonly result?: "same" | "float" | "bool";
  /** Numeric attributes in the order p0…p3. */
  readonly params?: (attrs: A) => Scalars;
  /** Truth-valued operands: each is compared with zero first. */
  readonly logical?: boolean;
}

const operands = ["x", "y", "z"] as const;
const bindings = ["a", "b", "d"] as const;
const strideNames = ["a", "b", "e"] as const;

const names = (io: Views): string[] => operands.filter((n) => io[n] !== undefined);

/** The dtype an elementwise kernel computes in; `where`'s condition takes no part. */
function computeType(io: Views, inputs: readonly string[], p: Pointwise<never>): DType {
  const own = inputs.map((n) => io[n]!.dtype);
  if (p.result !== "bool") return io["out"]!.dtype;
  return own.reduce((a, b) => promote([{ dtype: a, kind: "tensor" }, { dtype: b, kind: "tensor" }]));
}

function expression(name: string, p: Pointwise<never>, dtype: DType): string {
  if (typeof p.wgsl === "string") return p.wgsl;
  const kind = p.logical ? "bool" : isFloat(dtype) ? "float" : dtype === "bool" ? "bool" : "int";
  const found = p.wgsl[kind] ?? (kind === "bool" ? p.wgsl.int : undefined);
  if (found === undefined) throw new DtypeError(name, `not defined for ${dtype}`);
  return found;
}

/** WGSL that turns a stored element into the compute type. */
function lift(variable: string, dtype: DType, compute: "f32" | "i32" | "bool"): string {
  if (compute === "bool") return `!(${variable} == ${wgslType(dtype)}(0))`;
  if (dtype === "float32" && compute === "i32") return `to_i32(${variable})`;
  return `${compute}(${variable})`;
}

function lower(value: string, out: DType, compute: "f32" | "i32" | "bool", predicate: boolean): string {
  if (predicate || (out === "bool" && compute === "bool")) return `select(0u, 1u, ${value})`;
  if (out === "bool") return `select(1u, 0u, ${value} == ${compute}(0))`;
  if (out === "uint8") return compute === "i32" ? `bitcast<u32>(${value}) & 255u` : `u32(${value}) & 255u`;
  return `${wgslType(out)}(${value})`;
}

/** Records the launch of an elementwise map over `io`. */
export function gpuMap<A extends object>(p: Pointwise<A>, name: string, io: Views, attrs: A, launcher: Launcher): void {
  const inputs = names(io);
  const out = io["out"]!;
  const views = inputs.map((n) => ({ ...io[n]!, ...expandTo(io[n]!, out.shape) }));
  const dtype = computeType(io, inputs, p as Pointwise<never>);
  const compute = p.logical ? "bool" : isFloat(dtype) ? "f32" : "i32";
  const constants = views.map(constantOf);
  const live = views.filter((_, i) => constants[i] === undefined);
  const merged = coalesce([out, ...views]);
  const rank = Math.max(1, merged[0]!.shape.length);
  const dense = rank > 4 || live.every((v) => isContiguous(v) && v.offset % 4 === 0);
  const ready = views.map((v, i) => (rank > 4 && constants[i] === undefined && !(isContiguous(v) && v.offset % 4 === 0) ? launcher.dense(v) : v));
  const arity = inputs.length;
  const block = dense ? "dense" : `strided${arity}`;
  const scalars = p.params?.(attrs) ?? [];
  const lets = inputs.map((n, i) => `let ${n} = ${lift(`v${bindings[i]}`, views[i]!.dtype, compute)};`);
  const ps = scalars.map((_, i) => `let p${i} = ${block}.p${i};`);
  const value = lower(expression(name, p as Pointwise<never>, dtype), out.dtype, compute, p.result === "bool");
  const signature = inputs.map((_, i) => `v${bindings[i]}: ${bindings[i]!.toUpperCase()}`).join(", ");
  const fns: Record<string, string> = { [`f${arity}`]: `fn f${arity}(${signature}) -> Out { ${lets.join(" ")} ${ps.join(" ")} return ${value}; }` };
  const aliases: Record<string, string> = { Out: wgslType(out.dtype), C: compute };
  const params: Record<string, number> = { size: sizeOf(out.shape), k: 0, k2: 0 };
  let slot = 0;
  for (let i = 0; i < arity; i++) {
    const [b, upper] = [bindings[i]!, bindings[i]!.toUpperCase()];
    const view = ready[i]!;
    aliases[upper] = wgslType(view.dtype);
    const constant = constants[i];
    if (constant !== undefined) {
      const field = slot++ === 0 ? "k" : "k2";
      params[field] = bitsOf(view.dtype, constant);
      const suffix = dense ? "4" : "";
      const type = dense ? `vec4<${upper}>` : upper;
      fns[`load_${b}${suffix}`] = `fn load_${b}${suffix}(i: u32) -> ${type} { return ${type}(bitcast<${upper}>(${block}.${field})); }`;
    }
    params[`${b}_offset`] = dense ? view.offset / 4 : view.offset;
    if (!dense) Object.assign(params, walk(strideNames[i]!, merged[i + 1]!.strides, 0));
  }
  scalars.forEach((v, i) => (params[`p${i}`] = v));
  for (let i = scalars.length; i < 4; i++) params[`p${i}`] = 0;
  if (!dense) Object.assign(params, walk("d", merged[0]!.shape, 1));
  for (const b of bindings) params[`${b}_offset`] ??= 0;
  const bind: Record<string, View> = { out, out4: out };
  inputs.forEach((_, i) => {
    bind[bindings[i]!] = bind[`${bindings[i]}4`] = ready[i]!;
  });
  const spec = { fns, aliases, ...(dense ? {} : { consts: { RANK: rank } }) };
  launcher.launch(kernel(source, `map${arity}_${dense ? "dense" : "strided"}`, spec), bind, params, dense ? Math.ceil(params["size"]! / 4) : params["size"]!);
}

/** Runs an elementwise map on typed arrays. */
export function cpuMap<A extends object>(p: Pointwise<A>, io: Views, attrs: A): void {
  const inputs = names(io);
  const out = io["out"]!;
  const to = elements(out);
  const [p0 = 0, p1 = 0, p2 = 0, p3 = 0] = p.params?.(attrs) ?? [];
  const f = p.cpu;
  const truth = p.logical ? (v: number): number => Number(v !== 0) : undefined;
  const sources = inputs.map((n) => elements(io[n]!));
  const [a, b, c] = sources;
  const geometries = coalesce([contiguousLike(out), ...inputs.map((n) => expandTo(io[n]!, out.shape))]);
  const flat = geometries[0]!.shape.length <= 1;
  const n = sizeOf(out.shape);
  if (flat && inputs.length <= 2 && !truth) {
    const [, ga, gb] = geometries;
    const [ia, sa, ib, sb] = [ga!.offset, ga!.strides[0] ?? 0, gb?.offset ?? 0, gb?.strides[0] ?? 0];
    if (b === undefined) for (let i = 0, j = ia; i < n; i++, j += sa) to[i] = f(a![j]!, 0, 0, p0, p1, p2, p3);
    else for (let i = 0, j = ia, k = ib; i < n; i++, j += sa, k += sb) to[i] = f(a![j]!, b[k]!, 0, p0, p1, p2, p3);
  } else
    forEachOffset(geometries, ([, ia, ib, ic], i) => {
      let [x, y, z] = [a![ia!]!, b ? b[ib!]! : 0, c ? c[ic!]! : 0];
      if (truth) [x, y, z] = [truth(x), truth(y), truth(z)];
      to[i] = f(x, y, z, p0, p1, p2, p3);
    });
  if (out.dtype === "bool") for (let i = 0; i < n; i++) to[i] = to[i] === 0 ? 0 : 1;
}

const contiguousLike = (v: View): Geometry => v;

function resultType(name: string, p: Pointwise<never>, ins: Inputs): DType {
  const list = operands.filter((n) => ins[n] !== undefined).map((n) => ins[n]!);
  const dtype = promote(list);
  if (p.result === "bool") return "bool";
  const result = p.result === "float" && category(dtype) < 2 ? "float32" : dtype;
  expression(name, p, result);
  return result;
}

type Rule<F extends (...args: never[]) => unknown, S extends string, A extends object> = Pointwise<A> & {
  readonly call: (...args: Parameters<F>) => { inputs: Record<string, Tensor | number | undefined>; attrs: A };
  readonly save?: readonly S[];
  readonly backward: Backward<S, A> | "none";
  readonly samples: readonly Sample[];
  readonly errors?: readonly ErrorSample[];
  readonly inplace?: boolean;
  readonly self?: number;
  /** Overrides the dtype of the result. */
  readonly dtype?: (ins: Inputs, attrs: A) => DType;
};

/** An elementwise record from its rule; `name` labels errors. Shapes broadcast; numbers join as constants. */
export function pointwise<F extends (...args: never[]) => Tensor, S extends string = never, A extends object = object>(
  name: string,
  rule: Rule<F, S, A>,
): Primitive<F, S, A> {
  return {
    call: rule.call,
    meta: (ins, attrs) => ({
      out: {
        shape: broadcastShapes(name, ...operands.filter((n) => ins[n]).map((n) => ins[n]!.shape)),
        dtype: rule.dtype ? rule.dtype(ins, attrs) : resultType(name, rule as unknown as Pointwise<never>, ins),
      },
    }),
    cpu: (io, attrs) => cpuMap(rule, io, attrs),
    gpu: (io, attrs, launcher) => gpuMap(rule, name, io, attrs, launcher),
    fold: (values, attrs) => {
      const [p0 = 0, p1 = 0, p2 = 0, p3 = 0] = rule.params?.(attrs) ?? [];
      const [x = 0, y = 0, z = 0] = operands.map((n) => (rule.logical ? Number((values[n] ?? 0) !== 0) : values[n]));
      return rule.cpu(x, y, z, p0, p1, p2, p3);
    },
    ...(rule.save ? { save: rule.save } : {}),
    backward: rule.backward,
    samples: rule.samples,
    errors: rule.errors ?? [],
    inplace: rule.inplace ?? true,
    ...(rule.self === undefined ? {} : { self: rule.self }),
  };
}

type UnaryFn = (x: Tensor) => Tensor;
type BinaryFn = (x: Tensor, y: Tensor | number) => Tensor;
export type Unary<S extends "x" | "out" = never> = Primitive<UnaryFn, S> & { readonly inplace: true };
export type Binary<S extends "x" | "y" | "out" = never> = Primitive<BinaryFn, S> & { readonly inplace: true };
export type Predicate = Primitive<BinaryFn>;

interface Options<S extends string> {
  readonly save?: readonly S[];
  readonly backward: Backward<S, object> | "none";
  /** Sample range of every operand. */
  readonly range?: readonly [number, number];
  readonly samples?: readonly Sample[];
  readonly errors?: readonly ErrorSample[];
}

/** A record for y = f(x). Samples default to a matrix, a scalar and an empty tensor over `range`. */
export function unary<S extends "x" | "out" = never>(name: string, spec: Pointwise<object> & Options<S>): Unary<S> {
  const [low, high] = spec.range ?? [-3, 3];
  const arg = (shape: readonly number[]): unknown => ({ $: shape, low, high });
  const record = pointwise<UnaryFn, S>(name, {
    ...spec,
    call: (x) => ({ inputs: { x }, attrs: {} }),
    samples: spec.samples ?? [[arg([3, 5])], [arg([])], [arg([0, 2])]],
  });
  return record as Unary<S>;
}

/** A record for z = f(x, y) with broadcasting. */
export function binary<S extends "x" | "y" | "out" = never>(name: string, spec: Pointwise<object> & Options<S>): Binary<S> {
  const [low, high] = spec.range ?? [-3, 3];
  const arg = (shape: readonly number[]): unknown => ({ $: shape, low, high });
  const record = pointwise<BinaryFn, S>(name, {
    ...spec,
    call: (x, y) => ({ inputs: { x, y }, attrs: {} }),
    samples: spec.samples ?? [
      [arg([3, 4]), arg([3, 4])],
      [arg([3, 4]), arg([4])],
      [arg([3, 1]), arg([1, 4])],
      [arg([2, 3]), 1.5],
      [arg([]), arg([2])],
      [arg([0, 3]), arg([3])],
    ],
    errors: spec.errors ?? [{ args: [arg([2, 3]), arg([4])], message: "do not broadcast" }],
  });
  return record as Binary<S>;
}
