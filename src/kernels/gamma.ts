// The gamma function's logarithm and its derivatives, and the zeta function, in double precision: the twins of shaders/gamma.wgsl.
import { turned } from "./special.ts";

const EULER = 0.5772156649015329;

/** Bernoulli numbers B₂, B₄, …, B₂₀. */
const bernoulli = [
  1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
] as const; // prettier-ignore

/** ζ(s, q) for s > 1 and q > 0: ten terms, and the Euler–Maclaurin formula for the rest (DLMF 25.11.28). */
function zetaAbove(s: number, q: number): number {
  let sum = 0;
  for (let k = 0; k < 10; k++) {
    const term = (q + k) ** -s;
    sum += term;
    // The rest is nothing beside the sum, or all there is where the terms fall below the normal range.
    if (term * (q + k) <= sum * 2 ** -56 * (s - 1)) return sum === 0 ? q ** (1 - s) / (s - 1) : sum;
  }
  const w = q + 10;
  const last = w ** -s;
  sum += w ** (1 - s) / (s - 1) + last / 2;
  for (let k = 1, factor = (last * s) / (2 * w); k <= bernoulli.length; k++) {
    sum += bernoulli[k - 1]! * factor;
    factor *= ((s + 2 * k - 1) * (s + 2 * k)) / ((2 * k + 1) * (2 * k + 2) * w * w);
  }
  return sum;
}

/** Hurwitz' ζ(s, q), the sum of (q + k)^(−s); Infinity at its poles. Below 0, where s must be whole, the terms of negative bases are those of two values with the fraction of −q. */
export function zeta(s: number, q: number): number {
  if (!(s >= 1) || Number.isNaN(q)) return NaN;
  if (s === 1 || (q <= 0 && (q === Math.floor(q) || q === -Infinity))) return Infinity;
  if (q === Infinity) return 0;
  if (s === Infinity && q > 0) return q > 1 ? 0 : q === 1 ? 1 : Infinity;
  if (q > 0) return zetaAbove(s, q);
  if (!Number.isInteger(s)) return NaN;
  const u = -q - Math.floor(-q);
  const [above, below, rest] = [zetaAbove(s, 1 - u), zetaAbove(s, u), zetaAbove(s, 1 - q)];
  return s % 2 === 0 ? above + below - rest : above - below + rest;
}

/** ζ(k) − 1 for k = 2, 3, … */
const nearOne = Float64Array.from({ length: 30 }, (_, k) => zetaAbove(k + 2, 2));

/** log Γ(2 + z) for |z| ≤ ½ (DLMF 5.7.3). */
function nearTwo(z: number): number {
  let sum = 0;
  for (let k = nearOne.length - 1; k >= 0; k--) sum = nearOne[k]! / (k + 2) - z * sum;
  return z * (1 - EULER + z * sum);
}

/** The sum of B₂ₖ · x^(−2k) / (2k · divisor). */
function asymptotic(x: number, divisor: (k: number) => number): number {
  let sum = 0;
  for (let k = 8; k > 0; k--) sum = (sum + bernoulli[k - 1]! / (2 * k * divisor(2 * k))) / (x * x);
  return sum;
}

/** log of Γ(x) / (√(2π) · x^(x − ½) · e⁻ˣ), for x from 10 on (DLMF 5.11.1). */
export const stirling = (x: number): number => x * asymptotic(x, (k) => k - 1);

/** log Γ(1 + x) for x ≥ 0, all digits of it beside 0 too. */
export const lgammaOne = (x: number): number => (x < 0.5 ? nearTwo(x) - Math.log1p(x) : x < 1.5 ? nearTwo(x - 1) : lgamma(1 + x));

/** log |Γ(x)|; below −½ by reflection, above 2.5 by Stirling's series (DLMF 5.11.1) further up. */
export function lgamma(x: number): number {
  const a = Math.abs(x);
  if (a === Infinity) return Infinity;
  if (x <= -0.5) return -Math.log(Math.abs(turned(a)) / Math.PI) - lgamma(1 + a);
  if (a < 0.5) return nearTwo(x) - Math.log1p(x) - Math.log(a);
  if (x < 1.5) return nearTwo(x - 1) - Math.log1p(x - 1);
  if (x <= 2.5) return nearTwo(x - 2);
  let [y, product] = [x, 1];
  for (; y < 10; y++) product *= y;
  return (y - 0.5) * (Math.log(y) - 1) + (Math.log(2 * Math.PI) - 1) / 2 + stirling(y) - Math.log(product);
}

/** ψ(x), the derivative of lgamma; ∓Infinity at ±0, NaN at its other poles. Below 0 by reflection, from 10 on by its series (DLMF 5.11.2). */
export function digamma(x: number): number {
  if (x === 0) return -1 / x;
  if (x < 0) return x === Math.floor(x) ? NaN : digamma(1 - x) - (Math.PI * turned(x, 1)) / turned(x);
  if (x === Infinity) return x;
  let [y, sum] = [x, 0];
  for (; y < 10; y++) sum += 1 / y;
  return Math.log(y) - 1 / (2 * y) - asymptotic(y, () => 1) - sum;
}
