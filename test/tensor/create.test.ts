// Creation beyond the golden cases: calling forms, defaults, images, refusals.
import { expect, it } from "vitest";
import { WengertError } from "../../src/base/errors.ts";
import * as create from "../../src/tensor/create.ts";
import { memory } from "../../src/tensor/device.ts";
import { onEveryDevice } from "../devices.ts";

const taken = (): number => memory().gpuBytes + memory().cpuBytes;

onEveryDevice((device) => {
  it("sizes come spread out or as an array, options behind them", async () => {
    expect(create.zeros(2, 3).shape).toEqual([2, 3]);
    expect(create.zeros([2, 3]).shape).toEqual([2, 3]);
    expect(create.ones(2, { dtype: "int32" }).dtype).toBe("int32");
    expect(create.zeros({ dtype: "bool" }).shape).toEqual([]);
    expect(create.zeros([2], { requiresGrad: true }).requiresGrad).toBe(true);
    expect(await create.ones([2, 2], { device: "cpu" }).tolist()).toEqual([[1, 1], [1, 1]]); // prettier-ignore
    expect(create.zeros(2).device.type).toBe(device);
  });

  it("constants take no memory", () => {
    const before = taken();
    create.zeros(1000, 1000);
    create.full([1000, 1000], 0.5);
    expect(taken()).toBe(before);
  });

  it("full infers its dtype from the value as PyTorch does", () => {
    expect([create.full([1], 2).dtype, create.full([1], 2.5).dtype, create.full([1], true).dtype]).toEqual(["int32", "float32", "bool"]);
    expect(create.fullLike(create.ones(2), 2).dtype).toBe("float32");
  });

  it("arange, linspace, logspace and eye", async () => {
    expect(await create.arange(3).tolist()).toEqual([0, 1, 2]);
    expect(await create.arange(1, 2, 0.25).tolist()).toEqual([1, 1.25, 1.5, 1.75]);
    expect(await create.arange(5, 0, -2, { dtype: "float32" }).tolist()).toEqual([5, 3, 1]);
    expect(await create.linspace(0, 1, 5).tolist()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(await create.logspace(0, 3, 4).tolist()).toEqual([1, 10, 100, 1000]);
    expect(await create.logspace(0, 3, 4, 2).tolist()).toEqual([1, 2, 4, 8]);
    expect(await create.logspace(0, 3, 4, { base: 2, dtype: "int32" }).tolist()).toEqual([1, 2, 4, 8]);
    expect(await create.eye(2, 3).tolist()).toEqual([[1, 0, 0], [0, 1, 0]]); // prettier-ignore
    expect(await create.eye(2, { m: 1, dtype: "bool" }).tolist()).toEqual([[true], [false]]);
  });

  it("images become channels first", async () => {
    const image = { width: 2, height: 1, data: Uint8ClampedArray.of(255, 0, 51, 255, 0, 102, 255, 128) };
    const x = create.fromImageData(image);
    expect(x.shape).toEqual([3, 1, 2]);
    const want = [1, 0, 0, 0.4, 0.2, 1];
    (await x.array()).forEach((v, i) => expect(v).toBeCloseTo(want[i]!, 6));
    expect(await create.fromImageData(image, { channels: 4, dtype: "uint8" }).tolist()).toEqual([
      [[255, 0]],
      [[0, 102]],
      [[51, 255]],
      [[255, 128]],
    ]);
    expect(await create.fromImageData(image, { channels: 1, dtype: "uint8" }).tolist()).toEqual([[[82, 89]]]);
  });

  it.each([
    () => create.zeros(2, NaN),
    () => create.zeros(2 ** 53),
    () => create.zeros("2" as never),
    () => create.zeros([2], { dtyp: "int32" } as never),
    () => create.ones(2, { dtype: "complex64" as never }),
    () => create.full([2], "1" as never),
    () => create.full([2], 300, { dtype: "uint8" }),
    () => create.fullLike(3 as never, 1),
    () => create.arange(0, 3, 0),
    () => create.arange(undefined as never),
    () => create.arange(1, 2, 3, 4 as never),
    () => create.linspace(0, 1, 2.5),
    () => create.eye(-1),
    () => create.fromImageData({ width: 2, height: 2, data: new Uint8Array(3) }),
    () => create.fromImageData(undefined as never),
    () => create.zeros(2, { dtype: "int32", requiresGrad: true }),
    () => create.tensor([[1, 2], [3]]),
  ])("refuses %s", (call) => {
    expect(call).toThrow(WengertError);
  });

  if (device === "webgpu") it("float64 stays on the CPU", () => expect(() => create.zeros(2, { dtype: "float64" })).toThrow(WengertError));

  it("arrays of typed arrays keep their type", async () => {
    const rows = create.tensor([Float32Array.of(1, 2), Float32Array.of(3, 4)]);
    expect([rows.dtype, await rows.tolist()]).toEqual(["float32", [[1, 2], [3, 4]]]); // prettier-ignore
    const cube = create.tensor([[Int32Array.of(1), Int32Array.of(2)]]);
    expect([cube.dtype, await cube.tolist()]).toEqual(["int32", [[[1], [2]]]]);
    expect(create.tensor([Uint8Array.of(1), Int32Array.of(2)]).dtype).toBe("int32");
    const mixed = create.tensor([Int32Array.of(1, 2), [0.5, 3]]);
    expect([mixed.dtype, await mixed.tolist()]).toEqual(["float32", [[1, 2], [0.5, 3]]]); // prettier-ignore
    expect(create.tensor([Float64Array.of(1)], { device: "cpu" }).dtype).toBe("float64");
    expect(create.tensor([BigInt64Array.of(1n)]).dtype).toBe("int32");
    expect(() => create.tensor([Float32Array.of(1, 2), Float32Array.of(3)])).toThrow("ragged array, 2 beside 1 at depth 1");
  });

  it("tensors among the elements, and views without a type, are told what to do", () => {
    const x = create.tensor([1, 2]);
    expect(() => create.tensor([x, x] as never)).toThrow(
      "tensor: element 0 is a tensor (stack([…]) or cat([…]) joins tensors, clone() copies one)",
    );
    expect(() => create.tensor(x as never)).toThrow("clone() copies one");
    expect(() => create.tensor(new DataView(new ArrayBuffer(8)) as never)).toThrow("a DataView has no type of element");
  });

  it("64-bit integers are int32 where they fit", async () => {
    expect(await create.tensor(BigInt64Array.of(-5n, 7n)).tolist()).toEqual([-5, 7]);
    expect(await create.tensor(BigUint64Array.of(7n) as never).tolist()).toEqual([7]);
    for (const data of [BigInt64Array.of(1n << 31n), BigUint64Array.of(1n << 63n), BigInt64Array.of(-(1n << 40n))])
      expect(() => create.tensor(data as never)).toThrow(/^tensor: element 0 = -?\d+ does not fit int32$/);
  });
});
