// User-defined kernels: values on both devices, gradients to second order, and every way in which a definition or a call can be wrong.
import { beforeAll, describe, expect, test } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { type Context, Function } from "../../src/autograd/function.ts";
import { openWebGpu } from "../../src/device/webgpu/webgpu.ts";
import { ArgumentError, DeviceError, DtypeError, GradError, ShapeError } from "../../src/base/errors.ts";
import { arange, tensor, zeros } from "../../src/tensor/create.ts";
import { type DeviceName, init, stats } from "../../src/tensor/device.ts";
import { gradcheck, gradgradcheck } from "../../src/inspect/gradcheck.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { defineKernel, type KernelDefinition } from "../../src/tensor/user-kernel.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

const blend = `
struct Params { size: u32, weight: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(64)
fn blend(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= params.size) { return; }
  out[i] = x[i] * y[i] + params.weight * tanh_f(x[i]);
}`;

/** x · y + weight · tanh x. */
const mixed = defineKernel({
  name: "blend",
  wgsl: blend,
  inputs: ["x", "y"],
  attrs: { weight: 1 },
  params: ({ attrs }) => ({ weight: attrs.weight }),
  cpu: ({ x, y }, out, { attrs }) => {
    for (let i = 0; i < out.length; i++) out[i] = x[i]! * y[i]! + attrs.weight * Math.tanh(x[i]!);
  },
  save: ["x", "y"],
  backward: (g, { x, y }, { weight }) => ({
    x: () => {
      const t = x.tanh();
      return g.mul(y.add(t.mul(t).neg().add(1).mul(weight)));
    },
    y: () => g.mul(x),
  }),
});

const rowSums = defineKernel({
  name: "row_sums",
  entry: "sums",
  wgsl: `
struct Shape { rows: u32, columns: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> counts: array<i32>;
@group(0) @binding(2) var<storage, read_write> out: array<i32>;
const WG = 32u;
@compute @workgroup_size(WG)
fn sums(@builtin(workgroup_id) row: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  if (lane.x > 0u) { return; }
  var total = 0;
  for (var c = 0u; c < shape.columns; c++) { total += counts[row.x * shape.columns + c]; }
  out[row.x] = total;
}`,
  inputs: ["counts"],
  out: ({ ins }) => ({ shape: ins.counts.shape.slice(0, 1), dtype: "int32" }),
  params: ({ ins }) => ({ rows: ins.counts.shape[0]!, columns: ins.counts.shape[1]! }),
  threads: ({ ins }) => [ins.counts.shape[0]!, 1, 1],
  cpu: ({ counts }, out, { ins }) => {
    const columns = ins.counts.shape[1]!;
    out.fill(0);
    counts.forEach((v, i) => (out[Math.floor(i / columns)]! += v));
  },
});

beforeAll(async () => {
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
});

const values = [0.5, -1, 2, 0.25, -0.75, 1.5];
const pair = (device: DeviceName): [Tensor, Tensor] => [
  tensor(values, { device, requiresGrad: true }),
  tensor(values.toReversed(), { device, requiresGrad: true }),
];
const wanted = (weight: number): number[] => values.map((v, i) => v * values[5 - i]! + weight * Math.tanh(v));

onEveryDevice((device) => {
  test("gives its values, with default and given attributes", async () => {
    const [x, y] = pair(device);
    await expectValues(mixed(x, y), wanted(1));
    await expectValues(mixed(x, y, { weight: -0.5 }), wanted(-0.5));
    expect(mixed.name).toBe("blend");
  });
  test("sees views as dense, and constants as memory", async () => {
    const x = tensor([0, 0.5, 0, -1, 0, 2, 0, 0.25, 0, -0.75, 0, 1.5], { device }).view(6, 2).select(1, 1);
    await expectValues(mixed(x, tensor(values, { device }).flip([0])), wanted(1));
    await expectValues(mixed(x, zeros([6], { device })), values.map(Math.tanh));
  });
  test("has first and second gradients by its rule", async () => {
    const [x, y] = pair(device);
    const out = mixed(x, y, { weight: 2 });
    expect(out.gradFn!.name).toBe("blend");
    const [gx, gy] = grad(out.sum(), [x, y], { createGraph: true });
    await expectValues(
      gx,
      values.map((v, i) => values[5 - i]! + 2 * (1 - Math.tanh(v) ** 2)),
    );
    await expectValues(gy, values);
    const [again] = grad(gx!.sum(), [x]);
    await expectValues(
      again,
      values.map((v) => -4 * Math.tanh(v) * (1 - Math.tanh(v) ** 2)),
    );
  });
  test("takes other shapes, dtypes, entry points and grids", async () => {
    const sums = rowSums(arange(12, { device, dtype: "int32" }).view(3, 4));
    expect([sums.dtype, sums.shape]).toEqual(["int32", [3]]);
    await expectValues(sums, [6, 22, 38]);
    await expectValues(rowSums(arange(12, { device, dtype: "int32" }).view(3, 4).t()), [12, 15, 18, 21]);
    expect((await rowSums(zeros([0, 4], { device, dtype: "int32" })).array()).length).toBe(0);
  });
  test("works inside Function, forward and backward", async () => {
    class Blend extends Function {
      static override readonly name = "Blend";
      static forward(ctx: Context, x: Tensor, y: Tensor): Tensor {
        ctx.saveForBackward(y);
        return mixed(x, y, { weight: 0 });
      }
      static backward(ctx: Context, g: Tensor): (Tensor | null)[] {
        return [mixed(g, ctx.savedTensors[0]!, { weight: 0 }), null];
      }
    }
    const [x, y] = pair(device);
    await expectValues(grad(Blend.apply(x, y).sum(), [x])[0], values.toReversed());
  });
  test("refuses wrong calls", () => {
    const [x, y] = pair(device);
    expect(() => (mixed as unknown as (x: Tensor) => Tensor)(x)).toThrow("blend: y must be a tensor, got undefined");
    expect(() => mixed(x, y, { height: 2 } as object)).toThrow(ArgumentError);
    expect(() => mixed(x, tensor([1, 2], { device, dtype: "int32" }))).toThrow(DtypeError);
    expect(() => mixed(x, tensor([1, 2], { device, dtype: "int32" }))).toThrow("blend: y is int32, the shader reads it as f32");
    expect(() => rowSums(x)).toThrow("row_sums: counts is float32, the shader reads it as i32");
    expect(() => rowSums(zeros([2], { device, dtype: "int32" }))).toThrow("row_sums: parameter columns was not given");
  });
  test("refuses what its functions return, before anything runs", () => {
    const [x, y] = pair(device);
    const with_ = (changes: Partial<KernelDefinition<readonly ["x", "y"]>>): (() => Tensor) => {
      const run = defineKernel({
        name: "blend",
        wgsl: blend,
        inputs: ["x", "y"],
        cpu: () => undefined,
        params: () => ({ weight: 1 }),
        ...changes,
      });
      return () => run(x.detach(), y.detach());
    };
    expect(with_({ params: () => ({}) })).toThrow("blend: parameter weight was not given");
    expect(with_({ params: () => ({ weight: 1, wait: 2 }) })).toThrow("blend: the shader has no parameter wait");
    expect(with_({ params: () => ({ weight: 1, size: -1 }) })).toThrow("blend: parameter size is u32, got -1");
    expect(with_({ out: () => ({ shape: [-1], dtype: "float32" }) })).toThrow(ShapeError);
    expect(with_({ out: () => ({ shape: [6], dtype: "int32" }) })).toThrow("blend: out is int32, the shader reads it as f32");
    expect(() =>
      defineKernel({ name: "blend", wgsl: blend, inputs: ["x", "y"], cpu: () => undefined, params: () => ({ weight: 1 }) })(x, y),
    ).toThrow(GradError);
  });
});

test("is one dispatch, and compiles once for every shape and attribute", () => {
  const [x, y] = pair("webgpu");
  mixed(x, y);
  const before = stats();
  mixed(x, y, { weight: 3 });
  mixed(x.slice(0, 0, 4), y.slice(0, 0, 4), { weight: 3 });
  expect(stats().dispatches - before.dispatches).toBe(2);
  expect(stats().pipelinesCreated - before.pipelinesCreated).toBe(0);
});

test("its rule passes gradcheck and gradgradcheck, and a wrong one does not", async () => {
  const inputs = pair("cpu").map((x) => x.detach().cast("float64").requiresGrad_());
  const weighted = (x: Tensor, y: Tensor): Tensor => mixed(x, y, { weight: 0.7 });
  await expect(gradcheck(weighted as (...xs: Tensor[]) => Tensor, inputs)).resolves.toBe(true);
  await expect(gradgradcheck(weighted as (...xs: Tensor[]) => Tensor, inputs)).resolves.toBe(true);
  const wrong = defineKernel({
    name: "blend",
    wgsl: blend,
    inputs: ["x", "y"],
    params: () => ({ weight: 0 }),
    cpu: ({ x, y }, out) => out.forEach((_, i) => (out[i] = x[i]! * y[i]!)),
    save: ["x", "y"],
    backward: (g, { x, y }) => ({ x: () => g.mul(y).mul(1.01), y: () => g.mul(x) }),
  });
  await expect(gradcheck(wrong as (...xs: Tensor[]) => Tensor, inputs)).rejects.toThrow("gradcheck: input 0 [6], element 0");
});

describe("definitions that do not fit their shader", () => {
  const define = (changes: Partial<KernelDefinition<readonly ["x", "y"]>>) => (): unknown =>
    defineKernel({ name: "blend", wgsl: blend, inputs: ["x", "y"], cpu: () => undefined, ...changes });
  test.each([
    [{ entry: "mix" }, "defineKernel: blend: no entry point mix"],
    [{ inputs: ["x", "z"] as never }, "the read binding y is no input (inputs are x, z"],
    [{ inputs: ["x", "x"] as never }, "inputs must be different names"],
    [{ inputs: [] as never }, "inputs must be different names"],
    [{ name: "" }, "needs a string as name"],
    [{ cpu: undefined as never }, "needs a function as cpu"],
    [{ wgsl: 7 as never }, "needs a string as wgsl, got 7"],
    [{ wgsl: blend.replace("storage, read_write> out", "storage, read> out") }, "the read binding out is no input"],
    [{ wgsl: blend.replace("storage, read> y", "storage, read_write> y") }, "the written binding y is no output"],
    [{ wgsl: blend.replace("out[i] =", "let v =") }, "writes no binding out"],
    [{ wgsl: blend.replace("weight: f32 }", "weight: vec2f }") }, "params must be a struct of u32, i32 and f32 fields"],
    [
      {
        wgsl: `${blend.replace("out[i] =", "out[i] = textureLoad(look, vec2u(0u), 0).x +")}\n@group(0) @binding(9) var look: texture_2d<f32>;`,
      },
      "look is neither a storage nor a uniform binding",
    ],
    [{ wgsl: "half a shader" }, "defineKernel: blend:"],
  ] as const)("%o", (changes, message) => {
    expect(define(changes)).toThrow(ArgumentError);
    expect(define(changes)).toThrow(message);
  });
});

describe("a shader that does not compile", () => {
  const broken = defineKernel({
    name: "blend",
    wgsl: blend.replace("x[i] * y[i]", "x[i] * y"),
    inputs: ["x", "y"],
    params: () => ({ weight: 1 }),
    cpu: () => undefined,
  });
  test("is told by compile(), with the line, and harms nothing", async () => {
    const failure = broken.compile();
    await expect(failure).rejects.toThrow(DeviceError);
    await expect(failure).rejects.toThrow(/^blend: kernel blend does not compile: .*out\[i\] = x\[i\] \* y \+/);
    await expect(mixed.compile()).resolves.toBeUndefined();
    await expect(rowSums.compile()).resolves.toBeUndefined();
    await expectValues(mixed(...pair("webgpu")), wanted(1));
  });
  test("poisons its result with a typed error that names it, and nothing else", async () => {
    const own = await openWebGpu();
    if (typeof own === "string") throw new Error(own);
    const x = Tensor.upload(own, "float32", Float32Array.from(values), [6]);
    const out = broken(x, x);
    await expect(out.array()).rejects.toThrow(DeviceError);
    await expect(out.array()).rejects.toThrow("kernel blend does not compile");
    expect(() => out.add(1)).toThrow(DeviceError);
    await expectValues(x.detach(), values);
    own.gpu.destroy();
  });
});
