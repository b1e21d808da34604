// Scalar math every shader draws from, because the built-in functions are allowed errors of thousands of ULP and NaN, Inf and zero are
// left to the driver. Rules: NaN and Inf propagate as in IEEE 754 and PyTorch, special values are recognised and produced as bits,
// subnormal results may flush, the sign of zero is not promised. Polynomials are minimax fits made for these intervals.
//
// Compilers may reassociate float arithmetic. Where the order matters a value goes through `fence`: an XOR with a zero that no compiler
// can know, taken from the lowest mantissa bit of a whole number (|n| < 2²³ leaves it clear).

fn nan_f32() -> f32 {
  let bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}

fn inf_f32() -> f32 {
  let bits = 0x7f800000u;
  return bitcast<f32>(bits);
}

fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn is_inf(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }
fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) < 0x7f800000u; }

// v, or x where x is NaN.
fn keep_nan(v: f32, x: f32) -> f32 { return bitcast<f32>(select(bitcast<u32>(v), bitcast<u32>(x), is_nan(x))); }
// v, or NaN where bad.
fn nan_if(v: f32, bad: bool) -> f32 { return bitcast<f32>(select(bitcast<u32>(v), 0x7fc00000u, bad)); }
// |v| with the sign bit of s.
fn with_sign(v: f32, s: f32) -> f32 { return bitcast<f32>((bitcast<u32>(v) & 0x7fffffffu) | (bitcast<u32>(s) & 0x80000000u)); }
fn magnitude(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0x7fffffffu); }

// The hidden zero of a whole number, and the identity no compiler sees through.
fn zero_bits(whole: f32) -> u32 { return bitcast<u32>(whole) & 1u; }
fn fence(x: f32, zero: u32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ zero); }
// The hidden zero of any bits: a 16-bit integer as a float leaves the low mantissa bits clear.
fn hidden_zero(bits: u32) -> u32 { return bitcast<u32>(f32(bits & 0xffffu)) & 1u; }
// x cut to 12 significant bits: products of two such values are exact.
fn cut12(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u); }

// High 32 bits of a 32 × 32 bit product.
fn mul_hi(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu;
  let ah = a >> 16u;
  let bl = b & 0xffffu;
  let bh = b >> 16u;
  let t = ah * bl + ((al * bl) >> 16u);
  let s = al * bh + (t & 0xffffu);
  return ah * bh + (t >> 16u) + (s >> 16u);
}

// y · 2ⁿ by its exponent bits: overflow gives Inf, anything below the normal range 0.
fn scale2(y: f32, n: i32) -> f32 {
  let u = bitcast<u32>(y);
  let e = i32((u >> 23u) & 255u) + n;
  let v = select(u + (bitcast<u32>(n) << 23u), (u & 0x80000000u) | 0x7f800000u, e > 254);
  return bitcast<f32>(select(v, u & 0x80000000u, e < 1));
}

fn max_nan(a: f32, b: f32) -> f32 { return keep_nan(keep_nan(select(b, a, a > b), b), a); }
fn min_nan(a: f32, b: f32) -> f32 { return keep_nan(keep_nan(select(b, a, a < b), b), a); }
// One unsigned compare finds the negative numbers, −0 and −Inf included, NaN excluded.
fn relu(x: f32) -> f32 {
  let u = bitcast<u32>(x);
  return bitcast<f32>(select(u, 0u, u - 0x80000000u <= 0x7f800000u));
}
// Sign of x, 0 for NaN, as PyTorch has it.
fn sign_f(x: f32) -> f32 {
  let u = bitcast<u32>(x);
  return select(bitcast<f32>((u & 0x80000000u) | 0x3f800000u), 0.0, (u << 1u) == 0u || is_nan(x));
}

// ---- exponentials

// e^r − 1 for |r| ≤ 0.36.
fn exp_tail(r: f32) -> f32 {
  let q = fma(fma(fma(fma(0.001382011, r, 0.008368685), r, 0.041668274), r, 0.16666521), r, 0.49999994);
  return fma(r * r, q, r);
}

// e^(hi + lo) · 2^k for |hi| ≤ 200 and small lo; NaN in gives no promise.
fn exp_core(hi: f32, lo: f32, k: i32) -> f32 {
  let n = round((hi + lo) * 1.442695);
  let z = zero_bits(n);
  let r = fence(fma(-n, 0.69314575, hi), z) + fma(-n, 1.4286068e-6, lo);
  return scale2(1.0 + fence(exp_tail(r), z), i32(n) + k);
}

fn exp_f(x: f32) -> f32 { return keep_nan(exp_core(clamp(x, -120.0, 120.0), 0.0, 0), x); }

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

fn tanh_f(x: f32) -> f32 {
  let a = min(magnitude(x), 20.0);
  let z = a * a;
  let p = fma(fma(fma(fma(-0.005692296, z, 0.020628167), z, -0.053736515), z, 0.13331406), z, -0.3333328);
  let big = 1.0 - 2.0 / (exp_core(2.0 * a, 0.0, 0) + 1.0);
  return keep_nan(with_sign(select(big, fma(a * z, p, a), a < 0.625), x), x);
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

// ---- logarithms

// Bits of a positive number as (1 + f) · 2^e with 1 + f in [√½, √2): x is f, y is e. Subnormals are read as integers.
fn log_split(bits: u32) -> vec2f {
  let u = select(bits, bitcast<u32>(f32(bits)) - (149u << 23u), bits < 0x00800000u);
  let e = bitcast<i32>(u - 0x3f3504f3u) >> 23u;
  return vec2f(bitcast<f32>(u - (bitcast<u32>(e) << 23u)) - 1.0, f32(e));
}

// f − log(1 + f).
fn log_tail(f: f32) -> f32 {
  let s = f / (2.0 + f);
  let z = s * s;
  return s * (f - z * fma(fma(0.29872122, z, 0.39977553), z, 0.66666776));
}

// What any logarithm of x is where x is not a positive finite number; v otherwise.
fn log_special(v: f32, x: f32) -> f32 {
  let u = bitcast<u32>(x);
  let w = select(select(bitcast<u32>(v), 0x7fc00000u, u > 0x7f800000u), u, u == 0x7f800000u);
  return bitcast<f32>(select(w, 0xff800000u, (u << 1u) == 0u));
}

// log(x) / log(base): `scale` is 1 / log(base), head + tail is log(2) / log(base), the head short enough for exact products.
fn log_base(x: f32, scale: f32, head: f32, tail: f32) -> f32 {
  let s = log_split(bitcast<u32>(x));
  let low = fma(s.x - log_tail(s.x), scale, s.y * tail);
  return log_special(fence(s.y * head, zero_bits(s.y)) + low, x);
}

fn log_f(x: f32) -> f32 { return log_base(x, 1.0, 0.69314575, 1.4286068e-6); }
fn log2_f(x: f32) -> f32 { return log_base(x, 1.442695, 1.0, 0.0); }
fn log10_f(x: f32) -> f32 { return log_base(x, 0.4342945, 0.3010254, 4.605039e-6); }

fn log1p_f(x: f32) -> f32 {
  let rounded = 1.0 + x;
  let e = log_split(bitcast<u32>(rounded)).y;
  let z = zero_bits(e);
  let u = fence(rounded, z);
  // What the addition lost, carried into f.
  let larger = select(1.0, x, x >= 1.0);
  let lost = select(x, 1.0, x >= 1.0) - fence(u - larger, z);
  let k = i32(e);
  let f = (bitcast<f32>(bitcast<i32>(u) - (k << 23u)) - 1.0) + lost * bitcast<f32>(max(127 - k, 0) << 23u);
  let low = f - fma(e, -1.4286068e-6, log_tail(f));
  return log_special(fence(e * 0.69314575, z) + low, rounded);
}

// ---- circular functions

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
  var d = vec4u(0x00000028u, 0xbe60db93u, 0x91054a7fu, 0x09d5f47du);
  d = select(d, vec4u(0xbe60db93u, 0x91054a7fu, 0x09d5f47du, 0x4d377036u), word == 1u);
  d = select(d, vec4u(0x91054a7fu, 0x09d5f47du, 0x4d377036u, 0xd8a5664fu), word == 2u);
  d = select(d, vec4u(0x09d5f47du, 0x4d377036u, 0xd8a5664fu, 0x10e4107fu), word == 3u);
  d = select(d, vec4u(0x4d377036u, 0xd8a5664fu, 0x10e4107fu, 0x98000000u), word > 3u);
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
  let zeros = min(countLeadingZeros(a), 31u);
  let v = (a << zeros) | ((b >> 1u) >> (31u - zeros));
  let head = f32(v & 0xfff00000u);
  let rest = f32(v & 0x000fffffu);
  let r = head * 3.6561687e-10 + fence(fma(head, 1.126497e-13, rest * 3.6572953e-10), zero_bits(head));
  let reduced = bitcast<u32>(r * bitcast<f32>((127u - zeros) << 23u)) | (negative << 31u);
  return select(vec2u(reduced, (top >> 30u) + negative), vec2u(u, 0u), u < 0x3f490fdbu);
}

// Sine of |x| by `shift` quarter turns further, its sign flipped where `flip` says so.
fn circular(x: f32, shift: u32, flip: u32) -> f32 {
  let t = quarter_turns(x);
  let r = bitcast<f32>(t.x);
  let q = t.y + shift;
  let v = select(sin_poly(r), cos_poly(r), (q & 1u) == 1u);
  return nan_if(bitcast<f32>(bitcast<u32>(v) ^ ((q & 2u) << 30u) ^ flip), !is_finite(x));
}

fn sin_f(x: f32) -> f32 { return circular(x, 0u, bitcast<u32>(x) & 0x80000000u); }
fn cos_f(x: f32) -> f32 { return circular(x, 1u, 0u); }
fn tan_f(x: f32) -> f32 { return sin_f(x) / cos_f(x); }

// ---- roots, powers, rounding

fn sqrt_f(x: f32) -> f32 {
  let u = bitcast<u32>(x);
  let v = nan_if(sqrt(x), u > 0x80000000u);
  return select(v, x, u == 0x7f800000u || (u << 1u) == 0u);
}

fn rsqrt_f(x: f32) -> f32 {
  let u = bitcast<u32>(x);
  let v = nan_if(select(1.0 / sqrt(x), 0.0, u == 0x7f800000u), u > 0x80000000u);
  return select(v, inf_f32(), (u << 1u) == 0u);
}

// 0 where y has a fraction (or is not finite), 1 where it is an odd whole number, 2 where even.
fn parity(y: f32) -> u32 {
  let u = bitcast<u32>(y) & 0x7fffffffu;
  let e = u >> 23u;
  let shift = clamp(150u - min(e, 150u), 0u, 24u);
  let m = (u & 0x007fffffu) | 0x00800000u;
  let whole = (m & ((1u << shift) - 1u)) == 0u && e >= 127u;
  let odd = e < 151u && ((m >> shift) & 1u) == 1u;
  return select(select(0u, select(2u, 1u, odd), whole && e < 255u), 2u, u == 0u);
}

// a^y for finite a > 0 and |y| < 2³³: log₂ a as a sum of two floats, good to 2⁻³¹, then 2^(y · log₂ a).
fn pow_positive(a: f32, y: f32) -> f32 {
  let s = log_split(bitcast<u32>(a));
  let f = s.x;
  let e = s.y;
  let z = zero_bits(e);
  // q = f / (2 + f) in two parts.
  let d = 2.0 + f;
  let dh = cut12(d);
  let dl = f - fence(dh - 2.0, z);
  let inverse = 1.0 / d;
  let qh = cut12(f * inverse);
  let ql = (fence(fma(-qh, dh, f), z) - qh * dl) * inverse;
  // log₂ a = e + (q·2 + tail) / ln 2, the leading product exact.
  let q = qh + ql;
  let w = q * q;
  let tail = q * w * fma(fma(fma(0.33662465, w, 0.41192147), w, 0.5770789), w, 0.9617967);
  let main = qh * 2.8847656;
  let low = fence(fma(qh, 0.0006244568, fma(ql, 2.88539, tail)), z);
  let lh = cut12(e + (main + low));
  let ll = fence(fence(e - lh, z) + main, z) + low;
  // y times that.
  let yh = cut12(y);
  let ph = yh * lh;
  let pl = fence(fma(yh, ll, (y - yh) * (lh + ll)), z);
  let n = clamp(round(ph + pl), -400.0, 400.0);
  return scale2(1.0 + fence(exp_tail((fence(ph - n, z) + pl) * 0.6931472), z), i32(n));
}

// x^y as C99 and PyTorch define it: 1^y = x^0 = 1 even for NaN, a negative base takes whole exponents only.
fn pow_f(x: f32, y: f32) -> f32 {
  let ux = bitcast<u32>(x);
  let uy = bitcast<u32>(y);
  let ax = ux & 0x7fffffffu;
  let ay = uy & 0x7fffffffu;
  let kind = parity(y);
  let extreme = ax == 0u || ax == 0x7f800000u || ay == 0x7f800000u;
  let grows = (ax > 0x3f800000u) == ((uy >> 31u) == 0u);
  let v = bitcast<u32>(pow_positive(bitcast<f32>(ax), clamp(y, -8.0e9, 8.0e9)));
  var r = select(v, select(0u, 0x7f800000u, grows), extreme);
  r = select(r, 0x7fc00000u, (ux >> 31u) == 1u && ax < 0x7f800000u && ax != 0u && kind == 0u && ay < 0x7f800000u);
  r = select(r, r | 0x80000000u, (ux >> 31u) == 1u && kind == 1u);
  r = select(r, 0x7fc00000u, ax > 0x7f800000u || ay > 0x7f800000u);
  r = select(r, 0x3f800000u, ay == 0u || ux == 0x3f800000u || (ax == 0x3f800000u && ay == 0x7f800000u));
  return bitcast<f32>(r);
}

// Wraps as 32-bit integers do; a negative exponent leaves only ±1, and 0 for every other base.
fn pow_i(x: i32, y: i32) -> i32 {
  var base = x;
  var n = bitcast<u32>(max(y, 0));
  var r = 1;
  for (var i = 0u; i < 32u && n != 0u; i++) {
    if ((n & 1u) == 1u) { r *= base; }
    base *= base;
    n >>= 1u;
  }
  let unit = select(1, -1, x == -1 && (y & 1) == 1);
  return select(r, select(0, unit, x == 1 || x == -1), y < 0);
}

fn round_even(x: f32) -> f32 { return select(x, round(x), magnitude(x) < 8388608.0); }
fn trunc_f(x: f32) -> f32 { return select(x, trunc(x), magnitude(x) < 8388608.0); }

// Truncated toward zero; NaN and values outside the range give the smallest integer, as x86 and so PyTorch on a CPU do.
fn to_i32(x: f32) -> i32 {
  let inside = magnitude(x) < 2147483648.0;
  return select(bitcast<i32>(0x80000000u), i32(select(0.0, x, inside)), inside);
}

// ---- division with remainder

// x − y · trunc(x / y), exact for every pair: long division of the mantissas.
fn fmod_f(x: f32, y: f32) -> f32 {
  let ux = bitcast<u32>(x) & 0x7fffffffu;
  let uy = bitcast<u32>(y) & 0x7fffffffu;
  let ey = max(uy >> 23u, 1u);
  let my = select(uy, (uy & 0x007fffffu) | 0x00800000u, uy > 0x007fffffu);
  let d = max(ux >> 23u, 1u);
  var r = select(ux, (ux & 0x007fffffu) | 0x00800000u, ux > 0x007fffffu);
  var left = select(0u, d - ey, d > ey);
  r = r % max(my, 1u);
  while (left > 0u) {
    let step = min(left, 8u);
    r = (r << step) % max(my, 1u);
    left -= step;
  }
  let up = min(countLeadingZeros(r | 1u) - 8u, ey - 1u);
  let m = r << up;
  let bits = select(m, (m & 0x007fffffu) | ((ey - up) << 23u), m > 0x007fffffu);
  let v = bitcast<f32>(select(bits, ux, ux < uy) | (bitcast<u32>(x) & 0x80000000u));
  return keep_nan(keep_nan(nan_if(v, ux >= 0x7f800000u || uy == 0u), y), x);
}

// Whether a remainder r needs another y to have the sign of y.
fn crosses(r: f32, y: f32) -> bool { return ((bitcast<u32>(r) ^ bitcast<u32>(y)) >> 31u) == 1u && (bitcast<u32>(r) << 1u) != 0u; }

// The remainder with the sign of y, as Python and torch.remainder.
fn remainder_f(x: f32, y: f32) -> f32 {
  let r = fmod_f(x, y);
  return select(r, r + y, crosses(r, y) && !is_nan(r));
}

// torch.floor_divide: follows from the remainder, so that it agrees with remainder_f.
fn floor_div_f(x: f32, y: f32) -> f32 {
  let r = fmod_f(x, y);
  let quotient = (x - r) / y - select(0.0, 1.0, crosses(r, y));
  let down = floor(quotient);
  let v = down + select(0.0, 1.0, quotient - down > 0.5);
  let by_zero = nan_if(with_sign(inf_f32(), bitcast<f32>(bitcast<u32>(x) ^ bitcast<u32>(y))), (bitcast<u32>(x) << 1u) == 0u);
  let w = select(nan_if(v, is_inf(x)), by_zero, (bitcast<u32>(y) << 1u) == 0u);
  return keep_nan(keep_nan(w, y), x);
}

// Integers: a divisor of zero gives 0 for remainders and x for quotients, as WGSL defines.
fn remainder_i(x: i32, y: i32) -> i32 {
  let r = x % y;
  return r + select(0, y, r != 0 && (r < 0) != (y < 0));
}
fn floor_div_i(x: i32, y: i32) -> i32 {
  let r = x % y;
  return x / y - select(0, 1, r != 0 && (r < 0) != (y < 0));
}
