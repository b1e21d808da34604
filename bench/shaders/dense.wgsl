// Dense layers by hand. Weights are kept [inputs, outputs]; outputs are padded to a multiple of four.

struct Params {
  rows: u32,
  inputs: u32,
  outputs4: u32,
  rectify: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read> g: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> bias_gradient: array<vec4f>;

// y = x * w + bias, rectified if asked; eight rows and four columns per invocation.
@compute @workgroup_size(8, 8)
fn forward(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 8u;
  let column = id.x;
  if (row >= params.rows || column >= params.outputs4) {
    return;
  }
  let k4 = params.inputs / 4u;
  var c0 = bias[column];
  var c1 = bias[column];
  var c2 = bias[column];
  var c3 = bias[column];
  var c4 = bias[column];
  var c5 = bias[column];
  var c6 = bias[column];
  var c7 = bias[column];
  for (var l = 0u; l < k4; l++) {
    let q = 4u * l * params.outputs4 + column;
    let b0 = w[q];
    let b1 = w[q + 1u * params.outputs4];
    let b2 = w[q + 2u * params.outputs4];
    let b3 = w[q + 3u * params.outputs4];
    let a0 = x[row * k4 + l];
    let a1 = x[(row + 1u) * k4 + l];
    let a2 = x[(row + 2u) * k4 + l];
    let a3 = x[(row + 3u) * k4 + l];
    let a4 = x[(row + 4u) * k4 + l];
    let a5 = x[(row + 5u) * k4 + l];
    let a6 = x[(row + 6u) * k4 + l];
    let a7 = x[(row + 7u) * k4 + l];
    c0 = fma(vec4f(a0.x), b0, fma(vec4f(a0.y), b1, fma(vec4f(a0.z), b2, fma(vec4f(a0.w), b3, c0))));
    c1 = fma(vec4f(a1.x), b0, fma(vec4f(a1.y), b1, fma(vec4f(a1.z), b2, fma(vec4f(a1.w), b3, c1))));
    c2 = fma(vec4f(a2.x), b0, fma(vec4f(a2.y), b1, fma(vec4f(a2.z), b2, fma(vec4f(a2.w), b3, c2))));
    c3 = fma(vec4f(a3.x), b0, fma(vec4f(a3.y), b1, fma(vec4f(a3.z), b2, fma(vec4f(a3.w), b3, c3))));
    c4 = fma(vec4f(a4.x), b0, fma(vec4f(a4.y), b1, fma(vec4f(a4.z), b2, fma(vec4f(a4.w), b3, c4))));
    c5 = fma(vec4f(a5.x), b0, fma(vec4f(a5.y), b1, fma(vec4f(a5.z), b2, fma(vec4f(a5.w), b3, c5))));
    c6 = fma(vec4f(a6.x), b0, fma(vec4f(a6.y), b1, fma(vec4f(a6.z), b2, fma(vec4f(a6.w), b3, c6))));
    c7 = fma(vec4f(a7.x), b0, fma(vec4f(a7.y), b1, fma(vec4f(a7.z), b2, fma(vec4f(a7.w), b3, c7))));
  }
  let lowest = select(-3.4e38, 0.0, params.rectify != 0u);
  y[row * params.outputs4 + column] = max(c0, vec4f(lowest));
  y[(row + 1u) * params.outputs4 + column] = max(c1, vec4f(lowest));
  y[(row + 2u) * params.outputs4 + column] = max(c2, vec4f(lowest));
  y[(row + 3u) * params.outputs4 + column] = max(c3, vec4f(lowest));
  y[(row + 4u) * params.outputs4 + column] = max(c4, vec4f(lowest));
  y[(row + 5u) * params.outputs4 + column] = max(c5, vec4f(lowest));
  y[(row + 6u) * params.outputs4 + column] = max(c6, vec4f(lowest));
  y[(row + 7u) * params.outputs4 + column] = max(c7, vec4f(lowest));
}

// y = transposed(x) * g, eight inputs and four outputs per invocation; one more row of invocations sums the bias gradient.
@compute @workgroup_size(8, 8)
fn weight_gradient(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 8u;
  let column = id.x;
  if (column >= params.outputs4 || row > params.inputs) {
    return;
  }
  if (row == params.inputs) {
    var sum = vec4f();
    for (var l = 0u; l < params.rows; l++) {
      sum += g[l * params.outputs4 + column];
    }
    bias_gradient[column] = sum;
    return;
  }
  let m4 = params.inputs / 4u;
  var c0 = vec4f();
  var c1 = vec4f();
  var c2 = vec4f();
  var c3 = vec4f();
  var c4 = vec4f();
  var c5 = vec4f();
  var c6 = vec4f();
  var c7 = vec4f();
  for (var l = 0u; l < params.rows; l++) {
    let a0 = x[l * m4 + id.y * 2u];
    let a1 = x[l * m4 + id.y * 2u + 1u];
    let b = g[l * params.outputs4 + column];
    c0 = fma(vec4f(a0.x), b, c0);
    c1 = fma(vec4f(a0.y), b, c1);
    c2 = fma(vec4f(a0.z), b, c2);
    c3 = fma(vec4f(a0.w), b, c3);
    c4 = fma(vec4f(a1.x), b, c4);
    c5 = fma(vec4f(a1.y), b, c5);
    c6 = fma(vec4f(a1.z), b, c6);
    c7 = fma(vec4f(a1.w), b, c7);
  }
  y[row * params.outputs4 + column] = c0;
  y[(row + 1u) * params.outputs4 + column] = c1;
  y[(row + 2u) * params.outputs4 + column] = c2;
  y[(row + 3u) * params.outputs4 + column] = c3;
  y[(row + 4u) * params.outputs4 + column] = c4;
  y[(row + 5u) * params.outputs4 + column] = c5;
  y[(row + 6u) * params.outputs4 + column] = c6;
  y[(row + 7u) * params.outputs4 + column] = c7;
}

// y = g * transposed(w) where the layer's input x was positive, zero elsewhere; four rows and four inputs per invocation.
@compute @workgroup_size(8, 8)
fn input_gradient(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 4u;
  let first = id.x * 4u;
  let m4 = params.inputs / 4u;
  if (row >= params.rows || id.x >= m4) {
    return;
  }
  var c00 = vec4f(); var c01 = vec4f(); var c02 = vec4f(); var c03 = vec4f();
  var c10 = vec4f(); var c11 = vec4f(); var c12 = vec4f(); var c13 = vec4f();
  var c20 = vec4f(); var c21 = vec4f(); var c22 = vec4f(); var c23 = vec4f();
  var c30 = vec4f(); var c31 = vec4f(); var c32 = vec4f(); var c33 = vec4f();
  for (var l = 0u; l < params.outputs4; l++) {
    let a0 = g[row * params.outputs4 + l];
    let a1 = g[(row + 1u) * params.outputs4 + l];
    let a2 = g[(row + 2u) * params.outputs4 + l];
    let a3 = g[(row + 3u) * params.outputs4 + l];
    let b0 = w[first * params.outputs4 + l];
    let b1 = w[(first + 1u) * params.outputs4 + l];
    let b2 = w[(first + 2u) * params.outputs4 + l];
    let b3 = w[(first + 3u) * params.outputs4 + l];
    c00 = fma(a0, b0, c00);
    c01 = fma(a0, b1, c01);
    c02 = fma(a0, b2, c02);
    c03 = fma(a0, b3, c03);
    c10 = fma(a1, b0, c10);
    c11 = fma(a1, b1, c11);
    c12 = fma(a1, b2, c12);
    c13 = fma(a1, b3, c13);
    c20 = fma(a2, b0, c20);
    c21 = fma(a2, b1, c21);
    c22 = fma(a2, b2, c22);
    c23 = fma(a2, b3, c23);
    c30 = fma(a3, b0, c30);
    c31 = fma(a3, b1, c31);
    c32 = fma(a3, b2, c32);
    c33 = fma(a3, b3, c33);
  }
  let one = vec4f(1.0);
  let r0 = vec4f(dot(c00, one), dot(c01, one), dot(c02, one), dot(c03, one));
  y[(row + 0u) * m4 + id.x] = select(vec4f(), r0, x[(row + 0u) * m4 + id.x] > vec4f());
  let r1 = vec4f(dot(c10, one), dot(c11, one), dot(c12, one), dot(c13, one));
  y[(row + 1u) * m4 + id.x] = select(vec4f(), r1, x[(row + 1u) * m4 + id.x] > vec4f());
  let r2 = vec4f(dot(c20, one), dot(c21, one), dot(c22, one), dot(c23, one));
  y[(row + 2u) * m4 + id.x] = select(vec4f(), r2, x[(row + 2u) * m4 + id.x] > vec4f());
  let r3 = vec4f(dot(c30, one), dot(c31, one), dot(c32, one), dot(c33, one));
  y[(row + 3u) * m4 + id.x] = select(vec4f(), r3, x[(row + 3u) * m4 + id.x] > vec4f());
}
