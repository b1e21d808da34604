// Indexing: reading at indices, and its adjoint, adding or writing at indices, without float atomics and in a fixed order.
// Scattering turns around: every destination element walks the sources that name it, in the order in which they stand.
// Few sources: the walk looks at all of them (accumulate_direct). Many: sources are sorted by destination first, stably, by a
// radix sort in which one invocation owns a run of consecutive sources; a destination then finds its own as one segment.
// Indices out of range read MISSING and are dropped when writing.
const WG: u32 = 64u;
const RANK: u32 = 4u;        // dimensions walked, 1 to 4
const MISSING: u32 = 0u;     // what a bad index reads: NaN for floats
const PER_ELEMENT: u32 = 1u; // 1: an index for every source element, 0: one per slice
const ACCUMULATE: u32 = 1u;  // 1: sources add up, 0: the last one stands
const MASK: u32 = 0xffffffffu;
const SCAN_WG: u32 = 256u;
alias Scalar = f32;

struct SelectParams { size: u32, count: u32, extent: u32, inner: u32, x_offset: u32, index_offset: u32 }
struct GatherParams {
  size: u32, d1: u32, d2: u32, d3: u32,
  s0: u32, s1: u32, s2: u32, s3: u32,       // strides of x (or of the destination), 0 along the indexed dimension
  x_offset: u32, index_offset: u32, stride: u32, extent: u32,
  bad: u32,                                 // key of an index out of range
}
struct DirectParams { size: u32, extent: u32, inner: u32, count: u32, x_offset: u32, index_offset: u32, src_offset: u32, init: u32 }
struct SortParams { count: u32, run: u32, runs: u32, shift: u32 }
struct ScanParams { size: u32, span: u32 }
struct StartsParams { rows: u32, count: u32 }
struct SegmentParams { size: u32, extent: u32, inner: u32, count: u32, x_offset: u32, src_offset: u32, init: u32 }

@group(0) @binding(0) var<uniform> select_params: SelectParams;
@group(0) @binding(1) var<uniform> gather_params: GatherParams;
@group(0) @binding(2) var<uniform> direct_params: DirectParams;
@group(0) @binding(3) var<uniform> sort_params: SortParams;
@group(0) @binding(4) var<uniform> scan_params: ScanParams;
@group(0) @binding(5) var<uniform> starts_params: StartsParams;
@group(0) @binding(6) var<uniform> segment_params: SegmentParams;
@group(0) @binding(7) var<storage, read> words: array<u32>;
@group(0) @binding(8) var<storage, read> words4: array<vec4<u32>>;
@group(0) @binding(9) var<storage, read> index: array<i32>;
@group(0) @binding(10) var<storage, read_write> out: array<u32>;
@group(0) @binding(11) var<storage, read_write> out4: array<vec4<u32>>;
@group(0) @binding(12) var<storage, read> x: array<Scalar>;
@group(0) @binding(13) var<storage, read> src: array<Scalar>;
@group(0) @binding(14) var<storage, read_write> sums: array<Scalar>;
@group(0) @binding(15) var<storage, read> keys: array<u32>;
@group(0) @binding(16) var<storage, read> order: array<u32>;
@group(0) @binding(17) var<storage, read_write> keys_out: array<u32>;
@group(0) @binding(18) var<storage, read_write> order_out: array<u32>;
@group(0) @binding(19) var<storage, read_write> counts: array<u32>;
@group(0) @binding(20) var<storage, read> starts: array<u32>;
@group(0) @binding(21) var<storage, read_write> starts_out: array<u32>;

// out[o, j, i] = x[o, index[j], i]
@compute @workgroup_size(WG)
fn index_select(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = select_params;
  let e = gid.x + gid.y * nwg.x * WG;
  if (e >= p.size) { return; }
  let row = e / p.inner;
  let at = index[p.index_offset + row % p.count];
  var value = MISSING;
  if (at >= 0 && at < i32(p.extent)) { value = words[p.x_offset + ((row / p.count) * p.extent + u32(at)) * p.inner + e % p.inner]; }
  out[e] = value;
}

// The same for slices of whole vec4s; size, inner and x_offset count vec4s.
@compute @workgroup_size(WG)
fn index_select4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = select_params;
  let e = gid.x + gid.y * nwg.x * WG;
  if (e >= p.size) { return; }
  let row = e / p.inner;
  let at = index[p.index_offset + row % p.count];
  var value = vec4<u32>(MISSING);
  if (at >= 0 && at < i32(p.extent)) { value = words4[p.x_offset + ((row / p.count) * p.extent + u32(at)) * p.inner + e % p.inner]; }
  out4[e] = value;
}

// Offset of element e of the index tensor along the dimensions that are not indexed.
fn beside(e: u32) -> u32 {
  let p = gather_params;
  var rest = e;
  var at = p.x_offset;
  if (RANK > 1u) {
    at += (rest % p.d3) * p.s3;
    rest = rest / p.d3;
  }
  if (RANK > 2u) {
    at += (rest % p.d2) * p.s2;
    rest = rest / p.d2;
  }
  if (RANK > 3u) {
    at += (rest % p.d1) * p.s1;
    rest = rest / p.d1;
  }
  return at + rest * p.s0;
}

@compute @workgroup_size(WG)
fn gather(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let e = gid.x + gid.y * nwg.x * WG;
  if (e >= gather_params.size) { return; }
  let at = index[gather_params.index_offset + e];
  var value = MISSING;
  if (at >= 0 && at < i32(gather_params.extent)) { value = words[beside(e) + u32(at) * gather_params.stride]; }
  out[e] = value;
}

// Destination of every source; `bad`, one beyond the last destination, for an index out of range.
@compute @workgroup_size(WG)
fn destinations(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let e = gid.x + gid.y * nwg.x * WG;
  if (e >= gather_params.size) { return; }
  let at = index[gather_params.index_offset + e];
  var key = gather_params.bad;
  if (at >= 0 && at < i32(gather_params.extent)) { key = beside(e) + u32(at) * gather_params.stride; }
  keys_out[e] = key;
}

fn first_of_direct(e: u32) -> Scalar { return x[direct_params.x_offset + e]; }
fn first_of_segment(e: u32) -> Scalar { return x[segment_params.x_offset + e]; }

fn combine(sum: Scalar, value: Scalar) -> Scalar {
  if (ACCUMULATE == 0u) { return value; }
  return sum + value;
}
// In place of combine, for element types that wrap or saturate.
fn combine_masked(sum: Scalar, value: Scalar) -> Scalar {
  if (ACCUMULATE == 0u) { return value; }
  return Scalar((u32(sum) + u32(value)) & MASK);
}
fn combine_truth(sum: Scalar, value: Scalar) -> Scalar {
  if (ACCUMULATE == 0u) { return value; }
  return Scalar(u32(sum) | u32(value));
}

@compute @workgroup_size(WG)
fn accumulate_direct(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = direct_params;
  let e = gid.x + gid.y * nwg.x * WG;
  if (e >= p.size) { return; }
  let i = e % p.inner;
  let row = e / p.inner;
  let wanted = i32(row % p.extent);
  let base = (row / p.extent) * p.count;
  var sum = first_of_direct(e);
  for (var j = 0u; j < p.count; j++) {
    let s = (base + j) * p.inner + i;
    var at = 0;
    if (PER_ELEMENT == 1u) { at = index[p.index_offset + s]; } else { at = index[p.index_offset + j]; }
    if (at == wanted) { sum = combine(sum, src[p.src_offset + s]); }
  }
  sums[e] = sum;
}

// How often each digit occurs in each run: counts[digit, run].
@compute @workgroup_size(WG)
fn digit_count(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = sort_params;
  let r = gid.x + gid.y * nwg.x * WG;
  if (r >= p.runs) { return; }
  for (var d = 0u; d < 256u; d++) { counts[d * p.runs + r] = 0u; }
  let stop = min(p.count, (r + 1u) * p.run);
  for (var k = r * p.run; k < stop; k++) {
    let cell = ((keys[k] >> p.shift) & 255u) * p.runs + r;
    counts[cell] = counts[cell] + 1u;
  }
}

var<workgroup> partial: array<u32, SCAN_WG>;

// counts becomes its own exclusive prefix sum; one workgroup.
@compute @workgroup_size(SCAN_WG)
fn scan(@builtin(local_invocation_index) lane: u32) {
  let begin = lane * scan_params.span;
  let stop = min(scan_params.size, begin + scan_params.span);
  var total = 0u;
  for (var k = begin; k < stop; k++) { total += counts[k]; }
  partial[lane] = total;
  workgroupBarrier();
  for (var reach = 1u; reach < SCAN_WG; reach = reach * 2u) {
    var before = 0u;
    if (lane >= reach) { before = partial[lane - reach]; }
    workgroupBarrier();
    partial[lane] = partial[lane] + before;
    workgroupBarrier();
  }
  var running = partial[lane] - total;
  for (var k = begin; k < stop; k++) {
    let here = counts[k];
    counts[k] = running;
    running += here;
  }
}

@compute @workgroup_size(WG)
fn digit_place(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = sort_params;
  let r = gid.x + gid.y * nwg.x * WG;
  if (r >= p.runs) { return; }
  let stop = min(p.count, (r + 1u) * p.run);
  for (var k = r * p.run; k < stop; k++) {
    let key = keys[k];
    let cell = ((key >> p.shift) & 255u) * p.runs + r;
    let to = counts[cell];
    counts[cell] = to + 1u;
    keys_out[to] = key;
    order_out[to] = source_of(k);
  }
}
fn source_of(k: u32) -> u32 { return order[k]; }
// In place of source_of in the first pass, when everything still stands where it was.
fn source_itself(k: u32) -> u32 { return k; }

// starts[r]: the first sorted key that is not below r.
@compute @workgroup_size(WG)
fn segment_starts(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let r = gid.x + gid.y * nwg.x * WG;
  if (r > starts_params.rows) { return; }
  var low = 0u;
  var high = starts_params.count;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (keys[middle] < r) { low = middle + 1u; } else { high = middle; }
  }
  starts_out[r] = low;
}

@compute @workgroup_size(WG)
fn accumulate_segments(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = segment_params;
  let e = gid.x + gid.y * nwg.x * WG;
  if (e >= p.size) { return; }
  let i = e % p.inner;
  let row = e / p.inner;
  let target_row = row % p.extent;
  let base = (row / p.extent) * p.count;
  var sum = first_of_segment(e);
  let stop = starts[target_row + 1u];
  for (var k = starts[target_row]; k < stop; k++) { sum = combine(sum, src[p.src_offset + (base + order[k]) * p.inner + i]); }
  sums[e] = sum;
}
