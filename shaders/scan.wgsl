// Running sums and first-order recurrences along the middle dimension of [outer, length, inner].
const WG: u32 = 64u;
const FACTORS: u32 = 0u; // 1: the running value is multiplied by x before each addition
alias Scalar = f32;

struct Params { rows: u32, inner: u32, length: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Scalar>;
@group(0) @binding(2) var<storage, read> b: array<Scalar>;
@group(0) @binding(3) var<storage, read_write> out: array<Scalar>;

// h[i] = b[i] + x[i] · h[i − 1], one invocation per line.
@compute @workgroup_size(WG)
fn recurrence(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let row = gid.x + gid.y * nwg.x * WG;
  if (row >= params.rows) { return; }
  var at = (row / params.inner) * params.length * params.inner + row % params.inner;
  var h = Scalar(0);
  for (var i = 0u; i < params.length; i++) {
    if (FACTORS == 1u && i > 0u) { h *= x[at]; }
    h += b[at];
    out[at] = h;
    at += params.inner;
  }
}
