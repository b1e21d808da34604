// Random operators: dropout from counter-based streams, the same bits on both devices, and draws in PyTorch's order (numbers of PyTorch 1.13).
import { nodeOf } from "../../src/autograd/node.ts";
import { fillNormal } from "../../src/base/draws.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { defaultGenerator, Generator, manualSeed, philoxUniform } from "../../src/base/random.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import { type DeviceName, init, stats } from "../../src/tensor/device.ts";
import "../../src/ops/all.ts";
import { functions } from "../../src/tensor/methods.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

const F = functions;
const numbers = async (x: Tensor): Promise<number[]> => [...(await x.array())];
const ramp = (device: DeviceName, n = 1003): Tensor =>
  tensor(
    Float32Array.from({ length: n }, (_, i) => 1 + (i % 13) / 7),
    { device },
  );

beforeAll(async () => {
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
});

describe("on both devices the same bits", () => {
  const both = async (make: (device: DeviceName) => Tensor): Promise<[number[], number[]]> => {
    const draw = (device: DeviceName): Promise<number[]> => {
      manualSeed(2 ** 40 + 3);
      return numbers(make(device));
    };
    return [await draw("cpu"), await draw("webgpu")];
  };

  test.each([0.1, 0.5, 0.9999])("dropout with p = %s", async (p) => {
    const [cpu, gpu] = await both((device) => F.dropout(ramp(device), p));
    expect(gpu).toEqual(cpu);
    expect(Math.abs(cpu.filter((v) => v === 0).length / cpu.length - p)).toBeLessThan(0.05);
    const kept = philoxUniform(new Generator(2 ** 40 + 3).philox(1003), 1003).map((u) => Number(u >= Math.fround(p)));
    const x = await ramp("cpu").array();
    expect(cpu).toEqual(Array.from(kept, (k, i) => Math.fround(x[i]! * (k * Math.fround(1 / (1 - p))))));
  });
  test("dropout keeps the element whose number is p itself", async () => {
    const key = { seedLow: 7, seedHigh: 0, offsetLow: 0, offsetHigh: 0 };
    const p = philoxUniform(key, 9)[4]!;
    for (const drawn of await both((device) => F.philoxDropout(ones([9], { device }).mul(1), p, key))) expect(drawn[4]).toBeGreaterThan(0);
  });
  test("dropout of views and of repeated values", async () => {
    const [cpu, gpu] = await both((device) => F.dropout(ramp(device, 600).view(20, 30).t().slice(0, 1, 28), 0.3));
    expect(gpu).toEqual(cpu);
    const [whole, repeated] = [
      await both((device) => F.dropout(ones([77], { device }))),
      await both((device) => F.dropout(tensor(new Float32Array(77).fill(1), { device }))),
    ];
    expect(whole[1]).toEqual(repeated[0]);
    expect(whole[0]).toEqual(repeated[1]);
  });
  test("philoxBernoulli compares the bits of philoxUniform with p, rounded as the GPU rounds it", async () => {
    const key = { seedLow: 3735928559, seedHigh: 1, offsetLow: 4294967280, offsetHigh: 0 };
    const want = Array.from(philoxUniform(key, 1003), (u) => Number(u < Math.fround(0.3)));
    for (const drawn of await both((device) => F.philoxBernoulli(zeros([1003], { device }), 0.3, { key })))
      expect([...drawn]).toEqual(want);
    for (const p of [0, 1])
      for (const drawn of await both((device) => F.philoxBernoulli(zeros([64], { device }), p)))
        expect(new Set(drawn)).toEqual(new Set([p]));
  });
  test("channels and noise", async () => {
    for (const make of [
      (device: DeviceName) => F.dropout2d(ramp(device, 960).view(4, 5, 6, 8), 0.4),
      (device: DeviceName) => F.philoxUniform(zeros([1003], { device }), -3, 5),
      (device: DeviceName) => F.philoxBernoulli(zeros([1003], { device }), 0.3),
    ]) {
      const [cpu, gpu] = await both(make);
      expect(gpu).toEqual(cpu);
    }
    const [cpu, gpu] = await both((device) => F.philoxNormal(zeros([1003], { device }), 2, 3));
    expect(Math.max(...cpu.map((v, i) => Math.abs(v - gpu[i]!)))).toBeLessThan(1e-5);
  });
});

test("dropout is one dispatch forward and one backward", () => {
  const x = ramp("webgpu").requiresGrad_();
  const seed = ramp("webgpu");
  const before = stats().dispatches;
  const y = F.dropout(x, 0.3);
  expect(stats().dispatches - before).toBe(1);
  grad(y, [x], { gradOutputs: seed });
  expect(stats().dispatches - before).toBe(2);
});

onEveryDevice((device) => {
  describe("dropout", () => {
    test("zeroes the same elements in the gradient, and scales as much, without saving anything", async () => {
      manualSeed(11);
      const x = ramp(device).requiresGrad_();
      const y = F.dropout(x, 0.3);
      expect(Object.keys(nodeOf(y)!.saved)).toEqual([]);
      const [g] = grad(y, [x], { gradOutputs: ramp(device), createGraph: true });
      expect(await numbers(g!)).toEqual(await numbers(y));
    });
    test("its second derivative is that of a linear map", async () => {
      manualSeed(5);
      const x = ramp(device, 40).requiresGrad_();
      const y = F.dropout(x, 0.5);
      const [first] = grad(y.mul(y).sum(), [x], { createGraph: true });
      const [second] = grad(first!.sum(), [x]);
      await expectValues(
        second,
        (await numbers(y.ne(0).float())).map((k) => k * 8),
      );
    });
    test("draws anew each time, again after manualSeed, and on from a restored state", async () => {
      manualSeed(3);
      const x = ramp(device);
      const first = await numbers(F.dropout(x));
      const state = defaultGenerator().getState();
      const second = await numbers(F.dropout(x));
      expect(second).not.toEqual(first);
      defaultGenerator().setState(state);
      expect(await numbers(F.dropout(x))).toEqual(second);
      manualSeed(3);
      expect(await numbers(F.dropout(x))).toEqual(first);
      expect(await numbers(F.dropout(x, { generator: new Generator(3) }))).toEqual(first);
      expect(defaultGenerator().getState().offset).toBe(state.offset);
    });
    test("leaves x alone where nothing can be dropped, and the generator too", () => {
      const x = ramp(device);
      const { offset } = defaultGenerator().getState();
      expect(
        [F.dropout(x, 0.5, false), F.dropout(x, 0), F.dropout2d(x.view(17, 59), 0), F.alphaDropout(x, 0.5)].map((y) => y.numel()),
      ).toEqual([1003, 1003, 1003, 1003]);
      expect(F.dropout(x, { training: false })).toBe(x);
      expect(defaultGenerator().getState().offset).toBe(offset);
    });
    test("drops everything at p = 1, but NaN stays NaN", async () => {
      expect(await numbers(F.dropout(tensor([1, 2, NaN], { device }), 1))).toEqual([0, 0, NaN]);
    });
    test("in place", async () => {
      manualSeed(8);
      const want = await numbers(F.dropout(ramp(device), 0.4));
      manualSeed(8);
      const x = ramp(device);
      expect(F.dropout(x, 0.4, true, true)).toBe(x);
      expect(await numbers(x)).toEqual(want);
    });
  });

  describe("dropout of channels", () => {
    test.each([
      ["dropout1d", [8, 25, 3], 2],
      ["dropout1d", [200, 3], 1],
      ["dropout2d", [8, 25, 3, 2], 2],
      ["dropout2d", [8, 25, 6], 2],
      ["dropout3d", [8, 25, 2, 1, 3], 2],
      ["dropout3d", [200, 2, 1, 3], 1],
    ] as const)("%s of [%s]", async (name, shape, kept) => {
      const flat = await numbers(F[name](ones(shape, { device }), 0.25).reshape(200, -1));
      const [width, group] = [flat.length / 200, (shape as readonly number[]).slice(kept).reduce((a, b) => a * b, 1)];
      expect(width).toBe(group);
      const firsts = flat.filter((_, i) => i % width === 0);
      expect(flat).toEqual(firsts.flatMap((v) => Array<number>(width).fill(v)));
      expect(new Set(firsts)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
      expect(Math.abs(firsts.filter((v) => v === 0).length / 200 - 0.25)).toBeLessThan(0.12);
    });
    test("refuses what has no channels", () => {
      expect(() => F.dropout1d(ones([3], { device }))).toThrow("dropout1d: needs 2 to 3 dimensions, got [3]");
      expect(() => F.dropout2d(ones([3], { device }))).toThrow("dropout2d: needs at least 2 dimensions, got [3]");
    });
  });

  test("alphaDropout keeps mean and variance and gives PyTorch's two values for ones", async () => {
    const y = F.alphaDropout(tensor(fillNormal(new Generator(1), new Float32Array(40000)), { device }), 0.3, true);
    const values = await numbers(y);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length - 1)).toBeLessThan(0.03);
    const two = new Set((await numbers(F.alphaDropout(ones([500], { device }), 0.3, true))).map((v) => v.toFixed(4)));
    expect([...two].sort()).toEqual(["-1.0595", "1.3150"]);
    const channels = await numbers(F.featureAlphaDropout(ones([20, 10, 5], { device }), { p: 0.3, training: true }));
    expect(channels.every((v, i) => v === channels[i - (i % 5)])).toBe(true);
  });

  test("fills in place with PyTorch's numbers of manual_seed(42)", async () => {
    manualSeed(42);
    await expectValues(
      zeros([2, 3], { device }).uniform_(-1, 3),
      [2.5290770530700684, 2.660015821456909, 0.5314550399780273, 2.8372225761413574, 0.5617928504943848, 1.4035813808441162],
      1e-7,
    );
    await expectValues(
      zeros([2, 2], { device }).normal_(1, 2),
      [3.3122494220733643, 1.7929613590240479, -3.9321141242980957, 1.7245724201202393],
      1e-6,
    );
    await expectValues(zeros([6], { device }).bernoulli_(0.4), [0, 1, 1, 1, 1, 0]);
    await expectValues(zeros([3], { device }).exponential_(2), [1.0220412015914917, 0.23703229427337646, 0.47393789887428284], 1e-6);
    const p = tensor([0.1, 0.5, 0.9], { device });
    await expectValues(F.bernoulli(p.expand(4, 3)), [0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0]);
    await expectValues(zeros([2, 3], { device }).bernoulli_(p), [0, 1, 1, 0, 0, 1]);
    expect(new Float32Array(1).fill(0.005045771598815918)).toEqual(defaultGenerator().fillUniform(new Float32Array(1)));
  });

  test("fills in place whole numbers, views only where they look, and from a generator of their own", async () => {
    manualSeed(42);
    const generator = new Generator(42);
    expect(await numbers(zeros([5], { device, dtype: "int32" }).bernoulli_(0.5, { generator }))).toEqual([1, 1, 1, 1, 0]);
    const x = tensor(new Float32Array(8).fill(7), { device, shape: [2, 4] });
    const view = x.slice(1, 1, 3);
    expect(view.uniform_({ generator: new Generator(42) })).toBe(view);
    const u = new Generator(42).fillUniform(new Float32Array(4));
    expect(await numbers(x)).toEqual([7, u[0], u[1], 7, 7, u[2], u[3], 7]);
    expect(defaultGenerator().fillUniform(new Float32Array(1))).toEqual(new Generator(42).fillUniform(new Float32Array(1)));
  });

  test("filling cuts the gradient, and leaves refuse it", async () => {
    const x = ramp(device, 6).requiresGrad_();
    const y = x.mul(2);
    y.normal_();
    expect(await numbers(grad(y.sum(), [x])[0]!)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(() => x.uniform_()).toThrow("uniform_: a leaf that requires a gradient cannot be changed in place");
    const { index } = defaultGenerator().getState();
    expect(() => x.normal_()).toThrow("normal_: a leaf");
    expect(defaultGenerator().getState().index).toBe(index);
    expect(() => zeros([3], { device }).expand(2, 3).normal_()).toThrow("normal_: several elements of [2, 3] share one place in memory");
    expect(defaultGenerator().getState().index).toBe(index);
    noGrad(() => x.uniform_());
    expect(x.requiresGrad).toBe(true);
  });

  test("keys repeat a draw, and only keys are keys", async () => {
    const key = new Generator(9).philox(64);
    const x = zeros([64], { device });
    expect(await numbers(x.philoxUniform({ key }))).toEqual([...philoxUniform(key, 64)]);
    expect(() => x.philoxUniform({ key: { ...key, seedLow: 2 ** 32 } })).toThrow(
      "philoxUniform: seedLow of the key must be a 32-bit word, got 4294967296",
    );
    const learned = ramp(device, 4).requiresGrad_();
    expect(learned.philoxNormal().requiresGrad).toBe(false);
  });
});

test("in float64 fills with PyTorch's numbers, and knows probabilities on the CPU", async () => {
  manualSeed(42);
  const of = (n: number): Tensor => zeros([n], { device: "cpu", dtype: "float64" });
  await expectValues(of(4).uniform_(), [0.05815448596142969, 0.06291016742457756, 0.12358607277440903, 0.05258016436107704], 1e-15);
  await expectValues(of(3).normal_(), [-1.1228563767381703, -0.18632829929177447, 2.2082013355893912], 1e-15);
  zeros([5], { device: "cpu", dtype: "int32" }).bernoulli_(0.5);
  const half = of(4).add(0.5);
  await expectValues(zeros([4], { device: "cpu" }).bernoulli_(half), [0, 1, 0, 1]);
  expect(() => F.bernoulli(tensor([0.5, 1.25], { device: "cpu" }))).toThrow("bernoulli: p must be between 0 and 1, got 1.25");
});
