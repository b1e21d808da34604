// detectAnomaly: the first operator that gives a gradient with NaN is named, with the place where it was called.
import { expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { detectAnomaly } from "../../src/autograd/mode.ts";
import { tidy } from "../../src/autograd/scope.ts";
import { GradError } from "../../src/base/errors.ts";
import { tensor } from "../../src/tensor/create.ts";
import { sync } from "../../src/tensor/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

const leaf = (data: number[]): Tensor => tensor(data, { requiresGrad: true });

onEveryDevice((device) => {
  /** What backward throws: at once on the CPU, at the next read on WebGPU. */
  const told = async (run: () => void, read: () => Promise<unknown>): Promise<unknown> => {
    if (device === "webgpu") run();
    else
      try {
        run();
      } catch (error) {
        return error;
      }
    return read().then(
      () => undefined,
      (error: unknown) => error,
    );
  };
  const bad = (): void => {
    leaf([0, 1]).sqrt().mul(0).sum().backward();
  };

  it("names the operator, its input and where it was called", async () => {
    const error = await told(
      () => detectAnomaly(bad),
      () => tensor(1).item(),
    );
    expect(error).toBeInstanceOf(GradError);
    expect((error as Error).message).toMatch(/^backward: sqrt gave its input 0 a gradient with NaN; it was called at[\s\S]*anomaly\.test/);
    expect(await tensor([1]).tolist()).toEqual([1]);
  });

  it("is told by a read of the gradient, and by sync()", async () => {
    const x = leaf([0, 1]);
    const run = (): void => detectAnomaly(() => x.sqrt().mul(0).sum().backward());
    expect(await told(run, () => x.grad!.array())).toBeInstanceOf(GradError);
    expect(await told(run, sync)).toBeInstanceOf(GradError);
  });

  it("names the first of several, and only once", async () => {
    const run = (): void => {
      detectAnomaly(() => {
        bad();
        leaf([-1]).log().mul(0).div(0).sum().backward();
      });
    };
    expect(((await told(run, sync)) as Error).message).toContain("sqrt");
    await expectValues(tensor([2]), [2]);
  });

  it("works inside tidy and with createGraph", async () => {
    const x = leaf([0, 1]);
    const run = (): void =>
      detectAnomaly(() => {
        tidy(() => {
          grad(x.sqrt().mul(0).sum(), x, { createGraph: true });
        });
      });
    expect(((await told(run, sync)) as Error).message).toContain("sqrt");
  });

  it("says nothing of healthy gradients, of NaN beside a view, and outside", async () => {
    const x = leaf([0, 1]);
    detectAnomaly(() => x.square().sum().backward());
    await expectValues(x.grad, [0, 2]);
    const seed = tensor([NaN, 3]).slice(0, 1);
    const y = leaf([2]);
    detectAnomaly(() => y.view(1).mul(2).backward(seed));
    await expectValues(y.grad, [6]);
    bad();
    await sync();
  });
});
