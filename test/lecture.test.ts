// Every row and sentence of the lecture "DAG networks, autograd, convolution layers" that states something checkable.
import { describe, expect, it } from "vitest";
import * as w from "../src/index.ts";
import type { Tensor } from "../src/index.ts";
import { expectValues, onEveryDevice } from "./devices.ts";

const { tensor } = w;

onEveryDevice((device) => {
  /** Directional derivative by a central difference, against the gradient's. */
  const agreesWithDifferences = async (loss: () => Tensor, parameters: readonly Tensor[]): Promise<void> => {
    const grads = w.autograd.grad(loss(), parameters);
    w.manualSeed(7);
    const directions = parameters.map((p) => w.randn(p.shape, { dtype: p.dtype }));
    const eps = device === "cpu" ? 1e-6 : 1e-2;
    const shifted = async (sign: number): Promise<number> => {
      w.noGrad(() => parameters.forEach((p, i) => p.add_(directions[i]!.mul(sign * eps))));
      const value = await loss().item();
      w.noGrad(() => parameters.forEach((p, i) => p.sub_(directions[i]!.mul(sign * eps))));
      return value;
    };
    const numeric = ((await shifted(1)) - (await shifted(-1))) / (2 * eps);
    let analytic = 0;
    for (const [i, g] of grads.entries()) analytic += await g.mul(directions[i]!).sum().item();
    expect(Math.abs(numeric - analytic)).toBeLessThan((device === "cpu" ? 1e-6 : 2e-2) * (1 + Math.abs(analytic)));
  };
  const wide = { dtype: device === "cpu" ? ("float64" as const) : ("float32" as const) };
  const parameter = (shape: readonly number[], scale = 1): Tensor => w.randn(shape, wide).mul(scale).detach().requiresGrad_();

  describe("1. DAG networks", () => {
    it("backward() gives the gradient with respect to any activation and any parameter", async () => {
      const x = tensor([1, 2], { requiresGrad: true });
      const p = tensor([3, 4], { requiresGrad: true });
      const h = x.mul(p);
      h.retainGrad();
      h.square().sum().backward();
      await expectValues(h.grad, [6, 16]);
      await expectValues(p.grad, [6, 32]);
      await expectValues(x.grad, [18, 64]);
    });

    it("a value that feeds several operators gets the sum of their gradients", async () => {
      const x = tensor([2], { requiresGrad: true });
      x.mul(3).add(x.square()).sum().backward();
      await expectValues(x.grad, [3 + 4]);
    });

    it("the worked graph with w1 shared by two operators agrees with finite differences", async () => {
      w.manualSeed(1);
      const [w1, w2, x0] = [parameter([5, 5]), parameter([5, 5]), parameter([5])];
      const loss = (): Tensor => {
        const x1 = w1.mv(x0);
        const x2 = x0.add(w2.mv(x1));
        const x3 = w1.mv(x1.add(x2));
        return x3.norm();
      };
      const grads = w.autograd.grad(loss(), [w1, w2, x0]);
      expect(grads.map((g) => g.shape)).toEqual([[5, 5], [5, 5], [5]]);
      await agreesWithDifferences(loss, [w1, w2, x0]);
    });
  });

  describe("2. Autograd", () => {
    it("requiresGrad defaults to false, and a Parameter has it true and is collected by its module", () => {
      expect(tensor([1]).requiresGrad).toBe(false);
      const layer = new w.nn.Linear(3, 2);
      expect(layer.weight.requiresGrad).toBe(true);
      expect([...layer.parameters()]).toContain(layer.weight);
      expect([...layer.parameters()]).toHaveLength(2);
    });

    it("x = (1, 2, 2): norm is 3, its gradient (1, 2, 2)/3 from grad() and from backward()", async () => {
      const x = tensor([1, 2, 2], { requiresGrad: true });
      const l = x.norm();
      expect(await l.item()).toBeCloseTo(3, 5);
      const grads = w.autograd.grad(l, x, { retainGraph: true });
      expect(Array.isArray(grads)).toBe(true);
      await expectValues(grads[0], [0.3333, 0.6667, 0.6667], 1e-4);
      l.backward();
      await expectValues(x.grad, [0.3333, 0.6667, 0.6667], 1e-4);
    });

    it("x = (3, 4): two backward() calls accumulate to (-9.4, 10.8), as one backward of the sum does", async () => {
      const x = tensor([3, 4], { requiresGrad: true });
      x.norm().backward();
      x.dot(tensor([-10, 10])).backward();
      await expectValues(x.grad, [-9.4, 10.8]);
      const y = tensor([3, 4], { requiresGrad: true });
      y.norm()
        .add(y.dot(tensor([-10, 10])))
        .backward();
      await expectValues(y.grad, [-9.4, 10.8]);
    });

    it("backward() accumulates until the gradient is zeroed", async () => {
      const x = tensor([1, 2], { requiresGrad: true });
      x.sum().backward();
      x.sum().backward();
      await expectValues(x.grad, [2, 2]);
      x.grad = null;
      x.sum().backward();
      await expectValues(x.grad, [1, 1]);
    });

    it("grad(createGraph) of Σx² at (1, 2, 3) is (2, 4, 6), and its own derivative (14.7781, 0, -806.8576)", async () => {
      const x = tensor([1, 2, 3], { requiresGrad: true });
      const [g1] = w.autograd.grad(x.square().sum(), x, { createGraph: true });
      await expectValues(g1, [2, 4, 6]);
      const s2 = g1!.at(0).exp().sub(g1!.at(2).exp());
      const [g2] = w.autograd.grad(s2, x);
      await expectValues(g2, [14.7781, 0, -806.8576], 1e-4);
    });

    it("the two-layer tanh network's gradients agree with finite differences", async () => {
      w.manualSeed(2);
      const [w1, b1, w2, b2] = [parameter([20, 10], 0.3), parameter([20], 0.3), parameter([5, 20], 0.3), parameter([5], 0.3)];
      const [x, target] = [w.randn([10], wide), w.randn([5], wide)];
      const loss = (): Tensor => {
        const h = w1.mv(x).add(b1).tanh();
        const y = w2.mv(h).add(b2).tanh();
        return y.sub(target).pow(2).sum();
      };
      await agreesWithDifferences(loss, [w1, b1, w2, b2]);
    });

    it("the graph follows the loop: blah(1) · blah(3) uses w[0] twice, w[1] and w[2] once", async () => {
      w.manualSeed(3);
      const weights = parameter([3, 10, 10], 0.3);
      const x = w.randn([10], wide);
      const blah = (k: number): Tensor => {
        let y = x;
        for (let i = 0; i < k; i++) y = weights.at(i).mv(y).tanh();
        return y;
      };
      const q = (): Tensor => blah(1).dot(blah(3));
      await agreesWithDifferences(q, [weights]);
      const selects = w.inspect.graphOf(q()).nodes.filter((n) => n.label === "select");
      expect(selects).toHaveLength(4);
    });

    it("toDot draws one node per operator and per leaf, with shapes, and edges as gradients flow", () => {
      const [w1, x] = [
        tensor(
          [
            [1, 2],
            [3, 4],
          ],
          { requiresGrad: true },
        ),
        tensor([1, 1], { requiresGrad: true }),
      ];
      const y = w1.mv(w1.mv(x)).norm();
      const { nodes, edges } = w.inspect.graphOf(y, { params: { w1, x } });
      expect(nodes.filter((n) => n.kind === "leaf").map((n) => [n.label, n.shape])).toEqual(
        expect.arrayContaining([
          ["w1", [2, 2]],
          ["x", [2]],
        ]),
      );
      expect(nodes.filter((n) => n.label === "w1")).toHaveLength(1);
      // w1 appears once and is reached twice: shared parts appear as they ran.
      const leaf = nodes.find((n) => n.label === "w1")!;
      const users =
        edges.filter((e) => e.to === leaf.id).length +
        edges.filter((e) => nodes[e.to]!.kind === "operator" && edges.some((f) => f.from === e.to && f.to === leaf.id)).length;
      expect(users).toBeGreaterThanOrEqual(2);
      const dot = w.inspect.toDot(y, { params: { w1, x } });
      expect(dot).toMatch(/^digraph wengert \{/);
      expect(dot.match(/ -> /g)).toHaveLength(edges.length);
      expect(dot).toContain("w1\\n[2, 2]");
      expect(w.inspect.toSvg(y)).toContain("<svg");
    });
  });

  describe("3. Weight sharing", () => {
    it("a siamese network's gradient is the sum over its copies", async () => {
      w.manualSeed(4);
      const shared = new w.nn.Linear(4, 3);
      const [a, b] = [w.randn([2, 4]), w.randn([2, 4])];
      shared.call(a).tanh().sub(shared.call(b).tanh()).square().sum().backward();
      const together = await shared.weight.grad!.array();
      const [first, second] = [new w.nn.Linear(4, 3), new w.nn.Linear(4, 3)];
      for (const copy of [first, second]) copy.loadStateDict(shared.stateDict());
      first.call(a).tanh().sub(second.call(b).tanh()).square().sum().backward();
      await expectValues(first.weight.grad!.add(second.weight.grad!), [...together]);
    });
  });

  describe("4. Convolution", () => {
    const conv = (x: readonly number[], u: readonly number[]): Tensor => w.conv1d(tensor([[[...x]]]), tensor([[[...u]]])).flatten();

    it("(1, 2, 3, 4) ⊛ (3, 2) is (7, 12, 17): no flip, width W − w + 1", async () => {
      await expectValues(conv([1, 2, 3, 4], [3, 2]), [7, 12, 17]);
    });

    it("(−1, 1) is the differential operator", async () => {
      await expectValues(conv([0, 0, 0, 0, 1, 2, 3, 4, 4, 4, 4], [-1, 1]), [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]);
    });

    it("as a template matcher, the response peaks where the template sits", async () => {
      const signal = [0, 0, 1, -1, 0, 2, -1, 3, 0, 0, 1, 0];
      const response = conv(signal, [2, -1, 3]);
      expect(await response.argmax().item()).toBe(5);
    });

    it("D kernels c×h×w over C×H×W give D×(H−h+1)×(W−w+1), and 1d and 3d likewise", () => {
      expect(w.conv2d(w.zeros([1, 3, 9, 8]), w.zeros([5, 3, 4, 2])).shape).toEqual([1, 5, 6, 7]);
      expect(w.conv1d(w.zeros([1, 3, 9]), w.zeros([5, 3, 4])).shape).toEqual([1, 5, 6]);
      expect(w.conv3d(w.zeros([1, 3, 9, 8, 7]), w.zeros([5, 3, 4, 2, 3])).shape).toEqual([1, 5, 6, 7, 5]);
    });

    it("a convolution is equivariant to translation: shifted input, shifted output", async () => {
      w.manualSeed(5);
      const [x, k] = [w.randn([1, 1, 8, 8]), w.randn([1, 1, 3, 3])];
      const shifted = w.conv2d(x.narrow(3, 1, 7), k);
      await expectValues(shifted, [...(await w.conv2d(x, k).narrow(3, 1, 5).contiguous().array())]);
    });

    it("summary() reports the receptive field of each layer", () => {
      const net = new w.nn.Sequential(new w.nn.Conv2d(1, 6, 5), new w.nn.MaxPool2d(2), new w.nn.Conv2d(6, 16, 5));
      const fields = w.inspect
        .summary(net, w.zeros([1, 1, 28, 28]))
        .rows.filter((r) => r.name !== "")
        .map((r) => r.receptiveField);
      expect(fields).toEqual([
        [5, 5],
        [6, 6],
        [14, 14],
      ]);
    });

    it("a fully connected layer between 256×256 RGB images would need about 3.87e10 parameters", () => {
      const n = 256 * 256 * 3;
      expect(n * n + n).toBeCloseTo(3.87e10, -8);
      expect(() => w.zeros([n, n])).toThrow(w.ShapeError);
    });
  });

  describe("5. Pooling", () => {
    it("max and average pooling over non-overlapping blocks, in 1d, 2d and 3d", async () => {
      const x = tensor([[[1, 3, 2, 0, 5, 4]]]);
      await expectValues(w.maxPool1d(x, 2), [3, 2, 5]);
      await expectValues(w.avgPool1d(x, 2), [2, 1, 4.5]);
      const m = tensor([
        [
          [
            [1, 2, 5, 6],
            [3, 4, 7, 8],
          ],
        ],
      ]);
      await expectValues(w.maxPool2d(m, 2), [4, 8]);
      await expectValues(w.avgPool2d(m, 2), [2.5, 6.5]);
      const v = tensor([
        [
          [
            [
              [1, 2],
              [3, 4],
            ],
            [
              [5, 6],
              [7, 8],
            ],
          ],
        ],
      ]);
      await expectValues(w.maxPool3d(v, 2), [8]);
      await expectValues(w.avgPool3d(v, 2), [4.5]);
    });

    it("pooling is invariant to permutations inside a cell", async () => {
      const [a, b] = [tensor([[[1, 3, 2, 0]]]), tensor([[[3, 1, 0, 2]]])];
      await expectValues(w.maxPool1d(a, 2), [...(await w.maxPool1d(b, 2).array())]);
      await expectValues(w.avgPool1d(a, 2), [...(await w.avgPool1d(b, 2).array())]);
    });

    it("max pooling keeps its output when the peak moves inside its cell", async () => {
      await expectValues(w.maxPool1d(tensor([[[0, 9, 0, 0, 0, 0]]]), 3), [9, 0]);
      await expectValues(w.maxPool1d(tensor([[[0, 0, 9, 0, 0, 0]]]), 3), [9, 0]);
    });

    it("max pooling keeps the argmax indices that its gradient scatters to", async () => {
      const x = tensor(
        [
          [
            [
              [1, 2],
              [4, 3],
            ],
          ],
        ],
        { requiresGrad: true },
      );
      const [out, indices] = w.maxPool2d(x, 2, { returnIndices: true }) as unknown as [Tensor, Tensor];
      await expectValues(indices, [2]);
      out.sum().backward();
      await expectValues(x.grad, [0, 0, 1, 0]);
    });
  });
});
