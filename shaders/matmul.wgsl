// Contractions: C[z, m, n] = epilogue(sum over (ko, k) of A(z, m, ko, k) * B(z, ko, k, n)).
// Every operand is addressed by a sum of one offset per axis, so transposes, broadcasts, batches, groups and
// convolution windows are all the same loop; what varies is how four neighbours are fetched (load_* and their variants).

alias Scalar = f32;
alias Vec = vec4<f32>;

struct Params {
  m: u32, n: u32, n_inner: u32, k_inner: u32, k_outer: u32, // n counts (no, ni), ni < n_inner; k_outer blocks of k_inner are contracted
  a_off: u32, a_m: u32, a_k: u32, a_ko: u32, a_bo: u32, a_bi: u32, // element strides: row, step, block, batch (outer, inner)
  b_off: u32, b_n: u32, b_no: u32, b_k: u32, b_ko: u32, b_bo: u32, b_bi: u32,
  c_off: u32, c_m: u32, c_n: u32, c_no: u32, c_b: u32,
  batch_inner: u32, bias_off: u32, bias_b: u32,
  // z = (batch * outer splits of k_outer + outer split) * split_inner + inner split of k_inner
  split_outer: u32, split_inner: u32, chunk_outer: u32, chunk_inner: u32, z_base: u32, z_count: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<Scalar>;
@group(0) @binding(2) var<storage, read> a4: array<Vec>;
@group(0) @binding(3) var<storage, read> b: array<Scalar>;
@group(0) @binding(4) var<storage, read> b4: array<Vec>;
@group(0) @binding(5) var<storage, read> a_table: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read> b_table: array<vec4<u32>>;
@group(0) @binding(7) var<storage, read> n_table: array<u32>;
@group(0) @binding(8) var<storage, read> c_table: array<u32>;
@group(0) @binding(9) var<storage, read> bias: array<Scalar>;
@group(0) @binding(10) var<storage, read_write> c: array<Scalar>;
@group(0) @binding(11) var<storage, read_write> c4: array<Vec>;

// Four values per contraction step or row; a matrix would not do for integers.
struct Block { r0: Vec, r1: Vec, r2: Vec, r3: Vec }

fn mul_add(x: Vec, y: Vec, z: Vec) -> Vec { return fma(x, y, z); }
fn mul_add_int(x: Vec, y: Vec, z: Vec) -> Vec { return x * y + z; }
fn transposed(t: Block) -> Block {
  return Block(
    Vec(t.r0.x, t.r1.x, t.r2.x, t.r3.x), Vec(t.r0.y, t.r1.y, t.r2.y, t.r3.y),
    Vec(t.r0.z, t.r1.z, t.r2.z, t.r3.z), Vec(t.r0.w, t.r1.w, t.r2.w, t.r3.w));
}
// Adds four contraction steps of one row to a vec4 of columns.
fn step4(x: Vec, y: Block, z: Vec) -> Vec {
  return mul_add(Vec(x.w), y.r3, mul_add(Vec(x.z), y.r2, mul_add(Vec(x.y), y.r1, mul_add(Vec(x.x), y.r0, z))));
}

// ---- offsets along the contraction: affine, or from a table (the taps of a convolution window)
fn a_steps(k: u32) -> vec4<u32> { return vec4<u32>(k, k + 1u, k + 2u, k + 3u) * params.a_k; }
fn a_step(k: u32) -> u32 { return k * params.a_k; }
fn b_steps(k: u32) -> vec4<u32> { return vec4<u32>(k, k + 1u, k + 2u, k + 3u) * params.b_k; }
fn b_step(k: u32) -> u32 { return k * params.b_k; }
fn a_table_steps(k: u32) -> vec4<u32> { return a_table[k >> 2u]; }
fn a_table_step(k: u32) -> u32 { return a_table[k >> 2u][k & 3u]; }
fn b_table_steps(k: u32) -> vec4<u32> { return b_table[k >> 2u]; }
fn b_table_step(k: u32) -> u32 { return b_table[k >> 2u][k & 3u]; }

// ---- A: four steps of one row. Where rows are neighbours in memory, load_a fetches four rows at once and row_a passes one on;
// otherwise row_a fetches its row just before use, which keeps fewer registers alive. load_a1 gives four rows at one k.
fn load_a(at: vec4<u32>, k: u32) -> Block { return Block(); }
fn row_a(at: u32, fetched: Vec, k: u32) -> Vec {
  let s = at + a_steps(k);
  return Vec(a[s.x], a[s.y], a[s.z], a[s.w]);
}
fn load_a1(at: vec4<u32>, k: u32) -> Vec {
  let s = a_step(k);
  return Vec(a[at.x + s], a[at.y + s], a[at.z + s], a[at.w + s]);
}
fn row_a_along_k(at: u32, fetched: Vec, k: u32) -> Vec { return a4[(at + k) >> 2u]; }
fn load_a1_along_k(at: vec4<u32>, k: u32) -> Vec {
  let q = (at + k) >> vec4<u32>(2u);
  return Vec(a4[q.x][k & 3u], a4[q.y][k & 3u], a4[q.z][k & 3u], a4[q.w][k & 3u]);
}
fn load_a_along_m(at: vec4<u32>, k: u32) -> Block {
  let q = (at.x + a_steps(k)) >> vec4<u32>(2u);
  return transposed(Block(a4[q.x], a4[q.y], a4[q.z], a4[q.w]));
}
fn row_a_along_m(at: u32, fetched: Vec, k: u32) -> Vec { return fetched; }
fn load_a1_along_m(at: vec4<u32>, k: u32) -> Vec { return a4[(at.x + a_step(k)) >> 2u]; }

// ---- B: `at` holds the offsets of four columns; load_b gives the columns at k, k+1, k+2, k+3, load_b1 at one k
fn load_b(at: vec4<u32>, k: u32) -> Block {
  let s = b_steps(k);
  return Block(
    Vec(b[at.x + s.x], b[at.y + s.x], b[at.z + s.x], b[at.w + s.x]), Vec(b[at.x + s.y], b[at.y + s.y], b[at.z + s.y], b[at.w + s.y]),
    Vec(b[at.x + s.z], b[at.y + s.z], b[at.z + s.z], b[at.w + s.z]), Vec(b[at.x + s.w], b[at.y + s.w], b[at.z + s.w], b[at.w + s.w]));
}
fn load_b1(at: vec4<u32>, k: u32) -> Vec {
  let s = b_step(k);
  return Vec(b[at.x + s], b[at.y + s], b[at.z + s], b[at.w + s]);
}
fn load_b_along_n(at: vec4<u32>, k: u32) -> Block {
  let q = (at.x + b_steps(k)) >> vec4<u32>(2u);
  return Block(b4[q.x], b4[q.y], b4[q.z], b4[q.w]);
}
fn load_b1_along_n(at: vec4<u32>, k: u32) -> Vec { return b4[(at.x + b_step(k)) >> 2u]; }
fn load_b_along_k(at: vec4<u32>, k: u32) -> Block {
  let q = (at + k) >> vec4<u32>(2u);
  return transposed(Block(b4[q.x], b4[q.y], b4[q.z], b4[q.w]));
}
fn load_b1_along_k(at: vec4<u32>, k: u32) -> Vec {
  let q = (at + k) >> vec4<u32>(2u);
  return Vec(b4[q.x][k & 3u], b4[q.y][k & 3u], b4[q.z][k & 3u], b4[q.w][k & 3u]);
}

// ---- the four rows from m and columns from n. Past the edge the last ones are repeated: computed and stored again with the
// same result by the same invocation, so stores need no tests. Where four divides the size, whole groups repeat and vec4s stay aligned.
const FOUR: vec4<u32> = vec4<u32>(0u, 1u, 2u, 3u);
fn rows_from(m: u32) -> vec4<u32> { return min(m + FOUR, vec4<u32>(params.m - 1u)); }
fn rows_from_groups(m: u32) -> vec4<u32> { return min(m, params.m - 4u) + FOUR; }
fn columns_from(n: u32) -> vec4<u32> { return min(n + FOUR, vec4<u32>(params.n - 1u)); }
fn columns_from_groups(n: u32) -> vec4<u32> { return min(n, params.n - 4u) + FOUR; }

// ---- offsets of four columns in B and C: affine, blocks of n_inner (images), or a table of places per block
fn columns_b(n: vec4<u32>) -> vec4<u32> { return n * params.b_n; }
fn columns_b_blocks(n: vec4<u32>) -> vec4<u32> {
  let o = n / params.n_inner;
  return o * params.b_no + (n - o * params.n_inner) * params.b_n;
}
fn columns_b_table(n: vec4<u32>) -> vec4<u32> {
  let o = n / params.n_inner; let i = n - o * params.n_inner;
  return o * params.b_no + vec4<u32>(n_table[i.x], n_table[i.y], n_table[i.z], n_table[i.w]);
}
fn columns_c(n: vec4<u32>) -> vec4<u32> { return n * params.c_n; }
fn columns_c_blocks(n: vec4<u32>) -> vec4<u32> {
  let o = n / params.n_inner;
  return o * params.c_no + (n - o * params.n_inner) * params.c_n;
}
fn columns_c_table(n: vec4<u32>) -> vec4<u32> {
  let o = n / params.n_inner; let i = n - o * params.n_inner;
  return o * params.c_no + vec4<u32>(c_table[i.x], c_table[i.y], c_table[i.z], c_table[i.w]);
}

// ---- what happens to a finished vec4 of columns n of row m
fn activate(v: Vec) -> Vec { return v; }
fn activate_relu(v: Vec) -> Vec { return select(v, Vec(), v < Vec()); } // NaN stays
fn epilogue(v: Vec, batch: u32, m: u32, n: vec4<u32>) -> Vec { return activate(v); }
fn epilogue_row_bias(v: Vec, batch: u32, m: u32, n: vec4<u32>) -> Vec {
  return activate(v + Vec(bias[params.bias_off + batch * params.bias_b + m]));
}
fn epilogue_column_bias(v: Vec, batch: u32, m: u32, n: vec4<u32>) -> Vec {
  let i = params.bias_off + batch * params.bias_b + n;
  return activate(v + Vec(bias[i.x], bias[i.y], bias[i.z], bias[i.w]));
}
const ACCUMULATE: bool = false; // C += instead of C =; only where no row or column repeats
fn store(at: vec4<u32>, v: Vec) {
  var sum = v;
  if (ACCUMULATE) { sum += Vec(c[at.x], c[at.y], c[at.z], c[at.w]); }
  c[at.x] = sum.x; c[at.y] = sum.y; c[at.z] = sum.z; c[at.w] = sum.w;
}
fn store_vec4(at: vec4<u32>, v: Vec) { if (ACCUMULATE) { c4[at.x >> 2u] += v; } else { c4[at.x >> 2u] = v; } }

// What z stands for: a batch, its offsets in A and B, and a share of the contraction.
struct Part { batch: u32, in_a: u32, in_b: u32, outer_first: u32, outer_last: u32, first: u32, last: u32 }
fn part_of(z: u32) -> Part {
  let batch = z / (params.split_outer * params.split_inner);
  let split = z % (params.split_outer * params.split_inner);
  let outer = split / params.split_inner;
  let outer_first = outer * params.chunk_outer;
  let first = (split - outer * params.split_inner) * params.chunk_inner;
  let bo = batch / params.batch_inner;
  let bi = batch % params.batch_inner;
  return Part(
    batch, params.a_off + bo * params.a_bo + bi * params.a_bi, params.b_off + bo * params.b_bo + bi * params.b_bi,
    outer_first, min(outer_first + params.chunk_outer, params.k_outer), first, min(first + params.chunk_inner, params.k_inner));
}

// ---- direct: every invocation keeps a tile of ROWS rows by 4 * COLS columns in registers; no workgroup memory, no barrier
const WG_X: u32 = 8u; const WG_Y: u32 = 8u; const WG_Z: u32 = 1u;
const ROWS: u32 = 8u; // 1, 4 or 8; with COLS < 4 also 12 or 16
const COLS: u32 = 2u; // 1, 2 or 4
const TAIL: bool = true; // false when four divides every share of the contraction

// Four rows of four vec4s, and what four steps or one step of B contribute. Parts have names: arrays indexed by a loop would live in memory.
struct Row { p: Vec, q: Vec, r: Vec, s: Vec }
struct Rows { x: Row, y: Row, z: Row, w: Row }
struct Steps { p: Block, q: Block, r: Block, s: Block }
struct Places { p: vec4<u32>, q: vec4<u32>, r: vec4<u32>, s: vec4<u32> }
fn columns_at(n: u32) -> Places {
  var at: Places;
  at.p = columns_from(n);
  if (COLS > 1u) { at.q = columns_from(n + 4u); }
  if (COLS > 2u) { at.r = columns_from(n + 8u); at.s = columns_from(n + 12u); }
  return at;
}
fn load_steps(at: Places, block: u32, k: u32) -> Steps {
  var s: Steps;
  s.p = load_b(block + at.p, k);
  if (COLS > 1u) { s.q = load_b(block + at.q, k); }
  if (COLS > 2u) { s.r = load_b(block + at.r, k); s.s = load_b(block + at.s, k); }
  return s;
}
fn load_step(at: Places, block: u32, k: u32) -> Row {
  var s: Row;
  s.p = load_b1(block + at.p, k);
  if (COLS > 1u) { s.q = load_b1(block + at.q, k); }
  if (COLS > 2u) { s.r = load_b1(block + at.r, k); s.s = load_b1(block + at.s, k); }
  return s;
}
fn row4(x: Vec, s: Steps, z: Row) -> Row {
  var t = z;
  t.p = step4(x, s.p, z.p);
  if (COLS > 1u) { t.q = step4(x, s.q, z.q); }
  if (COLS > 2u) { t.r = step4(x, s.r, z.r); t.s = step4(x, s.s, z.s); }
  return t;
}
fn row1(x: Scalar, s: Row, z: Row) -> Row {
  var t = z;
  t.p = mul_add(Vec(x), s.p, z.p);
  if (COLS > 1u) { t.q = mul_add(Vec(x), s.q, z.q); }
  if (COLS > 2u) { t.r = mul_add(Vec(x), s.r, z.r); t.s = mul_add(Vec(x), s.s, z.s); }
  return t;
}
fn rows4(at: vec4<u32>, k: u32, s: Steps, z: Rows) -> Rows {
  var t = z;
  let x = load_a(at, k);
  t.x = row4(row_a(at.x, x.r0, k), s, z.x);
  if (ROWS > 1u) {
    t.y = row4(row_a(at.y, x.r1, k), s, z.y);
    t.z = row4(row_a(at.z, x.r2, k), s, z.z);
    t.w = row4(row_a(at.w, x.r3, k), s, z.w);
  }
  return t;
}
fn add_rows(x: Vec, s: Row, z: Rows) -> Rows {
  var t = z;
  t.x = row1(x.x, s, z.x);
  if (ROWS > 1u) {
    t.y = row1(x.y, s, z.y);
    t.z = row1(x.z, s, z.z);
    t.w = row1(x.w, s, z.w);
  }
  return t;
}
fn put(to: u32, batch: u32, m: u32, n: vec4<u32>, at: vec4<u32>, v: Vec) { store(to + m * params.c_m + at, epilogue(v, batch, m, n)); }
fn put_column(to: u32, batch: u32, m: vec4<u32>, n: vec4<u32>, x: Vec, y: Vec, z: Vec, w: Vec) {
  let at = columns_c(n);
  put(to, batch, m.x, n, at, x);
  if (ROWS > 1u) {
    put(to, batch, m.y, n, at, y);
    put(to, batch, m.z, n, at, z);
    put(to, batch, m.w, n, at, w);
  }
}
fn put_rows(to: u32, batch: u32, m: vec4<u32>, n: Places, t: Rows) {
  put_column(to, batch, m, n.p, t.x.p, t.y.p, t.z.p, t.w.p);
  if (COLS > 1u) { put_column(to, batch, m, n.q, t.x.q, t.y.q, t.z.q, t.w.q); }
  if (COLS > 2u) { put_column(to, batch, m, n.r, t.x.r, t.y.r, t.z.r, t.w.r); put_column(to, batch, m, n.s, t.x.s, t.y.s, t.z.s, t.w.s); }
}

@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn matmul(@builtin(global_invocation_id) gid: vec3<u32>) {
  let m = gid.y * ROWS;
  let n = gid.x * (4u * COLS);
  let z = gid.z + params.z_base;
  if (m >= params.m || n >= params.n || z >= params.z_count) { return; }
  let part = part_of(z);
  let columns = columns_at(n);
  let at = Places(columns_b(columns.p), columns_b(columns.q), columns_b(columns.r), columns_b(columns.s));
  let m0 = rows_from(m); let m1 = rows_from(m + 4u); let m2 = rows_from(m + 8u); let m3 = rows_from(m + 12u);
  var t0: Rows; var t1: Rows; var t2: Rows; var t3: Rows;
  for (var ko = part.outer_first; ko < part.outer_last; ko++) {
    let a_block = part.in_a + ko * params.a_ko;
    let b_block = part.in_b + ko * params.b_ko;
    for (var q = part.first >> 2u; q < (part.last >> 2u); q++) {
      let k = q << 2u;
      let s = load_steps(at, b_block, k);
      t0 = rows4(a_block + m0 * params.a_m, k, s, t0);
      if (ROWS > 4u) { t1 = rows4(a_block + m1 * params.a_m, k, s, t1); }
      if (ROWS > 8u) { t2 = rows4(a_block + m2 * params.a_m, k, s, t2); }
      if (ROWS > 12u) { t3 = rows4(a_block + m3 * params.a_m, k, s, t3); }
    }
    if (TAIL) {
      for (var k = part.last & ~3u; k < part.last; k++) {
        let s = load_step(at, b_block, k);
        t0 = add_rows(load_a1(a_block + m0 * params.a_m, k), s, t0);
        if (ROWS > 4u) { t1 = add_rows(load_a1(a_block + m1 * params.a_m, k), s, t1); }
        if (ROWS > 8u) { t2 = add_rows(load_a1(a_block + m2 * params.a_m, k), s, t2); }
        if (ROWS > 12u) { t3 = add_rows(load_a1(a_block + m3 * params.a_m, k), s, t3); }
      }
    }
  }
  let to = params.c_off + z * params.c_b;
  put_rows(to, part.batch, m0, columns, t0);
  if (ROWS > 4u) { put_rows(to, part.batch, m1, columns, t1); }
  if (ROWS > 8u) { put_rows(to, part.batch, m2, columns, t2); }
  if (ROWS > 12u) { put_rows(to, part.batch, m3, columns, t3); }
}

// ---- tiled: a workgroup keeps TILE_M x TILE_K of A and TILE_K x TILE_N of B in workgroup memory; needs COLS 1
const TILE_M: u32 = 64u; const TILE_N: u32 = 64u; const TILE_K: u32 = 16u;
const TILE_ROWS: u32 = 4u; // rows per invocation, 4 or 8; columns are 4
const TX: u32 = TILE_N / 4u; const TY: u32 = TILE_M / TILE_ROWS;
const A_ALONG_K: bool = true; const B_ALONG_K: bool = false; // neighbouring lanes fetch neighbouring k, else rows or columns
const STRIDE_M: u32 = TILE_M / 4u + 1u; const STRIDE_N: u32 = TILE_N / 4u + 1u; // one vec4 of padding spreads the banks
const A_LOADS: u32 = TILE_M / 4u * TILE_K / (TX * TY);
const B_LOADS: u32 = TILE_N / 4u * TILE_K / (TX * TY);

var<workgroup> a_tile: array<Vec, TILE_K * STRIDE_M>;
var<workgroup> b_tile: array<Vec, TILE_K * STRIDE_N>;

@compute @workgroup_size(TX, TY)
fn matmul_tiled(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
  let z = wid.z + params.z_base;
  let part = part_of(z);
  let m_tile = wid.y * TILE_M; let n_tile = wid.x * TILE_N;
  let tx = lid % TX; let ty = lid / TX;
  var t0: Rows; var t1: Rows;
  for (var ko = part.outer_first; ko < part.outer_last; ko++) {
    let ra = part.in_a + ko * params.a_ko;
    let cb = part.in_b + ko * params.b_ko;
    for (var k0 = part.first; k0 < part.last; k0 += TILE_K) {
      for (var s = 0u; s < A_LOADS; s++) {
        let t = s * (TX * TY) + lid;
        let row = select(t % (TILE_M / 4u), t / TILE_K, A_ALONG_K);
        let step = select(t / (TILE_M / 4u), t % TILE_K, A_ALONG_K);
        var v = Vec();
        if (k0 + step < part.last) { v = load_a1(ra + rows_from(m_tile + 4u * row) * params.a_m, k0 + step); }
        a_tile[step * STRIDE_M + row] = v;
      }
      for (var s = 0u; s < B_LOADS; s++) {
        let t = s * (TX * TY) + lid;
        let col = select(t % (TILE_N / 4u), t / TILE_K, B_ALONG_K);
        let step = select(t / (TILE_N / 4u), t % TILE_K, B_ALONG_K);
        var v = Vec();
        if (k0 + step < part.last) { v = load_b1(cb + columns_b(columns_from(n_tile + 4u * col)), k0 + step); }
        b_tile[step * STRIDE_N + col] = v;
      }
      workgroupBarrier();
      for (var k = 0u; k < TILE_K; k++) {
        var s: Row;
        s.p = b_tile[k * STRIDE_N + tx];
        t0 = add_rows(a_tile[k * STRIDE_M + ty], s, t0);
        if (TILE_ROWS > 4u) { t1 = add_rows(a_tile[k * STRIDE_M + TY + ty], s, t1); }
      }
      workgroupBarrier();
    }
  }
  let m = m_tile + 4u * ty; let n = n_tile + 4u * tx;
  if (n >= params.n) { return; }
  let to = params.c_off + z * params.c_b;
  let cols = columns_from(n);
  if (m < params.m) { put_column(to, part.batch, rows_from(m), cols, t0.x.p, t0.y.p, t0.z.p, t0.w.p); }
  if (TILE_ROWS > 4u && m + 4u * TY < params.m) {
    put_column(to, part.batch, rows_from(m + 4u * TY), cols, t1.x.p, t1.y.p, t1.z.p, t1.w.p);
  }
}

// ---- one row of A against columns contiguous along k: the workgroup shares the contraction of four columns
const MATVEC_WG: u32 = 64u;
var<workgroup> partial_sums: array<Vec, MATVEC_WG>;

@compute @workgroup_size(MATVEC_WG)
fn matvec(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
  let batch = wid.z + params.z_base; let n = wid.x * 4u;
  let part = part_of(batch);
  let columns = columns_from(n);
  let cols = part.in_b + columns_b(columns);
  var sum = Vec();
  for (var i = 0u; i < (params.k_inner + MATVEC_WG - 1u) / MATVEC_WG; i++) {
    let k = i * MATVEC_WG + lid;
    if (k < params.k_inner) { sum = mul_add(Vec(load_a1(vec4<u32>(part.in_a), k).x), load_b1(cols, k), sum); }
  }
  partial_sums[lid] = sum;
  workgroupBarrier();
  for (var half = MATVEC_WG / 2u; half > 0u; half >>= 1u) {
    if (lid < half) { partial_sums[lid] += partial_sums[lid + half]; }
    workgroupBarrier();
  }
  if (lid == 0u) { put(params.c_off + batch * params.c_b, batch, 0u, columns, columns_c(columns), partial_sums[0]); }
}

// ---- sums the splits of a contraction in a fixed order; a4 holds them as [batch][split][m][n rounded up to 4]
const REDUCE_WG: u32 = 64u;

fn finish(at: vec4<u32>, n: u32, v: Vec) {
  var old = Vec();
  if (ACCUMULATE) { old = Vec(c[at.x], c[at.y], c[at.z], c[at.w]); }
  c[at.x] = old.x + v.x;
  if (n + 1u < params.n) { c[at.y] = old.y + v.y; }
  if (n + 2u < params.n) { c[at.z] = old.z + v.z; }
  if (n + 3u < params.n) { c[at.w] = old.w + v.w; }
}
fn finish_vec4(at: vec4<u32>, n: u32, v: Vec) { store_vec4(at, v); }

@compute @workgroup_size(REDUCE_WG)
fn matmul_reduce(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>) {
  let i = gid.x + gid.y * nwg.x * REDUCE_WG;
  let width = (params.n + 3u) / 4u;
  let size = params.m * width;
  let batch = i / size;
  if (batch >= params.z_count) { return; }
  let at = i - batch * size;
  let m = at / width; let n = 4u * (at - m * width);
  let splits = params.split_outer * params.split_inner;
  var sum = Vec();
  for (var s = 0u; s < splits; s++) { sum += a4[(batch * splits + s) * size + at]; }
  let columns = columns_from(n);
  let to = params.c_off + batch * params.c_b + m * params.c_m + columns_c(columns);
  let v = epilogue(sum, batch, m, columns);
  finish(to, n, v);
}
