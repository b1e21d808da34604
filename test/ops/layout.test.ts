// Padding with amounts of zero and below in every mode. Expected values are PyTorch 1.13's for arange(4).
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

  it("pad: refuses to mirror or repeat a dimension without elements", () => {
    const x = w.tensor([], { shape: [1, 1, 0] });
    expect(() => x.pad([0, 0], "replicate")).toThrow("too much");
    expect(() => x.pad([0, 0], "reflect")).toThrow("too much");
    expect(x.pad([0, 0], "circular").shape).toEqual([1, 1, 0]);
  });
});
