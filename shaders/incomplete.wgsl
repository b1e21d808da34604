// The incomplete gamma functions. Logarithms of gamma are those of gamma.wgsl, the tail of the error function that of special.wgsl.

// What rounding took from a + b, the sum given.
fn lost_in_sum(a: f32, b: f32, sum: f32, z: u32) -> f32 {
  let c = fence(sum - a, z);
  return fence(a - fence(sum - c, z), z) + fence(b - c, z);
}

// log Γ(1 + x) for x ≥ 0, all digits of it beside 0 too.
fn lgamma_one(x: f32) -> f32 {
  let v = lgamma_near_two(select(x - 1.0, x, x < 0.5)) - select(0.0, log1p_f(x), x < 0.5);
  return select(v, lgamma_above(1.0 + x), x >= 1.5);
}

// s = (x − a) / (x + a), whose size says how far x is from a.
fn apart(a: f32, x: f32) -> f32 { return 0.5 * (x - a) / fma(0.5, x, 0.5 * a); }

// a · log(x / a) + a − x in two parts, for |s| < 0.31: −(x − a) · s + 2a · (s³/3 + s⁵/5 + …), the first product in two parts.
fn bell_near(a: f32, x: f32) -> vec2f {
  let z = hidden_zero(bitcast<u32>(x));
  let d = x - a;
  let m = fma(0.5, x, 0.5 * a);
  let mh = cut12(m);
  let ml = fence(m - mh, z) + lost_in_sum(0.5 * x, 0.5 * a, m, z);
  let inverse = 1.0 / m;
  let sh = cut12(0.5 * d * inverse);
  let sl = (fence(fma(-sh, mh, 0.5 * d), z) - sh * ml) * inverse;
  let s = sh + sl;
  let w = s * s;
  let p = fma(fma(fma(fma(0.09543209, w, 0.08928208), w, 0.11116807), w, 0.14285645), w, 0.2);
  let series = 2.0 * a * s * w * fma(p, w, 0.33333334);
  let dh = cut12(d);
  let low = series - fma(dh, sl, (d - dh) * s);
  let far = d * s > 200.0;
  return vec2f(select(-dh * sh, -200.0, far), select(low, 0.0, far));
}

// (x / a)ᵃ · e^(a − x) for a ≥ 1 and |s| ≥ 0.3: the logarithm of the ratio in two parts, and the sum with the difference, too.
fn bell_far(a: f32, x: f32) -> f32 {
  let z = hidden_zero(bitcast<u32>(x));
  let ah = cut12(a);
  let al = a - ah;
  let rh = cut12(x / a);
  let rl = (fence(fma(-rh, ah, x), z) - rh * al) / a;
  let r = rh + rl;
  let l = log2_parts(r);
  let ll = l.y + 1.442695 * (fence(rh - r, z) + rl) / r;
  let ph = ah * l.x;
  let pl = fma(ah, ll, al * (l.x + ll));
  // Less (x − a) · log₂ e.
  let d = x - a;
  let dh = cut12(d);
  let qh = dh * -1.4423828;
  let ql = fma(dh, -0.0003122284, (fence(d - dh, z) + lost_in_sum(x, -a, d, z)) * -1.442695);
  let t = ph + qh;
  let low = lost_in_sum(ph, qh, t, z) + pl + ql;
  let n = clamp(round(t + low), -400.0, 0.0);
  return scale2(1.0 + fence(exp_tail((fence(t - n, z) + low) * 0.6931472), z), i32(n));
}

// xᵃ · e⁻ˣ / Γ(a + 1) for a ≥ 0 and x > 0.
fn gamma_weight(a: f32, x: f32) -> f32 {
  if (a < 3.0) {
    // Nothing is left further out, and no power overflows before.
    let y = min(x, 400.0);
    let e = exp_f(-0.5 * y);
    return pow_f(y, a) * e * (e * exp_f(-lgamma_one(a)));
  }
  var v = 0.0;
  if (magnitude(apart(a, x)) < 0.3) {
    let e = bell_near(a, x);
    v = exp_core(e.x, e.y, 0);
  } else if (max(a, x) < 2000.0) {
    v = bell_far(a, x);
  }
  // Γ(a + 1) by Stirling's series (DLMF 5.11.1).
  let u = 1.0 / (a * a);
  let stirling = fma(fma(fma(-0.0005952381, u, 0.0007936508), u, -0.0027777778), u, 0.083333336) / a;
  return v * exp_f(-stirling) * 0.3989423 / sqrt(a);
}

// The smaller one of P and Q for large a and |s| < 0.3: P below a, else Q (DLMF 8.12.3, 8.12.4, 8.12.7).
fn incomplete_near(a: f32, x: f32) -> f32 {
  let e = bell_near(a, x);
  let y = sqrt(max(-(e.x + e.y), 0.0));
  let root = sqrt(a);
  let eta = with_sign(y * 1.4142135 / root, x - a);
  let first = fma(fma(fma(fma(3.919263e-5, eta, -0.00017875514), eta, 0.00035273368), eta, 0.0011574074), eta, -0.014814815);
  let second = fma(fma(fma(fma(0.00020576132, eta, -0.0009902263), eta, 0.0026455025), eta, -0.0034722222), eta, -0.0018518518);
  let third = fma(fma(0.00077160494, eta, -0.0026813271), eta, 0.004133598);
  let sum = fma(fma(first, eta, 0.083333336), eta, -0.33333334) + fma(third, 1.0 / a, second) / a;
  return exp_core(e.x, e.y, 0) * fma(0.5, erfc_scaled(y), with_sign(0.3989423, x - a) * sum / root);
}

// P(a, x), or with `wants_upper` Q(a, x), for positive finite a and x: that of the two which is found best, or 1 less it.
fn incomplete_inside(a: f32, x: f32, wants_upper: bool) -> f32 {
  var upper = x >= a;
  var v = 1.0;
  if (a >= 24.0 && magnitude(apart(a, x)) < 0.3) {
    v = incomplete_near(a, x);
  } else if (x <= 1.1 && wants_upper && select(a * log_f(x) >= -0.4, a <= 1.1 * x, x > 0.5)) {
    // 1 − P would leave nothing of it: the alternating series of DLMF 8.7.1.
    upper = true;
    let power = expm1_f(a * log_f(x) - lgamma_one(a));
    var factor = 1.0;
    var sum = 0.0;
    for (var n = 1.0; n < 13.0; n += 1.0) {
      factor *= -x / n;
      sum += factor / (a + n);
    }
    v = -power - a * (1.0 + power) * sum;
  } else {
    upper = upper && x > 1.1;
    if (upper) {
      // The even part of the continued fraction DLMF 8.9.2, from the front.
      var b = x + 1.0 - a;
      var d = 1.0 / b;
      var step = d;
      v = d;
      for (var n = 1.0; n < 100.0 && magnitude(step) > v * 0x1p-26; n += 1.0) {
        let above = n * (a - n);
        b += 2.0;
        let next = 1.0 / fma(above, d, b);
        step *= -above * d * next;
        d = next;
        v += step;
      }
      v *= a;
    } else {
      // Terms of one sign (DLMF 8.7.1).
      var term = 1.0;
      for (var n = 1.0; n < 200.0 && term > v * 0x1p-26; n += 1.0) {
        term *= x / (a + n);
        v += term;
      }
    }
    v *= gamma_weight(a, x);
  }
  return select(1.0 - v, v, upper == wants_upper);
}

// At the ends as PyTorch has them: a zero of x, then an infinite a, then an infinite x come before a NaN.
fn incomplete(a: f32, x: f32, wants_upper: bool) -> f32 {
  let below = select(0.0, 1.0, wants_upper);
  let usual = is_finite(a) && is_finite(x) && a > 0.0 && x > 0.0;
  var v = nan_f32();
  if (usual) { v = incomplete_inside(a, x, wants_upper); }
  v = select(v, 1.0 - below, x == inf_f32());
  v = select(v, nan_if(below, x == inf_f32()), a == inf_f32());
  v = select(v, below, x == 0.0);
  v = select(v, keep_nan(nan_if(1.0 - below, x == 0.0), x), a == 0.0);
  return nan_if(v, x < 0.0 || a < 0.0);
}

fn igamma_f(a: f32, x: f32) -> f32 { return incomplete(a, x, false); }
fn igammac_f(a: f32, x: f32) -> f32 { return incomplete(a, x, true); }

// x^(a − 1) · e⁻ˣ / Γ(a), the derivative of P(a, x) in x; 0 at an infinite a or x.
fn gamma_density(a: f32, x: f32) -> f32 {
  let low = a < 1.0;
  let usual = is_finite(a) && is_finite(x) && a > 0.0 && x > 0.0;
  var v = 0.0;
  if (usual) { v = gamma_weight(select(a - 1.0, a, low), x) * select(1.0, a / x, low); }
  v = select(v, select(select(0.0, 1.0, a == 1.0), inf_f32(), low), x == 0.0 && a > 0.0);
  let both = (is_inf(a) && is_inf(x)) || (a == 0.0 && x == 0.0);
  return keep_nan(keep_nan(nan_if(v, both || x < 0.0 || a < 0.0), a), x);
}
