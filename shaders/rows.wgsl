// What works on lines, `length` elements `inner` apart: statistics of a line, then a map of it. Softmax, cross entropy, layer
// normalisation and their gradients differ in the functions `level`, `sums` (of `terms`), `settle`, `apply` (of `mapped`) alone, which are
// replaced by name_variant. Batch normalisation brings its statistics along (reduction.wgsl). One line per invocation or per workgroup.
const WG: u32 = 64u;
const STRIDE: u32 = 1u; // invocations that share a line

alias X = f32;

struct Params { lines: u32, length: u32, inner: u32, channels: u32, ignored: i32, eps: f32, slope: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read> x4: array<vec4<X>>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read> y4: array<vec4f>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read> weight4: array<vec4f>;
@group(0) @binding(7) var<storage, read> bias: array<f32>;
@group(0) @binding(8) var<storage, read> bias4: array<vec4f>;
@group(0) @binding(9) var<storage, read> classes: array<i32>;
@group(0) @binding(10) var<storage, read> given_a: array<f32>; // statistics that are there already
@group(0) @binding(11) var<storage, read> given_b: array<f32>;
@group(0) @binding(12) var<storage, read> given_sums: array<f32>;
@group(0) @binding(13) var<storage, read_write> made_a: array<f32>; // statistics wanted
@group(0) @binding(14) var<storage, read_write> made_b: array<f32>;
@group(0) @binding(15) var<storage, read_write> out: array<f32>;
@group(0) @binding(16) var<storage, read_write> out4: array<vec4f>;

// ---- four elements from place i of a line on; beyond its end they are others, to be masked. Whole groups of four need no mask.
fn four(i: u32) -> vec4u { return vec4u(i, i + 1u, i + 2u, i + 3u); }
fn sum4(v: vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }
fn mask(v: vec4f, i: u32, other: f32) -> vec4f { return select(vec4f(other), v, four(i) < vec4u(params.length)); }
fn mask_vec4(v: vec4f, i: u32, other: f32) -> vec4f { return v; }
fn load_x(base: u32, i: u32) -> vec4f {
  let at = vec4u(base) + four(i) * params.inner;
  return vec4f(f32(x[at.x]), f32(x[at.y]), f32(x[at.z]), f32(x[at.w]));
}
fn load_x_vec4(base: u32, i: u32) -> vec4f { return vec4f(x4[(base + i) >> 2u]); }
fn load_y(base: u32, i: u32) -> vec4f {
  let at = vec4u(base) + four(i) * params.inner;
  return vec4f(y[at.x], y[at.y], y[at.z], y[at.w]);
}
fn load_y_vec4(base: u32, i: u32) -> vec4f { return y4[(base + i) >> 2u]; }
fn store(base: u32, i: u32, v: vec4f) {
  let at = vec4u(base) + four(i) * params.inner;
  out[at.x] = v.x;
  if (i + 1u < params.length) { out[at.y] = v.y; }
  if (i + 2u < params.length) { out[at.z] = v.z; }
  if (i + 3u < params.length) { out[at.w] = v.w; }
}
fn store_vec4(base: u32, i: u32, v: vec4f) { out4[(base + i) >> 2u] = v; }
// Along the line.
fn weights(i: u32) -> vec4f { return vec4f(1.0); }
fn weights_each(i: u32) -> vec4f { return vec4f(weight[i], weight[i + 1u], weight[i + 2u], weight[i + 3u]); }
fn weights_vec4(i: u32) -> vec4f { return weight4[i >> 2u]; }
fn biases(i: u32) -> vec4f { return vec4f(0.0); }
fn biases_each(i: u32) -> vec4f { return vec4f(bias[i], bias[i + 1u], bias[i + 2u], bias[i + 3u]); }
fn biases_vec4(i: u32) -> vec4f { return bias4[i >> 2u]; }
// Of a class or a channel.
fn weight_of(c: u32) -> f32 { return 1.0; }
fn weight_of_each(c: u32) -> f32 { return weight[c]; }
fn bias_of(c: u32) -> f32 { return 0.0; }
fn bias_of_each(c: u32) -> f32 { return bias[c]; }

// ---- what the invocations of a line found, brought together: the largest x, the sums of y and z
fn gather(v: vec3f, lid: u32) -> vec3f { return v; }
var<workgroup> tree: array<vec3f, WG>;
fn gather_tree(v: vec3f, lid: u32) -> vec3f {
  workgroupBarrier();
  tree[lid] = v;
  for (var half = WG / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lid < half) {
      let other = tree[lid + half];
      tree[lid] = vec3f(max(tree[lid].x, other.x), tree[lid].yz + other.yz);
    }
  }
  workgroupBarrier();
  return tree[0];
}

// ---- the number that terms are taken around
fn level(base: u32, line: u32, lid: u32) -> f32 { return 0.0; }
fn level_given(base: u32, line: u32, lid: u32) -> f32 { return given_a[line]; }
fn level_mean(base: u32, line: u32, lid: u32) -> f32 {
  var s = vec4f(0.0);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { s += mask(load_x(base, i), i, 0.0); }
  return gather(vec3f(0.0, sum4(s), 0.0), lid).y / f32(params.length);
}
const LARGEST: f32 = 3.4028234663852886e38;
// A NaN may get lost here: it comes back through the exponentials.
fn level_peak(base: u32, line: u32, lid: u32) -> f32 {
  var m = vec4f(-LARGEST);
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { m = max(m, mask(load_x(base, i), i, -LARGEST)); }
  return gather(vec3f(max(max(m.x, m.y), max(m.z, m.w)), 0.0, 0.0), lid).x;
}

// ---- two sums over the line
fn terms(base: u32, i: u32, middle: f32) -> mat2x4f { return mat2x4f(load_x(base, i), vec4f(0.0)); }
fn terms_both(base: u32, i: u32, middle: f32) -> mat2x4f { return mat2x4f(load_x(base, i), load_y(base, i)); }
fn terms_product(base: u32, i: u32, middle: f32) -> mat2x4f { return mat2x4f(load_x(base, i) * load_y(base, i), vec4f(0.0)); }
fn terms_exp(base: u32, i: u32, middle: f32) -> mat2x4f { return mat2x4f(exp_below(load_x(base, i) - middle), vec4f(0.0)); }
// An infinite element is its own sum, so that no difference of infinities is taken.
fn terms_logsum(base: u32, i: u32, middle: f32) -> mat2x4f {
  let v = load_x(base, i);
  return mat2x4f(select(exp_below(v - middle), vec4f(inf_f32()), bitcast<vec4u>(v) == vec4u(0x7f800000u)), vec4f(0.0));
}
fn terms_moments(base: u32, i: u32, middle: f32) -> mat2x4f {
  let v = load_x(base, i) - middle;
  return mat2x4f(v, v * v);
}
fn terms_slope(base: u32, i: u32, middle: f32) -> mat2x4f {
  let v = load_y(base, i) * weights(i);
  return mat2x4f(v, v * (load_x(base, i) - middle));
}
fn sums(base: u32, lid: u32, middle: f32) -> vec2f {
  var s = mat2x4f();
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) {
    let t = terms(base, i, middle);
    s += mat2x4f(mask(t[0], i, 0.0), mask(t[1], i, 0.0));
  }
  return gather(vec3f(0.0, sum4(s[0]), sum4(s[1])), lid).yz;
}
fn sums_none(base: u32, lid: u32, middle: f32) -> vec2f { return vec2f(0.0); }

// ---- what the map needs to know of the line: softmax
fn settle(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f { return vec4f(s, 0.0, 0.0); }
// A line without a finite largest element has no softmax.
fn checked(sum: f32, peak: f32) -> f32 { return nan_if(sum, is_inf(peak) || sum == 0.0); }
fn settle_exp(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f { return vec4f(middle, 1.0 / checked(s.x, middle), 0.0, 0.0); }
fn settle_log(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f { return vec4f(middle, log_f(checked(s.x, middle)), 0.0, 0.0); }
fn settle_logsum(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f {
  if (lid == 0u) { made_a[line] = middle + log_f(s.x); }
  return vec4f(0.0);
}

// ---- cross entropy: w[y] (lse − x[y]). Lines of the ignored class count nothing.
fn class_of(line: u32) -> u32 { return min(u32(max(classes[line], 0)), params.length - 1u); }
// NaN beyond the classes.
fn own_weight(line: u32) -> f32 {
  let c = class_of(line);
  return nan_if(weight_of(c), i32(c) != classes[line]);
}
fn settle_loss(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f {
  let log_total = log_f(checked(s.x, middle));
  if (lid == 0u) {
    let counts = classes[line] != params.ignored;
    let own = own_weight(line);
    let at = base + class_of(line) * params.inner;
    made_a[line] = select(0.0, own * ((middle - f32(x[at])) + log_total), counts);
    made_b[line] = select(0.0, own, counts);
  }
  return vec4f(0.0);
}
// The sum of all losses, or that over the sum of weights.
fn settle_total(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f {
  if (lid == 0u) {
    made_a[0] = s.x;
    made_b[0] = s.y;
  }
  return vec4f(0.0);
}
fn settle_average(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f {
  return settle_total(line, lid, vec2f(nan_if(s.x / s.y, s.y == 0.0), s.y), middle, base);
}
fn seed(line: u32) -> f32 { return params.slope; }
fn seed_given(line: u32) -> f32 { return given_a[line * params.channels]; }
fn settle_logit(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f {
  let slope = seed(line) / given_b[0] * own_weight(line);
  return vec4f(middle, slope / checked(s.x, middle), slope, f32(classes[line] != params.ignored));
}

// ---- layer and batch normalisation
fn made(at: u32, first: bool, center: f32, scale: f32) -> vec4f {
  if (first) {
    made_a[at] = center;
    made_b[at] = scale;
  }
  return vec4f(center, scale, 0.0, 0.0);
}
// Sums around a mean, whose own rounding they take out again.
fn settle_norm(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f {
  let m = s / f32(params.length);
  let variance = m.y - m.x * m.x;
  return made(line, lid == 0u, middle + m.x, 1.0 / sqrt_f(select(variance, 0.0, variance < 0.0) + params.eps));
}
// The same around 0: the root mean square.
fn settle_power(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f {
  return made(line, lid == 0u, 0.0, 1.0 / sqrt_f(s.y / f32(params.length) + params.eps));
}
// g · s.y + (x − s.x) · s.z + s.w
fn slope_of(center: f32, scale: f32, s: vec2f, n: f32, factor: f32) -> vec4f {
  let m = s / n * factor * scale;
  return vec4f(center, factor * scale, -m.y * scale * scale, -m.x);
}
fn settle_slope(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f {
  return slope_of(middle, given_b[line], s, f32(params.length), 1.0);
}
fn settle_power_slope(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f {
  return slope_of(0.0, given_b[line], vec2f(0.0, s.y), f32(params.length), 1.0);
}
fn channel(line: u32, center: f32, scale: f32) -> vec4f {
  let c = line % params.channels;
  return vec4f(center, scale * weight_of(c), bias_of(c), 0.0);
}
fn settle_batch(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f {
  let c = line % params.channels;
  return channel(line, given_a[c], given_b[c]);
}
// In evaluation the running variance is given.
fn settle_running(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f {
  let c = line % params.channels;
  let v = made(c, lid == 0u && line == c, given_a[c], 1.0 / sqrt_f(given_b[c] + params.eps));
  return channel(line, v.x, v.y);
}
fn settle_channel(line: u32, lid: u32, s: vec2f, middle: f32, base: u32) -> vec4f {
  let c = line % params.channels;
  let total = vec2f(given_sums[c], given_sums[params.channels + c] / given_b[c]);
  return slope_of(given_a[c], given_b[c], total, f32(params.lines / params.channels * params.length), weight_of(c));
}

// ---- the map
fn mapped(base: u32, i: u32, line: u32, s: vec4f) -> vec4f { return exp_below(load_x(base, i) - s.x) * s.y; }
fn mapped_log(base: u32, i: u32, line: u32, s: vec4f) -> vec4f { return (load_x(base, i) - s.x) - s.y; }
// x is the gradient, y what the forward pass gave.
fn mapped_product(base: u32, i: u32, line: u32, s: vec4f) -> vec4f { return load_y(base, i) * (load_x(base, i) - s.x); }
fn mapped_exp(base: u32, i: u32, line: u32, s: vec4f) -> vec4f { return load_x(base, i) - exp_below(load_y(base, i)) * s.x; }
fn mapped_logit(base: u32, i: u32, line: u32, s: vec4f) -> vec4f {
  let own = select(vec4f(0.0), vec4f(s.z), four(i) == vec4u(class_of(line)));
  // Ignored lines have no gradient, whatever their logits are.
  return select(vec4f(0.0), exp_below(load_x(base, i) - s.x) * s.y - own, s.w != 0.0);
}
fn mapped_norm(base: u32, i: u32, line: u32, s: vec4f) -> vec4f {
  return (load_x(base, i) - s.x) * s.y * weights(i) + (biases(i) + s.z);
}
fn mapped_slope(base: u32, i: u32, line: u32, s: vec4f) -> vec4f {
  return (load_y(base, i) * weights(i)) * s.y + ((load_x(base, i) - s.x) * s.z + s.w);
}
fn apply(base: u32, line: u32, lid: u32, s: vec4f) {
  for (var i = lid * 4u; i < params.length; i += STRIDE * 4u) { store(base, i, mapped(base, i, line, s)); }
}
fn apply_none(base: u32, line: u32, lid: u32, s: vec4f) {}

fn line_of(group: u32, lid: u32) -> u32 { return group * WG + lid; }
fn line_of_tree(group: u32, lid: u32) -> u32 { return group; }

@compute @workgroup_size(WG)
fn lines(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let line = line_of(wid.x + wid.y * nwg.x, lid);
  if (line >= params.lines) { return; }
  let base = (line / params.inner) * (params.length * params.inner) + line % params.inner;
  let lane = lid % STRIDE;
  let middle = level(base, line, lane);
  apply(base, line, lane, settle(line, lane, sums(base, lane, middle), middle, base));
}
