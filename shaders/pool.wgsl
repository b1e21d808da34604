// Max and average pooling over up to three spatial dimensions of [planes, d, h, w]; 1-d and 2-d have extents of 1 in front.
// Forward: one invocation per output. Backward: one per input, looping over the windows that cover it, so no atomics and a fixed order.
// indices: flat d·h·w position of the maximum (first wins; NaN wins). Padding counts as −inf for max, as 0 for average.
const WG: u32 = 64u;
// Window extents and these facts are structure, known when a layer is built: with them loops unroll and bounds tests vanish.
const KD: i32 = 1;
const KH: i32 = 2;
const KW: i32 = 2;
const INSIDE: bool = false;   // every window lies inside the input
const DISJOINT: bool = false; // windows do not overlap: each input has at most one
const FLAT: bool = true;      // one or two spatial dimensions
const ADAPTIVE: bool = false; // windows from floor(i·in/out) to ceil((i+1)·in/out) instead of stride, size and padding
alias Scalar = f32;
alias Accum = f32;            // averages of integers divide as integers

struct Params {
  planes: u32,
  d: i32, h: i32, w: i32,             // input extents
  od: i32, oh: i32, ow: i32,          // output extents
  sd: i32, sh: i32, sw: i32,          // stride
  pd: i32, ph: i32, pw: i32,          // padding
  ld: i32, lh: i32, lw: i32,          // dilation
  divide: u32,                        // an average divides by 0: the window with padding, 1: its part inside the input, 2: divisor
  divisor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Scalar>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read> winners: array<i32>;
@group(0) @binding(4) var<storage, read_write> out: array<Scalar>;
@group(0) @binding(5) var<storage, read_write> indices: array<i32>;

// First and one-past-last input position of window i along one dimension (before clamping), for average pooling.
fn window(i: i32, extent: i32, outputs: i32, k: i32, s: i32, p: i32) -> vec2i {
  if (ADAPTIVE) { return vec2i((i * extent) / outputs, ((i + 1) * extent + outputs - 1) / outputs); }
  let start = i * s - p;
  return vec2i(start, min(start + k, extent + p));
}

// First and last window that may cover input position i along one dimension.
fn covering(i: i32, extent: i32, outputs: i32, k: i32, s: i32, p: i32, l: i32) -> vec2i {
  if (ADAPTIVE) { return vec2i((i * outputs) / extent, ((i + 1) * outputs + extent - 1) / extent - 1); }
  let reach = i + p - l * (k - 1);
  return vec2i(select((reach + s - 1) / s, 0, reach <= 0), min((i + p) / s, outputs - 1));
}

// Flat index → (w, h, d, plane).
fn split(i: i32, w: i32, h: i32, d: i32) -> vec4i {
  let line = i / w;
  let slab = line / h;
  if (FLAT) { return vec4i(i - line * w, line - slab * h, 0, slab); }
  let plane = slab / d;
  return vec4i(i - line * w, line - slab * h, slab - plane * d, plane);
}

fn beats(v: Scalar, best: Scalar) -> bool { return v > best || is_nan(f32(v)); }

@compute @workgroup_size(WG)
fn max_pool(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = params;
  let i = i32(gid.x + gid.y * nwg.x * WG);
  if (u32(i) >= p.planes * u32(p.od * p.oh * p.ow)) { return; }
  let at_out = split(i, p.ow, p.oh, p.od);
  let column = at_out.x;
  let row = at_out.y;
  let slab = at_out.z;
  let plane = at_out.w * p.d * p.h * p.w;
  var best = Scalar(0);
  var at = -1;
  for (var a = 0; a < KD; a++) {
    let z = slab * p.sd - p.pd + a * p.ld;
    if (!INSIDE && (z < 0 || z >= p.d)) { continue; }
    for (var b = 0; b < KH; b++) {
      let y = row * p.sh - p.ph + b * p.lh;
      if (!INSIDE && (y < 0 || y >= p.h)) { continue; }
      let line = (z * p.h + y) * p.w;
      for (var c = 0; c < KW; c++) {
        let col = column * p.sw - p.pw + c * p.lw;
        if (!INSIDE && (col < 0 || col >= p.w)) { continue; }
        let v = x[plane + line + col];
        if (at < 0 || beats(v, best)) { best = v; at = line + col; }
      }
    }
  }
  out[i] = best;
  indices[i] = at;
}

@compute @workgroup_size(WG)
fn max_pool_backward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = params;
  let i = i32(gid.x + gid.y * nwg.x * WG);
  let inner = p.d * p.h * p.w;
  if (u32(i) >= p.planes * u32(inner)) { return; }
  let at = split(i, p.w, p.h, p.d);
  let self_index = i - at.w * inner;
  let plane = at.w * p.od * p.oh * p.ow;
  if (DISJOINT) {
    let o = vec3i((at.x + p.pw) / p.sw, (at.y + p.ph) / p.sh, (at.z + p.pd) / p.sd);
    let from_out = plane + (o.z * p.oh + o.y) * p.ow + o.x;
    let covered = o.x < p.ow && o.y < p.oh && o.z < p.od;
    if (covered && winners[from_out] == self_index) { out[i] = Scalar(g[from_out]); } else { out[i] = Scalar(0); }
    return;
  }
  let cs = covering(at.x, p.w, p.ow, KW, p.sw, p.pw, p.lw);
  let rs = covering(at.y, p.h, p.oh, KH, p.sh, p.ph, p.lh);
  let zs = covering(at.z, p.d, p.od, KD, p.sd, p.pd, p.ld);
  var total = 0.0;
  for (var z = zs.x; z <= zs.y; z++) {
    for (var r = rs.x; r <= rs.y; r++) {
      for (var c = cs.x; c <= cs.y; c++) {
        let o = plane + (z * p.oh + r) * p.ow + c;
        if (winners[o] == self_index) { total += g[o]; }
      }
    }
  }
  out[i] = Scalar(total);
}

fn divisor_of(z: vec2i, y: vec2i, c: vec2i) -> f32 {
  let p = params;
  if (p.divide == 2u) { return p.divisor; }
  if (p.divide == 0u) { return f32((z.y - z.x) * (y.y - y.x) * (c.y - c.x)); }
  return f32((min(z.y, p.d) - max(z.x, 0)) * (min(y.y, p.h) - max(y.x, 0)) * (min(c.y, p.w) - max(c.x, 0)));
}

@compute @workgroup_size(WG)
fn avg_pool(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = params;
  let i = i32(gid.x + gid.y * nwg.x * WG);
  if (u32(i) >= p.planes * u32(p.od * p.oh * p.ow)) { return; }
  let at = split(i, p.ow, p.oh, p.od);
  let cs = window(at.x, p.w, p.ow, KW, p.sw, p.pw);
  let ys = window(at.y, p.h, p.oh, KH, p.sh, p.ph);
  let zs = window(at.z, p.d, p.od, KD, p.sd, p.pd);
  let plane = at.w * p.d * p.h * p.w;
  var total = Accum(0);
  for (var z = max(zs.x, 0); z < min(zs.y, p.d); z++) {
    for (var y = max(ys.x, 0); y < min(ys.y, p.h); y++) {
      for (var c = max(cs.x, 0); c < min(cs.y, p.w); c++) { total += Accum(x[plane + (z * p.h + y) * p.w + c]); }
    }
  }
  out[i] = Scalar(total / Accum(divisor_of(zs, ys, cs)));
}

@compute @workgroup_size(WG)
fn avg_pool_backward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = params;
  let i = i32(gid.x + gid.y * nwg.x * WG);
  let inner = p.d * p.h * p.w;
  if (u32(i) >= p.planes * u32(inner)) { return; }
  let at = split(i, p.w, p.h, p.d);
  let plane = at.w * p.od * p.oh * p.ow;
  let cs = covering(at.x, p.w, p.ow, KW, p.sw, p.pw, 1);
  let rs = covering(at.y, p.h, p.oh, KH, p.sh, p.ph, 1);
  let zs = covering(at.z, p.d, p.od, KD, p.sd, p.pd, 1);
  var total = 0.0;
  for (var z = zs.x; z <= zs.y; z++) {
    let wz = window(z, p.d, p.od, KD, p.sd, p.pd);
    for (var r = rs.x; r <= rs.y; r++) {
      let wy = window(r, p.h, p.oh, KH, p.sh, p.ph);
      for (var c = cs.x; c <= cs.y; c++) {
        total += g[plane + (z * p.oh + r) * p.ow + c] / divisor_of(wz, wy, window(c, p.w, p.ow, KW, p.sw, p.pw));
      }
    }
  }
  out[i] = Scalar(total);
}

// Windows that tile a plane exactly need no bounds and no search: one invocation per window, forward and backward.
struct TileParams { windows: u32, columns: u32, rows: u32 } // windows in all, per row, rows per plane
@group(0) @binding(6) var<uniform> tiles: TileParams;

// First input of window i, and where its plane starts.
fn corner(i: u32) -> vec2u {
  let row = i / tiles.columns;
  let width = tiles.columns * u32(KW);
  let height = tiles.rows * u32(KH);
  return vec2u((row * u32(KH) * tiles.columns + (i - row * tiles.columns)) * u32(KW), (row / tiles.rows) * width * height);
}

@compute @workgroup_size(WG)
fn max_pool_tiles(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= tiles.windows) { return; }
  let start = corner(i);
  let width = tiles.columns * u32(KW);
  var best = x[start.x];
  var winner = start.x;
  for (var r = 0u; r < u32(KH); r++) {
    for (var c = 0u; c < u32(KW); c++) {
      let cell = start.x + r * width + c;
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
  if (i >= tiles.windows) { return; }
  let start = corner(i);
  let width = tiles.columns * u32(KW);
  let winner = start.y + u32(winners[i]);
  let v = Scalar(g[i]);
  for (var r = 0u; r < u32(KH); r++) {
    for (var c = 0u; c < u32(KW); c++) {
      let cell = start.x + r * width + c;
      out[cell] = select(Scalar(0), v, cell == winner);
    }
  }
}
