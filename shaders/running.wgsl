// Running extremes with their places, and running logarithms of sums of exponentials, along the middle dimension of [outer, length, inner].
// Few long lines are cut into blocks: each runs by itself, then their ends run, and then every block takes in the end of the one before it.
const WG: u32 = 64u;
alias Scalar = f32;

struct Params { rows: u32, inner: u32, length: u32, block: u32, blocks: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Scalar>;
@group(0) @binding(2) var<storage, read_write> out: array<Scalar>;
@group(0) @binding(3) var<storage, read_write> indices: array<i32>;

// What has run up to here.
var<private> value: Scalar;
var<private> place: i32;

// Whether v, which comes later, takes the place of the best. Of equals the last stands; a NaN stays until the next one.
fn beats(v: Scalar, best: Scalar) -> bool { return v >= best; }
fn beats_below(v: Scalar, best: Scalar) -> bool { return v <= best; }
fn beats_float(v: Scalar, best: Scalar) -> bool { return is_nan(v) || (!is_nan(best) && v >= best); }
fn beats_below_float(v: Scalar, best: Scalar) -> bool { return is_nan(v) || (!is_nan(best) && v <= best); }

// Takes in what comes next.
fn join(v: Scalar, at: i32) {
  if (beats(v, value)) {
    value = v;
    place = at;
  }
}
fn join_log(v: Scalar, at: i32) { value = logaddexp_f(value, v); }

// The place that stands at e, and putting down what has run.
fn place_at(e: u32) -> i32 { return indices[e]; }
fn place_none(e: u32) -> i32 { return 0; }
fn put(e: u32) {
  out[e] = value;
  indices[e] = place;
}
fn put_value(e: u32) { out[e] = value; }

fn element(row: u32, i: u32) -> u32 { return (row / params.inner * params.length + i) * params.inner + row % params.inner; }
fn end_of(block: u32) -> u32 { return min((block + 1u) * params.block, params.length) - 1u; }
fn resume(e: u32) {
  value = out[e];
  place = place_at(e);
}

@compute @workgroup_size(WG)
fn blocks(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let k = gid.x + gid.y * nwg.x * WG;
  if (k >= params.rows * params.blocks) { return; }
  let row = k / params.blocks;
  let start = k % params.blocks * params.block;
  for (var i = start; i <= end_of(k % params.blocks); i++) {
    let e = element(row, i);
    if (i == start) {
      value = x[e];
      place = i32(i);
    } else { join(x[e], i32(i)); }
    put(e);
  }
}

@compute @workgroup_size(WG)
fn ends(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let row = gid.x + gid.y * nwg.x * WG;
  if (row >= params.rows) { return; }
  resume(element(row, end_of(0u)));
  for (var b = 1u; b < params.blocks; b++) {
    let e = element(row, end_of(b));
    join(out[e], place_at(e));
    put(e);
  }
}

@compute @workgroup_size(WG)
fn rest(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let k = gid.x + gid.y * nwg.x * WG;
  if (k >= params.rows * (params.blocks - 1u)) { return; }
  let row = k / (params.blocks - 1u);
  let b = k % (params.blocks - 1u) + 1u;
  for (var i = b * params.block; i < end_of(b); i++) {
    let e = element(row, i);
    resume(element(row, end_of(b - 1u)));
    join(out[e], place_at(e));
    put(e);
  }
}
