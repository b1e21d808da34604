// Steps and state dicts are taken whole or not at all: whatever is wrong, parameters, moments, counters and options stay as they were.
import { describe, expect, it } from "vitest";
import { ArgumentError, FormatError, ShapeError, WengertError } from "../../src/base/errors.ts";
import { tensor } from "../../src/tensor/create.ts";
import { init } from "../../src/tensor/device.ts";
import { Linear } from "../../src/nn/index.ts";
import { Adam, AdamW, Optimizer, type OptimizerStateDict, SGD } from "../../src/optim/index.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

type Any = Optimizer<{ lr: number }, { step?: number; [name: string]: Tensor | number | undefined }>;
type Make = (params: Tensor[]) => Any;
const makers: readonly [string, Make][] = [
  ["SGD", ([a, b, c]) => new SGD([{ params: [a!, b!] }, { params: [c!], lr: 0.5 }], { lr: 0.1, momentum: 0.9 }) as unknown as Any],
  ["Adam", ([a, b, c]) => new Adam([{ params: [a!, b!] }, { params: [c!], lr: 0.5 }], { lr: 0.1, amsgrad: true }) as unknown as Any],
  ["AdamW", ([a, b, c]) => new AdamW([{ params: [a!] }, { params: [b!, c!], lr: 0.5 }], { lr: 0.1 }) as unknown as Any],
];

const starts = (): Tensor[] => [[1, 2], [3], [4, 5, 6]].map((values) => tensor(values, { requiresGrad: true }));
const give = (params: readonly Tensor[], value: number): void =>
  params.forEach((p, k) => (p.grad = tensor(new Float32Array(p.numel()).fill(value + k))));
/** A training that has made two steps, and what it consists of. */
function begun(make: Make): { params: Tensor[]; optimizer: Any; all: () => Promise<unknown> } {
  const params = starts();
  const optimizer = make(params);
  for (const value of [1, 2]) {
    give(params, value);
    optimizer.step();
  }
  const all = async (): Promise<unknown> => ({
    params: await Promise.all(params.map((p) => p.tolist())),
    versions: params.map((p) => p.storage.version),
    options: optimizer.paramGroups.map(({ params: _params, ...options }) => ({ ...options })),
    state: await Promise.all(
      params.map(async (p) => {
        const entries = Object.entries(optimizer.state.get(p)!);
        return Promise.all(entries.map(async ([name, v]) => [name, v instanceof Tensor ? await v.tolist() : v]));
      }),
    ),
  });
  return { params, optimizer, all };
}

onEveryDevice((device) => {
  describe.each(makers)("%s", (name, make) => {
    const moment = name === "SGD" ? "momentum_buffer" : "exp_avg";
    /** What is wrong, how it comes about, and how it is mended. */
    const faults: readonly [string, (o: Any, p: Tensor[]) => () => void, string][] = [
      ["a state of another shape", (o, p) => put(o, p[2]!, moment, tensor([1, 2])), `${moment} of parameter`],
      ["a state that is no tensor", (o, p) => put(o, p[2]!, moment, "x" as unknown as Tensor), "not a tensor"],
      ["a rate in quotes", (o) => putOption(o, "lr", "0.1"), 'lr must be a number, got "0.1"'],
      ["a rate of null", (o) => putOption(o, "lr", null), "lr must be a number, got null"],
      ["a rate of NaN", (o) => putOption(o, "lr", NaN), "lr must be a number, got NaN"],
      ["a flag that is an object", (o) => putOption(o, "maximize", {}), "maximize must be a boolean"],
      [
        "a gradient that was given back",
        (_, p) => {
          const grad = p[2]!.grad!;
          const gone = tensor([1, 1, 1]);
          p[2]!.grad = gone;
          gone.dispose();
          return () => (p[2]!.grad = grad);
        },
        "released",
      ],
      ...(name === "SGD"
        ? []
        : ([
            ["a count of NaN", (o, p) => put(o, p[2]!, "step", NaN), "is NaN, not a whole number"],
            ["a negative count", (o, p) => put(o, p[2]!, "step", -1), "is -1, not a whole number"],
            ["betas that are no pair", (o) => putOption(o, "betas", [0.9]), "betas must be a list of 2"],
          ] as [string, (o: Any, p: Tensor[]) => () => void, string][])),
    ];
    const put = (o: Any, p: Tensor, key: string, value: Tensor | number): (() => void) => {
      const state = o.state.get(p)!;
      const before = state[key];
      state[key] = value;
      return () => (state[key] = before);
    };
    const putOption = (o: Any, key: string, value: unknown): (() => void) => {
      const group = o.paramGroups[1] as Record<string, unknown>;
      const before = group[key];
      group[key] = value;
      return () => (group[key] = before);
    };

    it.each(faults)("step() with %s in the last group changes nothing, and goes on when that is mended", async (_, spoil, message) => {
      const { params, optimizer, all } = begun(make);
      const before = await all();
      give(params, 3);
      const mend = spoil(optimizer, params);
      const step = (): unknown => optimizer.step();
      expect(step).toThrow(WengertError);
      expect(step).toThrow(message);
      mend();
      expect(await all()).toEqual(before);
      optimizer.step();
      const whole = begun(make);
      give(whole.params, 3);
      whole.optimizer.step();
      expect(await all()).toEqual(await whole.all());
    });

    it("step() changes nothing when the closure throws, or is asynchronous", async () => {
      const { optimizer, all } = begun(make);
      const before = await all();
      const failing = (): never => {
        throw new RangeError("of the closure");
      };
      expect(() => optimizer.step(failing)).toThrow(RangeError);
      expect(() => optimizer.step(async () => 1)).toThrow("step: the function returned a promise");
      expect(await all()).toEqual(before);
    });

    const dicts: readonly [string, (d: OptimizerStateDict) => unknown, string][] = [
      ["parameters named twice", (d) => ({ ...d, param_groups: d.param_groups.map((g) => ({ ...g, params: (g["params"] as []).map(() => 0) })) }), "parameter 0 appears twice"],
      ["a rate of null", (d) => groups(d, { lr: null }), "lr must be a number, got null"],
      ["a rate in quotes", (d) => groups(d, { lr: "0.1" }), 'lr must be a number, got "0.1"'],
      ["a negative rate", (d) => groups(d, { lr: -1 }), "lr must not be negative"],
      ["a flag that is an object", (d) => groups(d, { maximize: {} }), "maximize must be a boolean, got an object"],
      ["a first rate in quotes", (d) => groups(d, { initial_lr: "1" }), "initialLr must be a number"],
      ["a moment of another shape", (d) => entry(d, { [moment]: tensor([[1]]) }), "does not fit"],
      ["a moment that is text", (d) => entry(d, { [moment]: "1" }), `${moment} of parameter 0 is string, not a tensor`],
      ["a state of a stranger", (d) => ({ ...d, state: { ...d.state, 9: d.state["0"] } }), "parameter 9 is in no group"],
      ...(name === "SGD"
        ? []
        : ([
            ["a count of NaN", (d) => entry(d, { step: tensor(NaN, { device: "cpu" }) }), "step of parameter 0 is NaN, not a whole number"],
            ["a count of −3", (d) => entry(d, { step: -3 }), "step of parameter 0 is -3, not a whole number"],
            ["a count of 1.5", (d) => entry(d, { step: tensor([1.5], { device: "cpu" }) }), "is 1.5, not a whole number"],
            ["a count of two numbers", (d) => entry(d, { step: tensor([1, 2]) }), "step of parameter 0 cannot be read"],
            ["no count", (d) => entry(d, { step: undefined }), "parameter 0 has no step"],
            ["no first moments", (d) => entry(d, { exp_avg: null }), "parameter 0 has no exp_avg"],
            ["negative squares", (d) => entry(d, { exp_avg_sq: tensor([1, -1e-9], { device: "cpu" }) }), "exp_avg_sq of parameter 0 holds -"],
            ["negative squares, all alike", (d) => entry(d, { exp_avg_sq: tensor([0, 0]).filledLike(-1) }), "exp_avg_sq of parameter 0 holds -1"],
            ["one beta", (d) => groups(d, { betas: [0.9] }), "betas must be a list of 2 like [0.9, 0.999], got [0.9]"],
            ["three betas", (d) => groups(d, { betas: [0.9, 0.9, 0.9] }), "betas must be a list of 2"],
            ["betas of 1", (d) => groups(d, { betas: [1, 1] }), "betas must be two numbers in [0, 1)"],
          ] as [string, (d: OptimizerStateDict) => unknown, string][])),
    ]; // prettier-ignore
    const groups = (d: OptimizerStateDict, changes: object): object => ({
      ...d,
      param_groups: d.param_groups.map((group) => ({ ...group, ...changes })),
    });
    const entry = (d: OptimizerStateDict, changes: object): object => ({
      state: { ...d.state, 0: { ...d.state["0"], ...changes } },
      param_groups: d.param_groups.map((group) => ({ ...group, lr: 9 })),
    });
    it.each(dicts)("loadStateDict() refuses %s and changes nothing", async (_, spoil, message) => {
      const { optimizer, all } = begun(make);
      const before = await all();
      const load = (): void => optimizer.loadStateDict(spoil(optimizer.stateDict()) as OptimizerStateDict);
      expect(load).toThrow(WengertError);
      expect(load).toThrow(message);
      expect(await all()).toEqual(before);
    });
  });

  it("Adam.loadStateDict() gives names that objects have a meaning for no meaning", async () => {
    const [p] = starts();
    const adam = new Adam([p!]);
    give([p!], 1);
    adam.step();
    const dict = adam.stateDict();
    const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":1,"to_string":2,"has_own_property":3,"lr":0.25}') as object;
    adam.loadStateDict({ state: dict.state, param_groups: [{ ...dict.param_groups[0]!, ...hostile }] });
    const group = adam.paramGroups[0]!;
    expect(Object.keys(group).sort()).toEqual(["amsgrad", "betas", "eps", "lr", "maximize", "params", "weightDecay"]);
    expect([Object.getPrototypeOf(group), group.lr, "polluted" in {}]).toEqual([Object.prototype, 0.25, false]);
    const named = JSON.parse('{"0":{"__proto__":3}}') as OptimizerStateDict["state"];
    expect(() => adam.loadStateDict({ ...dict, state: named })).toThrow(FormatError);
  });

  it("Adam.loadStateDict() takes NaN and infinite moments, which a diverged training leaves behind", async () => {
    const [p] = starts();
    const adam = new Adam([p!]);
    give([p!], 1);
    adam.step();
    const { state, param_groups } = adam.stateDict();
    const odd = {
      ...state["0"],
      exp_avg: tensor([NaN, -Infinity], { device: "cpu" }),
      exp_avg_sq: tensor([Infinity, NaN], { device: "cpu" }),
    };
    adam.loadStateDict({ state: { 0: odd }, param_groups });
    await expectValues(adam.state.get(p!)!.exp_avg, [NaN, -Infinity]);
    await expectValues(adam.state.get(p!)!.exp_avg_sq, [Infinity, NaN]);
  });

  it("Adam.loadStateDict() keeps nothing of the dict but its values", async () => {
    const [p] = starts();
    const adam = new Adam([p!]);
    const dict = adam.stateDict();
    adam.loadStateDict(dict);
    (dict.param_groups[0]!["betas"] as number[])[0] = 5;
    expect(adam.paramGroups[0]!.betas).toEqual([0.9, 0.999]);
  });

  it("Adam.step() takes the state along when the model moved since", async () => {
    await init({ device: "cpu" });
    const model = new Linear(2, 1, { bias: false });
    const still = new Linear(2, 1, { bias: false });
    still.loadStateDict(model.stateDict());
    await init({ device });
    still.to(device);
    const [moving, staying] = [new Adam(model.parameters()), new Adam(still.parameters())];
    for (let i = 0; i < 3; i++) {
      model.weight.grad = model.weight.filledLike(i + 1);
      still.weight.grad = still.weight.filledLike(i + 1);
      moving.step();
      staying.step();
      if (i === 0) model.to(device);
    }
    expect(moving.state.get(model.weight)!.exp_avg.device.type).toBe(device);
    await expectValues(model.weight, [...(await still.weight.array())], 1e-6);
  });

  it("an optimizer of one's own that throws in update() leaves the counters where they were", async () => {
    class Counting extends Optimizer<{ lr: number }, { step: number }> {
      failing = false;
      constructor(params: Tensor[]) {
        super(params, { lr: 1 });
      }
      protected override check(): void {
        // Takes everything.
      }
      protected override stateNames(): readonly string[] {
        return ["step"];
      }
      protected override update(_group: unknown, ready: readonly { state: { step: number } }[]): void {
        for (const { state } of ready) state.step++;
        if (this.failing) throw new RangeError("of the update");
      }
    }
    const params = starts();
    const optimizer = new Counting(params);
    give(params, 1);
    optimizer.step();
    optimizer.failing = true;
    expect(() => optimizer.step()).toThrow(RangeError);
    expect([...optimizer.state.values()].map((s) => s.step)).toEqual([1, 1, 1]);
  });
});

describe("SGD", () => {
  it("step() refuses a gradient of another shape, and keeps no state without momentum", () => {
    const [p] = starts();
    const sgd = new SGD([p!], { lr: 0.1 });
    give([p!], 1);
    sgd.step();
    expect(sgd.stateDict().state).toEqual({});
    (p as unknown as { shape: number[] }).shape = [1, 2];
    expect(() => sgd.step()).toThrow(ShapeError);
  });

  it("refuses options of another kind when it is made", () => {
    const [p] = starts();
    for (const [options, message] of [
      [{ lr: "0.1" }, 'SGD: lr must be a number, got "0.1"'],
      [{ lr: null }, "lr must be a number, got null"],
      [{ nesterov: 1 }, "nesterov must be a boolean, got 1"],
      [{ dampening: NaN }, "dampening must be a number, got NaN"],
    ] as const) {
      const make = (): unknown => new SGD([p!], options as object);
      expect(make, message).toThrow(ArgumentError);
      expect(make).toThrow(message);
    }
  });
});
