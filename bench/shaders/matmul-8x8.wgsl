// Matrix product from registers alone: every invocation keeps 8x8 results and reads A and B four values at a time.
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
  let row = id.y * 8u;
  let column = id.x * 2u;
  let n4 = params.n / 4u;
  let k4 = params.k / 4u;
  if (row >= params.m || column >= n4) {
    return;
  }
  var c0_0 = vec4f(); var c0_1 = vec4f();
  var c1_0 = vec4f(); var c1_1 = vec4f();
  var c2_0 = vec4f(); var c2_1 = vec4f();
  var c3_0 = vec4f(); var c3_1 = vec4f();
  var c4_0 = vec4f(); var c4_1 = vec4f();
  var c5_0 = vec4f(); var c5_1 = vec4f();
  var c6_0 = vec4f(); var c6_1 = vec4f();
  var c7_0 = vec4f(); var c7_1 = vec4f();
  for (var l = 0u; l < k4; l++) {
    let a0 = a[row * k4 + l];
    let a1 = a[(row + 1u) * k4 + l];
    let a2 = a[(row + 2u) * k4 + l];
    let a3 = a[(row + 3u) * k4 + l];
    let a4 = a[(row + 4u) * k4 + l];
    let a5 = a[(row + 5u) * k4 + l];
    let a6 = a[(row + 6u) * k4 + l];
    let a7 = a[(row + 7u) * k4 + l];
    {
      let q = 4u * l * n4 + column;
      let b0 = b[q];
      let b1 = b[q + 1u];
      c0_0 = fma(vec4f(a0.x), b0, c0_0); c0_1 = fma(vec4f(a0.x), b1, c0_1);
      c1_0 = fma(vec4f(a1.x), b0, c1_0); c1_1 = fma(vec4f(a1.x), b1, c1_1);
      c2_0 = fma(vec4f(a2.x), b0, c2_0); c2_1 = fma(vec4f(a2.x), b1, c2_1);
      c3_0 = fma(vec4f(a3.x), b0, c3_0); c3_1 = fma(vec4f(a3.x), b1, c3_1);
      c4_0 = fma(vec4f(a4.x), b0, c4_0); c4_1 = fma(vec4f(a4.x), b1, c4_1);
      c5_0 = fma(vec4f(a5.x), b0, c5_0); c5_1 = fma(vec4f(a5.x), b1, c5_1);
      c6_0 = fma(vec4f(a6.x), b0, c6_0); c6_1 = fma(vec4f(a6.x), b1, c6_1);
      c7_0 = fma(vec4f(a7.x), b0, c7_0); c7_1 = fma(vec4f(a7.x), b1, c7_1);
    }
    {
      let q = (4u * l + 1u) * n4 + column;
      let b0 = b[q];
      let b1 = b[q + 1u];
      c0_0 = fma(vec4f(a0.y), b0, c0_0); c0_1 = fma(vec4f(a0.y), b1, c0_1);
      c1_0 = fma(vec4f(a1.y), b0, c1_0); c1_1 = fma(vec4f(a1.y), b1, c1_1);
      c2_0 = fma(vec4f(a2.y), b0, c2_0); c2_1 = fma(vec4f(a2.y), b1, c2_1);
      c3_0 = fma(vec4f(a3.y), b0, c3_0); c3_1 = fma(vec4f(a3.y), b1, c3_1);
      c4_0 = fma(vec4f(a4.y), b0, c4_0); c4_1 = fma(vec4f(a4.y), b1, c4_1);
      c5_0 = fma(vec4f(a5.y), b0, c5_0); c5_1 = fma(vec4f(a5.y), b1, c5_1);
      c6_0 = fma(vec4f(a6.y), b0, c6_0); c6_1 = fma(vec4f(a6.y), b1, c6_1);
      c7_0 = fma(vec4f(a7.y), b0, c7_0); c7_1 = fma(vec4f(a7.y), b1, c7_1);
    }
    {
      let q = (4u * l + 2u) * n4 + column;
      let b0 = b[q];
      let b1 = b[q + 1u];
      c0_0 = fma(vec4f(a0.z), b0, c0_0); c0_1 = fma(vec4f(a0.z), b1, c0_1);
      c1_0 = fma(vec4f(a1.z), b0, c1_0); c1_1 = fma(vec4f(a1.z), b1, c1_1);
      c2_0 = fma(vec4f(a2.z), b0, c2_0); c2_1 = fma(vec4f(a2.z), b1, c2_1);
      c3_0 = fma(vec4f(a3.z), b0, c3_0); c3_1 = fma(vec4f(a3.z), b1, c3_1);
      c4_0 = fma(vec4f(a4.z), b0, c4_0); c4_1 = fma(vec4f(a4.z), b1, c4_1);
      c5_0 = fma(vec4f(a5.z), b0, c5_0); c5_1 = fma(vec4f(a5.z), b1, c5_1);
      c6_0 = fma(vec4f(a6.z), b0, c6_0); c6_1 = fma(vec4f(a6.z), b1, c6_1);
      c7_0 = fma(vec4f(a7.z), b0, c7_0); c7_1 = fma(vec4f(a7.z), b1, c7_1);
    }
    {
      let q = (4u * l + 3u) * n4 + column;
      let b0 = b[q];
      let b1 = b[q + 1u];
      c0_0 = fma(vec4f(a0.w), b0, c0_0); c0_1 = fma(vec4f(a0.w), b1, c0_1);
      c1_0 = fma(vec4f(a1.w), b0, c1_0); c1_1 = fma(vec4f(a1.w), b1, c1_1);
      c2_0 = fma(vec4f(a2.w), b0, c2_0); c2_1 = fma(vec4f(a2.w), b1, c2_1);
      c3_0 = fma(vec4f(a3.w), b0, c3_0); c3_1 = fma(vec4f(a3.w), b1, c3_1);
      c4_0 = fma(vec4f(a4.w), b0, c4_0); c4_1 = fma(vec4f(a4.w), b1, c4_1);
      c5_0 = fma(vec4f(a5.w), b0, c5_0); c5_1 = fma(vec4f(a5.w), b1, c5_1);
      c6_0 = fma(vec4f(a6.w), b0, c6_0); c6_1 = fma(vec4f(a6.w), b1, c6_1);
      c7_0 = fma(vec4f(a7.w), b0, c7_0); c7_1 = fma(vec4f(a7.w), b1, c7_1);
    }
  }
  c[row * n4 + column] = c0_0;
  c[row * n4 + column + 1u] = c0_1;
  c[(row + 1u) * n4 + column] = c1_0;
  c[(row + 1u) * n4 + column + 1u] = c1_1;
  c[(row + 2u) * n4 + column] = c2_0;
  c[(row + 2u) * n4 + column + 1u] = c2_1;
  c[(row + 3u) * n4 + column] = c3_0;
  c[(row + 3u) * n4 + column + 1u] = c3_1;
  c[(row + 4u) * n4 + column] = c4_0;
  c[(row + 4u) * n4 + column + 1u] = c4_1;
  c[(row + 5u) * n4 + column] = c5_0;
  c[(row + 5u) * n4 + column + 1u] = c5_1;
  c[(row + 6u) * n4 + column] = c6_0;
  c[(row + 6u) * n4 + column + 1u] = c6_1;
  c[(row + 7u) * n4 + column] = c7_0;
  c[(row + 7u) * n4 + column + 1u] = c7_1;
}
