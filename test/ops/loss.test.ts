// Losses where their domains end. Expected values are PyTorch's in double precision.
import { describe, expect, it, vi } from "vitest";
import * as w from "../../src/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

const probabilities = [0, 1, 0, 1, 0.3];
const targets = [0, 1, 1, 0, 0.5];
const leaf = (values: readonly number[], dtype: w.DType): Tensor => w.tensor(values, { dtype, requiresGrad: true });

onEveryDevice((device) => {
  describe.each(device === "cpu" ? (["float32", "float64"] as const) : (["float32"] as const))("%s", (dtype) => {
    const target = (): Tensor => w.tensor(targets, { dtype });

    it.each([
      ["sum", 200.78032387413234, 1],
      ["mean", 40.15606477482647, 0.2],
    ] as const)("binaryCrossEntropy: has a finite gradient at 0 and 1, %s", async (reduction, value, share) => {
      const x = leaf(probabilities, dtype);
      const y = w.binaryCrossEntropy(x, target(), { reduction });
      await expectValues(y, [value]);
      y.backward();
      await expectValues(x.grad, [0, 0, -1e12, 1e12, -0.9523809523809524].map((v) => v * share)); // prettier-ignore
    });

    // The derivative of the value, whose logarithms end at −100; PyTorch's here do not.
    it("binaryCrossEntropy: has a finite gradient of targets, too", async () => {
      const q = leaf(targets, dtype);
      w.binaryCrossEntropy(w.tensor(probabilities, { dtype }), q, { reduction: "sum" }).backward();
      await expectValues(q.grad, [100, -100, 100, -100, Math.log(0.7 / 0.3)]);
    });

    it("binaryCrossEntropy: weighs elements and their gradients", async () => {
      const x = leaf(probabilities, dtype);
      const weight = w.tensor([1, 2, 3, 4, 5], { dtype });
      const y = w.binaryCrossEntropy(x, target(), { weight, reduction: "none" });
      await expectValues(y, [0, 0, 300, 400, 3.9016193706616]);
      y.sum().backward();
      await expectValues(x.grad, [0, 0, -3e12, 4e12, -4.761904761904762]);
    });

    it("binaryCrossEntropy: has PyTorch's second derivatives at 0 and 1", async () => {
      const [x, q] = [leaf(probabilities, dtype), leaf(targets, dtype)];
      const [dx] = w.autograd.grad([w.binaryCrossEntropy(x, q, { reduction: "sum" })], [x], { createGraph: true });
      const [dxx, dxq] = w.autograd.grad([dx!.mul(w.tensor([1, 2, 3, 4, 5], { dtype })).sum()], [x, q]);
      await expectValues(dxx, [0, 0, 3e24, 4e24, 32.879818593791185]);
      await expectValues(dxq, [-1e12, -2e12, -3e12, -4e12, -23.80952380952381]);
    });

    it("binaryCrossEntropy: is flat behind a saturated sigmoid and NaN for NaN", async () => {
      const z = leaf([-800, 800], dtype);
      w.binaryCrossEntropy(z.sigmoid(), w.tensor([1, 0], { dtype })).backward();
      await expectValues(z.grad, [0, 0]);
      await expectValues(w.binaryCrossEntropy(w.tensor([NaN, 0.5], { dtype }), w.tensor([0, 1], { dtype }), { reduction: "none" }), [NaN, Math.LN2]); // prettier-ignore
    });
  });

  it("binaryCrossEntropy: keeps training when one example is fully confident and wrong", async () => {
    const z = leaf([20, 20, 0.5], "float32");
    w.binaryCrossEntropy(z.sigmoid(), w.tensor([0, 1, 1]), { reduction: "sum" }).backward();
    const [wrong, right, usual] = [...(await z.grad!.array())];
    // In float32 sigmoid(20) is 1: nothing is learned from it, but nothing is lost either.
    expect([wrong, right]).toEqual([0, 0]);
    expect(usual).toBeCloseTo(-0.3775406687981454, 6);
  });

  it.each(Object.entries({ mseLoss: w.mseLoss, l1Loss: w.l1Loss, smoothL1Loss: w.smoothL1Loss, huberLoss: w.huberLoss }))(
    "%s: warns once for shapes that broadcast",
    async (name, loss) => {
      const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
      try {
        const size = device === "cpu" ? 2 : 3;
        const [x, y] = [w.ones(size, 1), w.tensor(new Array<number>(size).fill(2))];
        for (let i = 0; i < 2; i++) await expectValues(loss(x, y), [name === "mseLoss" || name === "l1Loss" ? 1 : 0.5]);
        loss(x, y.unsqueeze(1));
        expect(warn.mock.calls).toEqual([
          [
            `${name}: the target [${size}] and the input [${size}, 1] broadcast to [${size}, ${size}], which is likely a mistake (give both the same shape with reshape() or squeeze())`,
          ],
        ]);
      } finally {
        warn.mockRestore();
      }
    },
  );

  it("binaryCrossEntropy, binaryCrossEntropyWithLogits: refuse targets of another shape", () => {
    for (const loss of [w.binaryCrossEntropy, w.binaryCrossEntropyWithLogits])
      expect(() => loss(w.full([2, 1], 0.5), w.zeros(2))).toThrow("the target [2] does not fit, needs [2, 1]");
  });

  it("crossEntropy: gives ignored positions no gradient, with a graph and without", async () => {
    for (const createGraph of [false, true]) {
      const x = w.tensor(
        [
          [1, -1, 0],
          [0, 1, 2],
        ],
        { requiresGrad: true },
      );
      const all = w.tensor([-100, -100], { dtype: "int32" });
      const [dx] = w.autograd.grad([w.crossEntropy(x, all)], [x], { createGraph });
      await expectValues(dx, [0, 0, 0, 0, 0, 0]);
    }
  });

  it.each([-Infinity, Infinity, NaN])("crossEntropy: gives no gradient to an ignored position of %s", async (logit) => {
    for (const createGraph of [false, true]) {
      const bad = w.tensor(
        [
          [logit, logit, logit],
          [0, 1, 2],
        ],
        { requiresGrad: true },
      );
      const [db] = w.autograd.grad([w.crossEntropy(bad, w.tensor([-100, 1], { dtype: "int32" }))], [bad], { createGraph });
      await expectValues(db, [0, 0, 0, 0.09003057317038043, -0.7552715289452023, 0.6652409557748218]);
    }
  });
});
