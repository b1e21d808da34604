// How every reduction walks its operand: dimensions folded into two kept and two reduced ones, then one kernel family or one CPU loop.
import source from "../../shaders/reduction.wgsl?raw";
import { type DType, isFloat, type TypedArray } from "../base/dtype.ts";
import { memo } from "../base/memo.ts";
import type { Geometry } from "../base/shape.ts";
import { elements, hostDense } from "../device/cpu.ts";
import type { View } from "../device/device.ts";
import { type Kernel, kernel, type Launcher, wgslType } from "../device/kernel.ts";

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

/** Neighbouring dimensions that are walked as one, the two outermost of which are missing or not; size-1 ones vanish. */
function merged(g: Geometry, dims: readonly number[]): Axis[] | undefined {
  const axes: [number, number][] = [];
  for (const d of dims) {
    const [size, stride] = [g.shape[d]!, g.strides[d]!];
    if (size === 1) continue;
    const last = axes[axes.length - 1];
    // Where there are no elements, any two dimensions will do.
    if (last && (last[1] === stride * size || last[0] * size === 0)) [last[0], last[1]] = [last[0] * size, stride];
    else axes.push([size, stride]);
  }
  while (axes.length < 2) axes.unshift([1, 0]);
  return axes.length === 2 ? axes : undefined;
}

const others = (g: Geometry, dims: readonly number[]): number[] => [...g.shape.keys()].filter((d) => !dims.includes(d));

/** The layout of reducing `dims`, undefined when the view interleaves too many dimensions. */
function layoutOf(g: Geometry, dims: readonly number[]): Layout | undefined {
  const [keep, gone] = [merged(g, others(g, dims)), merged(g, dims)];
  if (!keep || !gone) return undefined;
  const [[blocks, kept0], [kept, kept1]] = keep as [Axis, Axis];
  const [[rows, stride0], [run, stride1]] = gone as [Axis, Axis];
  return { outer: blocks * kept, kept, kept0, kept1, length: rows * run, run, stride0, stride1, offset: g.offset };
}

/** The view with `dims` moved behind the others. */
export function reducedLast<V extends Geometry>(view: V, dims: readonly number[]): V {
  const order = [...others(view, dims), ...dims];
  return { ...view, shape: order.map((d) => view.shape[d]!), strides: order.map((d) => view.strides[d]!) };
}

/** The layout of reducing `dims` of x, and x itself or a copy whose dimensions can be walked like that. */
function laidOut(x: View, dims: readonly number[], toDense: (view: View) => View): [View, Layout] {
  const own = layoutOf(x, dims);
  if (own) return [x, own];
  const copy = toDense(reducedLast(x, dims));
  return [copy, layoutOf(copy, [...copy.shape.keys()].slice(-dims.length))!];
}

// ---- GPU ----------------------------------------------------------------------------------------------------------

/** One reduction of shaders/reduction.wgsl. */
export interface Reduction {
  /** Lanes hold three numbers instead of one, the second of this type. */
  readonly triple?: "f32" | "u32";
  /** For each role the function that plays it; a role that is left out is played by the function of its own name. */
  readonly roles?: Roles;
  /** Bits of what it starts from. */
  readonly zero?: number;
  readonly accumulate?: "f32" | "i32";
}
interface Roles {
  readonly open?: "open_moments" | "open_twin";
  readonly fold?: "fold_moments" | "fold_ranked" | "fold_twin" | "fold_twin_each" | "fold_twin_rows";
  readonly close?: "close_moments";
  readonly merge?: "merge_moments" | "merge_ranked" | "merge_twin";
  readonly join?: "join_best";
  readonly beats?: "beats_below";
  readonly odd?: "odd_nan";
  readonly empty?: "empty_ranked";
  readonly finish?: "finish_mean";
  readonly emit?: "emit_batch" | "emit_batch_running" | "emit_place" | "emit_ranked" | "emit_twin" | "emit_twin_rows" | "emit_variance";
}

export const sums: Reduction = {};
export const means: Reduction = { roles: { finish: "finish_mean" } };

/** What extremes start from and compare by. NaN wins. */
const comparing = (largest: boolean, dtype: DType): Required<Pick<Reduction, "roles" | "zero">> => ({
  roles: { ...(largest ? {} : { beats: "beats_below" as const }), ...(isFloat(dtype) ? { odd: "odd_nan" as const } : {}) },
  zero: isFloat(dtype) ? (largest ? 0xff800000 : 0x7f800000) : largest ? 0x80000000 : 0x7fffffff,
});
/** The largest or smallest element. */
export function extreme(largest: boolean, dtype: DType): Reduction {
  const { roles, zero } = comparing(largest, dtype);
  return { roles: { ...roles, join: "join_best" }, zero };
}
const ranked = { empty: "empty_ranked", fold: "fold_ranked", merge: "merge_ranked" } as const;
/** The place of the largest or smallest element, the first of equals. */
export function extremePlace(largest: boolean, dtype: DType): Reduction {
  const { roles, zero } = comparing(largest, dtype);
  return { triple: "u32", roles: { ...roles, ...ranked, emit: "emit_place" }, zero };
}
/** The largest or smallest element in `out`, and its place in `out_i`. */
export function extremeAndPlace(largest: boolean, dtype: DType): Reduction {
  const { roles, zero } = comparing(largest, dtype);
  return { triple: "u32", roles: { ...roles, ...ranked, emit: "emit_ranked" }, zero };
}

const moments = { open: "open_moments", fold: "fold_moments", close: "close_moments", merge: "merge_moments" } as const;
/** Squared deviations from the mean over `scale`. */
export const variances: Reduction = { triple: "f32", accumulate: "f32", roles: { ...moments, emit: "emit_variance" } };
/** The mean in `out`, 1 / √(variance + scale) in `out_b`. */
export const batchMoments: Reduction = { ...variances, roles: { ...moments, emit: "emit_batch" } };
/** The same, and the running mean and variance moved towards them by the share p. */
export const runningMoments: Reduction = { ...variances, roles: { ...moments, emit: "emit_batch_running" } };

/** Σ y and Σ y · (x − center) · rstd, with a center and an rstd for each output. */
export const slopeSums: Reduction = {
  triple: "f32",
  accumulate: "f32",
  roles: { open: "open_twin", fold: "fold_twin", merge: "merge_twin", emit: "emit_twin" },
};
/** The same with a center and an rstd for each row that is summed over. */
export const slopeSumsOfRows: Reduction = {
  ...slopeSums,
  roles: { fold: "fold_twin_rows", merge: "merge_twin", emit: "emit_twin_rows" },
};
/** The same over a single column. */
export const slopeSumsOfColumn: Reduction = {
  ...slopeSums,
  roles: { fold: "fold_twin_each", merge: "merge_twin", emit: "emit_twin_rows" },
};

const triples = { empty: "empty_triple", pick: "pick_triple", turn: "turn_triple" };
const vectors = { load: "load_vec4", load_y: "load_y_vec4" };

/** Kernels by what chooses them, which is read in every launch and shorter than their specification. */
const kernels = new Map<string, Kernel>();

/** Records the launches that reduce `dims` of `bind.x` (and `bind.y` of the same geometry) by `rule` into the other bindings. */
export function gpuReduce(
  q: Launcher,
  rule: Reduction,
  bind: Readonly<Record<string, View>> & { readonly x: View },
  dims: readonly number[],
  out: DType,
  { scale = 1, p = 1 }: { readonly scale?: number; readonly p?: number } = {},
): void {
  const [x, layout] = laidOut(bind.x, dims, (view) => q.dense(view));
  const { outer, kept, kept0, kept1, length, run, stride0, stride1, offset } = layout;
  if (outer === 0) return;
  const rows = length / Math.max(1, run);
  const across = kept > 1 && kept1 === 1 && stride1 !== 1;
  // Four neighbours start at multiples of four wherever a dimension of more than one element is stepped along.
  const blocks = outer / kept;
  const fours = ([size, step]: Axis): boolean => size === 1 || step % 4 === 0;
  const inner: readonly Axis[] = across
    ? [
        [blocks, kept],
        [run, stride1],
      ]
    : [[kept, kept1]];
  const vector =
    (across || stride1 === 1) && [[2, offset] as const, [blocks, kept0] as const, [rows, stride0] as const, ...inner].every(fours);
  const steps = across ? run : Math.ceil(run / 4);
  const total = steps * rows;
  const groups = across ? Math.ceil(outer / 4) : outer;
  const slow = q.traits.barriersAreSlow;
  const tree = !slow && !across && total >= 32;
  // Enough work items for the adapter, none shorter than what pays for a second pass.
  const [wanted, least] = slow ? [256, 256] : tree ? [1024, 256] : [16384, 32];
  const limit = Math.max(1, Math.min(Math.max(Math.ceil(wanted / groups), Math.ceil(total / 1024)), Math.ceil(total / least), 1024));
  const chunk = Math.max(1, Math.ceil(total / limit));
  const splits = Math.max(1, Math.ceil(total / chunk));
  const { triple, accumulate = isFloat(x.dtype) ? "f32" : "i32" } = rule;
  const WG = slow ? 16 : 64;
  const key = JSON.stringify([rule, x.dtype, out, across, vector, tree, slow]);
  const made = (own: Readonly<Record<string, string>>): Kernel =>
    memo(kernels, Object.values(own) + key, () =>
      kernel(source, tree ? "reduce_tree" : "reduce", {
        X: wgslType(x.dtype),
        A: accumulate,
        B: triple ?? "f32",
        Out: wgslType(out),
        Lanes: triple ? "Triple" : "vec4<A>",
        WG,
        STRIDE: tree ? WG : 1,
        ACROSS: across,
        ...(rule.zero !== undefined && { ZERO: rule.zero }),
        ...(triple && triples),
        ...(vector && vectors),
        ...rule.roles,
        ...own,
      }),
    );
  const params = {
    outer,
    kept,
    kept0,
    kept1,
    length,
    run,
    stride0,
    stride1,
    offset,
    groups,
    steps: Math.max(1, steps),
    total,
    splits,
    chunk,
    scale,
    p,
  };
  const grid = tree ? groups * WG : groups;
  const views = { ...bind, x, x4: x, ...(bind["y"] ? { y4: bind["y"] } : {}) };
  if (splits === 1) return q.launch(made({}), views, params, grid);
  const parts = q.scratch("float32", [groups * splits * (triple ? 12 : 4)]);
  q.launch(made({ deliver: "deliver_part" }), { ...views, parts }, params, grid * splits);
  const second = { ...params, splits: 1, total: splits, chunk: splits };
  q.launch(made({ collect: "collect_partials" }), { ...views, partials: parts }, second, grid);
}

// ---- CPU ----------------------------------------------------------------------------------------------------------

/** Reduces n0 × n1 elements of `data` from `at` on to one number. */
export type Fold = (data: TypedArray, at: number, n0: number, stride0: number, n1: number, stride1: number) => number;

/** Runs `fold` for every output. */
export function cpuReduce(x: View, dims: readonly number[], to: TypedArray, fold: Fold): void {
  const [view, l] = laidOut(x, dims, hostDense);
  const [data, rows] = [elements(view), l.length / Math.max(1, l.run)];
  for (let o = 0; o < to.length; o++) {
    const at = l.offset + Math.floor(o / l.kept) * l.kept0 + (o % l.kept) * l.kept1;
    to[o] = fold(data, at, rows, l.stride0, l.run, l.stride1);
  }
}

/** Sums divided by `by`, walked in memory order whichever dimensions go; accumulates in double. */
export function cpuSum(x: View, dims: readonly number[], to: TypedArray, by = 1): void {
  const [view, l] = laidOut(x, dims, hostDense);
  const [data, rows] = [elements(view), l.length / Math.max(1, l.run)];
  if (l.kept1 !== 1 || l.kept === 1 || l.stride1 === 1) return cpuReduce(x, dims, to, (...args) => sumFold(...args) / by);
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

const sumFold: Fold = (data, at, n0, s0, n1, s1) => {
  let sum = 0;
  for (let i = 0, row = at; i < n0; i++, row += s0) for (let j = 0, p = row; j < n1; j++, p += s1) sum += data[p]!;
  return sum;
};
