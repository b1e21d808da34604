// Scalar math in double precision: the CPU device's kernels, and what the functions of the same names in shaders/math.wgsl are measured
// against. Only what Math lacks, or defines otherwise than PyTorch does, is here; special.ts adds error functions and activations.
export * from "./special.ts";

/** The larger number; NaN if either is NaN. */
export const maxNan = (a: number, b: number): number => Math.max(a, b);

/** The smaller number; NaN if either is NaN. */
export const minNan = (a: number, b: number): number => Math.min(a, b);

/** max(x, 0) that keeps NaN. */
export const relu = (x: number): number => (x < 0 ? 0 : x);

/** Sign of x as torch.sign gives it: 0 for NaN. */
export const sign = (x: number): number => (x > 0 ? 1 : x < 0 ? -1 : 0);

/** Sign of x that keeps NaN. */
export const signNan = (x: number): number => Math.sign(x);

/** Rounds to the nearest whole number, halves to the even one. */
export function roundEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest === 0.5) return down % 2 === 0 ? down : down + 1;
  return rest < 0.5 ? down : rest > 0.5 ? down + 1 : x;
}

/** Truncates to an int32; NaN and values out of range give the smallest one, as PyTorch does on x86. */
export const toInt32 = (x: number): number => {
  const whole = Math.trunc(x);
  return whole >= -2147483648 && whole <= 2147483647 ? whole | 0 : -2147483648;
};

/** 2 to the power x, exact for whole x. */
export const exp2 = (x: number): number => 2 ** x;

/** One over the square root. */
export const rsqrt = (x: number): number => (x === 0 ? Infinity : 1 / Math.sqrt(x));

/** x to the power y by the rules of C99 and PyTorch: 1 to any power is 1, and ±1 to ±Infinity too, where Math.pow gives NaN. */
export const pow = (x: number, y: number): number => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y));

/** Integer power modulo 2³²; a negative exponent leaves only ±1, and 0 for any other base. */
export function powInt(x: number, y: number): number {
  if (y < 0) return x === 1 ? 1 : x === -1 ? (y % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  let base = x | 0;
  for (let n = y; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result = Math.imul(result, base);
    base = Math.imul(base, base);
  }
  return result;
}

/** Remainder with the sign of the dividend: x − y · trunc(x / y), exact. */
export const fmod = (x: number, y: number): number => x % y;

/** Remainder with the sign of the divisor, as in Python. */
export function remainder(x: number, y: number): number {
  const rest = x % y;
  return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
}

/** torch.floor_divide for floating point: consistent with remainder, ±Infinity for a divisor of zero. */
export function floorDivide(x: number, y: number): number {
  if (y === 0) return x / y;
  const rest = x % y;
  let quotient = (x - rest) / y;
  if (rest !== 0 && rest < 0 !== y < 0) quotient -= 1;
  const down = Math.floor(quotient);
  return quotient - down > 0.5 ? down + 1 : down;
}

/** Remainder of int32 values with the sign of the dividend; 0 for a divisor of zero, as on the GPU. */
export const fmodInt = (x: number, y: number): number => (y === 0 ? 0 : (x % y) | 0);

/** Remainder of int32 values with the sign of the divisor; 0 for a divisor of zero, as on the GPU. */
export const remainderInt = (x: number, y: number): number => (y === 0 ? 0 : remainder(x, y) | 0);

/** Quotient of int32 values rounded down; x for a divisor of zero, as on the GPU. */
export const floorDivideInt = (x: number, y: number): number => (y === 0 ? x : Math.floor(x / y) | 0);

/** 0 below zero and for NaN, 1 above, `values` at zero. */
export const heaviside = (x: number, values: number): number => (x === 0 ? values : x > 0 ? 1 : 0);

/** Linear interpolation by PyTorch's two branches: exact at both ends. */
export const lerp = (a: number, b: number, weight: number): number =>
  Math.abs(weight) < 0.5 ? a + weight * (b - a) : b - (b - a) * (1 - weight);
