// Padding with amounts of zero and below in every mode, dimensions moved and split, and sliding windows. Expected values are PyTorch 1.13's.
import { expect, it } from "vitest";
import * as w from "../../src/index.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

type Mode = "constant" | "reflect" | "replicate" | "circular";
const rows: readonly [amounts: readonly [number, number], expected: Partial<Record<Mode, readonly number[]>>][] = [
  [[0, 0], { constant: [0, 1, 2, 3], reflect: [0, 1, 2, 3], replicate: [0, 1, 2, 3], circular: [0, 1, 2, 3] }],
  [[-1, 0], { constant: [1, 2, 3], reflect: [1, 2, 3], replicate: [1, 2, 3], circular: [1, 2, 3] }],
  [[-1, 1], { constant: [1, 2, 3, 0], reflect: [1, 2, 3, 2], replicate: [1, 2, 3, 3], circular: [1, 2, 3, 1] }],
  [[2, -1], { constant: [0, 0, 0, 1, 2], reflect: [2, 1, 0, 1, 2], replicate: [0, 0, 0, 1, 2], circular: [1, 2, 0, 1, 2] }],
  [[1, -2], { constant: [0, 0, 1], reflect: [1, 0, 1], replicate: [0, 0, 1], circular: [1, 0, 1] }],
  [[-1, 3], { constant: [1, 2, 3, 0, 0, 0], reflect: [1, 2, 3, 2, 1, 0], replicate: [1, 2, 3, 3, 3, 3], circular: [1, 2, 3, 1, 2, 3] }],
  [[3, -2], { constant: [0, 0, 0, 0, 1], reflect: [3, 2, 1, 0, 1], replicate: [0, 0, 0, 0, 1] }],
  [[-2, 5], { constant: [2, 3, 0, 0, 0, 0, 0], replicate: [2, 3, 3, 3, 3, 3, 3] }],
  [[-2, -2], { constant: [], circular: [] }],
  [[4, 0], { constant: [0, 0, 0, 0, 0, 1, 2, 3], replicate: [0, 0, 0, 0, 0, 1, 2, 3], circular: [0, 1, 2, 3, 0, 1, 2, 3] }],
  [[-3, -2], {}],
  [[-5, 3], {}],
];
const modes: readonly Mode[] = ["constant", "reflect", "replicate", "circular"];

onEveryDevice(() => {
  it.each(rows.flatMap(([amounts, expected]) => modes.map((mode) => ({ amounts, mode, wanted: expected[mode] }))))(
    "pad: $amounts in mode $mode",
    async ({ amounts, mode, wanted }) => {
      const x = w.arange(4, { dtype: "float32" }).reshape(1, 1, 4).requiresGrad_();
      const pad = (): w.Tensor => x.pad(amounts, mode);
      if (!wanted) return expect(pad).toThrow(/pad: .* is too much for a size of 4/);
      const y = pad();
      expect(y.shape).toEqual([1, 1, wanted.length]);
      await expectValues(y, wanted);
      // Every element gets as many as there are of it; zeros of constant padding come from nowhere.
      y.sum().backward();
      const own = mode === "constant" ? wanted.slice(Math.max(0, amounts[0]), wanted.length - Math.max(0, amounts[1])) : wanted;
      await expectValues(x.grad, [0, 1, 2, 3].map((v) => own.filter((o) => o === v).length)); // prettier-ignore
    },
  );

  it("movedim, unflatten: arguments by name, none missing or too many", () => {
    const x = w.zeros(2, 3, 4) as w.Tensor & Record<"movedim" | "unflatten", (...rest: unknown[]) => w.Tensor>;
    for (const rest of [[0, -1], [0, { destination: -1 }], [{ source: [0], destination: [-1] }]])
      expect(x.movedim(...rest).shape).toEqual([3, 4, 2]);
    for (const rest of [[2, [2, -1]], [2, { sizes: [2, 2] }], [{ dim: -1, sizes: [-1, 2] }]])
      expect(x.unflatten(...rest).shape).toEqual([2, 3, 2, 2]);
    expect(() => x.movedim(0)).toThrow("movedim: destination must be integers, got [undefined]");
    expect(() => x.unflatten(2, [2, 2], 1)).toThrow("unflatten: 1 is one argument too many (order: dim, sizes)");
  });

  it("pad: refuses to mirror or repeat a dimension without elements", () => {
    const x = w.tensor([], { shape: [1, 1, 0] });
    expect(() => x.pad([0, 0], "replicate")).toThrow("too much");
    expect(() => x.pad([0, 0], "reflect")).toThrow("too much");
    expect(x.pad([0, 0], "circular").shape).toEqual([1, 1, 0]);
  });
});

onEveryDevice(() => {
  it("asStrided of what overlaps shares the gradient of a place among the elements that lie there", async () => {
    const x = w.arange(4, { dtype: "float32" }).asStrided([2, 3], [1, 1]).detach().requiresGrad_();
    x.asStrided([4], [1]).backward(w.tensor([1, 2, 4, 8]));
    await expectValues(x.grad, [1, 1, 2, 1, 2, 8]);
  });

  it("asStridedScatter takes the gradient of a transposed result apart", async () => {
    const [x, src] = [w.zeros(3, 4, { requiresGrad: true }), w.zeros(2, 2, { requiresGrad: true })];
    x.asStridedScatter(src, [2, 2], [4, 1], 1).t().backward(w.arange(12, { dtype: "float32" }).reshape(4, 3)); // prettier-ignore
    await expectValues(src.grad, [3, 6, 4, 7]);
    await expectValues(x.grad, [0, 0, 0, 9, 1, 0, 0, 10, 2, 5, 8, 11]);
  });

  it("unfold(dim, size, step) is PyTorch's view of sliding windows; overlapping ones add their gradients", async () => {
    const x = w.arange(1, 8, { dtype: "float32" }).requiresGrad_();
    const windows = x.unfold(0, 2, 1);
    expect(await windows.tolist()).toEqual([[1, 2], [2, 3], [3, 4], [4, 5], [5, 6], [6, 7]]); // prettier-ignore
    expect(await x.unfold(0, 2, 2).tolist()).toEqual([[1, 2], [3, 4], [5, 6]]); // prettier-ignore
    expect(windows.storage).toBe(x.storage);
    windows.sum().backward();
    await expectValues(x.grad, [1, 2, 2, 2, 2, 2, 1]);
    expect(x.reshape(1, 7).unfold(-1, 3, 4).shape).toEqual([1, 2, 3]);
    expect(x.select(0, 0).unfold(0, 1, 1).shape).toEqual([1]);
  });
});
