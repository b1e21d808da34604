// Max pooling over up to three spatial dimensions of [planes, d, h, w]; 1-d and 2-d have extents of 1 in front.
// Forward: one invocation per output. Backward: one per input, looping over the windows that cover it, so no atomics and a fixed order.
// indices: flat d·h·w position of the maximum (first wins; NaN wins). Padding counts as −inf.
const WG: u32 = 64u;
// Window extents are structure, known when a layer is built: with them loops unroll.
const kd: i32 = 1;
const kh: i32 = 2;
const kw: i32 = 2;
const LOWEST: u32 = 0xff800000u; // bits of the element that no other is below
alias Scalar = f32;

struct Params {
  size: u32,                          // outputs forward, inputs backward
  d: i32, h: i32, w: i32,             // input extents
  od: i32, oh: i32, ow: i32,          // output extents
  sd: i32, sh: i32, sw: i32,          // stride
  pd: i32, ph: i32, pw: i32,          // padding
  ld: i32, lh: i32, lw: i32,          // dilation
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Scalar>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read> winners: array<i32>;
@group(0) @binding(4) var<storage, read_write> out: array<Scalar>;
@group(0) @binding(5) var<storage, read_write> indices: array<i32>;

fn inputs() -> vec3i { return vec3i(params.w, params.h, params.d); }
fn outputs() -> vec3i { return vec3i(params.ow, params.oh, params.od); }
fn strides() -> vec3i { return vec3i(params.sw, params.sh, params.sd); }
fn padding() -> vec3i { return vec3i(params.pw, params.ph, params.pd); }
fn dilation() -> vec3i { return vec3i(params.lw, params.lh, params.ld); }

// Flat index → (w, h, d, plane), and (w, h, d) → flat index within a plane.
fn split(i: i32, extent: vec3i) -> vec4i {
  let line = i / extent.x;
  let slab = line / extent.y;
  let plane = slab / extent.z;
  return vec4i(i - line * extent.x, line - slab * extent.y, slab - plane * extent.z, plane);
}
fn flat(at: vec3i, extent: vec3i) -> i32 { return (at.z * extent.y + at.y) * extent.x + at.x; }
fn volume(extent: vec3i) -> i32 { return extent.x * extent.y * extent.z; }

fn beats(v: Scalar, best: Scalar) -> bool { return v > best || is_nan(f32(v)); }

@compute @workgroup_size(WG)
fn max_pool(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= params.size) { return; }
  let extent = inputs();
  let at = split(i32(i), outputs());
  let start = at.xyz * strides() - padding();
  let plane = at.w * volume(extent);
  // A dilated window may lie in the padding with all its taps. The bits come from a variable, since no constant is infinite.
  var lowest = LOWEST;
  var best = bitcast<Scalar>(lowest);
  var winner = -1;
  for (var a = 0; a < kd; a++) {
    for (var b = 0; b < kh; b++) {
      for (var c = 0; c < kw; c++) {
        let cell = start + vec3i(c, b, a) * dilation();
        if (any(cell < vec3i()) || any(cell >= extent)) { continue; }
        let place = flat(cell, extent);
        let v = x[plane + place];
        if (winner < 0 || beats(v, best)) { best = v; winner = place; }
      }
    }
  }
  out[i] = best;
  indices[i] = winner;
}

@compute @workgroup_size(WG)
fn max_pool_backward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= params.size) { return; }
  let at = split(i32(i), inputs());
  let place = flat(at.xyz, inputs());
  let extent = outputs();
  let plane = at.w * volume(extent);
  // The first and last window that may cover this input.
  let last = at.xyz + padding();
  let reach = last - dilation() * (vec3i(kw, kh, kd) - 1);
  let low = select((reach + strides() - 1) / strides(), vec3i(), reach <= vec3i());
  let high = min(last / strides(), extent - 1);
  var total = 0.0;
  for (var a = low.z; a <= high.z; a++) {
    for (var b = low.y; b <= high.y; b++) {
      for (var c = low.x; c <= high.x; c++) {
        let o = plane + flat(vec3i(c, b, a), extent);
        if (winners[o] == place) { total += g[o]; }
      }
    }
  }
  out[i] = total;
}

// Windows that tile a plane exactly need no bounds and no search: one invocation per window, forward and backward.
struct TileParams { size: u32, w: u32, h: u32, ow: u32, oh: u32 } // windows in all; input and output extents of a plane
@group(0) @binding(6) var<uniform> tiles: TileParams;

// First input of window i, and where its plane starts.
fn corner(i: u32) -> vec2u {
  let row = i / tiles.ow;
  return vec2u(row * u32(kh) * tiles.w + (i - row * tiles.ow) * u32(kw), (row / tiles.oh) * tiles.w * tiles.h);
}

@compute @workgroup_size(WG)
fn max_pool_tiles(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= tiles.size) { return; }
  let start = corner(i);
  var best = x[start.x];
  var winner = start.x;
  for (var r = 0u; r < u32(kh); r++) {
    for (var c = 0u; c < u32(kw); c++) {
      let cell = start.x + r * tiles.w + c;
      let v = x[cell];
      if (beats(v, best)) { best = v; winner = cell; }
    }
  }
  out[i] = best;
  indices[i] = i32(winner - start.y);
}

@compute @workgroup_size(WG)
fn max_pool_tiles_backward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= tiles.size) { return; }
  let start = corner(i);
  let winner = start.y + u32(winners[i]);
  let v = g[i];
  for (var r = 0u; r < u32(kh); r++) {
    for (var c = 0u; c < u32(kw); c++) {
      let cell = start.x + r * tiles.w + c;
      out[cell] = select(0.0, v, cell == winner);
    }
  }
}
