// Counting, folding and running where PyTorch 1.13 has no answer, or none that is right.
import { expect, it } from "vitest";
import "../../src/ops/all.ts";
import { grad } from "../../src/autograd/engine.ts";
import { gradgradcheck } from "../../src/inspect/gradcheck.ts";
import { full, ones, tensor, zeros } from "../../src/tensor/create.ts";
import { functions } from "../../src/tensor/methods.ts";
import { rand } from "../../src/tensor/sampling.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

const leaf = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { requiresGrad: true });
const ints = (data: number[] | number[][]): Tensor => tensor(data, { dtype: "int32" });

it("products are right at zeros to second order, however many there are", async () => {
  const index = tensor([0, 0, 0, 1, 1, 1, 2, 2, 2, 2], { dtype: "int32", device: "cpu" });
  const [x, src] = [[2, 3, 0], [0, 4, 0, 5, 0, 7, 0, 0, 0, 2]].map((data) => tensor(data, { dtype: "float64", device: "cpu", requiresGrad: true })); // prettier-ignore
  for (const includeSelf of [true, false])
    expect(await gradgradcheck((a, b) => a!.scatterReduce(0, index, b!, "prod", { includeSelf }), [x!, src!])).toBe(true);
});

onEveryDevice((device) => {
  it("unravelIndex undoes the numbering of elements", async () => {
    const at = zeros([2, 3, 4]).positions();
    const coordinates = at.unravelIndex([2, 3, 4]);
    expect(coordinates.map((c) => [c.shape, c.dtype])).toEqual(new Array(3).fill([[2, 3, 4], "int32"]));
    const [i, j, k] = coordinates as [Tensor, Tensor, Tensor];
    expect(await i.mul(12).add(j.mul(4)).add(k).tolist()).toEqual(await at.tolist());
    expect(await functions.unravelIndex(ints([3]), 5)[0]!.tolist()).toEqual([3]);
    expect(ints([0]).unravelIndex([])).toEqual([]);
  });

  it("the gradient of a sum of nothing is nothing: logcumsumexp behind −∞", async () => {
    const x = leaf([-Infinity, -Infinity, 1, -Infinity, 2]);
    const y = x.logcumsumexp(0);
    await expectValues(y, [-Infinity, -Infinity, 1, 1, 2.313261687]);
    const [g] = grad(y.mul(tensor([1, 2, 3, 4, 5])).sum(), x, { createGraph: true });
    await expectValues(g, [0, 0, 8.344707107, 0, 3.655292893]);
    await expectValues(grad(g!.mul(tensor([1, 1, 1, 1, 0])).sum(), x)[0], [0, 0, 0.983059666, 0, -0.983059666]);
  });

  it("what comes before +∞ keeps its gradient", async () => {
    const x = leaf([0, 0, Infinity, 1]);
    await expectValues(grad(x.logcumsumexp(0).narrow(0, 0, 2).sum(), x)[0], [1.5, 0.5, 0, 0]);
  });

  it("logcumsumexp of a long line is that of its exponentials", async () => {
    const x = rand([3, 2000]);
    const [got, want] = [await x.logcumsumexp(1).array(), await (await x.cpu()).double().exp().cumsum(1).log().array()].map((v) => [...v]);
    got!.forEach((v, i) => expect(Math.abs(v - want![i]!)).toBeLessThan(2e-5));
  });

  it("extremes of long lines are those of short ones", async () => {
    const x = tensor(
      Float32Array.from({ length: 6000 }, (_, i) => ((i * 31) % 1009) % 97),
      { shape: [2, 1500, 2] },
    );
    x.indexPut_([1, { start: 700, stop: 703 }, 0], NaN);
    const line = async (v: Tensor): Promise<number[]> => [...(await v.array())];
    const from = (await x.array()) as Float32Array;
    for (const name of ["cummax", "cummin"] as const) {
      const beats = (v: number, best: number): boolean => (name === "cummax" ? v >= best : v <= best);
      const [values, indices] = x[name](1);
      const [wantValues, wantIndices] = [new Array<number>(6000), new Array<number>(6000)];
      for (const start of [0, 1, 3000, 3001]) {
        let place = 0;
        for (let i = 0; i < 1500; i++) {
          const [v, best] = [from[start + 2 * i]!, from[start + 2 * place]!];
          if (v !== v || (best === best && beats(v, best))) place = i;
          wantValues[start + 2 * i] = from[start + 2 * place]!;
          wantIndices[start + 2 * i] = place;
        }
      }
      expect(await line(indices)).toEqual(wantIndices);
      expect(await line(values)).toEqual(wantValues);
    }
  });

  it("NaN counts nowhere", async () => {
    await expectValues(tensor([NaN, 1, 0.2]).histc(4, 0, 1), [1, 0, 0, 1]);
    await expectValues(tensor([NaN, 1, 0.2]).histogram(4, { range: [0, 1] }).hist, [1, 0, 0, 1]);
  });

  it("whole numbers on the edges of bins belong to the upper one, the last to the last", async () => {
    const x = tensor(Float32Array.from({ length: 50 }, (_, i) => i));
    for (const bins of [7, 10, 49]) {
      const want = new Array<number>(bins).fill(0);
      for (let i = 0; i < 50; i++) want[Math.min(bins - 1, Math.floor((i * bins) / 49))]!++;
      expect(await x.histc(bins).tolist()).toEqual(want);
    }
  });

  it("a range of NaN is refused where it is seen, and holds nothing elsewhere", async () => {
    const x = tensor([1, NaN]);
    if (device === "cpu") expect(() => x.histc(3)).toThrow("finite range");
    else expect(await x.histc(3).tolist()).toEqual([0, 0, 0]);
  });

  it("extremes of both kinds share their gradients", async () => {
    const x = leaf([1, 3, 1, 3, 2]);
    const { min, max } = x.aminmax();
    await expectValues(grad(min.add(max.mul(10)).sum(), x)[0], [0.5, 5, 0.5, 5, 0]);
  });

  it("maskedScatter writes in place, and looks for elements that are not there", async () => {
    const x = zeros([2, 3]);
    const mask = tensor([true, false, true]);
    x.maskedScatter_(mask, ones([4]));
    await expectValues(x, [1, 0, 1, 1, 0, 1]);
    expect(() => x.maskedScatter(mask, ones([3]))).toThrow("fewer elements than the mask asks for, 4");
    expect(() => zeros([3]).maskedScatter_(tensor([[true, true, true]]), ones([3]))).toThrow();
  });

  it("values that are repeated without memory are looked up like others", async () => {
    expect(
      await full([3], 2)
        .searchsorted(full([2], 2))
        .tolist(),
    ).toEqual([0, 0]);
    expect(await functions.isin(full([2], 2), full([3], 2)).tolist()).toEqual([true, true]);
    expect((await full([2, 3], 2).cummax(1).indices.tolist()) as unknown).toEqual([[0, 1, 2], [0, 1, 2]]); // prettier-ignore
    expect(
      await full([3], 2)
        .scatterReduce(0, ints([0, 0]), full([2], 3), "prod")
        .tolist(),
    ).toEqual([18, 2, 2]);
  });

  it("as many truths as a byte counts are true", async () => {
    const truth = (n: number, v: number): Tensor => full([n], v, { dtype: "bool" });
    expect(await truth(2, 0).scatterAdd(0, ints(new Array(256).fill(1)), truth(256, 1)).tolist()).toEqual([false, true]); // prettier-ignore
  });

  it("many sources at few places fold in their order", async () => {
    const n = 20000;
    const places = Int32Array.from({ length: n }, (_, i) => (i * 7919) % 97);
    const values = Float32Array.from({ length: n }, (_, i) => ((i * 31) % 1009) / 1009 - 0.5);
    const want = new Float32Array(97).fill(-Infinity);
    places.forEach((p, i) => (want[p] = Math.max(want[p]!, values[i]!)));
    const largest = zeros([97]).scatterReduce(0, tensor(places), tensor(values), "amax", { includeSelf: false });
    expect(await largest.tolist()).toEqual([...want]);
  });
});
