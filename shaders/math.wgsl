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

// log₂ a for finite a > 0 as a sum of two floats, good to 2⁻³¹; the first has 12 significant bits.
fn log2_parts(a: f32) -> vec2f {
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
  return vec2f(lh, fence(fence(e - lh, z) + main, z) + low);
}

// a^y for finite a > 0 and |y| < 2³³, by 2^(y · log₂ a).
fn pow_positive(a: f32, y: f32) -> f32 {
  let l = log2_parts(a);
  let yh = cut12(y);
  let ph = yh * l.x;
  let pl = fma(yh, l.y, (y - yh) * (l.x + l.y));
  let n = clamp(round(ph + pl), -400.0, 400.0);
  let z = zero_bits(n);
  return scale2(1.0 + fence(exp_tail((fence(ph - n, z) + fence(pl, z)) * 0.6931472), z), i32(n));
}

// x^y as C99 and PyTorch define it: 1^y = x^0 = 1 even for NaN, a negative base takes whole exponents only.
fn pow_f(x: f32, y: f32) -> f32 {
  let ux = bitcast<u32>(x);
  let ax = ux & 0x7fffffffu;
  let b = magnitude(y);
  let ay = bitcast<u32>(b);
  let negative = ux != ax;
  let odd = b < 16777216.0 && trunc(b * 0.5) * 2.0 == b - 1.0;
  let extreme = ax == 0u || ax == 0x7f800000u || ay == 0x7f800000u;
  let grows = (ax > 0x3f800000u) == (ay == bitcast<u32>(y));
  let v = bitcast<u32>(pow_positive(bitcast<f32>(ax), clamp(y, -8.0e9, 8.0e9)));
  var r = select(v, select(0u, 0x7f800000u, grows), extreme);
  r = select(r, 0x7fc00000u, negative && ax < 0x7f800000u && ax != 0u && trunc_f(b) != b);
  r = select(r, r | 0x80000000u, negative && odd);
  r = select(r, 0x7fc00000u, ax > 0x7f800000u || ay > 0x7f800000u);
  r = select(r, 0x3f800000u, ay == 0u || ux == 0x3f800000u || (ax == 0x3f800000u && ay == 0x7f800000u));
  return bitcast<f32>(r);
}

// Wraps as 32-bit integers do; a negative exponent leaves only ±1, and 0 for every other base.
fn pow_i(x: i32, y: i32) -> i32 {
  var base = select(x, i32(x == 1) - i32(x == -1), y < 0);
  var r = 1;
  for (var n = bitcast<u32>(abs(y)); n != 0u; n >>= 1u) {
    if ((n & 1u) == 1u) { r *= base; }
    base *= base;
  }
  return r;
}

fn round_even(x: f32) -> f32 { return select(x, round(x), magnitude(x) < 8388608.0); }
fn trunc_f(x: f32) -> f32 { return select(x, trunc(x), magnitude(x) < 8388608.0); }

// Truncated toward zero; NaN and values outside the range give the smallest integer, as x86 and so PyTorch on a CPU do.
fn to_i32(x: f32) -> i32 {
  let inside = magnitude(x) < 2147483648.0;
  return select(bitcast<i32>(0x80000000u), i32(select(0.0, x, inside)), inside);
}

// ---- division with remainder

// The mantissa of a positive number's bits as an integer.
fn significand(u: u32) -> u32 { return select(u, (u & 0x007fffffu) | 0x00800000u, u > 0x007fffffu); }

// x − y · trunc(x / y), exact for every pair: long division of the mantissas.
fn fmod_f(x: f32, y: f32) -> f32 {
  let ux = bitcast<u32>(magnitude(x));
  let uy = bitcast<u32>(magnitude(y));
  let m = max(significand(uy), 1u);
  let e = max(uy >> 23u, 1u);
  var r = significand(ux) % m;
  for (var k = max(ux >> 23u, 1u); k > e; k--) { r = (r << 1u) % m; }
  let v = select(select(0.0, scale2(f32(r), i32(e) - 150), r > 0u), magnitude(x), ux < uy);
  return keep_nan(keep_nan(nan_if(with_sign(v, x), ux >= 0x7f800000u || uy == 0u), y), x);
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
