// Plans contractions for the GPU: which loader, tile, workgroup and split of shaders/matmul.wgsl a problem gets.
import source from "../../shaders/matmul.wgsl?raw";
import type { View } from "./backend.ts";
import type { Kernel, Launcher, Traits } from "./kernel.ts";
import { type Parts, variant } from "./variant.ts";

/** Element strides of one operand; offsets come from its view. Batch strides are [outer, inner], 0 broadcasts. */
interface Strides {
  readonly view: View;
  readonly k: number;
  readonly kOuter?: number;
  readonly kTable?: View;
  readonly batch?: readonly [number, number];
}

/**
 * `C[batch, m, n] = activation(bias + Σ over (kOuter, k) of A[batch, m, kOuter, k] · B[batch, kOuter, k, n])`.
 * `n` counts `nOuter` blocks of `n / nOuter` columns (the images of a convolution).
 * A table replaces a stride: element offsets per contraction step or per column of a block.
 */
export interface Contraction {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly nOuter?: number;
  readonly kOuter?: number;
  readonly batch?: readonly [number, number];
  readonly a: Strides & { readonly m: number };
  readonly b: Strides & { readonly n: number; readonly nOuter?: number; readonly nTable?: View };
  readonly c: {
    readonly view: View;
    readonly m: number;
    readonly n: number;
    readonly nOuter?: number;
    readonly nTable?: View;
    readonly batch?: number;
  };
  readonly bias?: { readonly view: View; readonly along: "m" | "n"; readonly batch?: number };
  readonly relu?: boolean;
  /** Adds to C instead of overwriting it. */
  readonly accumulate?: boolean;
}

/** How a contraction is cut up; chosen by `tune` unless given. */
export interface Tuning {
  readonly body: "direct" | "tiled" | "matvec";
  /** Rows and vec4 columns per invocation (direct). */
  readonly rows: number;
  readonly cols: number;
  /** Workgroup size (direct). */
  readonly workgroup: Size;
  /** Tile [m, n] of a workgroup (tiled). */
  readonly tile: readonly [number, number];
  readonly splitOuter: number;
  readonly splitInner: number;
}

const tileK = 16;
const ceilDiv = (x: number, y: number): number => Math.ceil(x / y);
const div4 = (...values: readonly (number | undefined)[]): boolean => values.every((v) => (v ?? 0) % 4 === 0);
const up4 = (x: number): number => 4 * ceilDiv(x, 4);

/** A matmul.wgsl entry with these functions in place. */
const specialised = (entry: string, consts: Record<string, number>, parts: Parts, integer: boolean): Kernel =>
  variant(
    source,
    entry,
    consts,
    integer ? { ...parts, mul_add: "mul_add_int" } : parts,
    integer ? { Scalar: "i32", Vec: "vec4<i32>" } : {},
  );

/** Which neighbours of an operand can be fetched as one vec4. */
function aLoader({ a, m, k, kOuter = 1, batch = [1, 1] }: Contraction): "k" | "m" | undefined {
  const rest = [a.view.offset, kOuter > 1 ? a.kOuter : 0, batch[0] > 1 ? a.batch?.[0] : 0, batch[1] > 1 ? a.batch?.[1] : 0];
  if (a.kTable) return undefined;
  if (a.k === 1 && div4(...rest, m > 1 ? a.m : 0)) return "k";
  return a.m === 1 && div4(...rest, m, k > 1 ? a.k : 0) ? "m" : undefined;
}
function bLoader({ b, n, k, kOuter = 1, nOuter = 1, batch = [1, 1] }: Contraction): "k" | "n" | undefined {
  const rest = [b.view.offset, kOuter > 1 ? b.kOuter : 0, batch[0] > 1 ? b.batch?.[0] : 0, batch[1] > 1 ? b.batch?.[1] : 0];
  if (b.kTable ?? b.nTable) return undefined;
  if (b.n === 1 && div4(...rest, n, k > 1 ? b.k : 0) && (nOuter === 1 || div4(n / nOuter, b.nOuter))) return "n";
  return b.k === 1 && div4(...rest, n > 1 ? b.n : 0, nOuter > 1 ? b.nOuter : 0) ? "k" : undefined;
}
function cVector({ c, m, n, nOuter = 1, batch = [1, 1] }: Contraction): boolean {
  return (
    !c.nTable &&
    c.n === 1 &&
    div4(n, n / nOuter, c.view.offset, m > 1 ? c.m : 0, nOuter > 1 ? c.nOuter : 0, batch[0] * batch[1] > 1 ? c.batch : 0)
  );
}

/** Chosen functions and the buffers they read. */
function loaders(p: Contraction): { parts: Parts; bind: Record<string, View> } {
  const parts: Parts = {};
  const bind: Record<string, View> = {};
  if (p.m % 4 === 0) parts.rows_from = "rows_from_groups";
  if (p.n % 4 === 0) parts.columns_from = "columns_from_groups";
  const a = aLoader(p);
  const b = bLoader(p);
  if (a) Object.assign(parts, { row_a: `row_a_along_${a}`, load_a1: `load_a1_along_${a}` });
  if (a === "m") parts.load_a = "load_a_along_m";
  if (b) Object.assign(parts, { load_b: `load_b_along_${b}`, load_b1: `load_b1_along_${b}` });
  bind[a ? "a4" : "a"] = p.a.view;
  bind[b ? "b4" : "b"] = p.b.view;
  for (const side of ["a", "b"] as const) {
    const table = p[side].kTable;
    if (!table) continue;
    Object.assign(parts, { [`${side}_steps`]: `${side}_table_steps`, [`${side}_step`]: `${side}_table_step` });
    bind[`${side}_table`] = table;
  }
  if (p.b.nTable) {
    parts.columns_b = "columns_b_table";
    bind.n_table = p.b.nTable;
  } else if ((p.nOuter ?? 1) > 1) parts.columns_b = "columns_b_blocks";
  return { parts, bind };
}

/** The output side: bias, activation, vec4 stores. */
function output(p: Contraction): { parts: Parts; bind: Record<string, View>; consts: Record<string, number> } {
  const parts: Parts = {};
  const bind: Record<string, View> = {};
  const vector = cVector(p);
  if (vector) Object.assign(parts, { store: "store_vec4", finish: "finish_vec4" });
  if (p.c.nTable) {
    parts.columns_c = "columns_c_table";
    bind.c_table = p.c.nTable;
  } else if ((p.nOuter ?? 1) > 1) parts.columns_c = "columns_c_blocks";
  if (p.bias) {
    parts.epilogue = p.bias.along === "m" ? "epilogue_row_bias" : "epilogue_column_bias";
    bind.bias = p.bias.view;
  }
  if (p.relu) parts.activate = "activate_relu";
  bind[vector ? "c4" : "c"] = p.c.view;
  return { parts, bind, consts: p.accumulate ? { ACCUMULATE: 1 } : {} };
}

/** With one column the roles swap: the long side goes where lanes and vec4 stores are. */
function oriented(p: Contraction): Contraction {
  const { a, b, c } = p;
  if (p.n > 1 || p.m === 1 || a.kTable || b.kTable || b.nTable || c.nTable) return p;
  return {
    ...p,
    m: p.n,
    n: p.m,
    a: { view: b.view, m: 0, k: b.k, kOuter: b.kOuter ?? 0, batch: b.batch ?? [0, 0] },
    b: { view: a.view, n: a.m, k: a.k, kOuter: a.kOuter ?? 0, batch: a.batch ?? [0, 0] },
    c: { view: c.view, m: 0, n: c.m, batch: c.batch ?? 0 },
    ...(p.bias ? { bias: { ...p.bias, along: p.bias.along === "m" ? "n" : "m" } } : {}),
  };
}

type Size = readonly [number, number, number];
const shapes: readonly Size[] = [
  [8, 8, 1],
  [16, 4, 1],
  [64, 1, 1],
  [2, 32, 1],
  [4, 4, 4],
  [4, 1, 16],
  [1, 1, 64],
];
// Small groups spread over the few threads of a software adapter.
const smallShapes: readonly Size[] = [
  [4, 4, 1],
  [16, 1, 1],
  [4, 1, 4],
  [1, 4, 4],
  [1, 1, 16],
];

// Register tiles [rows, vec4 columns], and those that pay for their longer compilation on large problems only.
const tiles: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 2],
  [4, 1],
  [4, 2],
  [8, 1],
];
const largeTiles: typeof tiles = [
  [8, 2],
  [16, 2],
  [12, 2],
  [8, 4],
  [4, 4],
];
// Large tiles take twice as long to compile, so only products that run for tens of milliseconds are worth one.
const largeWork = 50 << 20;
// A second launch costs more than sharing out fewer multiplications than this saves.
const splitWork = 1 << 19;

/** The register tile with the fewest reads; a vec4 read costs 0.7 of four scalar ones and arithmetic a twentieth of a read. */
function registerTile(p: Contraction, slow: boolean, batches: number): readonly [number, number] {
  const a = aLoader(p) ? 0.7 : 1;
  const b = bLoader(p) ? 0.7 : 1;
  const cost = ([r, c]: readonly [number, number]): number => ceilDiv(p.m, r) * ceilDiv(p.n, 4 * c) * (r * a + 4 * c * b + 0.2 * r * c);
  const large = slow && p.m * p.n * p.k * (p.kOuter ?? 1) * batches >= largeWork;
  const all = large ? [...largeTiles, ...tiles] : slow ? tiles : [...tiles, largeTiles[0]!];
  return all.reduce((best, t) => (cost(t) < cost(best) ? t : best));
}

/** Tile, workgroup and splits for a contraction. */
export function tune(p: Contraction, traits: Traits): Tuning {
  const batches = (p.batch?.[0] ?? 1) * (p.batch?.[1] ?? 1);
  const kOuter = p.kOuter ?? 1;
  const slow = traits.barriersAreSlow;
  const work = p.m * p.n * batches;
  const limit = traits.maxWorkgroupsPerDimension;
  const tile: readonly [number, number] = work >= 1 << 20 || p.n > 32 * limit ? [128, 64] : work >= 1 << 17 ? [64, 64] : [32, 32];
  const tiled = !slow && p.m >= 16 && p.n >= 16;
  const matvec = !slow && p.m === 1 && p.b.k === 1 && kOuter === 1 && p.k >= 128 && p.n <= 4 * limit;
  const [rows, cols] = registerTile(p, slow, batches);
  const groups = tiled
    ? ceilDiv(p.m, tile[0]) * ceilDiv(p.n, tile[1]) * batches
    : (ceilDiv(p.m, rows) * ceilDiv(p.n, 4 * cols) * batches) / (slow ? 16 : 64);
  // Splitting pays when there are too few workgroups to fill the adapter and enough steps to share out.
  const wanted =
    matvec || work * p.k * kOuter < splitWork
      ? 1
      : Math.min(64, ceilDiv(slow ? 8 : 128, groups), Math.max(1, Math.floor((p.k * kOuter) / (slow ? 64 : 128))));
  const splitOuter = Math.min(kOuter, wanted);
  const splitInner = Math.max(1, Math.min(Math.floor(wanted / splitOuter), ceilDiv(p.k, 32)));
  const counts = [ceilDiv(p.n, 4 * cols), ceilDiv(p.m, rows), batches * splitOuter * splitInner];
  const launched = (size: Size): number => size.reduce<number>((all, s, i) => all * s * ceilDiv(counts[i]!, s), 1);
  const fits = (size: Size): boolean => ceilDiv(counts[0]!, size[0]) <= limit && ceilDiv(counts[1]!, size[1]) <= limit;
  const workgroup = [...(slow ? smallShapes : []), ...shapes].filter(fits).reduce((best, s) => (launched(s) < launched(best) ? s : best));
  return { body: tiled ? "tiled" : matvec ? "matvec" : "direct", rows, cols, workgroup, tile, splitOuter, splitInner };
}

// What a workgroup can always be made to cover.
const leastRows = 16;
const leastColumns = 64;

/** A contraction too long for one grid, in two parts: images, columns or rows. */
function halves(launcher: Launcher, p: Contraction): readonly [Contraction, Contraction] {
  const { a, b, c, nOuter = 1 } = p;
  const moved = (view: View, by: number): View => ({ ...view, offset: view.offset + by });
  const bias = (along: "m" | "n", by: number): Partial<Contraction> =>
    p.bias?.along === along ? { bias: { ...p.bias, view: moved(p.bias.view, by) } } : {};
  if (p.m >= p.n) {
    const m = up4(p.m >> 1);
    return [
      { ...p, m },
      { ...p, m: p.m - m, a: { ...a, view: moved(a.view, m * a.m) }, c: { ...c, view: moved(c.view, m * c.m) }, ...bias("m", m) },
    ];
  }
  if (nOuter > 1) {
    const images = nOuter >> 1;
    const n = (p.n / nOuter) * images;
    const from = { ...b, view: moved(b.view, images * (b.nOuter ?? 0)) };
    const to = { ...c, view: moved(c.view, images * (c.nOuter ?? 0)) };
    return [
      { ...p, n, nOuter: images },
      { ...p, n: p.n - n, nOuter: nOuter - images, b: from, c: to },
    ];
  }
  const n = up4(p.n >> 1);
  // Kernels read tables from their start, so the second part gets a copy.
  const rest = (table: View | undefined): { nTable?: View } =>
    table ? { nTable: launcher.dense({ ...table, offset: table.offset + n, shape: [p.n - n], strides: [1] }) } : {};
  const from = { ...b, ...rest(b.nTable), view: moved(b.view, b.nTable ? 0 : n * b.n) };
  const to = { ...c, ...rest(c.nTable), view: moved(c.view, c.nTable ? 0 : n * c.n) };
  return [
    { ...p, n },
    { ...p, n: p.n - n, b: from, c: to, ...bias("n", n) },
  ];
}

/** Records the launches of one contraction: one, or two when the contraction is split. */
export function contract(launcher: Launcher, problem: Contraction, tuning?: Tuning): void {
  const p = oriented(problem);
  const { m, n, k, kOuter = 1, nOuter = 1, a, b, c, batch = [1, 1] } = p;
  const batches = batch[0] * batch[1];
  if (m * n * batches === 0) return;
  const limit = launcher.traits.maxWorkgroupsPerDimension;
  if (m > limit * leastRows || n > limit * leastColumns) return halves(launcher, p).forEach((half) => contract(launcher, half, tuning));
  const t = tuning ?? tune(p, launcher.traits);
  const integer = c.view.dtype !== "float32";
  // Chunks start on vec4 boundaries; the counts follow from the chunk sizes so that no split is empty.
  const chunkInner = Math.max(4, up4(ceilDiv(k, t.splitInner)));
  const chunkOuter = Math.max(1, ceilDiv(kOuter, t.splitOuter));
  const splitInner = Math.max(1, ceilDiv(k, chunkInner));
  const splitOuter = Math.max(1, ceilDiv(kOuter, chunkOuter));
  const splits = splitInner * splitOuter;
  const width = up4(n);
  const params = {
    m,
    n,
    n_inner: n / nOuter,
    k_inner: k,
    k_outer: kOuter,
    a_off: a.view.offset,
    a_m: m > 1 ? a.m : 0,
    a_k: a.k,
    a_ko: a.kOuter ?? 0,
    a_bo: a.batch?.[0] ?? 0,
    a_bi: a.batch?.[1] ?? 0,
    b_off: b.view.offset,
    b_n: b.n,
    b_no: b.nOuter ?? 0,
    b_k: b.k,
    b_ko: b.kOuter ?? 0,
    b_bo: b.batch?.[0] ?? 0,
    b_bi: b.batch?.[1] ?? 0,
    c_off: c.view.offset,
    c_m: c.m,
    c_n: c.n,
    c_no: c.nOuter ?? 0,
    c_b: c.batch ?? 0,
    batch_inner: batch[1],
    bias_off: p.bias?.view.offset ?? 0,
    bias_b: p.bias?.batch ?? 0,
    split_outer: splitOuter,
    split_inner: splitInner,
    chunk_outer: chunkOuter,
    chunk_inner: chunkInner,
    z_base: 0,
    z_count: batches * splits,
  };
  const load = loaders(p);
  const final = output(p);
  // Repeated edge rows or columns must not be added twice; the second phase adds each element once.
  const whole = t.body === "direct" ? m % t.rows === 0 && n % (4 * t.cols) === 0 : m % 4 === 0 && n % 4 === 0;
  const partial = splits > 1 || (p.accumulate && !whole) ? launcher.scratch(c.view.dtype, [batches * splits, m, width]) : undefined;
  const direct: typeof final =
    n % 4 === 0 ? { parts: { store: "store_vec4" }, bind: { c4: partial! }, consts: {} } : { parts: {}, bind: { c: partial! }, consts: {} };
  const out = partial ? direct : final;
  const first = partial ? { ...params, c_off: partial.offset, c_m: width, c_n: 1, c_no: 0, c_b: m * width } : params;
  const launch = (entry: string, consts: Record<string, number>, grid: readonly [number, number, number], zStep: number): void => {
    const found = specialised(entry, { ...consts, ...out.consts }, { ...load.parts, ...out.parts }, integer);
    for (let z = 0; z < grid[2]; z += limit)
      launcher.launch(found, { ...load.bind, ...out.bind }, { ...first, z_base: z * zStep }, [
        grid[0],
        grid[1],
        Math.min(limit, grid[2] - z),
      ]);
  };
  if (t.body === "tiled") {
    const [tm, tn] = t.tile;
    const along = {
      A_ALONG_K: aLoader(p) === "m" || a.m === 1 ? 0 : 1,
      B_ALONG_K: bLoader(p) === "k" || (b.k === 1 && b.n !== 1 && !b.nTable) ? 1 : 0,
    };
    const consts = { TILE_M: tm, TILE_N: tn, TILE_K: tileK, TILE_ROWS: tm === 128 ? 8 : 4, ROWS: 4, COLS: 1, ...along };
    launch("matmul_tiled", consts, [ceilDiv(n, tn), ceilDiv(m, tm), batches * splits], 1);
  } else if (t.body === "matvec") {
    launch("matvec", {}, [ceilDiv(n, 4), 1, batches], 1);
  } else {
    const [x, y, z] = t.workgroup;
    const grid = [ceilDiv(n, 4 * t.cols * x), ceilDiv(m, t.rows * y), ceilDiv(batches * splits, z)] as const;
    launch("matmul", { ROWS: t.rows, COLS: t.cols, TAIL: k % 4 === 0 ? 0 : 1, WG_X: x, WG_Y: y, WG_Z: z }, grid, z);
  }
  if (!partial) return;
  const found = specialised("matmul_reduce", final.consts, final.parts, integer);
  launcher.launch(found, { a4: partial, ...final.bind }, { ...params, z_count: batches }, batches * m * ceilDiv(n, 4));
}
