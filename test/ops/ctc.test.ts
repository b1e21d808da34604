// ctcLoss beyond single samples: forms of targets and lengths, items that do not fit, lengths that only the device knows, long targets.
import { describe, expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { ArgumentError } from "../../src/base/errors.ts";
import { Generator } from "../../src/base/random.ts";
import "../../src/ops/all.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { functions as F } from "../../src/tensor/methods.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

const whole = (data: readonly unknown[]): Tensor => tensor(data as number[], { dtype: "int32" });
const logits = (...shape: readonly number[]): Tensor => zeros(shape).uniform_(-2, 2, { generator: new Generator(7) });
const values = async (x: Tensor): Promise<number[]> => [...(await x.array())];

onEveryDevice((device) => {
  describe("ctcLoss", () => {
    it("takes targets padded and one after the other, lengths as lists, and as numbers that the host has not seen", async () => {
      const x = logits(6, 3, 4).logSoftmax(2);
      const padded = whole([[1, 2], [3, -1], [2, 2]]); // prettier-ignore
      const expected = await values(F.ctcLoss(x, padded, [6, 5, 4], [2, 1, 2], { reduction: "none" }));
      const joined = whole([1, 2, 3, 2, 2]);
      const [frames, lengths] = [whole([3, 2, 1]).add(3), whole([1, 0, 1]).add(1)];
      for (const targets of [padded, joined])
        for (const [a, b] of [
          [
            [6, 5, 4],
            [2, 1, 2],
          ],
          [whole([6, 5, 4]), whole([2, 1, 2])],
          [frames, lengths],
        ] as const)
          // prettier-ignore
          await expectValues(F.ctcLoss(x, targets, a, b, { reduction: "none" }), expected);
      const mean = expected.reduce((sum, v, n) => sum + v / [2, 1, 2][n]! / 3, 0);
      await expectValues(F.ctcLoss(x, padded, [6, 5, 4], [2, 1, 2]), [mean]);
    });

    it("gives items that do not fit their steps an infinite loss, or none", async () => {
      const x = logits(3, 2, 3).requiresGrad_();
      const ask = (options: object): Tensor => F.ctcLoss(x.logSoftmax(2), whole([[1, 1], [1, 2]]), [2, 3], [2, 2], { reduction: "none", ...options }); // prettier-ignore
      const [endless, finite] = await values(ask({}));
      expect(endless).toBe(Infinity);
      await expectValues(ask({ zeroInfinity: true }), [0, finite!]);
      const [g] = grad(ask({ zeroInfinity: true }).sum(), x, { createGraph: true });
      const slopes = await values(g!);
      expect(slopes.every(Number.isFinite)).toBe(true);
      expect(slopes.filter((_, i) => i % 6 < 3).every((v) => v === 0)).toBe(true);
      const [second] = grad(g!.square().sum(), x);
      expect((await values(second!)).every(Number.isFinite)).toBe(true);
      await expectValues(F.ctcLoss(x.detach(), whole([1]), [0, 0], [0, 1], { reduction: "none", zeroInfinity: true }), [0, 0]);
    });

    it("sums over every path: chances of all sequences of a length add up to 1", async () => {
      const x = logits(3, 1, 3).logSoftmax(2);
      const sequences = [[], [1], [2], [1, 1], [1, 2], [2, 1], [2, 2], [1, 2, 1], [2, 1, 2]];
      let total = 0;
      for (const labels of sequences) total += Math.exp(-(await F.ctcLoss(x, whole(labels).reshape(-1), [3], [labels.length], { reduction: "sum" }).item())); // prettier-ignore
      expect(total).toBeCloseTo(1, 5);
    });

    it("walks targets longer than a workgroup, and long sequences, as the definition of its gradient does", async () => {
      const x = logits(90, 2, 5).requiresGrad_();
      const targets = whole(Array.from({ length: 80 }, (_, i) => 1 + ((i * 3) % 4)));
      const loss = F.ctcLoss(x.logSoftmax(2), targets, [90, 85], [45, 35]);
      const [fused] = grad(loss, x, { retainGraph: true });
      const [defined] = grad(loss, x, { createGraph: true });
      await expectValues(fused, await values(defined!.detach()), 1e-4);
    });

    it("refuses what the host can see to be wrong", () => {
      const x = zeros([4, 1, 3], { device });
      expect(() => F.ctcLoss(x, whole([[1, 3]]), [4], [2])).toThrow(ArgumentError);
      expect(() => F.ctcLoss(x, whole([[1, 3]]), [4], [1])).not.toThrow();
      expect(() => F.ctcLoss(x, whole([[1, 2]]), [4], [3])).toThrow("targetLengths must lie between 0 and 2, got 3");
    });
  });
});
