// Fused optimiser steps: one dispatch updates up to four parameters with their state. Everything that changes between steps (learning rate,
// bias corrections) travels as data. Each invocation owns four elements; buffers are padded to 16 bytes, so tails are safe.
// A device promises eight buffers, so what one rule needs takes the place of another's parameters.
const WG: u32 = 64u;

struct SgdParams {
  quads0: u32, quads1: u32, quads2: u32, quads3: u32, // vec4s of each parameter
  lr: f32, weightDecay: f32, sign: f32,
  keep: f32, add: f32, // buffer = keep * buffer + add * gradient
  nesterov: f32,       // momentum for Nesterov's look-ahead, else 0
  heavy: u32,          // 1 with momentum: p2 and p3 are the buffers of p0 and p1
}
struct AdamParams {
  quads0: u32, quads1: u32,
  weightDecay: f32, sign: f32,
  shrink: f32, // decoupled weight decay: 1 - lr * weightDecay
  beta1: f32, rest1: f32, beta2: f32, rest2: f32, // rest = 1 - beta
  step: f32, root: f32, eps: f32, // lr / (1 - beta1^t), sqrt(1 - beta2^t)
  largest: u32, // 1 for AMSGrad: p1 is the largest second moment so far of p0, which the denominator uses
}

@group(0) @binding(0) var<uniform> sgd_params: SgdParams;
@group(0) @binding(1) var<uniform> adam_params: AdamParams;
@group(0) @binding(2) var<storage, read_write> p0: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> p1: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> p2: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> p3: array<vec4f>;
@group(0) @binding(6) var<storage, read> g0: array<vec4f>;
@group(0) @binding(7) var<storage, read> g1: array<vec4f>;
@group(0) @binding(8) var<storage, read> g2: array<vec4f>;
@group(0) @binding(9) var<storage, read> g3: array<vec4f>;
@group(0) @binding(10) var<storage, read_write> m0: array<vec4f>;
@group(0) @binding(11) var<storage, read_write> m1: array<vec4f>;
@group(0) @binding(12) var<storage, read_write> v0: array<vec4f>;
@group(0) @binding(13) var<storage, read_write> v1: array<vec4f>;

@compute @workgroup_size(WG)
fn sgd(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  var i = gid.x + gid.y * nwg.x * WG;
  var slot = 0u;
  if (i >= sgd_params.quads0) { slot = 1u; i -= sgd_params.quads0; }
  if (slot == 1u && i >= sgd_params.quads1) { slot = 2u; i -= sgd_params.quads1; }
  if (slot == 2u && i >= sgd_params.quads2) { slot = 3u; i -= sgd_params.quads2; }
  if (slot == 3u && i >= sgd_params.quads3) { return; }
  var p: vec4f; var g: vec4f;
  switch (slot) {
    case 0u: { p = p0[i]; g = g0[i]; }
    case 1u: { p = p1[i]; g = g1[i]; }
    case 2u: { p = p2[i]; g = g2[i]; }
    default: { p = p3[i]; g = g3[i]; }
  }
  var d = sgd_params.sign * g + sgd_params.weightDecay * p;
  if (sgd_params.heavy != 0u) {
    var m: vec4f;
    if (slot == 0u) { m = p2[i]; } else { m = p3[i]; }
    m = sgd_params.keep * m + sgd_params.add * d;
    if (slot == 0u) { p2[i] = m; } else { p3[i] = m; }
    d = select(m, d + sgd_params.nesterov * m, sgd_params.nesterov != 0.0);
  }
  p -= sgd_params.lr * d;
  switch (slot) {
    case 0u: { p0[i] = p; }
    case 1u: { p1[i] = p; }
    case 2u: { p2[i] = p; }
    default: { p3[i] = p; }
  }
}

@compute @workgroup_size(WG)
fn adam(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  var i = gid.x + gid.y * nwg.x * WG;
  let second = i >= adam_params.quads0;
  if (second) { i -= adam_params.quads0; }
  if (second && i >= adam_params.quads1) { return; }
  var p: vec4f; var g: vec4f; var m: vec4f; var v: vec4f;
  if (second) {
    p = p1[i]; g = g1[i]; m = m1[i]; v = v1[i];
  } else {
    p = p0[i]; g = g0[i]; m = m0[i]; v = v0[i];
  }
  let d = adam_params.sign * g + adam_params.weightDecay * p;
  m = adam_params.beta1 * m + adam_params.rest1 * d;
  v = adam_params.beta2 * v + adam_params.rest2 * d * d;
  var top = v;
  if (adam_params.largest != 0u) {
    for (var c = 0u; c < 4u; c++) { top[c] = max_nan(p1[i][c], v[c]); }
    p1[i] = top;
  }
  for (var c = 0u; c < 4u; c++) { top[c] = sqrt_f(top[c]); }
  p = adam_params.shrink * p - adam_params.step * (m / (top / adam_params.root + adam_params.eps));
  if (second) {
    p1[i] = p; m1[i] = m; v1[i] = v;
  } else {
    p0[i] = p; m0[i] = m; v0[i] = v;
  }
}
