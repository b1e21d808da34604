// Numbers by their parts, and functions of two numbers, in double precision: the twins of shaders/pairs.wgsl.

// ---- the parts of a number, and what is beside it

/** Exponent e of x = m · 2^e with ½ ≤ |m| < 1; 0 for what has none. */
export function exponent(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return 0;
  const e = Math.floor(Math.log2(Math.abs(x))) + 1;
  // The logarithm beside a power of 2 is one.
  const m = Math.abs(ldexp(x, -e));
  return e + Number(m >= 1) - Number(m < 0.5);
}

/** Mantissa m of x = m · 2^e. */
export const mantissa = (x: number): number => ldexp(x, -exponent(x));

/** x · 2^y in two steps, so that nothing overflows before the result does. */
export function ldexp(x: number, y: number): number {
  if (Math.abs(y) === Infinity) return x * 2 ** y;
  if (x === 0 || Math.abs(x) === Infinity) return Number.isNaN(y) ? NaN : x;
  const half = Math.trunc(Math.min(Math.max(y, -2200), 2200) / 2);
  return x * 2 ** half * 2 ** (y - half);
}

const doubles = new Float64Array(1);
const words = new BigInt64Array(doubles.buffer);
const singles = new Float32Array(1);
const halves = new Int32Array(singles.buffer);

/** The number after x towards y, in double or in single precision. */
export function nextafter(x: number, y: number, single: boolean): number {
  if (x === y || Number.isNaN(x) || Number.isNaN(y)) return x === y ? y : NaN;
  const away = y > x === x > 0 || x === 0;
  if (single) {
    singles[0] = x;
    halves[0]! += away ? 1 : -1;
    return x === 0 && y < 0 ? -singles[0] : singles[0];
  }
  doubles[0] = x;
  words[0]! += away ? 1n : -1n;
  return x === 0 && y < 0 ? -doubles[0] : doubles[0];
}

/** |x| with the sign of y; that of NaN counts as positive. */
export const copysign = (x: number, y: number): number => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x));

// ---- pairs

/** The larger number; the other one if one is NaN. */
export const fmax = (x: number, y: number): number => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.max(x, y));

/** The smaller number; the other one if one is NaN. */
export const fmin = (x: number, y: number): number => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.min(x, y));

/** Greatest common divisor of integers, 0 of two zeros. */
export function gcd(x: number, y: number): number {
  let [a, b] = [Math.abs(x), Math.abs(y)];
  while (b !== 0) [a, b] = [b, a % b];
  return a | 0;
}

/** Least common multiple of integers, modulo 2³². */
export function lcm(x: number, y: number): number {
  const g = gcd(x, y);
  return g === 0 ? 0 : Math.abs(Math.imul(x / g, y)) | 0;
}

/** Bits moved up; those that leave the word are lost, also all at once. */
export const leftShift = (x: number, y: number): number => (y >>> 0 < 32 ? x << y : 0);

/** Bits moved down, the sign filling up. */
export const rightShift = (x: number, y: number): number => x >> Math.min(y >>> 0, 31);

// ---- logarithms

/** log₂(2^a + 2^b). */
export function logaddexp2(a: number, b: number): number {
  const larger = Math.max(a, b);
  return Math.abs(larger) === Infinity ? larger : larger + Math.log1p(2 ** -Math.abs(a - b)) / Math.LN2;
}

/** x · log(y), 0 where x is 0 and y is a number. */
export const xlogy = (x: number, y: number): number => (x === 0 && !Number.isNaN(y) ? 0 : x * Math.log(y));

/** x · log(1 + y), 0 where x is 0 and y is a number. */
export const xlog1py = (x: number, y: number): number => (x === 0 && !Number.isNaN(y) ? 0 : x * Math.log1p(y));
