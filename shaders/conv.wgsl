// Padding for convolutions: a copy with a border of zeros, so that window offsets need no bounds test.
// Rows of `padded` are a multiple of four wide. Unsigned wrap makes indices in the low border large, hence outside.
const WG: u32 = 64u;

struct Params {
  size: u32, // vec4s of padded
  x_off: u32, x_no: u32, x_c: u32, x_d: u32, x_h: u32, x_w: u32, // strides of x: image, channel, depth, row, element
  channels: u32, depth: u32, height: u32, width: u32,          // extents of x
  out_d: u32, out_h: u32, out_w4: u32,                         // extents of padded, width in vec4s
  low_d: u32, low_h: u32, low_w: u32,                          // border before the first element
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> padded: array<vec4<f32>>;

fn element(row: u32, inside: bool, at: u32) -> f32 {
  let w = at - params.low_w;
  if (inside && w < params.width) { return input[row + w * params.x_w]; }
  return 0.0;
}

@compute @workgroup_size(WG)
fn pad(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= params.size) { return; }
  let r = i / params.out_w4;
  let w = 4u * (i - r * params.out_w4);
  let s = r / params.out_h;
  let h = r - s * params.out_h - params.low_h;
  let plane = s / params.out_d;
  let d = s - plane * params.out_d - params.low_d;
  let image = plane / params.channels;
  let row = params.x_off + image * params.x_no + (plane - image * params.channels) * params.x_c + d * params.x_d + h * params.x_h;
  let inside = d < params.depth && h < params.height;
  padded[i] = vec4<f32>(element(row, inside, w), element(row, inside, w + 1u), element(row, inside, w + 2u), element(row, inside, w + 3u));
}

// ---- convolution along rows: an invocation computes ROWS channels of 4 * COLS neighbours in one output row.
// For windows of width TAPS <= 5 with stride and dilation 1 along the row, where neighbours share most of what they read.
alias Word = vec4<f32>;

struct RowParams {
  m: u32, steps: u32,                                // output channels of a group; (channel, depth, row) steps of a window
  w_off: u32, w_m: u32, w_tap: u32, w_b: u32,        // strides of w: channel, tap (may wrap around as -1), group
  x_off: u32, x_no: u32, x_d: u32, x_h: u32, x_b: u32,
  depth: u32, height: u32, width: u32,               // extents of x
  low_d: u32, low_h: u32, low_w: u32, stride_d: u32, stride_h: u32,
  out_d: u32, out_h: u32, out_w: u32, tiles: u32, count: u32, // tiles per output row, tiles in all
  y_off: u32, y_no: u32, y_m: u32, y_b: u32,
  bias_off: u32,
}
@group(0) @binding(3) var<uniform> row_params: RowParams;
@group(0) @binding(4) var<storage, read> input4: array<Word>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read> row_steps: array<vec4<u32>>; // of each step: offsets in x and w, depth and row within the window
@group(0) @binding(7) var<storage, read> bias: array<f32>;
@group(0) @binding(8) var<storage, read_write> output: array<f32>;
@group(0) @binding(9) var<storage, read_write> output4: array<Word>;

const WG_X: u32 = 64u;
const WG_Y: u32 = 1u;
const TAPS: u32 = 5u; // 1 to 5
const ROWS: u32 = 8u; // 1 to 8
const COLS: u32 = 4u; // 1 to 4

// Four neighbours at `at`; those whose column is not below `limit` are border, hence zero.
fn word_at(at: u32, column: u32, limit: u32) -> Word { return Word(input[at], input[at + 1u], input[at + 2u], input[at + 3u]); }
fn word_at_aligned(at: u32, column: u32, limit: u32) -> Word { return input4[at >> 2u]; }
fn word_at_border(at: u32, column: u32, limit: u32) -> Word {
  let inside = (vec4<u32>(column) + vec4<u32>(0u, 1u, 2u, 3u)) < vec4<u32>(limit);
  return select(Word(), Word(input[at], input[at + 1u], input[at + 2u], input[at + 3u]), inside);
}

struct Taps { head: Word, tail: f32 }
fn taps_at(at: u32) -> Taps {
  var t: Taps;
  t.head.x = weight[at];
  if (TAPS > 1u) { t.head.y = weight[at + row_params.w_tap]; }
  if (TAPS > 2u) { t.head.z = weight[at + 2u * row_params.w_tap]; }
  if (TAPS > 3u) { t.head.w = weight[at + 3u * row_params.w_tap]; }
  if (TAPS > 4u) { t.tail = weight[at + 4u * row_params.w_tap]; }
  return t;
}

// Four outputs: the words p, q hold the eight inputs that up to five taps reach.
fn slide(t: Taps, p: Word, q: Word, z: Word) -> Word {
  var sum = fma(Word(t.head.x), p, z);
  if (TAPS > 1u) { sum = fma(Word(t.head.y), Word(p.yzw, q.x), sum); }
  if (TAPS > 2u) { sum = fma(Word(t.head.z), Word(p.zw, q.xy), sum); }
  if (TAPS > 3u) { sum = fma(Word(t.head.w), Word(p.w, q.xyz), sum); }
  if (TAPS > 4u) { sum = fma(Word(t.tail), q, sum); }
  return sum;
}

fn activate(v: Word) -> Word { return v; }
fn activate_relu(v: Word) -> Word { return select(v, Word(), v < Word()); } // NaN stays
fn epilogue(v: Word, channel: u32) -> Word { return activate(v); }
fn epilogue_bias(v: Word, channel: u32) -> Word { return activate(v + Word(bias[row_params.bias_off + channel])); }
fn store(at: u32, left: u32, v: Word) {
  output[at] = v.x;
  if (left > 1u) { output[at + 1u] = v.y; }
  if (left > 2u) { output[at + 2u] = v.z; }
  if (left > 3u) { output[at + 3u] = v.w; }
}
fn store_aligned(at: u32, left: u32, v: Word) { output4[at >> 2u] = v; }

fn put(at: u32, group: u32, m: u32, ow: u32, v: Word) {
  if (ow < row_params.out_w) { store(at + m * row_params.y_m + ow, row_params.out_w - ow, epilogue(v, group * row_params.m + m)); }
}
fn put_row(at: u32, group: u32, m: u32, ow: u32, v0: Word, v1: Word, v2: Word, v3: Word) {
  if (m >= row_params.m) { return; }
  put(at, group, m, ow, v0);
  if (COLS > 1u) { put(at, group, m, ow + 4u, v1); }
  if (COLS > 2u) { put(at, group, m, ow + 8u, v2); }
  if (COLS > 3u) { put(at, group, m, ow + 12u, v3); }
}

@compute @workgroup_size(WG_X, WG_Y)
fn conv_rows(@builtin(global_invocation_id) gid: vec3<u32>) {
  let m = gid.y * ROWS;
  if (gid.x >= row_params.count || m >= row_params.m) { return; }
  let group = gid.z;
  let line = gid.x / row_params.tiles;
  let ow = (gid.x - line * row_params.tiles) * (4u * COLS);
  let slice = line / row_params.out_h;
  let oh = line - slice * row_params.out_h;
  let image = slice / row_params.out_d;
  let od = slice - image * row_params.out_d;
  // Positions in x, wrapped below zero in the border.
  let id = od * row_params.stride_d - row_params.low_d;
  let ih = oh * row_params.stride_h - row_params.low_h;
  let iw = ow - row_params.low_w;
  let corner = row_params.x_off + group * row_params.x_b + image * row_params.x_no + id * row_params.x_d + ih * row_params.x_h + iw;
  let weights = row_params.w_off + group * row_params.w_b + m * row_params.w_m;
  let w_m = row_params.w_m;
  var c00 = Word(); var c01 = Word(); var c02 = Word(); var c03 = Word();
  var c10 = Word(); var c11 = Word(); var c12 = Word(); var c13 = Word();
  var c20 = Word(); var c21 = Word(); var c22 = Word(); var c23 = Word();
  var c30 = Word(); var c31 = Word(); var c32 = Word(); var c33 = Word();
  var c40 = Word(); var c41 = Word(); var c42 = Word(); var c43 = Word();
  var c50 = Word(); var c51 = Word(); var c52 = Word(); var c53 = Word();
  var c60 = Word(); var c61 = Word(); var c62 = Word(); var c63 = Word();
  var c70 = Word(); var c71 = Word(); var c72 = Word(); var c73 = Word();
  for (var s = 0u; s < row_params.steps; s++) {
    let step = row_steps[s];
    let at = corner + step.x;
    let wa = weights + step.y;
    let within = id + step.z < row_params.depth && ih + step.w < row_params.height;
    let limit = select(0u, row_params.width, within);
    let s0 = word_at(at, iw, limit);
    let s1 = word_at(at + 4u, iw + 4u, limit);
    var s2 = Word();
    var s3 = Word();
    var s4 = Word();
    if (COLS > 1u) { s2 = word_at(at + 8u, iw + 8u, limit); }
    if (COLS > 2u) { s3 = word_at(at + 12u, iw + 12u, limit); }
    if (COLS > 3u) { s4 = word_at(at + 16u, iw + 16u, limit); }
    let t0 = taps_at(wa);
    c00 = slide(t0, s0, s1, c00);
    if (COLS > 1u) { c01 = slide(t0, s1, s2, c01); }
    if (COLS > 2u) { c02 = slide(t0, s2, s3, c02); }
    if (COLS > 3u) { c03 = slide(t0, s3, s4, c03); }
    if (ROWS > 1u) {
      let t1 = taps_at(wa + w_m);
      c10 = slide(t1, s0, s1, c10);
      if (COLS > 1u) { c11 = slide(t1, s1, s2, c11); }
      if (COLS > 2u) { c12 = slide(t1, s2, s3, c12); }
      if (COLS > 3u) { c13 = slide(t1, s3, s4, c13); }
    }
    if (ROWS > 2u) {
      let t2 = taps_at(wa + 2u * w_m);
      c20 = slide(t2, s0, s1, c20);
      if (COLS > 1u) { c21 = slide(t2, s1, s2, c21); }
      if (COLS > 2u) { c22 = slide(t2, s2, s3, c22); }
      if (COLS > 3u) { c23 = slide(t2, s3, s4, c23); }
    }
    if (ROWS > 3u) {
      let t3 = taps_at(wa + 3u * w_m);
      c30 = slide(t3, s0, s1, c30);
      if (COLS > 1u) { c31 = slide(t3, s1, s2, c31); }
      if (COLS > 2u) { c32 = slide(t3, s2, s3, c32); }
      if (COLS > 3u) { c33 = slide(t3, s3, s4, c33); }
    }
    if (ROWS > 4u) {
      let t4 = taps_at(wa + 4u * w_m);
      c40 = slide(t4, s0, s1, c40);
      if (COLS > 1u) { c41 = slide(t4, s1, s2, c41); }
      if (COLS > 2u) { c42 = slide(t4, s2, s3, c42); }
      if (COLS > 3u) { c43 = slide(t4, s3, s4, c43); }
    }
    if (ROWS > 5u) {
      let t5 = taps_at(wa + 5u * w_m);
      c50 = slide(t5, s0, s1, c50);
      if (COLS > 1u) { c51 = slide(t5, s1, s2, c51); }
      if (COLS > 2u) { c52 = slide(t5, s2, s3, c52); }
      if (COLS > 3u) { c53 = slide(t5, s3, s4, c53); }
    }
    if (ROWS > 6u) {
      let t6 = taps_at(wa + 6u * w_m);
      c60 = slide(t6, s0, s1, c60);
      if (COLS > 1u) { c61 = slide(t6, s1, s2, c61); }
      if (COLS > 2u) { c62 = slide(t6, s2, s3, c62); }
      if (COLS > 3u) { c63 = slide(t6, s3, s4, c63); }
    }
    if (ROWS > 7u) {
      let t7 = taps_at(wa + 7u * w_m);
      c70 = slide(t7, s0, s1, c70);
      if (COLS > 1u) { c71 = slide(t7, s1, s2, c71); }
      if (COLS > 2u) { c72 = slide(t7, s2, s3, c72); }
      if (COLS > 3u) { c73 = slide(t7, s3, s4, c73); }
    }
  }
  let to = row_params.y_off + group * row_params.y_b + image * row_params.y_no + (od * row_params.out_h + oh) * row_params.out_w;
  put_row(to, group, m, ow, c00, c01, c02, c03);
  if (ROWS > 1u) { put_row(to, group, m + 1u, ow, c10, c11, c12, c13); }
  if (ROWS > 2u) { put_row(to, group, m + 2u, ow, c20, c21, c22, c23); }
  if (ROWS > 3u) { put_row(to, group, m + 3u, ow, c30, c31, c32, c33); }
  if (ROWS > 4u) { put_row(to, group, m + 4u, ow, c40, c41, c42, c43); }
  if (ROWS > 5u) { put_row(to, group, m + 5u, ow, c50, c51, c52, c53); }
  if (ROWS > 6u) { put_row(to, group, m + 6u, ow, c60, c61, c62, c63); }
  if (ROWS > 7u) { put_row(to, group, m + 7u, ow, c70, c71, c72, c73); }
}
