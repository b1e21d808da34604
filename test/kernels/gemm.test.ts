// Matrix products and contractions on typed arrays against plain sums.
import { describe, expect, it } from "vitest";
import type { View } from "../../src/device/device.ts";
import { contractCpu } from "../../src/kernels/contraction-cpu.ts";
import { hostView } from "../../src/device/cpu.ts";
import { gemm as gemmOf, type Numbers, offsets } from "../../src/kernels/gemm.ts";

/** Distinct values in [-1, 1], the same in every run. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  };
}

const fill = <T extends Numbers>(array: T, seed: number, scale = 1): T => {
  const next = sequence(seed);
  for (let i = 0; i < array.length; i++) array[i] = next() * scale;
  return array;
};

/** `C += A·B` with any strides: A is m×k, B k×n, C m×n with unit column stride. */
function gemm(
  ...[m, n, k, a, aOffset, aRow, aCol, b, bOffset, bRow, bCol, c, cOffset, cRow]: [
    ...[m: number, n: number, k: number],
    ...[a: Numbers, aOffset: number, aRow: number, aCol: number],
    ...[b: Numbers, bOffset: number, bRow: number, bCol: number],
    ...[c: Numbers, cOffset: number, cRow: number],
  ]
): void {
  gemmOf(
    { data: a, rows: offsets(m, aOffset, aRow), cols: offsets(k, 0, aCol) },
    { data: b, rows: offsets(k, bOffset, bRow), cols: offsets(n, 0, bCol) },
    { data: c, rows: offsets(m, cOffset, cRow), cols: offsets(n, 0, 1) },
  );
}

const shapes = [
  [1, 1, 1],
  [1, 9, 300],
  [9, 1, 300],
  [2, 7, 5],
  [4, 4, 4],
  [5, 3, 7],
  [66, 130, 9],
  [7, 300, 65],
  [70, 9, 600],
  [3, 5, 0],
] as const;

describe("gemm(m, n, k, …)", () => {
  for (const [m, n, k] of shapes)
    for (const [transA, transB] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ])
      it(`${m}×${k} by ${k}×${n}, ${transA ? "T" : "N"}${transB ? "T" : "N"}, offsets and padded rows`, () => {
        const a = fill(new Float64Array(3 + (m + 2) * (k + 2)), 1);
        const b = fill(new Float64Array(5 + (n + 2) * (k + 2)), 2);
        const [ar, ac] = transA ? [1, m + 1] : [k + 2, 1];
        const [br, bc] = transB ? [1, k + 1] : [n + 2, 1];
        const c = fill(new Float64Array(1 + m * (n + 3)), 3);
        const expected = c.slice();
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let q = 0; q < k; q++) sum += a[3 + i * ar + q * ac]! * b[5 + q * br + j * bc]!;
            expected[1 + i * (n + 3) + j]! += sum;
          }
        gemm(m, n, k, a, 3, ar, ac, b, 5, br, bc, c, 1, n + 3);
        for (let i = 0; i < c.length; i++) expect(c[i]).toBeCloseTo(expected[i]!, 11);
      });

  it("adds to C, for packed and for thin products", () => {
    for (const [m, n] of [
      [9, 11],
      [1, 11],
      [9, 2],
    ] as const) {
      const k = 300;
      const a = fill(new Float32Array(m * k), 4);
      const b = fill(new Float32Array(k * n), 5);
      const once = new Float32Array(m * n);
      gemm(m, n, k, a, 0, k, 1, b, 0, n, 1, once, 0, n);
      const twice = once.slice();
      gemm(m, n, k, a, 0, k, 1, b, 0, n, 1, twice, 0, n);
      for (let i = 0; i < once.length; i++) expect(twice[i]! / 2).toBeCloseTo(once[i]!, 4);
    }
  });

  it("rounds a float32 product once per 256 steps, not once per step", () => {
    const k = 256;
    const a = new Float32Array(k).fill(1);
    const b = new Float32Array(4 * k).fill(1e-8);
    for (let j = 0; j < 4; j++) b[j] = 1;
    const c = new Float32Array(4 * 4);
    gemm(4, 4, k, new Float32Array([...a, ...a, ...a, ...a]), 0, k, 1, b, 0, 4, 1, c, 0, 4);
    expect(c[0]).toBe(Math.fround(1 + 255 * Math.fround(1e-8)));
    expect(c[0]).toBeGreaterThan(1);
  });

  it("keeps infinities and NaN where they belong", () => {
    const a = new Float32Array([Infinity, 0, 1, NaN, 1, 1, 1, 1, 1]);
    const b = new Float32Array([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const c = new Float32Array(9);
    gemm(3, 3, 3, a, 0, 3, 1, b, 0, 3, 1, c, 0, 3);
    expect([...c]).toEqual([Infinity, Infinity, Infinity, NaN, NaN, NaN, 12, 15, 18]);
  });

  it("wraps int32 products as two's complement does", () => {
    const [m, n, k] = [5, 6, 7];
    const a = fill(new Int32Array(m * k), 6, 2 ** 31);
    const b = fill(new Int32Array(k * n), 7, 2 ** 31);
    const c = new Int32Array(m * n);
    gemm(m, n, k, a, 0, k, 1, b, 0, n, 1, c, 0, n);
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0n;
        for (let q = 0; q < k; q++) sum += BigInt(a[i * k + q]!) * BigInt(b[q * n + j]!);
        expect(c[i * n + j]).toBe(Number(BigInt.asIntN(32, sum)));
      }
  });

  it("gives the same bits again", () => {
    const a = fill(new Float32Array(70 * 600), 8);
    const b = fill(new Float32Array(600 * 130), 9);
    const [first, second] = [new Float32Array(70 * 130), new Float32Array(70 * 130)];
    for (const c of [first, second]) gemm(70, 130, 600, a, 0, 600, 1, b, 0, 130, 1, c, 0, 130);
    expect(second).toEqual(first);
  });
});

describe("contractCpu(problem)", () => {
  const view = (data: Numbers, offset = 0): View => ({
    storage: hostView(data, "float64").storage,
    shape: [data.length],
    strides: [1],
    offset,
    dtype: "float64",
  });

  it("broadcasts batches, contracts blocks, spreads columns over images, adds bias", () => {
    const [m, nOuter, nInner, k, kOuter] = [5, 2, 3, 4, 3];
    const a = fill(new Float64Array(400), 10);
    const b = fill(new Float64Array(400), 11);
    const bias = fill(new Float64Array(50), 12);
    for (const along of [undefined, "m", "n"] as const) {
      const c = fill(new Float64Array(4 * nOuter * m * nInner), 13);
      contractCpu({
        m,
        n: nOuter * nInner,
        nOuter,
        k,
        kOuter,
        batch: [2, 2],
        a: { view: view(a, 2), m: 4, k: 1, kOuter: 20, batch: [60, 0] },
        b: { view: view(b, 1), n: 1, nOuter: 12, k: 3, kOuter: 24, batch: [0, 72] },
        c: { view: view(c), m: nInner, n: 1, nOuter: 4 * m * nInner },
        ...(along ? { bias: { view: view(bias, 3), m: along === "m" ? 1 : 0, n: along === "n" ? 2 : 0 } } : {}),
      });
      for (let z = 0; z < 4; z++)
        for (let i = 0; i < m; i++)
          for (let j = 0; j < nOuter * nInner; j++) {
            const [o, q] = [Math.floor(j / nInner), j % nInner];
            let sum = along ? bias[3 + (along === "m" ? z * m + i : 2 * j)]! : 0;
            for (let ko = 0; ko < kOuter; ko++)
              for (let s = 0; s < k; s++)
                sum += a[2 + (z >> 1) * 60 + i * 4 + s + ko * 20]! * b[1 + (z & 1) * 72 + o * 12 + q + s * 3 + ko * 24]!;
            expect(c[(o * 4 * m + z * m + i) * nInner + q]).toBeCloseTo(sum, 11);
          }
    }
  });
});
