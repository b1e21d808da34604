// Layout: padding, windows, rolls, repeats (one kernel: every output element knows the input element it shows, if any),
// triangles, and row-major positions. Elements move as 4-byte words whatever their dtype.
const WG: u32 = 64u;
const RANK: u32 = 4u;     // dimensions walked, 1 to 4; extent of the outermost is implied by size
const CIRCULAR: u32 = 0u; // 0: window, outside of it is fill. 1: indices wrap around

struct RemapParams {
  size: u32, fill: u32, x_offset: i32,
  d1: u32, d2: u32, d3: u32,                          // output extents, right aligned
  s0: i32, s1: i32, s2: i32, s3: i32,                 // strides of x, in elements
  start0: i32, start1: i32, start2: i32, start3: i32, // output index that shows x's index 0
  step0: i32, step1: i32, step2: i32, step3: i32,     // output indices from one index of x to the next
  len0: i32, len1: i32, len2: i32, len3: i32,         // extents of x
}
struct TriangleParams { size: u32, rows: u32, cols: u32, diagonal: i32, upper: u32 }
struct PositionsParams { size: u32 }

@group(0) @binding(0) var<uniform> remap_params: RemapParams;
@group(0) @binding(1) var<uniform> triangle_params: TriangleParams;
@group(0) @binding(2) var<uniform> positions_params: PositionsParams;
@group(0) @binding(3) var<storage, read> x: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<u32>;
@group(0) @binding(5) var<storage, read_write> places: array<i32>;

// Index of x that output index c shows, −1 for none.
fn place(c: i32, start: i32, step: i32, len: i32) -> i32 {
  let at = c - start;
  if (CIRCULAR == 1u) {
    let r = at % len;
    return select(r, r + len, r < 0);
  }
  let i = at / step;
  return select(-1, i, at >= 0 && i < len && i * step == at);
}

@compute @workgroup_size(WG)
fn remap(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = remap_params;
  let index = gid.x + gid.y * nwg.x * WG;
  if (index >= p.size) { return; }
  var rest = index;
  var at = p.x_offset;
  var least = 0;
  if (RANK > 1u) {
    let i = place(i32(rest % p.d3), p.start3, p.step3, p.len3);
    rest = rest / p.d3;
    at += i * p.s3;
    least = min(least, i);
  }
  if (RANK > 2u) {
    let i = place(i32(rest % p.d2), p.start2, p.step2, p.len2);
    rest = rest / p.d2;
    at += i * p.s2;
    least = min(least, i);
  }
  if (RANK > 3u) {
    let i = place(i32(rest % p.d1), p.start1, p.step1, p.len1);
    rest = rest / p.d1;
    at += i * p.s1;
    least = min(least, i);
  }
  let i = place(i32(rest), p.start0, p.step0, p.len0);
  at += i * p.s0;
  least = min(least, i);
  var value = p.fill;
  if (least >= 0) { value = x[u32(at)]; }
  out[index] = value;
}

@compute @workgroup_size(WG)
fn triangle(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = triangle_params;
  let index = gid.x + gid.y * nwg.x * WG;
  if (index >= p.size) { return; }
  let row = i32((index / p.cols) % p.rows);
  let col = i32(index % p.cols);
  let kept = select(col - row <= p.diagonal, col - row >= p.diagonal, p.upper == 1u);
  out[index] = select(0u, x[index], kept);
}

@compute @workgroup_size(WG)
fn positions(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let index = gid.x + gid.y * nwg.x * WG;
  if (index >= positions_params.size) { return; }
  places[index] = i32(index);
}
