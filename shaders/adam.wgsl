// A step of Adam: one dispatch updates up to two parameters with their moments. Everything that changes between steps (learning rate, bias
// corrections) travels as data. Each invocation owns four elements; buffers are padded to 16 bytes, so tails are safe.
const WG: u32 = 64u;

struct Params {
  quads0: u32, quads1: u32,
  weightDecay: f32, sign: f32,
  shrink: f32, // decoupled weight decay: 1 - lr * weightDecay
  beta1: f32, rest1: f32, beta2: f32, rest2: f32, // rest = 1 - beta
  step: f32, root: f32, eps: f32, // lr / (1 - beta1^t), sqrt(1 - beta2^t)
  largest: u32, // 1 for AMSGrad: p1 is the largest second moment so far of p0, which the denominator uses
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> p0: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> p1: array<vec4f>;
@group(0) @binding(3) var<storage, read> g0: array<vec4f>;
@group(0) @binding(4) var<storage, read> g1: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> m0: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> m1: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> v0: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> v1: array<vec4f>;

@compute @workgroup_size(WG)
fn adam(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  var i = gid.x + gid.y * nwg.x * WG;
  let second = i >= params.quads0;
  if (second) { i -= params.quads0; }
  if (second && i >= params.quads1) { return; }
  var p: vec4f; var g: vec4f; var m: vec4f; var v: vec4f;
  if (second) {
    p = p1[i]; g = g1[i]; m = m1[i]; v = v1[i];
  } else {
    p = p0[i]; g = g0[i]; m = m0[i]; v = v0[i];
  }
  let d = params.sign * g + params.weightDecay * p;
  m = params.beta1 * m + params.rest1 * d;
  v = params.beta2 * v + params.rest2 * d * d;
  var top = v;
  if (params.largest != 0u) {
    for (var c = 0u; c < 4u; c++) { top[c] = max_nan(p1[i][c], v[c]); }
    p1[i] = top;
  }
  for (var c = 0u; c < 4u; c++) { top[c] = sqrt_f(top[c]); }
  p = params.shrink * p - params.step * (m / (top / params.root + params.eps));
  if (second) {
    p1[i] = p; m1[i] = m; v1[i] = v;
  } else {
    p0[i] = p; m0[i] = m; v0[i] = v;
  }
}
