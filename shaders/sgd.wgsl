// A step of stochastic gradient descent: one dispatch updates up to four parameters, or two with their momentum buffers. Everything that
// changes between steps travels as data. Each invocation owns four elements; buffers are padded to 16 bytes, so tails are safe.
// A device promises eight buffers, so momentum takes the place of two parameters.
const WG: u32 = 64u;

struct Params {
  quads0: u32, quads1: u32, quads2: u32, quads3: u32, // vec4s of each parameter
  lr: f32, weightDecay: f32, sign: f32,
  keep: f32, add: f32, // buffer = keep * buffer + add * gradient
  nesterov: f32,       // momentum for Nesterov's look-ahead, else 0
  heavy: u32,          // 1 with momentum: p2 and p3 are the buffers of p0 and p1
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> p0: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> p1: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> p2: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> p3: array<vec4f>;
@group(0) @binding(5) var<storage, read> g0: array<vec4f>;
@group(0) @binding(6) var<storage, read> g1: array<vec4f>;
@group(0) @binding(7) var<storage, read> g2: array<vec4f>;
@group(0) @binding(8) var<storage, read> g3: array<vec4f>;

@compute @workgroup_size(WG)
fn sgd(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  var i = gid.x + gid.y * nwg.x * WG;
  var slot = 0u;
  if (i >= params.quads0) { slot = 1u; i -= params.quads0; }
  if (slot == 1u && i >= params.quads1) { slot = 2u; i -= params.quads1; }
  if (slot == 2u && i >= params.quads2) { slot = 3u; i -= params.quads2; }
  if (slot == 3u && i >= params.quads3) { return; }
  var p: vec4f; var g: vec4f;
  switch (slot) {
    case 0u: { p = p0[i]; g = g0[i]; }
    case 1u: { p = p1[i]; g = g1[i]; }
    case 2u: { p = p2[i]; g = g2[i]; }
    default: { p = p3[i]; g = g3[i]; }
  }
  var d = params.sign * g + params.weightDecay * p;
  if (params.heavy != 0u) {
    var m: vec4f;
    if (slot == 0u) { m = p2[i]; } else { m = p3[i]; }
    m = params.keep * m + params.add * d;
    if (slot == 0u) { p2[i] = m; } else { p3[i] = m; }
    d = select(m, d + params.nesterov * m, params.nesterov != 0.0);
  }
  p -= params.lr * d;
  switch (slot) {
    case 0u: { p0[i] = p; }
    case 1u: { p1[i] = p; }
    case 2u: { p2[i] = p; }
    default: { p3[i] = p; }
  }
}
