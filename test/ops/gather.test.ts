// Writing at indices that repeat: the last source stands, and the gradient goes to it alone.
import { expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { gradcheck, gradgradcheck } from "../../src/inspect/gradcheck.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import "../../src/ops/all.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

const leaf = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { requiresGrad: true });
const ints = (data: number[] | number[][] | number[][][]): Tensor => tensor(data, { dtype: "int32" });

onEveryDevice((device) => {
  it("scatter: a covered source has no gradient, to second order", async () => {
    const [x, src] = [leaf([1, 2, 3]), leaf([4, 5, 6, 7])];
    const y = x.scatter(0, ints([1, 1, 0, 1]), src);
    await expectValues(y, [6, 7, 3]);
    const [gx, gs] = grad(
      y
        .square()
        .mul(tensor([10, 100, 1000]))
        .sum(),
      [x, src],
      { createGraph: true },
    );
    await expectValues(gx, [0, 0, 6000]);
    await expectValues(gs, [0, 0, 120, 1400]);
    const [h] = grad(gs!.sum(), src);
    await expectValues(h, [0, 0, 20, 200]);
  });

  it("scatter along either dimension, with a smaller index", async () => {
    const [a, b] = [leaf([[1, 2, 3], [4, 5, 6]]), leaf([[1, 2, 3], [4, 5, 6]])]; // prettier-ignore
    const weights = tensor([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]); // prettier-ignore
    const rows = zeros([3, 4]).scatter(1, ints([[3, 3, 0], [1, 1, 1]]), a); // prettier-ignore
    await expectValues(grad(rows.mul(weights).sum(), a)[0], [0, 4, 1, 0, 0, 6]);
    const columns = zeros([3, 4]).scatter(0, ints([[2, 0, 1], [2, 1, 1]]), b); // prettier-ignore
    await expectValues(grad(columns.mul(weights).sum(), b)[0], [0, 2, 0, 9, 6, 7]);
  });

  it("indexCopy, put and indexPut count each place once", async () => {
    const source = leaf([[1, 2], [3, 4], [5, 6]]); // prettier-ignore
    const copied = zeros([2, 2]).indexCopy(0, ints([1, 1, 0]), source);
    await expectValues(copied, [5, 6, 3, 4]);
    await expectValues(grad(copied.mul(tensor([[1, 10], [100, 1000]])).sum(), source)[0], [0, 0, 100, 1000, 1, 10]); // prettier-ignore
    const values = leaf([4, 5, 6]);
    const put = zeros([2, 2]).put(ints([3, 0, 3]), values);
    await expectValues(grad(put.mul(tensor([[1, 10], [100, 1000]])).sum(), values)[0], [0, 1, 1000]); // prettier-ignore
    const assigned = zeros([3]).indexPut([ints([0, 2, 0])], values);
    await expectValues(assigned, [6, 0, 5]);
    await expectValues(grad(assigned.mul(tensor([1, 10, 100])).sum(), values)[0], [0, 100, 1]);
  });

  it("one value written to many places counts each of them once", async () => {
    const [value, one] = [leaf([2]), tensor(3, { requiresGrad: true })];
    const y = zeros([4]).indexPut([ints([1, 1, 3])], value);
    await expectValues(grad(y.mul(tensor([1, 10, 100, 1000])).sum(), value)[0], [1010]);
    const z = zeros([3, 2]).indexFill(0, ints([2, 0, 2]), one);
    await expectValues(grad(z.mul(tensor([[1, 2], [4, 8], [16, 32]])).sum(), one)[0], [51]); // prettier-ignore
  });

  it("maxUnpool1d with one position twice", async () => {
    const x = leaf([[[3, 5, 7]]]);
    const y = x.maxUnpool1d(ints([[[2, 2, 5]]]), 2);
    await expectValues(y, [0, 0, 5, 0, 0, 7]);
    await expectValues(grad(y.mul(tensor([1, 2, 4, 8, 16, 32])).sum(), x)[0], [0, 4, 32]);
  });

  it("of many sources for few places, the last of each has the gradient", async () => {
    const n = 30000;
    const at = Int32Array.from({ length: n }, (_, i) => Math.floor((((i * 2654435761) >>> 0) / 2 ** 32) * 40));
    const source = tensor(new Float32Array(n).fill(1), { requiresGrad: true });
    const want = new Float32Array(n);
    for (let place = 0; place < 40; place++) want[at.lastIndexOf(place)] = place + 1;
    const y = zeros([40]).scatter(0, tensor(at, { dtype: "int32" }), source);
    const [g] = grad(y.mul(zeros([40]).positions().add(1)).sum(), source);
    expect(await g!.array()).toEqual(want);
  });

  it("in place through a view", async () => {
    const [x, src] = [leaf([[1, 2, 3], [4, 5, 6]]), leaf([7, 8, 9])]; // prettier-ignore
    const y = x.mul(1);
    y.select(0, 1).scatter_(0, ints([2, 0, 2]), src);
    await expectValues(y, [1, 2, 3, 8, 5, 9]);
    const [gx, gs] = grad(y.mul(tensor([[1, 2, 3], [4, 5, 6]])).sum(), [x, src]); // prettier-ignore
    await expectValues(gx, [1, 2, 3, 0, 5, 0]);
    await expectValues(gs, [0, 4, 6]);
  });

  if (device === "webgpu")
    it("a source whose computed index is out of range was dropped: its gradient is 0", async () => {
      const src = leaf([1, 2, 3]);
      const at = tensor([0, 5, 2]).cast("int32");
      const hidden = at.add(zeros([3]).positions().mul(0));
      await expectValues(grad(zeros([3]).scatter(0, hidden, src).sum(), src)[0], [1, 0, 1]);
    });
});

it("scatter with repeated indices against finite differences", async () => {
  const double = (data: number[]): Tensor => tensor(data, { dtype: "float64", device: "cpu", requiresGrad: true });
  const at = tensor([2, 0, 2, 2], { dtype: "int32", device: "cpu" });
  const write = (x: Tensor, src: Tensor): Tensor => x.scatter(0, at, src).square();
  await expect(gradcheck(write, [double([1, 2, 3]), double([0.5, -1, 2, 4])])).resolves.toBe(true);
  await expect(gradgradcheck(write, [double([1, 2, 3]), double([0.5, -1, 2, 4])])).resolves.toBe(true);
});
