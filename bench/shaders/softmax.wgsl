// Softmax of rows, two ways: a row per invocation without barriers, and a row per workgroup with a tree.
// The number of columns must be a multiple of four; inputs are finite.

struct Params {
  rows: u32,
  columns4: u32,
}

const LANES: u32 = 64u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

var<workgroup> partial: array<f32, LANES>;

fn largest(v: vec4f) -> f32 {
  return max(max(v.x, v.y), max(v.z, v.w));
}

fn total(v: vec4f) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}

@compute @workgroup_size(64)
fn softmax_serial(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.rows) {
    return;
  }
  let start = id.x * params.columns4;
  var top = x[start];
  for (var i = 1u; i < params.columns4; i++) {
    top = max(top, x[start + i]);
  }
  let peak = largest(top);
  var sums = vec4f();
  for (var i = 0u; i < params.columns4; i++) {
    let e = exp(x[start + i] - peak);
    sums += e;
    y[start + i] = e;
  }
  let scale = 1.0 / total(sums);
  for (var i = 0u; i < params.columns4; i++) {
    y[start + i] = y[start + i] * scale;
  }
}

fn reduce(lane: u32, value: f32, take_largest: bool) -> f32 {
  partial[lane] = value;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      let other = partial[lane + half];
      partial[lane] = select(partial[lane] + other, max(partial[lane], other), take_largest);
    }
    workgroupBarrier();
  }
  let result = partial[0];
  workgroupBarrier();
  return result;
}

@compute @workgroup_size(64)
fn softmax_tree(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let start = group.x * params.columns4;
  var top = vec4f(-3.4e38);
  for (var i = lane; i < params.columns4; i += LANES) {
    top = max(top, x[start + i]);
  }
  let peak = reduce(lane, largest(top), true);
  var sums = vec4f();
  for (var i = lane; i < params.columns4; i += LANES) {
    sums += exp(x[start + i] - peak);
  }
  let scale = 1.0 / reduce(lane, total(sums), false);
  for (var i = lane; i < params.columns4; i += LANES) {
    y[start + i] = exp(x[start + i] - peak) * scale;
  }
}
