// Adam and AdamW as Kingma & Ba (2015) and Loshchilov & Hutter (2019) write them: parameters p, gradients g, moments m and v. A device
// promises eight buffers to a kernel, so a dispatch takes two parameters, or one with AMSGrad's largest second moments w.
const WG: u32 = 64u;

struct Params {
  quads0: u32, quads1: u32, // vec4s of each parameter
  lr: f32,
  beta1: f32, beta2: f32,
  rest1: f32, rest2: f32, // 1 - beta, by the host: near 1 a float32 has lost its digits
  correction1: f32, // 1 - beta1ᵗ
  correction2: f32, // √(1 - beta2ᵗ)
  eps: f32,
  weightDecay: f32,
  decoupled: u32, // whether decay shrinks parameters (AdamW) or bends gradients
  maximize: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> p0: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> p1: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> m0: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> m1: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> v0: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> v1: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> w0: array<vec4f>;
@group(0) @binding(8) var<storage, read> g0: array<vec4f>;
@group(0) @binding(9) var<storage, read> g1: array<vec4f>;

fn gradient(p: vec4f, g: vec4f) -> vec4f {
  return select(g, -g, params.maximize != 0u) + select(params.weightDecay * p, vec4f(), params.decoupled != 0u);
}
fn first_moment(m: vec4f, d: vec4f) -> vec4f { return params.beta1 * m + params.rest1 * d; }
fn second_moment(v: vec4f, d: vec4f) -> vec4f { return params.beta2 * v + params.rest2 * d * d; }

fn updated(p: vec4f, m: vec4f, v: vec4f) -> vec4f {
  let shrunk = select(p, p - params.lr * params.weightDecay * p, params.decoupled != 0u);
  let deviation = vec4f(sqrt_f(v.x), sqrt_f(v.y), sqrt_f(v.z), sqrt_f(v.w)) / params.correction2;
  return shrunk - params.lr / params.correction1 * m / (deviation + params.eps);
}

@compute @workgroup_size(WG)
fn adam(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let at = place(vec4u(params.quads0, params.quads1, 0u, 0u), gid, nwg);
  if (at.slot == 0u) {
    let d = gradient(p0[at.i], g0[at.i]);
    let m = first_moment(m0[at.i], d);
    let v = second_moment(v0[at.i], d);
    p0[at.i] = updated(p0[at.i], m, v);
    m0[at.i] = m;
    v0[at.i] = v;
  } else if (at.slot == 1u) {
    let d = gradient(p1[at.i], g1[at.i]);
    let m = first_moment(m1[at.i], d);
    let v = second_moment(v1[at.i], d);
    p1[at.i] = updated(p1[at.i], m, v);
    m1[at.i] = m;
    v1[at.i] = v;
  }
}

// Reddi, Kale & Kumar (2018): the largest second moment so far stands in for the present one.
@compute @workgroup_size(WG)
fn amsgrad(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let at = place(vec4u(params.quads0, 0u, 0u, 0u), gid, nwg);
  if (at.slot != 0u) { return; }
  let d = gradient(p0[at.i], g0[at.i]);
  let m = first_moment(m0[at.i], d);
  let v = second_moment(v0[at.i], d);
  let w = larger(w0[at.i], v);
  p0[at.i] = updated(p0[at.i], m, w);
  m0[at.i] = m;
  v0[at.i] = v;
  w0[at.i] = w;
}
fn larger(a: vec4f, b: vec4f) -> vec4f {
  return vec4f(max_nan(a.x, b.x), max_nan(a.y, b.y), max_nan(a.z, b.z), max_nan(a.w, b.w));
}
