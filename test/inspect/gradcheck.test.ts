// The checker itself: it passes right rules, fails wrong ones and refuses what it cannot judge.
import { describe, expect, it } from "vitest";
import * as w from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";

const leaf = (data: number[]): Tensor => w.tensor(data, { dtype: "float64", device: "cpu", requiresGrad: true });

class Wrong extends w.autograd.Function {
  static forward(_ctx: w.autograd.Context, x: Tensor): Tensor {
    return x.square();
  }
  static backward(_ctx: w.autograd.Context, g?: Tensor): Tensor {
    return g!;
  }
}

describe("gradcheck(fn, inputs)", () => {
  it("passes for right gradients of several inputs and outputs", async () => {
    expect(await w.gradcheck((x: Tensor, y: Tensor) => [x.mul(y), x.sin()], [leaf([0.3, -1.2]), leaf([2, 0.5])])).toBe(true);
    expect(await w.gradgradcheck((x: Tensor, y: Tensor) => x.mul(y).exp(), [leaf([0.3, -1.2]), leaf([0.2, 0.5])])).toBe(true);
  });

  it("fails for a wrong one, naming input, element and both values, or returns false", async () => {
    await expect(w.gradcheck((x: Tensor) => Wrong.apply(x), [leaf([1.5])])).rejects.toThrow(/input 0 \[1\], element 0: backward gives/);
    expect(await w.gradcheck((x: Tensor) => Wrong.apply(x), [leaf([1.5])], { raiseException: false })).toBe(false);
  });

  it("in fast mode takes one difference for each input, and sees one wrong element among many", async () => {
    const many = Array.from({ length: 300 }, (_, i) => Math.sin(i));
    let calls = 0;
    const counted = (x: Tensor, y: Tensor): Tensor => {
      calls++;
      return x.mul(y).sin();
    };
    const inputs = [leaf(many), leaf(many.toReversed())];
    expect(await w.gradcheck(counted, inputs, { fastMode: true })).toBe(true);
    expect(calls).toBe(1 + 2 * 2);
    expect(await w.gradgradcheck(counted, inputs, { fastMode: true })).toBe(true);

    const mask = w.tensor(many.map((_, i) => (i === 211 ? 1.01 : 1)), { dtype: "float64", device: "cpu" }); // prettier-ignore
    const almost = (x: Tensor): Tensor => x.mul(mask).add(x.sub(x.mul(mask)).detach());
    await expect(w.gradcheck(almost, [leaf(many)], { fastMode: true, rtol: 0 })).rejects.toThrow(
      /input 0 \[300\], along a direction: backward gives/,
    );
  });

  it("refuses float32 inputs and inputs without gradient", async () => {
    const single = w.tensor([1], { device: "cpu", requiresGrad: true });
    await expect(w.gradcheck((x: Tensor) => x, [single])).rejects.toThrow(w.DtypeError);
    await expect(w.gradcheck((x: Tensor) => x, [w.tensor([1], { device: "cpu" })])).rejects.toThrow(w.GradError);
  });
});
