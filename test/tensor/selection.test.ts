// Choosing by value: nonzero, maskedSelect, bincount, multinomial, masks as indices, assignment by index.
import { expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { WengertError } from "../../src/base/errors.ts";
import { Generator, manualSeed } from "../../src/base/random.ts";
import { rand } from "../../src/tensor/sampling.ts";
import { full, ones, tensor, zeros } from "../../src/tensor/create.ts";
import { argwhere, bincount, maskedSelect, multinomial, nonzero } from "../../src/tensor/selection.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

onEveryDevice((device) => {
  it("nonzero lists indices, as a table or by dimension", async () => {
    const x = tensor([[0, 1.5, 0], [-2, 0, 3]]); // prettier-ignore
    expect(await (await x.nonzero()).tolist()).toEqual([[0, 1], [1, 0], [1, 2]]); // prettier-ignore
    const [rows, cols] = await x.nonzero({ asTuple: true });
    expect([await rows!.tolist(), await cols!.tolist()]).toEqual([[0, 1, 1], [1, 0, 2]]); // prettier-ignore
    await expectValues(x.at(rows!, cols!), [1.5, -2, 3]);
    expect((await zeros([2, 0]).nonzero()).shape).toEqual([0, 2]);
    expect((await tensor(4).nonzero()).shape).toEqual([1, 0]);
  });

  it("lists of places and of truths index like the vectors that they stand for", async () => {
    const x = tensor([[0, 1, 2], [3, 4, 5]]); // prettier-ignore
    const places = tensor([1, -2, 1], { dtype: "int32" });
    expect(await x.at([1, -2, 1]).tolist()).toEqual(await x.at(places).tolist());
    expect(await x.at([0, 1], [2, 0]).tolist()).toEqual([2, 3]);
    expect(await x.at(":", [true, false, true]).tolist()).toEqual([[0, 2], [3, 5]]); // prettier-ignore
    expect(x.at([])).toMatchObject({ shape: [0, 3] });
    x.indexPut_(["...", [0, 2]], -1);
    x.indexPut_([[false, true]], 7);
    expect(await x.tolist()).toEqual([[-1, 1, -1], [7, 7, 7]]); // prettier-ignore
    expect(() => x.at([2])).toThrow("index 2 is out of range");
    expect(() => x.at([0, true] as never)).toThrow("at: [0, true] is no index (a list holds integers, or booleans)");
  });

  it("functions do as the methods", async () => {
    const x = tensor([0, 3, 0, 1]);
    expect(await (await argwhere(x)).tolist()).toEqual([[1], [3]]);
    expect(await (await nonzero(x, { asTuple: true }))[0]!.tolist()).toEqual([1, 3]);
    expect(await (await maskedSelect(x, x.gt(0))).tolist()).toEqual([3, 1]);
    expect(await (await bincount(x.to("int32"), null, 5)).tolist()).toEqual([2, 1, 0, 1, 0]);
    manualSeed(3);
    const places = await (await multinomial(x, 6, true)).tolist();
    manualSeed(3);
    expect(places).toEqual(await (await x.multinomial(6, true)).tolist());
    await expect((async () => bincount(x))()).rejects.toThrow("bincount: needs integers, got float32");
    expect(() => nonzero(3 as never)).toThrow("nonzero: x must be a tensor, got number");
  });

  it("argwhere is nonzero as a table", async () => {
    expect(await (await tensor([[0, 1.5], [-2, 0]]).argwhere()).tolist()).toEqual([[0, 1], [1, 0]]); // prettier-ignore
    expect((await tensor(4).argwhere()).shape).toEqual([1, 0]);
  });

  it("bincount counts or adds up weights, whose gradient it passes on", async () => {
    const x = tensor([1, 3, 3, 0], { dtype: "int32" });
    const counts = await x.bincount();
    expect([await counts.tolist(), counts.dtype]).toEqual([[1, 1, 0, 2], "int32"]);
    expect(await (await x.to("uint8").bincount({ minlength: 6 })).tolist()).toEqual([1, 1, 0, 2, 0, 0]);
    expect(await (await zeros(0, { dtype: "int32" }).bincount(null, 2)).tolist()).toEqual([0, 0]);
    expect((await zeros(0, { dtype: "int32" }).bincount()).shape).toEqual([0]);
    const weights = tensor([0.5, 1, 2, 4], { requiresGrad: true });
    const sums = await x.bincount(weights);
    await expectValues(sums, [4, 0.5, 0, 3]);
    const [g] = grad(sums.mul(tensor([1, 2, 3, 4])).sum(), weights);
    await expectValues(g, [2, 4, 4, 1]);
    const whole = await x.bincount(tensor([5, 1, 2, 0], { dtype: "int32" }));
    expect([await whole.tolist(), whole.dtype]).toEqual([[0, 5, 0, 3], "float32"]);
  });

  it.each([
    () => tensor([-1], { dtype: "int32" }).bincount(),
    () => zeros([1, 1], { dtype: "int32" }).bincount(),
    () => tensor([1]).bincount(),
    () => zeros([2], { dtype: "int32" }).bincount(tensor([1])),
    () => zeros([2], { dtype: "int32" }).bincount(null, -1),
    () => zeros(2).multinomial(1),
    () => zeros([3, 0]).multinomial(2, true),
    () => tensor([1, -1]).multinomial(1),
    () => tensor([NaN, 1]).multinomial(3, true),
    () => tensor([1, Infinity]).multinomial(1),
    () => ones(2).multinomial(3),
    () => ones(2).multinomial(0),
    () => ones([1, 1, 1]).multinomial(1),
    () => full([2], 1).multinomial(1),
    () => tensor(1).multinomial(1),
  ])("%s is refused", async (call) => {
    await expect(call()).rejects.toThrow(WengertError);
  });

  // prettier-ignore
  // Printed by PyTorch 1.13 after torch.manual_seed(seed), in this order.
  it.each([
    [0, [3, 3, 2, 3, 3, 3, 1, 2], [3, 1, 2], [2], [[2], [0]], [[2, 1, 2, 0], [0, 0, 0, 0]], [[2, 1], [2, 0]], [1, 2, 3, 2, 2, 3], [2, 1, 3, 0]],
    [1, [0, 1, 1, 1, 2, 1, 2, 3], [3, 2, 1], [3], [[2], [0]], [[2, 2, 2, 2], [2, 2, 0, 0]], [[2, 1], [0, 2]], [3, 3, 1, 3, 2, 2], [2, 1, 3, 0]],
    [42, [0, 0, 1, 0, 2, 2, 3, 3], [2, 1, 0], [3], [[1], [0]], [[1, 0, 2, 1], [0, 0, 0, 2]], [[2, 1], [0, 2]], [2, 3, 2, 3, 0, 2], [2, 3, 0, 1]],
  ] as const)("multinomial draws as torch.manual_seed(%i) gives", async (seed, ...want) => {
    const vector = tensor([0.1, 0.2, 0.3, 0.4]);
    const rows = tensor([[1, 2, 3], [3, 0, 1]]); // prettier-ignore
    manualSeed(seed);
    // None waits for the one before it: draws are made when they are asked for.
    const got = [
      vector.multinomial(8, true),
      vector.multinomial(3),
      vector.multinomial(1, { replacement: true }),
      rows.multinomial(1),
      rows.multinomial(4, true),
      rows.multinomial(2, false),
    ];
    const wide = tensor([0.1, 0.2, 0.3, 0.4], { dtype: "float64", device: "cpu" });
    got.push(wide.multinomial(6, true), wide.multinomial(4));
    for (const [i, places] of got.entries()) {
      expect((await places).dtype).toBe("int32");
      expect(await (await places).tolist(), `call ${i}`).toEqual(want[i]);
    }
  });

  it("multinomial draws from many weights, and from a generator of its own", async () => {
    const generator = new Generator(7);
    const weights = rand(50, { generator });
    expect(await (await weights.multinomial(12, true, { generator })).tolist()).toEqual([35, 46, 42, 8, 47, 26, 5, 31, 34, 18, 3, 10]);
    expect(await (await weights.multinomial(12, { generator })).tolist()).toEqual([47, 13, 0, 35, 7, 10, 8, 32, 36, 2, 15, 30]);
    expect((await zeros([0, 3]).multinomial(2, true)).shape).toEqual([0, 2]);
  });

  it("maskedSelect broadcasts and passes gradients", async () => {
    const x = tensor([[1, 2, 3], [4, 5, 6]], { requiresGrad: true }); // prettier-ignore
    const picked = await x.maskedSelect(x.detach().gt(2.5));
    await expectValues(picked, [3, 4, 5, 6]);
    const [g] = grad(picked.mul(picked).sum(), x);
    await expectValues(g, [0, 0, 6, 8, 10, 12]);
    await expectValues(await x.maskedSelect(tensor([true, false, true])), [1, 3, 4, 6]);
    expect((await noGrad(() => x.detach()).maskedSelect(tensor([false, false, false]))).shape).toEqual([0]);
    await expect(x.maskedSelect(tensor([1, 0, 1]))).rejects.toThrow(WengertError);
    await expect(x.maskedSelect(tensor([true, false]))).rejects.toThrow(WengertError);
  });

  it("masks from the host index at once, masks computed on the GPU ask for a read", async () => {
    const x = tensor([[1, 2], [3, 4], [5, 6]]); // prettier-ignore
    await expectValues(x.at(tensor([true, false, true])), [1, 2, 5, 6]);
    await expectValues(x.at(tensor([true, false, true]), 1), [2, 6]);
    const computed = x.select(1, 0).gt(2);
    if (device === "cpu") await expectValues(x.at(computed), [3, 4, 5, 6]);
    else expect(() => x.at(computed)).toThrow("await x.maskedSelect(mask)");
    x.indexPut_([computed], 0);
    await expectValues(x, [1, 2, 0, 0, 0, 0]);
  });

  it("every form of index agrees with its parts", async () => {
    const x = tensor(Float32Array.from({ length: 24 }, (_, i) => i), { shape: [2, 3, 4] }); // prettier-ignore
    const i = (data: number[]): ReturnType<typeof tensor> => tensor(data, { dtype: "int32" });
    await expectValues(x.at(1, 2, 3), [23]);
    await expectValues(x.at("...", 0), [0, 4, 8, 12, 16, 20]);
    await expectValues(x.at(":", { start: -1 }, { start: 1, step: 2 }), [9, 11, 21, 23]);
    expect(x.at(null, ":", null).shape).toEqual([1, 2, 1, 3, 4]);
    await expectValues(x.at(i([0, 1]), ":", i([1, 2])), [1, 5, 9, 14, 18, 22]);
    await expectValues(x.at(":", i([0, 2]), i([3, -1])), [3, 11, 15, 23]);
    // Separated index tensors put their dimension first, neighbours keep their place.
    expect(x.at(i([0, 1, 1]), ":", i([1, 2, 0])).shape).toEqual([3, 3]);
    expect(x.at(":", i([0, 1, 1, 0, 2])).shape).toEqual([2, 5, 4]);
    expect(x.at(0, { start: 1, stop: 2 }).storage).toBe(x.storage);
  });

  it.each([
    () => zeros(2).at(2),
    () => zeros(2).at(0, 0),
    () => zeros(2).at("x" as never),
    () => zeros(2).at([0, 0.5]),
    () => zeros(2).at({ from: 1 } as never),
    () => zeros(2).at("...", "..."),
    () => zeros(2).at(tensor([0.5])),
    () => zeros(2).at(tensor([true])),
    () => zeros(2).indexPut_([0], tensor([1, 2])),
    () => zeros(2).indexPut_([tensor([true])], 1),
    () => zeros(2).indexPut_([0], 1, { accumulat: true } as never),
  ])("refuses %s", (call) => {
    expect(call).toThrow(WengertError);
  });
});
