// Reductions over any dimensions of a strided view. Kept dimensions are seen as two (strides kept0, kept1), reduced ones as two
// (stride0, stride1); four lanes work side by side, on neighbours of the reduction, or with ACROSS on four outputs. A reduction is a set
// of functions: open and fold (elements into a part), close and merge (parts into lanes), emit. Here they are those of plain sums; the
// others further down stand in for them. Long reductions are cut into splits whose lanes go to `partials`; order and cuts depend on the
// shape alone.
const WG: u32 = 64u;
const STRIDE: u32 = 1u;  // steps from one of an invocation to its next: 1, or WG where a workgroup shares a group
const BLOCK: u32 = 32u;  // steps folded into one part: bounds the rounding error of long sums
const ACROSS: bool = false;
const ZERO: u32 = 0u;    // bits of what every reduction starts from

alias X = f32;           // stored elements
alias A = f32;           // accumulated elements
alias B = f32;           // second numbers of lanes: places or accumulated elements
alias Out = f32;
alias Lanes = vec4<A>;   // or Triple

struct Params {
  groups: u32, outer: u32, kept: u32, kept0: u32, kept1: u32,
  run: u32,              // elements of the inner reduced dimension
  steps: u32,            // steps it takes: a quarter of it when lanes lie along it
  total: u32,            // steps of the whole reduction
  stride0: u32, stride1: u32, offset: u32, splits: u32, chunk: u32,
  scale: f32, p: f32,
}
struct Triple { v: vec4<A>, w: vec4<B>, u: vec4f }

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

fn load(at: vec4u) -> vec4<X> { return vec4<X>(x[at.x], x[at.y], x[at.z], x[at.w]); }
fn load_vec4(at: vec4u) -> vec4<X> { return x4[at.x >> 2u]; }
fn load_y(at: vec4u) -> vec4f { return vec4f(y[at.x], y[at.y], y[at.z], y[at.w]); }
fn load_y_vec4(at: vec4u) -> vec4f { return y4[at.x >> 2u]; }

// ---- sums and extremes
fn zero() -> A {
  let bits = ZERO;
  return bitcast<A>(bits);
}
fn join(a: vec4<A>, b: vec4<A>) -> vec4<A> { return a + b; }
fn finish(v: A) -> Out { return Out(v); }
fn finish_mean(v: f32) -> f32 { return nan_if(v / params.scale, params.scale == 0.0); }

fn empty() -> Lanes { return vec4<A>(zero()); }
// What a part is measured from, beginning with the elements at `at`.
fn open(acc: Lanes, at: vec4u, group: u32) -> vec4f { return vec4f(0.0); }
fn fold(part: Lanes, at: vec4u, index: vec4u, origin: vec4f) -> Lanes { return join(part, vec4<A>(load(at))); }
fn close(part: Lanes, origin: vec4f) -> Lanes { return part; }
fn merge(a: Lanes, b: Lanes) -> Lanes { return join(a, b); }
fn pick(a: Lanes, b: Lanes, second: vec4<bool>) -> Lanes { return select(a, b, second); }
fn turn(l: Lanes) -> Lanes { return l.yzwx; }
fn emit(o: u32, l: Lanes) { out[o] = finish(l.x); }

// The largest or smallest: NaN wins.
fn beats(a: vec4<A>, b: vec4<A>) -> vec4<bool> { return a > b; }
fn beats_below(a: vec4<A>, b: vec4<A>) -> vec4<bool> { return a < b; }
fn odd(v: vec4<A>) -> vec4<bool> { return vec4<bool>(false); }
fn odd_nan(v: vec4f) -> vec4<bool> { return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }
fn join_best(a: vec4<A>, b: vec4<A>) -> vec4<A> { return select(a, b, (odd(b) | beats(b, a)) & !odd(a)); }

// ---- what works on triples of numbers
fn pick_triple(a: Triple, b: Triple, second: vec4<bool>) -> Triple {
  return Triple(select(a.v, b.v, second), select(a.w, b.w, second), select(a.u, b.u, second));
}
fn turn_triple(l: Triple) -> Triple { return Triple(l.v.yzwx, l.w.yzwx, l.u.yzwx); }
fn empty_triple() -> Triple { return Triple(vec4<A>(zero()), vec4<B>(), vec4f()); }

// Extremes with their places: of equal ones the first.
fn fold_ranked(part: Triple, at: vec4u, index: vec4u, origin: vec4f) -> Triple {
  return merge_ranked(part, Triple(vec4<A>(load(at)), index, vec4f()));
}
fn empty_ranked() -> Triple { return Triple(vec4<A>(zero()), vec4u(0xffffffffu), vec4f()); }
fn merge_ranked(a: Triple, b: Triple) -> Triple {
  let better = !odd(a.v) & (odd(b.v) | beats(b.v, a.v));
  let worse = !odd(b.v) & (odd(a.v) | beats(a.v, b.v));
  return pick_triple(a, b, better | (!worse & (b.w < a.w)));
}
fn emit_ranked(o: u32, l: Triple) { out[o] = Out(l.v.x); out_i[o] = i32(l.w.x); }
fn emit_place(o: u32, l: Triple) { out_i[o] = i32(l.w.x); }

// Count, mean and squared deviations. A part holds sums around an origin close to the mean; Chan's formula merges.
fn open_moments(acc: Triple, at: vec4u, group: u32) -> vec4f {
  let first = vec4f(load(at));
  return select(acc.w, select(first.xxxx, first, ACROSS), acc.v == vec4f());
}
fn fold_moments(part: Triple, at: vec4u, index: vec4u, origin: vec4f) -> Triple {
  let d = vec4f(load(at)) - origin;
  return Triple(part.v + 1.0, part.w + d, part.u + d * d);
}
fn close_moments(part: Triple, origin: vec4f) -> Triple {
  let mean = part.w / max(part.v, vec4f(1.0));
  let m2 = part.u - part.w * mean;
  return Triple(part.v, origin + mean, select(m2, vec4f(), m2 < vec4f()));
}
fn merge_moments(a: Triple, b: Triple) -> Triple {
  let n = a.v + b.v;
  let share = b.v / max(n, vec4f(1.0));
  let d = select(b.w - a.w, vec4f(), b.v == vec4f());
  let none = a.v == vec4f();
  return Triple(n, select(a.w + d * share, b.w, none), a.u + b.u + select(d * d * (a.v * share), vec4f(), none));
}
fn emit_variance(o: u32, l: Triple) {
  out[o] = Out(select(nan_if(inf_f32(), !(l.u.x > 0.0)), l.u.x / params.scale, params.scale > 0.0));
}
// Batch statistics: mean and 1 / sqrt(variance + eps).
fn emit_batch(o: u32, l: Triple) {
  out[o] = Out(l.w.x);
  out_b[o] = 1.0 / sqrt_f(l.u.x / l.v.x + params.scale);
}
fn emit_batch_running(o: u32, l: Triple) {
  emit_batch(o, l);
  running_mean[o] = running_mean[o] * (1.0 - params.p) + l.w.x * params.p;
  running_var[o] = running_var[o] * (1.0 - params.p) + l.u.x / (l.v.x - 1.0) * params.p;
}

// Sums of y and of y · (x − center) · rstd; center and rstd belong to the output, or to the element's row.
fn open_twin(acc: Triple, at: vec4u, group: u32) -> vec4f {
  let o = outputs_of(group);
  return vec4f(center[o.x], center[o.y], center[o.z], center[o.w]);
}
fn fold_twin(part: Triple, at: vec4u, index: vec4u, origin: vec4f) -> Triple {
  let g = load_y(at);
  return Triple(part.v + g, part.w + g * (vec4f(load(at)) - origin), vec4f());
}
fn fold_twin_rows(part: Triple, at: vec4u, index: vec4u, origin: vec4f) -> Triple {
  let g = load_y(at);
  return Triple(part.v + g, part.w + g * ((vec4f(load(at)) - center[index.x]) * rstd[index.x]), vec4f());
}
// The same where lanes lie along the rows.
fn fold_twin_each(part: Triple, at: vec4u, index: vec4u, origin: vec4f) -> Triple {
  let g = load_y(at);
  let middle = vec4f(center[index.x], center[index.y], center[index.z], center[index.w]);
  let scale = vec4f(rstd[index.x], rstd[index.y], rstd[index.z], rstd[index.w]);
  return Triple(part.v + g, part.w + g * ((vec4f(load(at)) - middle) * scale), vec4f());
}
fn merge_twin(a: Triple, b: Triple) -> Triple { return Triple(a.v + b.v, a.w + b.w, vec4f()); }
fn emit_twin(o: u32, l: Triple) { out[o] = Out(l.v.x); out[params.outer + o] = Out(l.w.x * rstd[o]); }
fn emit_twin_rows(o: u32, l: Triple) { out[o] = Out(l.v.x); out[params.outer + o] = Out(l.w.x); }

// ---- where lanes are
fn neighbours() -> vec4u { return vec4u(0u, 1u, 2u, 3u); }
fn hop() -> u32 { return select(4u, 1u, ACROSS); }
// The outputs of a group's lanes.
fn outputs_of(group: u32) -> vec4u {
  if (ACROSS) { return min(vec4u(group * 4u) + neighbours(), vec4u(params.outer - 1u)); }
  return vec4u(group);
}
fn lanes_at(group: u32) -> vec4u {
  if (ACROSS) {
    let o = outputs_of(group);
    return vec4u(params.offset) + (o / params.kept) * params.kept0 + (o % params.kept) * params.kept1;
  }
  let base = params.offset + (group / params.kept) * params.kept0 + (group % params.kept) * params.kept1;
  return vec4u(base) + neighbours() * params.stride1;
}
fn slot(group: u32, split: u32) -> u32 { return split * params.groups + group; }

fn deliver(group: u32, split: u32, given: Lanes) {
  var l = given;
  if (ACROSS) {
    for (var k = 0u; k < 4u; k++) {
      if (group * 4u + k < params.outer) { emit(group * 4u + k, l); }
      l = turn(l);
    }
  } else {
    l = merge(l, turn(turn(l)));
    emit(group, merge(l, turn(l)));
  }
}
fn deliver_part(group: u32, split: u32, l: Lanes) { parts[slot(group, split)] = l; }

// Lanes of every STRIDE-th of the steps [begin, end) of a group, folded block by block.
fn collect(group: u32, begin: u32, end: u32) -> Lanes {
  let base = lanes_at(group);
  let stride = params.stride1 * hop();
  let whole = select(params.run / 4u, params.run, ACROSS);
  var acc = empty();
  var i = begin;
  var a = begin / params.steps;
  var b = begin % params.steps;
  while (i < end) {
    // Steps left in the block, and those of them in which all four lanes hold elements.
    let count = min((min(end - i, params.steps - b) + STRIDE - 1u) / STRIDE, BLOCK);
    let full = min(count, (max(whole, b) - b + STRIDE - 1u) / STRIDE);
    var at = base + vec4u(a * params.stride0 + b * stride);
    var index = vec4u(a * params.run + b * hop()) + select(neighbours(), vec4u(), ACROSS);
    let origin = open(acc, at, group);
    var part = empty();
    for (var k = 0u; k < full; k++) {
      part = fold(part, at, index, origin);
      at += vec4u(stride * STRIDE);
      index += vec4u(hop() * STRIDE);
    }
    if (full < count) { part = pick(part, fold(part, at, index, origin), neighbours() < vec4u(params.run & 3u)); }
    acc = merge(acc, close(part, origin));
    i += count * STRIDE;
    b += count * STRIDE;
    if (b >= params.steps) {
      a += b / params.steps;
      b %= params.steps;
    }
  }
  return acc;
}
fn collect_partials(group: u32, begin: u32, end: u32) -> Lanes {
  var acc = empty();
  var i = begin;
  while (i < end) {
    var part = empty();
    for (var k = 0u; k < BLOCK && i < end; k++) {
      part = merge(part, partials[slot(group, i)]);
      i += STRIDE;
    }
    acc = merge(acc, part);
  }
  return acc;
}

// One invocation per group and split: no barriers.
@compute @workgroup_size(WG)
fn reduce(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let t = gid.x + gid.y * nwg.x * WG;
  let split = t / params.groups;
  if (split >= params.splits) { return; }
  let begin = split * params.chunk;
  let group = t % params.groups;
  deliver(group, split, collect(group, begin, min(begin + params.chunk, params.total)));
}

// One workgroup per group and split: lanes of all invocations meet in a tree.
var<workgroup> tree: array<Lanes, WG>;

@compute @workgroup_size(WG)
fn reduce_tree(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let t = wid.x + wid.y * nwg.x;
  let split = t / params.groups;
  if (split >= params.splits) { return; }
  let begin = split * params.chunk;
  let group = t % params.groups;
  tree[lid] = collect(group, begin + lid, min(begin + params.chunk, params.total));
  for (var width = WG / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lid < width) { tree[lid] = merge(tree[lid], tree[lid + width]); }
  }
  if (lid == 0u) { deliver(group, split, tree[0]); }
}
