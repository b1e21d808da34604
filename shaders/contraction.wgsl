// Contractions: C[z, m, n] = bias + sum over (ko, k) of A(z, m, ko, k) * B(z, ko, k, n).
// Every operand is addressed by a sum of one offset per axis, so transposes, broadcasts, batches, groups and convolution windows are all
// the same loop. Elements are fetched one by one, so no layout is special and one compiled kernel serves all products of a network.

alias Scalar = f32;
alias Vec = vec4f;

struct Params {
  m: u32, n: u32, k: u32, k_outer: u32, n_inner: u32, // n counts (no, ni), ni < n_inner; k_outer blocks of k are contracted
  a_off: u32, a_m: u32, a_k: u32, a_ko: u32, a_bo: u32, a_bi: u32, // element strides: row, step, block, batch (outer, inner)
  b_off: u32, b_n: u32, b_no: u32, b_k: u32, b_ko: u32, b_bo: u32, b_bi: u32,
  c_off: u32, c_m: u32, c_n: u32, c_no: u32, c_z: u32, // z = batch * splits + split
  batches: u32, batch_inner: u32, splits: u32, // the steps of a block are dealt out to the splits in turn
  biased: u32, bias_off: u32, bias_m: u32, bias_n: u32, bias_z: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<Scalar>;
@group(0) @binding(2) var<storage, read> b: array<Scalar>;
@group(0) @binding(3) var<storage, read> bias: array<Scalar>;
@group(0) @binding(4) var<storage, read> a_table: array<u32>;
@group(0) @binding(5) var<storage, read> b_table: array<u32>;
@group(0) @binding(6) var<storage, read> n_table: array<u32>;
@group(0) @binding(7) var<storage, read> c_table: array<u32>;
@group(0) @binding(8) var<storage, read_write> c: array<Scalar>;

// ---- offsets: affine, or all from tables (the taps and the corners of convolution windows)
const TABLES: bool = false;
fn a_step(k: u32) -> u32 {
  if (TABLES) { return a_table[k]; }
  return k * params.a_k;
}
fn b_step(k: u32) -> u32 {
  if (TABLES) { return b_table[k]; }
  return k * params.b_k;
}
// Past the edge the last row or column is computed once more; put() does not store it.
fn rows(m: vec4u) -> vec4u { return min(m, vec4u(params.m - 1u)) * params.a_m; }
fn columns(n: vec4u) -> vec4u {
  let place = min(n, vec4u(params.n - 1u));
  let o = place / params.n_inner;
  let i = place - o * params.n_inner;
  if (TABLES) { return o * params.b_no + vec4u(n_table[i.x], n_table[i.y], n_table[i.z], n_table[i.w]); }
  return o * params.b_no + i * params.b_n;
}
fn put(z: u32, m: u32, n: u32, sum: Scalar) {
  if (m >= params.m || n >= params.n) { return; }
  let o = n / params.n_inner;
  let i = n - o * params.n_inner;
  var at = params.c_off + z * params.c_z + m * params.c_m + o * params.c_no;
  if (TABLES) { at += c_table[i]; } else { at += i * params.c_n; }
  var v = sum;
  if (params.biased != 0u) { v += bias[params.bias_off + z * params.bias_z + m * params.bias_m + n * params.bias_n]; }
  c[at] = v;
}

// ---- a register tile of ROWS by COLS sums, in blocks of 4 by 4. Indices into its arrays must be constants, else they live in memory;
// those of parts that a small tile does not have are brought back inside it.
const ROWS: u32 = 8u; const COLS: u32 = 8u; // 4, 8 or 16
const STEPS: u32 = 1u; // 4 halves the traffic between registers and stack, where k is a multiple of 4
const DOWN: u32 = ROWS / 4u; const ACROSS: u32 = COLS / 4u;
const D1: u32 = min(1u, DOWN - 1u); const D2: u32 = min(2u, DOWN - 1u); const D3: u32 = min(3u, DOWN - 1u);
const A1: u32 = min(1u, ACROSS - 1u); const A2: u32 = min(2u, ACROSS - 1u); const A3: u32 = min(3u, ACROSS - 1u);
const S1: u32 = min(1u, STEPS - 1u); const S2: u32 = min(2u, STEPS - 1u); const S3: u32 = min(3u, STEPS - 1u);
const FOUR: vec4u = vec4u(0u, 1u, 2u, 3u);

alias Block = array<Vec, 4>; // four rows of four columns
alias Strip = array<Block, ACROSS>;
alias Tile = array<Strip, DOWN>;
alias Steps = array<Vec, STEPS>; // four rows of A or four columns of B, at successive steps

fn four_a(at: vec4u) -> Vec { return Vec(a[at.x], a[at.y], a[at.z], a[at.w]); }
fn four_b(at: vec4u) -> Vec { return Vec(b[at.x], b[at.y], b[at.z], b[at.w]); }
fn load_a(at: vec4u, k: u32) -> Steps {
  var s: Steps;
  s[0] = four_a(at + a_step(k));
  if (STEPS > 1u) { s[S1] = four_a(at + a_step(k + 1u)); s[S2] = four_a(at + a_step(k + 2u)); s[S3] = four_a(at + a_step(k + 3u)); }
  return s;
}
fn load_b(at: vec4u, k: u32) -> Steps {
  var s: Steps;
  s[0] = four_b(at + b_step(k));
  if (STEPS > 1u) { s[S1] = four_b(at + b_step(k + 1u)); s[S2] = four_b(at + b_step(k + 2u)); s[S3] = four_b(at + b_step(k + 3u)); }
  return s;
}
fn outer(t: Block, x: Vec, y: Vec) -> Block { return Block(x.x * y + t[0], x.y * y + t[1], x.z * y + t[2], x.w * y + t[3]); }
fn block(t: Block, x: Steps, y: Steps) -> Block {
  let u = outer(t, x[0], y[0]);
  if (STEPS > 1u) { return outer(outer(outer(u, x[S1], y[S1]), x[S2], y[S2]), x[S3], y[S3]); }
  return u;
}
fn strip(t: Strip, x: Steps, y: array<Steps, ACROSS>) -> Strip {
  var u: Strip;
  u[0] = block(t[0], x, y[0]);
  if (ACROSS > 1u) { u[A1] = block(t[A1], x, y[A1]); }
  if (ACROSS > 2u) { u[A2] = block(t[A2], x, y[A2]); u[A3] = block(t[A3], x, y[A3]); }
  return u;
}
// Stores a tile whose rows and columns lie `apart`. Unrolled, this would take longer to compile than all the rest.
fn put_tile(z: u32, m: u32, n: u32, apart: vec2u, t: Tile) {
  var sums = t;
  for (var i = 0u; i < ROWS; i++) {
    for (var j = 0u; j < COLS; j++) { put(z, m + i * apart.x, n + j * apart.y, sums[i / 4u][j / 4u][i % 4u][j % 4u]); }
  }
}

// What the z-th share of the work is: a batch, its offsets in A and B, and which steps of the contraction.
struct Share { batch: u32, in_a: u32, in_b: u32, split: u32 }
fn share(z: u32) -> Share {
  let batch = z / params.splits;
  let o = batch / params.batch_inner;
  let i = batch % params.batch_inner;
  let in_a = params.a_off + o * params.a_bo + i * params.a_bi;
  return Share(batch, in_a, params.b_off + o * params.b_bo + i * params.b_bi, z % params.splits);
}

// ---- direct: every invocation keeps a tile in registers; no workgroup memory, no barrier.
// Neighbouring lanes take neighbouring splits, then neighbouring columns.
const WG: u32 = 64u;

@compute @workgroup_size(WG)
fn matmul(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let id = gid.x + gid.y * nwg.x * WG;
  let across = (params.n + COLS - 1u) / COLS;
  let down = (params.m + ROWS - 1u) / ROWS;
  let tile = id / params.splits;
  let n = tile % across * COLS;
  let m = tile / across % down * ROWS;
  let z = tile / (across * down) * params.splits + id % params.splits;
  let s = share(z);
  if (s.batch >= params.batches) { return; }
  let r0 = s.in_a + rows(m + FOUR); let r1 = s.in_a + rows(m + 4u + FOUR);
  let r2 = s.in_a + rows(m + 8u + FOUR); let r3 = s.in_a + rows(m + 12u + FOUR);
  let c0 = s.in_b + columns(n + FOUR); let c1 = s.in_b + columns(n + 4u + FOUR);
  let c2 = s.in_b + columns(n + 8u + FOUR); let c3 = s.in_b + columns(n + 12u + FOUR);
  var t: Tile;
  for (var ko = 0u; ko < params.k_outer; ko++) {
    let ka = ko * params.a_ko;
    let kb = ko * params.b_ko;
    for (var q = s.split; q < params.k / STEPS; q += params.splits) {
      let k = q * STEPS;
      var y: array<Steps, ACROSS>;
      y[0] = load_b(kb + c0, k);
      if (ACROSS > 1u) { y[A1] = load_b(kb + c1, k); }
      if (ACROSS > 2u) { y[A2] = load_b(kb + c2, k); y[A3] = load_b(kb + c3, k); }
      t[0] = strip(t[0], load_a(ka + r0, k), y);
      if (DOWN > 1u) { t[D1] = strip(t[D1], load_a(ka + r1, k), y); }
      if (DOWN > 2u) { t[D2] = strip(t[D2], load_a(ka + r2, k), y); t[D3] = strip(t[D3], load_a(ka + r3, k), y); }
    }
  }
  put_tile(z, m, n, vec2u(1u), t);
}

// ---- tiled: a workgroup keeps TILE_M x TILE_K of A and TILE_K x TILE_N of B in workgroup memory; needs COLS 4 and STEPS 1.
// The rows and columns of an invocation lie TY and TX apart, so that neighbouring lanes read and write neighbouring elements.
const TILE_M: u32 = 64u; const TILE_N: u32 = 64u; const TILE_K: u32 = 16u;
const TX: u32 = TILE_N / COLS; const TY: u32 = TILE_M / ROWS; const TILED_WG: u32 = TX * TY;
const STRIDE_M: u32 = TILE_M / 4u + 1u; const STRIDE_N: u32 = TX + 1u; // one vec4 of padding spreads the banks

var<workgroup> a_tile: array<Vec, TILE_K * STRIDE_M>;
var<workgroup> b_tile: array<Vec, TILE_K * STRIDE_N>;

// Which four rows or columns, and which step, the t-th load of a tile fetches: neighbouring lanes follow memory.
fn load_at(t: u32, groups: u32, along_k: bool) -> vec2u {
  return select(vec2u(t % groups, t / groups), vec2u(t / TILE_K, t % TILE_K), along_k);
}

@compute @workgroup_size(TILED_WG)
fn matmul_tiled(
  @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) lid: u32,
) {
  let id = wid.x + wid.y * nwg.x;
  let across = (params.n + TILE_N - 1u) / TILE_N;
  let down = (params.m + TILE_M - 1u) / TILE_M;
  let m_tile = id / across % down * TILE_M; let n_tile = id % across * TILE_N;
  let z = id / (across * down);
  let s = share(z);
  let tx = lid % TX; let ty = lid / TX;
  var t: Tile;
  for (var ko = 0u; ko < params.k_outer; ko++) {
    for (var k0 = s.split * TILE_K; k0 < params.k; k0 += params.splits * TILE_K) {
      for (var l = 0u; l < TILE_M / 4u * TILE_K / TILED_WG; l++) {
        let at = load_at(l * TILED_WG + lid, TILE_M / 4u, params.a_k == 1u);
        let row = m_tile + at.x / TY * (4u * TY) + at.x % TY;
        var v = Vec();
        if (k0 + at.y < params.k) { v = four_a(s.in_a + ko * params.a_ko + rows(row + TY * FOUR) + a_step(k0 + at.y)); }
        a_tile[at.y * STRIDE_M + at.x] = v;
      }
      for (var l = 0u; l < TX * TILE_K / TILED_WG; l++) {
        let at = load_at(l * TILED_WG + lid, TX, params.b_k == 1u && params.b_n != 1u);
        var v = Vec();
        if (k0 + at.y < params.k) { v = four_b(s.in_b + ko * params.b_ko + columns(n_tile + at.x + TX * FOUR) + b_step(k0 + at.y)); }
        b_tile[at.y * STRIDE_N + at.x] = v;
      }
      workgroupBarrier();
      for (var k = 0u; k < TILE_K; k++) {
        let y = array<Steps, ACROSS>(Steps(b_tile[k * STRIDE_N + tx]));
        t[0] = strip(t[0], Steps(a_tile[k * STRIDE_M + ty]), y);
        if (DOWN > 1u) { t[D1] = strip(t[D1], Steps(a_tile[k * STRIDE_M + TY + ty]), y); }
      }
      workgroupBarrier();
    }
  }
  put_tile(z, m_tile + ty, n_tile + tx, vec2u(TY, TX), t);
}
