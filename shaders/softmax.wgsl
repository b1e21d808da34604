// Softmax and its relatives over lines: `length` elements `inner` apart, one line per invocation or per workgroup.
// Elements come four at a time along the line; the functions around `load` and `gather` are replaced to suit layout and adapter.
const WG: u32 = 64u;
const STRIDE: u32 = 1u; // invocations that share a line

alias X = f32;

struct Params { lines: u32, length: u32, inner: u32 }
struct ApplyParams { size: u32, length: u32, inner: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> apply_params: ApplyParams;
@group(0) @binding(2) var<storage, read> x: array<X>;
@group(0) @binding(3) var<storage, read> x4: array<vec4<X>>;
@group(0) @binding(4) var<storage, read> y: array<f32>;
@group(0) @binding(5) var<storage, read> y4: array<vec4f>;
@group(0) @binding(6) var<storage, read> peaks: array<f32>;
@group(0) @binding(7) var<storage, read> sums: array<f32>;
@group(0) @binding(8) var<storage, read_write> out: array<f32>;
@group(0) @binding(9) var<storage, read_write> out4: array<vec4f>;

fn line_base(line: u32) -> u32 { return (line / params.inner) * (params.length * params.inner) + line % params.inner; }
fn sum4(v: vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }
fn valid4(i: u32) -> vec4<bool> { return vec4u(i, i + 1u, i + 2u, i + 3u) < vec4u(params.length); }

// Four elements from place i of the line on. Beyond its end they are others, to be masked.
fn load(base: u32, i: u32) -> vec4f {
  let at = base + i * params.inner;
  let s = params.inner;
  return vec4f(f32(x[at]), f32(x[at + s]), f32(x[at + 2u * s]), f32(x[at + 3u * s]));
}
fn load_vec4(base: u32, i: u32) -> vec4f { return vec4f(x4[(base + i) >> 2u]); }
fn load_y(base: u32, i: u32) -> vec4f {
  let at = base + i * params.inner;
  let s = params.inner;
  return vec4f(y[at], y[at + s], y[at + 2u * s], y[at + 3u * s]);
}
fn load_y_vec4(base: u32, i: u32) -> vec4f { return y4[(base + i) >> 2u]; }
fn store(base: u32, i: u32, v: vec4f) {
  let at = base + i * params.inner;
  let s = params.inner;
  out[at] = v.x;
  if (i + 1u < params.length) { out[at + s] = v.y; }
  if (i + 2u < params.length) { out[at + 2u * s] = v.z; }
  if (i + 3u < params.length) { out[at + 3u * s] = v.w; }
}
fn store_vec4(base: u32, i: u32, v: vec4f) { out4[(base + i) >> 2u] = v; }
// Whole groups of four need no mask.
fn mask(v: vec4f, i: u32, other: f32) -> vec4f { return select(vec4f(other), v, valid4(i)); }
fn mask_none(v: vec4f, i: u32, other: f32) -> vec4f { return v; }

fn gather_max(v: f32, lid: u32) -> f32 { return v; }
fn gather_sum(v: f32, lid: u32) -> f32 { return v; }
var<workgroup> tree: array<f32, WG>;
fn gather_max_tree(v: f32, lid: u32) -> f32 {
  workgroupBarrier();
  tree[lid] = v;
  for (var half = WG / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (lid < half) { tree[lid] = max(tree[lid], tree[lid + half]); }
  }
  workgroupBarrier();
  return tree[0];
}
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

const LARGEST: f32 = 3.4028234663852886e38;

// A NaN may get lost here: it comes back through the exponentials.
fn peak_of(base: u32, lid: u32) -> f32 {
  var m = vec4f(-LARGEST);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) {
    m = max(m, mask(load(base, i), i, -LARGEST));
  }
  return gather_max(max(max(m.x, m.y), max(m.z, m.w)), lid);
}
// A line without a finite largest element has no softmax.
fn checked(sum: f32, peak: f32) -> f32 { return nan_if(sum, is_inf(peak) || sum == 0.0); }

fn run_line(line: u32, lid: u32) {
  let base = line_base(line);
  let peak = peak_of(base, lid);
  var s = vec4f(0.0);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { s += mask(exp_below(load(base, i) - peak), i, 0.0); }
  let scale = 1.0 / checked(gather_sum(sum4(s), lid), peak);
  // A second exponential costs less than writing and reading the first one.
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { store(base, i, exp_below(load(base, i) - peak) * scale); }
}
fn run_line_log(line: u32, lid: u32) {
  let base = line_base(line);
  let peak = peak_of(base, lid);
  var s = vec4f(0.0);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { s += mask(exp_below(load(base, i) - peak), i, 0.0); }
  let shift = log_f(checked(gather_sum(sum4(s), lid), peak));
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { store(base, i, (load(base, i) - peak) - shift); }
}
// x is the gradient, y what the forward pass gave.
fn run_line_backward(line: u32, lid: u32) {
  let base = line_base(line);
  var s = vec4f(0.0);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { s += mask(load(base, i) * load_y(base, i), i, 0.0); }
  let dot_product = gather_sum(sum4(s), lid);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { store(base, i, load_y(base, i) * (load(base, i) - dot_product)); }
}
fn run_line_log_backward(line: u32, lid: u32) {
  let base = line_base(line);
  var s = vec4f(0.0);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { s += mask(load(base, i), i, 0.0); }
  let total = gather_sum(sum4(s), lid);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { store(base, i, load(base, i) - exp_below(load_y(base, i)) * total); }
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

// The second half of softmax when the largest elements and the sums of lines are already there.
fn applied(v: f32, peak: f32, sum: f32) -> f32 { return exp_below_f(v - peak) / sum; }
fn applied_log(v: f32, peak: f32, sum: f32) -> f32 { return (v - peak) - log_f(sum); }

@compute @workgroup_size(WG)
fn softmax_apply(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= apply_params.size) { return; }
  let line = (i / (apply_params.length * apply_params.inner)) * apply_params.inner + i % apply_params.inner;
  out[i] = applied(f32(x[i]), peaks[line], sums[line]);
}
