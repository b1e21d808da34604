// Choosing by value: nonzero, maskedSelect, masks as indices, assignment by index.
import { expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { WengertError } from "../../src/base/errors.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
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
    () => zeros(2).at([0, 1] as never),
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
