// Looking values up: where they belong in sorted rows, and whether they are among others.
const WG: u32 = 64u;
alias Scalar = f32;

struct Params { size: u32, row: u32, length: u32, invert: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Scalar>;
@group(0) @binding(2) var<storage, read> sorted: array<Scalar>;
@group(0) @binding(3) var<storage, read> sorter: array<i32>;
@group(0) @binding(4) var<storage, read_write> out: array<i32>;
@group(0) @binding(5) var<storage, read_write> found: array<u32>;

// Where the element in place i of the order stands: there, or where the sorter says, counted from the start of its row.
fn at(start: u32, i: u32) -> u32 { return start + i; }
fn at_sorter(start: u32, i: u32) -> u32 { return start + u32(sorter[start + i]); }

// Whether an element of a row stands before the place of v; NaN stands behind everything.
fn before(element: Scalar, v: Scalar) -> bool { return element < v; }
fn before_right(element: Scalar, v: Scalar) -> bool { return element <= v; }
fn before_float(element: Scalar, v: Scalar) -> bool { return element < v || is_nan(element) || is_nan(v); }
fn before_right_float(element: Scalar, v: Scalar) -> bool { return element <= v || is_nan(element) || is_nan(v); }

fn same(a: Scalar, b: Scalar) -> bool { return a == b; }
fn same_float(a: Scalar, b: Scalar) -> bool { return a == b && !(is_nan(a) || is_nan(b)); }

// How many elements of its row stand before each value; `row` values share a row.
@compute @workgroup_size(WG)
fn search(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let e = gid.x + gid.y * nwg.x * WG;
  if (e >= params.size) { return; }
  let start = e / params.row * params.length;
  let v = x[e];
  var low = 0u;
  var high = params.length;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (before(sorted[at(start, middle)], v)) { low = middle + 1u; } else { high = middle; }
  }
  out[e] = i32(low);
}

// Whether each value is (or, inverted, is not) one of the elements.
@compute @workgroup_size(WG)
fn member(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) nwg: vec3u) {
  let e = gid.x + gid.y * nwg.x * WG;
  if (e >= params.size) { return; }
  let v = x[e];
  var k = 0u;
  while (k < params.length && !same(sorted[k], v)) { k++; }
  found[e] = u32((k < params.length) != (params.invert == 1u));
}
