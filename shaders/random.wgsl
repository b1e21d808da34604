// Counter-based random numbers, made where they are used: Philox 4×32 with ten rounds, the same bits on every device and in base/random.ts.
// Key: the 64-bit seed. Counter: (offset + block) in words 0 and 1, low word first, then 0, 0. Block b serves elements 4b to 4b + 3, one
// lane each, and one invocation; a call with n elements uses ⌈n / 4⌉ blocks. Operands are dense; outputs are padded to 16 bytes.
const WG: u32 = 64u;

// a and b: bounds; mean and deviation; a probability and the scale.
struct Params { seedLow: u32, seedHigh: u32, offsetLow: u32, offsetHigh: u32, size: u32, a: f32, b: f32, x_offset: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

// Four words for elements 4·block and on; the sum of offset and block carries into the second word.
fn random_words(block: u32) -> vec4u {
  let a = 0xd2511f53u;
  let b = 0xcd9e8d57u;
  let low = params.offsetLow + block;
  var c = vec4u(low, params.offsetHigh + select(0u, 1u, low < block), 0u, 0u);
  var k = vec2u(params.seedLow, params.seedHigh);
  for (var i = 0u; i < 10u; i++) {
    c = vec4u(mul_hi(b, c.z) ^ c.y ^ k.x, b * c.z, mul_hi(a, c.x) ^ c.w ^ k.y, a * c.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// Upper 24 bits as numbers in [0, 1).
fn unit_interval(w: vec4u) -> vec4f { return vec4f(w >> vec4u(8u)) * 0x1p-24; }

// Cosine and sine of w / 2³² of a turn, w cut to 24 bits: the nearest quarter comes off in integers, so that the rest is exact.
fn unit_circle(w: u32) -> vec2f {
  let turn = w >> 8u;
  let quarter = (turn + 0x200000u) >> 22u;
  let r = f32(bitcast<i32>(turn - (quarter << 22u))) * 3.7450704e-7;
  return vec2f(turned_sine(r, quarter + 1u), turned_sine(r, quarter));
}

// Two normal numbers. The radius sees the 24 leading bits of 32, which converts exactly: the tails reach 6.6 standard deviations.
fn box_muller(a: u32, b: u32) -> vec2f {
  let w = max(a, 1u);
  let leading = w & (0xffffffffu << (8u - min(countLeadingZeros(w), 8u)));
  return sqrt_f(-2.0 * log_f(f32(leading) * 0x1p-32)) * unit_circle(b);
}

@compute @workgroup_size(WG)
fn rand(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i * 4u >= params.size) { return; }
  let w = random_words(i);
  // The product is rounded before the sum on every device: a fused one would give other bits.
  let stretched = unit_interval(w) * (params.b - params.a);
  y[i] = bitcast<vec4f>(bitcast<vec4u>(stretched) ^ vec4u(hidden_zero(w.x))) + vec4f(params.a);
}

@compute @workgroup_size(WG)
fn randn(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i * 4u >= params.size) { return; }
  let w = random_words(i);
  y[i] = vec4f(box_muller(w.x, w.y), box_muller(w.z, w.w)) * params.b + vec4f(params.a);
}

// Each element is dropped with probability a, the others are scaled by b, which is 1 / (1 − a), or 0 where a is 1. No mask is stored: the
// gradient goes through the same call with the same seed and offset. A dropped NaN or Inf stays NaN, as in PyTorch.
@compute @workgroup_size(WG)
fn dropout(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i * 4u >= params.size) { return; }
  let kept = select(vec4f(0.0), vec4f(params.b), unit_interval(random_words(i)) >= vec4f(params.a));
  let at = params.x_offset + i * 4u;
  y[i] = vec4f(x[at], x[at + 1u], x[at + 2u], x[at + 3u]) * kept;
}
