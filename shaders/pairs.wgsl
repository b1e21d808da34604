// Numbers by their parts, and functions of two numbers. Exponentials and logarithms are those of special.wgsl.

// ---- the parts of a number, and what is beside it

// The bits of |x|, those of subnormal numbers as if the exponent went on downwards.
fn normal_bits(x: f32) -> u32 {
  let u = bitcast<u32>(x) & 0x7fffffffu;
  return select(u, bitcast<u32>(f32(u)) - (149u << 23u), u < 0x00800000u);
}
// What has no exponent of its own.
fn is_bare(x: f32) -> bool { return (bitcast<u32>(x) << 1u) == 0u || !is_finite(x); }

fn exponent_f(x: f32) -> f32 { return select(f32(bitcast<i32>(normal_bits(x) - 0x3f000000u) >> 23u), 0.0, is_bare(x)); }

fn mantissa_f(x: f32) -> f32 {
  let u = (normal_bits(x) & 0x007fffffu) | 0x3f000000u | (bitcast<u32>(x) & 0x80000000u);
  return bitcast<f32>(select(u, bitcast<u32>(x), is_bare(x)));
}

// x · 2ʸ in two steps, so that nothing overflows before the result does.
fn ldexp_f(x: f32, y: f32) -> f32 {
  let c = clamp(y, -600.0, 600.0);
  let whole = round(c);
  let n = i32(whole);
  let half = n >> 1u;
  let v = scale2(scale2(x, half) * pow_f(2.0, c - whole), n - half);
  let zero = (bitcast<u32>(x) & 0x7f800000u) == 0u;
  let lost = is_inf(y) && select(is_inf(x) && (y < 0.0), (y > 0.0), zero);
  return keep_nan(keep_nan(nan_if(select(v, x, zero || is_inf(x)), lost), y), x);
}

fn nextafter_f(x: f32, y: f32) -> f32 {
  let u = bitcast<u32>(x);
  let step = select(u - 1u, u + 1u, (y > x) == (x > 0.0));
  let v = select(step, (bitcast<u32>(y) & 0x80000000u) | 1u, (u << 1u) == 0u);
  return keep_nan(keep_nan(bitcast<f32>(select(v, bitcast<u32>(y), x == y)), x), y);
}

// The sign of a NaN means nothing: it counts as positive.
fn copysign_f(x: f32, y: f32) -> f32 { return keep_nan(with_sign(x, select(y, 1.0, is_nan(y))), x); }

// ---- pairs

// v, or the other operand where one is NaN.
fn without_nan(v: f32, a: f32, b: f32) -> f32 {
  let w = select(bitcast<u32>(v), bitcast<u32>(b), is_nan(a));
  return bitcast<f32>(select(w, bitcast<u32>(a), is_nan(b)));
}

fn hypot_f(x: f32, y: f32) -> f32 {
  let top = max(magnitude(x), magnitude(y));
  let up = select(select(1.0, 0x1p-66, top > 0x1p+60), 0x1p+66, top < 0x1p-40);
  let down = select(select(1.0, 0x1p+66, top > 0x1p+60), 0x1p-66, top < 0x1p-40);
  let a = x * up;
  let b = y * up;
  let v = keep_nan(keep_nan(sqrt(fma(a, a, b * b)) * down, x), y);
  return select(v, inf_f32(), is_inf(x) || is_inf(y));
}

fn gcd_i(x: i32, y: i32) -> i32 {
  var a = u32(abs(x));
  var b = u32(abs(y));
  while (b != 0u) {
    let r = a % b;
    a = b;
    b = r;
  }
  return i32(a);
}

fn lcm_i(x: i32, y: i32) -> i32 {
  let g = gcd_i(x, y);
  return select(abs(x / select(g, 1, g == 0) * y), 0, g == 0);
}

// Bits that leave the word are lost, also all at once.
fn left_shift(x: i32, y: i32) -> i32 { return select(0, x << (u32(y) & 31u), u32(y) < 32u); }
fn right_shift(x: i32, y: i32) -> i32 { return x >> min(u32(y), 31u); }

// ---- logarithms

// log₂(2ᵃ + 2ᵇ).
fn logaddexp2_f(a: f32, b: f32) -> f32 {
  let m = max_nan(a, b);
  let d = select(magnitude(a - b), 0.0, is_inf(m));
  return select(m + log1p_f(exp2_f(-d)) * 1.442695, m, is_inf(m) || is_nan(m));
}

fn xlogy_f(x: f32, y: f32) -> f32 { return keep_nan(select(x * log_f(y), 0.0, x == 0.0), y); }

fn xlog1py_f(x: f32, y: f32) -> f32 { return keep_nan(select(x * log1p_f(y), 0.0, x == 0.0), y); }
