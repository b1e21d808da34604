// In-place operators and views: gradients through bases and views after writes, on every device.
import { describe, expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { ArgumentError, GradError } from "../../src/base/errors.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { gradcheck, gradgradcheck } from "../../src/inspect/gradcheck.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

const leaf = (data: number[] | number[][]): Tensor => tensor(data, { requiresGrad: true });

onEveryDevice(() => {
  it("a write into a view changes the gradient of its base", async () => {
    const x = leaf([[1, 2], [3, 4]]); // prettier-ignore
    const y = x.mul(1);
    y.select(0, 1).mul_(10);
    await expectValues(y, [1, 2, 30, 40]);
    const [g] = grad(y.mul(y).sum(), x);
    await expectValues(g, [2, 4, 600, 800]);
  });

  it("the written value gets its gradient, what it covers gets none", async () => {
    const [x, v] = [leaf([1, 2, 3, 4]), leaf([7, 8])];
    const y = x.mul(2);
    y.slice(0, 1, 3).copy_(v);
    await expectValues(y, [2, 7, 8, 8]);
    const [gx, gv] = grad(y.mul(tensor([1, 10, 100, 1000])).sum(), [x, v]);
    await expectValues(gx, [2, 0, 0, 2000]);
    await expectValues(gv, [10, 100]);
  });

  it("a base that took no part does so after a recorded write", async () => {
    const v = leaf([1, 2]);
    const base = zeros([2, 3]);
    expect(base.isLeaf).toBe(true);
    base.select(1, 0).copy_(v.mul(3));
    expect(base.requiresGrad).toBe(true);
    expect(base.isLeaf).toBe(false);
    const [g] = grad(base.mul(base).sum(), v);
    await expectValues(g, [18, 36]);
  });

  it("other views follow the base: made before, they see the new history", async () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(1);
    const before = y.slice(0, 0, 2);
    y.mul_(5);
    const [g] = grad(before.sum(), x);
    await expectValues(g, [5, 5, 0]);
    const z = x.mul(1);
    const [left, right] = z.split([1, 2]) as [Tensor, Tensor];
    left.mul_(7);
    right.add_(left.expand(2));
    const [h] = grad(z.sum(), x);
    await expectValues(z, [7, 9, 10]);
    await expectValues(h, [21, 1, 1]);
  });

  it("a view of a view writes through to the base", async () => {
    const x = leaf([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
    const y = x.mul(1);
    y.t()
      .select(0, 1)
      .reshape(2, 1)
      .mul_(tensor([[2], [3]]));
    await expectValues(y, [1, 4, 3, 4, 15, 6]);
    const [g] = grad(y.sum(), x);
    await expectValues(g, [1, 2, 1, 1, 3, 1]);
  });

  it("the view itself keeps its place in the graph", async () => {
    const x = leaf([1, 2, 3, 4]);
    const y = x.mul(1);
    const v = y.narrow(0, 1, 2);
    v.mul_(v);
    v.exp_();
    expect(v.requiresGrad).toBe(true);
    expect(v.gradFn!.name).toBe("slice");
    const [g] = grad(v.sum(), x);
    await expectValues(g, [0, 4 * Math.exp(4), 6 * Math.exp(9), 0], 1e-4);
  });

  it("writes in a loop, one row at a time", async () => {
    const w = leaf([1, 2, 3]);
    const rows = zeros([4, 3]);
    for (let i = 0; i < 4; i++)
      rows.at(i).copy_(
        i === 0
          ? w
          : rows
              .at(i - 1)
              .clone()
              .mul(w),
      );
    const [g] = grad(rows.sum(), w);
    await expectValues(g, [1 + 2 + 3 + 4, 1 + 4 + 12 + 32, 1 + 6 + 27 + 108]);
  });

  it("an operator that needs its operand later keeps the former contents", async () => {
    const [x, w] = [leaf([1, 2]), leaf([3, 4])];
    const y = x.mul(1);
    y.mul_(w);
    const [gx, gw] = grad(y.sum(), [x, w]);
    await expectValues(gx, [3, 4]);
    await expectValues(gw, [1, 2]);
    const z = x.mul(1);
    z.narrow(0, 0, 1).mul_(w.narrow(0, 1, 1));
    const [hx, hw] = grad(z.sum(), [x, w]);
    await expectValues(hx, [4, 1]);
    await expectValues(hw, [0, 1]);
  });

  it("a saved tensor that a write through a view changed is refused", () => {
    const x = leaf([1, 2]);
    const y = x.mul(1);
    const s = y.mul(y).sum();
    y.select(0, 0).add_(1);
    expect(() => grad(s, x)).toThrow(GradError);
    expect(() => grad(s, x)).toThrow("changed in place");
  });

  it("second derivatives pass through written views", async () => {
    const x = leaf([2, 3]);
    const y = x.mul(1);
    y.select(0, 0).pow_(3);
    const [g] = grad(y.mul(y).sum(), x, { createGraph: true });
    await expectValues(g, [6 * 32, 6], 1e-4);
    const [h] = grad(g!.sum(), x);
    await expectValues(h, [30 * 16, 2], 1e-4);
  });

  it("a gradient that is not dense passes through a written view", async () => {
    const [x, y, z] = [0, 1, 2].map(() => leaf([[1, -2], [3, 4], [-5, 6]])) as [Tensor, Tensor, Tensor]; // prettier-ignore
    const mean = x.mul(2);
    mean.flatten().relu_();
    mean.mean(0).sum().backward();
    await expectValues(x.grad, [2 / 3, 0, 2 / 3, 2 / 3, 0, 2 / 3]);
    const turned = y.mul(2);
    turned.view(-1).slice(0, 1, 5).mul_(3);
    turned.t().mul(tensor([[1, 2, 3], [4, 5, 6]])).sum().backward(); // prettier-ignore
    await expectValues(y.grad, [2, 24, 12, 30, 18, 12]);
    const whole = z.mul(2);
    whole.view(2, 3).select(0, 1).neg_();
    whole.sum().backward();
    await expectValues(z.grad, [2, 2, 2, -2, -2, -2]);
  });

  it("a base that is itself turned lends its layout to the gradient", async () => {
    const v = leaf([10, 20]);
    const base = tensor([[1, 2, 3], [4, 5, 6]]).t().detach(); // prettier-ignore
    base.t().view(-1).slice(0, 1, 3).mul_(v);
    await expectValues(base, [1, 4, 20, 5, 60, 6]);
    const [g] = grad(base.mul(tensor([[1, 2], [3, 4], [5, 6]])).sum(), v); // prettier-ignore
    await expectValues(g, [2 * 3, 3 * 5]);
  });

  it("integer and detached views are plain memory", async () => {
    const i = zeros([3], { dtype: "int32" });
    i.slice(0, 1).add_(2);
    expect(await i.tolist()).toEqual([0, 2, 2]);
    const x = leaf([1, 2]);
    const y = x.mul(1);
    y.detach().select(0, 0).fill_(9);
    const [g] = grad(y.sum(), x);
    await expectValues(y, [9, 2]);
    await expectValues(g, [1, 1]);
  });

  it("inside noGrad a view of a leaf can be written", async () => {
    const w = leaf([1, 2, 3]);
    noGrad(() => w.slice(0, 1).zero_());
    await expectValues(w, [1, 0, 0]);
    expect(w.isLeaf && w.requiresGrad).toBe(true);
    const [g] = grad(w.mul(w).sum(), w);
    await expectValues(g, [2, 0, 0]);
  });

  it("comparisons in place cut the gradient", async () => {
    const x = leaf([1, -2]);
    const y = x.mul(1);
    y.gt_(0);
    await expectValues(y, [1, 0]);
    const [g] = grad(y.sum(), x);
    await expectValues(g, [0, 0]);
  });

  it("assignment by index tensors and slices", async () => {
    const [x, v] = [leaf([[1, 2], [3, 4], [5, 6]]), leaf([10, 20])]; // prettier-ignore
    const y = x.mul(1);
    y.indexPut_([tensor([2, 0], { dtype: "int32" })], v);
    await expectValues(y, [10, 20, 3, 4, 10, 20]);
    y.indexPut_([1, { start: 1 }], 7);
    await expectValues(y, [10, 20, 3, 7, 10, 20]);
    y.indexPut_([tensor([true, false, false])], 1, { accumulate: true });
    await expectValues(y, [11, 21, 3, 7, 10, 20]);
    const [gx, gv] = grad(y.sum(), [x, v]);
    await expectValues(gx, [0, 0, 1, 0, 0, 0]);
    await expectValues(gv, [2, 2]);
  });

  describe("refusals", () => {
    const cases: Record<string, [() => unknown, new (...args: never[]) => Error]> = {
      "a leaf": [() => leaf([1]).add_(1), GradError],
      "a view of a leaf": [() => leaf([1, 2]).select(0, 0).add_(1), GradError],
      "a view of a leaf made inside noGrad": [
        () => {
          const x = leaf([1, 2]);
          return noGrad(() => x.select(0, 0)).add_(1);
        },
        GradError,
      ],
      "a view made inside noGrad": [
        () => {
          const y = leaf([1, 2]).mul(1);
          return noGrad(() => y.select(0, 0)).add_(1);
        },
        GradError,
      ],
      "an expanded tensor": [() => zeros([1, 3]).add(1).expand(2, 3).add_(1), ArgumentError],
      "an expanded tensor inside noGrad": [() => noGrad(() => leaf([1]).expand(3).mul_(2)), ArgumentError],
      "overlapping windows": [() => zeros([5]).add(1).asStrided([3, 3], [1, 1]).zero_(), ArgumentError],
    };
    it.each(Object.entries(cases))("%s", (_name, [call, type]) => {
      expect(call).toThrow(type);
    });
  });
});

describe("finite differences in float64", () => {
  const x = (): Tensor => tensor([[0.5, -1.2, 2.0], [1.5, 0.3, -0.7]], { dtype: "float64", device: "cpu", requiresGrad: true }); // prettier-ignore
  const v = (): Tensor => tensor([1.1, -0.4, 0.9], { dtype: "float64", device: "cpu", requiresGrad: true });
  const cases: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
    "a row": (a, b) => {
      const y = a.mul(2);
      y.select(0, 1).mul_(b);
      return y.mul(y);
    },
    "a column of a transpose, then the whole": (a, b) => {
      const y = a.mul(1.5);
      y.t().slice(0, 0, 3, 2).mul_(2);
      y.add_(b);
      return y.tanh();
    },
    "a diagonal": (a, b) => {
      const y = a.mul(a);
      y.diagonal().copy_(b.narrow(0, 0, 2).mul(b.narrow(0, 1, 2)));
      return y.mul(y);
    },
    "two overlapping views in turn": (a, b) => {
      const y = a.mul(1);
      const [top, left] = [y.select(0, 0), y.narrow(1, 0, 2)];
      top.mul_(b);
      left.mul_(left);
      return top.mul(3).add(y);
    },
    "a flattened part, then a broadcast gradient": (a, b) => {
      const y = a.mul(2);
      y.flatten().slice(0, 1, 4).mul_(b);
      return y.mean(0).square();
    },
    "a flattened part, then a turned gradient": (a, b) => {
      const y = a.mul(a);
      y.view(3, 2).select(1, 0).mul_(b);
      return y.t().mul(b.unsqueeze(1)).sum(1);
    },
    "explicit strides": (a, b) => {
      const y = a.mul(1);
      y.asStrided([2, 2], [3, 1], 1).mul_(b.narrow(0, 0, 2));
      return y.mul(y);
    },
  };
  it.each(Object.entries(cases))("%s", async (_name, f) => {
    await expect(gradcheck(f, [x(), v()])).resolves.toBe(true);
    await expect(gradgradcheck(f, [x(), v()])).resolves.toBe(true);
  });
});
