// Folding sources into what stands at indices (adding, which is the adjoint of reading there, and others), without float atomics and in a fixed order. Scattering turns around:
// every destination element walks the sources that name it, in the order in which they stand. Few sources: the walk looks at all of
// them. Many: they are sorted by destination first, stably, and a destination finds its own as one segment.
const WG: u32 = 64u;
const SORTED: bool = false;     // walk the own segment, else look at all sources
const SLICED: bool = false;     // the index names whole slices, else it has a number for every element
const CONSTANT: bool = false;   // the destination starts from the bits in init instead of x
const PLACE: bool = false;      // a sorting pass places, else it counts
alias Scalar = f32;

struct Params { size: u32, extent: u32, inner: u32, count: u32, init: u32 }
struct SortParams { rows: u32, count: u32, run: u32, runs: u32, shift: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> sort_params: SortParams;
@group(0) @binding(2) var<storage, read> index: array<i32>;
@group(0) @binding(3) var<storage, read> x: array<Scalar>;
@group(0) @binding(4) var<storage, read> src: array<Scalar>;
@group(0) @binding(5) var<storage, read_write> out: array<Scalar>;
@group(0) @binding(6) var<storage, read> keys: array<u32>;
@group(0) @binding(7) var<storage, read> order: array<u32>;
@group(0) @binding(8) var<storage, read_write> order_out: array<u32>;
@group(0) @binding(9) var<storage, read_write> counts: array<u32>;
@group(0) @binding(10) var<storage, read> starts: array<u32>;
@group(0) @binding(11) var<storage, read_write> starts_out: array<u32>;

fn fold(v: Scalar, source: Scalar) -> Scalar { return v + source; }
fn fold_last(v: Scalar, source: Scalar) -> Scalar { return source; }
fn fold_product(v: Scalar, source: Scalar) -> Scalar { return v * source; }
fn fold_larger(v: Scalar, source: Scalar) -> Scalar { return max(v, source); }
fn fold_smaller(v: Scalar, source: Scalar) -> Scalar { return min(v, source); }
fn fold_larger_float(v: Scalar, source: Scalar) -> Scalar { return max_nan(v, source); }
fn fold_smaller_float(v: Scalar, source: Scalar) -> Scalar { return min_nan(v, source); }

fn finish(v: Scalar) -> Scalar { return v; }
fn finish_byte(v: Scalar) -> Scalar { return Scalar(u32(v) & 255u); }
fn finish_truth(v: Scalar) -> Scalar { return min(v, Scalar(1)); }

// out[o, r, i] takes src[o, j, i] for every j whose index is r.
@compute @workgroup_size(WG)
fn accumulate(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = params;
  let e = gid.x + gid.y * nwg.x * WG;
  if (e >= p.size) { return; }
  let i = e % p.inner;
  let r = (e / p.inner) % p.extent;
  let o = e / p.inner / p.extent;
  var v = bitcast<Scalar>(p.init);
  if (!CONSTANT) { v = x[e]; }
  var k = 0u;
  var stop = p.count;
  if (SORTED) {
    k = starts[r];
    stop = starts[r + 1u];
  }
  for (; k < stop; k++) {
    var j = k;
    if (SORTED) { j = order[k]; }
    let s = (o * p.count + j) * p.inner + i;
    if (!SORTED && index[select(s, k, SLICED)] != i32(r)) { continue; }
    v = fold(v, src[s]);
  }
  out[e] = finish(v);
}

// The source at place k; before the first pass everything stands where it was.
fn source_at(k: u32) -> u32 { return select(order[k], k, sort_params.shift == 0u); }

// One pass of the radix sort; an invocation owns a run of consecutive places. First it counts its digits: counts[digit, run].
// Once those are summed up, each cell says where its last source ends, and the run is dealt out from behind.
@compute @workgroup_size(WG)
fn digits(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = sort_params;
  let r = gid.x + gid.y * nwg.x * WG;
  if (r >= p.runs) { return; }
  if (!PLACE) {
    for (var d = 0u; d < 256u; d++) { counts[d * p.runs + r] = 0u; }
  }
  for (var k = min(p.count, (r + 1u) * p.run); k > r * p.run; k--) {
    let source = source_at(k - 1u);
    let cell = ((keys[source] >> p.shift) & 255u) * p.runs + r;
    if (!PLACE) { counts[cell] += 1u; } else {
      counts[cell] -= 1u;
      order_out[counts[cell]] = source;
    }
  }
}

var<workgroup> totals: array<u32, 256>;

// counts becomes its own running sum; one workgroup, an invocation per digit.
@compute @workgroup_size(256)
fn digit_ends(@builtin(local_invocation_index) d: u32) {
  let runs = sort_params.runs;
  for (var k = d * runs; k < (d + 1u) * runs; k++) { totals[d] += counts[k]; }
  workgroupBarrier();
  var sum = 0u;
  for (var before = 0u; before < d; before++) { sum += totals[before]; }
  for (var k = d * runs; k < (d + 1u) * runs; k++) {
    sum += counts[k];
    counts[k] = sum;
  }
}

// starts[r]: the first sorted source whose key is not below r.
@compute @workgroup_size(WG)
fn segment_starts(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let r = gid.x + gid.y * nwg.x * WG;
  if (r > sort_params.rows) { return; }
  var low = 0u;
  var high = sort_params.count;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (keys[order[middle]] < r) { low = middle + 1u; } else { high = middle; }
  }
  starts_out[r] = low;
}
