// Copies of modules, and members by path.
import { describe, expect, it } from "vitest";
import { ArgumentError, GradError } from "../../src/base/errors.ts";
import * as nn from "../../src/nn/index.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { onEveryDevice } from "../devices.ts";

onEveryDevice(() => {
  describe("clone", () => {
    class Net extends nn.Module {
      first = new nn.Linear(2, 2);
      second = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2), new nn.Dropout(0.25));
      table = new nn.ModuleDict({ fc: new nn.Linear(1, 1) });
      scratch = new nn.Buffer(zeros(1), { persistent: false });
      settings = { depth: 3, names: ["a", "b"], seen: new Map([["x", new Set([1])]]), plain: tensor([5]), late: null as nn.Module | null };
      twice: nn.Parameter;
      itself: unknown = null;
      square = (x: Tensor): Tensor => x.square();
      constructor() {
        super();
        this.twice = this.first.weight;
        (this.second[0] as nn.Linear).weight = this.first.weight;
        this.settings.late = this.first;
        this.settings.names.push("c");
      }
      override forward(x: Tensor): Tensor {
        return this.square(this.second.call(this.first.call(x)));
      }
    }

    it("has parameters, buffers, modes and attributes of its own, and shares within itself what was shared", async () => {
      const net = new Net();
      net.first.bias!.requiresGrad_(false);
      net.second.eval();
      net.call(ones(3, 2)).sum().backward();
      const copy = net.clone();
      expect(copy).toBeInstanceOf(Net);
      expect(String(copy)).toBe(String(net));
      const [theirs, own] = [net.stateDict(), copy.stateDict()];
      expect(Object.keys(own)).toEqual(Object.keys(theirs));
      for (const [key, value] of Object.entries(own)) expect(await value.tolist()).toEqual(await theirs[key]!.tolist());
      const before = [...net.parameters()];
      const after = [...copy.parameters()];
      expect(after.length).toBe(before.length);
      for (const [i, p] of after.entries()) {
        expect(p).not.toBe(before[i]);
        expect([p instanceof nn.Parameter, p.requiresGrad, p.grad]).toEqual([true, before[i]!.requiresGrad, null]);
      }
      expect([copy.twice === copy.first.weight, (copy.second[0] as nn.Linear).weight === copy.twice]).toEqual([true, true]);
      expect([...copy.modules()].map((m) => m.training)).toEqual([...net.modules()].map((m) => m.training));
      expect([...copy.namedBuffers()].map(([name]) => name)).toEqual([...net.namedBuffers()].map(([name]) => name));
      expect([copy.settings.depth, copy.settings.names, copy.settings.seen.get("x")]).toEqual([3, ["a", "b", "c"], new Set([1])]);
      expect([copy.settings.late === copy.first, copy.square === net.square]).toEqual([true, true]);
      // Neither sees what becomes of the other.
      copy.settings.names.pop();
      copy.settings.plain.add_(1);
      copy.loadStateDict(Object.fromEntries(Object.entries(own).map(([key, v]) => [key, v.mul(0)])));
      copy.table.pop("fc");
      expect([net.settings.names.length, await net.settings.plain.tolist(), net.table.length]).toEqual([3, [5], 1]);
      expect(await net.first.weight.abs().sum().item()).toBeGreaterThan(0);
      copy.train().call(ones(3, 2)).sum().backward();
      expect(await copy.second[1]!.getBuffer("num_batches_tracked").item()).toBe(1);
      expect(await net.second[1]!.getBuffer("num_batches_tracked").item()).toBe(0);
      expect(() => (copy.first.weight = ones(2, 2) as never)).toThrow("cannot assign a tensor as parameter 'weight'");
    });

    it("keeps hooks, which are taken off each for itself", async () => {
      const net = new nn.Linear(1, 1);
      const seen: nn.Module[] = [];
      const handle = net.registerForwardHook((module) => void seen.push(module));
      const copy = net.clone();
      handle.remove();
      net.call(ones(1, 1));
      copy.call(ones(1, 1));
      expect(seen).toEqual([copy]);
    });

    it("of a module that holds itself ends, of a tensor with a history is refused", () => {
      const net = new nn.Module() as nn.Module & { list: unknown[]; made: Tensor };
      net.list = [net];
      const copy = net.clone();
      expect(copy.list[0]).toBe(copy);
      net.made = ones(1).requiresGrad_().mul(2);
      expect(() => net.clone()).toThrow(GradError);
      expect(() => net.clone()).toThrow("clone: a tensor in a property was computed with gradients (detach() it)");
    });
  });
});

describe("members by path", () => {
  class Net extends nn.Module {
    features = new nn.Sequential(new nn.Linear(1, 1), new nn.BatchNorm1d(1));
    scale = new nn.Parameter(ones(1));
  }
  it("are found as they are named", () => {
    const net = new Net();
    expect(net.getSubmodule("")).toBe(net);
    for (const [name, module] of net.namedModules()) expect(net.getSubmodule(name)).toBe(module);
    for (const [name, parameter] of net.namedParameters()) expect(net.getParameter(name)).toBe(parameter);
    for (const [name, buffer] of net.namedBuffers()) expect(net.getBuffer(name)).toBe(buffer);
    expect(() => net.getSubmodule("features.3")).toThrow("getSubmodule: Sequential has no child module 3 (looked for features.3)");
    expect(() => net.getSubmodule("scale")).toThrow("Net has no child module scale");
    expect(() => net.getParameter("features.1.running_mean")).toThrow("BatchNorm1d has no parameter running_mean");
    expect(() => net.getBuffer("scale.x")).toThrow(ArgumentError);
  });

  it("registerModule() and addModule() put modules into properties", () => {
    const net = new nn.Module();
    net.registerModule("fc", new nn.Linear(1, 1, false));
    net.addModule("act", new nn.ReLU());
    net.addModule("late", null);
    expect([...net.namedModules()].map(([name]) => name)).toEqual(["", "fc", "act"]);
    net.registerModule("fc", new nn.Identity());
    expect(Object.keys(net.stateDict())).toEqual([]);
    expect(() => net.registerModule("x", ones(1) as never)).toThrow("registerModule: x is object, not a Module");
    expect(() => net.registerModule("training", new nn.ReLU())).toThrow("already has a property training");
    expect(() => net.addModule("a.b", new nn.ReLU())).toThrow("the name a.b is not allowed");
  });

  it("what was deleted may come back as something else", () => {
    const net = new nn.Linear(1, 1) as nn.Linear & { weight: unknown };
    expect([...net.parameters()].length).toBe(2);
    delete (net as { weight?: unknown }).weight;
    expect(Object.keys(net.stateDict())).toEqual(["bias"]);
    net.weight = ones(1, 1) as never;
    expect(Object.keys(net.stateDict())).toEqual(["bias"]);
    delete (net as { weight?: unknown }).weight;
    net.weight = new nn.Parameter(ones(1, 1));
    expect(Object.keys(net.stateDict())).toEqual(["bias", "weight"]);
    expect(() => (net.weight = ones(1, 1) as never)).toThrow("as parameter 'weight'");
  });
});
