// What operators keep for backward: what the wanted gradients read, and nothing else.
import { nodeOf } from "../../src/autograd/node.ts";
import { describe, expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { tidy } from "../../src/autograd/scope.ts";
import { tensor } from "../../src/tensor/create.ts";
import { memory } from "../../src/tensor/device.ts";
import { callOp, materialise, weightsLike } from "../../src/inspect/samples.ts";
import { firstNames } from "../../src/ops/install.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";
import "../../src/index.ts";
import "../../src/ops/all.ts";

const x = (): Tensor => tensor([[1, 2], [3, 4]]); // prettier-ignore
const p = (): Tensor => x().requiresGrad_();

describe("each record saves what the one gradient that is wanted reads", () => {
  const saved = (y: Tensor): string[] => Object.keys(nodeOf(y)!.saved).sort();
  const image = tensor(new Array(16).fill(1), { shape: [1, 1, 4, 4] });
  const filter = tensor(new Array(4).fill(1), { shape: [1, 1, 2, 2] });
  const index = tensor([[0, 0], [1, 0]], { dtype: "int32" }); // prettier-ignore
  const cases: Record<string, [Tensor, string[]]> = {
    "x.mul(2)": [p().mul(2), ["y"]],
    "x.mul(y), x": [p().mul(x()), ["y"]],
    "x.mul(y), y": [x().mul(p()), ["x"]],
    "x.mul(y), both": [p().mul(p()), ["x", "y"]],
    "x.div(y), x": [p().div(x()), ["y"]],
    "x.div(y), y": [x().div(p()), ["x", "y"]],
    "x.pow(3)": [p().pow(3), ["x", "y"]],
    "x.pow(y), y": [x().pow(p()), ["out", "x", "y"]],
    "x.fmod(y), x": [p().fmod(x()), []],
    "x.lerp(end, 0.5), end": [x().lerp(p(), 0.5), ["z"]],
    "x.addcmul(y, z), x": [p().addcmul(x(), x()), []],
    "x.addcmul(y, z), y": [x().addcmul(p(), x()), ["z"]],
    "x.addcdiv(y, z), y": [x().addcdiv(p(), x()), ["z"]],
    "x.matmul(y), x": [p().matmul(x()), ["y"]],
    "x.matmul(y), y": [x().matmul(p()), ["x"]],
    "x.linear(weight), x": [p().linear(x()), ["weight"]],
    "x.linear(weight, bias), bias": [x().linear(x(), tensor([1, 2], { requiresGrad: true })), []],
    "x.linear(weight, bias), weight": [x().linear(p(), tensor([1, 2], { requiresGrad: true })), ["x"]],
    "x.conv2d(weight), x": [image.clone().requiresGrad_().conv2d(filter), ["weight"]],
    "x.conv2d(weight), weight": [image.conv2d(filter.clone().requiresGrad_()), ["x"]],
    "x.scatterAdd(index, src), x": [p().scatterAdd(0, index, x()), []],
    "x.scatter(index, src), x": [p().scatter(0, index, x()), ["index"]],
    "x.cumsum(0)": [p().linearRecurrence(x(), 0), ["out", "x"]],
    "linearRecurrence, b": [x().linearRecurrence(p(), 0), ["x"]],
    "x.layerNorm([2], weight), weight": [x().layerNorm([2], tensor([1, 2], { requiresGrad: true })), ["mean", "rstd", "x"]],
    "x.heaviside(y), x": [p().heaviside(x()), []],
  };
  it.each(Object.entries(cases))("%s", (_name, [y, names]) => {
    expect(saved(y)).toEqual(names);
  });
});

describe("one gradient alone is the same as beside the others", () => {
  const several = firstNames().filter(([, { samples }]) =>
    samples.some((sample) => materialise(sample, "cpu", "float64").leaves.length > 1),
  );
  it.each(several)("%s", async (name, { samples }) => {
    for (const sample of samples) {
      const run = async (alone?: number): Promise<(number[] | undefined)[]> => {
        const { args, leaves } = materialise(sample, "cpu", "float64");
        leaves.forEach((leaf, i) => leaf.requiresGrad_(alone === undefined || i === alone));
        // Of several results some may come of other leaves alone.
        const all = callOp(name, args);
        const outputs = all.filter((y) => y.requiresGrad);
        if (outputs.length === 0) return leaves.map(() => undefined);
        const gradOutputs = outputs.map((y) => weightsLike(y, all.indexOf(y)));
        const wanted = leaves.filter((leaf) => leaf.requiresGrad);
        const found = grad(outputs, wanted, { gradOutputs, allowUnused: true });
        return Promise.all(leaves.map(async (leaf) => found[wanted.indexOf(leaf)]?.array().then((d) => [...d])));
      };
      const together = await run();
      for (let i = 0; i < together.length; i++) expect((await run(i))[i], `leaf ${i}`).toEqual(together[i]);
    }
  });
});

onEveryDevice((device) => {
  const leaf = (data: number[]): Tensor => tensor(data, { requiresGrad: true });

  it("programs that write over what no gradient reads, as PyTorch differentiates them", async () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const scaled = a.mul(1);
    const y = scaled.mul(2);
    scaled.add_(1);
    await expectValues(grad(y.sum(), a)[0], [2, 2]);
    const quotient = b.mul(1).div(2);
    quotient.mul_(3);
    await expectValues(grad(quotient.sum(), b)[0], [1.5, 1.5]);
    const by = a.mul(1).div(b);
    by.add_(1);
    await expectValues(grad(by.sum(), [a, b])[1], [-1 / 9, -2 / 16]);
    const product = tensor([5, 6]).mul(a);
    product.zero_();
    await expectValues(grad(product.add(a).sum(), a)[0], [1, 1]);
    const power = a.mul(1).pow(2);
    power.neg_();
    await expectValues(grad(power.sum(), a)[0], [-2, -4]);
    const state = tensor([[1, 0], [0, 1]]); // prettier-ignore
    const out = state.linear(tensor([[1, 2], [3, 4]]), b); // prettier-ignore
    state.zero_();
    await expectValues(grad(out.sum(), b)[0], [2, 2]);
  });

  it("what a wanted gradient reads is still guarded", () => {
    const [a, b] = [leaf([1, 2]).mul(1), leaf([3, 4]).mul(1)];
    const y = a.mul(b);
    b.add_(1);
    expect(() => grad(y.sum(), a)).toThrow(/mul saved y/);
  });

  it("of what was saved, only what the gradients asked for read must be unchanged", async () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const h = a.mul(1);
    const y = h.mul(b);
    h.add_(1);
    await expectValues(grad(y.sum(), a, { retainGraph: true })[0], [3, 4]);
    expect(() => grad(y.sum(), b)).toThrow(/mul saved x/);
  });

  it("a chain of x.mul(2) keeps nothing", () => {
    const w = tensor(new Float32Array(4096), { requiresGrad: true });
    const bytes = (): number => (device === "cpu" ? memory().cpuBytes : memory().gpuBytes);
    const before = bytes();
    const y = tidy(() => w.mul(2).mul(3).div(4).add(1).mul(5).sum());
    expect(bytes() - before).toBeLessThan(4096);
    y.dispose();
  });
});
