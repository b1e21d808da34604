/** Digests of results: short enough to send between pages, sharp enough to catch a wrong or permuted element. */

const BUCKETS = 64;

/** For each of 64 consecutive parts of an array: a sum with pseudo-random signs, and the sum of magnitudes. */
export interface Digest {
  readonly count: number;
  readonly signed: number[];
  readonly magnitude: number[];
}

/** Named digests of one workload: its outputs and gradients, or `losses`. */
export type Digests = Record<string, Digest>;

/** Digest of an array in its canonical (PyTorch) layout. */
export function digestOf(values: ArrayLike<number>): Digest {
  const parts = Math.min(BUCKETS, values.length);
  const signed = new Array<number>(parts).fill(0);
  const magnitude = new Array<number>(parts).fill(0);
  for (let part = 0; part < parts; part++) {
    const begin = Math.floor((part * values.length) / parts);
    const end = Math.floor(((part + 1) * values.length) / parts);
    let sum = 0;
    let size = 0;
    for (let i = begin; i < end; i++) {
      const v = values[i] ?? NaN;
      // A hash bit of the position as the sign makes a permutation visible.
      const sign = (Math.imul(i + 1, 0x9e3779b1) >>> 30) & 1 ? 1 : -1;
      sum += sign * v;
      size += Math.abs(v);
    }
    signed[part] = sum;
    magnitude[part] = size;
  }
  return { count: values.length, signed, magnitude };
}

/** Largest difference of two digests relative to the magnitude of each part; Infinity when they cannot be compared. */
export function distance(actual: Digest | undefined, expected: Digest): number {
  if (actual === undefined || actual.count !== expected.count) return Infinity;
  let worst = 0;
  for (let i = 0; i < expected.magnitude.length; i++) {
    const scale = Math.max(expected.magnitude[i] ?? 0, 1e-30);
    const signed = Math.abs((actual.signed[i] ?? NaN) - (expected.signed[i] ?? NaN)) / scale;
    const size = Math.abs((actual.magnitude[i] ?? NaN) - (expected.magnitude[i] ?? NaN)) / scale;
    const difference = Math.max(signed, size);
    // NaN compares false with everything, so it must be asked for.
    if (!Number.isFinite(difference)) return Infinity;
    worst = Math.max(worst, difference);
  }
  return worst;
}

/** Outcome of comparing one contestant with the reference. */
export interface Agreement {
  readonly ok: boolean;
  /** Largest relative difference over all named results. */
  readonly worst: number;
  /** The results that differ by more than the tolerance. */
  readonly wrong: string[];
}

/** Compares every named digest of the reference with what a contestant returned. */
export function agreement(actual: Digests, expected: Digests, tolerance: number): Agreement {
  const wrong: string[] = [];
  let worst = 0;
  for (const [name, digest] of Object.entries(expected)) {
    const d = distance(actual[name], digest);
    worst = Math.max(worst, d);
    if (!(d <= tolerance)) wrong.push(name);
  }
  return { ok: wrong.length === 0, worst, wrong };
}
