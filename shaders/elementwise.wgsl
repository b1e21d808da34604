// Elementwise maps of one to three operands over any strides. TypeScript replaces `f`, the element types, and the loads of operands that are
// missing or one repeated value: those have no buffer, their bits travel in the offset field. Dense operands and innermost dimensions of
// whole groups of four are handled four elements per invocation; buffers are padded to 16 bytes, so tails are safe.
const WG: u32 = 64u;
const RANK: u32 = 4u; // dimensions walked, 1 to 4
const STEP: u32 = 1u; // elements per invocation: 4 with store_four
alias X = f32;
alias Y = f32;
alias Z = f32;
alias Out = f32;

struct Dense { size: u32, x_offset: u32, y_offset: u32, z_offset: u32, p0: f32, p1: f32, p2: f32, p3: f32 }
struct Strided {
  size: u32, n1: u32, n2: u32, n3: u32, x_offset: u32, x0: i32, x1: i32, x2: i32, x3: i32,
  y_offset: u32, y0: i32, y1: i32, y2: i32, y3: i32, z_offset: u32, z0: i32, z1: i32, z2: i32, z3: i32,
  p0: f32, p1: f32, p2: f32, p3: f32,
}

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<uniform> strided: Strided;
@group(0) @binding(3) var<storage, read> xs: array<X>;
@group(0) @binding(4) var<storage, read> ys: array<Y>;
@group(0) @binding(5) var<storage, read> zs: array<Z>;
@group(0) @binding(6) var<storage, read_write> out: array<Out>;
@group(0) @binding(7) var<storage, read> xs4: array<vec4<X>>;
@group(0) @binding(8) var<storage, read> ys4: array<vec4<Y>>;
@group(0) @binding(9) var<storage, read> zs4: array<vec4<Z>>;
@group(0) @binding(10) var<storage, read_write> out4: array<vec4<Out>>;

fn f(vx: X, vy: Y, vz: Z) -> Out { return Out(vx + vy + vz); }

fn load_x4(i: u32, start: u32) -> vec4<X> { return xs4[start + i]; }
fn load_y4(i: u32, start: u32) -> vec4<Y> { return ys4[start + i]; }
fn load_z4(i: u32, start: u32) -> vec4<Z> { return zs4[start + i]; }
fn load_x(i: u32, start: u32) -> X { return xs[start + i]; }
fn load_y(i: u32, start: u32) -> Y { return ys[start + i]; }
fn load_z(i: u32, start: u32) -> Z { return zs[start + i]; }

// Coordinates of element i, from the outermost walked dimension on.
fn coordinates(i: u32) -> vec4i {
  var at = vec4u(i, 0u, 0u, 0u);
  if (RANK > 3u) { at.w = at.x % strided.n3; at.x /= strided.n3; }
  if (RANK > 2u) { at.z = at.x % strided.n2; at.x /= strided.n2; }
  if (RANK > 1u) { at.y = at.x % strided.n1; at.x /= strided.n1; }
  return vec4i(at);
}

// An operand's place, and how far it is to the next one along the innermost walked dimension.
fn place(at: vec4i, start: u32, strides: vec4i) -> vec2u { return vec2u(start + u32(dot(at, strides)), u32(strides[RANK - 1u])); }

fn value(px: vec2u, py: vec2u, pz: vec2u, k: u32) -> Out {
  return f(load_x(k * px.y, px.x), load_y(k * py.y, py.x), load_z(k * pz.y, pz.x));
}
fn store(i: u32, px: vec2u, py: vec2u, pz: vec2u) { out[i] = value(px, py, pz, 0u); }
fn store_four(i: u32, px: vec2u, py: vec2u, pz: vec2u) {
  out4[i >> 2u] = vec4<Out>(value(px, py, pz, 0u), value(px, py, pz, 1u), value(px, py, pz, 2u), value(px, py, pz, 3u));
}

@compute @workgroup_size(WG)
fn map_dense(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let i = gid.x + gid.y * nwg.x * WG;
  if (i * 4u >= dense.size) { return; }
  let x = load_x4(i, dense.x_offset);
  let y = load_y4(i, dense.y_offset);
  let z = load_z4(i, dense.z_offset);
  out4[i] = vec4<Out>(f(x.x, y.x, z.x), f(x.y, y.y, z.y), f(x.z, y.z, z.z), f(x.w, y.w, z.w));
}

@compute @workgroup_size(WG)
fn map_strided(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let p = strided;
  let i = (gid.x + gid.y * nwg.x * WG) * STEP;
  if (i >= p.size) { return; }
  let at = coordinates(i);
  store(
    i,
    place(at, p.x_offset, vec4i(p.x0, p.x1, p.x2, p.x3)),
    place(at, p.y_offset, vec4i(p.y0, p.y1, p.y2, p.y3)),
    place(at, p.z_offset, vec4i(p.z0, p.z1, p.z2, p.z3)),
  );
}
