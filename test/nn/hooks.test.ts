// Hooks of all modules.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArgumentError, DtypeError } from "../../src/base/errors.ts";
import * as nn from "../../src/nn/index.ts";
import { tensor } from "../../src/tensor/create.ts";
import { init } from "../../src/tensor/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

class Affine extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x.mul(tensor([2, 3])).add(tensor([10, 20]));
  }
}

describe.each(["cpu", "webgpu"] as const)("hooks of all modules on %s", (device) => {
  beforeAll(async () => expect((await init({ device })).device).toBe(device));
  afterAll(async () => void (await init({ device: "cpu" })));

  it("run before a module's own, until they are removed", async () => {
    const model = new nn.Sequential(new Affine(), new nn.Tanh());
    const log: string[] = [];
    const told =
      (what: string) =>
      (module: nn.Module): void =>
        void log.push(`${what} ${module.constructor.name}`);
    const handles = [
      model.registerForwardPreHook(told("own before")),
      model.registerForwardHook(told("own after")),
      model.registerFullBackwardHook(told("own backward")),
      nn.registerModuleForwardPreHook(told("before")),
      nn.registerModuleForwardHook(told("after")),
      nn.registerModuleFullBackwardHook(told("backward")),
    ];
    const x = tensor([1, 1], { requiresGrad: true });
    model.call(x).sum().backward();
    const inside = ["before Affine", "after Affine", "before Tanh", "after Tanh"];
    expect(log.slice(0, 8)).toEqual(["before Sequential", "own before Sequential", ...inside, "after Sequential", "own after Sequential"]);
    expect(log.slice(8)).toEqual(["backward Tanh", "backward Affine", "backward Sequential", "own backward Sequential"]);
    for (const h of handles) h.remove();
    model.call(x).sum().backward();
    expect(log.length).toBe(12);
  });

  it("give what they return", async () => {
    const model = new Affine();
    const handles = [
      nn.registerModuleForwardPreHook((_m, args) => [(args[0] as Tensor).add(1)]),
      nn.registerModuleForwardHook((_m, _args, output) => (output as Tensor).neg()),
      nn.registerModuleFullBackwardHook((_m, gradInput) => gradInput.map((g) => g?.mul(10))),
    ];
    const x = tensor([0, 0], { requiresGrad: true });
    try {
      const y = model.call(x);
      expect(await y.tolist()).toEqual([-12, -23]);
      y.sum().backward();
      expect(await x.grad!.tolist()).toEqual([-20, -30]);
    } finally {
      for (const h of handles) h.remove();
    }
    expect(await model.call(x).tolist()).toEqual([10, 20]);
  });

  it("are functions, and one each", () => {
    for (const register of [nn.registerModuleForwardPreHook, nn.registerModuleForwardHook, nn.registerModuleFullBackwardHook]) {
      expect(() => register(3 as never)).toThrow(DtypeError);
      expect(() => (register as (...args: unknown[]) => unknown)(() => undefined, 1)).toThrow(ArgumentError);
    }
  });
});
