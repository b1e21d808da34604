// Elementwise kernels for both devices, made from one scalar expression in WGSL and its twin in TypeScript.
import source from "../../shaders/elementwise.wgsl?raw";
import { type DType, hostArray, isFloat, type TypedArray } from "../base/dtype.ts";
import { DtypeError } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { coalesce, contiguous, expandTo, type Geometry, sizeOf } from "../base/shape.ts";
import { elements } from "../device/cpu.ts";
import { constantOf, type Io, type View } from "../device/device.ts";
import { bitsOf, type Kernel, kernel, type Launcher, wgslType } from "../device/kernel.ts";
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
  /**
   * The largest error of the WGSL for floats, in units in the last place of the result, over all normal operands; 0, the default, asks for
   * the correctly rounded result. Infinity where rounding on the way decides between results far apart.
   */
  readonly ulp?: number;
  /** Terms of the result may cancel: its error counts in units of the largest of them. */
  readonly cancels?: true;
  /** The twin for integer arithmetic, where doubles would lose bits. */
  readonly int?: Scalar;
  /** A loop of its own for floats on the CPU. */
  readonly loop?: Loop;
  /** "float": integers become float32. "bool": a predicate. "same": the operands' promoted type (default). */
  readonly yields?: "same" | "float" | "bool";
  /** The operands that are conditions, as in "xy": WGSL sees whether each differs from zero, and type promotion does not see them. */
  readonly conditions?: string;
}

/** A form, or several to choose from by attributes. Forms are cache keys: make them once. */
export type Pointwise<A> = (Form | { readonly form: (attrs: A) => Form }) & {
  /** Numeric attributes in the order p0…p3; `dtype` is the one of the result. */
  readonly params?: (attrs: A, dtype: DType) => Scalars;
};

export const formOf = <A>(p: Pointwise<A>, attrs: A): Form => ("form" in p ? p.form(attrs) : p);

export const operands = ["x", "y", "z"] as const;
type Operands = Io<"x" | "y?" | "z?">;

/** The operands present; they fill x, y, z without gaps. Every call asks for them: a loop, since flatMap allocates for each. */
export function present<T>(io: Readonly<Partial<Record<"x" | "y" | "z", T | undefined>>>, without = ""): T[] {
  const list: T[] = [];
  for (const name of operands) {
    const given = io[name];
    if (given !== undefined && !without.includes(name)) list.push(given);
  }
  return list;
}

/** The dtype an elementwise kernel computes in, as far as it matters to one: predicates take their operands for floats or for integers. */
const computeType = (form: Form, views: readonly View[], out: DType): DType =>
  form.yields !== "bool" ? out : views.some((v) => isFloat(v.dtype)) ? "float32" : "int32";

/** The WGSL expression for operands of `dtype`. Errors: DtypeError when the operator is not defined for it. */
export function expression({ wgsl }: Form, dtype: DType): string {
  if (typeof wgsl === "string") return wgsl;
  const found = isFloat(dtype) ? wgsl.float : ((dtype === "bool" ? wgsl.bool : undefined) ?? wgsl.int);
  if (!found) throw new DtypeError(`not defined for ${dtype}`, "convert the operand with to(dtype)");
  return found;
}

const single = contiguous([]);

/** The output and its operands in one shape; repeated values are walked in steps of 0. */
const walked = (out: View, views: readonly View[]): Geometry[] => [
  out,
  ...views.map((v) => expandTo(constantOf(v) === undefined ? v : single, out.shape)),
];

// ---- WebGPU ---------------------------------------------------------------------------------------------------------

interface Plan {
  readonly kernel: Kernel;
  /** Reused between calls: launches copy it. */
  readonly params: Record<string, number>;
}

const codes: Readonly<Record<DType, number>> = { float32: 0, int32: 1, uint8: 2, bool: 3, float64: 4 };
const plans = new WeakMap<Form, Map<number, Plan>>();

/** The plan for operands of these types. `rank` is 0 for dense operands; `fours`: four elements per invocation. */
function planFor(form: Form, rank: number, fours: boolean, out: View, views: readonly View[]): Plan {
  // A number, since every launch looks here.
  let key = (rank * 2 + Number(fours)) * 8 + codes[out.dtype];
  for (const v of views) key = key * 16 + codes[v.dtype] * 2 + Number(constantOf(v) === undefined);
  const own = memo(plans, form, () => new Map<number, Plan>());
  return memo(own, key * 4 + views.length, () => {
    const dtype = computeType(form, views, out.dtype);
    const compute = isFloat(dtype) ? "f32" : "i32";
    const block = rank === 0 ? "dense" : "strided";
    const spec: Record<string, number | string> = { Out: wgslType(out.dtype), RANK: Math.max(1, rank), STEP: fours ? 4 : 1 };
    if (rank > 0 && fours) spec["store"] = "store_four";
    const body: string[] = [];
    operands.forEach((name, i) => {
      const view = views[i];
      const type = name.toUpperCase();
      if (view) {
        spec[type] = wgslType(view.dtype);
        const lift = view.dtype === "float32" && compute === "i32" ? "to_i32" : compute;
        body.push(`let ${name} = ${form.conditions?.includes(name) ? `!(v${name} == ${type}(0))` : `${lift}(v${name})`};`);
      }
      if (view && constantOf(view) === undefined) return;
      const [load, loaded] = rank === 0 ? [`load_${name}4`, `vec4<${type}>`] : [`load_${name}`, type];
      spec[load] = `fn ${load}(i: u32, start: u32) -> ${loaded} { return ${loaded}(bitcast<${type}>(start)); }`;
    });
    const wgsl = expression(form, dtype);
    for (const p of new Set(wgsl.match(/\bp[0-3]\b/g))) body.push(`let ${p} = ${block}.${p};`);
    const result = out.dtype === "bool" && form.yields !== "bool" ? `(${wgsl}) != 0` : wgsl;
    spec["f"] = `fn f(vx: X, vy: Y, vz: Z) -> Out { ${body.join(" ")} return Out(${result})${out.dtype === "uint8" ? " & 255u" : ""}; }`;
    return { kernel: kernel(source, `map_${block}`, spec), params: {} };
  });
}

/** Records the launch of an elementwise map over `io`. */
export function gpuMap<A extends object>(p: Pointwise<A>, io: Operands, attrs: A, launcher: Launcher): void {
  const out = io.out;
  const form = formOf(p, attrs);
  const scalars = p.params?.(attrs, out.dtype) ?? [];
  let views: View[] = present(io);
  let merged = coalesce(walked(out, views));
  if (merged[0]!.shape.length > 4) {
    views = views.map((v) => (constantOf(v) === undefined ? launcher.dense({ ...v, ...expandTo(v, out.shape) }) : v));
    merged = coalesce(walked(out, views));
  }
  const size = sizeOf(out.shape);
  const [{ shape }, ...places] = merged as [Geometry, ...Geometry[]];
  const dense = places.every(
    ({ offset, strides: [step = 1, ...more] }, i) =>
      constantOf(views[i]!) !== undefined || (offset % 4 === 0 && step === 1 && more.length === 0),
  );
  const fours = dense || shape.at(-1)! % 4 === 0;
  const { kernel, params } = planFor(form, dense ? 0 : Math.max(1, shape.length), fours, out, views);
  const bind: Record<string, View> = { out, out4: out };
  /** Fields name0…name3, from the outermost walked dimension on. */
  const setFields = (name: string, values: readonly number[], missing: number): void => {
    for (let k = 0; k < 4; k++) params[name + k] = values[k] ?? missing;
  };
  params["size"] = size;
  setFields("p", scalars, 0);
  if (!dense) setFields("n", shape, 1);
  operands.forEach((name, i) => {
    const [view, { offset, strides } = single] = [views[i], places[i]];
    const constant = view && constantOf(view);
    params[`${name}_offset`] = constant !== undefined ? bitsOf(view!.dtype, constant) : dense ? offset / 4 : offset;
    if (!dense) setFields(name, strides, 0);
    if (view) bind[`${name}s`] = bind[`${name}s4`] = view;
  });
  launcher.launch(kernel, bind, params, fours ? Math.ceil(size / 4) : size);
}

// ---- CPU ------------------------------------------------------------------------------------------------------------

/** The operand's memory; a repeated value becomes an array of one. */
function arrayOf(view: View): TypedArray {
  const constant = constantOf(view);
  return constant === undefined ? elements(view) : hostArray(view.dtype, 1).fill(constant);
}

/** The function for elements of `dtype`. */
export const scalarOf = (form: Form, dtype: DType): Scalar => (!isFloat(dtype) && form.int) || form.cpu;

/** Runs an elementwise map on typed arrays. */
export function cpuMap<A extends object>(p: Pointwise<A>, io: Operands, attrs: A): void {
  const out = io.out;
  const form = formOf(p, attrs);
  const [p0 = 0, p1 = 0, p2 = 0, p3 = 0] = p.params?.(attrs, out.dtype) ?? [];
  const views: View[] = present(io);
  const to = elements(out);
  const dtype = computeType(form, views, out.dtype);
  // Operands that are missing read the first one's memory, and nobody reads them.
  const [a, b = a!, c = a!] = views.map(arrayOf);
  const f = scalarOf(form, dtype);
  const any: Loop = (to, t, n, a, i, sa, b, j, sb, c, k, sc) => {
    for (const end = t + n; t < end; t++, i += sa, j += sb, k += sc) to[t] = f(a[i]!, b[j]!, c[k]!, p0, p1, p2, p3);
  };
  const loop = (isFloat(dtype) && form.loop) || any;
  eachRow(walked(out, views), ([t, i, j = 0, k = 0], n, [, sa, sb = 0, sc = 0]) =>
    loop(to, t!, n, a!, i!, sa!, b, j, sb, c, k, sc, p0, p1),
  );
  if (out.dtype === "bool" && form.yields !== "bool") to.forEach((v, e) => (to[e] = Number(v !== 0)));
}
