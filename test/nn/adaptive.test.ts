// The adaptive softmax against PyTorch: what it draws, prints and gives, its gradients, and gradients of those.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { ArgumentError, DtypeError, ShapeError } from "../../src/base/errors.ts";
import { manualSeed } from "../../src/base/random.ts";
import * as nn from "../../src/nn/index.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { init } from "../../src/tensor/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues } from "../devices.ts";
import { loadFixture } from "../golden/loader.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Case {
  readonly args: readonly [inFeatures: number, nClasses: number, cutoffs: number[], divValue?: number, headBias?: boolean];
  readonly text: string;
  readonly state: Readonly<Record<string, Stored>>;
  readonly input: Stored;
  readonly target: number | readonly number[];
  readonly output: Stored;
  readonly loss: number;
  /** By the input, then by the parameters. */
  readonly gradients: readonly Stored[];
  readonly second: readonly Stored[];
  readonly logProb: readonly number[];
  readonly predict: readonly number[];
}
const { seed, adaptive } = (await loadFixture("training/modules")) as { readonly seed: number; readonly adaptive: readonly Case[] };

const close = async (actual: Tensor, { shape, data }: Stored): Promise<void> => {
  expect(actual.shape).toEqual(shape);
  await expectValues(actual, data, 2e-5);
};
/** The numbers between -1 and 1 that weigh what is summed. */
const spread = ({ shape }: Tensor): Tensor => {
  const size = shape.reduce((n, d) => n * d, 1);
  return tensor(
    Array.from({ length: size }, (_, i) => (((37 * i + 11) % 201) - 100) / 100),
    { shape },
  );
};
const indices = (values: readonly number[]): Tensor => tensor(values, { dtype: "int32" });

describe.each(["cpu", "webgpu"] as const)("on %s", (device) => {
  beforeAll(async () => expect((await init({ device })).device).toBe(device));
  afterAll(async () => void (await init({ device: "cpu" })));

  it.each(adaptive.map((c) => [JSON.stringify(c.args), c] as const))("of %s", async (_title, c) => {
    manualSeed(seed);
    const [inFeatures, nClasses, cutoffs, divValue = 4, headBias = false] = c.args;
    const module = new nn.AdaptiveLogSoftmaxWithLoss(inFeatures, nClasses, cutoffs, divValue, headBias);
    expect(String(module)).toBe(c.text);
    const state = module.stateDict();
    expect(Object.keys(state)).toEqual(Object.keys(c.state));
    for (const [key, value] of Object.entries(c.state)) await close(state[key]!, value);
    const x = tensor(c.input.data, { shape: c.input.shape, requiresGrad: true });
    const leaves = [x, ...module.parameters()];
    const { output, loss } = module.call(x, tensor(c.target, { dtype: "int32" }));
    await close(output, c.output);
    await close(loss, { shape: [], data: [c.loss] });
    const total = output.mul(spread(output)).sum().add(loss);
    const slopes = grad(total, leaves, { createGraph: true });
    for (const [i, want] of c.gradients.entries()) await close(slopes[i]!, want);
    const second = grad(slopes[0]!.mul(spread(x)).sum(), leaves, { allowUnused: true });
    for (const [i, want] of c.second.entries()) await close(second[i] ?? leaves[i]!.mul(0), want);
    const all = module.logProb(x);
    expect(all.shape).toEqual([...x.shape.slice(0, -1), nClasses]);
    await expectValues(all, c.logProb, 2e-5);
    expect(Array.from(await module.predict(x).array())).toEqual(c.predict);
  });
});

describe("an adaptive softmax", () => {
  it("draws its weights anew as it drew them first", async () => {
    manualSeed(1);
    const module = new nn.AdaptiveLogSoftmaxWithLoss(4, 9, [2, 5], 2, true);
    const before = await Promise.all([...module.parameters()].map((p) => p.tolist()));
    manualSeed(1);
    module.resetParameters();
    expect(await Promise.all([...module.parameters()].map((p) => p.tolist()))).toEqual(before);
    expect(module.cutoffs).toEqual([2, 5, 9]);
  });

  it.each([[[]], [[3, 2]], [[2, 2]], [[0, 2]], [[2, 5]], [[1.5]]])("refuses the cutoffs %j of 5 classes", (cutoffs: number[]) => {
    expect(() => new nn.AdaptiveLogSoftmaxWithLoss(4, 5, cutoffs)).toThrow(ArgumentError);
    expect(() => new nn.AdaptiveLogSoftmaxWithLoss(4, 5, cutoffs)).toThrow(
      "AdaptiveLogSoftmaxWithLoss: cutoffs must rise from at least 1 to",
    );
  });

  it("refuses inputs and targets that do not fit", () => {
    const module = new nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2]);
    expect(() => module.call(zeros(3, 4), indices([0, 1]))).toThrow("AdaptiveLogSoftmaxWithLoss: target [2] does not fit, needs [3]");
    expect(() => module.call(zeros(4), indices([0]))).toThrow(ShapeError);
    expect(() => module.call(zeros(2, 3, 4), tensor([[0, 1, 2], [0, 1, 2]], { dtype: "int32" }))).toThrow(ShapeError); // prettier-ignore
    expect(() => module.call(zeros(2, 4), zeros(2))).toThrow(DtypeError);
    expect(() => module.call(zeros(2, 4), indices([0, 5]))).toThrow("out of range");
    expect(() => module.call(zeros(2, 4), indices([-1, 2]))).toThrow(ArgumentError);
  });
});
