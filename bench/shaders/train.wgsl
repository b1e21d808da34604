// Cross-entropy with its gradient in one kernel, and Adam over all parameters in one dispatch.

struct Params {
  rows: u32,
  classes: u32,
  stride: u32,
}

struct AdamParams {
  rate: f32,
  root: f32,
  beta1: f32,
  beta2: f32,
  eps: f32,
  count4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<uniform> adam_params: AdamParams;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;
@group(0) @binding(5) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> weights: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> first: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> second: array<vec4f>;

@compute @workgroup_size(64)
fn cross_entropy(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.rows) {
    return;
  }
  let start = id.x * params.stride;
  var top = logits[start];
  for (var j = 1u; j < params.classes; j++) {
    top = max(top, logits[start + j]);
  }
  var sum = 0.0;
  for (var j = 0u; j < params.classes; j++) {
    sum += exp(logits[start + j] - top);
  }
  let label = u32(labels[id.x]);
  let scale = 1.0 / f32(params.rows);
  for (var j = 0u; j < params.stride; j++) {
    let p = exp(logits[start + j] - top) / sum - select(0.0, 1.0, j == label);
    gradient[start + j] = select(0.0, p * scale, j < params.classes);
  }
  losses[id.x] = log(sum) + top - logits[start + label];
}

@compute @workgroup_size(64)
fn adam(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= adam_params.count4) {
    return;
  }
  let g = gradients[id.x];
  let m = adam_params.beta1 * first[id.x] + (1.0 - adam_params.beta1) * g;
  let v = adam_params.beta2 * second[id.x] + (1.0 - adam_params.beta2) * g * g;
  first[id.x] = m;
  second[id.x] = v;
  weights[id.x] = weights[id.x] - adam_params.rate * m / (sqrt(v) * adam_params.root + adam_params.eps);
}
