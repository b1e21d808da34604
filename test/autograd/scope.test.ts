// tidy() and the modes: what happens to tensors from outside, and to functions that cannot be served.
import { describe, expect, it, vi } from "vitest";
import { Function, type Context } from "../../src/autograd/function.ts";
import { detectAnomaly, enableGrad, noGrad, setGradEnabled } from "../../src/autograd/mode.ts";
import { tidy } from "../../src/autograd/scope.ts";
import { ArgumentError } from "../../src/base/errors.ts";
import { tensor } from "../../src/tensor/create.ts";
import { memory } from "../../src/tensor/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

class Tripled extends Function {
  static forward(ctx: Context, x: Tensor): Tensor {
    ctx.markDirty(x);
    return x.mul_(3);
  }
  static backward(_ctx: Context, g: Tensor): Tensor {
    return g.mul(3);
  }
}

onEveryDevice((device) => {
  describe("in place inside tidy, on a tensor from outside", () => {
    const scaled = (): { x: Tensor; y: Tensor } => {
      const x = tensor([1, 2], { requiresGrad: true });
      return { x, y: x.mul(2) };
    };

    it.each<[string, (y: Tensor) => unknown, number[]]>([
      ["mul_ by a number", (y) => y.mul_(3), [6, 6]],
      ["mul_ by a tensor made there", (y) => y.mul_(tensor([3, 5])), [6, 10]],
      ["a rule that reads its result", (y) => y.sigmoid_(), [0.2099872, 0.0353254]],
      ["through a view", (y) => y.view(2, 1).mul_(tensor([[3], [5]])), [6, 10]],
      ["a part through a view", (y) => y.slice(0, 0, 1).mul_(tensor([3])), [6, 2]],
      ["copy_ of what was made there", (y) => y.copy_(y.add(tensor([3, 5]))), [2, 2]],
      ["a Function that marks it dirty", (y) => Tripled.apply(y), [6, 6]],
      ["inside a tidy inside", (y) => tidy(() => void y.mul_(tensor([3, 5]))), [6, 10]],
      ["twice", (y) => (y.mul_(tensor([3, 5])), y.mul_(tensor([2, 2]))), [12, 20]],
    ])("%s: its history survives", async (_what, write, expected) => {
      const { x, y } = scaled();
      tidy(() => {
        write(y);
      });
      y.sum().backward();
      await expectValues(x.grad, expected);
    });

    it("a tensor of an outer tidy goes with that one", async () => {
      const x = tensor([1, 2], { requiresGrad: true });
      const before = memory();
      tidy(() => {
        const y = x.mul(2);
        tidy(() => {
          y.mul_(tensor([3, 5]));
        });
      });
      if (device === "webgpu") expect(memory().gpuBytes).toBe(before.gpuBytes);
      const y = tidy(() => {
        const inner = x.mul(2);
        tidy(() => {
          inner.mul_(tensor([3, 5]));
        });
        return inner;
      });
      y.sum().backward();
      await expectValues(x.grad, [6, 10]);
    });
  });

  it.each<[string, (fn: () => unknown) => unknown]>([
    ["tidy", tidy],
    ["noGrad", noGrad],
    ["enableGrad", enableGrad],
    ["detectAnomaly", detectAnomaly],
    ["setGradEnabled", (fn) => setGradEnabled(false, fn)],
  ])("%s refuses an async function, whose own failure is no unhandled rejection", async (name, mode) => {
    const unhandled = vi.fn<(event?: unknown) => void>();
    const page = globalThis as unknown as Partial<Window>;
    if (page.addEventListener) page.addEventListener("unhandledrejection", unhandled);
    else process.on("unhandledRejection", unhandled);
    const failing = async (): Promise<never> => {
      await Promise.resolve();
      throw new Error("late");
    };
    expect(() => mode(failing)).toThrow(ArgumentError);
    expect(() => mode(failing)).toThrow(`${name}: the function returned a promise`);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(unhandled).not.toHaveBeenCalled();
    if (page.removeEventListener) page.removeEventListener("unhandledrejection", unhandled);
    else process.off("unhandledRejection", unhandled);
  });
});
