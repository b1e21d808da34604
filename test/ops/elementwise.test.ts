// What PyTorch promises about elementwise operators beyond single records: dtypes, devices, in-place forms, operands of every kind.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backward, grad } from "../../src/autograd/engine.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { DeviceError, DtypeError, GradError } from "../../src/base/errors.ts";
import { full, ones, tensor, zeros } from "../../src/tensor/create.ts";
import { init } from "../../src/tensor/device.ts";
import { functions } from "../../src/tensor/methods.ts";

const { add, where, pow, mul, div, maximum } = functions;

describe.each(["cpu", "webgpu"] as const)("on %s", (device) => {
  beforeAll(async () => {
    expect((await init({ device })).device).toBe(device);
  });
  afterAll(async () => void (await init({ device: "cpu" })));

  it("promotes dtypes as PyTorch does", async () => {
    const [i, u, b] = [tensor([7, -7], { dtype: "int32" }), tensor([7, 250], { dtype: "uint8" }), tensor([true, false])];
    expect(i.div(2).dtype).toBe("float32");
    expect(await i.div(2).tolist()).toEqual([3.5, -3.5]);
    expect(await i.div(2, { roundingMode: "floor" }).tolist()).toEqual([3, -4]);
    expect(i.div(2, { roundingMode: "floor" }).dtype).toBe("int32");
    expect(i.add(0.5).dtype).toBe("float32");
    expect(i.add(1).dtype).toBe("int32");
    expect(u.add(i).dtype).toBe("int32");
    expect(await u.add(10).tolist()).toEqual([17, 4]);
    expect(b.mul(2).dtype).toBe("int32");
    expect(b.add(b).dtype).toBe("bool");
    expect(await b.add(b).tolist()).toEqual([true, false]);
    expect(b.sin().dtype).toBe("float32");
    expect(() => b.neg()).toThrow(DtypeError);
    expect(() => b.sub(b)).toThrow(DtypeError);
    expect(() => i.add_(0.5)).toThrow(DtypeError);
  });

  it("wraps integers, exactly", async () => {
    const x = tensor([2147483647, 123456789, -987654321], { dtype: "int32" });
    expect(await x.mul(x).tolist()).toEqual([1, 123456789, -987654321].map((v, k) => (k === 0 ? 1 : Math.imul(v, v))));
    expect(await x.add(1).tolist()).toEqual([-2147483648, 123456790, -987654320]);
    expect(await tensor([3, -3], { dtype: "int32" }).pow(21).tolist()).toEqual([1870418611, -1870418611]);
  });

  it("converts: truncation, truth, the range of integers", async () => {
    const x = tensor([0.5, -1.7, 300.2, NaN, 1e10, 0]);
    expect(await x.int().tolist()).toEqual([0, -1, 300, -2147483648, -2147483648, 0]);
    expect(await x.bool().tolist()).toEqual([true, true, true, true, true, false]);
    expect(await x.to("uint8").tolist()).toEqual([0, 255, 44, 0, 0, 0]);
    expect(x.to("float32")).toBe(x);
    expect(x.float()).toBe(x);
    expect(x.to(tensor([1], { dtype: "int32" })).dtype).toBe("int32");
    expect(x.to({ copy: true })).not.toBe(x);
  });

  it("takes numbers on either side, and constants as tensors", async () => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    expect(await pow(2, x).tolist()).toEqual([2, 4, 8]);
    expect(await div(6, x).tolist()).toEqual([6, 3, 2]);
    expect(await mul(full([3], 4), x).tolist()).toEqual([4, 8, 12]);
    expect(await add(full([2, 2], 1), full([2], 2)).tolist()).toEqual([[3, 3], [3, 3]]); // prettier-ignore
    const [g] = grad(pow(2, x).sum(), x);
    for (const [k, v] of (await g!.array()).entries()) expect(v).toBeCloseTo(Math.LN2 * 2 ** (k + 1), 5);
    expect(await x.detach().mul(0.1).mul(10).sub(x.detach()).abs().lt(1e-6).tolist()).toEqual([true, true, true]);
  });

  it("where is a function with the condition first and a method with it second", async () => {
    const [c, x] = [tensor([true, false]), tensor([1, 2])];
    expect(await where(c, x, 0).tolist()).toEqual([1, 0]);
    expect(await x.where(c, 5).tolist()).toEqual([1, 5]);
    expect(where(c, 1, 2).dtype).toBe("int32");
  });

  it("splits the gradient of ties, and stops it at kinks as PyTorch does", async () => {
    const [x, y] = [tensor([1, 2, 3], { requiresGrad: true }), tensor([1, 3, 2], { requiresGrad: true })];
    backward(maximum(x, y).sum());
    expect(await x.grad!.tolist()).toEqual([0.5, 0, 1]);
    expect(await y.grad!.tolist()).toEqual([0.5, 1, 0]);
    const z = tensor([-1, 0, 1, 6], { requiresGrad: true });
    const at = (f: (v: typeof z) => typeof z): Promise<unknown> => grad(f(z).sum(), z)[0]!.tolist();
    expect(await at((v) => v.relu())).toEqual([0, 0, 1, 1]);
    expect(await at((v) => v.abs())).toEqual([-1, 0, 1, 1]);
    expect(await at((v) => v.clamp(-1, 1))).toEqual([1, 1, 1, 0]);
    expect(await at((v) => v.hardtanh())).toEqual([0, 1, 0, 0]);
    expect(await at((v) => v.relu6())).toEqual([0, 0, 1, 0]);
    expect(await at((v) => v.pow(0))).toEqual([0, 0, 0, 0]);
    expect(await at((v) => z.detach().add(v, { alpha: 2 }))).toEqual([2, 2, 2, 2]);
    // Where z is 0 the result is the value itself.
    expect(await at((v) => z.detach().heaviside(v))).toEqual([0, 1, 0, 0]);
  });

  it("walks any layout: wide rows, odd rows, five dimensions, offsets", async () => {
    const x = tensor(
      Float32Array.from({ length: 720 }, (_, k) => k),
      { shape: [2, 3, 4, 5, 6] },
    );
    const want = (await x.permute(4, 2, 0, 3, 1).contiguous().array()).map((v) => v + 1);
    expect(Array.from(await x.permute(4, 2, 0, 3, 1).add(1).array())).toEqual(Array.from(want));
    const row = tensor([10, 20, 30, 40, 50, 60]);
    const sums = await x.add(row).array();
    expect(Array.from(sums)).toEqual(Array.from({ length: 720 }, (_, k) => k + 10 * ((k % 6) + 1)));
    const m = tensor(
      Float32Array.from({ length: 24 }, (_, k) => k),
      { shape: [3, 8] },
    );
    expect(await m.narrow(0, 1, 2).narrow(1, 3, 4).mul(2).tolist()).toEqual([[22, 24, 26, 28], [38, 40, 42, 44]]); // prettier-ignore
    expect(await m.add(tensor([[100], [200], [300]])).sum().item()).toBe(276 + 8 * 600); // prettier-ignore
  });

  it("writes in place: copy_, fill_, zero_, through views and into the graph", async () => {
    const x = zeros([2, 3]);
    x.select(0, 1).copy_(tensor([1, 2, 3], { dtype: "int32" }));
    expect(await x.tolist()).toEqual([[0, 0, 0], [1, 2, 3]]); // prettier-ignore
    x.select(1, 0).fill_(7);
    expect(await x.tolist()).toEqual([[7, 0, 0], [7, 2, 3]]); // prettier-ignore
    const view = x.select(0, 0);
    x.zero_();
    expect(await view.tolist()).toEqual([0, 0, 0]);
    const source = tensor([1, 2, 3], { requiresGrad: true });
    const target = zeros([2, 3]).copy_(source.mul(2));
    backward(target.mul(target).sum());
    expect(await source.grad!.tolist()).toEqual([16, 32, 48]);
    const leaf = ones([2], { requiresGrad: true });
    expect(() => leaf.zero_()).toThrow(GradError);
    noGrad(() => leaf.zero_());
    expect(await leaf.tolist()).toEqual([0, 0]);
  });
});

describe("between devices", () => {
  beforeAll(async () => void (await init({ device: "webgpu" })));

  it("uploads at once, comes back with await cpu()", async () => {
    const x = tensor([[1, 2], [3, 4]], { device: "cpu" }); // prettier-ignore
    const there = x.permute(1, 0).to("webgpu");
    expect(there.device.type).toBe("webgpu");
    expect(await there.tolist()).toEqual([[1, 3], [2, 4]]); // prettier-ignore
    expect(await x.double().to({ device: "webgpu", dtype: "float32" }).tolist()).toEqual(await x.tolist());
    expect(x.to("webgpu", "int32")).toMatchObject({ dtype: "int32", device: { type: "webgpu" } });
    expect(x.to(there.device, "bool", { copy: true })).toMatchObject({ dtype: "bool", device: { type: "webgpu" } });
    expect(x.to(there, { copy: true })).toMatchObject({ dtype: "float32", device: { type: "webgpu" } });
    expect(x.to("cpu", "float32")).toBe(x);
    expect(() => x.to("float64", "cpu" as never)).toThrow("one argument too many (order: dtype)");
    expect(() => x.to("float64", { dtype: "int32" })).toThrow("dtype was given twice");
    expect(() => x.to("cuda:0" as never)).toThrow('to: there is no device cuda:0 ("webgpu", or await init() once');
    expect(() => there.to("cpu")).toThrow(DeviceError);
    const back = await there.cpu();
    expect([back.device.type, await back.tolist()]).toEqual(["cpu", [[1, 3], [2, 4]]]); // prettier-ignore
    expect(full([2], 3).to("cpu").device.type).toBe("cpu");
    expect(() => x.double().to("webgpu")).toThrow(DtypeError);
    expect(() => tensor([1], { device: "cpu", requiresGrad: true }).to("webgpu")).toThrow(GradError);
  });
});
