// Scalar math in double precision: the CPU device's kernels, and what the functions of the same names in shaders/math.wgsl are measured
// against. Only what Math lacks, or defines otherwise than PyTorch does, is here; special.ts adds error functions and activations, pairs.ts
// functions of two numbers.
export * from "./pairs.ts";
export * from "./special.ts";

/** The larger number; NaN if either is NaN. */
export const maxNan = (a: number, b: number): number => Math.max(a, b);

/** The smaller number; NaN if either is NaN. */
export const minNan = (a: number, b: number): number => Math.min(a, b);

/** max(x, 0) that keeps NaN. */
export const relu = (x: number): number => (x < 0 ? 0 : x);

/** Sign of x as torch.sign gives it: 0 for NaN. */
export const sign = (x: number): number => Math.sign(x) || 0;

/** Sign of x that keeps NaN. */
export const signNan = (x: number): number => Math.sign(x);

/** Rounds to the nearest whole number, halves to the even one: beside 2⁵² a double has no room for a fraction. */
export function roundEven(x: number): number {
  const large = Math.sign(x) * 2 ** 52;
  return Math.abs(x) < 2 ** 52 ? x + large - large : x;
}

/** Truncates to an int32; NaN and values out of range give the smallest one, as PyTorch does on x86. */
export const toInt32 = (x: number): number => (Math.trunc(x) === (x | 0) ? x | 0 : -2147483648);

/** 2 to the power x, exact for whole x. */
export const exp2 = (x: number): number => 2 ** x;

/** One over the square root. */
export const rsqrt = (x: number): number => (x === 0 ? Infinity : 1 / Math.sqrt(x));

/** x to the power y by the rules of C99 and PyTorch: 1 to any power is 1, and ±1 to ±Infinity too, where Math.pow gives NaN. */
export const pow = (x: number, y: number): number => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y));

/** Integer power modulo 2³²; a negative exponent leaves only ±1, and 0 for any other base. */
export function powInt(x: number, y: number): number {
  if (y < 0) return (x ** y) | 0;
  let result = 1;
  for (let n = y, base = x; n > 0; n >>= 1, base = Math.imul(base, base)) if (n & 1) result = Math.imul(result, base);
  return result;
}

/** Remainder with the sign of the dividend: x − y · trunc(x / y), exact. */
export const fmod = (x: number, y: number): number => x % y;

/** Whether a remainder needs another y to have the sign of y. */
const crosses = (rest: number, y: number): boolean => rest !== 0 && rest < 0 !== y < 0;

/** Remainder with the sign of the divisor, as in Python. */
export const remainder = (x: number, y: number): number => (crosses(x % y, y) ? (x % y) + y : x % y);

/** torch.floor_divide for floating point: consistent with remainder, ±Infinity for a divisor of zero. */
export const floorDivide = (x: number, y: number): number => (y === 0 ? x / y : Math.round((x - (x % y)) / y) - Number(crosses(x % y, y)));

/** Quotient of int32 values rounded down; x for a divisor of zero, as on the GPU. */
export const floorDivideInt = (x: number, y: number): number => (y === 0 ? x : Math.floor(x / y));

/** 0 below zero and for NaN, 1 above, `values` at zero. */
export const heaviside = (x: number, values: number): number => (x === 0 ? values : x > 0 ? 1 : 0);

/** Linear interpolation by PyTorch's two branches: exact at both ends. */
export const lerp = (a: number, b: number, weight: number): number =>
  Math.abs(weight) < 0.5 ? a + weight * (b - a) : b - (b - a) * (1 - weight);
