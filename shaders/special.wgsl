// Inverse functions, error functions, activations: everything built on the exponentials, logarithms and roots of math.wgsl, which is
// linked along.

// ---- exponentials, logarithms, circular and hyperbolic functions

fn exp2_f(x: f32) -> f32 { return pow_f(2.0, x); }

fn expm1_f(x: f32) -> f32 {
  let c = clamp(x, -20.0, 120.0);
  let n = round(c * 1.442695);
  let z = zero_bits(n);
  let a = fence(fma(-n, 0.69314575, c), z);
  let b = n * 1.4286068e-6;
  let r = a - b;
  let lost = fence(a - fence(r, z), z) - b;
  let k = i32(n);
  let inverse = bitcast<f32>(u32(max(127 - k, 0)) << 23u); // 2⁻ⁿ
  let p = fma(lost, 1.0 + r, exp_tail(r));
  return keep_nan(scale2(p + (1.0 - inverse), k), x);
}

// A logarithm as binary cross entropy takes it.
fn held(x: f32) -> f32 { return select(x, -100.0, x < -100.0); }

// log(x / (1 − x)); where x is near ½ by what the quotient differs from 1 in.
fn logit_f(x: f32) -> f32 {
  let rest = 1.0 - x;
  let v = select(log1p_f(fma(2.0, x, -1.0) / rest), log_f(x / rest), x < 0.25);
  return keep_nan(nan_if(select(v, inf_f32(), x == 1.0), x < 0.0 || x > 1.0), x);
}

// x held in [low, high]; the lower bound is asked first.
fn within(x: f32, low: f32, high: f32) -> f32 { return keep_nan(select(select(x, high, x > high), low, x < low), x); }

fn tanh_f(x: f32) -> f32 {
  let a = min(magnitude(x), 20.0);
  let z = a * a;
  let p = fma(fma(fma(fma(-0.005692296, z, 0.020628167), z, -0.053736515), z, 0.13331406), z, -0.3333328);
  let big = 1.0 - 2.0 / (exp_core(2.0 * a, 0.0, 0) + 1.0);
  return keep_nan(with_sign(select(big, fma(a * z, p, a), a < 0.625), x), x);
}

// x − tanh(x). Near 0, where they cancel, by Lambert's fraction tanh(x) = x / (1 + x² / (3 + x² / (5 + …))).
fn tanhshrink(x: f32) -> f32 {
  let z = min(x * x, 4.0);
  let c = z / (3.0 + z / (5.0 + z / (7.0 + z / (9.0 + z / (11.0 + z / 13.0)))));
  return keep_nan(select(x - tanh_f(x), x * (c / (1.0 + c)), magnitude(x) < 1.5), x);
}

fn sinh_f(x: f32) -> f32 {
  let a = magnitude(x);
  let z = a * a;
  let p = fma(fma(fma(2.7839255e-6, z, 0.00019842635), z, 0.008333311), z, 0.16666667);
  let e = exp_core(min(a, 100.0), 0.0, -1); // half of eᵃ: no overflow before the result does
  return keep_nan(with_sign(select(e - 0.25 / e, fma(a * z, p, a), a < 1.0), x), x);
}

fn cosh_f(x: f32) -> f32 {
  let e = exp_core(min(magnitude(x), 100.0), 0.0, -1);
  return keep_nan(e + 0.25 / e, x);
}

fn log2_f(x: f32) -> f32 { return log_base(x, 1.442695, 1.0, 0.0); }

fn log10_f(x: f32) -> f32 { return log_base(x, 0.4342945, 0.3010254, 4.605039e-6); }

fn log1p_f(x: f32) -> f32 {
  let z = hidden_zero(bitcast<u32>(x));
  let u = fence(1.0 + x, z);
  // What the addition lost, at the slope of the logarithm.
  let larger = select(1.0, x, x >= 1.0);
  let lost = select(x, 1.0, x >= 1.0) - fence(u - larger, z);
  return log_special(log_f(u) + lost / u, u);
}

fn sin_poly(r: f32) -> f32 {
  let z = r * r;
  return fma(r * z, fma(fma(-0.00019518012, z, 0.008332188), z, -0.16666655), r);
}

fn cos_poly(r: f32) -> f32 {
  let z = r * r;
  return fma(z * z, fma(fma(2.4432102e-5, z, -0.0013887308), z, 0.041666646), fma(z, -0.5, 1.0));
}

// |x| = q·π/2 + r with |r| ≤ π/4, for every finite x, as (bits of r, q mod 4): a 24 × 96 bit product with the digits of 2/π that matter,
// in integers, so that no compiler can change it.
fn quarter_turns(x: f32) -> vec2u {
  let u = bitcast<u32>(x) & 0x7fffffffu;
  let offset = max(u >> 23u, 126u) - 126u;
  let word = offset >> 5u;
  // 2/π from the place of 2²⁵ on.
  var digits = array<u32, 8>(
    0x00000028u, 0xbe60db93u, 0x91054a7fu, 0x09d5f47du, 0x4d377036u, 0xd8a5664fu, 0x10e4107fu, 0x98000000u,
  );
  let d = vec4u(digits[word], digits[word + 1u], digits[word + 2u], digits[word + 3u]);
  let shift = offset & 31u;
  let w = (d.xyz << vec3u(shift)) | ((d.yzw >> vec3u(1u)) >> vec3u(31u - shift));
  let m = (u & 0x007fffffu) | 0x00800000u;
  let middle = m * w.y;
  let low = middle + mul_hi(m, w.z);
  let top = m * w.x + mul_hi(m, w.y) + select(0u, 1u, low < middle);
  // Fraction of a quarter turn as a signed 64-bit number, the nearest quarter taken off.
  let high = (top << 2u) | (low >> 30u);
  let negative = high >> 31u;
  let flip = 0u - negative;
  let a = high ^ flip;
  let b = (low << 2u) ^ flip;
  let head = cut12(f32(a));
  let rest = fma(f32(b), 0x1p-32, f32(bitcast<i32>(a - u32(head))));
  let r = head * 3.6561687e-10 + fence(fma(head, 1.126497e-13, rest * 3.6572953e-10), zero_bits(head));
  return select(vec2u(bitcast<u32>(r) | (negative << 31u), (top >> 30u) + negative), vec2u(u, 0u), u < 0x3f490fdbu);
}

// Sine of a reduced angle r by q quarter turns further.
fn turned_sine(r: f32, q: u32) -> f32 {
  let v = select(sin_poly(r), cos_poly(r), (q & 1u) == 1u);
  return bitcast<f32>(bitcast<u32>(v) ^ ((q & 2u) << 30u));
}

// Sine of |x| by `shift` quarter turns further, its sign flipped where `flip` says so.
fn circular(x: f32, shift: u32, flip: u32) -> f32 {
  let t = quarter_turns(x);
  return nan_if(bitcast<f32>(bitcast<u32>(turned_sine(bitcast<f32>(t.x), t.y + shift)) ^ flip), !is_finite(x));
}

fn sin_f(x: f32) -> f32 { return circular(x, 0u, bitcast<u32>(x) & 0x80000000u); }

fn cos_f(x: f32) -> f32 { return circular(x, 1u, 0u); }

fn tan_f(x: f32) -> f32 { return sin_f(x) / cos_f(x); }

// Sine of πx by `shift` quarter turns further, the whole turns of x taken off exactly; 0 turns where x has no fraction to speak of.
fn turned(x: f32, shift: u32) -> f32 {
  let c = select(x, 0.0, magnitude(x) >= 0x1p+24);
  let n = round(2.0 * c);
  let r = fma(n, -0.5, c);
  return turned_sine(fma(r, -8.742278e-8, r * 3.1415927), bitcast<u32>(i32(n)) + shift);
}

fn sinc_f(x: f32) -> f32 {
  let v = turned(x, 0u) / (x * 3.1415927);
  return keep_nan(nan_if(select(v, 1.0, magnitude(x) < 1.0e-5), is_inf(x)), x);
}

// Derivative of sinc: −π · j₁(πx), near 0 by its series (DLMF 10.53.1).
fn sinc_slope(x: f32) -> f32 {
  let t = x * 3.1415927;
  let z = t * t;
  let p = fma(fma(fma(fma(fma(-5.7812537e-9, z, 7.515633e-7), z, -6.6137566e-5), z, 0.0035714286), z, -0.1), z, 1.0);
  let v = (turned(x, 1u) - turned(x, 0u) / t) / x;
  return keep_nan(nan_if(select(v, -3.2898681 * x * p, magnitude(x) < 0.6), is_inf(x)), x);
}

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
  // Both 0, or so small that they count as 0: no bit of an exponent is set.
  let zero = ((bitcast<u32>(x) | bitcast<u32>(y)) & 0x7f800000u) == 0u;
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

// e^(a²) · erfc(a) for 0 ≤ a ≤ 10.
fn erfc_scaled(a: f32) -> f32 {
  let t = (a - 2.0) / (a + 2.0);
  let p = fma(fma(fma(fma(-0.00041346854, t, -0.0012532376), t, 0.0013151568), t, 0.008651914), t, -0.008055779);
  let q = fma(fma(fma(fma(fma(p, t, -0.05421023), t, 0.16405405), t, -0.16603076), t, -0.09276389), t, 1.2769784);
  return q / fma(2.0, a, 1.0);
}

// erfc(√c · x) for c = 1 or ½, `root` being √c: the square in the exponent is kept in two parts.
fn erfc_root(x: f32, c: f32, root: f32) -> f32 {
  let a = min(magnitude(x), 14.0);
  let h = cut12(a);
  let v = exp_core(-c * (h * h), -c * ((a - h) * (a + h)), 0) * erfc_scaled(a * root);
  return keep_nan(select(v, 2.0 - v, x < 0.0), x);
}

fn erfc_f(x: f32) -> f32 { return erfc_root(x, 1.0, 1.0); }

fn erf_f(x: f32) -> f32 {
  let a = magnitude(x);
  let z = a * a;
  let p = fma(fma(fma(fma(fma(-0.0006039093, z, 0.0050021145), z, -0.026772363), z, 0.11281965), z, -0.37612507), z, 0.12837915);
  return keep_nan(with_sign(select(1.0 - erfc_f(a), fma(a, p, a), a < 0.875), x), x);
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

fn logsigmoid(x: f32) -> f32 { return -softplus(-x, 1.0, inf_f32()); }

fn logaddexp_f(a: f32, b: f32) -> f32 {
  let m = max_nan(a, b);
  // Equal infinities have no difference; NaN has come through m.
  let d = select(magnitude(a - b), 0.0, is_inf(m));
  return select(m + softplus(-d, 1.0, 0.0), m, is_inf(m) || is_nan(m));
}

// Standard normal distribution function.
fn normal_cdf(x: f32) -> f32 { return 0.5 * erfc_root(-x, 0.5, 0.70710677); }

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

// exp of numbers that are not positive, for sums around a largest element: no overflow to look after. NaN stays NaN.
// At −127 the exponent field becomes 0 and with it the result; adding 1.5 · 2²³ puts n into the low bits without a conversion.
fn exp_below_one(x: f32) -> f32 {
  let c = select(x, -88.1, x < -88.1);
  let n = round(c * 1.442695);
  let r = fma(n, -1.4286068e-6, fma(n, -0.69314575, c));
  return (1.0 + exp_tail(r)) * bitcast<f32>((bitcast<u32>(n + 12582912.0) + 127u) << 23u);
}
fn exp_below(x: vec4f) -> vec4f { return vec4f(exp_below_one(x.x), exp_below_one(x.y), exp_below_one(x.z), exp_below_one(x.w)); }

// ---- inverses of the error function

// erfinv(x) / x by t = −log(1 − x²) − 2.5 for |t| ≤ 2.5.
fn erfinv_middle(t: f32) -> f32 {
  let p = fma(fma(fma(fma(-8.791184e-9, t, 2.323271e-8), t, 4.6617242e-7), t, -3.4627055e-6), t, -4.963356e-6);
  return fma(fma(fma(fma(fma(p, t, 0.00021834445), t, -0.0012527419), t, -0.0041773869), t, 0.24664028), t, 1.5014094);
}

// erfinv(x) by s = √(−log(1 − x²)) for 2.2 ≤ s ≤ 9.4.
fn erfinv_tail(s: f32) -> f32 {
  let t = s - 3.0;
  let p = fma(fma(fma(fma(-1.5903670e-5, t, 5.605205e-5), t, -4.3294705e-5), t, -0.00022049823), t, 0.0011446731);
  let near = fma(fma(fma(fma(p, t, -0.0034452523), t, 0.006843424), t, 1.0026624), t, 2.832802);
  let u = s - 6.7;
  let q = fma(fma(fma(fma(2.4257167e-8, u, -1.2407776e-7), u, 3.509873e-7), u, -2.0438285e-6), u, 9.326715e-6);
  let far = fma(fma(fma(fma(q, u, -3.149976e-6), u, -0.0005150126), u, 1.0089045), u, 6.566395);
  return select(near, far, s > 4.05);
}

// erfinv(a) from a and 1 − a² = e⁻ʷ.
fn erfinv_by(a: f32, w: f32) -> f32 { return select(erfinv_tail(sqrt(max(w, 0.0))), a * erfinv_middle(w - 2.5), w < 5.0); }

fn erfinv_f(x: f32) -> f32 {
  let a = magnitude(x);
  let v = select(erfinv_by(a, -log_f((1.0 - a) * (1.0 + a))), inf_f32(), a == 1.0);
  return keep_nan(nan_if(with_sign(v, x), a > 1.0), x);
}

fn ndtri_f(x: f32) -> f32 {
  let q = min(x, 1.0 - x);
  let v = 1.4142135 * erfinv_by(magnitude(fma(2.0, x, -1.0)), -log_f(4.0 * q * (1.0 - q)));
  return keep_nan(nan_if(with_sign(select(v, inf_f32(), q == 0.0), x - 0.5), x < 0.0 || x > 1.0), x);
}

fn entr_f(x: f32) -> f32 { return keep_nan(select(select(-x * log_f(x), 0.0, x == 0.0), -inf_f32(), x < 0.0), x); }
