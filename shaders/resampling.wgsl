// Elements of a line as weighted sums of those of another, along the middle dimension of [outer, length, inner]: interpolation and its adjoint.
// Element o takes the taps and weights from starts[o] up to starts[o + 1], in their order.
const WG: u32 = 64u;

struct Params { size: u32, length: u32, extent: u32, inner: u32 } // elements made; lengths of lines made and read

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read> taps: array<u32>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(WG)
fn resample(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= params.size) { return; }
  let line = i / params.inner;
  let o = line % params.length;
  let base = (line / params.length) * params.extent * params.inner + i % params.inner;
  var sum = 0.0;
  for (var t = starts[o]; t < starts[o + 1u]; t++) { sum += weights[t] * x[base + taps[t] * params.inner]; }
  out[i] = sum;
}
