// Error functions and activations in double precision: the twins of shaders/special.wgsl. Inverse circular and hyperbolic functions are
// those of Math.

/** Logistic function. */
export function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return (x >= 0 ? 1 : e) / (1 + e);
}

/** log(1 + e^(beta·x)) / beta, and x itself where beta·x exceeds the threshold. */
export function softplus(x: number, beta = 1, threshold = 20): number {
  const z = x * beta;
  return z > threshold ? x : ((z > 0 ? z : 0) + Math.log1p(Math.exp(-Math.abs(z)))) / beta;
}

/** log(sigmoid(x)). */
export const logsigmoid = (x: number): number => -softplus(-x, 1, Infinity);

/** log(e^a + e^b). */
export function logaddexp(a: number, b: number): number {
  const larger = Math.max(a, b);
  return Math.abs(larger) === Infinity ? larger : larger + softplus(-Math.abs(a - b));
}

/** log(x / (1 − x)); NaN outside [0, 1]. */
export const logit = (x: number): number => (x < 0.25 ? Math.log(x / (1 - x)) : Math.log1p((2 * x - 1) / (1 - x)));

/** Sine of πx by `shift` quarter turns further, the whole turns of x taken off exactly. */
export function turned(x: number, shift = 0): number {
  const rest = x % 2;
  const n = Math.round(2 * rest);
  const [angle, q] = [Math.PI * (rest - n / 2), n + shift];
  return (q & 1 ? Math.cos(angle) : Math.sin(angle)) * (q & 2 ? -1 : 1);
}

/** sin(πx) / (πx). */
export const sinc = (x: number): number => (x === 0 ? 1 : turned(x) / (Math.PI * x));

/** Derivative of sinc: −π · j₁(πx), near 0 by its series (DLMF 10.53.1). */
export function sincSlope(x: number): number {
  if (!(Math.abs(x) < 0.6)) return (turned(x, 1) - sinc(x)) / x;
  const z = (Math.PI * x) ** 2;
  let sum = 1;
  for (let k = 1, term = 1; k < 16; k++) sum += term *= -z / (2 * k * (2 * k + 3));
  return ((-Math.PI * Math.PI * x) / 3) * sum;
}

// e^(−c·a²) for c = 1 or ½: the square in two parts, the first exact.
const expSquare = (a: number, c: number): number => {
  const head = Math.fround(a);
  return Math.exp(-c * head * head) * Math.exp(-c * (a - head) * (a + head));
};

// e^(−t²) at t = 0, ½, 1, …
const bell = Float64Array.from({ length: 13 }, (_, k) => Math.exp((-k * k) / 4));

/** erfc(a) for 0 ≤ a ≤ 28 from `square`, which is e^(−a²). */
export function upperTail(a: number, square: number): number {
  if (!(a >= 0.5)) return 1 - erf(a);
  // The trapezoidal rule for a/π ∫ e^(−a² − t²) / (a² + t²) dt in steps of ½, less what the pole at t = ia adds: good to 1e-17.
  let sum = 0.5 / (a * a);
  for (let k = 1; k < bell.length; k++) sum += bell[k]! / (a * a + (k * k) / 4);
  return (square * a * sum) / Math.PI - (a < 6 ? 2 / Math.expm1(4 * Math.PI * a) : 0);
}

/** Error function. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a >= 0.875) return Math.sign(x) * (1 - erfc(a));
  let sum = x;
  for (let n = 1, term = x; n < 20; n++) sum += (term *= (-x * x) / n) / (2 * n + 1);
  return sum * (2 / Math.sqrt(Math.PI));
}

/** 1 − erf(x), without the cancellation. */
export function erfc(x: number): number {
  const a = Math.min(x, 28);
  return a > 0 ? upperTail(a, expSquare(a, 1)) : 1 - erf(x);
}

/** Inverse of erf: ±Infinity at ±1, NaN outside. */
export function erfinv(x: number): number {
  const a = Math.abs(x);
  if (!(a < 1)) return a === 1 ? x * Infinity : NaN;
  // A form good to 13 %, then five cubic steps.
  let y = Math.sqrt(-Math.log1p(-a * a));
  for (let i = 0; i < 5; i++) {
    const miss = a < 0.5 ? erf(y) - a : 1 - a - erfc(y);
    const step = (miss * (Math.sqrt(Math.PI) / 2)) / expSquare(y, 1);
    y -= step / (1 + y * step);
  }
  return x < 0 ? -y : y;
}

/** The y with erfc(y) = q, for 0 < q ≤ 1. */
function upperQuantile(q: number): number {
  let y = Math.sqrt(-Math.log(q * (2 - q)));
  if (y > 2) y -= Math.log(y * Math.sqrt(Math.PI)) / (2 * y);
  for (let i = 0; i < 6; i++) {
    const step = ((q - erfc(y)) * (Math.sqrt(Math.PI) / 2)) / expSquare(y, 1);
    y -= step / (1 + y * step);
  }
  return y;
}

/** Inverse of the standard normal distribution function: ±Infinity at 1 and 0, NaN outside. */
export function ndtri(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  if (p > 0.25 && p < 0.75) return Math.SQRT2 * erfinv(2 * p - 1);
  return p < 0.5 ? -Math.SQRT2 * upperQuantile(2 * p) : Math.SQRT2 * upperQuantile(2 * (1 - p));
}

/** −x · log(x); 0 at 0, −Infinity below. */
export const entr = (x: number): number => (x === 0 ? 0 : x < 0 ? -Infinity : -x * Math.log(x));

/** Standard normal distribution function. */
export function normalCdf(x: number): number {
  const a = Math.min(Math.abs(x), 39);
  const tail = 0.5 * upperTail(a * Math.SQRT1_2, expSquare(a, 0.5));
  return x < 0 ? tail : 1 - tail;
}

/** x · Φ(x); NaN at −Infinity, as in PyTorch. */
export const gelu = (x: number): number => x * normalCdf(x);

/** GELU by its tanh approximation; NaN at −Infinity, as in PyTorch. */
export const geluTanh = (x: number): number => x * sigmoid(2 * Math.sqrt(2 / Math.PI) * x * (1 + 0.044715 * x * x));

/** x · sigmoid(x); NaN at −Infinity, as in PyTorch. */
export const silu = (x: number): number => x * sigmoid(x);

/** x where positive, alpha · (e^x − 1) elsewhere. */
export const elu = (x: number, alpha = 1): number => (x > 0 ? x : alpha * Math.expm1(x));

/** x − tanh(x); near 0, where they cancel, by Lambert's continued fraction of tanh. */
export function tanhshrink(x: number): number {
  if (!(Math.abs(x) < 1.5)) return x - Math.tanh(x);
  let c = 0;
  for (let k = 21; k > 1; k -= 2) c = (x * x) / (k + c);
  return (x * c) / (1 + c);
}
