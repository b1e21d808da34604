// Error functions and activations in double precision: the twins of shaders/special.wgsl. Inverse circular and hyperbolic functions are
// those of Math.

const polynomial = (coefficients: readonly number[], x: number): number => {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i]!;
  return sum;
};

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
export const logsigmoid = (x: number): number => (x < 0 ? x : 0) - Math.log1p(Math.exp(-Math.abs(x)));

/** log(e^a + e^b). */
export function logaddexp(a: number, b: number): number {
  const larger = Math.max(a, b);
  return Math.abs(larger) === Infinity ? larger : larger + Math.log1p(Math.exp(-Math.abs(a - b)));
}

// erf(x)/x in x² for |x| < 0.875, and e^(a²)·erfc(a)·(1 + 2a) in (a − 3)/(a + 3) for 0 ≤ a ≤ 28: Chebyshev interpolants, good to 2e-18.
const ERF = [
  1.1283791670955126, -0.37612638903183754, 0.11283791670955111, -0.026866170645127092, 0.0052239776253799495, -0.0008548327017905889,
  0.00012055332664402735, -1.4925638169259221e-5, 1.646179331465805e-6, -1.636001974888772e-7, 1.4735405934568758e-8,
  -1.1712641683192752e-9, 6.627786135071423e-11,
];
const ERFC = [
  1.2530080582697296, -0.13562110612458114, -0.047562294353450885, 0.12964515870275692, -0.11927366341529412, 0.06830802734413972,
  -0.0237705149191233, 0.002529391812930737, 0.0018886903660093953, -0.0007798322389793649, -0.00010515985007185607, 0.00012509914192410698,
  4.949692873058816e-6, -2.0099719336350727e-5, -7.319994916300909e-7, 3.47018936843861e-6, 3.5740689528477796e-7, -6.128658435976342e-7,
  -1.416150470656424e-7, 9.784444456871524e-8, 4.1021252342694524e-8, -1.0890349506249294e-8, -7.636882562087531e-9, 3.483752094731445e-10,
  5.774514059472329e-10,
];

// e^(−c·a²) for c = 1 or ½: the square in two parts, the first exact.
const expSquare = (a: number, c: number): number => {
  const head = Math.fround(a);
  return Math.exp(-c * head * head) * Math.exp(-c * (a - head) * (a + head));
};

const erfcScaled = (a: number): number => polynomial(ERFC, (a - 3) / (a + 3)) / (1 + 2 * a);

/** Error function. */
export function erf(x: number): number {
  const a = Math.min(Math.abs(x), 28);
  if (a < 0.875) return x * polynomial(ERF, a * a);
  const far = 1 - expSquare(a, 1) * erfcScaled(a);
  return x < 0 ? -far : far;
}

/** 1 − erf(x), without the cancellation. */
export function erfc(x: number): number {
  const a = Math.min(Math.abs(x), 28);
  if (a < 0.4375) return 1 - x * polynomial(ERF, a * a);
  const near = expSquare(a, 1) * erfcScaled(a);
  return x < 0 ? 2 - near : near;
}

/** Inverse of erf: ±Infinity at ±1, NaN outside. */
export function erfinv(x: number): number {
  const a = Math.abs(x);
  if (!(a < 1)) return a === 1 ? x * Infinity : NaN;
  if (a < 1e-8) return x * (Math.sqrt(Math.PI) / 2);
  // A closed form good to 2e-3, then three cubic steps.
  const l = Math.log1p(-a * a);
  const b = 2 / (Math.PI * 0.147) + l / 2;
  let y = Math.sqrt(Math.sqrt(b * b - l / 0.147) - b);
  for (let i = 0; i < 3; i++) {
    const miss = a < 0.5 ? erf(y) - a : 1 - a - erfc(y);
    const step = (miss * (Math.sqrt(Math.PI) / 2)) / expSquare(y, 1);
    y -= step / (1 + y * step);
  }
  return x < 0 ? -y : y;
}

/** Standard normal distribution function. */
export function normalCdf(x: number): number {
  const a = Math.min(Math.abs(x), 39);
  const tail = 0.5 * expSquare(a, 0.5) * erfcScaled(a * Math.SQRT1_2);
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
