// Connectionist temporal classification: sums over all paths through labels with blanks between them, on the log scale, and the slopes.
// Source: Graves et al. 2006. Every item has so many steps (frames) and targets, from its start on.
const WG: u32 = 64u;
const BACK: bool = false; // paths are walked from their ends

struct Params { steps: u32, batch: u32, classes: u32, blank: i32, width: u32, count: u32, finite: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [steps, batch, classes]
@group(0) @binding(2) var<storage, read> targets: array<i32>;
@group(0) @binding(3) var<storage, read> items: array<i32>; // [3, batch]: starts, frames, lengths; devices bind no more than 8
@group(0) @binding(4) var<storage, read> ahead: array<f32>; // [batch, steps, width]
@group(0) @binding(5) var<storage, read> back: array<f32>;
@group(0) @binding(6) var<storage, read> ends: array<f32>;
@group(0) @binding(7) var<storage, read> g: array<f32>;
@group(0) @binding(8) var<storage, read_write> paths: array<f32>; // [batch, steps, width]
@group(0) @binding(9) var<storage, read_write> losses: array<f32>;
@group(0) @binding(10) var<storage, read_write> out: array<f32>;

fn is_nothing(v: f32) -> bool { return bitcast<u32>(v) == 0xff800000u; }

fn log_sum(a: f32, b: f32, c: f32) -> f32 {
  let m = max_nan(max_nan(a, b), c);
  if (is_nothing(m)) { return m; }
  return m + log_f(exp_f(a - m) + exp_f(b - m) + exp_f(c - m));
}

fn steps_of(n: u32) -> u32 { return min(u32(items[params.batch + n]), params.steps); }
fn places_of(n: u32) -> u32 { return 2u * u32(items[2u * params.batch + n]) + 1u; }

// Blanks stand at the even places. No class stands for what is not there.
fn label(n: u32, s: u32) -> i32 {
  if (s % 2u == 0u) { return params.blank; }
  let at = u32(items[n]) + s / 2u;
  if (at >= params.count) { return -1; }
  return targets[at];
}

fn chance(n: u32, t: u32, class_index: i32) -> f32 {
  if (u32(class_index) >= params.classes) { return nan_f32(); }
  return x[(t * params.batch + n) * params.classes + u32(class_index)];
}

// One workgroup per item: of every place the log of what all paths to it have, step by step. Forwards also the loss.
@compute @workgroup_size(WG)
fn trellis(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) lid: u32) {
  let n = wid.x + wid.y * nwg.x;
  if (n >= params.batch) { return; }
  let last = steps_of(n);
  let places = places_of(n);
  let nothing = -inf_f32();
  for (var i = 0u; i < last; i++) {
    let t = select(i, last - 1u - i, BACK);
    let row = (n * params.steps + t) * params.width;
    let before = (n * params.steps + select(t - 1u, t + 1u, BACK)) * params.width;
    for (var j = lid; j < places; j += WG) {
      let s = select(j, places - 1u - j, BACK);
      let own = label(n, s);
      var sum = select(nothing, 0.0, j < 2u);
      if (i > 0u) {
        var near = nothing;
        var far = nothing;
        if (j > 0u) { near = paths[before + select(s - 1u, s + 1u, BACK)]; }
        if (j > 1u) {
          let two = select(s - 2u, s + 2u, BACK);
          if (label(n, two) != own) { far = paths[before + two]; }
        }
        sum = log_sum(paths[before + s], near, far);
      }
      paths[row + s] = sum + chance(n, t, own);
    }
    storageBarrier();
  }
  if (BACK || lid > 0u) { return; }
  var last_two = vec2f(nothing);
  if (last > 0u) {
    let row = (n * params.steps + last - 1u) * params.width + places;
    last_two.x = paths[row - 1u];
    if (places > 1u) { last_two.y = paths[row - 2u]; }
  } else if (places == 1u) { last_two.x = 0.0; }
  losses[n] = -log_sum(last_two.x, last_two.y, nothing);
}

// One invocation per step of an item: g · (eˣ − the share of all paths that passes each class), 0 beyond the last step.
@compute @workgroup_size(WG)
fn slopes(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= params.steps * params.batch) { return; }
  let n = i % params.batch;
  let t = i / params.batch;
  let at = i * params.classes;
  let loss = ends[n];
  let counts = t < steps_of(n) && !(params.finite == 1u && is_nothing(-loss));
  for (var c = 0u; c < params.classes; c++) { out[at + c] = select(0.0, exp_f(x[at + c]), counts); }
  if (!counts) { return; }
  let row = (n * params.steps + t) * params.width;
  let places = places_of(n);
  for (var s = 0u; s < places; s++) {
    let own = label(n, s);
    let here = chance(n, t, own);
    // Both sums hold this step; a class without a chance has no share.
    if (u32(own) < params.classes && !(is_nothing(here) && !is_nothing(-loss))) {
      out[at + u32(own)] -= exp_f(ahead[row + s] + back[row + s] - here + loss);
    }
  }
  for (var c = 0u; c < params.classes; c++) { out[at + c] *= g[n]; }
}
