// Elements moved as they are, between strided views or by an index, and fills. Elements are 4-byte words whatever their dtype.
const WG: u32 = 64u;
const RANK: u32 = 4u;    // dimensions walked, 1 to 4; extent of the outermost is implied by size
const MISSING: u32 = 0u; // what an index out of range reads
const KEYS: u32 = 0u;    // 1: gather tells where the element lies instead of reading it
alias Word = u32;        // or vec4u: all params then count fours

struct Params {
  size: u32,
  d1: u32, d2: u32, d3: u32,          // extents of dimensions 1 to 3, right aligned
  a0: u32, a1: u32, a2: u32, a3: u32, // strides, in elements
  b0: u32, b1: u32, b2: u32, b3: u32,
  a_offset: u32, b_offset: u32,
  stride: u32, extent: u32,           // gather: of x along the indexed dimension
  out_offset: u32,
}
struct FillParams { size: u32, value: u32 } // value: bit pattern of the element

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> fill_params: FillParams;
@group(0) @binding(2) var<storage, read> x: array<Word>;
@group(0) @binding(3) var<storage, read> index: array<i32>;
@group(0) @binding(4) var<storage, read_write> out: array<Word>;
@group(0) @binding(5) var<storage, read_write> filled: array<vec4u>;

// The offsets of an element in both geometries.
fn place(element: u32) -> vec2u {
  var rest = element;
  var a = params.a_offset;
  var b = params.b_offset;
  if (RANK > 1u) {
    let i = rest % params.d3;
    rest /= params.d3;
    a += i * params.a3;
    b += i * params.b3;
  }
  if (RANK > 2u) {
    let i = rest % params.d2;
    rest /= params.d2;
    a += i * params.a2;
    b += i * params.b2;
  }
  if (RANK > 3u) {
    let i = rest % params.d1;
    rest /= params.d1;
    a += i * params.a1;
    b += i * params.b1;
  }
  return vec2u(a + rest * params.a0, b + rest * params.b0);
}

@compute @workgroup_size(WG)
fn copy_strided(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let e = gid.x + gid.y * nwg.x * WG;
  if (e >= params.size) { return; }
  let p = place(e);
  out[p.y] = x[p.x];
}

// b walks x, standing still along the indexed dimension; a walks the index.
@compute @workgroup_size(WG)
fn gather(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let e = gid.x + gid.y * nwg.x * WG;
  if (e >= params.size) { return; }
  let p = place(e);
  let at = index[p.x];
  var value = Word(MISSING);
  if (at >= 0 && at < i32(params.extent)) {
    let found = p.y + u32(at) * params.stride;
    if (KEYS == 1u) { value = Word(found); } else { value = x[found]; }
  }
  out[params.out_offset + e] = value;
}

// Four elements per invocation: buffers are padded to 16 bytes.
@compute @workgroup_size(WG)
fn fill(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let e = gid.x + gid.y * nwg.x * WG;
  if (e * 4u >= fill_params.size) { return; }
  filled[e] = vec4u(fill_params.value);
}
