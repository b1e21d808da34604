// Running sums, products and first-order recurrences along one dimension of [outer, length, inner], forwards or backwards.
// Long lines are cut into blocks: totals of the blocks are scanned first and carried in.
const WG: u32 = 64u;

alias X = f32;
alias A = f32;
alias Out = f32;

struct Params { rows: u32, inner: u32, length: u32, chunk: u32, blocks: u32, reverse: u32, exclusive: u32, delay: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> carry: array<A>;
@group(0) @binding(4) var<storage, read_write> out: array<Out>;

fn first() -> A { return A(0); }
fn first_one() -> A { return A(1); }
fn lift(v: X) -> A { return A(v); }
fn lift_int(v: f32) -> i32 { return to_i32(v); }
fn lift_truth(v: X) -> A { return select(A(1), A(0), v == X(0)); }
fn join(a: A, v: A) -> A { return a + v; }
fn join_product(a: A, v: A) -> A { return a * v; }
fn finish(v: A) -> Out { return Out(v); }
fn finish_truth(v: A) -> Out { return select(Out(1), Out(0), v == A(0)); }
fn finish_byte(v: A) -> Out { return Out(u32(v) & 255u); }
fn carried(t: u32) -> A { return first(); }
fn carried_in(t: u32) -> A { return carry[t]; }

fn place(row: u32, i: u32) -> u32 {
  let at = select(i, params.length - 1u - i, params.reverse != 0u);
  return ((row / params.inner) * params.length + at) * params.inner + row % params.inner;
}

// One invocation per line and block.
@compute @workgroup_size(WG)
fn scan(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let t = gid.x + gid.y * nwg.x * WG;
  if (t >= params.rows * params.blocks) { return; }
  let row = t / params.blocks;
  let begin = (t % params.blocks) * params.chunk;
  let end = min(begin + params.chunk, params.length);
  var acc = carried(t);
  for (var i = begin; i < end; i += 1u) {
    let at = place(row, i);
    let next = join(acc, lift(x[at]));
    out[at] = finish(select(next, acc, params.exclusive != 0u));
    acc = next;
  }
}

// The total of every block, for `scan` to carry.
@compute @workgroup_size(WG)
fn block_totals(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let t = gid.x + gid.y * nwg.x * WG;
  if (t >= params.rows * params.blocks) { return; }
  let row = t / params.blocks;
  let begin = (t % params.blocks) * params.chunk;
  let end = min(begin + params.chunk, params.length);
  var acc = first();
  for (var i = begin; i < end; i += 1u) { acc = join(acc, lift(x[place(row, i)])); }
  out[t] = Out(acc);
}

// h[i] = b[i] + x[i − delay] · h[i − 1], counted in the direction of the scan.
@compute @workgroup_size(WG)
fn linear_recurrence(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let row = gid.x + gid.y * nwg.x * WG;
  if (row >= params.rows) { return; }
  var h = 0.0;
  for (var i = 0u; i < params.length; i += 1u) {
    let at = place(row, i);
    if (i > 0u) { h = h * f32(x[place(row, i - params.delay)]); }
    h += b[at];
    out[at] = Out(h);
  }
}
