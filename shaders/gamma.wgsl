// The gamma function's logarithm and its derivatives, and the zeta function. Circular functions are those of special.wgsl.

// log Γ(2 + z) for |z| ≤ ½.
fn lgamma_near_two(z: f32) -> f32 {
  let p = fma(fma(fma(fma(0.00012236096, z, -0.00025361907), z, 0.0005015184), z, -0.0011859591), z, 0.0028917324);
  return z * fma(fma(fma(fma(fma(p, z, -0.0073861587), z, 0.020580735), z, -0.06735228), z, 0.32246703), z, 0.42278433);
}

// log Γ(x) for x ≥ 1.5: above 2.5 down the recurrence, from 8 on by Stirling's series (DLMF 5.11.1).
fn lgamma_above(x: f32) -> f32 {
  var y = min(x, 8.0);
  var p = 1.0;
  while (y > 2.5) {
    y -= 1.0;
    p *= y;
  }
  let z = 1.0 / x;
  let far = fma(x - 0.5, log_f(x) - 1.0, 0.41893853) + z * fma(z * z, -0.0027777778, 0.083333336);
  return select(lgamma_near_two(y - 2.0) + log_f(p), far, x >= 8.0);
}

// log |Γ(x)|; below −½ by reflection.
fn lgamma_f(x: f32) -> f32 {
  let a = magnitude(x);
  let z = select(x - 1.0, x, a < 0.5);
  let v = lgamma_near_two(z) - log1p_f(z) - select(0.0, log_f(a), a < 0.5);
  let mirrored = -log_f(magnitude(turned(a, 0u)) * 0.31830987) - lgamma_above(1.0 + a);
  let w = select(select(v, lgamma_above(x), x >= 1.5), mirrored, x <= -0.5);
  return keep_nan(select(w, inf_f32(), is_inf(x) || x <= -8388608.0), x);
}

// ψ(x) for x > 0: between 1 and 2 by its zero there, from 8 on by its asymptotic series (DLMF 5.11.2).
fn digamma_above(x: f32) -> f32 {
  var y = min(x, 8.0);
  var sum = 0.0;
  while (y > 2.0) {
    y -= 1.0;
    sum += 1.0 / y;
  }
  let low = x < 1.0;
  let t = select(y - 1.5, x - 0.5, low);
  let p = fma(fma(fma(fma(fma(0.01111724, t, -0.016384069), t, 0.016981291), t, -0.025781026), t, 0.040879145), t, -0.062057074);
  let slope = fma(fma(fma(fma(p, t, 0.0949821), t, -0.14839879), t, 0.24054262), t, -0.4236275);
  let near = fma(slope, t, 0.9510559) * (fence(t + 0.0383678675, hidden_zero(bitcast<u32>(x))) - 1.243815e-8);
  let z = 1.0 / (x * x);
  let far = log_f(x) - 0.5 / x - z * fma(z, fma(z, 0.003968254, -0.008333334), 0.083333336);
  return select(near + select(sum, -1.0 / x, low), far, x >= 8.0);
}

fn digamma_f(x: f32) -> f32 {
  let negative = (bitcast<u32>(x) >> 31u) == 1u;
  let v = digamma_above(select(x, 1.0 - x, negative));
  let mirrored = v - 3.1415927 * turned(x, 1u) / turned(x, 0u);
  let w = select(select(v, mirrored, negative), with_sign(inf_f32(), -x), x == 0.0);
  let pole = nan_if(w, x < 0.0 && trunc_f(x) == x);
  return keep_nan(select(pole, x, x == inf_f32()), x);
}

// ζ(s, q) for s > 1 and q > 0: ten terms, and the Euler–Maclaurin formula for the rest (DLMF 25.11.28).
fn zeta_above(s: f32, q: f32) -> f32 {
  var sum = 0.0;
  var term = 0.0;
  var w = q;
  for (var k = 0.0; k < 10.0; k += 1.0) {
    w = q + k;
    term = pow_f(w, -s);
    sum += term;
    // The rest is nothing beside the sum, or all there is where the terms fall below the normal range.
    if (term * w <= sum * 0x1p-26 * (s - 1.0)) { break; }
  }
  let rest = pow_f(w, 1.0 - s) / (s - 1.0);
  let z = 1.0 / (w * w);
  let p = fma((s + 5.0) * (s + 6.0) * z, -8.267196e-7, 3.3068783e-5);
  let r = fma(fma((s + 3.0) * (s + 4.0) * z, p, -0.0013888889) * (s + 1.0) * (s + 2.0), z, 0.083333336);
  let all = sum + rest + term * fma(s / w, r, -0.5);
  return select(all, select(sum, rest, sum == 0.0), term * w <= sum * 0x1p-26 * (s - 1.0));
}

// ζ(s, q). Below 0, where s must be whole, the terms of negative bases are those of two values with the fraction of −q.
fn zeta_f(s: f32, q: f32) -> f32 {
  let u = -q - floor(-q);
  let odd = trunc_f(s * 0.5) * 2.0 != s;
  var v = 0.0;
  // A loop, so that a kernel holds the long function once.
  for (var k = 0u; k < select(1u, 3u, q < 0.0); k++) {
    let z = zeta_above(s, select(q, select(select(1.0 - q, u, k == 1u), 1.0 - u, k == 0u), q < 0.0));
    v += select(z, -z, k > 0u && odd == (k == 1u));
  }
  v = nan_if(v, q < 0.0 && (trunc_f(s) != s || is_inf(s)));
  v = select(v, inf_f32(), s == 1.0 || q == 0.0 || (q < 0.0 && (u == 0.0 || is_inf(q))));
  v = select(v, select(select(0.0, 1.0, q == 1.0), inf_f32(), q < 1.0), s == inf_f32() && q > 0.0);
  return keep_nan(keep_nan(nan_if(select(v, 0.0, q == inf_f32() && s > 1.0), s < 1.0), q), s);
}
