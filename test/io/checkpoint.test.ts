// Checkpoints: training that is saved, loaded elsewhere and continued gives the very numbers of training that never stopped.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArgumentError, FormatError, WengertError } from "../../src/base/errors.ts";
import { defaultGenerator, manualSeed } from "../../src/base/random.ts";
import { tensor } from "../../src/tensor/create.ts";
import { init } from "../../src/tensor/device.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/io/index.ts";
import { inspectSafetensors, loadSafetensors, saveSafetensors } from "../../src/io/index.ts";
import { Buffer, init as fill, Module, ModuleDict, Parameter } from "../../src/nn/index.ts";
import { Adam, SGD, StepLR } from "../../src/optim/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { latin1 } from "../io/files.ts";

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
function train({ model, optimizer, scheduler }: { model: Curve; optimizer: Adam | SGD; scheduler: StepLR }, steps: number): void {
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
    const group = (JSON.parse(metadata["param_groups"]!) as Record<string, unknown>[])[0]!;
    const second = (JSON.parse(metadata["param_groups"]!) as Record<string, unknown>[])[1]!;
    const random = JSON.parse(metadata["random"]!) as { words: number[] };
    const withGroup = (changes: object): string => JSON.stringify([{ ...group, ...changes }, second]);
    const withRandom = (changes: object): string => JSON.stringify({ ...random, ...changes });
    const withSchedule = (changes: object): string => JSON.stringify({ ...(JSON.parse(metadata["scheduler"]!) as object), ...changes });
    const count = (value: number): object => ({ "optimizer.state.a.step": tensor(value) });
    const squares = tensor([0, -1e-9, 1]);
    const randoms = [
      "{}", '{"words":[1]}', "null", withRandom({ words: null }), withRandom({ words: random.words.map(() => 0) }),
      withRandom({ words: random.words.map((w, i) => (i === 9 ? -1 : w)) }), withRandom({ words: random.words.map((w) => w + 0.5) }),
      withRandom({ index: 625 }), withRandom({ offset: -1 }), withRandom({ seed: "1" }), withRandom({ spareNormal: "1" }),
      withRandom({ spareNormal: null }),
    ]; // prettier-ignore
    const schedules = [
      "null", '{"_last_lr":["a"]}', withSchedule({ _last_lr: [1] }), withSchedule({ last_epoch: -2 }), withSchedule({ last_epoch: 1.5 }),
      withSchedule({ step_size: 0 }), withSchedule({ step_size: "2" }), withSchedule({ base_lrs: [1] }), withSchedule({ gamma: {} }),
    ]; // prettier-ignore
    const groups = [
      "null", "[null]", "[{}]", '[{"params":"a"}]', '[{"params":["a"]}]', withGroup({ params: ["b"] }), withGroup({ params: ["__proto__"] }),
      withGroup({ lr: null }), withGroup({ lr: "0.1" }), withGroup({ lr: -1 }), withGroup({ lr: [] }), withGroup({ maximize: {} }),
      withGroup({ amsgrad: 1 }), withGroup({ betas: [0.9] }), withGroup({ betas: [0.9, 0.99, 0.999] }), withGroup({ betas: [0.9, "0.99"] }),
      withGroup({ betas: [0.9, 1] }), withGroup({ betas: 0.9 }), withGroup({ eps: -1 }), withGroup({ initial_lr: "1" }),
    ]; // prettier-ignore
    const damaged = [
      ...[
        { "model.b": wide },
        { "optimizer.state.b.exp_avg": wide },
        { "optimizer.state.c.exp_avg": wide },
        { "optimizer.state.a.exp_avg_sq": squares },
        { "optimizer.state.a.max_exp_avg_sq": squares },
        ...[NaN, Infinity, -3, 1.5].map(count),
        { "optimizer.state.a.step": wide },
      ].map((changed) => saveSafetensors({ ...tensors, ...changed }, { metadata })),
      ...["optimizer.state.a.step", "optimizer.state.a.exp_avg", "optimizer.state.b.exp_avg_sq", "optimizer.state.a.max_exp_avg_sq"].map(
        (missing) => saveSafetensors(Object.fromEntries(Object.entries(tensors).filter(([key]) => key !== missing)), { metadata }),
      ),
      ...randoms.map((value) => ({ random: value })),
      ...schedules.map((value) => ({ scheduler: value })),
      ...groups.map((value) => ({ param_groups: value })),
      { extra: "{" },
      { extra: '{"a":{"__proto__":{"polluted":1}}}' },
      { extra: "[".repeat(101) + "]".repeat(101) },
    ].map((part) => (part instanceof Promise ? part : saveSafetensors(tensors, { metadata: { ...metadata, ...part } })));
    for (const file of await Promise.all(damaged)) {
      expect(() => loadCheckpoint(file, training)).toThrow(WengertError);
      expect(await all()).toEqual(before);
    }
  });

  it("holds one moment, though training goes on before it is awaited", async () => {
    manualSeed(4);
    const training = start();
    train(training, 2);
    const calm = await saveCheckpoint(training);
    const torn = saveCheckpoint(training);
    const weights = saveSafetensors(training.model.stateDict());
    train(training, 3);
    expect(await torn).toEqual(calm);
    const { a, b } = loadSafetensors(await weights);
    const kept = loadSafetensors(calm);
    expect([await a!.tolist(), await b!.tolist()]).toEqual([await kept["model.a"]!.tolist(), await kept["model.b"]!.tolist()]);
  });

  it("lets no name in a file reach an object's prototype", async () => {
    const training = start();
    train(training, 1);
    const bytes = await saveCheckpoint(training);
    const { metadata } = inspectSafetensors(bytes);
    // The writer refuses the name, so it is put in place of one as long.
    const tensors = { ...loadSafetensors(bytes), "optimizer.state.a_pro_to_.requiredLimits": tensor([1]) };
    const hostile = latin1(String.fromCharCode(...(await saveSafetensors(tensors, { metadata }))).replace("a_pro_to_", "__proto__"));
    expect(() => loadCheckpoint(hostile, training)).toThrow(FormatError);
    expect(() => loadCheckpoint(hostile, training)).toThrow('the name "optimizer.state.__proto__.requiredLimits" is not allowed');
    for (const key of ["constructor.name", "a.__proto__", "toString.call", "constructor.prototype.x"]) {
      const file = saveSafetensors({ ...loadSafetensors(bytes), [`optimizer.state.${key}`]: tensor([1]) }, { metadata });
      await expect(
        file.then((f) => loadCheckpoint(f, training)),
        key,
      ).rejects.toThrow(WengertError);
    }
    expect("requiredLimits" in {}).toBe(false);
    expect(Object.getOwnPropertyNames(Object.prototype).filter((name) => /^(x|name|call|requiredLimits)$/.test(name))).toEqual([]);
  });

  it("takes what a diverged training leaves behind", async () => {
    const training = start();
    train(training, 1);
    const bytes = await saveCheckpoint(training);
    const odd = { "optimizer.state.a.exp_avg": tensor([NaN, Infinity, -1]), "optimizer.state.a.exp_avg_sq": tensor([NaN, Infinity, 0]) };
    const file = await saveSafetensors({ ...loadSafetensors(bytes), ...odd }, { metadata: inspectSafetensors(bytes).metadata });
    loadCheckpoint(file, training);
    expect(await training.optimizer.state.get(training.model.a)!.exp_avg_sq.tolist()).toEqual([NaN, Infinity, 0]);
  });
});

describe("several optimisers", () => {
  /** Two networks that are trained in turn, as a generator and its judge. */
  const pair = () => {
    const [g, d] = [new Curve(), new Curve()];
    const optimizer = { g: new Adam(g.parameters(), { lr: 0.1 }), d: new SGD(d.parameters(), { lr: 0.01, momentum: 0.9 }) };
    const scheduler = { g: new StepLR(optimizer.g, 2), d: new StepLR(optimizer.d, 3) };
    return { model: new ModuleDict({ g, d }), optimizer, scheduler };
  };
  function play({ model, optimizer, scheduler }: ReturnType<typeof pair>, steps: number): void {
    for (let i = 0; i < steps; i++)
      for (const name of ["g", "d"] as const)
        train({ model: model.get(name) as Curve, optimizer: optimizer[name], scheduler: scheduler[name] }, 1);
  }

  it("continue as if training had never stopped", async () => {
    manualSeed(7);
    const whole = pair();
    play(whole, 3);
    const bytes = await saveCheckpoint(whole, { extra: { epoch: 3 } });
    play(whole, 4);
    manualSeed(99);
    const resumed = pair();
    expect(loadCheckpoint(bytes, resumed)).toEqual({ epoch: 3 });
    play(resumed, 4);
    for (const [key, value] of Object.entries(resumed.model.stateDict()))
      expect(await value.tolist()).toEqual(await whole.model.stateDict()[key]!.tolist());
    for (const name of ["g", "d"] as const) expect(resumed.scheduler[name].getLastLr()).toEqual(whole.scheduler[name].getLastLr());
    expect(inspectSafetensors(bytes).tensors.map((t) => t.name)).toEqual(
      expect.arrayContaining(["model.g.a", "optimizers.g.state.g.a.exp_avg", "optimizers.d.state.d.b.momentum_buffer"]),
    );
  });

  it("are found by their names, and by no others", async () => {
    const training = pair();
    play(training, 1);
    const { model, optimizer, scheduler } = training;
    const file = await saveCheckpoint(training);
    const one = await saveCheckpoint({ model, optimizer: optimizer.g, scheduler: scheduler.g });
    expect(loadCheckpoint(file, { model, optimizer: { d: optimizer.d } })).toBeNull();
    expect(() => loadCheckpoint(file, { model, optimizer: { other: optimizer.d } })).toThrow("no optimizer other in the file");
    expect(() => loadCheckpoint(file, { model, optimizer: optimizer.g })).toThrow("no optimizer in the file");
    expect(() => loadCheckpoint(one, { model, optimizer })).toThrow("no optimizer g in the file");
    expect(() => loadCheckpoint(file, { model, scheduler: scheduler.g })).toThrow("no schedule in the file");
    expect(() => loadCheckpoint(one, { model, scheduler })).toThrow("no schedule g in the file");
    expect(() => loadCheckpoint(file, { model, scheduler: { constructor: scheduler.g } as never })).toThrow(
      "no schedule constructor in the file",
    );
    expect(() => loadCheckpoint(file, { model, optimizer: { g: optimizer.d, d: optimizer.g } })).toThrow(WengertError);
  });

  it.each([
    [{ "g.x": 3 }, 'no optimizer can be named "g.x" (names are not empty and hold no dot)'],
    [{ "": 3 }, 'no optimizer can be named ""'],
    [{ g: 3 }, "optimizer g must have a state, got 3"],
    [3, "optimizer must be one, or several by name, got 3"],
    [[{}], "optimizer must be one, or several by name, got [an object]"],
  ])("refuses %j", async (optimizer, message) => {
    const training = { model: pair().model, optimizer: optimizer as never };
    await expect(saveCheckpoint(training)).rejects.toThrow(ArgumentError);
    await expect(saveCheckpoint(training)).rejects.toThrow(message);
    expect(() => loadCheckpoint(new Uint8Array(), training)).toThrow(message);
  });
});

describe("saveCheckpoint", () => {
  it("refuses an extra that would not come back as it was", async () => {
    const training = start();
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const bad: [unknown, string][] = [
      [{ best: Infinity }, "saveCheckpoint: extra holds Infinity as best (only what JSON can hold)"],
      [NaN, "extra holds NaN as extra"],
      [{ n: 1n }, "extra holds 1 as n"],
      [cycle, "extra holds a cycle"],
      [JSON.parse('{"__proto__":1}'), "extra holds the name __proto__"],
    ];
    for (const [extra, message] of bad) {
      await expect(saveCheckpoint(training, { extra }), message).rejects.toThrow(ArgumentError);
      await expect(saveCheckpoint(training, { extra })).rejects.toThrow(message);
    }
    const fine = { best: null, text: 'quo"te\\[', nested: [[{ a: [true, 1e300] }]] };
    expect(loadCheckpoint(await saveCheckpoint(training, { extra: fine }), training)).toEqual(fine);
  });
});
