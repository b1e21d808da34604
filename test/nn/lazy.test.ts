// Lazy layers before their first call: state dicts, devices, optimisers, and what they refuse. What they compute: reparametrized.test.ts.
import { describe, expect, it } from "vitest";
import { ArgumentError, FormatError, ShapeError } from "../../src/base/errors.ts";
import { manualSeed } from "../../src/base/random.ts";
import * as nn from "../../src/nn/index.ts";
import { Adam, SGD } from "../../src/optim/index.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import { onEveryDevice } from "../devices.ts";

onEveryDevice((device) => {
  describe("lazy layers", () => {
    it("have parameters without a shape, which become ordinary ones and stay the same objects", async () => {
      // With weights that leave none of them without a gradient.
      manualSeed(0);
      const model = new nn.Sequential(new nn.LazyLinear(3), new nn.ReLU(), new nn.LazyBatchNorm1d(), new nn.LazyLinear(1, false));
      const parameters = [...model.parameters()];
      expect(parameters.map(String)).toEqual(new Array(5).fill("<UninitializedParameter>"));
      expect([...model.namedBuffers()].map(([name, b]) => `${name} ${b instanceof nn.UninitializedBuffer}`)).toEqual([
        "2.running_mean true",
        "2.running_var true",
        "2.num_batches_tracked false",
      ]);
      const optimizer = new Adam(parameters, { lr: 0.1 });
      optimizer.step();
      optimizer.zeroGrad(false);
      model
        .call(
          tensor([
            [1, 2],
            [3, 5],
            [-4, 7],
          ]),
        )
        .square()
        .sum()
        .backward();
      expect([...model.parameters()].every((p, i) => p === parameters[i])).toBe(true);
      expect(parameters.map((p) => [p.shape, p.constructor])).toEqual(
        [[3, 2], [3], [3], [3], [1, 3]].map((shape) => [shape, nn.Parameter]),
      );
      expect(model.getBuffer("2.running_var")).not.toBeInstanceOf(nn.UninitializedBuffer);
      const before = await parameters[3]!.tolist();
      optimizer.step();
      expect(await parameters[3]!.tolist()).not.toEqual(before);
      expect([...model].map((m) => m.constructor)).toEqual([nn.Linear, nn.ReLU, nn.BatchNorm1d, nn.Linear]);
      expect((model[0] as nn.Linear).inFeatures).toBe(2);
    });

    it("save and load, initialised or not", async () => {
      const [full, lazy, other] = [new nn.LazyLinear(2), new nn.LazyLinear(2), new nn.LazyLinear(2)];
      const empty = lazy.stateDict();
      expect([Object.keys(empty), empty["weight"] === lazy.weight]).toEqual([["weight", "bias"], true]);
      full.call(ones(1, 3));
      expect(() => full.loadStateDict(empty)).toThrow("the shape is not known yet (call the module with a batch first)");
      expect(() => lazy.loadStateDict({ weight: ones(2, 3) })).toThrow(FormatError);
      expect(lazy.hasUninitializedParams()).toBe(true);
      expect(other.loadStateDict(empty)).toEqual({ missingKeys: [], unexpectedKeys: [] });
      expect(other.hasUninitializedParams()).toBe(true);
      lazy.loadStateDict(full.stateDict());
      expect([lazy.hasUninitializedParams(), String(lazy)]).toEqual([false, "LazyLinear(in_features=0, out_features=2, bias=True)"]);
      // What was loaded is not drawn anew.
      expect(await lazy.call(ones(1, 3)).tolist()).toEqual(await full.call(ones(1, 3)).tolist());
      expect(String(lazy)).toBe("Linear(in_features=3, out_features=2, bias=True)");
    });

    it("move, and are made where they have moved to", async () => {
      const layer = new nn.LazyConv1d(2, 2);
      layer.weight.requiresGrad_(false);
      await layer.cpu();
      layer.double().apply((m) => expect(m).toBe(layer));
      layer.zeroGrad();
      layer.call(ones([1, 3, 4], { dtype: "float64", device: "cpu" }));
      expect([layer.weight.dtype, layer.weight.device.type, layer.weight.requiresGrad]).toEqual(["float64", "cpu", false]);
      const moved = new nn.LazyLinear(1, { device: "cpu" }).to(device);
      expect(moved.call(ones(1, 1)).device.type).toBe(device);
    });

    it("refuse batches that do not fit, and reading a shape", () => {
      const conv = new nn.LazyConv2d(4, 3, { groups: 2 });
      expect(() => conv.call(zeros(2, 3))).toThrow("LazyConv2d: needs 3 or 4 dimensions, got [2, 3]");
      expect(() => conv.call(zeros(1, 3, 5, 5))).toThrow("LazyConv2d: 3 channels do not divide into 2 groups");
      expect(conv.hasUninitializedParams()).toBe(true);
      conv.resetParameters();
      expect(() => conv.weight.shape).toThrow(ShapeError);
      expect(() => conv.weight.add(1)).toThrow("add: the shape is not known yet");
      expect(() => new nn.LazyLinear(1).call(tensor(1))).toThrow("LazyLinear: needs at least 1 dimensions");
      expect(() => new nn.LazyBatchNorm2d().call(zeros(2))).toThrow("LazyBatchNorm2d: needs at least 2 dimensions");
      expect(() => new nn.LazyConv2d(0, 3)).toThrow(ArgumentError);
      expect(() => new nn.Conv2d(0, 1, 3)).toThrow("inChannels must be an integer of at least 1, got 0");
    });

    it("a parameter of one's own waits for its shape, too", async () => {
      class Scale extends nn.Module {
        factor = new nn.UninitializedParameter({ dtype: "float32" });
        seen = new nn.UninitializedBuffer();
      }
      const model = new Scale();
      const optimizer = new SGD(model.parameters(), { lr: 1 });
      model.factor.materialize([2]);
      model.seen.materialize([1]);
      expect([model.factor instanceof nn.UninitializedParameter, model.seen instanceof nn.Buffer]).toEqual([false, true]);
      model.factor.mul(3).sum().backward();
      optimizer.step();
      expect(await model.factor.tolist()).toEqual([-3, -3]);
      expect(Object.keys(model.stateDict())).toEqual(["factor", "seen"]);
    });
  });
});
