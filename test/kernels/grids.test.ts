// Launches beyond what one dimension of a grid holds. The limit is lowered, so that small tensors pass it: results must be the CPU's, and no
// dispatch may exceed it. Grids fold into two dimensions, hence up to the limit's square.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../src/tensor/device.ts";
import * as w from "../../src/index.ts";
import { functions } from "../../src/tensor/methods.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { keepUsualDevice } from "../setup/usual.ts";

const limit = 16;
const dispatched: number[][] = [];
const encoder = GPUComputePassEncoder.prototype as { dispatchWorkgroups: (this: GPUComputePassEncoder, ...grid: [number, number?, number?]) => undefined }; // prettier-ignore
// eslint-disable-next-line @typescript-eslint/unbound-method
const original = encoder.dispatchWorkgroups;

/** The device with a lower limit. */
function limited(device: GPUDevice): GPUDevice {
  const limits = new Proxy(device.limits, {
    get: (target, key) => (key === "maxComputeWorkgroupsPerDimension" ? limit : (Reflect.get(target, key, target) as unknown)),
  });
  return new Proxy(device, {
    get(target, key) {
      if (key === "limits") return limits;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

keepUsualDevice();

beforeAll(async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = limited(await adapter!.requestDevice());
  encoder.dispatchWorkgroups = function (x, y = 1, z = 1) {
    dispatched.push([x, y, z]);
    return original.call(this, x, y, z);
  };
  expect((await init({ device: "webgpu", gpuDevice: device })).device).toBe("webgpu");
});
afterAll(() => {
  encoder.dispatchWorkgroups = original;
});

type Make = (...shape: number[]) => Tensor;
type Ints = (below: number, ...shape: number[]) => Tensor;
type Case = (x: Make, ints: Ints) => Tensor | Tensor[];

const cases: Readonly<Record<string, Case>> = {
  "add, dense": (x) => x(6000).add(1),
  "add, strided": (x) => x(90, 70).t().add(x(70, 1)),
  "clone of a permuted tensor": (x) => x(20, 18, 16).permute(2, 0, 1).clone(),
  fill: (x) => x(9001).mul(0).add(x(1)),
  where: (x) => x(80, 80).where(x(80, 80).gt(0), x(80, 1)),
  "sum over rows": (x) => x(3000, 5).sum(1),
  "sum over columns": (x) => x(5, 6000).sum(0),
  "sum of all": (x) => x(40000).sum(),
  "amax, argmax": (x) => [x(3000, 4).amax(1), x(3000, 4).argmax(1)],
  prod: (x) => x(3000, 3).prod(1),
  var: (x) => x(2500, 4).var(1),
  "cumsum of many lines": (x) => x(3000, 3).cumsum(1),
  "cumsum of one long line": (x) => x(5000).cumsum(0),
  "sort of many lines": (x) => [x(3000, 3).sort(1)[0], x(30, 70, 5).sort(1, true)[0]],
  "sort of long lines": (x) => [x(6000).sort()[0], x(8, 1100).sort()[0]],
  topk: (x) => [x(1200, 12).topk(2)[0], x(9000).topk(9, { largest: false })[0]],
  "softmax, logSoftmax": (x) => [x(3000, 5).softmax(1), x(3000, 5).logSoftmax(1), x(500, 40).softmax(0)],
  "softmax of long rows": (x) => x(400, 300).softmax(1),
  layerNorm: (x) => x(3000, 4).layerNorm([4], { weight: x(4), bias: x(4) }),
  "batchNorm over many channels": (x) => w.batchNorm(x(3, 2500, 2), null, null, { training: true, weight: x(2500) }),
  crossEntropy: (x, ints) => w.crossEntropy(x(3000, 3), ints(3, 3000)),
  matmul: (x) => x(60, 7).matmul(x(7, 2000)),
  "matmul of many batches": (x) => x(3000, 2, 3).matmul(x(3000, 3, 2)),
  linear: (x) => w.linear(x(3000, 3), x(4, 3), x(4)),
  conv2d: (x) => w.conv2d(x(2, 3, 40, 40), x(4, 3, 3, 3), x(4), { padding: 1 }),
  "conv1d of many groups": (x) => w.conv1d(x(1, 200, 12), x(200, 1, 3), x(200), { groups: 200 }),
  "conv1d of many outputs": (x) => w.conv1d(x(1, 2, 100), x(300, 2, 3), x(300)),
  "conv2d of many groups and outputs": (x) => w.conv2d(x(1, 60, 9, 9), x(180, 1, 3, 3), null, { groups: 60, padding: 1 }),
  "convTranspose1d of many groups": (x) => w.convTranspose1d(x(1, 200, 9), x(200, 2, 3), null, { groups: 200, stride: 2 }),
  "maxPool1d, avgPool1d": (x) => [w.maxPool1d(x(4, 4, 600), 3, 2), w.avgPool1d(x(4, 4, 600), 3, 2)],
  "maxPool2d, tiles": (x) => w.maxPool2d(x(3, 4, 60, 60), 2),
  gather: (x, ints) => x(90, 50).gather(0, ints(90, 100, 50)),
  indexSelect: (x, ints) => x(50, 8).indexSelect(0, ints(50, 900)),
  embedding: (x, ints) => w.embedding(ints(9, 1500), x(9, 4)),
  "scatterAdd, walked": (x, ints) => x(90, 70).scatterAdd(0, ints(90, 5, 70), x(5, 70)),
  "scatterAdd, sorted": (x, ints) => x(3000).scatterAdd(0, ints(3000, 6000), x(6000)),
  "scatter, sorted": (x, ints) => x(3000).scatter(0, ints(3000, 6000), x(6000)),
  cat: (x) => w.cat([x(40, 50), x(60, 50)]),
  pad: (x) => x(3, 30, 40).pad([2, 3], "reflect"),
  gelu: (x) => x(7000).gelu(),
  "steps of optimisers": (x) => {
    const parameters = [x(5000), x(1000), x(3), x(9000), x(30)];
    for (const p of parameters) p.grad = p.detach().mul(0.5);
    for (const Optimizer of [w.optim.SGD, w.optim.Adam]) new Optimizer(parameters, { lr: 0.1 }).step();
    return parameters.map((p) => p.clone());
  },
  "random streams": (x) => {
    w.manualSeed(3);
    return [functions.dropout(x(9000), 0.3), functions.philoxUniform(x(9000)), functions.philoxNormal(x(9000))];
  },
};

/** Values and gradients on a device, from the same numbers everywhere. */
async function run(device: w.DeviceName, build: Case): Promise<number[][]> {
  const leaves: Tensor[] = [];
  let seed = 0;
  const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => (((i + 1) * 7919 + ++seed * 31) % 2003) / 700 - 1.4);
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const make: Make = (...shape) => {
    leaves.push(w.tensor(numbers(size(shape)), { shape, device, dtype: "float32", requiresGrad: true }));
    return leaves.at(-1)!;
  };
  const ints: Ints = (below, ...shape) =>
    w.tensor(Array.from({ length: size(shape) }, (_, i) => (i * 7919) % below), { shape, device, dtype: "int32" }); // prettier-ignore
  const outputs = [build(make, ints)].flat();
  const live = outputs.filter((y) => y.requiresGrad);
  const weights = live.map((y) => w.tensor(numbers(y.numel()), { shape: y.shape, device }));
  const gradients = w.autograd.grad(live, leaves, { gradOutputs: weights, allowUnused: true });
  const all: number[][] = [];
  for (const t of [...outputs, ...gradients]) if (t) all.push([...(await t.array())]);
  return all;
}

describe("with a low limit of workgroups per dimension", () => {
  it.each(Object.entries(cases))("%s", async (_name, build) => {
    dispatched.length = 0;
    const [want, got] = [await run("cpu", build), await run("webgpu", build)];
    expect(dispatched.flat().filter((n) => n > limit)).toEqual([]);
    expect(dispatched.some(([x, y]) => x === limit && y! > 1)).toBe(true);
    expect(got.map((list) => list.length)).toEqual(want.map((list) => list.length));
    got.forEach((list, k) => {
      const scale = want[k]!.reduce((sum, v) => sum + Math.abs(v) / want[k]!.length, 1e-3);
      list.forEach((v, i) =>
        expect(Math.abs(v - want[k]![i]!), `${k}, element ${i}`).toBeLessThan(2e-4 * (scale + Math.abs(want[k]![i]!))),
      );
    });
  });

  it("defineKernel: refuses a grid beyond the limit", () => {
    const twice = w.defineKernel({
      name: "twice",
      wgsl: "@group(0) @binding(0) var<storage, read> x: array<f32>; @group(0) @binding(1) var<storage, read_write> out: array<f32>; @compute @workgroup_size(1) fn twice(@builtin(global_invocation_id) id: vec3u) { out[id.x] = 2 * x[id.x]; }",
      inputs: ["x"],
      cpu: ({ x }, out) => x.forEach((v, i) => (out[i] = 2 * v)),
      threads: ({ out }) => [out.shape[0]!, 1, 1],
    });
    expect(() => twice(w.ones(limit + 1))).toThrow(`threads must be whole numbers up to ${limit} in each dimension, got ${limit + 1},1,1`);
  });
});
