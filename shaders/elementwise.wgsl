// Elementwise maps of one to three operands over any strides. TypeScript replaces `f1`, `f2`, `f3`, the element types, and the loads of
// operands that are one repeated value: those have no buffer, their bits travel in the offset field. `_dense` and `_quads` entries handle
// four elements per invocation; buffers are padded to 16 bytes, so tails are safe.
const WG: u32 = 64u;
const RANK: u32 = 4u; // dimensions walked, 1 to 4
alias A = f32;
alias B = f32;
alias D = f32;
alias Out = f32;
alias C = f32;        // type the operator computes in

struct Dense { size: u32, a_offset: u32, b_offset: u32, d_offset: u32, p0: f32, p1: f32, p2: f32, p3: f32 }
struct Strided1 {
  size: u32, d1: u32, d2: u32, d3: u32, a_offset: u32, a0: i32, a1: i32, a2: i32, a3: i32,
  p0: f32, p1: f32, p2: f32, p3: f32,
}
struct Strided2 {
  size: u32, d1: u32, d2: u32, d3: u32, a_offset: u32, a0: i32, a1: i32, a2: i32, a3: i32,
  b_offset: u32, b0: i32, b1: i32, b2: i32, b3: i32, p0: f32, p1: f32,
}
struct Strided3 {
  size: u32, d1: u32, d2: u32, d3: u32, a_offset: u32, a0: i32, a1: i32, a2: i32, a3: i32,
  b_offset: u32, b0: i32, b1: i32, b2: i32, b3: i32, d_offset: u32, e0: i32, e1: i32, e2: i32, e3: i32,
  p0: f32, p1: f32, p2: f32, p3: f32,
}

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<uniform> strided1: Strided1;
@group(0) @binding(2) var<uniform> strided2: Strided2;
@group(0) @binding(3) var<uniform> strided3: Strided3;
@group(0) @binding(4) var<storage, read> a: array<A>;
@group(0) @binding(5) var<storage, read> b: array<B>;
@group(0) @binding(6) var<storage, read> d: array<D>;
@group(0) @binding(7) var<storage, read_write> out: array<Out>;
@group(0) @binding(8) var<storage, read> a4: array<vec4<A>>;
@group(0) @binding(9) var<storage, read> b4: array<vec4<B>>;
@group(0) @binding(10) var<storage, read> d4: array<vec4<D>>;
@group(0) @binding(11) var<storage, read_write> out4: array<vec4<Out>>;

fn f1(va: A) -> Out { return Out(va); }
fn f2(va: A, vb: B) -> Out { return Out(va + vb); }
fn f3(va: A, vb: B, vd: D) -> Out { return Out(va + vb + vd); }

fn load_a4(i: u32, start: u32) -> vec4<A> { return a4[i + start]; }
fn load_b4(i: u32, start: u32) -> vec4<B> { return b4[i + start]; }
fn load_d4(i: u32, start: u32) -> vec4<D> { return d4[i + start]; }
fn load_a(i: u32) -> A { return a[i]; }
fn load_b(i: u32) -> B { return b[i]; }
fn load_d(i: u32) -> D { return d[i]; }

// Coordinates of element i: .x is the outermost walked dimension, .w the innermost, unless there is only one.
fn coordinates(i: u32, d1: u32, d2: u32, d3: u32) -> vec4u {
  var at = vec4u(i, 0u, 0u, 0u);
  if (RANK > 1u) { at.w = at.x % d3; at.x = at.x / d3; }
  if (RANK > 2u) { at.z = at.x % d2; at.x = at.x / d2; }
  if (RANK > 3u) { at.y = at.x % d1; at.x = at.x / d1; }
  return at;
}

fn offset_of(at: vec4u, start: u32, s0: i32, s1: i32, s2: i32, s3: i32) -> u32 {
  var o = i32(start) + i32(at.x) * s0;
  if (RANK > 1u) { o += i32(at.w) * s3; }
  if (RANK > 2u) { o += i32(at.z) * s2; }
  if (RANK > 3u) { o += i32(at.y) * s1; }
  return u32(o);
}

// Stride of the innermost walked dimension.
fn inner(s0: i32, s3: i32) -> u32 { return u32(select(s3, s0, RANK == 1u)); }

@compute @workgroup_size(WG)
fn map1_dense(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i * 4u >= dense.size) { return; }
  let x = load_a4(i, dense.a_offset);
  out4[i] = vec4<Out>(f1(x.x), f1(x.y), f1(x.z), f1(x.w));
}

@compute @workgroup_size(WG)
fn map2_dense(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i * 4u >= dense.size) { return; }
  let x = load_a4(i, dense.a_offset);
  let y = load_b4(i, dense.b_offset);
  out4[i] = vec4<Out>(f2(x.x, y.x), f2(x.y, y.y), f2(x.z, y.z), f2(x.w, y.w));
}

@compute @workgroup_size(WG)
fn map3_dense(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i * 4u >= dense.size) { return; }
  let x = load_a4(i, dense.a_offset);
  let y = load_b4(i, dense.b_offset);
  let z = load_d4(i, dense.d_offset);
  out4[i] = vec4<Out>(f3(x.x, y.x, z.x), f3(x.y, y.y, z.y), f3(x.z, y.z, z.z), f3(x.w, y.w, z.w));
}

@compute @workgroup_size(WG)
fn map1_strided(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = strided1;
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= p.size) { return; }
  let at = coordinates(i, p.d1, p.d2, p.d3);
  let x = load_a(offset_of(at, p.a_offset, p.a0, p.a1, p.a2, p.a3));
  out[i] = f1(x);
}

@compute @workgroup_size(WG)
fn map1_quads(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = strided1;
  let i = gid.x + gid.y * nwg.x * WG;
  if (i * 4u >= p.size) { return; }
  let at = coordinates(i * 4u, p.d1, p.d2, p.d3);
  let x = offset_of(at, p.a_offset, p.a0, p.a1, p.a2, p.a3);
  let xs = inner(p.a0, p.a3);
  out4[i] = vec4<Out>(
    f1(load_a(x)),
    f1(load_a(x + xs)),
    f1(load_a(x + 2u * xs)),
    f1(load_a(x + 3u * xs)),
  );
}

@compute @workgroup_size(WG)
fn map2_strided(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = strided2;
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= p.size) { return; }
  let at = coordinates(i, p.d1, p.d2, p.d3);
  let x = load_a(offset_of(at, p.a_offset, p.a0, p.a1, p.a2, p.a3));
  let y = load_b(offset_of(at, p.b_offset, p.b0, p.b1, p.b2, p.b3));
  out[i] = f2(x, y);
}

@compute @workgroup_size(WG)
fn map2_quads(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = strided2;
  let i = gid.x + gid.y * nwg.x * WG;
  if (i * 4u >= p.size) { return; }
  let at = coordinates(i * 4u, p.d1, p.d2, p.d3);
  let x = offset_of(at, p.a_offset, p.a0, p.a1, p.a2, p.a3);
  let y = offset_of(at, p.b_offset, p.b0, p.b1, p.b2, p.b3);
  let xs = inner(p.a0, p.a3);
  let ys = inner(p.b0, p.b3);
  out4[i] = vec4<Out>(
    f2(load_a(x), load_b(y)),
    f2(load_a(x + xs), load_b(y + ys)),
    f2(load_a(x + 2u * xs), load_b(y + 2u * ys)),
    f2(load_a(x + 3u * xs), load_b(y + 3u * ys)),
  );
}

@compute @workgroup_size(WG)
fn map3_strided(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = strided3;
  let i = gid.x + gid.y * nwg.x * WG;
  if (i >= p.size) { return; }
  let at = coordinates(i, p.d1, p.d2, p.d3);
  let x = load_a(offset_of(at, p.a_offset, p.a0, p.a1, p.a2, p.a3));
  let y = load_b(offset_of(at, p.b_offset, p.b0, p.b1, p.b2, p.b3));
  let z = load_d(offset_of(at, p.d_offset, p.e0, p.e1, p.e2, p.e3));
  out[i] = f3(x, y, z);
}

@compute @workgroup_size(WG)
fn map3_quads(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = strided3;
  let i = gid.x + gid.y * nwg.x * WG;
  if (i * 4u >= p.size) { return; }
  let at = coordinates(i * 4u, p.d1, p.d2, p.d3);
  let x = offset_of(at, p.a_offset, p.a0, p.a1, p.a2, p.a3);
  let y = offset_of(at, p.b_offset, p.b0, p.b1, p.b2, p.b3);
  let z = offset_of(at, p.d_offset, p.e0, p.e1, p.e2, p.e3);
  let xs = inner(p.a0, p.a3);
  let ys = inner(p.b0, p.b3);
  let zs = inner(p.e0, p.e3);
  out4[i] = vec4<Out>(
    f3(load_a(x), load_b(y), load_d(z)),
    f3(load_a(x + xs), load_b(y + ys), load_d(z + zs)),
    f3(load_a(x + 2u * xs), load_b(y + 2u * ys), load_d(z + 2u * zs)),
    f3(load_a(x + 3u * xs), load_b(y + 3u * ys), load_d(z + 3u * zs)),
  );
}
