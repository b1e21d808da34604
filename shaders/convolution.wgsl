// Padding for convolutions: a copy with a border of zeros, so that window offsets need no bounds test.
// Rows of `padded` are a multiple of four wide. Unsigned wrap makes indices in the low border large, hence outside.
const WG: u32 = 64u;

struct Params {
  size: u32, // vec4s of padded
  channels: u32,
  x_off: u32, x_i: u32, x_c: u32, x_d: u32, x_h: u32, x_w: u32, // strides of x: image, channel, depth, row, element
  size_d: u32, size_h: u32, size_w: u32,                        // extents of x
  out_d: u32, out_h: u32, out_w: u32,                           // extents of padded, width in vec4s
  low_d: u32, low_h: u32, low_w: u32,                           // border before the first element
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> padded: array<vec4f>;

@compute @workgroup_size(WG)
fn pad(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = params;
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= p.size) { return; }
  let row = i / p.out_w;
  let slice = row / p.out_h;
  let plane = slice / p.out_d;
  let image = plane / p.channels;
  let w = 4u * (i - row * p.out_w) - p.low_w + vec4u(0u, 1u, 2u, 3u);
  let h = row - slice * p.out_h - p.low_h;
  let d = slice - plane * p.out_d - p.low_d;
  let at = p.x_off + image * p.x_i + (plane - image * p.channels) * p.x_c + d * p.x_d + h * p.x_h + w * p.x_w;
  let inside = w < vec4u(select(0u, p.size_w, d < p.size_d && h < p.size_h));
  padded[i] = select(vec4f(), vec4f(input[at.x], input[at.y], input[at.z], input[at.w]), inside);
}

// ---- convolution along rows: an invocation computes ROWS channels of 4 * COLS neighbours in one output row.
// For windows of width TAPS <= 5 with stride and dilation 1 along the row, where neighbours share most of what they read.
alias Word = vec4f;

struct RowParams {
  m: u32, contracted: u32, steps: u32,               // output and input channels of a group; (channel, depth, row) steps of a window
  w_off: u32, w_m: u32, w_tap: u32, w_group: u32,    // strides of w: channel, tap (may wrap around below 0), group
  x_off: u32, x_i: u32, x_c: u32, x_d: u32, x_h: u32,
  size_d: u32, size_h: u32, size_w: u32,             // extents of x
  from_d: u32, from_h: u32, from_w: u32,             // place of the first window in x, wrapped below zero in the border
  step_d: u32, step_h: u32,                          // from one window to the next
  y_off: u32, y_i: u32, y_c: u32,
  out_d: u32, out_h: u32, out_w: u32,
  tiles: u32, count: u32,                            // tiles per output row, tiles in all
}
@group(0) @binding(3) var<uniform> row_params: RowParams;
@group(0) @binding(4) var<storage, read> input4: array<Word>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read> row_steps: array<vec4u>; // of each step: offsets in x and w, depth and row within the window
@group(0) @binding(7) var<storage, read> bias: array<f32>;
@group(0) @binding(8) var<storage, read_write> output: array<f32>;
@group(0) @binding(9) var<storage, read_write> output4: array<Word>;

const WG_X: u32 = 64u;
const TAPS: u32 = 5u; // 2 to 5
const ROWS: u32 = 8u; // 1 to 8
const COLS: u32 = 4u; // 1 to 4

// Four neighbours at `at`; those whose column is not below `limit` are border, hence zero.
fn four(at: u32) -> Word { return Word(input[at], input[at + 1u], input[at + 2u], input[at + 3u]); }
fn word_at(at: u32, column: u32, limit: u32) -> Word { return four(at); }
fn word_at_aligned(at: u32, column: u32, limit: u32) -> Word { return input4[at >> 2u]; }
fn word_at_border(at: u32, column: u32, limit: u32) -> Word {
  return select(Word(), four(at), column + vec4u(0u, 1u, 2u, 3u) < vec4u(limit));
}

// What all channels of a tile read in one step, and what a channel has summed up so far.
struct Span { a: Word, b: Word, c: Word, d: Word, e: Word }
struct Row { a: Word, b: Word, c: Word, d: Word }
struct Taps { head: Word, tail: f32 }

// Four outputs: the words p, q hold the eight inputs that up to five taps reach.
fn slide(t: Taps, p: Word, q: Word, z: Word) -> Word {
  var sum = fma(Word(t.head.x), p, z);
  sum = fma(Word(t.head.y), Word(p.yzw, q.x), sum);
  if (TAPS > 2u) { sum = fma(Word(t.head.z), Word(p.zw, q.xy), sum); }
  if (TAPS > 3u) { sum = fma(Word(t.head.w), Word(p.w, q.xyz), sum); }
  if (TAPS > 4u) { sum = fma(Word(t.tail), q, sum); }
  return sum;
}

fn slide_row(at: u32, x: Span, before: Row) -> Row {
  let tap = row_params.w_tap;
  var t: Taps;
  t.head.x = weight[at];
  t.head.y = weight[at + tap];
  if (TAPS > 2u) { t.head.z = weight[at + 2u * tap]; }
  if (TAPS > 3u) { t.head.w = weight[at + 3u * tap]; }
  if (TAPS > 4u) { t.tail = weight[at + 4u * tap]; }
  var r = before;
  r.a = slide(t, x.a, x.b, r.a);
  if (COLS > 1u) { r.b = slide(t, x.b, x.c, r.b); }
  if (COLS > 2u) { r.c = slide(t, x.c, x.d, r.c); }
  if (COLS > 3u) { r.d = slide(t, x.d, x.e, r.d); }
  return r;
}

fn epilogue(v: Word, channel: u32) -> Word { return v; }
fn epilogue_bias(v: Word, channel: u32) -> Word { return v + Word(bias[channel]); }
fn store(at: u32, left: u32, v: Word) {
  output[at] = v.x;
  if (left > 1u) { output[at + 1u] = v.y; }
  if (left > 2u) { output[at + 2u] = v.z; }
  if (left > 3u) { output[at + 3u] = v.w; }
}
fn store_aligned(at: u32, left: u32, v: Word) { output4[at >> 2u] = v; }

fn put(at: u32, channel: u32, ow: u32, v: Word) {
  let width = row_params.out_w;
  if (ow < width) { store(at + ow, width - ow, epilogue(v, channel)); }
}
fn put_row(at: u32, group: u32, m: u32, ow: u32, r: Row) {
  if (m >= row_params.m) { return; }
  let channel = group * row_params.m + m;
  let to = at + channel * row_params.y_c;
  put(to, channel, ow, r.a);
  if (COLS > 1u) { put(to, channel, ow + 4u, r.b); }
  if (COLS > 2u) { put(to, channel, ow + 8u, r.c); }
  if (COLS > 3u) { put(to, channel, ow + 12u, r.d); }
}

@compute @workgroup_size(WG_X)
fn conv_rows(@builtin(global_invocation_id) gid: vec3u) {
  let p = row_params;
  let m = gid.y * ROWS;
  if (gid.x >= p.count || m >= p.m) { return; }
  let group = gid.z;
  let line = gid.x / p.tiles;
  let ow = (gid.x - line * p.tiles) * (4u * COLS);
  let slice = line / p.out_h;
  let oh = line - slice * p.out_h;
  let image = slice / p.out_d;
  let od = slice - image * p.out_d;
  // Positions in x, wrapped below zero in the border.
  let id = od * p.step_d + p.from_d;
  let ih = oh * p.step_h + p.from_h;
  let iw = ow + p.from_w;
  let corner = p.x_off + image * p.x_i + group * p.contracted * p.x_c + id * p.x_d + ih * p.x_h + iw;
  let weights = p.w_off + group * p.w_group + m * p.w_m;
  var r0 = Row(); var r1 = Row(); var r2 = Row(); var r3 = Row();
  var r4 = Row(); var r5 = Row(); var r6 = Row(); var r7 = Row();
  for (var s = 0u; s < p.steps; s++) {
    let step = row_steps[s];
    let at = corner + step.x;
    let wa = weights + step.y;
    let within = id + step.z < p.size_d && ih + step.w < p.size_h;
    let limit = select(0u, p.size_w, within);
    var x: Span;
    x.a = word_at(at, iw, limit);
    x.b = word_at(at + 4u, iw + 4u, limit);
    if (COLS > 1u) { x.c = word_at(at + 8u, iw + 8u, limit); }
    if (COLS > 2u) { x.d = word_at(at + 12u, iw + 12u, limit); }
    if (COLS > 3u) { x.e = word_at(at + 16u, iw + 16u, limit); }
    r0 = slide_row(wa, x, r0);
    if (ROWS > 1u) { r1 = slide_row(wa + p.w_m, x, r1); }
    if (ROWS > 2u) { r2 = slide_row(wa + 2u * p.w_m, x, r2); }
    if (ROWS > 3u) { r3 = slide_row(wa + 3u * p.w_m, x, r3); }
    if (ROWS > 4u) { r4 = slide_row(wa + 4u * p.w_m, x, r4); }
    if (ROWS > 5u) { r5 = slide_row(wa + 5u * p.w_m, x, r5); }
    if (ROWS > 6u) { r6 = slide_row(wa + 6u * p.w_m, x, r6); }
    if (ROWS > 7u) { r7 = slide_row(wa + 7u * p.w_m, x, r7); }
  }
  let to = p.y_off + image * p.y_i + (od * p.out_h + oh) * p.out_w;
  put_row(to, group, m, ow, r0);
  if (ROWS > 1u) { put_row(to, group, m + 1u, ow, r1); }
  if (ROWS > 2u) { put_row(to, group, m + 2u, ow, r2); }
  if (ROWS > 3u) { put_row(to, group, m + 3u, ow, r3); }
  if (ROWS > 4u) { put_row(to, group, m + 4u, ow, r4); }
  if (ROWS > 5u) { put_row(to, group, m + 5u, ow, r5); }
  if (ROWS > 6u) { put_row(to, group, m + 6u, ow, r6); }
  if (ROWS > 7u) { put_row(to, group, m + 7u, ow, r7); }
}
