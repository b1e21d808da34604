// How every reduction walks its operand: dimensions folded into two kept and two reduced ones, then one kernel family or one CPU loop.
import type { View } from "../backend/backend.ts";
import { elements } from "../backend/cpu.ts";
import { kernel, type Launcher, wgslType } from "../backend/kernel.ts";
import { declarations } from "../backend/wgsl.ts";
import { type DType, isFloat, type TypedArray } from "../base/dtype.ts";
import { type Geometry, sizeOf } from "../base/shape.ts";

/** A view as [outer / kept, kept] outputs, each over [length / run, run] elements; strides count elements. */
export interface Layout {
  readonly outer: number;
  readonly kept: number;
  readonly kept0: number;
  readonly kept1: number;
  readonly length: number;
  readonly run: number;
  readonly stride0: number;
  readonly stride1: number;
  readonly offset: number;
}

type Axis = readonly [size: number, stride: number];

/** Neighbouring dimensions that are walked as one; size-1 ones vanish. */
function merged(g: Geometry, dims: readonly number[]): Axis[] {
  const axes: [number, number][] = [];
  for (const d of dims) {
    const [size, stride] = [g.shape[d]!, g.strides[d]!];
    if (size === 1) continue;
    const last = axes[axes.length - 1];
    if (last && last[1] === stride * size) [last[0], last[1]] = [last[0] * size, stride];
    else axes.push([size, stride]);
  }
  return axes;
}

/** The layout of reducing `dims`, undefined when the view interleaves too many dimensions. */
export function layoutOf(g: Geometry, dims: readonly number[]): Layout | undefined {
  const keep = merged(
    g,
    [...g.shape.keys()].filter((d) => !dims.includes(d)),
  );
  const gone = merged(g, dims);
  if (keep.length > 2 || gone.length > 2) return undefined;
  const [k0, k1] = keep.length === 2 ? [keep[0]!, keep[1]!] : [undefined, keep[0]];
  const [r0, r1] = gone.length === 2 ? [gone[0]!, gone[1]!] : [undefined, gone[0]];
  const [kept, kept1] = k1 ?? [1, 0];
  const [run, stride1] = r1 ?? [1, 0];
  return {
    outer: kept * (k0?.[0] ?? 1),
    kept,
    kept0: k0?.[1] ?? 0,
    kept1,
    length: run * (r0?.[0] ?? 1),
    run,
    stride0: r0?.[1] ?? 0,
    stride1,
    offset: g.offset,
  };
}

/** The view with `dims` moved behind the others. */
export function reducedLast<V extends Geometry>(view: V, dims: readonly number[]): V {
  const order = [...view.shape.keys()].filter((d) => !dims.includes(d)).concat(dims);
  return { ...view, shape: order.map((d) => view.shape[d]!), strides: order.map((d) => view.strides[d]!) };
}

const denseLayout = (view: Geometry, dims: readonly number[]): Layout => {
  const length = sizeOf(dims.map((d) => view.shape[d]!));
  const outer = length === 0 ? 0 : sizeOf(view.shape) / length;
  return { outer, kept: Math.max(1, outer), kept0: 0, kept1: length, length, run: length, stride0: 0, stride1: 1, offset: 0 };
};

// ---- GPU ----------------------------------------------------------------------------------------------------------

/** One reduction as functions of the shader file: which of them stand in for open, fold, merge and the like. */
export interface Rule {
  /** Suffix of the functions that work on the lanes: "" for one number per lane. */
  readonly lanes: "" | "ranked" | "moments" | "online" | "twin";
  /** Further replacements, role → function of the file. */
  readonly roles?: Readonly<Record<string, string>>;
  /** Replacements when lanes are four outputs instead of four neighbours of the reduction. */
  readonly across?: Readonly<Record<string, string>>;
  readonly accumulate?: "f32" | "i32";
}

const laneTypes = { "": "vec4<A>", ranked: "Ranked", moments: "Moments", online: "Online", twin: "Twin" };
const partTypes = { "": "vec4<A>", ranked: "Ranked", moments: "Shifted", online: "Online", twin: "TwinPart" };
const laneWords = { "": 4, ranked: 8, moments: 12, online: 8, twin: 8 };
const laneRoles = ["empty", "open", "fold", "fold_some", "close", "merge", "far", "near", "emit", "emit4"];
const acrossRoles = ["lanes_at", "step_size", "whole_steps", "place", "place_step", "output_of", "slot", "item"];

/** Functions of `source` by role: each text is that of the named function, called by its role. */
export function recast(source: string, roles: Readonly<Record<string, string>>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [role, name] of Object.entries(roles)) {
    const found = declarations(source).find((d) => d.kind === "fn" && d.name === name)!;
    texts[role] = found.text.replace(`fn ${name}(`, `fn ${role}(`);
  }
  return texts;
}

const texts = new Map<string, Record<string, string>>();

function functionsFor(source: string, rule: Rule, across: boolean, vector: boolean, partial: boolean): Record<string, string> {
  const key = JSON.stringify([rule, across, vector, partial]);
  let found = texts.get(key);
  if (found) return found;
  const roles: Record<string, string> = {};
  if (rule.lanes !== "") for (const role of laneRoles) roles[role] = `${role}_${rule.lanes}`;
  if (rule.lanes !== "") roles["emit"] = `emit_${rule.lanes}`;
  if (rule.lanes === "twin") roles["load"] = vector ? "load_twin_vec4" : "load_twin";
  else if (vector) roles["load"] = "load_vec4";
  if (across) for (const role of acrossRoles) roles[role] = `${role}_across`;
  Object.assign(roles, rule.roles, across ? rule.across : {});
  if (partial) roles["deliver"] = "deliver_part";
  else if (across) roles["deliver"] = "deliver_across";
  texts.set(key, (found = recast(source, roles)));
  return found;
}

const div4 = (...values: readonly number[]): boolean => values.every((v) => v % 4 === 0);

interface Options {
  readonly scale?: number;
  readonly p?: number;
}

/** Records the launches that reduce `dims` of `bind.x` (and `bind.y` of the same geometry) by `rule` into the other bindings. */
export function gpuReduce(
  q: Launcher,
  source: string,
  rule: Rule,
  bind: Readonly<Record<string, View>>,
  dims: readonly number[],
  out: DType,
  options: Options = {},
): void {
  let x = bind["x"]!;
  let l = layoutOf(x, dims);
  if (!l) {
    x = q.dense(reducedLast(x, dims));
    l = denseLayout(bind["x"]!, dims);
  }
  if (l.outer === 0) return;
  const rows = l.length / Math.max(1, l.run);
  const blocks = l.outer / l.kept;
  const across = l.kept > 1 && l.kept1 === 1 && l.stride1 !== 1;
  const outerAligned = blocks === 1 || div4(l.kept0);
  const rowsAligned = rows === 1 || div4(l.stride0);
  const vector = across
    ? div4(l.offset) && outerAligned && rowsAligned && (blocks === 1 || div4(l.kept)) && (l.run === 1 || div4(l.stride1))
    : l.stride1 === 1 && div4(l.offset) && outerAligned && rowsAligned && (l.kept === 1 || div4(l.kept1));
  const steps = across ? l.run : Math.ceil(l.run / 4);
  const total = steps * rows;
  const groups = across ? Math.ceil(l.outer / 4) : l.outer;
  const slow = q.traits.barriersAreSlow;
  const tree = !slow && !across && total >= 32;
  // Enough work items for the adapter, none shorter than what pays for a second pass.
  const [wanted, least] = slow ? [256, 256] : tree ? [1024, 256] : [16384, 32];
  const limit = Math.max(1, Math.min(Math.max(Math.ceil(wanted / groups), Math.ceil(total / 1024)), Math.ceil(total / least), 1024));
  const chunk = Math.max(1, Math.ceil(total / limit));
  const splits = Math.max(1, Math.ceil(total / chunk));
  const accumulate = rule.accumulate ?? (isFloat(x.dtype) ? "f32" : "i32");
  const aliases = {
    X: wgslType(x.dtype),
    A: accumulate,
    Out: wgslType(out),
    Lanes: laneTypes[rule.lanes],
    Part: partTypes[rule.lanes],
    Value: rule.lanes === "twin" ? "Twin" : "vec4<X>",
  };
  const params = {
    groups, outer: l.outer, kept: l.kept, kept0: l.kept0, kept1: l.kept1, run: l.run, steps: Math.max(1, steps), total,
    stride0: l.stride0, stride1: l.stride1, offset: l.offset, splits, chunk, scale: options.scale ?? 1, p: options.p ?? 1,
  }; // prettier-ignore
  const wg = slow ? 16 : 64;
  const spec = (partial: boolean): { aliases: typeof aliases; consts: { WG: number }; fns: Record<string, string> } => ({
    aliases,
    consts: { WG: wg },
    fns: functionsFor(source, rule, across, vector, partial),
  });
  const grid = (items: number): number => (tree ? items * wg : items);
  const reads = { ...bind, x, x4: x, ...(bind["y"] ? { y4: bind["y"] } : {}) };
  const name = tree ? "reduce_tree" : "reduce";
  if (splits === 1) return q.launch(kernel(source, name, spec(false)), reads, params, grid(groups));
  const parts = q.scratch("float32", [groups * splits * laneWords[rule.lanes]]);
  q.launch(kernel(source, name, spec(true)), { ...reads, parts }, params, grid(groups * splits));
  q.launch(
    kernel(source, tree ? "reduce_partials_tree" : "reduce_partials", spec(false)),
    { ...reads, partials: parts },
    params,
    grid(groups),
  );
}

// ---- CPU ----------------------------------------------------------------------------------------------------------

/** Reduces n0 × n1 elements of `data` from `at` on to one number. */
export type Fold = (data: TypedArray, at: number, n0: number, stride0: number, n1: number, stride1: number) => number;

/** A dense view over host memory that `cpuReduce` may walk; `dims` come last. */
function laidOut(x: View, dims: readonly number[]): { data: TypedArray; layout: Layout } {
  const layout = layoutOf(x, dims);
  if (layout) return { data: elements(x), layout };
  const moved = reducedLast(x, dims);
  const n = sizeOf(moved.shape);
  const copy = new Float64Array(n);
  const data = elements(x);
  const at = new Array<number>(moved.shape.length).fill(0);
  let from = moved.offset;
  for (let i = 0; i < n; i++) {
    copy[i] = data[from]!;
    for (let d = at.length - 1; d >= 0; d--) {
      at[d]!++;
      from += moved.strides[d]!;
      if (at[d]! < moved.shape[d]!) break;
      from -= moved.strides[d]! * moved.shape[d]!;
      at[d] = 0;
    }
  }
  return { data: copy, layout: denseLayout(x, dims) };
}

/** Runs `fold` for every output; `write` stores its number. */
export function cpuReduce(x: View, dims: readonly number[], to: TypedArray, fold: Fold): void {
  const { data, layout: l } = laidOut(x, dims);
  const rows = l.run === 0 ? 0 : l.length / l.run;
  for (let o = 0; o < to.length; o++) {
    const at = l.offset + Math.floor(o / l.kept) * l.kept0 + (o % l.kept) * l.kept1;
    to[o] = fold(data, at, rows, l.stride0, l.run, l.stride1);
  }
}

/** Sums divided by `by`, walked in memory order whichever dimensions go; accumulates in double. */
export function cpuSum(x: View, dims: readonly number[], to: TypedArray, by = 1): void {
  const { data, layout: l } = laidOut(x, dims);
  const rows = l.run === 0 ? 0 : l.length / l.run;
  if (l.kept1 !== 1 || l.kept === 1 || l.stride1 === 1) {
    cpuReduce(x, dims, to, by === 1 ? sumFold : (...args) => sumFold(...args) / by);
    return;
  }
  const sums = new Float64Array(l.kept);
  for (let block = 0; block * l.kept < l.outer; block++) {
    sums.fill(0);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < l.run; j++) {
        const at = l.offset + block * l.kept0 + i * l.stride0 + j * l.stride1;
        for (let k = 0; k < l.kept; k++) sums[k]! += data[at + k]!;
      }
    for (let k = 0; k < l.kept; k++) to[block * l.kept + k] = sums[k]! / by;
  }
}

export const sumFold: Fold = (data, at, n0, s0, n1, s1) => {
  let sum = 0;
  for (let i = 0, row = at; i < n0; i++, row += s0) for (let j = 0, p = row; j < n1; j++, p += s1) sum += data[p]!;
  return sum;
};
