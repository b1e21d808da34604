// Scattering at sizes where the GPU sorts its sources first, indices that collide, and indices out of range.
import { expect, it } from "vitest";
import { ArgumentError } from "../../src/base/errors.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { deviceNamed } from "../../src/tensor/device.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { onEveryDevice } from "../devices.ts";

/** Small whole numbers in a scrambled order: their sums are exact in float32. */
const numbers = (n: number, limit: number, seed = 1): Int32Array<ArrayBuffer> =>
  Int32Array.from({ length: n }, (_, i) => Math.floor(((((i + seed) * 2654435761) >>> 0) / 2 ** 32) * limit));

onEveryDevice(() => {
  const ints = (data: Int32Array<ArrayBuffer>, shape: readonly number[] = [data.length]): Tensor => tensor(data, { shape, dtype: "int32" });
  const floats = (data: Int32Array<ArrayBuffer>, shape: readonly number[]): Tensor => tensor(Float32Array.from(data), { shape });
  /** The same elements behind an operator, so that the host no longer sees them. */
  const hidden = (x: Tensor): Tensor => x.add(zeros(x.shape, { dtype: "int32" }).positions().mul(0));

  it.each([
    [5000, 10000, 8],
    [70000, 3000, 2],
    [3, 20000, 4],
    [1000, 1, 3],
    [300, 70000, 1],
  ])("indexAdd into %i rows from %i sources of %i", async (rows, n, width) => {
    const [at, values] = [numbers(n, rows), numbers(n * width, 16, 7)];
    const want = new Float32Array(rows * width).fill(1);
    for (let j = 0; j < n; j++) for (let i = 0; i < width; i++) want[at[j]! * width + i]! += values[j * width + i]!;
    const out = zeros([rows, width])
      .add(1)
      .indexAdd(0, hidden(ints(at)), floats(values, [n, width]));
    expect(await out.array()).toEqual(want);
  });

  it("indexAdd along a middle dimension", async () => {
    const [outer, rows, inner, n] = [3, 400, 5, 2000];
    const [at, values] = [numbers(n, rows), numbers(outer * n * inner, 16, 7)];
    const want = new Float32Array(outer * rows * inner);
    for (let o = 0; o < outer; o++)
      for (let j = 0; j < n; j++)
        for (let i = 0; i < inner; i++) want[(o * rows + at[j]!) * inner + i]! += values[(o * n + j) * inner + i]!;
    expect(
      await zeros([outer, rows, inner])
        .indexAdd(1, ints(at), floats(values, [outer, n, inner]))
        .array(),
    ).toEqual(want);
  });

  it("scatterAdd with an index per element, smaller than its destination", async () => {
    const [a, b, c, n] = [4, 300, 6, 900];
    const [at, values] = [numbers(3 * n * 5, b), numbers(3 * n * 5, 16, 3)];
    const want = new Float32Array(a * b * c);
    for (let o = 0; o < 3; o++)
      for (let j = 0; j < n; j++)
        for (let i = 0; i < 5; i++) {
          const s = (o * n + j) * 5 + i;
          want[(o * b + at[s]!) * c + i]! += values[s]!;
        }
    expect(
      await zeros([a, b, c])
        .scatterAdd(1, ints(at, [3, n, 5]), floats(values, [3, n, 5]))
        .array(),
    ).toEqual(want);
  });

  it.each([64, 40000])("of %i sources for few places the last one stands", async (n) => {
    const [at, values] = [numbers(n, 50), numbers(n, 1000, 5)];
    const want = new Float32Array(200).fill(-1);
    for (let j = 0; j < n; j++) want[at[j]! * 4]! = values[j]!;
    const x = zeros([200]).sub(1);
    expect(await x.put(ints(at).mul(4), floats(values, [n])).array()).toEqual(want);
    expect(await x.scatter(0, ints(at).mul(4), floats(values, [n])).array()).toEqual(want);
    expect(await x.indexCopy(0, ints(at).mul(4), floats(values, [n])).array()).toEqual(want);
  });

  it("integer and boolean elements add, wrap and saturate by their type", async () => {
    const at = ints(Int32Array.of(0, 0, 1));
    expect(
      await tensor([200, 1], { dtype: "uint8" })
        .indexAdd(0, at, tensor([100, 1, 2], { dtype: "uint8" }))
        .tolist(),
    ).toEqual([45, 3]);
    expect(
      await tensor([2147483647, 1], { dtype: "int32" })
        .indexAdd(0, at, tensor([1, 0, 2], { dtype: "int32" }))
        .tolist(),
    ).toEqual([-2147483648, 3]);
    const truths = tensor([false, false]).scatterAdd(0, at, tensor([true, true, false]));
    expect(await truths.tolist()).toEqual([true, false]);
    // Twice true is true, and counts once.
    expect(await truths.int().tolist()).toEqual([1, 0]);
  });

  it("the same scatter of floats gives the same bits twice", async () => {
    const n = 20000;
    const values = tensor(Float32Array.from(numbers(n, 1 << 20), (v) => v / 3));
    const run = async (): Promise<unknown> =>
      zeros([7])
        .indexAdd(0, ints(numbers(n, 7)), values)
        .array();
    expect(await run()).toEqual(await run());
  });

  it("indices out of range throw where the host sees them", () => {
    const x = zeros([3, 2]);
    const bad = ints(Int32Array.of(0, 3));
    for (const call of [
      () => x.indexSelect(0, bad),
      () => x.gather(0, bad.reshape(1, 2)),
      () => x.indexAdd(0, bad, zeros([2, 2])),
      () => x.put(ints(Int32Array.of(6)), zeros([1])),
      () => x.at(bad),
      () => bad.embedding(x),
      () => bad.oneHot(3),
    ])
      expect(call).toThrow(ArgumentError);
  });
});

it("on WebGPU, computed indices out of range read NaN and are dropped when writing", async () => {
  const x = tensor([1, 2, 3], { device: "webgpu" });
  const bad = new Tensor(x.storage.retain(), "float32", x).cast("int32");
  expect(bad.device).toBe(deviceNamed("webgpu"));
  expect(await x.indexSelect(0, bad).tolist()).toEqual([2, 3, NaN]);
  expect(await x.at(bad).tolist()).toEqual([2, 3, NaN]);
  expect(await x.gather(0, bad).tolist()).toEqual([2, 3, NaN]);
  expect(await x.indexAdd(0, bad, x).tolist()).toEqual([1, 3, 5]);
  expect(await x.put(bad, x).tolist()).toEqual([1, 1, 2]);
});
