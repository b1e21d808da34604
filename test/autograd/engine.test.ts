// The engine: contracts of backward() and grad(), accumulation, reuse, depth, modes, hooks, anomaly, user functions, checkpoints.
import { describe, expect, it } from "vitest";
import { backward, grad } from "../../src/autograd/engine.ts";
import { type Context, Function } from "../../src/autograd/function.ts";
import { checkpoint } from "../../src/autograd/checkpoint.ts";
import { enableGrad, isGradEnabled, noGrad } from "../../src/autograd/mode.ts";
import { tidy } from "../../src/autograd/scope.ts";
import { GradError, ShapeError, WengertError } from "../../src/base/errors.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

const leaf = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { requiresGrad: true });

onEveryDevice((device) => {
  describe("backward and grad", () => {
    it("a dead branch gets no gradient and harms nothing", async () => {
      const [x, y] = [leaf([1, 2]), leaf([3, 4])];
      y.mul(2);
      x.mul(3).sum().backward();
      await expectValues(x.grad, [3, 3]);
      expect(y.grad).toBeNull();
    });

    it("a gradient given for an output that leads to no input is let go", async () => {
      const [x, y] = [leaf([1, 2]), leaf([3, 4])];
      const given = [tensor([1, 1]), tensor([5, 5])];
      const [g] = grad([x.mul(3), y.mul(2)], [x], { gradOutputs: given });
      await expectValues(g!, [3, 3]);
      expect(given.map((t) => t.storage.shared)).toEqual([false, false]);
    });

    it("a diamond of depth 30 runs each node once", async () => {
      const x = leaf([1]);
      let y = x;
      for (let i = 0; i < 30; i++) y = y.add(y);
      y.sum().backward();
      await expectValues(x.grad, [2 ** 30]);
    });

    it("the same tensor twice in one operator gets both gradients", async () => {
      const x = leaf([3]);
      x.mul(x).sum().backward();
      await expectValues(x.grad, [6]);
    });

    it("broadcasting is undone, also down to a 0-d tensor", async () => {
      const [x, s] = [
        leaf([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
        leaf(2),
      ];
      x.add(leaf([1, 1]))
        .mul(s)
        .sum()
        .backward();
      await expectValues(s.grad, [27]);
      expect(s.grad!.shape).toEqual([]);
    });

    it("a second backward without retainGraph names retainGraph, with it accumulates", async () => {
      const x = leaf([2, 3]);
      const y = x.mul(x).sum();
      y.backward({ retainGraph: true });
      y.backward();
      await expectValues(x.grad, [8, 12]);
      expect(() => y.backward()).toThrow(/retainGraph/);
    });

    it("an output without a graph, a vector without gradient and a gradient of the wrong shape are refused", () => {
      expect(() => tensor([1]).backward()).toThrow(GradError);
      expect(() => leaf([1, 2]).mul(2).backward()).toThrow(/shape \[2\]/);
      expect(() =>
        leaf([1, 2])
          .mul(2)
          .backward(ones([3])),
      ).toThrow(ShapeError);
      expect(() => leaf([1, 2]).mul(2).backward({ inputs: [] })).toThrow(GradError);
    });

    it("grad() refuses unused inputs unless allowed, and accumulates nothing", async () => {
      const [x, y] = [leaf([1]), leaf([1])];
      expect(() => grad(x.mul(2).sum(), [x, y])).toThrow(/allowUnused/);
      const [gx, gy] = grad(x.mul(2).sum(), [x, y], { allowUnused: true });
      await expectValues(gx, [2]);
      expect(gy).toBeUndefined();
      expect(x.grad).toBeNull();
    });

    it("grad() of several outputs is the sum of theirs, and reaches non-leaves", async () => {
      const x = leaf([1, 2]);
      const h = x.mul(3);
      const [gh, gx] = grad([h.sum(), h.square().sum()], [h, x]);
      await expectValues(gh, [1 + 6, 1 + 12]);
      await expectValues(gx, [21, 39]);
    });

    it("backward({ inputs }) touches only these", async () => {
      const [x, y] = [leaf([2]), leaf([3])];
      backward(x.mul(y).sum(), null, { inputs: [x] });
      await expectValues(x.grad, [3]);
      expect(y.grad).toBeNull();
    });

    it("grad(y, x, gradOutputs, retainGraph, createGraph) takes PyTorch's positions", async () => {
      const x = leaf([1, 2]);
      const y = x.pow(3);
      const [g] = grad(y, x, tensor([1, 10]), true, true);
      await expectValues(g, [3, 120]);
      await expectValues(grad(g!.sum(), x, null, true)[0], [6, 120]);
      await expectValues(grad([y, x.sum()], [x], [tensor([1, 1]), null], null, false, true, true)[0], [4, 13]);
    });

    it("backward(gradient, retainGraph, createGraph, inputs) takes PyTorch's positions", async () => {
      const [x, w] = [leaf([1, 2]), leaf([5, 6])];
      const y = x.mul(w);
      y.backward(tensor([1, 10]), true, false, [x]);
      await expectValues(x.grad, [5, 60]);
      expect(w.grad).toBeNull();
      backward([y, y], [tensor([1, 0]), tensor([0, 1])], false, false, w);
      await expectValues(w.grad, [1, 2]);
    });

    it("an error of a hook comes through backward() and grad() as it is", () => {
      const x = leaf([1, 2]);
      const y = x.mul(2);
      const planted = new TypeError("the hook's own");
      y.registerHook(() => {
        throw planted;
      });
      expect(() => y.sum().backward()).toThrow(planted);
      expect(() => grad(y.sum(), x)).toThrow(planted);
    });

    it("grad() and backward() ignore no argument", () => {
      const x = leaf([1, 2]);
      const y = x.mul(2).sum();
      const loose = { grad, backward } as unknown as Record<string, (...args: unknown[]) => unknown>;
      expect(() => loose["grad"]!(y, x, null, true, true, true, true, 1)).toThrow("grad: 1 is one argument too many");
      expect(() => loose["grad"]!(y, x, { retainGrap: true })).toThrow("grad: unknown option retainGrap");
      expect(() => loose["grad"]!(y, x, { onlyInputs: false })).toThrow("grad: onlyInputs must be true");
      expect(() => loose["grad"]!(y, x, { createGraph: 1 })).toThrow("grad: createGraph must be a boolean, got 1");
      expect(() => loose["grad"]!(y, x, [null, null])).toThrow("grad: 2 gradients for 1 outputs");
      expect(() => loose["backward"]!(y, null, true, false, [x], 1)).toThrow("backward: 1 is one argument too many");
      expect(() => (y.backward as (...args: unknown[]) => unknown)({ retain_graph: true })).toThrow(
        "backward: unknown option retain_graph",
      );
      expect(x.grad).toBeNull();
    });

    it("an int32 tensor cannot require a gradient", () => {
      expect(() => tensor([1], { dtype: "int32" }).requiresGrad_()).toThrow(GradError);
    });

    it("assigning a gradient checks its shape", () => {
      const x = leaf([1, 2]);
      expect(() => (x.grad = zeros([3]))).toThrow(ShapeError);
    });

    it("gradients of two leaves that share one incoming gradient do not alias", async () => {
      const [x, y] = [leaf([1, 2]), leaf([3, 4])];
      x.add(y).sum().backward();
      x.mul(5).sum().backward();
      await expectValues(x.grad, [6, 6]);
      await expectValues(y.grad, [1, 1]);
    });
  });

  it("a chain of 150,000 nodes runs backward and is released without overflow", async () => {
    const x = leaf(1);
    let y: Tensor = x;
    const n = device === "cpu" ? 150_000 : 20_000;
    for (let i = 0; i < n; i++) y = y.neg();
    y.backward();
    await expectValues(x.grad, [1]);
  });

  describe("higher orders", () => {
    it("tanh·tanh, exp, sigmoid and pow have the right second and third derivatives", async () => {
      const at = 0.7;
      const cases: [string, (x: Tensor) => Tensor, (x: number) => number][] = [
        ["tanh·tanh", (x) => x.tanh().mul(x.tanh()), (x) => Math.tanh(x) ** 2],
        ["exp", (x) => x.exp(), Math.exp],
        ["sigmoid", (x) => x.sigmoid(), (x) => 1 / (1 + Math.exp(-x))],
        ["pow 3.5", (x) => x.pow(3.5), (x) => x ** 3.5],
      ];
      for (const [name, f, reference] of cases) {
        const x = leaf([at]);
        const [g1] = grad(f(x).sum(), x, { createGraph: true });
        const [g2] = grad(g1!.sum(), x, { createGraph: true });
        const [g3] = grad(g2!.sum(), x);
        const h = 1e-2;
        const second = (reference(at + h) - 2 * reference(at) + reference(at - h)) / h ** 2;
        const third = (reference(at + 2 * h) - 2 * reference(at + h) + 2 * reference(at - h) - reference(at - 2 * h)) / (2 * h ** 3);
        expect(Math.abs((await g2!.item()) - second), `${name}, second`).toBeLessThan(2e-3 * (1 + Math.abs(second)));
        expect(Math.abs((await g3!.item()) - third), `${name}, third`).toBeLessThan(2e-3 * (1 + Math.abs(third)));
      }
    });

    it("backward({ createGraph }) leaves gradients that can be differentiated", async () => {
      const x = leaf([2]);
      x.pow(3).sum().backward({ createGraph: true });
      const [g2] = grad(x.grad!.sum(), x);
      await expectValues(g2, [12]);
    });
  });

  describe("ties", () => {
    it("max gives the gradient of a tie to the first winner, and relu gives none at 0", async () => {
      const x = leaf([1, 3, 3]);
      (x.max(0) as unknown as { values: Tensor }).values.backward();
      await expectValues(x.grad, [0, 1, 0]);
      const z = leaf([[[-1, 0, -2, -3]]]);
      z.relu().maxPool1d(2).sum().backward();
      await expectValues(z.grad, [0, 0, 0, 0]);
    });

    it("amax shares it out among them, in the precision of x", async () => {
      const x = tensor([2, 5, 5, 5], { dtype: "float64", device: "cpu", requiresGrad: true });
      x.amax(0).backward();
      expect(await x.grad!.tolist()).toEqual([0, 1 / 3, 1 / 3, 1 / 3]);
    });
  });

  describe("modes", () => {
    it("noGrad and enableGrad nest, survive exceptions, and refuse promises", () => {
      const x = leaf([1]);
      expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
      expect(noGrad(() => enableGrad(() => x.mul(2))).requiresGrad).toBe(true);
      expect(() =>
        noGrad(() => {
          throw new Error("inside");
        }),
      ).toThrow("inside");
      expect(isGradEnabled()).toBe(true);
      expect(() => noGrad(async () => Promise.resolve())).toThrow(WengertError);
    });

    it("detach shares memory and leaves the graph", async () => {
      const x = leaf([1, 2]);
      const d = x.mul(2).detach();
      expect(d.requiresGrad).toBe(false);
      x.mul(d).sum().backward();
      await expectValues(x.grad, [2, 4]);
    });
  });

  describe("in-place operators", () => {
    it("changing a saved tensor raises PyTorch's version error, naming operator and versions", () => {
      const x = leaf([1, 2]);
      const h = x.mul(2);
      const y = h.mul(h);
      h.add_(1);
      expect(() => y.sum().backward()).toThrow(/mul saved y \[2\].*version 1, saved at 0/);
    });

    it("exp_ saves its own result, so backward works", async () => {
      const x = leaf([0, 1]);
      const h = x.mul(1);
      h.exp_().sum().backward();
      await expectValues(x.grad, [1, Math.E]);
    });

    it("a leaf that requires a gradient is protected, except in noGrad", async () => {
      const x = leaf([1]);
      expect(() => x.add_(1)).toThrow(GradError);
      noGrad(() => x.add_(1));
      await expectValues(x, [2]);
    });
  });

  describe("hooks", () => {
    it("see and replace gradients of leaves and of inner tensors, until removed", async () => {
      const x = leaf([1, 2]);
      const seen: number[][] = [];
      const h = x.mul(3);
      const handle = h.registerHook((g) => g.mul(10));
      const pending: Promise<unknown>[] = [];
      x.registerHook((g) => void pending.push(g.array().then((d) => seen.push([...d]))));
      h.sum().backward({ retainGraph: true });
      await Promise.all(pending);
      expect(seen).toEqual([[30, 30]]);
      await expectValues(x.grad, [30, 30]);
      handle.remove();
      h.sum().backward();
      await expectValues(x.grad, [33, 33]);
    });
  });

  describe("Function", () => {
    class Cube extends Function {
      static forward(ctx: Context, x: Tensor): Tensor {
        ctx.saveForBackward(x);
        return x.mul(x).mul(x);
      }
      static backward(ctx: Context, g?: Tensor): Tensor {
        return g!.mul(ctx.savedTensors[0]!.square()).mul(3);
      }
    }

    it("runs a user's forward and backward, to any order", async () => {
      const x = leaf([2]);
      const [g1] = grad(Cube.apply(x).sum(), x, { createGraph: true });
      await expectValues(g1, [12]);
      await expectValues(grad(g1!.sum(), x)[0], [12]);
    });

    it("refuses a gradient of the wrong shape and too many gradients", () => {
      class Wrong extends Function {
        static forward(_ctx: Context, x: Tensor): Tensor {
          return x.mul(2);
        }
        static backward(_ctx: Context, _g?: Tensor): Tensor {
          return ones([7]);
        }
      }
      expect(() =>
        Wrong.apply(leaf([1, 2]))
          .sum()
          .backward(),
      ).toThrow(ShapeError);
    });

    it("saved tensors are guarded by versions and freed with the graph", () => {
      const x = leaf([2]);
      const h = x.mul(1);
      const y = Cube.apply(h);
      h.add_(1);
      expect(() => y.sum().backward()).toThrow(/version/);
    });
  });

  describe("checkpoint", () => {
    it("gives the same gradients as the plain segment, also for parameters it closes over", async () => {
      const [x, p] = [leaf([1, 2]), leaf([3, 4])];
      checkpoint((v) => v.mul(p).tanh().mul(v), x)
        .sum()
        .backward();
      const [a, b] = [await x.grad!.array(), await p.grad!.array()];
      const [x2, p2] = [leaf([1, 2]), leaf([3, 4])];
      x2.mul(p2).tanh().mul(x2).sum().backward();
      await expectValues(x2.grad, [...a]);
      await expectValues(p2.grad, [...b]);
    });
  });

  describe("tidy", () => {
    it("disposes what it made, keeps results and gradients, and refuses promises", async () => {
      const x = leaf([1, 2]);
      let inner: Tensor | undefined;
      const loss = tidy(() => {
        inner = x.mul(2);
        const s = inner.sum();
        s.backward();
        return s;
      });
      expect(inner!.disposed).toBe(true);
      expect(await loss.item()).toBe(6);
      await expectValues(x.grad, [2, 2]);
      expect(() => inner!.add(1)).toThrow(WengertError);
      expect(() => tidy(() => Promise.resolve())).toThrow(WengertError);
    });

    it("leaves to the collector only what it returns", () => {
      const x = tensor(new Float32Array(4096));
      let inner: Tensor | undefined;
      const out = tidy(() => {
        inner = x.exp();
        expect([inner.tracked, inner.pressure]).toEqual([false, undefined]);
        return inner.neg();
      });
      expect(inner!.tracked).toBe(false);
      expect([out.tracked, out.pressure !== undefined]).toEqual(device === "cpu" ? [false, false] : [true, true]);
      for (const t of [x, out]) t.dispose();
    });
  });
});
