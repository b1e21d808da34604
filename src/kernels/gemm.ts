// Matrix products on typed arrays: packed 4-wide panels and a 4×4 register block. Sums run in k order, in float64 (int32 wraps).
import type { Float32s, Float64s, Int32s } from "../base/dtype.ts";

/** Element types that products take. */
export type Numbers = Float32s | Float64s | Int32s;

/** A matrix as two tables of element offsets: entry (i, j) sits at rows[i] + cols[j]. Strides, windows and broadcasts are all of this form. */
export interface Matrix {
  readonly data: Numbers;
  readonly rows: Int32Array;
  readonly cols: Int32Array;
}

// Blocks that keep a panel of B in the second cache level and a block of A in the first.
const blockK = 256;
const blockN = 256;
const blockM = 64;

type Panel = Float64s | Int32s;
const panels = <T>(Numbers: new (length: number) => T): Record<"a" | "b" | "tile", T> => ({
  a: new Numbers(blockM * blockK),
  b: new Numbers(blockN * blockK),
  tile: new Numbers(16),
});
const floats = panels<Float64s>(Float64Array);
const ints = panels<Int32s>(Int32Array);

/** Offsets start, start + step …, `count` of them, of as many blocks as `outer` says; a table gives the entries of a block in place of steps. */
export function offsets(count: number, start: number, step: number, outer = 1, outerStep = 0, table?: ArrayLike<number>): Int32s {
  const out = new Int32Array(outer * count);
  for (let o = 0, at = 0; o < outer; o++)
    for (let i = 0; i < count; i++, at++) out[at] = start + o * outerStep + (table ? table[i]! : i * step);
  return out;
}

/** Lines [first, first + count) of a matrix over steps [k0, k0 + kc), four lines interleaved; the last line stands in for missing ones. */
function pack(to: Panel, from: Numbers, lines: Int32Array, first: number, count: number, steps: Int32Array, k0: number, kc: number): void {
  const last = first + count - 1;
  for (let l = first, at = 0; l <= last; l += 4) {
    const l0 = lines[l]!;
    const l1 = lines[Math.min(l + 1, last)]!;
    const l2 = lines[Math.min(l + 2, last)]!;
    const l3 = lines[Math.min(l + 3, last)]!;
    for (let k = 0; k < kc; k++, at += 4) {
      const s = steps[k0 + k]!;
      to[at] = from[l0 + s]!;
      to[at + 1] = from[l1 + s]!;
      to[at + 2] = from[l2 + s]!;
      to[at + 3] = from[l3 + s]!;
    }
  }
}

/** tile = Σ over k of a panel of four rows times a panel of four columns. */
function block(kc: number, a: Float64Array, ai: number, b: Float64Array, bi: number, tile: Float64Array): void {
  let c00 = 0,
    c01 = 0,
    c02 = 0,
    c03 = 0;
  let c10 = 0,
    c11 = 0,
    c12 = 0,
    c13 = 0;
  let c20 = 0,
    c21 = 0,
    c22 = 0,
    c23 = 0;
  let c30 = 0,
    c31 = 0,
    c32 = 0,
    c33 = 0;
  for (let k = 0; k < kc; k++, ai += 4, bi += 4) {
    const b0 = b[bi]!;
    const b1 = b[bi + 1]!;
    const b2 = b[bi + 2]!;
    const b3 = b[bi + 3]!;
    const a0 = a[ai]!;
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    c03 += a0 * b3;
    const a1 = a[ai + 1]!;
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    c13 += a1 * b3;
    const a2 = a[ai + 2]!;
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
    c23 += a2 * b3;
    const a3 = a[ai + 3]!;
    c30 += a3 * b0;
    c31 += a3 * b1;
    c32 += a3 * b2;
    c33 += a3 * b3;
  }
  tile[0] = c00;
  tile[1] = c01;
  tile[2] = c02;
  tile[3] = c03;
  tile[4] = c10;
  tile[5] = c11;
  tile[6] = c12;
  tile[7] = c13;
  tile[8] = c20;
  tile[9] = c21;
  tile[10] = c22;
  tile[11] = c23;
  tile[12] = c30;
  tile[13] = c31;
  tile[14] = c32;
  tile[15] = c33;
}

/** The same for int32, wrapping as two's complement does. */
function blockInt(kc: number, a: Int32Array, ai: number, b: Int32Array, bi: number, tile: Int32Array): void {
  tile.fill(0);
  for (let k = 0; k < kc; k++, ai += 4, bi += 4)
    for (let i = 0; i < 4; i++) {
      const x = a[ai + i]!;
      for (let j = 0; j < 4; j++) tile[4 * i + j] = (tile[4 * i + j]! + Math.imul(x, b[bi + j]!)) | 0;
    }
}

/**
 * `C += A·B` for matrices given by offset tables; A is m×k, B k×n.
 * Blocks of 256 steps are summed in float64 and added to C in order, so results do not depend on the machine.
 */
export function gemm(a: Matrix, b: Matrix, { data: out, rows, cols }: Matrix): void {
  const [m, n, depth] = [rows.length, cols.length, a.cols.length];
  const integer = out instanceof Int32Array;
  const { a: pa, b: pb, tile } = integer ? ints : floats;
  for (let n0 = 0; n0 < n; n0 += blockN) {
    const nc = Math.min(blockN, n - n0);
    for (let k0 = 0; k0 < depth; k0 += blockK) {
      const kc = Math.min(blockK, depth - k0);
      pack(pb, b.data, b.cols, n0, nc, b.rows, k0, kc);
      for (let m0 = 0; m0 < m; m0 += blockM) {
        const mc = Math.min(blockM, m - m0);
        pack(pa, a.data, a.rows, m0, mc, a.cols, k0, kc);
        for (let j = 0; j < nc; j += 4)
          for (let i = 0; i < mc; i += 4) {
            if (integer) blockInt(kc, ints.a, i * kc, ints.b, j * kc, ints.tile);
            else block(kc, floats.a, i * kc, floats.b, j * kc, floats.tile);
            for (let r = 0; r < 4 && i + r < mc; r++)
              for (let q = 0; q < 4 && j + q < nc; q++) out[rows[m0 + i + r]! + cols[n0 + j + q]!]! += tile[4 * r + q]!;
          }
      }
    }
  }
}
