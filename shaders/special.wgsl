// Inverse functions, error functions, activations: everything built on the exponentials, logarithms and roots of math.wgsl, which is
// linked along.

// ---- inverses of circular and hyperbolic functions

// atan(y / x) for y, x ≥ 0, not both zero or infinite.
fn atan_ratio(y: f32, x: f32) -> f32 {
  let steep = y > 2.4142136 * x;
  let middle = y > 0.41421357 * x;
  let above = select(select(y, y - x, middle), -x, steep);
  let below = select(select(x, y + x, middle), y, steep);
  let k = select(select(0.0, 1.0, middle), 2.0, steep); // eighths of a turn taken off
  let t = above / below;
  let z = t * t;
  let p = fma(fma(fma(fma(-0.060891464, z, 0.10598943), z, -0.14244378), z, 0.19998528), z, -0.33333316);
  return fma(k, 0.7853982, fma(t * z, p, fma(k, -2.1855694e-8, t)));
}

fn atan_f(x: f32) -> f32 {
  return keep_nan(with_sign(select(atan_ratio(magnitude(x), 1.0), 1.5707964, is_inf(x)), x), x);
}

fn atan2_f(y: f32, x: f32) -> f32 {
  let infinite = is_inf(x) || is_inf(y);
  let zero = ((bitcast<u32>(x) | bitcast<u32>(y)) << 1u) == 0u;
  let top = max(magnitude(x), magnitude(y));
  let scale = select(select(1.0, 0.25, top > 0x1p+125), 0x1p+40, top < 0x1p-80);
  let a = select(magnitude(y) * scale, select(0.0, 1.0, is_inf(y)), infinite);
  let b = select(select(magnitude(x) * scale, select(0.0, 1.0, is_inf(x)), infinite), 1.0, zero);
  let r = atan_ratio(a, b);
  let v = select(r, 3.1415927 - (r + 8.742278e-8), (bitcast<u32>(x) >> 31u) == 1u);
  return keep_nan(keep_nan(with_sign(v, y), x), y);
}

// asin(x) − x over x³ as a polynomial in z = x² ≤ ¼.
fn asin_tail(z: f32) -> f32 {
  return fma(fma(fma(fma(0.04228083, z, 0.024112785), z, 0.04548377), z, 0.07495192), z, 0.16666755);
}

// The angle (x, +) of the half circle: asin(s) for s = |x| up to ½, else asin(√((1 − |x|) / 2)), of which x is twice the complement.
fn half_angle(x: f32) -> f32 {
  let a = magnitude(x);
  let z = select(a * a, 0.5 * (1.0 - min(a, 1.0)), a > 0.5);
  let s = select(a, sqrt(z), a > 0.5);
  return nan_if(fma(s * z, asin_tail(z), s), a > 1.0);
}

fn asin_f(x: f32) -> f32 {
  let v = half_angle(x);
  return keep_nan(with_sign(select(v, 1.5707964 - fma(2.0, v, 4.371139e-8), magnitude(x) > 0.5), x), x);
}

fn acos_f(x: f32) -> f32 {
  let v = half_angle(x);
  let outer = select(2.0 * v, 3.1415927 - fma(2.0, v, 8.742278e-8), x < 0.0);
  return keep_nan(select(1.5707964 - (with_sign(v, x) + 4.371139e-8), outer, magnitude(x) > 0.5), x);
}

// The small-argument sums below lose nothing because log1p keeps tiny arguments.
fn asinh_f(x: f32) -> f32 {
  let a = magnitude(x);
  let big = a > 1.0e6;
  let t = select(a, 0.0, big);
  let v = log1p_f(select(a + t * t / (1.0 + sqrt(fma(t, t, 1.0))), a, big)) + select(0.0, 0.6931472, big);
  return keep_nan(with_sign(v, x), x);
}

fn acosh_f(x: f32) -> f32 {
  let big = x > 1.0e6;
  let t = select(max(x - 1.0, 0.0), 0.0, big);
  let v = log1p_f(select(t + sqrt(t * (t + 2.0)), x, big)) + select(0.0, 0.6931472, big);
  return keep_nan(nan_if(v, x < 1.0), x);
}

fn atanh_f(x: f32) -> f32 {
  let a = magnitude(x);
  return keep_nan(nan_if(with_sign(0.5 * log1p_f(2.0 * a / (1.0 - a)), x), a > 1.0), x);
}

// ---- error function and its relatives

// e^(−c·a²) for c = 1 or ½ and 0 ≤ a ≤ 14, the square kept in two parts.
fn exp_square(a: f32, c: f32) -> f32 {
  let h = cut12(a);
  return exp_core(-c * (h * h), -c * ((a - h) * (a + h)), 0);
}

// e^(a²) · erfc(a) for 0 ≤ a ≤ 10.
fn erfc_scaled(a: f32) -> f32 {
  let t = (a - 2.0) / (a + 2.0);
  let p = fma(fma(fma(fma(-0.00041346854, t, -0.0012532376), t, 0.0013151568), t, 0.008651914), t, -0.008055779);
  let q = fma(fma(fma(fma(fma(p, t, -0.05421023), t, 0.16405405), t, -0.16603076), t, -0.09276389), t, 1.2769784);
  return q / fma(2.0, a, 1.0);
}

fn erfc_f(x: f32) -> f32 {
  let a = min(magnitude(x), 10.0);
  let v = exp_square(a, 1.0) * erfc_scaled(a);
  return keep_nan(select(v, 2.0 - v, x < 0.0), x);
}

fn erf_f(x: f32) -> f32 {
  let a = min(magnitude(x), 10.0);
  let z = a * a;
  let p = fma(fma(fma(fma(fma(-0.0006039093, z, 0.0050021145), z, -0.026772363), z, 0.11281965), z, -0.37612507), z, 0.12837915);
  let far = 1.0 - exp_square(a, 1.0) * erfc_scaled(a);
  return keep_nan(with_sign(select(far, fma(a, p, a), a < 0.875), x), x);
}

// ---- activations

fn sigmoid(x: f32) -> f32 {
  let e = exp_core(-min(magnitude(x), 100.0), 0.0, 0);
  return keep_nan(select(e, 1.0, x >= 0.0) / (1.0 + e), x);
}

fn softplus(x: f32, beta: f32, threshold: f32) -> f32 {
  let z = x * beta;
  let v = (select(0.0, z, z > 0.0) + log1p_f(exp_f(-magnitude(z)))) / beta;
  return keep_nan(select(v, x, z > threshold), x);
}

fn logsigmoid(x: f32) -> f32 { return keep_nan(select(0.0, x, x < 0.0) - log1p_f(exp_f(-magnitude(x))), x); }

// exp of four numbers that are not positive, for sums around a largest element: no overflow to look after. NaN stays NaN.
// At −127 the exponent field becomes 0 and with it the result; adding 1.5 · 2²³ puts n into the low bits without a conversion.
fn exp_below(x: vec4f) -> vec4f {
  let c = select(x, vec4f(-88.1), x < vec4f(-88.1));
  let n = round(c * 1.442695);
  let r = fma(n, vec4f(-1.4286068e-6), fma(n, vec4f(-0.69314575), c));
  let q = fma(fma(fma(fma(vec4f(0.001382011), r, vec4f(0.008368685)), r, vec4f(0.041668274)), r, vec4f(0.16666521)), r, vec4f(0.49999994));
  return (1.0 + fma(r * r, q, r)) * bitcast<vec4f>((bitcast<vec4u>(n + 12582912.0) + 127u) << vec4u(23u));
}

fn logaddexp_f(a: f32, b: f32) -> f32 {
  let m = max_nan(a, b);
  // Equal infinities have no difference; NaN has come through m.
  let d = select(magnitude(a - b), 0.0, is_inf(m));
  return select(m + log1p_f(exp_f(-d)), m, is_inf(m) || is_nan(m));
}

// Standard normal distribution function.
fn normal_cdf(x: f32) -> f32 {
  let a = min(magnitude(x), 14.0);
  let v = 0.5 * exp_square(a, 0.5) * erfc_scaled(a * 0.70710677);
  return keep_nan(select(1.0 - v, v, x < 0.0), x);
}

// x · g for a gate g in [0, 1]. PyTorch multiplies −Inf by 0 here, and so gets NaN.
fn gated(x: f32, g: f32) -> f32 { return nan_if(x * g, bitcast<u32>(x) == 0xff800000u); }

fn gelu(x: f32) -> f32 { return keep_nan(gated(x, normal_cdf(x)), x); }
// 2u with u = √(2/π)(x + 0.044715 x³), because (1 + tanh u) / 2 = sigmoid(2u).
fn gelu_tanh(x: f32) -> f32 {
  let c = clamp(x, -30.0, 30.0);
  return keep_nan(gated(x, sigmoid(1.5957692 * c * fma(0.044715 * c, c, 1.0))), x);
}
// Derivative of gelu_tanh; NaN at ±Inf, as PyTorch gives.
fn gelu_tanh_slope(x: f32) -> f32 {
  let c = clamp(x, -30.0, 30.0);
  let u = 1.5957692 * c * fma(0.044715 * c, c, 1.0);
  let s = sigmoid(u);
  return keep_nan(nan_if(fma(1.5957692 * c * fma(0.134145 * c, c, 1.0), s * sigmoid(-u), s), is_inf(x)), x);
}
fn silu(x: f32) -> f32 { return keep_nan(gated(x, sigmoid(x)), x); }
fn elu(x: f32, alpha: f32) -> f32 { return keep_nan(select(alpha * expm1_f(x), x, x > 0.0), x); }

// PyTorch returns 0 for NaN here; values is returned untouched where x is zero.
fn heaviside_f(x: f32, values: f32) -> f32 {
  let u = bitcast<u32>(x);
  return select(select(0.0, 1.0, u - 1u < 0x7f800000u), values, (u << 1u) == 0u);
}

// PyTorch's two branches: exact at both ends.
fn lerp_f(a: f32, b: f32, weight: f32) -> f32 {
  return select(b - (b - a) * (1.0 - weight), a + weight * (b - a), magnitude(weight) < 0.5);
}
