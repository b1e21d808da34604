// 2x2 max-pooling: the forward keeps which of the four won, the backward writes all four input gradients of its window.

struct Params {
  count: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> winner: array<u32>;
@group(0) @binding(4) var<storage, read> g: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<vec2f>;

// Input rows are read in pairs, so a window's upper pair has the index of the window plus one row per pooled row above it.
fn upper_pair(i: u32) -> u32 {
  return i + (i / params.width) * params.width;
}

@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= params.count) {
    return;
  }
  let top = upper_pair(i);
  let upper = x[top];
  let lower = x[top + params.width];
  var best = upper.x;
  var slot = 0u;
  if (upper.y > best) {
    best = upper.y;
    slot = 1u;
  }
  if (lower.x > best) {
    best = lower.x;
    slot = 2u;
  }
  if (lower.y > best) {
    best = lower.y;
    slot = 3u;
  }
  y[i] = best;
  winner[i] = slot;
}

@compute @workgroup_size(64)
fn backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= params.count) {
    return;
  }
  let top = upper_pair(i);
  let slot = winner[i];
  dx[top] = select(vec2f(), vec2f(g[i]), vec2u(slot) == vec2u(0u, 1u));
  dx[top + params.width] = select(vec2f(), vec2f(g[i]), vec2u(slot) == vec2u(2u, 3u));
}
