// Elementwise kernels for both devices, made from one scalar expression in WGSL and its twin in TypeScript.
import source from "../../shaders/elementwise.wgsl?raw";
import { constantOf, type View, type Views } from "../backend/backend.ts";
import { elements } from "../backend/cpu.ts";
import { bitsOf, type Kernel, kernel, type Launcher, wgslType } from "../backend/kernel.ts";
import { type DType, hostArray, isFloat, promote, type TypedArray } from "../base/dtype.ts";
import { DtypeError } from "../base/errors.ts";
import { coalesce, contiguousStrides, expandTo, type Geometry, isContiguous, sameShape, sizeOf } from "../base/shape.ts";
import { memo } from "../base/memo.ts";
import { eachRow } from "./copy.ts";

export type Scalars = readonly number[];
type Scalar = (x: number, y: number, z: number, p0: number, p1: number, p2: number, p3: number) => number;

/**
 * A loop over n elements for the operators that training runs hot: `to` is dense from t on, operands start at i, j, k and advance by their
 * strides (0 for a repeated value). One such loop per operator stays monomorphic, which a loop that calls back cannot.
 */
// prettier-ignore
export type Loop = (
  to: TypedArray, t: number, n: number, a: TypedArray, i: number, sa: number, b: TypedArray, j: number, sb: number,
  c: TypedArray, k: number, sc: number, p0: number, p1: number,
) => void;

/** WGSL expressions per kind of element. false: refused. A missing `bool` takes `int`'s. */
export interface Kinds {
  readonly float?: string;
  readonly int?: string;
  readonly bool?: string | false;
}

/** How an elementwise operator computes; `x`, `y`, `z` are operands, `p0`…`p3` numeric attributes. */
export interface Form {
  /** One WGSL expression, or separate ones where floats, integers or booleans differ. Kinds left out are refused. */
  readonly wgsl: string | Kinds;
  readonly cpu: Scalar;
  /** The twin for integer arithmetic, where doubles would lose bits. */
  readonly int?: Scalar;
  /** A loop of its own for floats on the CPU. */
  readonly loop?: Loop;
  /** "float": integers become float32. "bool": a predicate. "same": the operands' promoted type (default). */
  readonly yields?: "same" | "float" | "bool";
  /** Truth-valued operands: each is compared with zero first. */
  readonly logical?: boolean;
  /** The one operand that is a condition: it is compared with zero and takes no part in type promotion. */
  readonly condition?: "x" | "y";
}

/** A form, or several to choose from by attributes. Forms are cache keys: make them once. */
export type Pointwise<A> = (Form | { readonly form: (attrs: A) => Form }) & {
  /** Numeric attributes in the order p0…p3; `dtype` is the one of the result. */
  readonly params?: (attrs: A, dtype: DType) => Scalars;
};

export const formOf = <A>(p: Pointwise<A>, attrs: A): Form => ("form" in p ? p.form(attrs) : p);

export const operands = ["x", "y", "z"] as const;
const bindings = ["a", "b", "d"] as const;

/** The operands present; they fill x, y, z without gaps. */
const inputsOf = (io: Views): View[] => (io["z"] ? [io["x"]!, io["y"]!, io["z"]] : io["y"] ? [io["x"]!, io["y"]] : [io["x"]!]);

/** The dtype an elementwise kernel computes in. */
function computeType(form: Form, views: readonly View[], out: DType): DType {
  if (form.yields !== "bool") return out;
  const own = views.filter((_, i) => operands[i] !== form.condition).map(({ dtype }) => ({ dtype, kind: "tensor" as const }));
  return promote(own);
}

/** The WGSL expression for operands of `dtype`. Errors: DtypeError when the operator is not defined for it. */
export function expression(form: Form, dtype: DType): string {
  if (typeof form.wgsl === "string") return form.wgsl;
  const found = isFloat(dtype) ? form.wgsl.float : dtype === "bool" ? (form.wgsl.bool ?? form.wgsl.int) : form.wgsl.int;
  if (found === undefined || found === false) throw new DtypeError(`not defined for ${dtype}`, "convert the operand with to(dtype)");
  return found;
}

/**
 * The output and its operands as few dimensions as possible; repeated values are walked in steps of 0. Usually every operand is dense in
 * the output's shape, or one repeated value: then it is one dimension.
 */
function walked(out: View, views: readonly View[]): Geometry[] {
  const repeats = (v: View): boolean => constantOf(v) !== undefined;
  const flat = views.every((v) => repeats(v) || (sameShape(v.shape, out.shape) && isContiguous(v)));
  const shape = flat ? [sizeOf(out.shape)] : out.shape;
  const geometries = views.map((v): Geometry =>
    repeats(v) ? { shape, strides: shape.map(() => 0), offset: 0 } : flat ? { shape, strides: [1], offset: v.offset } : expandTo(v, shape),
  );
  const all = [{ shape, strides: contiguousStrides(shape), offset: 0 }, ...geometries];
  return flat ? all : coalesce(all);
}

// ---- WebGPU ---------------------------------------------------------------------------------------------------------

type Compute = "f32" | "i32" | "bool";

/** WGSL that turns a stored element into the compute type. */
function lift(variable: string, dtype: DType, compute: Compute): string {
  if (compute === "bool") return `!(${variable} == ${wgslType(dtype)}(0))`;
  if (dtype === "float32" && compute === "i32") return `to_i32(${variable})`;
  return `${compute}(${variable})`;
}

/** WGSL that turns a value of the compute type into a stored element. */
function lower(value: string, out: DType, compute: Compute, predicate: boolean): string {
  if (predicate || (out === "bool" && compute === "bool")) return `select(0u, 1u, ${value})`;
  if (out === "bool") return `select(1u, 0u, (${value}) == ${compute}(0))`;
  if (out === "uint8") return compute === "i32" ? `bitcast<u32>(${value}) & 255u` : `u32(${value}) & 255u`;
  return `${wgslType(out)}(${value})`;
}

interface Plan {
  readonly kernel: Kernel;
  /** Reused between calls: launches copy it. */
  readonly params: Record<string, number>;
}

const codes: Readonly<Record<DType, number>> = { float32: 0, int32: 1, uint8: 2, bool: 3, float64: 4 };
const plans = new WeakMap<Form, Map<number, Plan>>();

/**
 * The plan for operands of these types. `mask` has a bit for each operand without a buffer; `rank` is 0 for dense operands; `fours`: four
 * elements per invocation.
 */
function planFor(form: Form, rank: number, fours: boolean, mask: number, out: View, views: readonly View[]): Plan {
  let key = ((rank * 2 + Number(fours)) * 8 + mask) * 8 + codes[out.dtype];
  for (const v of views) key = key * 8 + codes[v.dtype];
  const own = memo(plans, form, () => new Map<number, Plan>());
  return memo(own, key * 4 + views.length, () => {
    const dtype = computeType(form, views, out.dtype);
    const compute: Compute = form.logical ? "bool" : isFloat(dtype) ? "f32" : "i32";
    const block = rank === 0 ? "dense" : "strided";
    const spec: Record<string, number | string> = { Out: wgslType(out.dtype), C: compute, RANK: Math.max(1, rank), STEP: fours ? 4 : 1 };
    if (rank > 0 && fours) spec["store"] = "store_four";
    const body: string[] = [];
    bindings.forEach((b, i) => {
      const [n, view, type] = [operands[i], views[i], b.toUpperCase()];
      if (view) {
        spec[type] = wgslType(view.dtype);
        body.push(`let ${n} = ${lift(`v${b}`, view.dtype, n === form.condition ? "bool" : compute)};`);
      }
      if ((mask & (1 << i)) === 0) return;
      if (rank === 0)
        spec[`load_${b}4`] = `fn load_${b}4(i: u32, start: u32) -> vec4<${type}> { return vec4<${type}>(bitcast<${type}>(start)); }`;
      else spec[`load_${b}`] = `fn load_${b}(i: u32) -> ${type} { return bitcast<${type}>(i); }`;
    });
    const wgsl = expression(form, dtype);
    for (const p of new Set(wgsl.match(/\bp[0-3]\b/g))) body.push(`let ${p} = ${block}.${p};`);
    spec["f"] = `fn f(va: A, vb: B, vd: D) -> Out { ${body.join(" ")} return ${lower(wgsl, out.dtype, compute, form.yields === "bool")}; }`;
    return { kernel: kernel(source, `map_${block}`, spec), params: {} };
  });
}

/** Right-aligned fields name0…name3, the outermost walked dimension always in field 0. */
function setFields(params: Record<string, number>, name: string, values: readonly number[], missing: number): void {
  const rank = values.length;
  for (let k = 0; k < 4; k++) params[name + k] = values[k === 0 ? 0 : k > 4 - rank ? k - 4 + rank : rank] ?? missing;
}

/** Records the launch of an elementwise map over `io`. */
export function gpuMap<A extends object>(p: Pointwise<A>, io: Views, attrs: A, launcher: Launcher): void {
  const out = io["out"]!;
  const form = formOf(p, attrs);
  const scalars = p.params?.(attrs, out.dtype) ?? [];
  let views = inputsOf(io);
  let merged = walked(out, views);
  if (merged[0]!.shape.length > 4) {
    views = views.map((v) => (constantOf(v) === undefined ? launcher.dense({ ...v, ...expandTo(v, out.shape) }) : v));
    merged = walked(out, views);
  }
  const size = sizeOf(out.shape);
  const [{ shape }, ...places] = merged as [Geometry, ...Geometry[]];
  const constants = views.map(constantOf);
  const dense = places.every(
    ({ offset, strides: [first = 1, ...more] }, i) => constants[i] !== undefined || (offset % 4 === 0 && first === 1 && more.length === 0),
  );
  const fours = dense || shape[shape.length - 1]! % 4 === 0;
  const mask = bindings.reduce((bits, _, i) => bits | (views[i] && constants[i] === undefined ? 0 : 1 << i), 0);
  const plan = planFor(form, dense ? 0 : Math.max(1, shape.length), fours, mask, out, views);
  const { params } = plan;
  params["size"] = size;
  if (!dense) setFields(params, "n", shape, 1);
  const bind: Record<string, View> = { out, out4: out };
  bindings.forEach((b, i) => {
    const [view, constant, { offset = 0, strides = [] } = {}] = [views[i], constants[i], places[i]];
    params[`${b}_offset`] = view && constant !== undefined ? bitsOf(view.dtype, constant) : dense ? offset / 4 : offset;
    if (!dense) setFields(params, b, strides, 0);
    if (view) bind[b] = bind[`${b}4`] = view;
  });
  for (let i = 0; i < 4; i++) params[`p${i}`] = scalars[i] ?? 0;
  launcher.launch(plan.kernel, bind, params, fours ? Math.ceil(size / 4) : size);
}

// ---- CPU ------------------------------------------------------------------------------------------------------------

/** The operand's memory; a repeated value becomes an array of one. */
function arrayOf(view: View): TypedArray {
  const constant = constantOf(view);
  return constant === undefined ? elements(view) : hostArray(view.dtype, 1).fill(constant);
}

/** The function for elements of `dtype`; `logical` operands arrive as 0 or 1. */
export function scalarOf(form: Form, dtype: DType): Scalar {
  const f = !isFloat(dtype) && form.int ? form.int : form.cpu;
  return form.logical ? (x, y, z, p0, p1, p2, p3) => f(Number(x !== 0), Number(y !== 0), Number(z !== 0), p0, p1, p2, p3) : f;
}

/** Runs an elementwise map on typed arrays. */
export function cpuMap<A extends object>(p: Pointwise<A>, io: Views, attrs: A): void {
  const out = io["out"]!;
  const form = formOf(p, attrs);
  const [p0 = 0, p1 = 0, p2 = 0, p3 = 0] = p.params?.(attrs, out.dtype) ?? [];
  const views = inputsOf(io);
  const to = elements(out);
  const dtype = computeType(form, views, out.dtype);
  // Operands that are missing read the first one's memory, and nobody reads them.
  const [a, b = a!, c = a!] = views.map(arrayOf);
  const f = scalarOf(form, dtype);
  const any: Loop = (to, t, n, a, i, sa, b, j, sb, c, k, sc) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb, k += sc) to[t] = f(a[i]!, b[j]!, c[k]!, p0, p1, p2, p3);
  };
  const loop = (isFloat(dtype) && !form.logical && form.loop) || any;
  eachRow(walked(out, views), ([t, i, j = 0, k = 0], n, [, sa, sb = 0, sc = 0]) =>
    loop(to, t!, n, a!, i!, sa!, b, j, sb, c, k, sc, p0, p1),
  );
  if (out.dtype === "bool" && form.yields !== "bool" && !form.logical) to.forEach((v, e) => (to[e] = Number(v !== 0)));
}
