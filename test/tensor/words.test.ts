// PyTorch's words on tensors that are no operators; what they give comes from PyTorch 1.13.
import { expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { ArgumentError, DtypeError, ShapeError } from "../../src/base/errors.ts";
import * as optim from "../../src/optim/index.ts";
import { arange, asTensor, tensor, zeros } from "../../src/tensor/create.ts";
import { allclose, equal, isFloatingPoint, isNonzero } from "../../src/tensor/words.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

onEveryDevice((device) => {
  const table = () => tensor([[1, 2, 3], [4, 5, 6]]); // prettier-ignore

  it("T reverses dimensions, H transposes a matrix", async () => {
    expect(await table().T.tolist()).toEqual([[1, 4], [2, 5], [3, 6]]); // prettier-ignore
    expect([zeros(2, 3, 4).T.shape, zeros(3).T.shape, zeros([]).T.shape]).toEqual([[4, 3, 2], [3], []]);
    expect([table().H.shape, tensor(1).H.shape]).toEqual([[3, 2], []]);
    for (const shape of [[3], [2, 3, 4]]) expect(() => zeros(shape).H).toThrow(ShapeError);
    const x = table().requiresGrad_();
    const [g] = grad(x.T.at(1).sum(), x);
    await expectValues(g, [0, 1, 0, 0, 1, 0]);
  });

  it("its rows are iterated over and unpacked, with gradients", async () => {
    const x = table().requiresGrad_();
    const sums: (number | unknown[])[] = [];
    for (const row of x) sums.push((await row.sum().tolist()) as number);
    expect(sums).toEqual([6, 15]);
    const [first, second] = x;
    const [g] = grad(first!.mul(second!).sum(), x);
    await expectValues(g, [4, 5, 6, 1, 2, 3]);
    expect([...zeros(0, 2)]).toEqual([]);
    expect(() => [...tensor(1)]).toThrow(new ShapeError("a 0-d tensor has no rows", "await item() for its value", "tensor"));
    expect(() => new optim.SGD(x as never, { lr: 1 })).toThrow("one tensor for a list");
  });

  it("says where and as what its elements lie", () => {
    const x = table().T;
    expect([x.stride(), x.stride(0), x.stride(-1)]).toEqual([[1, 3], 1, 3]);
    expect(() => x.stride(2)).toThrow(ShapeError);
    expect([table().at(1).storageOffset(), x.nelement(), x.ndimension()]).toEqual([3, 6, 2]);
    expect([x.elementSize(), tensor([true]).elementSize(), tensor([1], { dtype: "uint8" }).elementSize()]).toEqual([4, 1, 1]);
    expect([x.isFloatingPoint(), isFloatingPoint(arange(2))]).toEqual([true, false]);
    expect([x.isSigned(), arange(2).isSigned(), tensor([true]).isSigned()]).toEqual([true, true, false]);
    expect([x.isSameSize(zeros(3, 2)), x.isSameSize(zeros(2, 3))]).toEqual([true, false]);
  });

  it("type tells or changes the dtype", () => {
    expect([table().type(), table().type("int64").dtype, table().typeAs(arange(2)).dtype]).toEqual(["float32", "int32", "int32"]);
    const x = table();
    expect([x.type("float32") === x, x.typeAs(zeros(1)) === x]).toEqual([true, true]);
    expect(() => x.type("quaternion" as never)).toThrow(DtypeError);
  });

  it("allclose and equal compare all elements", async () => {
    const nan = tensor([1, NaN]);
    expect(await allclose(table(), table().add(1e-6))).toBe(true);
    expect(await table().allclose(table().add(1e-3))).toBe(false);
    expect(await table().allclose(table().add(1e-3), 0, 1e-2)).toBe(true);
    expect(await tensor([1, 1]).allclose(tensor([1]))).toBe(true);
    expect([await allclose(nan, nan), await allclose(nan, nan, { equalNan: true })]).toEqual([false, true]);
    expect(() => allclose(table(), zeros(4))).toThrow(ShapeError);
    expect(() => allclose(table(), arange(3))).toThrow(DtypeError);
    expect(() => allclose(table(), table(), -1)).toThrow(ArgumentError);
    expect([await equal(table(), table()), await table().equal(table().T), await equal(nan, nan)]).toEqual([true, false, false]);
    expect([await equal(zeros(2), zeros(1)), await equal(zeros(0, 2), zeros(0, 2)), await equal(zeros(0, 2), zeros(0, 3))]).toEqual([false, true, false]); // prettier-ignore
    expect([await isNonzero(tensor([[2]])), await tensor(0).isNonzero(), await tensor(NaN).isNonzero()]).toEqual([true, false, true]);
    expect(() => isNonzero(zeros(2))).toThrow(ShapeError);
  });

  it("makes others like it", async () => {
    const x = arange(3);
    const made = [x.newTensor([1.5, 2]), x.newZeros(2), x.newOnes([1, 2]), x.newEmpty(2, { dtype: "bool" }), x.newFull([2], 7)];
    expect(made.map((y) => y.dtype)).toEqual(["int32", "int32", "int32", "bool", "int32"]);
    expect(made.every((y) => y.device.type === device)).toBe(true);
    expect(await Promise.all(made.map((y) => y.tolist()))).toEqual([[1, 2], [0, 0], [[1, 1]], [false, false], [7, 7]]);
    expect(table().newZeros(2, { requiresGrad: true }).requiresGrad).toBe(true);
    expect(() => x.newFull([2], 1, { shape: [1] } as never)).toThrow(ArgumentError);
  });

  it("asTensor lets tensors pass", async () => {
    const x = table();
    expect(asTensor(x)).toBe(x);
    expect(asTensor(x, "int32").dtype).toBe("int32");
    await expectValues(asTensor([1, 2], { dtype: "float32" }), [1, 2]);
    expect(asTensor(new Int32Array(2)).dtype).toBe("int32");
  });

  it("fillDiagonal_ writes in place", async () => {
    const x = zeros(4, 2);
    expect(x.fillDiagonal_(3, true)).toBe(x);
    expect(await x.tolist()).toEqual([[3, 0], [0, 3], [0, 0], [3, 0]]); // prettier-ignore
  });
});
