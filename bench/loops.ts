/**
 * Plain typed-array loops, one thread, no library: in float32 the `js` contestant, in float64 the reference every digest is compared with.
 * All arithmetic between loads and stores is float64, as JavaScript's is.
 */

/** Storage of one tensor: float32 when measured, float64 when the truth is wanted. */
export type Floats = Float32Array | Float64Array;
/** Makes a zeroed array in the wanted precision. */
export type Allocate = (count: number) => Floats;

let panels: Floats[] = [];

/** A reused scratch array of the same precision as `like`. */
function panelOf(like: Floats, count: number): Floats {
  let panel = panels.find((p) => p.BYTES_PER_ELEMENT === like.BYTES_PER_ELEMENT && p.length >= count);
  if (panel === undefined) {
    panel = like instanceof Float32Array ? new Float32Array(count) : new Float64Array(count);
    panels = [...panels, panel];
  }
  return panel;
}

/** C[m, n] = beta·C + A·B with strides, so transposed operands need no copy; 4×4 results are kept in locals. */
export function gemm(
  m: number,
  n: number,
  k: number,
  a: Floats,
  aRow: number,
  aColumn: number,
  b: Floats,
  bRow: number,
  bColumn: number,
  c: Floats,
  beta = 0,
  aStart = 0,
  bStart = 0,
  cStart = 0,
): void {
  if (beta === 0) c.fill(0, cStart, cStart + m * n);
  const m4 = m - (m % 4);
  const n4 = n - (n % 4);
  const panel = panelOf(c, 4 * k);
  for (let j = 0; j < n4; j += 4) {
    // Four columns side by side: the inner loop then reads B in order, however it is stored.
    for (let l = 0, q = bStart + j * bColumn; l < k; l++, q += bRow) {
      panel[4 * l] = b[q]!;
      panel[4 * l + 1] = b[q + bColumn]!;
      panel[4 * l + 2] = b[q + 2 * bColumn]!;
      panel[4 * l + 3] = b[q + 3 * bColumn]!;
    }
    for (let i = 0; i < m4; i += 4) {
      // prettier-ignore
      let c00 = 0, c01 = 0, c02 = 0, c03 = 0, c10 = 0, c11 = 0, c12 = 0, c13 = 0;
      // prettier-ignore
      let c20 = 0, c21 = 0, c22 = 0, c23 = 0, c30 = 0, c31 = 0, c32 = 0, c33 = 0;
      let p = aStart + i * aRow;
      for (let q = 0; q < 4 * k; q += 4) {
        // prettier-ignore
        const a0 = a[p]!, a1 = a[p + aRow]!, a2 = a[p + 2 * aRow]!, a3 = a[p + 3 * aRow]!;
        // prettier-ignore
        const b0 = panel[q]!, b1 = panel[q + 1]!, b2 = panel[q + 2]!, b3 = panel[q + 3]!;
        c00 += a0 * b0;
        c01 += a0 * b1;
        c02 += a0 * b2;
        c03 += a0 * b3;
        c10 += a1 * b0;
        c11 += a1 * b1;
        c12 += a1 * b2;
        c13 += a1 * b3;
        c20 += a2 * b0;
        c21 += a2 * b1;
        c22 += a2 * b2;
        c23 += a2 * b3;
        c30 += a3 * b0;
        c31 += a3 * b1;
        c32 += a3 * b2;
        c33 += a3 * b3;
        p += aColumn;
      }
      let o = cStart + i * n + j;
      c[o]! += c00;
      c[o + 1]! += c01;
      c[o + 2]! += c02;
      c[o + 3]! += c03;
      o += n;
      c[o]! += c10;
      c[o + 1]! += c11;
      c[o + 2]! += c12;
      c[o + 3]! += c13;
      o += n;
      c[o]! += c20;
      c[o + 1]! += c21;
      c[o + 2]! += c22;
      c[o + 3]! += c23;
      o += n;
      c[o]! += c30;
      c[o + 1]! += c31;
      c[o + 2]! += c32;
      c[o + 3]! += c33;
    }
  }
  // What is left at the right and at the bottom.
  for (let i = 0; i < m; i++) {
    for (let j = i < m4 ? n4 : 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += a[aStart + i * aRow + l * aColumn]! * b[bStart + l * bRow + j * bColumn]!;
      c[cStart + i * n + j]! += sum;
    }
  }
}

/** The chain of 20 elementwise operators, each a loop of its own. */
export function chain(x: Floats, a: Floats, b: Floats, repeats: number, spare: Floats): Floats {
  const n = x.length;
  for (let r = 0; r < repeats; r++) {
    const source = r === 0 ? x : spare;
    for (let i = 0; i < n; i++) spare[i] = source[i]! * a[i]!;
    for (let i = 0; i < n; i++) spare[i] = spare[i]! + b[i]!;
    for (let i = 0; i < n; i++) spare[i] = spare[i]! > 0 ? spare[i]! : 0;
    for (let i = 0; i < n; i++) spare[i] = spare[i]! - b[i]!;
    for (let i = 0; i < n; i++) spare[i] = -spare[i]!;
  }
  return spare;
}

/** Softmax of every row. */
export function softmaxRows(x: Floats, y: Floats, rows: number, columns: number): void {
  for (let r = 0; r < rows; r++) {
    const o = r * columns;
    let max = -Infinity;
    for (let j = 0; j < columns; j++) if (x[o + j]! > max) max = x[o + j]!;
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += y[o + j] = Math.exp(x[o + j]! - max);
    for (let j = 0; j < columns; j++) y[o + j]! /= sum;
  }
}

/** Rows of y.length elements summed: one sum for each column, or of all where y has one element. */
export function sumInto(x: Floats, y: Floats): void {
  const n = y.length;
  y.fill(0);
  for (let at = 0; at < x.length; at += n) for (let j = 0; j < n; j++) y[j]! += x[at + j]!;
}

/** The sum of every row. */
export function sumRows(x: Floats, y: Floats, columns: number): void {
  for (let r = 0; r < y.length; r++) {
    let sum = 0;
    for (let i = r * columns; i < (r + 1) * columns; i++) sum += x[i]!;
    y[r] = sum;
  }
}

/** Every row less its mean, over its deviation. */
export function normRows(x: Floats, y: Floats, columns: number): void {
  for (let at = 0; at < x.length; at += columns) {
    let [mean, square] = [0, 0];
    for (let i = at; i < at + columns; i++) mean += x[i]! / columns;
    for (let i = at; i < at + columns; i++) square += (x[i]! - mean) ** 2 / columns;
    const scale = 1 / Math.sqrt(square + 1e-5);
    for (let i = at; i < at + columns; i++) y[i] = (x[i]! - mean) * scale;
  }
}

/** The largest of x into y, in order. */
export function largest(x: Floats, y: Floats): void {
  y.fill(-Infinity);
  for (const v of x) {
    let k = y.length - 1;
    if (!(v > y[k]!)) continue;
    for (; k > 0 && v > y[k - 1]!; k--) y[k] = y[k - 1]!;
    y[k] = v;
  }
}

/** Sizes of a convolution with stride 1 and equal padding. */
export interface ConvShape {
  readonly n: number;
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly o: number;
  readonly k: number;
  readonly pad: number;
}

/** Height and width of the output of a convolution. */
export const convOutput = (s: ConvShape) => ({ oh: s.h + 2 * s.pad - s.k + 1, ow: s.w + 2 * s.pad - s.k + 1 });

/** Walks the taps of one image: im2col when `toColumns`, its adjoint otherwise. */
function columnsOf(s: ConvShape, image: Floats, start: number, columns: Floats, toColumns: boolean): void {
  const { oh, ow } = convOutput(s);
  let row = 0;
  for (let c = 0; c < s.c; c++) {
    for (let i = 0; i < s.k; i++) {
      for (let j = 0; j < s.k; j++, row++) {
        for (let y = 0; y < oh; y++) {
          const iy = y + i - s.pad;
          const target = row * oh * ow + y * ow;
          if (iy < 0 || iy >= s.h) {
            if (toColumns) columns.fill(0, target, target + ow);
            continue;
          }
          const source = start + (c * s.h + iy) * s.w + j - s.pad;
          for (let x = 0; x < ow; x++) {
            const ix = x + j - s.pad;
            const inside = ix >= 0 && ix < s.w;
            if (toColumns) columns[target + x] = inside ? image[source + x]! : 0;
            else if (inside) image[source + x]! += columns[target + x]!;
          }
        }
      }
    }
  }
}

/** Forward convolution; `columns` holds one image's patches. */
export function convForward(s: ConvShape, x: Floats, w: Floats, bias: Floats | undefined, y: Floats, columns: Floats): void {
  const { oh, ow } = convOutput(s);
  const k = s.c * s.k * s.k;
  const q = oh * ow;
  for (let n = 0; n < s.n; n++) {
    columnsOf(s, x, n * s.c * s.h * s.w, columns, true);
    const start = n * s.o * q;
    for (let o = 0; o < s.o; o++) y.fill(bias === undefined ? 0 : bias[o]!, start + o * q, start + (o + 1) * q);
    gemm(s.o, q, k, w, k, 1, columns, q, 1, y, 1, 0, 0, start);
  }
}

/** Gradients of a convolution; the input's is skipped without `dx`. */
export function convBackward(
  s: ConvShape,
  x: Floats,
  w: Floats,
  g: Floats,
  dx: Floats | undefined,
  dw: Floats,
  dbias: Floats | undefined,
  columns: Floats,
): void {
  const { oh, ow } = convOutput(s);
  const k = s.c * s.k * s.k;
  const q = oh * ow;
  dw.fill(0);
  dbias?.fill(0);
  dx?.fill(0);
  for (let n = 0; n < s.n; n++) {
    const start = n * s.o * q;
    columnsOf(s, x, n * s.c * s.h * s.w, columns, true);
    gemm(s.o, k, q, g, q, 1, columns, 1, q, dw, 1, start);
    if (dbias !== undefined) {
      for (let o = 0; o < s.o; o++) {
        let sum = 0;
        for (let i = 0; i < q; i++) sum += g[start + o * q + i]!;
        dbias[o]! += sum;
      }
    }
    if (dx !== undefined) {
      gemm(k, q, s.o, w, 1, k, g, q, 1, columns, 0, 0, start);
      columnsOf(s, dx, n * s.c * s.h * s.w, columns, false);
    }
  }
}

/** 2×2 max-pooling of `planes` images; `index` receives where each maximum lay. */
export function poolForward(planes: number, h: number, w: number, x: Floats, y: Floats, index: Int32Array): void {
  let o = 0;
  for (let p = 0; p < planes; p++) {
    for (let i = 0; i + 1 < h; i += 2) {
      for (let j = 0; j + 1 < w; j += 2, o++) {
        let best = (p * h + i) * w + j;
        if (x[best + 1]! > x[best]!) best = best + 1;
        const below = (p * h + i + 1) * w + j;
        if (x[below]! > x[best]!) best = below;
        if (x[below + 1]! > x[best]!) best = below + 1;
        y[o] = x[best]!;
        index[o] = best;
      }
    }
  }
}

/** Sends every gradient to where its maximum lay. */
export function poolBackward(g: Floats, index: Int32Array, dx: Floats): void {
  dx.fill(0);
  for (let i = 0; i < g.length; i++) dx[index[i]!]! += g[i]!;
}

/** ReLU in place. */
export function relu(x: Floats): void {
  for (let i = 0; i < x.length; i++) if (!(x[i]! > 0)) x[i] = 0;
}

/** Gradient of ReLU in place, from its output. */
export function reluBackward(y: Floats, g: Floats): void {
  for (let i = 0; i < g.length; i++) if (!(y[i]! > 0)) g[i] = 0;
}

/** Mean cross-entropy of logits; `g` receives the gradient. */
export function crossEntropy(logits: Floats, labels: Int32Array, classes: number, g: Floats): number {
  const rows = labels.length;
  softmaxRows(logits, g, rows, classes);
  let loss = 0;
  for (let r = 0; r < rows; r++) {
    const o = r * classes;
    let max = -Infinity;
    for (let j = 0; j < classes; j++) max = Math.max(max, logits[o + j]!);
    let sum = 0;
    for (let j = 0; j < classes; j++) sum += Math.exp(logits[o + j]! - max);
    loss += Math.log(sum) + max - logits[o + labels[r]!]!;
    g[o + labels[r]!]! -= 1;
  }
  for (let i = 0; i < g.length; i++) g[i]! /= rows;
  return loss / rows;
}
