// Optimisers against PyTorch's own paths, state dicts, and what a step may do to memory and pipelines.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tidy } from "../../src/autograd/scope.ts";
import type { DType } from "../../src/base/dtype.ts";
import { ArgumentError, FormatError, ShapeError } from "../../src/base/errors.ts";
import { tensor } from "../../src/tensor/create.ts";
import { init, stats, sync } from "../../src/tensor/device.ts";
import { Adam, AdamW, type GroupInput, type Optimizer, type Params, SGD, type SgdOptions } from "../../src/optim/index.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { loadFixture } from "../golden/loader.ts";

interface Case {
  readonly optimiser: "SGD" | "Adam" | "AdamW";
  readonly options: Record<string, unknown>;
  readonly groups?: readonly Record<string, number>[];
  readonly path: readonly (readonly (readonly number[])[])[];
}
interface Fixture {
  readonly start: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[];
  readonly gradients: readonly (readonly (readonly number[])[])[];
  readonly cases: readonly Case[];
}
type Make = (params: Params<object>, options: object) => Optimizer;
const classes = { SGD, Adam, AdamW } as unknown as Record<string, new (...args: Parameters<Make>) => Optimizer>;
const fixture = (await loadFixture("training/optim")) as Fixture;

const starts = (dtype: DType): Tensor[] => fixture.start.map(({ shape, data }) => tensor(data, { shape, dtype, requiresGrad: true }));
const give = (params: readonly Tensor[], step: number): void =>
  params.forEach((p, k) => (p.grad = tensor(fixture.gradients[step]![k]!, { shape: p.shape, dtype: p.dtype })));
const made = ({ optimiser, options, groups }: Case, params: Tensor[]): Optimizer =>
  new classes[optimiser]!(groups ? groups.map((g, k) => ({ ...g, params: [params[k]!] })) : params, options);

async function worst(params: readonly Tensor[], expected: readonly (readonly number[])[]): Promise<number> {
  let error = 0;
  for (const [k, p] of params.entries())
    (await p.array()).forEach(
      (v, i) => (error = Math.max(error, Math.abs(v - expected[k]![i]!) / Math.max(1, Math.abs(expected[k]![i]!)))),
    );
  return error;
}

describe.each([
  { device: "cpu", dtype: "float64", bound: 1e-12 },
  { device: "cpu", dtype: "float32", bound: 3e-6 },
  { device: "webgpu", dtype: "float32", bound: 3e-6 },
] as const)("on $device in $dtype", ({ device, dtype, bound }) => {
  beforeAll(async () => expect((await init({ device })).device).toBe(device));
  afterAll(async () => void (await init({ device: "cpu" })));

  it.each(
    fixture.cases.map(
      (c) => [`${c.optimiser} ${JSON.stringify(c.options)}${c.groups ? ` groups ${JSON.stringify(c.groups)}` : ""}`, c] as const,
    ),
  )("%s follows PyTorch", async (_, c) => {
    const params = starts(dtype);
    const optimizer = made(c, params);
    for (const [step, expected] of c.path.entries()) {
      give(params, step);
      optimizer.step();
      expect(await worst(params, expected), `step ${step}`).toBeLessThan(bound);
    }
  });

  it.each(["SGD", "Adam", "AdamW"] as const)("%s goes on from a state dict as if it had never stopped", async (optimiser) => {
    const options = optimiser === "SGD" ? { lr: 0.1, momentum: 0.9 } : { lr: 0.01, amsgrad: true };
    const params = starts(dtype);
    const first = made({ optimiser, options, path: [] }, params);
    for (let step = 0; step < 4; step++) {
      give(params, step);
      first.step();
    }
    const copies = await Promise.all(params.map(async (p) => tensor(await p.array(), { shape: p.shape, requiresGrad: true })));
    const second = made({ optimiser, options: { lr: 5 }, path: [] }, copies);
    second.loadStateDict(first.stateDict());
    for (let step = 4; step < 8; step++) {
      give(params, step);
      give(copies, step);
      first.step();
      second.step();
    }
    for (const [k, p] of params.entries()) expect(await copies[k]!.tolist()).toEqual(await p.tolist());
  });

  it("steps parameters that are transposed, and gradients that are views", async () => {
    const p = tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3], dtype })
      .permute(1, 0)
      .requiresGrad_();
    p.grad = tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3], dtype }).permute(1, 0);
    const q = tensor([1, 2], { dtype, requiresGrad: true });
    q.grad = tensor([3], { dtype }).expand(2);
    new SGD([p, q], { lr: 1 }).step();
    expect(await p.tolist()).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(await q.tolist()).toEqual([-2, -1]);
  });

  it("keeps state and parameters inside tidy, and writes parameters in place", async () => {
    const params = starts(dtype);
    const memories = params.map((p) => p.storage);
    const optimizer = new Adam(params);
    const views = params.map((p) => p.detach());
    for (let step = 0; step < 3; step++)
      tidy(() => {
        give(params, step);
        optimizer.step();
        optimizer.zeroGrad();
      });
    params.forEach((p, k) => expect(p.storage).toBe(memories[k]));
    for (const [k, p] of params.entries()) {
      expect(await views[k]!.tolist()).toEqual(await p.tolist());
      expect(p.grad).toBeNull();
      expect(p.storage.version).toBe(3);
    }
    for (const state of optimizer.state.values()) expect(Object.values(state).some((v) => v instanceof Tensor && v.disposed)).toBe(false);
  });
});

describe("on WebGPU", () => {
  beforeAll(async () => expect((await init({ device: "webgpu" })).device).toBe("webgpu"));
  afterAll(async () => void (await init({ device: "cpu" })));

  it.each([
    ["Adam", { lr: 1e-3 }, 5],
    ["SGD", { lr: 0.1, momentum: 0.9 }, 5],
    ["SGD", { lr: 0.1 }, 3],
  ] as const)("%s %o updates ten parameters in %i dispatches and compiles nothing for a new rate", async (name, options, dispatches) => {
    const params = Array.from({ length: 10 }, (_, k) => tensor(new Float32Array(k + 3).fill(1), { requiresGrad: true }));
    const optimizer = new classes[name]!(params, options);
    const step = (lr: number): void => {
      optimizer.paramGroups[0]!["lr"] = lr;
      for (const p of params) p.grad = tensor(new Float32Array(p.numel()).fill(2));
      optimizer.step();
    };
    step(0.1);
    step(0.2);
    await sync();
    const before = stats();
    step(0.3);
    await sync();
    const after = stats();
    expect(after.dispatches - before.dispatches).toBe(dispatches);
    expect(after.pipelinesCreated - before.pipelinesCreated).toBe(0);
  });

  it("updates one, two, three and four plain parameters alike", async () => {
    for (const count of [1, 2, 3, 4]) {
      const params = Array.from({ length: count }, (_, k) => tensor(new Float32Array(300 * k + 5).fill(k + 1), { requiresGrad: true }));
      for (const [k, p] of params.entries()) p.grad = tensor(Float32Array.from({ length: p.numel() }, (_, i) => i + k));
      new SGD(params, { lr: 0.5 }).step();
      for (const [k, p] of params.entries())
        expect([...(await p.array())]).toEqual(Array.from({ length: p.numel() }, (_, i) => k + 1 - 0.5 * (i + k)));
    }
  });
});

describe("Optimizer", () => {
  it("lays its state dict out as PyTorch does", async () => {
    const params = starts("float64");
    const adam = new Adam(params, { lr: 0.01, betas: [0.8, 0.95], amsgrad: true });
    give(params, 0);
    adam.step();
    const { state, param_groups } = adam.stateDict();
    expect(Object.keys(state)).toEqual(["0", "1"]);
    expect(Object.keys(state["0"]!).sort()).toEqual(["exp_avg", "exp_avg_sq", "max_exp_avg_sq", "step"]);
    expect(await (state["0"]!["step"] as Tensor).item()).toBe(1);
    expect(param_groups).toEqual([
      { lr: 0.01, betas: [0.8, 0.95], eps: 1e-8, weight_decay: 0, amsgrad: true, maximize: false, params: [0, 1] },
    ]);
    const sgd = new SGD(params, { momentum: 0.9 });
    sgd.step();
    expect(Object.keys(sgd.stateDict().state["1"]!)).toEqual(["momentum_buffer"]);
    expect(String(sgd)).toBe(
      "SGD (\nParameter Group 0\n    dampening: 0\n    lr: 0.001\n    maximize: False\n    momentum: 0.9\n    nesterov: False\n    weight_decay: 0\n)",
    );
    expect(String(new Adam(params))).toContain("betas: (0.9, 0.999)\n    eps: 1e-08\n    lr: 0.001");
  });

  it("skips parameters without gradient, and counts steps per parameter", () => {
    const params = starts("float32");
    const adam = new Adam(params);
    params[0]!.grad = params[0]!.filledLike(1);
    adam.step();
    give(params, 1);
    adam.step();
    expect([...adam.state.values()].map((s) => s.step)).toEqual([2, 1]);
  });

  it("evaluates a closure with recording on and returns its value", async () => {
    const x = tensor([3], { requiresGrad: true });
    const sgd = new SGD([x], { lr: 0.1 });
    const loss = sgd.step(() => {
      sgd.zeroGrad();
      const l = x.mul(x).sum();
      l.backward();
      return l;
    })!;
    expect(await loss.item()).toBe(9);
    expect(await x.item()).toBeCloseTo(2.4, 6);
    sgd.zeroGrad({ setToNone: false });
    expect(await x.grad!.tolist()).toEqual([0]);
  });

  it("takes parameter groups with options of their own, also later", () => {
    const [a, b] = starts("float32") as [Tensor, Tensor];
    const sgd = new SGD([{ params: a, lr: 0.5 }] as GroupInput<SgdOptions>[], { lr: 0.1, momentum: 0.9 });
    sgd.addParamGroup({ params: [b], momentum: 0 });
    expect(sgd.paramGroups.map(({ lr, momentum }) => [lr, momentum])).toEqual([
      [0.5, 0.9],
      [0.1, 0],
    ]);
  });

  it("refuses bad parameters and options", () => {
    const [a] = starts("float32") as [Tensor];
    const bad: [() => unknown, string][] = [
      [() => new SGD([], {}), "empty parameter list"],
      [() => new SGD(a as unknown as Tensor[], {}), "write [tensor]"],
      [() => new SGD([a, a], {}), "appears twice"],
      [() => new SGD([a.mul(2)], {}), "is no leaf"],
      [() => new SGD([tensor([1], { dtype: "int32" })], {}), "only floating tensors"],
      [() => new SGD([a], { lr: -1 }), "lr must not be negative, got -1"],
      [() => new SGD([a], { nesterov: true }), "nesterov needs momentum"],
      [() => new SGD([a], { momentun: 0.9 } as object), "unknown option momentun"],
      [() => new SGD([{ params: [a], momentun: 1 } as GroupInput<SgdOptions>], {}), "unknown option momentun"],
      [() => new Adam([a], { betas: [0.9, 1] }), "betas must be two numbers in [0, 1)"],
      [() => new AdamW([a], { eps: NaN }), "eps must be a number, got NaN"],
    ];
    for (const [call, message] of bad) {
      expect(call, message).toThrow(ArgumentError);
      expect(call).toThrow(message);
    }
  });

  it("refuses state dicts that do not fit, and changes nothing then", () => {
    const params = starts("float32");
    const adam = new Adam(params, { lr: 0.5 });
    give(params, 0);
    adam.step();
    const before = adam.state.get(params[0]!);
    const dict = adam.stateDict();
    const other = { ...dict, param_groups: [{ ...dict.param_groups[0]!, lr: 0.125 }] };
    expect(() => adam.loadStateDict({ ...other, param_groups: [] })).toThrow(FormatError);
    expect(() => adam.loadStateDict({ ...other, param_groups: [{ lr: 1, params: [0] }] })).toThrow(
      "1 parameters of group 0 in the dict, 2 in the optimizer",
    );
    expect(() => adam.loadStateDict({ ...other, state: { 7: {} } })).toThrow("in no group");
    expect(() => adam.loadStateDict({ ...other, state: { 0: { exp_avg: tensor([1]) } } })).toThrow(ShapeError);
    expect(() => adam.loadStateDict({ ...other, param_groups: [{ ...other.param_groups[0]!, lr: -1 }] })).toThrow(ArgumentError);
    expect(() => adam.loadStateDict({ ...other, param_groups: [{ ...other.param_groups[0]!, lr: () => 1 }] })).toThrow(ArgumentError);
    expect(adam.paramGroups[0]!.lr).toBe(0.5);
    expect(adam.state.get(params[0]!)).toBe(before);
  });
});
