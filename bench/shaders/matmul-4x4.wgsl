// Matrix product from registers alone: every invocation keeps 4x4 results and reads A and B four values at a time.
// The sizes must be multiples of the tile; nothing is shared, so there is no barrier.

struct Params {
  m: u32,
  n: u32,
  k: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;

@compute @workgroup_size(8, 8)
fn matmul(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 4u;
  let column = id.x * 1u;
  let n4 = params.n / 4u;
  let k4 = params.k / 4u;
  if (row >= params.m || column >= n4) {
    return;
  }
  var c0_0 = vec4f();
  var c1_0 = vec4f();
  var c2_0 = vec4f();
  var c3_0 = vec4f();
  for (var l = 0u; l < k4; l++) {
    let a0 = a[row * k4 + l];
    let a1 = a[(row + 1u) * k4 + l];
    let a2 = a[(row + 2u) * k4 + l];
    let a3 = a[(row + 3u) * k4 + l];
    {
      let q = 4u * l * n4 + column;
      let b0 = b[q];
      c0_0 = fma(vec4f(a0.x), b0, c0_0);
      c1_0 = fma(vec4f(a1.x), b0, c1_0);
      c2_0 = fma(vec4f(a2.x), b0, c2_0);
      c3_0 = fma(vec4f(a3.x), b0, c3_0);
    }
    {
      let q = (4u * l + 1u) * n4 + column;
      let b0 = b[q];
      c0_0 = fma(vec4f(a0.y), b0, c0_0);
      c1_0 = fma(vec4f(a1.y), b0, c1_0);
      c2_0 = fma(vec4f(a2.y), b0, c2_0);
      c3_0 = fma(vec4f(a3.y), b0, c3_0);
    }
    {
      let q = (4u * l + 2u) * n4 + column;
      let b0 = b[q];
      c0_0 = fma(vec4f(a0.z), b0, c0_0);
      c1_0 = fma(vec4f(a1.z), b0, c1_0);
      c2_0 = fma(vec4f(a2.z), b0, c2_0);
      c3_0 = fma(vec4f(a3.z), b0, c3_0);
    }
    {
      let q = (4u * l + 3u) * n4 + column;
      let b0 = b[q];
      c0_0 = fma(vec4f(a0.w), b0, c0_0);
      c1_0 = fma(vec4f(a1.w), b0, c1_0);
      c2_0 = fma(vec4f(a2.w), b0, c2_0);
      c3_0 = fma(vec4f(a3.w), b0, c3_0);
    }
  }
  c[row * n4 + column] = c0_0;
  c[(row + 1u) * n4 + column] = c1_0;
  c[(row + 2u) * n4 + column] = c2_0;
  c[(row + 3u) * n4 + column] = c3_0;
}
