// Bit copies between strided views, and fills. Elements are 4-byte words whatever their dtype.
// One invocation per element (copy) or per four elements (fill; buffers are padded to 16 bytes).
const WG: u32 = 64u;
const RANK: u32 = 4u; // dimensions walked, 1 to 4; extent of the outermost is implied by size

struct CopyParams {
  size: u32,
  d1: u32, d2: u32, d3: u32,                 // extents of dimensions 1..3, right aligned
  a0: u32, a1: u32, a2: u32, a3: u32,        // strides of x, in elements
  b0: u32, b1: u32, b2: u32, b3: u32,        // strides of out, in elements
  a_offset: u32, b_offset: u32,
}
struct FillParams { size: u32, value: u32 } // value: bit pattern of the element

@group(0) @binding(0) var<uniform> params: CopyParams;
@group(0) @binding(1) var<uniform> fill_params: FillParams;
@group(0) @binding(2) var<storage, read> x: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<u32>;
@group(0) @binding(4) var<storage, read_write> filled: array<vec4<u32>>;

@compute @workgroup_size(WG)
fn copy_strided(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let index = gid.x + gid.y * nwg.x * WG;
  if (index >= params.size) { return; }
  var rest = index;
  var source_at = params.a_offset;
  var target_at = params.b_offset;
  if (RANK > 1u) {
    let i3 = rest % params.d3;
    rest = rest / params.d3;
    source_at += i3 * params.a3;
    target_at += i3 * params.b3;
  }
  if (RANK > 2u) {
    let i2 = rest % params.d2;
    rest = rest / params.d2;
    source_at += i2 * params.a2;
    target_at += i2 * params.b2;
  }
  if (RANK > 3u) {
    let i1 = rest % params.d1;
    rest = rest / params.d1;
    source_at += i1 * params.a1;
    target_at += i1 * params.b1;
  }
  out[target_at + rest * params.b0] = x[source_at + rest * params.a0];
}

@compute @workgroup_size(WG)
fn fill(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let index = gid.x + gid.y * nwg.x * WG;
  if (index * 4u >= fill_params.size) { return; }
  filled[index] = vec4<u32>(fill_params.value);
}
