// Lines put in order: what comes out are places. Every element is seen as a pair of a key, an unsigned number in the order asked for, and
// its place in the line; since pairs compare by key and then by place, no two are equal, and every way to sort them is stable. Lines that
// fit into workgroup memory are sorted there, many at a time; longer ones digit by digit; of few out of many, runs hand on their best.
const WG: u32 = 64u;
const TILE: u32 = 256u;     // pairs in workgroup memory
const BITS: u32 = 4u;       // of a digit
const HELD: u32 = 16u;      // pairs an invocation can hold
alias Scalar = f32;

struct Params {
  lines: u32, length: u32,
  inner: u32,   // elements of x from one of a line to the next
  flip: u32,    // all bits of a key where larger ones come first, else 0
  wanted: u32,  // places of a line that are asked for
  padded: u32,  // length up to a power of two
  runs: u32,    // parts of a line, an invocation or a workgroup each
  items: u32,   // neighbours that an invocation counts and places
  shift: u32,   // of the digit
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Scalar>;
@group(0) @binding(2) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> pairs_out: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> counts: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<i32>;

// Behind all pairs.
const LAST = vec2u(0xffffffffu);

// Negative numbers turned over below the others; −0 is 0, and NaN the largest.
fn key_of(v: Scalar) -> u32 {
  let bits = bitcast<u32>(v);
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) { return 0xffffffffu; }
  return select(0x80000000u + magnitude, 0x80000000u - magnitude, bits > 0x7fffffffu);
}
fn key_of_int(v: Scalar) -> u32 { return bitcast<u32>(v) ^ 0x80000000u; }
fn key_of_word(v: Scalar) -> u32 { return u32(v); }

// Where element i of a line of so many lies in x and out.
fn spot(line: u32, i: u32, length: u32) -> u32 {
  return (line / params.inner * length + i) * params.inner + line % params.inner;
}

// Where a line starts among the pairs, or in x, and its elements from there.
fn start_of(line: u32) -> u32 { return line * params.length; }
fn start_of_x(line: u32) -> u32 { return spot(line, 0u, params.length); }
fn pair_at(start: u32, i: u32) -> vec2u { return pairs[start + i]; }
fn pair_of_x(start: u32, i: u32) -> vec2u { return vec2u(key_of(x[start + i * params.inner]) ^ params.flip, i); }

fn deliver(line: u32, i: u32, pair: vec2u) { pairs_out[line * params.length + i] = pair; }
fn deliver_place(line: u32, i: u32, pair: vec2u) {
  if (i < params.wanted) { out[spot(line, i, params.wanted)] = i32(pair.y); }
}

fn before(a: vec2u, b: vec2u) -> bool { return a.x < b.x || (a.x == b.x && a.y < b.y); }

// ---- short lines: a bitonic network over a tile of them, all in one direction

var<workgroup> tile: array<vec2u, TILE>;

@compute @workgroup_size(WG)
fn sort_tile(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) lid: u32) {
  let p = params;
  let first = (wid.x + wid.y * nwg.x) * (TILE / p.padded);
  for (var e = lid; e < TILE; e += WG) {
    let line = first + e / p.padded;
    let i = e % p.padded;
    tile[e] = LAST;
    if (line < p.lines && i < p.length) { tile[e] = pair_at(start_of(line), i); }
  }
  for (var size = 2u; size <= p.padded; size *= 2u) {
    for (var step = size / 2u; step > 0u; step /= 2u) {
      workgroupBarrier();
      for (var e = lid; e < TILE / 2u; e += WG) {
        let a = (e & ~(step - 1u)) + e;
        // The first step compares with the mirror image, so that both halves may ascend.
        let b = a ^ select(step, size - 1u, step == size / 2u);
        let pair = tile[a];
        let other = tile[b];
        if (before(other, pair)) {
          tile[a] = other;
          tile[b] = pair;
        }
      }
    }
  }
  workgroupBarrier();
  for (var e = lid; e < TILE; e += WG) {
    let line = first + e / p.padded;
    let i = e % p.padded;
    if (line < p.lines && i < p.length) { deliver_place(line, i, tile[e]); }
  }
}

// The same where barriers are slow: an invocation sorts a line by Shell's method in pairs_out.
@compute @workgroup_size(WG)
fn sort_line(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let length = params.length;
  let line = gid.x + gid.y * nwg.x * WG;
  if (line >= params.lines) { return; }
  let first = line * length;
  let start = start_of(line);
  for (var i = 0u; i < length; i++) { pairs_out[first + i] = pair_at(start, i); }
  var gap = 1u;
  while (gap * 3u < length) { gap = gap * 3u + 1u; }
  for (; gap > 0u; gap /= 3u) {
    for (var i = gap; i < length; i++) {
      let pair = pairs_out[first + i];
      var k = i;
      for (; k >= gap && before(pair, pairs_out[first + k - gap]); k -= gap) { pairs_out[first + k] = pairs_out[first + k - gap]; }
      pairs_out[first + k] = pair;
    }
  }
  for (var i = 0u; i < params.wanted; i++) { deliver_place(line, i, pairs_out[first + i]); }
}

// ---- long lines: passes over the digits of keys, from the lowest on; a workgroup has a run of each line

var<workgroup> cells: array<u32, WG << BITS>;

fn digit(pair: vec2u) -> u32 { return (pair.x >> params.shift) & ((1u << BITS) - 1u); }

// The line and the run of a workgroup.
fn seat(wid: vec3u, nwg: vec3u) -> vec2u {
  let group = wid.x + wid.y * nwg.x;
  return vec2u(group / params.runs, group % params.runs);
}

// The places of an invocation's neighbours: the first, and the one behind.
fn stretch(run: u32, lid: u32) -> vec2u {
  let first = (run * WG + lid) * params.items;
  return vec2u(first, min(params.length, first + params.items));
}

// Every invocation counts the digits of its own.
fn tally(start: u32, lid: u32, own: vec2u) {
  for (var i = own.x; i < own.y; i++) { cells[(lid << BITS) + digit(pair_at(start, i))] += 1u; }
  workgroupBarrier();
}

// cells of a digit become the sums of those before them, from `start` on; their sum.
fn sum_up(d: u32, start: u32) -> u32 {
  var sum = start;
  for (var cell = d; cell < WG << BITS; cell += 1u << BITS) {
    let count = cells[cell];
    cells[cell] = sum;
    sum += count;
  }
  return sum;
}

@compute @workgroup_size(WG)
fn count_digits(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) lid: u32) {
  let at = seat(wid, nwg);
  if (at.x >= params.lines) { return; }
  tally(start_of(at.x), lid, stretch(at.y, lid));
  for (var d = lid; d < 1u << BITS; d += WG) { counts[((at.x << BITS) + d) * params.runs + at.y] = sum_up(d, 0u); }
}

// counts say by now where a run's pairs of each digit begin; invocation after invocation deals its own out.
@compute @workgroup_size(WG)
fn place_digits(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) lid: u32) {
  let at = seat(wid, nwg);
  if (at.x >= params.lines) { return; }
  let own = stretch(at.y, lid);
  let start = start_of(at.x);
  tally(start, lid, own);
  for (var d = lid; d < 1u << BITS; d += WG) { sum_up(d, counts[((at.x << BITS) + d) * params.runs + at.y]); }
  workgroupBarrier();
  for (var i = own.x; i < own.y; i++) {
    let pair = pair_at(start, i);
    let cell = (lid << BITS) + digit(pair);
    let to = cells[cell];
    cells[cell] = to + 1u;
    deliver(at.x, to, pair);
  }
}

var<workgroup> totals: array<u32, 256>;

// The counts of a line become the sums of those before them.
@compute @workgroup_size(256)
fn digit_starts(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) lid: u32) {
  let line = wid.x + wid.y * nwg.x;
  if (line >= params.lines) { return; }
  let all = params.runs << BITS;
  let share = (all + 255u) / 256u;
  let first = line * all + min(all, lid * share);
  let end = line * all + min(all, (lid + 1u) * share);
  for (var k = first; k < end; k++) { totals[lid] += counts[k]; }
  workgroupBarrier();
  var sum = 0u;
  for (var k = 0u; k < lid; k++) { sum += totals[k]; }
  for (var k = first; k < end; k++) {
    let count = counts[k];
    counts[k] = sum;
    sum += count;
  }
}

// ---- few out of many: every run of a line hands on the first of its own in order

var<private> held: array<vec2u, HELD>;

@compute @workgroup_size(WG)
fn first_of_runs(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = params;
  let e = gid.x + gid.y * nwg.x * WG;
  let line = e / p.runs;
  if (line >= p.lines) { return; }
  let last = p.wanted - 1u;
  let start = start_of(line);
  for (var k = 0u; k < p.wanted; k++) { held[k] = LAST; }
  var worst = LAST;
  for (var i = e % p.runs; i < p.length; i += p.runs) {
    let pair = pair_at(start, i);
    if (!before(pair, worst)) { continue; }
    var k = last;
    for (; k > 0u && before(pair, held[k - 1u]); k--) { held[k] = held[k - 1u]; }
    held[k] = pair;
    worst = held[last];
  }
  for (var k = 0u; k < p.wanted; k++) { pairs_out[e * p.wanted + k] = held[k]; }
}
