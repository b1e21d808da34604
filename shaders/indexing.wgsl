// Folding sources into what stands at indices (adding, which is the adjoint of reading there, and others), without float atomics and in a fixed order. Scattering turns around:
// every destination element walks the sources that name it, in the order in which they stand. Few sources: the walk looks at all of
// them. Many: they are sorted by destination first, stably, and a destination finds its own as one segment.
const WG: u32 = 64u;
const SORTED: bool = false;     // walk the own segment, else look at all sources
const SLICED: bool = false;     // the index names whole slices, else it has a number for every element
const CONSTANT: bool = false;   // the destination starts from the bits in init instead of x
alias Scalar = f32;

struct Params { size: u32, extent: u32, inner: u32, count: u32, init: u32 }
struct SegmentParams { rows: u32, count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> segment_params: SegmentParams;
@group(0) @binding(2) var<storage, read> index: array<i32>;
@group(0) @binding(3) var<storage, read> x: array<Scalar>;
@group(0) @binding(4) var<storage, read> src: array<Scalar>;
@group(0) @binding(5) var<storage, read_write> out: array<Scalar>;
@group(0) @binding(6) var<storage, read> keys: array<u32>;
@group(0) @binding(7) var<storage, read> order: array<u32>;
@group(0) @binding(8) var<storage, read> starts: array<u32>;
@group(0) @binding(9) var<storage, read_write> starts_out: array<u32>;

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

// starts[r]: the first sorted source whose key is not below r.
@compute @workgroup_size(WG)
fn segment_starts(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let r = gid.x + gid.y * nwg.x * WG;
  if (r > segment_params.rows) { return; }
  var low = 0u;
  var high = segment_params.count;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (keys[order[middle]] < r) { low = middle + 1u; } else { high = middle; }
  }
  starts_out[r] = low;
}
