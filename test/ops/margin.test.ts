// Losses and distances beyond single samples: distances of one's own, variances that cannot be, and lengths near 0.
import { expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { ArgumentError, DtypeError } from "../../src/base/errors.ts";
import "../../src/ops/all.ts";
import { tensor } from "../../src/tensor/create.ts";
import { functions as F } from "../../src/tensor/methods.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

onEveryDevice((device) => {
  it("a distance function of one's own measures all pairs, and gets its gradient", async () => {
    const leaf = (...row: readonly number[]): Tensor => tensor([row], { requiresGrad: true });
    const [a, p, n] = [leaf(0, 1), leaf(2, 1), leaf(0, 4)];
    const seen: number[] = [];
    const options = { distanceFunction: (x: Tensor, y: Tensor) => (seen.push(0), x.sub(y).square().sum(-1)), margin: 10, swap: true };
    const loss = F.tripletMarginWithDistanceLoss(a, p, n, options);
    expect(seen.length).toBe(3);
    // 4 − min(9, 13) + 10.
    await expectValues(loss, [5]);
    await expectValues(grad(loss, a)[0], [-4, 6]);
    expect(() => F.tripletMarginWithDistanceLoss(a, p, n, { distanceFunction: () => 1 as never })).toThrow(DtypeError);
  });

  it("variances are looked at where that needs no waiting", () => {
    const x = tensor([1, 2]);
    const ask = (): unknown => F.gaussianNllLoss(x, x, tensor([1, -1]));
    if (device === "cpu") expect(ask).toThrow(ArgumentError);
    else expect(ask).not.toThrow();
  });

  it("vectors without length are like nothing, and have PyTorch's gradient there", async () => {
    const x = tensor([[0, 0]], { requiresGrad: true });
    const y = F.cosineSimilarity(x, tensor([[3, 4]]), 1, 0.5);
    await expectValues(y, [0]);
    await expectValues(grad(y, x)[0], [1.2, 1.6]);
  });
});
