// Plans contractions for the GPU: which kernel of shaders/contraction.wgsl, tile and split a problem gets.
import source from "../../shaders/contraction.wgsl?raw";
import type { View } from "../device/device.ts";
import { kernel, type Launcher, type Traits } from "../device/kernel.ts";
import { offsets } from "./gemm.ts";

/** Element strides of one operand; offsets come from its view. Batch strides are [outer, inner], 0 broadcasts. */
interface Strides {
  readonly view: View;
  readonly k: number;
  readonly kOuter?: number;
  readonly kTable?: View;
  readonly batch?: readonly [number, number];
}

/**
 * `C[batch, m, n] = bias + Σ over (kOuter, k) of A[batch, m, kOuter, k] · B[batch, kOuter, k, n]`.
 * `n` counts `nOuter` blocks of `n / nOuter` columns (the images of a convolution).
 * A table replaces a stride: element offsets per contraction step or per column of a block.
 * Batches of C and of the bias follow one another: the next one starts m rows further.
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
  readonly c: { readonly view: View; readonly m: number; readonly n: number; readonly nOuter?: number; readonly nTable?: View };
  readonly bias?: { readonly view: View; readonly m: number; readonly n: number } | undefined;
}

/** How a contraction is cut up; chosen by `tune` unless given. */
export interface Tuning {
  /** Tile [m, n] of a workgroup; without it every invocation works for itself. */
  readonly tile?: readonly [number, number] | undefined;
  /** Rows and columns per invocation, and steps between two visits to its sums. */
  readonly rows: number;
  readonly cols: number;
  readonly steps: number;
  /** Shares of the contraction that are computed apart and then added. */
  readonly splits: number;
}

const tileK = 16;
const ceilDiv = (x: number, y: number): number => Math.ceil(x / y);
// Large register tiles take several times as long to compile, so only products that run for tens of milliseconds are worth one.
const largeWork = 50 << 20;
// A second launch costs more than sharing out fewer multiplications than this saves.
const splitWork = 1 << 19;

/** Tile and splits for a contraction. Few distinct answers: each is a pipeline to compile. */
function tune({ m, n, k, kOuter = 1, batch = [1, 1] }: Contraction, { barriersAreSlow: slow }: Traits): Tuning {
  const batches = batch[0] * batch[1];
  const work = m * n * batches * k * kOuter;
  const tile =
    slow || m < 16 || n < 16 ? undefined : m * n * batches >= 1 << 20 ? [128, 64] : m * n * batches >= 1 << 17 ? [64, 64] : [32, 32];
  const large = slow && work >= largeWork;
  const [rows, cols] = tile ? [tile[0] === 128 ? 8 : 4, 4] : large ? [16, 16] : [8, 8];
  const [rowsOfGroup, colsOfGroup] = tile ?? [rows, slow ? 16 * cols : 64 * cols];
  // Splitting pays when there are too few workgroups to fill the adapter and enough steps to share out.
  const missing = ceilDiv(slow ? 8 : 128, (ceilDiv(m, rowsOfGroup!) * n * batches) / colsOfGroup!);
  const wanted = work < splitWork ? 1 : Math.min(64, missing, Math.floor((k * kOuter) / (slow ? 64 : 128)));
  const splits = Math.max(1, Math.min(wanted, tile ? ceilDiv(k, tileK) : k));
  return { tile: tile as readonly [number, number] | undefined, rows: rows!, cols: cols!, steps: large && k % 4 === 0 ? 4 : 1, splits };
}

type Field = "m" | "n" | "k" | "z" | "nOuter" | "kOuter";
/** An operand's offset and strides under the names of the shader, which takes those that it has. */
function fields(name: string, x: Pick<Strides, "view" | "batch"> & Partial<Record<Field, number>>): Record<string, number | undefined> {
  const { view, m, n, k, z, nOuter: no, kOuter: ko, batch: [bo, bi] = [] } = x;
  const all = { off: view.offset, m, n, k, z, no, ko, bo, bi };
  return Object.fromEntries(Object.entries(all).map(([field, value]) => [`${name}_${field}`, value]));
}

/** Records the launches of one contraction: one, or two when the contraction is split. */
export function contract(launcher: Launcher, p: Contraction, tuning = tune(p, launcher.traits)): void {
  const { m, n, k, kOuter = 1, nOuter = 1, a, b, c, bias, batch = [1, 1] } = p;
  const { tile, rows, cols, steps, splits } = tuning;
  const batches = batch[0] * batch[1];
  if (m * n * batches === 0) return;
  const inner = n / nOuter;
  const integer = c.view.dtype !== "float32";
  const partial = splits > 1 ? launcher.scratch(c.view.dtype, [batches * splits * m * n]) : undefined;
  const out: Contraction["c"] = partial ? { view: partial, m: n, n: 1, nOuter: inner } : c;
  const tabled = a.kTable ?? b.kTable ?? b.nTable ?? out.nTable;
  const table = (given: View | undefined, count: number, stride: number): View =>
    tabled ? (given ?? launcher.table(`steps ${count} ${stride}`, () => offsets(Math.max(1, count), 0, stride))) : a.view;
  const [tileM, tileN] = tile ?? [rows, cols];
  const threads = (ceilDiv(m, tileM) * ceilDiv(n, tileN) * tileM * tileN) / (rows * cols);
  const groups = tile ? { TILE_M: tileM, TILE_N: tileN, TILE_K: tileK } : { WG: launcher.traits.barriersAreSlow ? 16 : 64 };
  launcher.launch(
    kernel(source, tile ? "matmul_tiled" : "matmul", {
      ...groups,
      ROWS: rows,
      COLS: cols,
      STEPS: steps,
      TABLES: tabled !== undefined,
      ...(integer && { Scalar: "i32", Vec: "vec4i" }),
    }),
    {
      a: a.view,
      b: b.view,
      c: out.view,
      bias: bias?.view ?? a.view,
      a_table: table(a.kTable, k, a.k),
      b_table: table(b.kTable, k, b.k),
      n_table: table(b.nTable, inner, b.n),
      c_table: table(out.nTable, inner, out.n),
    },
    {
      m,
      n,
      k,
      k_outer: kOuter,
      n_inner: inner,
      batches,
      batch_inner: batch[1],
      splits,
      biased: Number(bias && !partial),
      ...fields("a", a),
      ...fields("b", b),
      ...fields("c", { ...out, z: m * out.m }),
      ...(bias && fields("bias", { ...bias, z: m * bias.m })),
    },
    threads * batches * splits,
  );
  if (!partial) return;
  // Adding up the shares is a product with ones, row by row.
  const one = launcher.table(`one ${c.view.dtype}`, () => (integer ? Int32Array : Float32Array).of(1));
  contract(launcher, {
    m: 1,
    n,
    k: splits,
    nOuter,
    batch: [batches, m],
    a: { view: one, m: 0, k: 0 },
    b: { view: partial, n: 1, nOuter: inner, k: m * n, batch: [splits * m * n, n] },
    c,
    bias,
  });
}
