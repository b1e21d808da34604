// Matrix product through workgroup memory: 64x64 results per workgroup of 256, 4x4 per invocation, 16 values of k at a time.
// The sizes must be multiples of 64.

struct Params {
  m: u32,
  n: u32,
  k: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;

// A is kept transposed so that one invocation's four rows lie side by side; the padding spreads the banks.
var<workgroup> tile_a: array<array<f32, 68>, 16>;
var<workgroup> tile_b: array<array<vec4f, 16>, 16>;

@compute @workgroup_size(16, 16)
fn matmul(@builtin(local_invocation_index) lane: u32, @builtin(local_invocation_id) lid: vec3u, @builtin(workgroup_id) group: vec3u) {
  let n4 = params.n / 4u;
  let k4 = params.k / 4u;
  let load_row = lane / 4u;
  let load_k = lane % 4u;
  let a_source = (group.y * 64u + load_row) * k4 + load_k;
  let b_row = lane / 16u;
  let b_column = lane % 16u;
  let b_source = b_row * n4 + group.x * 16u + b_column;
  let r = lid.y * 4u;
  var c0 = vec4f();
  var c1 = vec4f();
  var c2 = vec4f();
  var c3 = vec4f();
  let tiles = params.k / 16u;
  for (var t = 0u; t < tiles; t++) {
    let va = a[a_source + t * 4u];
    tile_a[load_k * 4u][load_row] = va.x;
    tile_a[load_k * 4u + 1u][load_row] = va.y;
    tile_a[load_k * 4u + 2u][load_row] = va.z;
    tile_a[load_k * 4u + 3u][load_row] = va.w;
    tile_b[b_row][b_column] = b[b_source + t * 16u * n4];
    workgroupBarrier();
    for (var l = 0u; l < 16u; l++) {
      let vb = tile_b[l][lid.x];
      c0 = fma(vec4f(tile_a[l][r]), vb, c0);
      c1 = fma(vec4f(tile_a[l][r + 1u]), vb, c1);
      c2 = fma(vec4f(tile_a[l][r + 2u]), vb, c2);
      c3 = fma(vec4f(tile_a[l][r + 3u]), vb, c3);
    }
    workgroupBarrier();
  }
  let o = (group.y * 64u + r) * n4 + group.x * 16u + lid.x;
  c[o] = c0;
  c[o + n4] = c1;
  c[o + 2u * n4] = c2;
  c[o + 3u * n4] = c3;
}
