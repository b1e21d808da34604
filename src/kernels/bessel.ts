// Modified Bessel functions of the first kind in double precision: the twins of shaders/bessel.wgsl.

/** e^(−a) · I_order(a) for a ≥ 0: up to 20 by the power series (DLMF 10.25.2), above by Hankel's expansion (DLMF 10.40.1). */
function scaled(order: 0 | 1, a: number): number {
  if (a === Infinity) return 0;
  const far = a > 20;
  let sum = 1;
  for (let k = 1, term = 1; Math.abs(term) > 1e-17 * sum && k < 99; k++)
    sum += term *= far ? ((2 * k - 1) ** 2 - 4 * order) / (8 * k * a) : (a * a) / (4 * k * (k + order));
  return far ? sum / Math.sqrt(2 * Math.PI * a) : sum * Math.exp(-a) * (order === 0 ? 1 : a / 2);
}

/** I_order(a), its exponential in two steps. */
const grown = (order: 0 | 1, a: number): number => (a === Infinity ? a : scaled(order, a) * Math.exp(a / 2) * Math.exp(a / 2));

/** I₀(x). */
export const i0 = (x: number): number => grown(0, Math.abs(x));
/** e^(−|x|) · I₀(x). */
export const i0e = (x: number): number => scaled(0, Math.abs(x));
/** I₁(x). */
export const i1 = (x: number): number => (x < 0 ? -grown(1, -x) : grown(1, x));
/** e^(−|x|) · I₁(x). */
export const i1e = (x: number): number => (x < 0 ? -scaled(1, -x) : scaled(1, x));
