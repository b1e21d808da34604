// Layer and batch normalisation after their statistics, and the gradients. Layer normalisation works on lines of `length` neighbours,
// batch normalisation on [N, channels, inner]; sums over the batch are reductions (reduce.wgsl).
const WG: u32 = 64u;
const STRIDE: u32 = 1u; // invocations that share a line

alias X = f32;

struct Params { lines: u32, length: u32, inner: u32, eps: f32 }
struct BatchParams { size: u32, channels: u32, inner: u32, count: f32, eps: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> batch_params: BatchParams;
@group(0) @binding(2) var<storage, read> x: array<X>;
@group(0) @binding(3) var<storage, read> x4: array<vec4<X>>;
@group(0) @binding(4) var<storage, read> g: array<f32>;
@group(0) @binding(5) var<storage, read> g4: array<vec4f>;
@group(0) @binding(6) var<storage, read> weight: array<f32>;
@group(0) @binding(7) var<storage, read> weight4: array<vec4f>;
@group(0) @binding(8) var<storage, read> bias: array<f32>;
@group(0) @binding(9) var<storage, read> bias4: array<vec4f>;
@group(0) @binding(10) var<storage, read> means: array<f32>;
@group(0) @binding(11) var<storage, read> rstds: array<f32>;
@group(0) @binding(12) var<storage, read> sums: array<f32>;
@group(0) @binding(13) var<storage, read_write> out: array<f32>;
@group(0) @binding(14) var<storage, read_write> out4: array<vec4f>;
@group(0) @binding(15) var<storage, read_write> mean: array<f32>;
@group(0) @binding(16) var<storage, read_write> rstd: array<f32>;

fn sum4(v: vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }
fn load(at: u32) -> vec4f { return vec4f(f32(x[at]), f32(x[at + 1u]), f32(x[at + 2u]), f32(x[at + 3u])); }
fn load_vec4(at: u32) -> vec4f { return vec4f(x4[at >> 2u]); }
fn load_g(at: u32) -> vec4f { return vec4f(g[at], g[at + 1u], g[at + 2u], g[at + 3u]); }
fn load_g_vec4(at: u32) -> vec4f { return g4[at >> 2u]; }
fn store(at: u32, i: u32, v: vec4f) {
  out[at] = v.x;
  if (i + 1u < params.length) { out[at + 1u] = v.y; }
  if (i + 2u < params.length) { out[at + 2u] = v.z; }
  if (i + 3u < params.length) { out[at + 3u] = v.w; }
}
fn store_vec4(at: u32, i: u32, v: vec4f) { out4[at >> 2u] = v; }
fn mask(v: vec4f, i: u32) -> vec4f { return select(vec4f(0.0), v, vec4u(i, i + 1u, i + 2u, i + 3u) < vec4u(params.length)); }
fn mask_none(v: vec4f, i: u32) -> vec4f { return v; }
fn scaled(v: vec4f, i: u32) -> vec4f { return v; }
fn scaled_weight(v: vec4f, i: u32) -> vec4f { return v * vec4f(weight[i], weight[i + 1u], weight[i + 2u], weight[i + 3u]); }
fn scaled_weight_vec4(v: vec4f, i: u32) -> vec4f { return v * weight4[i >> 2u]; }
fn moved(v: vec4f, i: u32) -> vec4f { return v; }
fn moved_bias(v: vec4f, i: u32) -> vec4f { return v + vec4f(bias[i], bias[i + 1u], bias[i + 2u], bias[i + 3u]); }
fn moved_bias_vec4(v: vec4f, i: u32) -> vec4f { return v + bias4[i >> 2u]; }

fn gather_sum(v: f32, lid: u32) -> f32 { return v; }
fn gather_max(v: f32, lid: u32) -> f32 { return v; }
fn gather_max_tree(v: f32, lid: u32) -> f32 { return v; }
var<workgroup> tree: array<f32, WG>;
fn gather_sum_tree(v: f32, lid: u32) -> f32 {
  workgroupBarrier();
  tree[lid] = v;
  for (var half = WG / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (lid < half) { tree[lid] += tree[lid + half]; }
  }
  workgroupBarrier();
  return tree[0];
}

// Two passes for the statistics: the second around the first mean, whose own rounding it takes out again.
fn run_line(line: u32, lid: u32) {
  let base = line * params.length;
  let n = f32(params.length);
  var s = vec4f(0.0);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { s += mask(load(base + i), i); }
  let first = gather_sum(sum4(s), lid) / n;
  var d1 = vec4f(0.0);
  var d2 = vec4f(0.0);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) {
    let d = mask(load(base + i) - first, i);
    d1 += d;
    d2 += d * d;
  }
  let rest = gather_sum(sum4(d1), lid) / n;
  let center = first + rest;
  let variance = gather_sum(sum4(d2), lid) / n - rest * rest;
  let scale = 1.0 / sqrt_f(select(variance, 0.0, variance < 0.0) + params.eps);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) {
    store(base + i, i, moved(scaled((load(base + i) - center) * scale, i), i));
  }
  if (lid == 0u) {
    mean[line] = center;
    rstd[line] = scale;
  }
}
fn run_line_backward(line: u32, lid: u32) {
  let base = line * params.length;
  let center = means[line];
  let scale = rstds[line];
  var a = vec4f(0.0);
  var b = vec4f(0.0);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) {
    let v = mask(scaled(load_g(base + i), i), i);
    a += v;
    b += v * mask((load(base + i) - center) * scale, i);
  }
  let n = f32(params.length);
  let mean_a = gather_sum(sum4(a), lid) / n;
  let mean_b = gather_sum(sum4(b), lid) / n;
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) {
    let v = scaled(load_g(base + i), i);
    store(base + i, i, scale * ((v - mean_a) - (load(base + i) - center) * scale * mean_b));
  }
}

@compute @workgroup_size(WG)
fn lines(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let line = gid.x + gid.y * nwg.x * WG;
  if (line < params.lines) { run_line(line, 0u); }
}

@compute @workgroup_size(WG)
fn lines_tree(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let line = wid.x + wid.y * nwg.x;
  if (line >= params.lines) { return; }
  run_line(line, lid);
}

// ---- batch normalisation
fn weight_of(c: u32) -> f32 { return 1.0; }
fn weight_of_channel(c: u32) -> f32 { return weight[c]; }
fn bias_of(c: u32) -> f32 { return 0.0; }
fn bias_of_channel(c: u32) -> f32 { return bias[c]; }
fn channel_of(i: u32) -> u32 { return (i / batch_params.inner) % batch_params.channels; }
fn normal(v: vec4f, dv: vec4f, c: u32) -> vec4f { return (v - means[c]) * (rstds[c] * weight_of(c)) + bias_of(c); }
fn normal_backward(v: vec4f, dv: vec4f, c: u32) -> vec4f {
  let scale = rstds[c];
  let mean_a = sums[c] / batch_params.count;
  let mean_b = sums[batch_params.channels + c] / batch_params.count;
  return (weight_of(c) * scale) * ((dv - mean_a) - (v - means[c]) * (scale * mean_b));
}
fn gradient(i: u32) -> f32 { return 0.0; }
fn gradient_given(i: u32) -> f32 { return g[i]; }
fn gradient4(i: u32) -> vec4f { return vec4f(0.0); }
fn gradient4_given(i: u32) -> vec4f { return g4[i]; }

@compute @workgroup_size(WG)
fn batch(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= batch_params.size) { return; }
  out[i] = normal(vec4f(f32(x[i])), vec4f(gradient(i)), channel_of(i)).x;
}

// Four neighbours of one channel: inner is a multiple of four.
@compute @workgroup_size(WG)
fn batch4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i * 4u >= batch_params.size) { return; }
  out4[i] = normal(vec4f(x4[i]), gradient4(i), channel_of(i * 4u));
}

// Statistics in evaluation: x holds the running mean, g the running variance.
@compute @workgroup_size(WG)
fn batch_running(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let c = gid.x + gid.y * nwg.x * WG;
  if (c >= batch_params.size) { return; }
  mean[c] = f32(x[c]);
  rstd[c] = 1.0 / sqrt_f(g[c] + batch_params.eps);
}
