// What another copy of the library made is told apart, and named.
import { beforeAll, describe, expect, it, vi } from "vitest";
import { backward, grad } from "../../src/autograd/engine.ts";
import { ones, tensor } from "../../src/tensor/create.ts";
import { init } from "../../src/tensor/device.ts";
import type * as wengert from "../../src/index.ts";
import { functions } from "../../src/tensor/methods.ts";
import { saveSafetensors } from "../../src/io/index.ts";
import { Linear, Module, ModuleList, Parameter, Sequential } from "../../src/nn/index.ts";
import { SGD } from "../../src/optim/index.ts";

describe("things of another copy of wengert", () => {
  let other: typeof wengert;
  beforeAll(async () => {
    await init({ device: "cpu" });
    vi.resetModules();
    other = await import("../../src/index.ts");
  });
  const foreign = (): never => other.tensor([1, 2], { requiresGrad: true }) as never;

  it.each<[string, () => unknown, string]>([
    ["an operand", () => ones(2).add(foreign()), "add: y must be a tensor, got a tensor of another copy of wengert"],
    ["self", () => functions.relu(foreign()), "got a tensor of another copy of wengert"],
    [
      "a list of operands",
      () => functions.cat([ones(2), foreign()]),
      "element 1 must be a tensor, got a tensor of another copy of wengert",
    ],
    ["backward", () => backward(foreign()), "got a tensor of another copy of wengert"],
    [
      "an input of backward",
      () => backward(ones(1, { requiresGrad: true }).sum(), null, { inputs: [foreign()] }),
      "another copy of wengert",
    ],
    [
      "an input of grad",
      () => grad(ones(1, { requiresGrad: true }).sum(), foreign()),
      "an input must be a tensor, got a tensor of another copy",
    ],
    [
      "parameters of an optimizer",
      () => new SGD([ones(1, { requiresGrad: true }), foreign()], { lr: 0.1 }),
      "parameter 1 is a tensor of another copy of wengert",
    ],
    [
      "only parameters of an optimizer",
      () => new SGD(new other.nn.Linear(2, 2).parameters() as never, { lr: 0.1 }),
      "a tensor of another copy of wengert",
    ],
    ["Parameter", () => new Parameter(foreign()), "data must be a tensor, got a tensor of another copy of wengert"],
    [
      "loadStateDict",
      () => new Linear(2, 1, false).loadStateDict({ weight: foreign() }),
      "weight is a tensor of another copy of wengert, not a tensor",
    ],
    ["registerParameter", () => new Linear(1, 1).registerParameter("p", foreign()), "p is a tensor of another copy of wengert"],
    ["Sequential", () => new Sequential(new other.nn.Linear(2, 2) as never), "0 is a module of another copy of wengert, not a Module"],
    ["ModuleList", () => new ModuleList([new other.nn.Linear(2, 2) as never]), "0 is a module of another copy of wengert"],
    ["tensor()", () => tensor(foreign()), "element 0 is a tensor of another copy of wengert"],
  ])("%s", (_what, call, message) => {
    expect(call).toThrow(message);
  });

  it("saveSafetensors", async () => {
    await expect(saveSafetensors({ x: foreign() })).rejects.toThrow("x is a tensor of another copy of wengert, not a tensor");
  });

  it("a property of a module", () => {
    class Net extends Module {
      inner = new other.nn.Linear(2, 2);
    }
    expect(() => [...new Net().parameters()]).toThrow("Net: inner is a module of another copy of wengert (load one only)");
    class Other extends Module {
      scale = foreign();
    }
    expect(() => new Other().stateDict()).toThrow("Other: scale is a tensor of another copy of wengert");
  });
});
