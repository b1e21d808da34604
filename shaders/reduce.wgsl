// Reductions over any dimensions of a strided view. Kept dimensions are seen as two (strides kept0, kept1), reduced ones as two
// (stride0, stride1); four lanes work side by side, either on neighbours of the reduction (`lanes_along`) or on four outputs
// (`lanes_across`). A reduction is a set of functions: open, fold, close (elements into a part, a part into the lanes), merge, emit.
// Long reductions are cut into splits whose lanes go to `partials`; order and cuts depend on the shape alone.
const WG: u32 = 64u;
const BLOCK: u32 = 32u;  // steps folded into one part: bounds the rounding error of long sums

alias X = f32;           // stored elements
alias A = f32;           // accumulated elements
alias Out = f32;
alias Lanes = vec4<A>;
alias Part = vec4<A>;
alias Value = vec4<X>;

struct Params {
  groups: u32, outer: u32, kept: u32, kept0: u32, kept1: u32,
  run: u32,              // elements of the inner reduced dimension
  steps: u32,            // steps it takes: a quarter of it when lanes lie along it
  total: u32,            // steps of the whole reduction
  stride0: u32, stride1: u32, offset: u32, splits: u32, chunk: u32,
  scale: f32, p: f32,
}
struct Ranked { v: vec4<A>, i: vec4<u32> }
struct Moments { n: vec4f, mean: vec4f, m2: vec4f }
struct Shifted { n: vec4f, shift: vec4f, s: vec4f, q: vec4f }
struct Online { peak: vec4f, sum: vec4f }
struct Twin { x: vec4f, y: vec4f }
struct TwinPart { a: vec4f, b: vec4f, center: vec4f }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read> x4: array<vec4<X>>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read> y4: array<vec4f>;
@group(0) @binding(5) var<storage, read> center: array<f32>;
@group(0) @binding(6) var<storage, read> rstd: array<f32>;
@group(0) @binding(7) var<storage, read> partials: array<Lanes>;
@group(0) @binding(8) var<storage, read_write> parts: array<Lanes>;
@group(0) @binding(9) var<storage, read_write> out: array<Out>;
@group(0) @binding(10) var<storage, read_write> out_b: array<f32>;
@group(0) @binding(11) var<storage, read_write> out_i: array<i32>;
@group(0) @binding(12) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(13) var<storage, read_write> running_var: array<f32>;

// ---- elementary reductions: lift an element, join two
fn zero() -> A { return A(0); }
fn zero_one() -> A { return A(1); }
fn zero_lowest_f() -> f32 { return -inf_f32(); }
fn zero_highest_f() -> f32 { return inf_f32(); }
fn zero_lowest_i() -> i32 { return i32(-2147483647 - 1); }
fn zero_highest_i() -> i32 { return i32(2147483647); }

fn lift(v: vec4<X>) -> vec4<A> { return vec4<A>(v); }
fn lift_truth(v: vec4<X>) -> vec4<A> { return select(vec4<A>(1), vec4<A>(0), v == vec4<X>(0)); }
fn lift_to_int(v: vec4f) -> vec4<i32> { return vec4<i32>(to_i32(v.x), to_i32(v.y), to_i32(v.z), to_i32(v.w)); }
fn lift_square(v: vec4<X>) -> vec4<A> { let w = vec4<A>(v); return w * w; }
fn lift_abs(v: vec4<X>) -> vec4<A> { return abs(vec4<A>(v)); }
// |v| to the power y without pow_f's cases for negative bases, which SwiftShader compiles for minutes inside loops.
fn size_power(v: f32, y: f32) -> f32 {
  let edge = v == 0.0 || is_inf(v);
  return keep_nan(select(pow_positive(v, y), select(0.0, inf_f32(), (v == 0.0) != (y > 0.0)), edge), v);
}
fn lift_power(v: vec4<X>) -> vec4f {
  let w = abs(vec4f(v));
  return vec4f(size_power(w.x, params.p), size_power(w.y, params.p), size_power(w.z, params.p), size_power(w.w, params.p));
}

fn join(a: vec4<A>, b: vec4<A>) -> vec4<A> { return a + b; }
fn join_product(a: vec4<A>, b: vec4<A>) -> vec4<A> { return a * b; }
fn join_max(a: vec4<A>, b: vec4<A>) -> vec4<A> { return max(a, b); }
fn join_min(a: vec4<A>, b: vec4<A>) -> vec4<A> { return min(a, b); }
fn nan4(v: vec4f) -> vec4<bool> { return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }
fn keep_nan4(v: vec4f, a: vec4f, b: vec4f) -> vec4f {
  return bitcast<vec4f>(select(select(bitcast<vec4u>(v), bitcast<vec4u>(b), nan4(b)), bitcast<vec4u>(a), nan4(a)));
}
fn join_max_f(a: vec4f, b: vec4f) -> vec4f { return keep_nan4(select(b, a, a > b), a, b); }
fn join_min_f(a: vec4f, b: vec4f) -> vec4f { return keep_nan4(select(b, a, a < b), a, b); }

fn finish(v: A) -> Out { return Out(v); }
fn finish_truth(v: A) -> Out { return select(Out(1), Out(0), v == A(0)); }
fn finish_byte(v: A) -> Out { return Out(u32(v) & 255u); }
fn finish_mean(v: f32) -> f32 { return nan_if(v / params.scale, params.scale == 0.0); }
fn finish_sqrt(v: f32) -> f32 { return sqrt_f(v); }
fn finish_power(v: f32) -> f32 { return size_power(v, params.scale); }

fn empty() -> Lanes { return vec4<A>(zero()); }
fn open(acc: Lanes, first: Value, o: u32) -> Part { return vec4<A>(zero()); }
fn fold(part: Part, v: Value, index: vec4u) -> Part { return join(part, lift(v)); }
fn fold_some(part: Part, v: Value, index: vec4u, valid: vec4<bool>) -> Part { return select(part, join(part, lift(v)), valid); }
fn close(acc: Lanes, part: Part) -> Lanes { return join(acc, part); }
fn merge(a: Lanes, b: Lanes) -> Lanes { return join(a, b); }
fn far(l: Lanes) -> Lanes { return l.zwxy; }
fn near(l: Lanes) -> Lanes { return l.yxwz; }
fn emit(o: u32, l: Lanes) { out[o] = finish(l.x); }
fn emit4(o: u32, l: Lanes) {
  out[o] = finish(l.x);
  if (o + 1u < params.outer) { out[o + 1u] = finish(l.y); }
  if (o + 2u < params.outer) { out[o + 2u] = finish(l.z); }
  if (o + 3u < params.outer) { out[o + 3u] = finish(l.w); }
}

// ---- largest or smallest element with its place: NaN wins, then the first
fn beats(a: vec4<A>, b: vec4<A>) -> vec4<bool> { return a > b; }
fn beats_below(a: vec4<A>, b: vec4<A>) -> vec4<bool> { return a < b; }
fn odd(v: vec4<A>) -> vec4<bool> { return vec4<bool>(false); }
fn odd_nan(v: vec4f) -> vec4<bool> { return nan4(v); }
fn empty_ranked() -> Ranked { return Ranked(vec4<A>(zero()), vec4<u32>(0xffffffffu)); }
fn open_ranked(acc: Ranked, first: vec4<X>, o: u32) -> Ranked { return acc; }
fn ranked_or(a: Ranked, b: Ranked, valid: vec4<bool>) -> Ranked {
  let level = (odd(a.v) & odd(b.v)) | (!odd(a.v) & !odd(b.v) & !beats(a.v, b.v) & !beats(b.v, a.v));
  let take = valid & ((odd(b.v) & !odd(a.v)) | (!odd(a.v) & beats(b.v, a.v)) | (level & (b.i < a.i)));
  return Ranked(select(a.v, b.v, take), select(a.i, b.i, take));
}
fn fold_ranked(part: Ranked, v: vec4<X>, index: vec4u) -> Ranked { return ranked_or(part, Ranked(vec4<A>(v), index), vec4<bool>(true)); }
fn fold_some_ranked(part: Ranked, v: vec4<X>, index: vec4u, valid: vec4<bool>) -> Ranked {
  return ranked_or(part, Ranked(vec4<A>(v), index), valid);
}
fn close_ranked(acc: Ranked, part: Ranked) -> Ranked { return part; }
fn merge_ranked(a: Ranked, b: Ranked) -> Ranked { return ranked_or(a, b, vec4<bool>(true)); }
fn far_ranked(l: Ranked) -> Ranked { return Ranked(l.v.zwxy, l.i.zwxy); }
fn near_ranked(l: Ranked) -> Ranked { return Ranked(l.v.yxwz, l.i.yxwz); }
fn emit_ranked(o: u32, l: Ranked) { out[o] = Out(l.v.x); out_i[o] = i32(l.i.x); }
fn emit4_ranked(o: u32, l: Ranked) {
  emit_ranked(o, l);
  if (o + 1u < params.outer) { emit_ranked(o + 1u, near_ranked(l)); }
  if (o + 2u < params.outer) { emit_ranked(o + 2u, far_ranked(l)); }
  if (o + 3u < params.outer) { emit_ranked(o + 3u, near_ranked(far_ranked(l))); }
}
fn emit_place(o: u32, l: Ranked) { out_i[o] = i32(l.i.x); }
fn emit4_place(o: u32, l: Ranked) {
  out_i[o] = i32(l.i.x);
  if (o + 1u < params.outer) { out_i[o + 1u] = i32(l.i.y); }
  if (o + 2u < params.outer) { out_i[o + 2u] = i32(l.i.z); }
  if (o + 3u < params.outer) { out_i[o + 3u] = i32(l.i.w); }
}

// ---- mean and squared deviations: sums around a shift close to the mean, then Chan's merging
fn empty_moments() -> Moments { return Moments(vec4f(0.0), vec4f(0.0), vec4f(0.0)); }
fn open_moments(acc: Moments, first: vec4<X>, o: u32) -> Shifted {
  return Shifted(vec4f(0.0), select(vec4f(acc.mean), first_shift(first), acc.n == vec4f(0.0)), vec4f(0.0), vec4f(0.0));
}
fn first_shift(first: vec4<X>) -> vec4f { return vec4f(f32(first.x)); }
fn first_shift_across(first: vec4<X>) -> vec4f { return vec4f(first); }
fn fold_moments(part: Shifted, v: vec4<X>, index: vec4u) -> Shifted {
  let d = vec4f(v) - part.shift;
  return Shifted(part.n + 1.0, part.shift, part.s + d, part.q + d * d);
}
fn fold_some_moments(part: Shifted, v: vec4<X>, index: vec4u, valid: vec4<bool>) -> Shifted {
  let d = select(vec4f(0.0), vec4f(v) - part.shift, valid);
  return Shifted(part.n + select(vec4f(0.0), vec4f(1.0), valid), part.shift, part.s + d, part.q + d * d);
}
fn close_moments(acc: Moments, part: Shifted) -> Moments {
  let mean = part.s / max(part.n, vec4f(1.0));
  let m2 = part.q - part.s * mean;
  return merge_moments(acc, Moments(part.n, part.shift + mean, select(m2, vec4f(0.0), m2 < vec4f(0.0))));
}
fn merge_moments(a: Moments, b: Moments) -> Moments {
  let n = a.n + b.n;
  let share = b.n / max(n, vec4f(1.0));
  let d = select(b.mean - a.mean, vec4f(0.0), b.n == vec4f(0.0));
  let mean = select(a.mean + d * share, b.mean, a.n == vec4f(0.0));
  return Moments(n, mean, a.m2 + b.m2 + select(d * d * (a.n * share), vec4f(0.0), a.n == vec4f(0.0)));
}
fn far_moments(l: Moments) -> Moments { return Moments(l.n.zwxy, l.mean.zwxy, l.m2.zwxy); }
fn near_moments(l: Moments) -> Moments { return Moments(l.n.yxwz, l.mean.yxwz, l.m2.yxwz); }
fn variance(m2: f32) -> f32 {
  if (params.scale > 0.0) { return m2 / params.scale; }
  return nan_if(inf_f32(), !(m2 > 0.0));
}
fn write_moments(o: u32, n: f32, mean: f32, m2: f32) { out[o] = Out(variance(m2)); }
fn write_deviation(o: u32, n: f32, mean: f32, m2: f32) { out[o] = Out(sqrt_f(variance(m2))); }
// Batch statistics: mean and 1 / sqrt(variance + eps).
fn write_batch(o: u32, n: f32, mean: f32, m2: f32) {
  out[o] = Out(mean);
  out_b[o] = 1.0 / sqrt_f(m2 / n + params.scale);
}
fn write_batch_running(o: u32, n: f32, mean: f32, m2: f32) {
  write_batch(o, n, mean, m2);
  running_mean[o] = running_mean[o] * (1.0 - params.p) + mean * params.p;
  running_var[o] = running_var[o] * (1.0 - params.p) + m2 / (n - 1.0) * params.p;
}
fn emit_moments(o: u32, l: Moments) { write_moments(o, l.n.x, l.mean.x, l.m2.x); }
fn emit4_moments(o: u32, l: Moments) {
  write_moments(o, l.n.x, l.mean.x, l.m2.x);
  if (o + 1u < params.outer) { write_moments(o + 1u, l.n.y, l.mean.y, l.m2.y); }
  if (o + 2u < params.outer) { write_moments(o + 2u, l.n.z, l.mean.z, l.m2.z); }
  if (o + 3u < params.outer) { write_moments(o + 3u, l.n.w, l.mean.w, l.m2.w); }
}

// ---- the largest element and the sum of exponentials relative to it, in one pass
const LARGEST: f32 = 3.4028234663852886e38;
fn empty_online() -> Online { return Online(vec4f(-LARGEST), vec4f(0.0)); }
fn open_online(acc: Online, first: vec4<X>, o: u32) -> Online { return acc; }
fn fold_online(part: Online, v: vec4<X>, index: vec4u) -> Online { return fold_some_online(part, v, index, vec4<bool>(true)); }
fn fold_some_online(part: Online, given: vec4<X>, index: vec4u, valid: vec4<bool>) -> Online {
  let raw = vec4f(given);
  let v = select(raw, vec4f(LARGEST), raw > vec4f(LARGEST));
  let up = v > part.peak;
  let e = exp_below(select(v - part.peak, part.peak - v, up));
  let sum = select(part.sum + e, part.sum * e + 1.0, up);
  return Online(select(part.peak, v, up & valid), select(part.sum, sum, valid));
}
fn close_online(acc: Online, part: Online) -> Online { return part; }
fn merge_online(a: Online, b: Online) -> Online {
  let peak = select(b.peak, a.peak, a.peak > b.peak);
  return Online(peak, a.sum * exp_below(a.peak - peak) + b.sum * exp_below(b.peak - peak));
}
fn far_online(l: Online) -> Online { return Online(l.peak.zwxy, l.sum.zwxy); }
fn near_online(l: Online) -> Online { return Online(l.peak.yxwz, l.sum.yxwz); }
fn write_online(o: u32, peak: f32, sum: f32) {
  let v = peak + log_f(sum);
  out[o] = Out(keep_nan(select(v, inf_f32(), peak >= LARGEST), sum));
}
// What softmax needs: rows without a finite largest element become NaN.
fn write_online_pair(o: u32, peak: f32, sum: f32) {
  out[o] = Out(peak);
  out_b[o] = nan_if(sum, peak >= LARGEST || sum == 0.0);
}
fn emit_online(o: u32, l: Online) { write_online(o, l.peak.x, l.sum.x); }
fn emit4_online(o: u32, l: Online) {
  write_online(o, l.peak.x, l.sum.x);
  if (o + 1u < params.outer) { write_online(o + 1u, l.peak.y, l.sum.y); }
  if (o + 2u < params.outer) { write_online(o + 2u, l.peak.z, l.sum.z); }
  if (o + 3u < params.outer) { write_online(o + 3u, l.peak.w, l.sum.w); }
}

// ---- sums of y and of y · (x − center) · rstd; center and rstd belong to the output, or to the element's row
fn empty_twin() -> Twin { return Twin(vec4f(0.0), vec4f(0.0)); }
fn open_twin(acc: Twin, first: Twin, o: u32) -> TwinPart { return TwinPart(vec4f(0.0), vec4f(0.0), vec4f(center[o])); }
fn open_twin_across(acc: Twin, first: Twin, o: u32) -> TwinPart {
  let last = params.outer - 1u;
  let c = vec4f(center[o], center[min(o + 1u, last)], center[min(o + 2u, last)], center[min(o + 3u, last)]);
  return TwinPart(vec4f(0.0), vec4f(0.0), c);
}
fn open_twin_rows(acc: Twin, first: Twin, o: u32) -> TwinPart { return TwinPart(vec4f(0.0), vec4f(0.0), vec4f(0.0)); }
fn fold_twin(part: TwinPart, v: Twin, index: vec4u) -> TwinPart {
  return TwinPart(part.a + v.y, part.b + v.y * (v.x - part.center), part.center);
}
fn fold_twin_rows(part: TwinPart, v: Twin, index: vec4u) -> TwinPart {
  return TwinPart(part.a + v.y, part.b + v.y * ((v.x - center[index.x]) * rstd[index.x]), part.center);
}
fn fold_some_twin(part: TwinPart, v: Twin, index: vec4u, valid: vec4<bool>) -> TwinPart {
  let y = select(vec4f(0.0), v.y, valid);
  return TwinPart(part.a + y, part.b + y * select(vec4f(0.0), v.x - part.center, valid), part.center);
}
fn close_twin(acc: Twin, part: TwinPart) -> Twin { return Twin(acc.x + part.a, acc.y + part.b); }
fn merge_twin(a: Twin, b: Twin) -> Twin { return Twin(a.x + b.x, a.y + b.y); }
fn far_twin(l: Twin) -> Twin { return Twin(l.x.zwxy, l.y.zwxy); }
fn near_twin(l: Twin) -> Twin { return Twin(l.x.yxwz, l.y.yxwz); }
fn write_twin(o: u32, a: f32, b: f32) { out[o] = Out(a); out[params.outer + o] = Out(b * rstd[o]); }
fn write_twin_rows(o: u32, a: f32, b: f32) { out[o] = Out(a); out[params.outer + o] = Out(b); }
fn emit_twin(o: u32, l: Twin) { write_twin(o, l.x.x, l.y.x); }
fn emit4_twin(o: u32, l: Twin) {
  write_twin(o, l.x.x, l.y.x);
  if (o + 1u < params.outer) { write_twin(o + 1u, l.x.y, l.y.y); }
  if (o + 2u < params.outer) { write_twin(o + 2u, l.x.z, l.y.z); }
  if (o + 3u < params.outer) { write_twin(o + 3u, l.x.w, l.y.w); }
}

// ---- where lanes are
fn base_of(o: u32) -> u32 { return params.offset + (o / params.kept) * params.kept0 + (o % params.kept) * params.kept1; }
fn lanes_at(group: u32) -> vec4u { return vec4u(base_of(group)) + vec4u(0u, 1u, 2u, 3u) * params.stride1; }
fn lanes_at_across(group: u32) -> vec4u {
  let last = params.outer - 1u;
  let o = group * 4u;
  return vec4u(base_of(o), base_of(min(o + 1u, last)), base_of(min(o + 2u, last)), base_of(min(o + 3u, last)));
}
fn step_size() -> u32 { return params.stride1 * 4u; }
fn step_size_across() -> u32 { return params.stride1; }
// Steps of a run in which all four lanes hold elements.
fn whole_steps() -> u32 { return params.run / 4u; }
fn whole_steps_across() -> u32 { return params.run; }
fn place(a: u32, b: u32) -> vec4u { return vec4u(a * params.run + b * 4u) + vec4u(0u, 1u, 2u, 3u); }
fn place_across(a: u32, b: u32) -> vec4u { return vec4u(a * params.run + b); }
fn place_step() -> u32 { return 4u; }
fn place_step_across() -> u32 { return 1u; }
fn output_of(group: u32) -> u32 { return group; }
fn output_of_across(group: u32) -> u32 { return group * 4u; }
fn slot(group: u32, split: u32) -> u32 { return group * params.splits + split; }
fn slot_across(group: u32, split: u32) -> u32 { return split * params.groups + group; }
// (group, split) of a work item: neighbours share memory lines.
fn item(t: u32) -> vec2u { return vec2u(t / params.splits, t % params.splits); }
fn item_across(t: u32) -> vec2u { return vec2u(t % params.groups, t / params.groups); }
fn load(at: vec4u) -> Value { return vec4<X>(x[at.x], x[at.y], x[at.z], x[at.w]); }
fn load_vec4(at: vec4u) -> vec4<X> { return x4[at.x >> 2u]; }
fn load_twin(at: vec4u) -> Twin {
  return Twin(vec4f(f32(x[at.x]), f32(x[at.y]), f32(x[at.z]), f32(x[at.w])), vec4f(y[at.x], y[at.y], y[at.z], y[at.w]));
}
fn load_twin_vec4(at: vec4u) -> Twin { return Twin(vec4f(x4[at.x >> 2u]), y4[at.x >> 2u]); }

fn deliver(group: u32, split: u32, l: Lanes) {
  let half = merge(l, far(l));
  emit(group, merge(half, near(half)));
}
fn deliver_across(group: u32, split: u32, l: Lanes) { emit4(group * 4u, l); }
fn deliver_part(group: u32, split: u32, l: Lanes) { parts[slot(group, split)] = l; }

// Lanes of the steps [begin, end) of a group, folded block by block.
fn sweep(group: u32, begin: u32, end: u32) -> Lanes {
  let base = lanes_at(group);
  let stride = step_size();
  let whole = whole_steps();
  var acc = empty();
  var i = begin;
  var a = begin / params.steps;
  var b = begin - a * params.steps;
  while (i < end) {
    let count = min(min(end - i, params.steps - b), BLOCK);
    let full = min(count, select(0u, whole - b, b < whole));
    var at = base + vec4u(a * params.stride0 + b * stride);
    var index = place(a, b);
    var part = open(acc, load(at), output_of(group));
    for (var k = 0u; k < full; k += 1u) {
      part = fold(part, load(at), index);
      at += vec4u(stride);
      index += vec4u(place_step());
    }
    if (full < count) { part = fold_some(part, load(at), index, vec4u(0u, 1u, 2u, 3u) < vec4u(params.run & 3u)); }
    acc = close(acc, part);
    i += count;
    b += count;
    if (b == params.steps) { b = 0u; a += 1u; }
  }
  return acc;
}

// One invocation per group and split: no barriers.
@compute @workgroup_size(WG)
fn reduce(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let t = gid.x + gid.y * nwg.x * WG;
  if (t >= params.groups * params.splits) { return; }
  let at = item(t);
  let begin = at.y * params.chunk;
  deliver(at.x, at.y, sweep(at.x, begin, min(begin + params.chunk, params.total)));
}

@compute @workgroup_size(WG)
fn reduce_partials(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let group = gid.x + gid.y * nwg.x * WG;
  if (group >= params.groups) { return; }
  var acc = empty();
  for (var begin = 0u; begin < params.splits; begin += BLOCK) {
    var block = partials[slot(group, begin)];
    for (var s = begin + 1u; s < min(begin + BLOCK, params.splits); s += 1u) { block = merge(block, partials[slot(group, s)]); }
    acc = merge(acc, block);
  }
  deliver(group, 0u, acc);
}

// One workgroup per group and split: lanes of all invocations meet in a tree.
var<workgroup> tree: array<Lanes, WG>;

fn gather_tree(own: Lanes, lid: u32) -> Lanes {
  tree[lid] = own;
  for (var width = WG / 2u; width > 0u; width = width / 2u) {
    workgroupBarrier();
    if (lid < width) { tree[lid] = merge(tree[lid], tree[lid + width]); }
  }
  return tree[0];
}

@compute @workgroup_size(WG)
fn reduce_tree(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let t = wid.x + wid.y * nwg.x;
  if (t >= params.groups * params.splits) { return; }
  let at = item(t);
  let end = min((at.y + 1u) * params.chunk, params.total);
  let base = lanes_at(at.x);
  let whole = whole_steps();
  var acc = empty();
  var i = at.y * params.chunk + lid;
  while (i < end) {
    var part = open(acc, load(base + vec4u((i / params.steps) * params.stride0 + (i % params.steps) * step_size())), output_of(at.x));
    for (var k = 0u; k < BLOCK && i < end; k += 1u) {
      let a = i / params.steps;
      let b = i - a * params.steps;
      let v = load(base + vec4u(a * params.stride0 + b * step_size()));
      if (b < whole) { part = fold(part, v, place(a, b)); }
      else { part = fold_some(part, v, place(a, b), vec4u(0u, 1u, 2u, 3u) < vec4u(params.run & 3u)); }
      i += WG;
    }
    acc = close(acc, part);
  }
  let all = gather_tree(acc, lid);
  if (lid == 0u) { deliver(at.x, at.y, all); }
}

@compute @workgroup_size(WG)
fn reduce_partials_tree(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let group = wid.x + wid.y * nwg.x;
  if (group >= params.groups) { return; }
  var acc = empty();
  for (var s = lid; s < params.splits; s += WG) { acc = merge(acc, partials[slot(group, s)]); }
  let all = gather_tree(acc, lid);
  if (lid == 0u) { deliver(group, 0u, all); }
}
