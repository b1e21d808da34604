// Cross entropy of lines of logits against one class each, and its gradient. A line is `length` logits `inner` apart; its loss is
// (1 − ε) w[y] (lse − x[y]) + ε / C Σ w[c] (lse − x[c]) with ε the label smoothing. Lines with the ignored class count nothing.
const WG: u32 = 64u;
const STRIDE: u32 = 1u; // invocations that share a line

alias X = f32;

struct Params { lines: u32, length: u32, inner: u32, ignored: i32, smoothing: f32 }
struct TotalParams { lines: u32 }
struct SlopeParams { size: u32, length: u32, inner: u32, ignored: i32, smoothing: f32, slope: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> total_params: TotalParams;
@group(0) @binding(2) var<uniform> slope_params: SlopeParams;
@group(0) @binding(3) var<storage, read> x: array<X>;
@group(0) @binding(4) var<storage, read> x4: array<vec4<X>>;
@group(0) @binding(5) var<storage, read> classes: array<i32>;
@group(0) @binding(6) var<storage, read> class_weight: array<f32>;
@group(0) @binding(7) var<storage, read_write> losses: array<f32>;
@group(0) @binding(8) var<storage, read_write> weights: array<f32>;
@group(0) @binding(9) var<storage, read_write> peak: array<f32>;
@group(0) @binding(10) var<storage, read_write> logsum: array<f32>;
@group(0) @binding(11) var<storage, read> given_losses: array<f32>;
@group(0) @binding(12) var<storage, read> given_weights: array<f32>;
@group(0) @binding(13) var<storage, read_write> out: array<f32>;
@group(0) @binding(14) var<storage, read_write> total: array<f32>;
@group(0) @binding(15) var<storage, read> peaks: array<f32>;
@group(0) @binding(16) var<storage, read> logsums: array<f32>;
@group(0) @binding(17) var<storage, read> totals: array<f32>;
@group(0) @binding(18) var<storage, read> g: array<f32>;

fn sum4(v: vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }
fn weight_of(c: u32) -> f32 { return 1.0; }
fn weight_of_class(c: u32) -> f32 { return class_weight[c]; }
fn load(base: u32, i: u32) -> vec4f {
  let at = base + i * params.inner;
  let s = params.inner;
  return vec4f(f32(x[at]), f32(x[at + s]), f32(x[at + 2u * s]), f32(x[at + 3u * s]));
}
fn load_vec4(base: u32, i: u32) -> vec4f { return vec4f(x4[(base + i) >> 2u]); }
fn pick(base: u32, i: u32) -> f32 { return f32(x[base + i * params.inner]); }
fn pick_vec4(base: u32, i: u32) -> f32 {
  let v = vec4f(x4[(base + i) >> 2u]);
  let k = (base + i) & 3u;
  return select(select(v.x, v.y, k == 1u), select(v.z, v.w, k == 3u), k > 1u);
}
fn mask(v: vec4f, i: u32, other: f32) -> vec4f {
  return select(vec4f(other), v, vec4u(i, i + 1u, i + 2u, i + 3u) < vec4u(params.length));
}
fn mask_none(v: vec4f, i: u32, other: f32) -> vec4f { return v; }
fn weights4(i: u32) -> vec4f { return mask(vec4f(weight_of(i), weight_of(i + 1u), weight_of(i + 2u), weight_of(i + 3u)), i, 0.0); }

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

// Σ w[c] (lse − x[c]), wanted only with label smoothing.
fn spread(base: u32, lid: u32, top: f32, log_total: f32) -> f32 { return 0.0; }
fn spread_smooth(base: u32, lid: u32, top: f32, log_total: f32) -> f32 {
  var s = vec4f(0.0);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { s += mask(weights4(i) * ((top - load(base, i)) + log_total), i, 0.0); }
  return gather_sum(sum4(s), lid);
}

// A line without a finite largest element has no softmax.
fn checked(sum: f32, top: f32) -> f32 { return nan_if(sum, is_inf(top) || sum == 0.0); }
const LARGEST: f32 = 3.4028234663852886e38;

fn run_line(line: u32, lid: u32) {
  let base = (line / params.inner) * (params.length * params.inner) + line % params.inner;
  var m = vec4f(-LARGEST);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { m = max(m, mask(load(base, i), i, -LARGEST)); }
  let top = gather_max(max(max(m.x, m.y), max(m.z, m.w)), lid);
  var s = vec4f(0.0);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { s += mask(exp_below(load(base, i) - top), i, 0.0); }
  let log_total = log_f(checked(gather_sum(sum4(s), lid), top));
  let evenly = spread(base, lid, top, log_total);
  if (lid > 0u) { return; }
  let c = classes[line];
  let counts = c != params.ignored;
  let inside = c >= 0 && c < i32(params.length);
  let at = select(0u, u32(c), inside);
  let w = weight_of(at);
  var loss = w * ((top - pick(base, at)) + log_total) * (1.0 - params.smoothing);
  loss = nan_if(loss + evenly * (params.smoothing / f32(params.length)), !inside);
  losses[line] = select(0.0, loss, counts);
  weights[line] = select(0.0, w, counts);
  peak[line] = top;
  logsum[line] = log_total;
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

// One workgroup brings all lines together: the sum of losses, or that over the sum of weights.
fn combined(loss: f32, weight: f32) -> f32 { return loss; }
fn combined_mean(loss: f32, weight: f32) -> f32 { return nan_if(loss / weight, weight == 0.0); }
@compute @workgroup_size(WG)
fn combine(@builtin(local_invocation_index) lid: u32) {
  var loss = 0.0;
  var weight = 0.0;
  for (var i = lid; i < total_params.lines; i += WG * 32u) {
    var part = 0.0;
    for (var k = i; k < min(i + WG * 32u, total_params.lines); k += WG) {
      part += given_losses[k];
      weight += given_weights[k];
    }
    loss += part;
  }
  let all_loss = gather_sum_tree(loss, lid);
  let all_weight = gather_sum_tree(weight, lid);
  if (lid == 0u) {
    out[0] = combined(all_loss, all_weight);
    total[0] = all_weight;
  }
}

// Gradient of the loss by one logit: g / total · (softmax · (weights on this line) − weight on this class).
fn seed(line: u32) -> f32 { return g[0]; }
fn seed_of_line(line: u32) -> f32 { return g[line]; }
fn seed_constant(line: u32) -> f32 { return slope_params.slope; }
fn slope_of(line: u32) -> f32 { return seed(line); }
fn slope_of_mean(line: u32) -> f32 { return seed(line) / totals[0]; }
fn weight_sum() -> f32 { return f32(slope_params.length); }
fn weight_sum_classes() -> f32 {
  var s = 0.0;
  for (var c = 0u; c < slope_params.length; c += 1u) { s += class_weight[c]; }
  return s;
}
@compute @workgroup_size(WG)
fn cross_entropy_backward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= slope_params.size) { return; }
  let line = (i / (slope_params.length * slope_params.inner)) * slope_params.inner + i % slope_params.inner;
  let c = (i / slope_params.inner) % slope_params.length;
  let y = classes[line];
  if (y == slope_params.ignored) {
    out[i] = 0.0;
    return;
  }
  let inside = y >= 0 && y < i32(slope_params.length);
  let own = weight_of(select(0u, u32(y), inside)) * (1.0 - slope_params.smoothing);
  let even = slope_params.smoothing / f32(slope_params.length);
  let p = exp_below_f((f32(x[i]) - peaks[line]) - logsums[line]);
  var v = p * own;
  if (i32(c) == y) { v -= own; }
  if (even != 0.0) { v += even * (p * weight_sum() - weight_of(c)); }
  out[i] = nan_if(v * slope_of(line), !inside);
}
