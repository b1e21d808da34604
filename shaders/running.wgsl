// Running extremes with their places, and running logarithms of sums of exponentials, along the middle dimension of [outer, length, inner];
// one invocation per line.
const WG: u32 = 64u;
alias Scalar = f32;

struct Params { rows: u32, inner: u32, length: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Scalar>;
@group(0) @binding(2) var<storage, read_write> out: array<Scalar>;
@group(0) @binding(3) var<storage, read_write> indices: array<i32>;

// Whether v takes the place of the best so far. Of equals the last stands; a NaN stays until the next one.
fn beats(v: Scalar, best: Scalar) -> bool { return v >= best; }
fn beats_below(v: Scalar, best: Scalar) -> bool { return v <= best; }
fn beats_float(v: Scalar, best: Scalar) -> bool { return is_nan(v) || (!is_nan(best) && v >= best); }
fn beats_below_float(v: Scalar, best: Scalar) -> bool { return is_nan(v) || (!is_nan(best) && v <= best); }

fn first_of(row: u32) -> u32 { return (row / params.inner) * params.length * params.inner + row % params.inner; }

@compute @workgroup_size(WG)
fn extremes(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let row = gid.x + gid.y * nwg.x * WG;
  if (row >= params.rows) { return; }
  var at = first_of(row);
  var best = Scalar(0);
  var place = 0u;
  for (var i = 0u; i < params.length; i++) {
    let v = x[at];
    if (i == 0u || beats(v, best)) {
      best = v;
      place = i;
    }
    out[at] = best;
    indices[at] = i32(place);
    at += params.inner;
  }
}

// log Σ exp of what has come so far.
@compute @workgroup_size(WG)
fn log_sums(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let row = gid.x + gid.y * nwg.x * WG;
  if (row >= params.rows) { return; }
  var at = first_of(row);
  var sum = -inf_f32();
  for (var i = 0u; i < params.length; i++) {
    sum = logaddexp_f(sum, x[at]);
    out[at] = sum;
    at += params.inner;
  }
}
