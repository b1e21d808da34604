// checkpoint(): the same numbers as without it, to any order, and the memory that it is for.
import { describe, expect, it } from "vitest";
import { checkpoint } from "../../src/autograd/checkpoint.ts";
import { backward, grad } from "../../src/autograd/engine.ts";
import { type Context, Function } from "../../src/autograd/function.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { tidy } from "../../src/autograd/scope.ts";
import { defaultGenerator, manualSeed } from "../../src/base/random.ts";
import { GradError, WengertError } from "../../src/base/errors.ts";
import { tensor } from "../../src/tensor/create.ts";
import { memory } from "../../src/tensor/device.ts";
import { gradcheck, gradgradcheck } from "../../src/inspect/gradcheck.ts";
import { randn } from "../../src/tensor/sampling.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

const leaf = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { requiresGrad: true });

onEveryDevice((device) => {
  it("an input without gradient: what fn closes over gets its own", async () => {
    const w = leaf([[1, 2]]);
    checkpoint((a) => a.linear(w), tensor([[3, 4]]))
      .sum()
      .backward();
    await expectValues(w.grad, [3, 4]);
  });

  it("grad() reaches inputs and what fn closes over, and touches nothing else", async () => {
    const [x, p] = [leaf([1, 2]), leaf([3, 4])];
    const segment = (): Tensor => checkpoint((a) => a.mul(p), x).sum();
    await expectValues(grad(segment(), x)[0], [3, 4]);
    expect(p.grad).toBeNull();
    await expectValues(grad(segment(), p)[0], [1, 2]);
    expect([x.grad, p.grad]).toEqual([null, null]);
    backward(segment(), null, { inputs: [p] });
    await expectValues(p.grad, [1, 2]);
    expect(x.grad).toBeNull();
  });

  it("with createGraph, second derivatives reach both", async () => {
    const [x, p] = [leaf([1, 2]), leaf([3, 4])];
    const [gx, gp] = grad(checkpoint((a) => a.mul(p).square(), x).sum(), [x, p], { createGraph: true });
    await expectValues(gx, [18, 64]);
    await expectValues(gp, [6, 32]);
    const [hx, hp] = grad(gp!.sum(), [x, p]);
    await expectValues(hx, [12, 32]);
    await expectValues(hp, [2, 8]);
    const y = leaf([1, 2]);
    checkpoint((a) => a.mul(p), y)
      .sum()
      .backward({ createGraph: true });
    await expectValues(p.grad, [1, 2]);
  });

  it.each([true, false])("retainGraph, after a first backward with it: %s", async (retainGraph) => {
    const x = leaf([1, 2]);
    let runs = 0;
    const y = checkpoint((a) => (runs++, a.exp().mul(a)), x).sum();
    y.backward({ retainGraph });
    if (retainGraph) y.backward();
    else expect(() => y.backward()).toThrow("retainGraph");
    expect(runs).toBe(2);
    await expectValues(
      x.grad,
      [2 * Math.E, 3 * Math.E ** 2].map((v) => v * (retainGraph ? 2 : 1)),
    );
  });

  it("dropout draws the same mask again, and leaves the generator where it was", async () => {
    const [x, y] = [leaf(new Array(64).fill(1)), leaf(new Array(64).fill(1))];
    const f = (a: Tensor): Tensor => a.mul(2).dropout(0.5).square().mul(randn(64));
    manualSeed(7);
    f(x).sum().backward();
    const next = defaultGenerator().random();
    manualSeed(7);
    checkpoint(f, y).sum().backward();
    expect(defaultGenerator().random()).toBe(next);
    await expectValues(y.grad, [...(await x.grad!.array())]);
    expect((await y.grad!.array()).filter((v) => v === 0).length).toBeGreaterThan(8);
  });

  it("{ preserveRngState: false } draws on", async () => {
    const x = leaf(new Array(64).fill(1));
    manualSeed(7);
    const y = checkpoint((a) => a.mul(randn(64)), x, { preserveRngState: false });
    y.sum().backward();
    manualSeed(7);
    const [, second] = [randn(64), randn(64)];
    await expectValues(x.grad, [...(await second.array())]);
  });

  it("segments in segments, after each other, with several results and other arguments", async () => {
    const build = (run: typeof checkpoint) => async (): Promise<number[][]> => {
      const [x, p] = [leaf([0.5, -1, 2]), leaf([1.5, 0.3, -0.7])];
      const inner = (a: Tensor, by: number): Tensor => a.mul(p).tanh().mul(by);
      const outer = (a: Tensor, by: number): { parts: Tensor[]; by: number } => {
        const h = run(inner, a.sigmoid(), by);
        return { parts: [h, run(inner, h.exp(), 2)], by };
      };
      const { parts, by } = run(outer, x.mul(2), 3);
      const out = run((a: Tensor, b: Tensor) => a.mul(b).add(b), parts[0]!, parts[1]!).mul(by);
      const first = grad(out.sum(), [x, p], { createGraph: true });
      const second = grad(first[0]!.mul(first[1]!).sum(), [x, p]);
      return Promise.all([...first, ...second].map(async (g) => [...(await g.array())]));
    };
    const plain = await build(((fn: (...xs: unknown[]) => unknown, ...xs: unknown[]) => fn(...xs)) as typeof checkpoint)();
    const got = await build(checkpoint)();
    got.forEach((row, i) => row.forEach((v, j) => expect(v).toBeCloseTo(plain[i]![j]!, 4)));
  });

  it("views and writes in place inside", async () => {
    const [x, p] = [leaf([[1, 2], [3, 4]]), leaf([5, 6])]; // prettier-ignore
    const y = checkpoint((a) => {
      const h = a.mul(2);
      h.t().select(0, 1).mul_(p);
      h.neg_();
      h.view(-1).neg_();
      return h.view(-1).square();
    }, x);
    const [gx, gp] = grad(y.sum(), [x, p]);
    await expectValues(gx, [8, 2 * 4 * 25 * 2, 24, 2 * 8 * 36 * 2], 1e-3);
    await expectValues(gp, [2 * 4 * 4 * 5, 2 * 8 * 8 * 6], 1e-3);
  });

  it("a Function, a gradient taken inside, and a hook", async () => {
    class Cube extends Function {
      static forward(ctx: Context, x: Tensor): Tensor {
        ctx.saveForBackward(x);
        return x.pow(3);
      }
      static backward(ctx: Context, g?: Tensor): Tensor {
        return g!.mul(ctx.savedTensors[0]!.square()).mul(3);
      }
    }
    const x = leaf([1, 2]);
    const y = checkpoint((a) => {
      const h = a.mul(1);
      h.registerHook((g) => g.mul(10));
      return Cube.apply(h).add(grad(a.pow(3).sum(), a, { createGraph: true })[0]!);
    }, x);
    y.sum().backward();
    await expectValues(x.grad, [30 + 6, 120 + 12]);
  });

  it("gives back what the segment saved, and what backward brought back", async () => {
    const w = leaf(new Array(4096).fill(0.5));
    const deep = (a: Tensor): Tensor => {
      let h = a;
      for (let i = 0; i < 8; i++) h = h.mul(w).tanh();
      return h;
    };
    const bytes = (): number => (device === "cpu" ? memory().cpuBytes : memory().gpuBytes);
    const held = (f: () => Tensor): { forward: number; kept: number } => {
      const before = bytes();
      const y = tidy(() => f().sum());
      const forward = bytes() - before;
      tidy(() => y.backward());
      w.grad = null;
      y.dispose();
      return { forward, kept: bytes() - before };
    };
    held(() => deep(w));
    const plain = held(() => deep(w));
    const again = held(() => checkpoint(deep, w));
    expect(plain.forward).toBeGreaterThan(8 * 4096 * 4);
    expect(again.forward).toBeLessThan(4096);
    expect([plain.kept, again.kept]).toEqual([0, 0]);
    const before = bytes();
    tidy(() => void checkpoint(deep, w.mul(2)));
    expect(bytes()).toBe(before);
  });

  describe("refusals", () => {
    it("what fn reads was changed in place since", () => {
      const [x, p] = [leaf([1, 2]), leaf([3, 4])];
      const h = x.mul(1);
      const y = checkpoint((a) => a.mul(p), h);
      noGrad(() => p.add_(1));
      expect(() => y.sum().backward()).toThrow(/changed in place since/);
      const z = checkpoint((a) => a.mul(p), h);
      h.add_(1);
      expect(() => z.sum().backward()).toThrow(/checkpoint saved input 0 \[2\], changed in place since/);
    });

    it("the second run does something else", () => {
      const x = leaf([1, 2]);
      let runs = 0;
      const fewer = checkpoint((a) => (runs++ === 0 ? a.exp().tanh() : a.exp()), x);
      expect(() => fewer.sum().backward()).toThrow(/checkpoint: the second run saved 1 tensors, the first 2/);
      const other = checkpoint((a) => (runs++ === 2 ? a.exp() : a.sum().exp()), x);
      expect(() => other.sum().backward()).toThrow(GradError);
    });

    it("a promise", () => {
      expect(() => checkpoint(async (a) => Promise.resolve(a), leaf([1]))).toThrow(WengertError);
    });

    it("an error of fn is thrown, in either run, and another backward may succeed", async () => {
      const x = leaf([1, 2]);
      const fail = (): never => {
        throw new Error("of fn");
      };
      expect(() => checkpoint((_a) => fail(), x)).toThrow("of fn");
      let runs = 0;
      const y = checkpoint((a) => (runs++ === 1 ? fail() : a.square()), x).sum();
      expect(() => y.backward()).toThrow("of fn");
      y.backward();
      await expectValues(x.grad, [2, 4]);
    });
  });

  it("inside noGrad it runs fn once", async () => {
    const y = noGrad(() => checkpoint((a) => a.exp(), leaf([0, 1])));
    expect(y.requiresGrad).toBe(false);
    await expectValues(y, [1, Math.E]);
  });
});

it("matches finite differences to second order", async () => {
  const double = (data: number[]): Tensor => tensor(data, { dtype: "float64", device: "cpu", requiresGrad: true });
  const p = double([1.1, -0.4, 0.9]);
  const f = (a: Tensor, b: Tensor): Tensor =>
    checkpoint((v: Tensor, w: Tensor) => checkpoint((u: Tensor) => u.mul(p).tanh(), v.mul(w)).mul(w.exp()), a, b);
  const inputs = [double([0.5, -1.2, 2]), double([0.3, 0.7, -0.2])];
  await expect(gradcheck(f, inputs)).resolves.toBe(true);
  await expect(gradgradcheck(f, inputs)).resolves.toBe(true);
});
