// Matrix products on typed arrays: packed 4-wide panels and a 4×4 register block. Sums run in k order, in float64 (int32 wraps).

/** Element types that products take. */
export type Numbers = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

/** A matrix as two tables of element offsets: entry (i, j) sits at rows[i] + cols[j]. Strides, windows and broadcasts are all of this form. */
export interface Matrix {
  readonly data: Numbers;
  readonly rows: Int32Array;
  readonly cols: Int32Array;
}

export interface GemmOptions {
  /** Adds to C when 1 (default 0: overwrites). */
  readonly beta?: 0 | 1;
}

// Blocks that keep a panel of B in the second cache level and a block of A in the first.
const blockK = 256;
const blockN = 256;
const blockM = 64;

type Panel = Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
const floats = { a: new Float64Array(blockM * blockK), b: new Float64Array(blockN * blockK), tile: new Float64Array(16) };
const ints = { a: new Int32Array(blockM * blockK), b: new Int32Array(blockN * blockK), tile: new Int32Array(16) };

/** Offsets 0, step, 2·step … from `start`. */
export function offsets(count: number, start: number, step: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(count);
  for (let i = 0; i < count; i++) out[i] = start + i * step;
  return out;
}

/** Lines [first, first + count) of a matrix over steps [k0, k0 + steps), four lines interleaved; missing lines are zero. */
function pack(to: Panel, from: Numbers, lines: Int32Array, first: number, count: number, steps: Int32Array, k0: number, kc: number): void {
  let at = 0;
  for (let l = 0; l < count; l += 4) {
    if (l + 4 <= count) {
      const l0 = lines[first + l]!;
      const l1 = lines[first + l + 1]!;
      const l2 = lines[first + l + 2]!;
      const l3 = lines[first + l + 3]!;
      for (let k = 0; k < kc; k++, at += 4) {
        const s = steps[k0 + k]!;
        to[at] = from[l0 + s]!;
        to[at + 1] = from[l1 + s]!;
        to[at + 2] = from[l2 + s]!;
        to[at + 3] = from[l3 + s]!;
      }
    } else
      for (let k = 0; k < kc; k++)
        for (let i = 0; i < 4; i++, at++) to[at] = l + i < count ? from[lines[first + l + i]! + steps[k0 + k]!]! : 0;
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
 * `C = A·B` or `C += A·B` for matrices given by offset tables; A is m×k, B k×n.
 * Blocks of 256 steps are summed in float64 and added to C in order, so results do not depend on the machine.
 */
export function gemmTables(a: Matrix, b: Matrix, c: Matrix, { beta = 0 }: GemmOptions = {}): void {
  const m = c.rows.length;
  const n = c.cols.length;
  const depth = a.cols.length;
  const out = c.data;
  if (depth === 0 && beta === 0) for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[c.rows[i]! + c.cols[j]!] = 0;
  const integer = out instanceof Int32Array;
  if (!integer && Math.min(m, n) <= 2) return thin(a, b, c, beta);
  const { a: pa, b: pb, tile } = integer ? ints : floats;
  for (let n0 = 0; n0 < n; n0 += blockN) {
    const nc = Math.min(blockN, n - n0);
    for (let k0 = 0; k0 < depth; k0 += blockK) {
      const kc = Math.min(blockK, depth - k0);
      const fresh = k0 === 0 && beta === 0;
      pack(pb, b.data, b.cols, n0, nc, b.rows, k0, kc);
      for (let m0 = 0; m0 < m; m0 += blockM) {
        const mc = Math.min(blockM, m - m0);
        pack(pa, a.data, a.rows, m0, mc, a.cols, k0, kc);
        for (let j = 0; j < nc; j += 4)
          for (let i = 0; i < mc; i += 4) {
            if (integer) blockInt(kc, ints.a, i * kc, ints.b, j * kc, ints.tile);
            else block(kc, floats.a, i * kc, floats.b, j * kc, floats.tile);
            put(out, c.rows, c.cols, m0 + i, Math.min(4, mc - i), n0 + j, Math.min(4, nc - j), tile, fresh);
          }
      }
    }
  }
}

function put(
  out: Numbers,
  rows: Int32Array,
  cols: Int32Array,
  i0: number,
  mr: number,
  j0: number,
  nr: number,
  tile: Panel,
  fresh: boolean,
): void {
  for (let i = 0; i < mr; i++) {
    const row = rows[i0 + i]!;
    for (let j = 0; j < nr; j++) {
      const at = row + cols[j0 + j]!;
      out[at] = fresh ? tile[4 * i + j]! : out[at]! + tile[4 * i + j]!;
    }
  }
}

/** `C = A·B` (or `C += A·B`) with any strides: A is m×k, B k×n, C m×n with unit column stride. */
export function gemm(
  m: number,
  n: number,
  k: number,
  a: Numbers,
  aOffset: number,
  aRowStride: number,
  aColStride: number,
  b: Numbers,
  bOffset: number,
  bRowStride: number,
  bColStride: number,
  c: Numbers,
  cOffset: number,
  cRowStride: number,
  options?: GemmOptions,
): void {
  gemmTables(
    { data: a, rows: offsets(m, aOffset, aRowStride), cols: offsets(k, 0, aColStride) },
    { data: b, rows: offsets(k, bOffset, bRowStride), cols: offsets(n, 0, bColStride) },
    { data: c, rows: offsets(m, cOffset, cRowStride), cols: offsets(n, 0, 1) },
    options,
  );
}

/** Products with one or two rows or columns: packing would cost more than the sums. */
function thin(a: Matrix, b: Matrix, c: Matrix, beta: 0 | 1): void {
  const wide = c.cols.length > c.rows.length;
  // x is the thin side, y the wide one: one line of x against all lines of y.
  const [x, xLines, y, yLines] = wide ? [a.data, a.rows, b.data, b.cols] : [b.data, b.cols, a.data, a.rows];
  const [xSteps, ySteps] = wide ? [a.cols, b.rows] : [b.rows, a.cols];
  const near = yLines.length < 2 || Math.abs(yLines[1]! - yLines[0]!) <= Math.abs((ySteps[1] ?? 0) - (ySteps[0] ?? 0));
  const sums = new Float64Array(yLines.length);
  for (let i = 0; i < xLines.length; i++) {
    const from = xLines[i]!;
    sums.fill(0);
    if (near)
      for (let k = 0; k < xSteps.length; k++) {
        const v = x[from + xSteps[k]!]!;
        const step = ySteps[k]!;
        for (let j = 0; j < sums.length; j++) sums[j]! += v * y[yLines[j]! + step]!;
      }
    else
      for (let j = 0; j < sums.length; j++) {
        const line = yLines[j]!;
        let sum = 0;
        for (let k = 0; k < xSteps.length; k++) sum += x[from + xSteps[k]!]! * y[line + ySteps[k]!]!;
        sums[j] = sum;
      }
    for (let j = 0; j < sums.length; j++) {
      const at = wide ? c.rows[i]! + c.cols[j]! : c.rows[j]! + c.cols[i]!;
      c.data[at] = beta === 1 ? c.data[at]! + sums[j]! : sums[j]!;
    }
  }
}
