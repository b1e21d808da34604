// What the device can do at most: independent chains of multiply-adds in four spellings, and a copy.

struct Params {
  steps: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> target_buffer: array<vec4f>;

// Eight independent chains of vectors, fused: what most GPUs do best.
@compute @workgroup_size(64)
fn fused_vectors(@builtin(global_invocation_id) id: vec3u) {
  let x = source[id.x % params.count];
  let y = x * 0.5;
  var c0 = x;
  var c1 = x + 1.0;
  var c2 = x + 2.0;
  var c3 = x + 3.0;
  var c4 = x + 4.0;
  var c5 = x + 5.0;
  var c6 = x + 6.0;
  var c7 = x + 7.0;
  for (var i = 0u; i < params.steps; i++) {
    c0 = fma(c0, x, y);
    c1 = fma(c1, x, y);
    c2 = fma(c2, x, y);
    c3 = fma(c3, x, y);
    c4 = fma(c4, x, y);
    c5 = fma(c5, x, y);
    c6 = fma(c6, x, y);
    c7 = fma(c7, x, y);
  }
  // Every chain reaches the result, or the compiler would drop it.
  target_buffer[id.x % params.count] = (((c0 + c1) + (c2 + c3)) + ((c4 + c5) + (c6 + c7)));
}

// The same as a product and a sum, which some compilers fuse better.
@compute @workgroup_size(64)
fn plain_vectors(@builtin(global_invocation_id) id: vec3u) {
  let x = source[id.x % params.count];
  let y = x * 0.5;
  var c0 = x;
  var c1 = x + 1.0;
  var c2 = x + 2.0;
  var c3 = x + 3.0;
  var c4 = x + 4.0;
  var c5 = x + 5.0;
  var c6 = x + 6.0;
  var c7 = x + 7.0;
  for (var i = 0u; i < params.steps; i++) {
    c0 = c0 * x + y;
    c1 = c1 * x + y;
    c2 = c2 * x + y;
    c3 = c3 * x + y;
    c4 = c4 * x + y;
    c5 = c5 * x + y;
    c6 = c6 * x + y;
    c7 = c7 * x + y;
  }
  // Every chain reaches the result, or the compiler would drop it.
  target_buffer[id.x % params.count] = (((c0 + c1) + (c2 + c3)) + ((c4 + c5) + (c6 + c7)));
}

// Eight chains of scalars need a quarter of the registers: software adapters would spill the vectors.
@compute @workgroup_size(64)
fn fused_scalars(@builtin(global_invocation_id) id: vec3u) {
  let x = source[id.x % params.count].x;
  let y = x * 0.5;
  var c0 = x;
  var c1 = x + 1.0;
  var c2 = x + 2.0;
  var c3 = x + 3.0;
  var c4 = x + 4.0;
  var c5 = x + 5.0;
  var c6 = x + 6.0;
  var c7 = x + 7.0;
  for (var i = 0u; i < params.steps; i++) {
    c0 = fma(c0, x, y);
    c1 = fma(c1, x, y);
    c2 = fma(c2, x, y);
    c3 = fma(c3, x, y);
    c4 = fma(c4, x, y);
    c5 = fma(c5, x, y);
    c6 = fma(c6, x, y);
    c7 = fma(c7, x, y);
  }
  // Every chain reaches the result, or the compiler would drop it.
  target_buffer[id.x % params.count] = vec4f(((c0 + c1) + (c2 + c3)) + ((c4 + c5) + (c6 + c7)));
}

// Scalars as a product and a sum.
@compute @workgroup_size(64)
fn plain_scalars(@builtin(global_invocation_id) id: vec3u) {
  let x = source[id.x % params.count].x;
  let y = x * 0.5;
  var c0 = x;
  var c1 = x + 1.0;
  var c2 = x + 2.0;
  var c3 = x + 3.0;
  var c4 = x + 4.0;
  var c5 = x + 5.0;
  var c6 = x + 6.0;
  var c7 = x + 7.0;
  for (var i = 0u; i < params.steps; i++) {
    c0 = c0 * x + y;
    c1 = c1 * x + y;
    c2 = c2 * x + y;
    c3 = c3 * x + y;
    c4 = c4 * x + y;
    c5 = c5 * x + y;
    c6 = c6 * x + y;
    c7 = c7 * x + y;
  }
  // Every chain reaches the result, or the compiler would drop it.
  target_buffer[id.x % params.count] = vec4f(((c0 + c1) + (c2 + c3)) + ((c4 + c5) + (c6 + c7)));
}

@compute @workgroup_size(64)
fn copy(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i < params.count) {
    target_buffer[i] = source[i];
  }
}
