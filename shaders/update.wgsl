// Fused optimiser steps: one dispatch updates one to four parameters with their state. Everything that changes between steps (learning rate,
// bias corrections) travels as data. Each invocation owns four elements; buffers are padded to 16 bytes, so tails are safe.
const WG: u32 = 64u;

struct SgdParams {
  quads0: u32, quads1: u32, quads2: u32, quads3: u32, // vec4s of each parameter
  lr: f32, decay: f32, sign: f32,
  keep: f32, add: f32,      // buffer = keep * buffer + add * gradient
  nesterov: f32,            // momentum for Nesterov's look-ahead, else 0
}
struct AdamParams {
  quads0: u32, quads1: u32,
  decay: f32, sign: f32,
  shrink: f32,              // decoupled weight decay: 1 - lr * weightDecay
  beta1: f32, rest1: f32, beta2: f32, rest2: f32, // rest = 1 - beta
  step: f32, root: f32, eps: f32,                 // lr / (1 - beta1^t), sqrt(1 - beta2^t)
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
@group(0) @binding(14) var<storage, read_write> w0: array<vec4f>;

/// The gradient as the rule wants it: turned round to maximise, with L2 decay added.
fn descent(g: vec4f, p: vec4f, sign: f32, decay: f32) -> vec4f { return sign * g + decay * p; }

fn plain(p: vec4f, g: vec4f) -> vec4f {
  return p - sgd_params.lr * descent(g, p, sgd_params.sign, sgd_params.decay);
}

struct Moved { p: vec4f, m: vec4f }
fn heavy(p: vec4f, g: vec4f, m: vec4f) -> Moved {
  let d = descent(g, p, sgd_params.sign, sgd_params.decay);
  let buffer = sgd_params.keep * m + sgd_params.add * d;
  let ahead = select(buffer, d + sgd_params.nesterov * buffer, sgd_params.nesterov != 0.0);
  return Moved(p - sgd_params.lr * ahead, buffer);
}

struct Moments { m: vec4f, v: vec4f }
fn moments(p: vec4f, g: vec4f, m: vec4f, v: vec4f) -> Moments {
  let d = descent(g, p, adam_params.sign, adam_params.decay);
  return Moments(adam_params.beta1 * m + adam_params.rest1 * d, adam_params.beta2 * v + adam_params.rest2 * d * d);
}
fn sqrt4(x: vec4f) -> vec4f { return vec4f(sqrt_f(x.x), sqrt_f(x.y), sqrt_f(x.z), sqrt_f(x.w)); }
fn adapted(p: vec4f, m: vec4f, v: vec4f) -> vec4f {
  return adam_params.shrink * p - adam_params.step * (m / (sqrt4(v) / adam_params.root + adam_params.eps));
}

@compute @workgroup_size(WG)
fn sgd_1(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= sgd_params.quads0) { return; }
  p0[i] = plain(p0[i], g0[i]);
}

@compute @workgroup_size(WG)
fn sgd_4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  var i = gid.x + gid.y * nwg.x * WG;
  if (i < sgd_params.quads0) {
    p0[i] = plain(p0[i], g0[i]);
    return;
  }
  i -= sgd_params.quads0;
  if (i < sgd_params.quads1) {
    p1[i] = plain(p1[i], g1[i]);
    return;
  }
  i -= sgd_params.quads1;
  if (i < sgd_params.quads2) {
    p2[i] = plain(p2[i], g2[i]);
    return;
  }
  i -= sgd_params.quads2;
  if (i < sgd_params.quads3) { p3[i] = plain(p3[i], g3[i]); }
}

@compute @workgroup_size(WG)
fn momentum_1(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= sgd_params.quads0) { return; }
  let moved = heavy(p0[i], g0[i], m0[i]);
  p0[i] = moved.p;
  m0[i] = moved.m;
}

@compute @workgroup_size(WG)
fn momentum_2(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  var i = gid.x + gid.y * nwg.x * WG;
  if (i < sgd_params.quads0) {
    let moved = heavy(p0[i], g0[i], m0[i]);
    p0[i] = moved.p;
    m0[i] = moved.m;
    return;
  }
  i -= sgd_params.quads0;
  if (i < sgd_params.quads1) {
    let moved = heavy(p1[i], g1[i], m1[i]);
    p1[i] = moved.p;
    m1[i] = moved.m;
  }
}

@compute @workgroup_size(WG)
fn adam_1(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= adam_params.quads0) { return; }
  let s = moments(p0[i], g0[i], m0[i], v0[i]);
  m0[i] = s.m;
  v0[i] = s.v;
  p0[i] = adapted(p0[i], s.m, s.v);
}

@compute @workgroup_size(WG)
fn adam_2(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  var i = gid.x + gid.y * nwg.x * WG;
  if (i < adam_params.quads0) {
    let s = moments(p0[i], g0[i], m0[i], v0[i]);
    m0[i] = s.m;
    v0[i] = s.v;
    p0[i] = adapted(p0[i], s.m, s.v);
    return;
  }
  i -= adam_params.quads0;
  if (i < adam_params.quads1) {
    let s = moments(p1[i], g1[i], m1[i], v1[i]);
    m1[i] = s.m;
    v1[i] = s.v;
    p1[i] = adapted(p1[i], s.m, s.v);
  }
}

/// AMSGrad: the denominator uses the largest second moment so far.
@compute @workgroup_size(WG)
fn amsgrad_1(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= adam_params.quads0) { return; }
  let s = moments(p0[i], g0[i], m0[i], v0[i]);
  let top = max4(w0[i], s.v);
  m0[i] = s.m;
  v0[i] = s.v;
  w0[i] = top;
  p0[i] = adapted(p0[i], s.m, top);
}
fn max4(a: vec4f, b: vec4f) -> vec4f { return vec4f(max_nan(a.x, b.x), max_nan(a.y, b.y), max_nan(a.z, b.z), max_nan(a.w, b.w)); }
