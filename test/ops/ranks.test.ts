// Five to eight dimensions in strides that do not merge: results are those of the same elements laid out densely on the CPU in float64.
import { describe, expect, it } from "vitest";
import * as w from "../../src/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

/** Sizes in memory, and the order in which the view shows them. */
const layouts = [
  { sizes: [2, 3, 2, 3, 2], order: [4, 2, 0, 3, 1] },
  { sizes: [2, 2, 3, 2, 2, 3], order: [5, 1, 3, 0, 4, 2] },
  { sizes: [2, 2, 2, 2, 2, 2, 2, 2], order: [7, 5, 3, 1, 6, 4, 2, 0] },
];

const families: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  add: (x) => x.add(x.mul(2)),
  exp: (x) => x.exp(),
  clone: (x) => x.clone(),
  sum: (x) => x.sum([0, 2, 4]),
  amax: (x) => x.amax([1, 3]),
  var: (x) => x.var([0, 3]),
  softmax: (x) => x.softmax(1),
  cumsum: (x) => x.cumsum(2),
  matmul: (x) => x.matmul(x.mT()),
  cat: (x) => w.cat([x, x], 3),
  flip: (x) => x.flip(0, 4),
  pad: (x) => x.pad([1, 0, 0, 1]),
  select: (x) => x.select(2, 1).mul(3),
  expand: (x) => x.sum(1, true).expand(x.shape).mul(x),
};

onEveryDevice(() => {
  describe.each(layouts)("$sizes shown as $order", ({ sizes, order }) => {
    it.each(Object.entries(families))("%s", async (_name, run) => {
      const n = sizes.reduce((a, b) => a * b);
      const data = Array.from({ length: n }, (_, i) => ((i * 37) % 101) / 50 - 1);
      const leaf = w.tensor(data, { shape: sizes, requiresGrad: true });
      const y = run(leaf.permute(order));
      y.square().sum().backward();
      const plain = w.tensor(data, { shape: sizes, dtype: "float64", device: "cpu", requiresGrad: true });
      const dense = run(plain.permute(order).contiguous());
      dense.square().sum().backward();
      expect(y.shape).toEqual(dense.shape);
      await expectValues(y, [...(await dense.array())]);
      await expectValues(leaf.grad, [...(await plain.grad!.array())], 1e-4);
    });
  });
});
