// Stochastic gradient descent as torch.optim.SGD writes it: parameters p, gradients g, momentum buffers b. A device promises eight buffers
// to a kernel, so a dispatch takes four parameters without momentum or two with it.
const WG: u32 = 64u;

struct Params {
  quads0: u32, quads1: u32, quads2: u32, quads3: u32, // vec4s of each parameter
  lr: f32,
  weightDecay: f32,
  momentum: f32,
  damped: f32, // 1 - dampening
  nesterov: u32,
  maximize: u32,
  first: u32, // whether the buffers start with this step
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> p0: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> p1: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> p2: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> p3: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> b0: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> b1: array<vec4f>;
@group(0) @binding(7) var<storage, read> g0: array<vec4f>;
@group(0) @binding(8) var<storage, read> g1: array<vec4f>;
@group(0) @binding(9) var<storage, read> g2: array<vec4f>;
@group(0) @binding(10) var<storage, read> g3: array<vec4f>;

fn gradient(p: vec4f, g: vec4f) -> vec4f {
  return select(g, -g, params.maximize != 0u) + params.weightDecay * p;
}

fn descend(p: vec4f, g: vec4f) -> vec4f {
  return p - params.lr * gradient(p, g);
}

struct Moving { p: vec4f, b: vec4f }
fn descend_with_momentum(p: vec4f, g: vec4f, b: vec4f) -> Moving {
  let d = gradient(p, g);
  let next = select(params.momentum * b + params.damped * d, d, params.first != 0u);
  let direction = select(next, d + params.momentum * next, params.nesterov != 0u);
  return Moving(p - params.lr * direction, next);
}

@compute @workgroup_size(WG)
fn sgd(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let at = place(vec4u(params.quads0, params.quads1, params.quads2, params.quads3), gid, nwg);
  switch (at.slot) {
    case 0u: { p0[at.i] = descend(p0[at.i], g0[at.i]); }
    case 1u: { p1[at.i] = descend(p1[at.i], g1[at.i]); }
    case 2u: { p2[at.i] = descend(p2[at.i], g2[at.i]); }
    case 3u: { p3[at.i] = descend(p3[at.i], g3[at.i]); }
    default: {}
  }
}

@compute @workgroup_size(WG)
fn sgd_momentum(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let at = place(vec4u(params.quads0, params.quads1, 0u, 0u), gid, nwg);
  if (at.slot == 0u) {
    let next = descend_with_momentum(p0[at.i], g0[at.i], b0[at.i]);
    p0[at.i] = next.p;
    b0[at.i] = next.b;
  } else if (at.slot == 1u) {
    let next = descend_with_momentum(p1[at.i], g1[at.i], b1[at.i]);
    p1[at.i] = next.p;
    b1[at.i] = next.b;
  }
}
