// A step of an optimiser for several parameters in one dispatch: up to four without a state, else two. Everything that changes between
// steps (learning rate, bias corrections) travels as data. Each invocation owns four elements; buffers are padded to 16 bytes, so tails
// are safe. A device promises eight buffers, so first moments (momentum buffers) of p0 and p1 take the place of p2 and p3.
const WG: u32 = 64u;

struct Params {
  quads0: u32, quads1: u32, quads2: u32, quads3: u32, // vec4s of each parameter
  weightDecay: f32, sign: f32,
  shrink: f32, // decoupled weight decay: 1 - lr * weightDecay
  lr: f32,
  keep: f32, add: f32, // moment = keep * moment + add * gradient
  nesterov: f32, // momentum for Nesterov's look-ahead, else 0
  beta2: f32, rest2: f32, // second moment = beta2 * second moment + rest2 * gradient²
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> p0: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> p1: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> p2: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> p3: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> v0: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> v1: array<vec4f>;
@group(0) @binding(7) var<storage, read> g0: array<vec4f>;
@group(0) @binding(8) var<storage, read> g1: array<vec4f>;
@group(0) @binding(9) var<storage, read> g2: array<vec4f>;
@group(0) @binding(10) var<storage, read> g3: array<vec4f>;

fn load(slot: u32, i: u32) -> vec4f {
  switch (slot) {
    case 0u: { return p0[i]; }
    case 1u: { return p1[i]; }
    case 2u: { return p2[i]; }
    default: { return p3[i]; }
  }
}
fn store(slot: u32, i: u32, v: vec4f) {
  switch (slot) {
    case 0u: { p0[i] = v; }
    case 1u: { p1[i] = v; }
    case 2u: { p2[i] = v; }
    default: { p3[i] = v; }
  }
}

fn gradient(slot: u32, i: u32) -> vec4f {
  switch (slot) {
    case 0u: { return g0[i]; }
    case 1u: { return g1[i]; }
    case 2u: { return g2[i]; }
    default: { return g3[i]; }
  }
}
fn gradient_pair(slot: u32, i: u32) -> vec4f {
  if (slot == 0u) { return g0[i]; }
  return g1[i];
}

// The moment after this step.
fn moment(slot: u32, i: u32, d: vec4f) -> vec4f {
  let m = params.keep * load(slot + 2u, i) + params.add * d;
  store(slot + 2u, i, m);
  return m;
}

// Where a parameter goes for the gradient d.
fn direction(slot: u32, i: u32, d: vec4f) -> vec4f { return d; }
fn direction_moment(slot: u32, i: u32, d: vec4f) -> vec4f {
  let m = moment(slot, i, d);
  return select(m, d + params.nesterov * m, params.nesterov != 0.0);
}
fn direction_scaled(slot: u32, i: u32, d: vec4f) -> vec4f {
  var v: vec4f;
  if (slot == 0u) { v = v0[i]; } else { v = v1[i]; }
  v = params.beta2 * v + params.rest2 * d * d;
  if (slot == 0u) { v0[i] = v; } else { v1[i] = v; }
  v = largest(i, v);
  return moment(slot, i, d) / (vec4f(sqrt_f(v.x), sqrt_f(v.y), sqrt_f(v.z), sqrt_f(v.w)) + params.eps);
}
// AMSGrad: p1 is the largest second moment of p0 so far, which is used in place of the present one.
fn largest(i: u32, v: vec4f) -> vec4f { return v; }
fn largest_kept(i: u32, v: vec4f) -> vec4f {
  let k = p1[i];
  let top = vec4f(max_nan(k.x, v.x), max_nan(k.y, v.y), max_nan(k.z, v.z), max_nan(k.w, v.w));
  p1[i] = top;
  return top;
}

@compute @workgroup_size(WG)
fn step_all(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  var i = gid.x + gid.y * nwg.x * WG;
  var slot = 0u;
  if (i >= params.quads0) { slot = 1u; i -= params.quads0; }
  if (slot == 1u && i >= params.quads1) { slot = 2u; i -= params.quads1; }
  if (slot == 2u && i >= params.quads2) { slot = 3u; i -= params.quads2; }
  if (slot == 3u && i >= params.quads3) { return; }
  let p = load(slot, i);
  let d = params.sign * gradient(slot, i) + params.weightDecay * p;
  store(slot, i, params.shrink * p - params.lr * direction(slot, i, d));
}
