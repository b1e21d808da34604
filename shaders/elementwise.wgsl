// Elementwise maps of one to three operands over any strides. TypeScript replaces `f`, the element types, and the loads of operands that are
// missing or one repeated value: those have no buffer, their bits travel in the offset field. Dense operands and innermost dimensions of
// whole groups of four are handled four elements per invocation; buffers are padded to 16 bytes, so tails are safe.
const WG: u32 = 64u;
const RANK: u32 = 4u; // dimensions walked, 1 to 4
const STEP: u32 = 1u; // elements per invocation: 4 with store_four
alias A = f32;
alias B = f32;
alias D = f32;
alias Out = f32;
alias C = f32;        // type the operator computes in

struct Dense { size: u32, a_offset: u32, b_offset: u32, d_offset: u32, p0: f32, p1: f32, p2: f32, p3: f32 }
struct Strided {
  size: u32, n1: u32, n2: u32, n3: u32, a_offset: u32, a0: i32, a1: i32, a2: i32, a3: i32,
  b_offset: u32, b0: i32, b1: i32, b2: i32, b3: i32, d_offset: u32, d0: i32, d1: i32, d2: i32, d3: i32,
  p0: f32, p1: f32, p2: f32, p3: f32,
}

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<uniform> strided: Strided;
@group(0) @binding(3) var<storage, read> a: array<A>;
@group(0) @binding(4) var<storage, read> b: array<B>;
@group(0) @binding(5) var<storage, read> d: array<D>;
@group(0) @binding(6) var<storage, read_write> out: array<Out>;
@group(0) @binding(7) var<storage, read> a4: array<vec4<A>>;
@group(0) @binding(8) var<storage, read> b4: array<vec4<B>>;
@group(0) @binding(9) var<storage, read> d4: array<vec4<D>>;
@group(0) @binding(10) var<storage, read_write> out4: array<vec4<Out>>;

fn f(va: A, vb: B, vd: D) -> Out { return Out(va + vb + vd); }

fn load_a4(i: u32, start: u32) -> vec4<A> { return a4[i + start]; }
fn load_b4(i: u32, start: u32) -> vec4<B> { return b4[i + start]; }
fn load_d4(i: u32, start: u32) -> vec4<D> { return d4[i + start]; }
fn load_a(i: u32) -> A { return a[i]; }
fn load_b(i: u32) -> B { return b[i]; }
fn load_d(i: u32) -> D { return d[i]; }

// Coordinates of element i: .x is the outermost walked dimension, .w the innermost, unless there is only one.
fn coordinates(i: u32, n1: u32, n2: u32, n3: u32) -> vec4u {
  var at = vec4u(i, 0u, 0u, 0u);
  if (RANK > 1u) { at.w = at.x % n3; at.x /= n3; }
  if (RANK > 2u) { at.z = at.x % n2; at.x /= n2; }
  if (RANK > 3u) { at.y = at.x % n1; at.x /= n1; }
  return at;
}

// An operand's place, and how far it is to the next one along the innermost walked dimension.
fn place(at: vec4u, start: u32, s0: i32, s1: i32, s2: i32, s3: i32) -> vec2u {
  var o = i32(start) + i32(at.x) * s0;
  if (RANK > 1u) { o += i32(at.w) * s3; }
  if (RANK > 2u) { o += i32(at.z) * s2; }
  if (RANK > 3u) { o += i32(at.y) * s1; }
  return vec2u(u32(o), u32(select(s3, s0, RANK == 1u)));
}

fn value(pa: vec2u, pb: vec2u, pd: vec2u, k: u32) -> Out {
  return f(load_a(pa.x + k * pa.y), load_b(pb.x + k * pb.y), load_d(pd.x + k * pd.y));
}
fn store(i: u32, pa: vec2u, pb: vec2u, pd: vec2u) { out[i] = value(pa, pb, pd, 0u); }
fn store_four(i: u32, pa: vec2u, pb: vec2u, pd: vec2u) {
  out4[i >> 2u] = vec4<Out>(value(pa, pb, pd, 0u), value(pa, pb, pd, 1u), value(pa, pb, pd, 2u), value(pa, pb, pd, 3u));
}

@compute @workgroup_size(WG)
fn map_dense(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i * 4u >= dense.size) { return; }
  let x = load_a4(i, dense.a_offset);
  let y = load_b4(i, dense.b_offset);
  let z = load_d4(i, dense.d_offset);
  out4[i] = vec4<Out>(f(x.x, y.x, z.x), f(x.y, y.y, z.y), f(x.z, y.z, z.z), f(x.w, y.w, z.w));
}

@compute @workgroup_size(WG)
fn map_strided(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = strided;
  let i = (gid.x + gid.y * nwg.x * WG) * STEP;
  if (i >= p.size) { return; }
  let at = coordinates(i, p.n1, p.n2, p.n3);
  store(
    i,
    place(at, p.a_offset, p.a0, p.a1, p.a2, p.a3),
    place(at, p.b_offset, p.b0, p.b1, p.b2, p.b3),
    place(at, p.d_offset, p.d0, p.d1, p.d2, p.d3),
  );
}
