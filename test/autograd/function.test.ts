// User-defined operators: what comes out of forward, in-place writes around it, gradients that do not come.
import { describe, expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { type Context, Function } from "../../src/autograd/function.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { GradError } from "../../src/base/errors.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

const leaf = (data: number[] | number[][]): Tensor => tensor(data, { requiresGrad: true });
const minus = (_ctx: Context, g?: Tensor): Tensor => g!.neg();

/** Functions whose output is their input's memory, with a gradient of their own. */
const sharing: Record<string, (x: Tensor) => Tensor> = {
  view: (x) => x.viewAs(x),
  input: (x) => x,
  detach: (x) => x.detach(),
  slice: (x) => x.slice(0, 0, 2),
};

/** A Function that turns the sign of the gradient. */
const turning = (forward: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) => {
  class Turn extends Function {
    static forward(_ctx: Context, x: Tensor): Tensor {
      return forward(x);
    }
    static backward = minus;
  }
  return (x) => Turn.apply(x);
};

onEveryDevice(() => {
  describe.each(Object.entries(sharing))("a Function that returns its input's memory: %s", (_name, forward) => {
    const turn = turning(forward);

    it("keeps its own gradient", async () => {
      const x = leaf([1, 2]);
      turn(x.mul(1)).mul(3).sum().backward();
      await expectValues(x.grad, [-3, -3]);
    });

    it("refuses a write to what it returned, and to views of that", () => {
      expect(() => turn(leaf([1, 2]).mul(1)).relu_()).toThrow(GradError);
      expect(() =>
        turn(leaf([1, 2]).mul(1))
          .slice(0, 0, 1)
          .mul_(2),
      ).toThrow(/relu_|mul_: an output of Turn that shares memory/);
      expect(() => turn(leaf([1, 2])).add_(1)).toThrow("clone()");
    });

    it("refuses what it returned once its input was written to", async () => {
      const x = leaf([1, 2]);
      const h = x.mul(1);
      const [y, part] = [turn(h), turn(h).slice(0, 0, 1)];
      h.mul_(2);
      for (const t of [y, part, y]) expect(() => t.sum()).toThrow(/Turn.*changed in place/);
      await expectValues(grad(h.sum(), x)[0], [2, 2]);
    });

    it("lets noGrad write", async () => {
      const y = turn(leaf([1, -2]).mul(1));
      noGrad(() => y.relu_());
      await expectValues(y, [1, 0]);
    });
  });

  it("an output that is a view of something made in forward is written to in place", async () => {
    class Turned extends Function {
      static forward(_ctx: Context, v: Tensor): Tensor {
        return v.mul(1).t();
      }
      static backward(_ctx: Context, g?: Tensor): Tensor {
        return g!.t().neg();
      }
    }
    const x = leaf([[1, -2], [3, 4]]); // prettier-ignore
    const y = Turned.apply(x);
    y.neg_();
    y.select(0, 0).mul_(10);
    y.t().view(-1).slice(0, 0, 1).mul_(2);
    await expectValues(y, [-20, -30, 2, -4]);
    y.sum().backward();
    await expectValues(x.grad, [20, 1, 10, 1]);
  });

  it("two outputs that share memory refuse a write to either while the other is used", () => {
    class Twice extends Function {
      static forward(_ctx: Context, x: Tensor): Tensor[] {
        const y = x.mul(2);
        return [y, y.view(-1)];
      }
      static backward(_ctx: Context, g?: Tensor, h?: Tensor): Tensor {
        return g!.add(h!).mul(2);
      }
    }
    const [a, b] = Twice.apply(leaf([1, 2])) as [Tensor, Tensor];
    expect(() => b.add_(1)).toThrow("shares memory");
    a.add_(1);
    expect(() => b.sum()).toThrow("changed in place");
  });

  describe("markDirty", () => {
    class Double extends Function {
      static forward(ctx: Context, x: Tensor): Tensor {
        ctx.markDirty(x);
        return x.mul_(2);
      }
      static backward(_ctx: Context, g?: Tensor): Tensor {
        return g!.mul(2);
      }
    }

    it("gives the input, and the base of a view, its new history", async () => {
      const x = leaf([1, 2, 3]);
      const y = x.mul(1);
      const before = y.slice(0, 1);
      Double.apply(y);
      Double.apply(y.slice(0, 0, 2));
      await expectValues(y, [4, 8, 6]);
      await expectValues(grad(y.sum(), x, { retainGraph: true })[0], [4, 4, 2]);
      await expectValues(grad(before.sum(), x)[0], [0, 4, 2]);
    });

    it("refuses a leaf, and an input that is not returned", () => {
      expect(() => Double.apply(leaf([1]))).toThrow(/leaf/);
      class Lost extends Function {
        static forward(ctx: Context, x: Tensor): Tensor {
          ctx.markDirty(x);
          return x.mul_(2).clone();
        }
        static backward = minus;
      }
      expect(() => Lost.apply(leaf([1]).mul(1))).toThrow(/markDirty/);
    });
  });

  describe("setMaterializeGrads", () => {
    const seen: (Tensor | undefined)[][] = [];
    const pair = (materialize?: boolean): ((x: Tensor) => Tensor[]) => {
      class Pair extends Function {
        static forward(ctx: Context, x: Tensor): Tensor[] {
          if (materialize !== undefined) ctx.setMaterializeGrads(materialize);
          return [x.mul(2), x.sum()];
        }
        static backward(_ctx: Context, g?: Tensor, s?: Tensor): Tensor {
          seen.push([g, s]);
          return g && s ? g.mul(2).add(s) : g!.mul(2);
        }
      }
      return (x) => Pair.apply(x) as Tensor[];
    };

    it("zeros come for an output that no gradient reaches", async () => {
      const [x, y] = [leaf([1, 2]), leaf([1, 2])];
      pair()(x)[0]!.sum().backward();
      await expectValues(x.grad, [2, 2]);
      pair()(y)[1]!.backward();
      await expectValues(y.grad, [1, 1]);
      expect(seen.splice(0).map((row) => row.map((g) => g?.shape))).toEqual([[[2], []], [[2], []]]); // prettier-ignore
    });

    it("false leaves them out", async () => {
      const x = leaf([1, 2]);
      pair(false)(x)[0]!.sum().backward();
      await expectValues(x.grad, [2, 2]);
      expect(seen.splice(0)[0]![1]).toBeUndefined();
    });
  });
});
