// Running sums and first-order recurrences along one dimension of [outer, length, inner], forwards or backwards.
// Long sums are cut into blocks: totals of the blocks are scanned first and carried in.
const WG: u32 = 64u;
const FACTORS: u32 = 0u; // 1: the running value is multiplied by x before each addition
const TOTALS: u32 = 0u;  // 1: out takes the last value of each block only
const CARRIED: u32 = 0u; // 1: blocks begin with what carry has for the block before
alias Scalar = f32;

struct Params { rows: u32, inner: u32, length: u32, chunk: u32, blocks: u32, reverse: u32, delay: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Scalar>;
@group(0) @binding(2) var<storage, read> b: array<Scalar>;
@group(0) @binding(3) var<storage, read> carry: array<Scalar>;
@group(0) @binding(4) var<storage, read_write> out: array<Scalar>;

fn place(row: u32, i: u32) -> u32 {
  let at = select(i, params.length - 1u - i, params.reverse != 0u);
  return ((row / params.inner) * params.length + at) * params.inner + row % params.inner;
}

// h[i] = b[i] + x[i − delay] · h[i − 1], counted in the direction of the scan. One invocation per line and block.
@compute @workgroup_size(WG)
fn recurrence(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let t = gid.x + gid.y * nwg.x * WG;
  if (t >= params.rows * params.blocks) { return; }
  let row = t / params.blocks;
  let begin = (t % params.blocks) * params.chunk;
  let end = min(begin + params.chunk, params.length);
  var h = Scalar(0);
  if (CARRIED == 1u && begin > 0u) { h = carry[t - 1u]; }
  for (var i = begin; i < end; i += 1u) {
    let at = place(row, i);
    if (FACTORS == 1u && i > 0u) { h = h * x[place(row, i - params.delay)]; }
    h += b[at];
    if (TOTALS == 0u) { out[at] = h; }
  }
  if (TOTALS == 1u) { out[t] = h; }
}
