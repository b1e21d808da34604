// Checkpoints: training that is saved, loaded elsewhere and continued gives the very numbers of training that never stopped.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FormatError, WengertError } from "../../src/base/errors.ts";
import { defaultGenerator, manualSeed } from "../../src/base/random.ts";
import { tensor } from "../../src/create.ts";
import { init } from "../../src/device.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/extra/index.ts";
import { inspectSafetensors, loadSafetensors, saveSafetensors } from "../../src/io/index.ts";
import { Buffer, init as fill, Module, Parameter } from "../../src/nn/index.ts";
import { Adam, SGD, StepLR } from "../../src/optim/index.ts";
import type { Tensor } from "../../src/tensor.ts";

class Curve extends Module {
  a = new Parameter(fill.uniform_(tensor([0, 0, 0])));
  b = new Parameter(fill.uniform_(tensor([[0, 0, 0]])));
  frozen = new Buffer(tensor([1, 2, 3]));
  override forward(x: Tensor): Tensor {
    return x.mul(this.a).add(this.b).mul(this.frozen).square().sum();
  }
}
const start = (): { model: Curve; optimizer: Adam; scheduler: StepLR } => {
  const model = new Curve();
  const optimizer = new Adam([{ params: model.a }, { params: model.b, lr: 0.5 }], { lr: 0.1, amsgrad: true });
  return { model, optimizer, scheduler: new StepLR(optimizer, 2) };
};
function train({ model, optimizer, scheduler }: ReturnType<typeof start>, steps: number): void {
  for (let i = 0; i < steps; i++) {
    optimizer.zeroGrad();
    (model.call(tensor(defaultGenerator().fillUniform(new Float32Array(3)))) as Tensor).backward();
    optimizer.step();
    scheduler.step();
  }
}

describe.each(["cpu", "webgpu"] as const)("checkpoint on %s", (device) => {
  beforeAll(async () => expect((await init({ device })).device).toBe(device));
  afterAll(async () => void (await init({ device: "cpu" })));

  it("continues as if training had never stopped", async () => {
    manualSeed(1);
    const whole = start();
    train(whole, 3);
    const bytes = await saveCheckpoint(whole, { extra: { epoch: 3 } });
    train(whole, 4);
    manualSeed(99);
    const resumed = start();
    expect(loadCheckpoint(bytes, resumed)).toEqual({ epoch: 3 });
    train(resumed, 4);
    for (const key of ["a", "b"] as const) expect(await resumed.model[key].tolist()).toEqual(await whole.model[key].tolist());
    expect(resumed.scheduler.getLastLr()).toEqual(whole.scheduler.getLastLr());
    expect(resumed.optimizer.state.get(resumed.model.a)!.step).toBe(7);
    expect(inspectSafetensors(bytes).tensors.map((t) => t.name)).toContain("optimizer.state.a.max_exp_avg_sq");
  });

  it("refuses files that do not fit and leaves the model as it was", async () => {
    const training = start();
    train(training, 1);
    const bytes = await saveCheckpoint(training);
    const before = await training.model.a.tolist();
    expect(() => loadCheckpoint(bytes.slice(0, -1), training)).toThrow(FormatError);
    const { metadata } = inspectSafetensors(bytes);
    const tensors = loadSafetensors(bytes);
    const plain = await saveSafetensors(tensors);
    expect(() => loadCheckpoint(plain, training)).toThrow("no checkpoint");
    const odd = await saveSafetensors({ ...tensors, other: tensor([1]) }, { metadata });
    expect(() => loadCheckpoint(odd, training)).toThrow("unknown entry other");
    const lonely = await saveCheckpoint({ model: training.model });
    expect(() => loadCheckpoint(lonely, training)).toThrow("no optimizer");
    expect(loadCheckpoint(lonely, { model: training.model })).toBeNull();
    await expect(saveCheckpoint({ model: training.model, optimizer: new SGD([tensor([1], { requiresGrad: true })]) })).rejects.toThrow(
      "is not the model's",
    );
    expect(await training.model.a.tolist()).toEqual(before);
  });

  it("changes nothing at all when one part does not fit", async () => {
    const training = start();
    train(training, 3);
    const bytes = await saveCheckpoint(training);
    const { metadata } = inspectSafetensors(bytes);
    const tensors = loadSafetensors(bytes);
    const { optimizer, scheduler, model } = training;
    train(training, 2);
    const all = async (): Promise<unknown> => [
      await model.a.tolist(),
      await optimizer.state.get(model.a)!.exp_avg.tolist(),
      optimizer.state.get(model.a)!.step,
      optimizer.paramGroups.map((group) => group.lr),
      scheduler.stateDict(),
      defaultGenerator().getState(),
    ];
    const before = await all();
    const wide = tensor([1, 2]);
    const damaged = [
      saveSafetensors({ ...tensors, "model.b": wide }, { metadata }),
      saveSafetensors({ ...tensors, "optimizer.state.b.exp_avg": wide }, { metadata }),
      saveSafetensors({ ...tensors, "optimizer.state.c.exp_avg": wide }, { metadata }),
      ...[
        { random: "{}" },
        { random: '{"words":[1]}' },
        { random: "null" },
        { scheduler: "null" },
        { scheduler: '{"_last_lr":["a"]}' },
      ].map((part) => saveSafetensors(tensors, { metadata: { ...metadata, ...part } })),
      ...["null", "[null]", "[{}]", '[{"params":"a"}]', '[{"params":["a"]}]'].map((groups) =>
        saveSafetensors(tensors, { metadata: { ...metadata, param_groups: groups } }),
      ),
    ];
    for (const file of await Promise.all(damaged)) {
      expect(() => loadCheckpoint(file, training)).toThrow(WengertError);
      expect(await all()).toEqual(before);
    }
  });
});
