// The incomplete gamma functions in double precision: the twins of shaders/incomplete.wgsl.
import { lgammaOne, stirling } from "./gamma.ts";
import { upperTail } from "./special.ts";

/** α₁, α₂, … of μ = Σ αₙ ηⁿ, the inverse of ½η² = μ − log(1 + μ): compare the coefficients of μμ′ = η(1 + μ). */
function inverted(count: number): number[] {
  const alpha = [0, 1];
  for (let m = 2; m < count; m++) {
    let sum = alpha[m - 1]! / (m + 1);
    for (let i = 2; i < m; i++) sum -= (alpha[i]! * alpha[m + 1 - i]!) / 2;
    alpha.push(sum);
  }
  return alpha;
}

/** Coefficients of cₖ(η) by DLMF 8.12.12 and 8.12.14, in which gₖ of Γ(a) ~ Σ gₖ a⁻ᵏ is (2k + 1)!! · α₂ₖ₊₁. */
function temme(orders: number, degree: number): number[][] {
  const alpha = inverted(degree + 2 * orders + 2);
  const first = Array.from({ length: degree + 2 * orders }, (_, n) => (n === 0 ? -1 / 3 : (n + 2) * alpha[n + 2]!));
  const table = [first];
  for (let k = 1, factorial = 1; k < orders; k++) {
    factorial *= 2 * k + 1;
    const [before, g] = [table[k - 1]!, (k % 2 === 0 ? 1 : -1) * factorial * alpha[2 * k + 1]!];
    table.push(before.slice(2).map((_, n) => g * first[n]! + (n + 2) * before[n + 2]!));
  }
  return table.map((row) => row.slice(0, degree));
}
/** The highest order first. */
const uniform = temme(12, 26).reverse();

/** ½η² = μ − log(1 + μ) for 1 + μ = x/a, by the series of artanh where the two are near each other. */
function excess(a: number, x: number): number {
  const mu = (x - a) / a;
  if (!(Math.abs(mu) < 0.5)) return mu - Math.log(x / a);
  const s = mu / (2 + mu);
  let sum = 0;
  for (let k = 41; k > 1; k -= 2) sum = s * s * (sum + 1 / k);
  return s * (mu - 2 * sum);
}

/** xᵃ · e⁻ˣ / Γ(a + 1). */
function weight(a: number, x: number): number {
  if (a < 20) return a === 0 ? Math.exp(-x) : Math.exp(a * Math.log(x) - x - lgammaOne(a));
  return Math.exp(-a * excess(a, x) - stirling(a)) / Math.sqrt(2 * Math.PI * a);
}

/** P(a, x) where x is not above a, or small: terms of one sign (DLMF 8.7.1). */
function lower(a: number, x: number): number {
  let [sum, term] = [1, 1];
  for (let n = 1; term > sum * 1e-17; n++) sum += term *= x / (a + n);
  return weight(a, x) * sum;
}

/** Q(a, x) where x is not below a, nor small: the even part of the continued fraction DLMF 8.9.2, from the front. */
function upper(a: number, x: number): number {
  let b = x + 1 - a;
  let d = 1 / b;
  let [sum, step] = [d, d];
  for (let n = 1; n < 500 && Math.abs(step) > sum * 1e-17; n++) {
    const above = n * (a - n);
    b += 2;
    const next = 1 / (above * d + b);
    step *= -above * d * next;
    d = next;
    sum += step;
  }
  return weight(a, x) * a * sum;
}

/** Q(a, x) for a and x so small that 1 − P would leave nothing of it (DLMF 8.7.1). */
function upperSmall(a: number, x: number): number {
  const power = Math.expm1(a * Math.log(x) - lgammaOne(a));
  let sum = 0;
  for (let n = 1, factor = 1; n < 24; n++) sum += (factor *= -x / n) / (a + n);
  return -power - a * (1 + power) * sum;
}

/** The smaller one of P(a, x) and Q(a, x) for large a and x not far from it: P below a, else Q (DLMF 8.12.3, 8.12.4, 8.12.7). */
function near(a: number, x: number): number {
  const half = excess(a, x);
  const eta = Math.sqrt(2 * half) * (x < a ? -1 : 1);
  let sum = 0;
  for (const row of uniform) sum = sum / a + row.reduceRight((c, d) => c * eta + d, 0);
  const bell = Math.exp(-a * half);
  return upperTail(Math.sqrt(a * half), bell) / 2 + ((x < a ? -1 : 1) * bell * sum) / Math.sqrt(2 * Math.PI * a);
}

/** P(a, x), or Q(a, x), for positive finite a and x: that of the two which is found best, or 1 less it. */
function inside(a: number, x: number, wantsUpper: boolean): number {
  const of = (part: number, isUpper: boolean): number => (isUpper === wantsUpper ? part : 1 - part);
  if (a >= 20 && Math.abs(x - a) < 0.3 * (a + x)) return of(near(a, x), x >= a);
  if (x > 1.1) return x < a ? of(lower(a, x), false) : of(upper(a, x), true);
  const large = x > 0.5 ? a > 1.1 * x : a * Math.log(x) < -0.4;
  return large || !wantsUpper ? of(lower(a, x), false) : upperSmall(a, x);
}

/** P or Q, at the ends as PyTorch has them: a zero of x, then an infinite a, then an infinite x come before a NaN. */
function incomplete(a: number, x: number, wantsUpper: boolean): number {
  if (x < 0 || a < 0) return NaN;
  const end = (above: boolean): number => Number(above === wantsUpper);
  if (a === 0) return x > 0 ? end(false) : NaN;
  if (x === 0) return end(true);
  if (a === Infinity) return x === Infinity ? NaN : end(true);
  if (x === Infinity) return end(false);
  return Number.isNaN(a) || Number.isNaN(x) ? NaN : inside(a, x, wantsUpper);
}

/** P(a, x), the regularised lower incomplete gamma function. */
export const igamma = (a: number, x: number): number => incomplete(a, x, false);

/** Q(a, x), the regularised upper incomplete gamma function. */
export const igammac = (a: number, x: number): number => incomplete(a, x, true);

/** x^(a − 1) · e⁻ˣ / Γ(a), the derivative of P(a, x) in x; 0 at an infinite a or x. */
export function gammaDensity(a: number, x: number): number {
  if (!(a >= 0 && x >= 0) || (a === Infinity && x === Infinity)) return NaN;
  if (a === 0 && x === 0) return NaN;
  if (a === 0 || a === Infinity || x === Infinity) return 0;
  if (x === 0) return a > 1 ? 0 : a === 1 ? 1 : Infinity;
  return a < 1 ? weight(a, x) * (a / x) : weight(a - 1, x);
}
