// Placeholder until the reduce family lands.
const WG: u32 = 64u;
struct Params { outer: u32, inner: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(WG)
fn sum_rows(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= params.outer) { return; }
  var s = 0.0;
  for (var k = 0u; k < params.inner; k++) { s += x[i * params.inner + k]; }
  out[i] = s;
}
