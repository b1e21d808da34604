// nn.utils: parametrizations of one's own, the norms of before, vectors of parameters, and layers that are made without drawing.
import { describe, expect, it } from "vitest";
import { ArgumentError, DtypeError, ShapeError } from "../../src/base/errors.ts";
import { manualSeed } from "../../src/base/random.ts";
import * as nn from "../../src/nn/index.ts";
import { SGD } from "../../src/optim/index.ts";
import { eye, ones, tensor, zeros } from "../../src/tensor/create.ts";
import { rand, randn } from "../../src/tensor/sampling.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

const { parametrize, parametrizations } = nn.utils;
const { registerParametrization, isParametrized, removeParametrizations } = parametrize;
const keys = (module: nn.Module): string[] => Object.keys(module.stateDict());

class Symmetric extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x.triu().add(x.triu(1).t());
  }
  rightInverse(x: Tensor): Tensor {
    return x.triu();
  }
}
class Doubled extends nn.Module {
  calls = 0;
  override forward(x: Tensor): Tensor {
    this.calls++;
    return x.mul(2);
  }
}
class RankOne extends nn.Module {
  override forward(a: Tensor, b: Tensor): Tensor {
    return a.unsqueeze(1).mul(b.unsqueeze(0));
  }
  rightInverse(x: Tensor): Tensor[] {
    return [x.select(1, 0).clone(), ones(x.shape[1]!)];
  }
}
type Weighted = nn.Module & { weight: Tensor; parametrizations?: nn.ModuleDict };

onEveryDevice(() => {
  describe("parametrize", () => {
    it("a parametrization makes the parameter, its original is trained", async () => {
      const layer = new nn.Linear(2, 2);
      const { weight } = layer;
      const optimizer = new SGD(layer.parameters(), { lr: 1 });
      expect(registerParametrization(layer, "weight", new Symmetric())).toBe(layer);
      expect(String(layer)).toBe(`ParametrizedLinear(
  in_features=2, out_features=2, bias=True
  (parametrizations): ModuleDict(
    (weight): ParametrizationList(
      (0): Symmetric()
    )
  )
)`);
      expect(keys(layer)).toEqual(["bias", "parametrizations.weight.original"]);
      expect(layer.getParameter("parametrizations.weight.original")).toBe(weight);
      expect([layer instanceof nn.Linear, isParametrized(layer), isParametrized(layer, "weight"), isParametrized(layer, "bias")]).toEqual(
        [true, true, true, false],
      ); // prettier-ignore
      expect(parametrize.typeBeforeParametrizations(layer)).toBe(nn.Linear);
      (layer as Weighted).weight = tensor([
        [1, 2],
        [2, 5],
      ]);
      expect(await weight.tolist()).toEqual([
        [1, 2],
        [0, 5],
      ]);
      layer
        .call(tensor([[1, 1]]))
        .sum()
        .backward();
      expect(await weight.grad!.tolist()).toEqual([
        [1, 2],
        [0, 1],
      ]);
      optimizer.step();
      expect(await layer.weight.tolist()).toEqual([
        [0, 0],
        [0, 4],
      ]);
      expect(removeParametrizations(layer, "weight")).toBe(layer);
      expect([layer.weight === weight, layer.constructor, keys(layer)]).toEqual([true, nn.Linear, ["bias", "weight"]]);
      expect(await weight.tolist()).toEqual([
        [0, 0],
        [0, 4],
      ]);
      expect(isParametrized(layer)).toBe(false);
      expect(() => ((layer as { weight: unknown }).weight = ones(2, 2))).toThrow("cannot assign a tensor as parameter 'weight'");
    });

    it("several are applied one after the other, of several tensors and of buffers", async () => {
      const layer = new nn.Linear(2, 2, false);
      registerParametrization(registerParametrization(layer, "weight", new Doubled()), "weight", new Symmetric());
      expect(keys(layer)).toEqual(["parametrizations.weight.original"]);
      const original = layer.getParameter("parametrizations.weight.original");
      await expectValues(layer.weight, [...(await new Symmetric().forward(original.mul(2)).array())]);
      // The first has no right inverse.
      expect(() => ((layer as Weighted).weight = eye(2))).toThrow("rightInverse: Doubled has no right inverse");
      expect(await removeParametrizations(layer, "weight", { leaveParametrized: false }).weight.tolist()).toEqual(await original.tolist());

      const pair = registerParametrization(new nn.Linear(2, 3, false), "weight", new RankOne());
      expect(keys(pair)).toEqual(["parametrizations.weight.original0", "parametrizations.weight.original1"]);
      expect([...pair.parameters()].map((p) => p.requiresGrad)).toEqual([true, true]);
      expect(() => removeParametrizations(pair, "weight", false)).toThrow("the tensor was made of several (leaveParametrized: true)");
      removeParametrizations(pair, "weight");
      expect([pair.weight instanceof nn.Parameter, pair.weight.shape]).toEqual([true, [3, 2]]);

      const norm = registerParametrization(new nn.BatchNorm1d(2), "runningVar", new Doubled());
      expect(keys(norm)).toEqual(["weight", "bias", "running_mean", "num_batches_tracked", "parametrizations.running_var.original"]);
      expect(await norm.runningVar!.tolist()).toEqual([2, 2]);
      expect([...norm.parameters()].length).toBe(2);
      removeParametrizations(norm, "runningVar");
      expect(await norm.getBuffer("running_var").tolist()).toEqual([2, 2]);
    });

    it("cached() computes each once, and only there", () => {
      const doubled = new Doubled();
      const layer = registerParametrization(new nn.Linear(2, 2), "weight", doubled, { unsafe: true });
      const before = doubled.calls;
      const [a, b] = parametrize.cached(() => parametrize.cached(() => [layer.weight, layer.weight]));
      expect([a === b, doubled.calls - before]).toEqual([true, 1]);
      expect(layer.weight).not.toBe(layer.weight);
      expect(() => parametrize.cached(() => Promise.resolve(1))).toThrow("the function returned a promise");
    });

    it("what changes shape or dtype, and what is no parameter, is refused", () => {
      class Longer extends nn.Module {
        override forward(x: Tensor): Tensor {
          return x.repeat(2, 1);
        }
      }
      class Whole extends nn.Module {
        override forward(x: Tensor): Tensor {
          return x.to("int32");
        }
      }
      const layer = new nn.Linear(2, 2);
      expect(() => registerParametrization(layer, "weight", new Longer())).toThrow(ShapeError);
      expect(() => registerParametrization(layer, "weight", new Whole())).toThrow(DtypeError);
      expect([isParametrized(layer), layer.weight instanceof nn.Parameter, String(layer)]).toEqual([
        false,
        true,
        "Linear(in_features=2, out_features=2, bias=True)",
      ]);
      registerParametrization(layer, "weight", new Doubled());
      expect(() => registerParametrization(layer, "weight", new Longer())).toThrow("makes [4, 2] of [2, 2] ({ unsafe: true } allows it)");
      registerParametrization(layer, "weight", new Longer(), { unsafe: true });
      expect(layer.weight.shape).toEqual([4, 2]);
      for (const name of ["inFeatures", "none", "training"])
        expect(() => registerParametrization(layer, name, new Doubled())).toThrow(`ParametrizedLinear has no parameter or buffer ${name}`);
      expect(() => registerParametrization(new nn.Linear(1, 1, false), "bias", new Doubled())).toThrow(ArgumentError);
      expect(() => removeParametrizations(layer, "bias")).toThrow("has no parametrization of bias");
      expect(() => parametrizations.orthogonal(new nn.Linear(2, 2), { orthogonalMap: "cayley" })).toThrow("needs a linear solver");
      expect(() => parametrizations.orthogonal(new nn.Linear(2, 2), "bias")).toThrow(ShapeError);
      expect(() => parametrizations.spectralNorm(new nn.Linear(2, 2), "weight", 0)).toThrow("nPowerIterations must be");
      const plain = parametrizations.orthogonal(new nn.Linear(2, 2), { useTrivialization: false });
      expect(() => ((plain as Weighted).weight = eye(2))).toThrow("_Orthogonal has no right inverse");
    });

    it("orthogonal weights are orthogonal, and stay so however far they move", async () => {
      manualSeed(3);
      for (const [make, options] of [
        [() => new nn.Linear(5, 5), {}],
        [() => new nn.Linear(6, 3), {}],
        [() => new nn.Linear(3, 6), { orthogonalMap: "matrixExp" }],
        [() => new nn.Conv1d(3, 4, 3), { useTrivialization: false }],
      ] as const) {
        const layer = parametrizations.orthogonal<Weighted>(make() as unknown as Weighted, options);
        for (const size of [0, 3, 40]) {
          const original = (layer.parametrizations!.get("weight") as unknown as { original: Tensor }).original;
          original.data = original.data.add(randn(original.shape).tril(-1).mul(size));
          const q = layer.weight;
          const wide = q.shape.at(-2)! < q.shape.at(-1)!;
          const gram = wide ? q.matmul(q.mT()) : q.mT().matmul(q);
          expect(
            await gram
              .sub(eye(gram.shape.at(-1)!))
              .abs()
              .max()
              .item(),
          ).toBeLessThan(2e-5);
        }
      }
    });
  });

  describe("the norms of before", () => {
    it("refuse what they cannot do", () => {
      const layer = nn.utils.weightNorm(new nn.Linear(2, 3));
      expect(() => nn.utils.weightNorm(layer)).toThrow("weightNorm: weight is normed already");
      expect(() => ((layer as Weighted).weight = ones(3, 2))).toThrow("weight is computed from weight_g and weight_v (set those)");
      expect(() => nn.utils.removeSpectralNorm(layer)).toThrow("Linear has no spectralNorm of weight");
      nn.utils.removeWeightNorm(layer);
      expect(() => nn.utils.removeWeightNorm(layer)).toThrow(ArgumentError);
      expect(() => nn.utils.weightNorm(layer, "weight", 2)).toThrow(ShapeError);
      expect(keys(layer)).toEqual(["bias", "weight"]);
      const normed = nn.utils.spectralNorm(layer);
      expect(() => nn.utils.spectralNorm(normed)).toThrow("weight is normed already");
      expect(() => nn.utils.spectralNorm(new nn.BatchNorm1d(2), "runningMean")).toThrow("runningMean of BatchNorm1d is a buffer");
      expect(() => nn.utils.weightNorm(new nn.LazyLinear(2))).toThrow("the shape is not known yet");
    });

    it("a spectral norm backpropagates through two calls, and its iteration ends with it", async () => {
      const layer = nn.utils.spectralNorm(new nn.Linear(2, 2, false));
      layer
        .call(ones(1, 2))
        .sub(layer.call(zeros(1, 2)))
        .sum()
        .backward();
      expect(await layer.getParameter("weight_orig").grad!.abs().sum().item()).toBeGreaterThan(0);
      nn.utils.removeSpectralNorm(layer);
      const before = await layer.weight.tolist();
      layer.call(ones(1, 2));
      expect([await layer.weight.tolist(), keys(layer)]).toEqual([before, ["weight"]]);
    });
  });

  describe("vectors", () => {
    it("hold all parameters one after the other, and let gradients through", async () => {
      const layer = new nn.Linear(1, 2);
      nn.utils.vectorToParameters(tensor([1, 2, 3, 4]), layer.parameters());
      const { weight, bias } = layer;
      expect([await weight.tolist(), await bias!.tolist()]).toEqual([
        [[1], [2]],
        [3, 4],
      ]);
      const vector = nn.utils.parametersToVector(layer.parameters());
      expect(await vector.tolist()).toEqual([1, 2, 3, 4]);
      vector.square().sum().backward();
      expect([await weight.grad!.tolist(), await bias!.grad!.tolist()]).toEqual([
        [[2], [4]],
        [6, 8],
      ]);
      expect(() => nn.utils.vectorToParameters(ones(5), layer.parameters())).toThrow("a vector of 4 elements is wanted, got 5");
      expect(() => nn.utils.vectorToParameters(ones(2, 2), layer.parameters())).toThrow(ShapeError);
    });
  });
});

describe("layers", () => {
  it("skipInit() draws nothing", async () => {
    manualSeed(1);
    const next = await rand(1).tolist();
    manualSeed(1);
    const layer = nn.utils.skipInit(nn.Linear, 2, 3, { dtype: "float64", device: "cpu" });
    expect([layer.weight.shape, layer.weight.dtype, layer.bias!.requiresGrad]).toEqual([[3, 2], "float64", true]);
    expect(await rand(1).tolist()).toEqual(next);
    expect(() => nn.utils.skipInit(nn.Conv2d, 0, 1, 1)).toThrow("inChannels must be");
    expect(await new nn.Linear(3, 1).weight.abs().sum().item()).toBeGreaterThan(0);
  });

  it("fuse*() refuse layers that train, and norms without statistics", () => {
    const [linear, norm] = [new nn.Linear(2, 2), new nn.BatchNorm1d(2)];
    expect(() => nn.utils.fuseLinearBnEval(linear, norm)).toThrow("the layers are training (eval() first)");
    const untracked = new nn.BatchNorm1d(2, { trackRunningStats: false }).eval();
    expect(() => nn.utils.fuseConvBnEval(linear.eval(), untracked)).toThrow("no running statistics");
  });
});
