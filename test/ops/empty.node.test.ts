// Tensors without elements: every operator's samples with dimensions of size 0, whose results have fixed shapes and values on every device.
import "../../src/ops/all.ts";
import { beforeAll, describe, expect, it } from "vitest";
import * as w from "../../src/index.ts";
import { expectValues, onEveryDevice } from "../devices.ts";
import { derivatives } from "../../src/inspect/derivatives.ts";
import { callOp, materialise, weightsLike } from "../../src/inspect/samples.ts";
import { firstNames } from "../../src/ops/install.ts";
import type { Arg, Sample } from "../../src/ops/op.ts";
import { init } from "../../src/tensor/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { layouts } from "./layouts.ts";

const table = firstNames();
const isArg = (v: unknown): v is Arg => typeof v === "object" && v !== null && "$" in v;

/** The sample with `change` applied to every shape. */
function reshaped(v: unknown, change: (d: number) => number): unknown {
  if (Array.isArray(v)) return v.map((item) => reshaped(item, change));
  if (typeof v !== "object" || v === null) return v;
  if (!isArg(v)) return Object.fromEntries(Object.entries(v).map(([key, item]) => [key, reshaped(item, change)]));
  const shape = v.$.map(change);
  return { ...v, $: shape, ...(v.data && shape.includes(0) ? { data: [] } : {}) };
}

const sizesIn = (v: unknown): number[] =>
  typeof v !== "object" || v === null ? [] : isArg(v) ? [...v.$] : Object.values(v).flatMap(sizesIn);

/** The sample once for each size that occurs in it, with 0 in its place, and with all dimensions empty. */
const emptied = (sample: Sample): Sample[] => {
  const sizes = [...new Set(sizesIn(sample))].filter((d) => d > 0);
  const variants = [
    ...sizes.map(
      (d) =>
        (n: number): number =>
          n === d ? 0 : n,
    ),
    () => 0,
  ];
  return sizes.length === 0 ? [] : variants.map((change) => reshaped(sample, change) as Sample);
};

type Outcome = string | { readonly shapes: string[]; readonly data: number[][] };

/** Values without a graph, then values, gradients and second gradients; and first gradients alone, for which fused kernels run. */
function computed(name: string, sample: Sample, device: "cpu" | "webgpu", layout: keyof typeof layouts): (Tensor | undefined)[] {
  const { values, gradients, seconds } = derivatives(name, sample, device, "float32", layouts[layout]);
  const { args, leaves } = materialise(sample, device, "float32", layouts[layout]);
  const plain = w.autograd.noGrad(() => callOp(name, args));
  const outs = callOp(name, args).filter((out) => out.requiresGrad);
  const firsts =
    outs.length === 0
      ? []
      : w.autograd.grad(outs, leaves, { gradOutputs: outs.map((out, i) => weightsLike(out, i + 1)), allowUnused: true });
  return [...plain, ...values, ...gradients, ...seconds, ...firsts];
}

/** Shapes and values, or the class and text of the error. */
async function outcome(...call: Parameters<typeof computed>): Promise<Outcome> {
  let all: (Tensor | undefined)[];
  try {
    all = computed(...call);
  } catch (error) {
    return String(error);
  }
  const data: number[][] = [];
  for (const x of all) data.push(Array.from((await x?.array()) ?? []));
  return { shapes: all.map((x) => (x ? `${x.dtype}[${x.shape.join()}]` : "none")), data };
}

const near = (data: number[][]): unknown[] => data.map((row) => row.map((v) => (Number.isFinite(v) ? expect.closeTo(v, 4) : v)));

describe.each(table)("%s without elements", (name, op) => {
  beforeAll(async () => {
    expect((await init({ device: "webgpu" })).device).toBe("webgpu");
  });

  it.each(["contiguous", "strided", "expanded"] as const)("gives on WebGPU what it gives on the CPU, %s", async (layout) => {
    for (const sample of op.samples.flatMap(emptied)) {
      const [want, got] = [await outcome(name, sample, "cpu", layout), await outcome(name, sample, "webgpu", layout)];
      const where = JSON.stringify(sample);
      // A start that is a tensor makes an index that only the device knows: a bad one reads NaN there.
      if (name === "narrow" && typeof sample[2] === "object" && typeof want === "string") expect(want, where).toContain("out of range");
      else if (typeof want === "string") expect(got, where).toBe(want);
      else expect(got, where).toEqual({ shapes: want.shapes, data: near(want.data) });
    }
    await w.sync();
  });
});

onEveryDevice(() => {
  const empty = (...shape: number[]): Tensor => w.tensor([], { shape, requiresGrad: true });

  it("add: takes permuted empty tensors of five and more dimensions, and the device lives on", async () => {
    for (const x of [empty(3, 3, 2, 3, 0).permute(1, 0, 3, 2, 4), empty(2, 0, 3, 2, 3, 2, 3, 2).permute(7, 5, 3, 1, 6, 4, 2, 0)]) {
      const y = x.add(1).mul(x);
      expect(y.shape).toEqual(x.shape);
      await expectValues(y, []);
      y.sum().backward();
    }
    await w.sync();
    await expectValues(w.tensor([1, 2]).add(1), [2, 3]);
  });

  it("sum, mean, prod, var, norm, any, all: give PyTorch's values over no elements", async () => {
    const x = empty(2, 0);
    for (const [y, value] of [
      [x.sum(1), [0, 0]],
      [x.sum(), [0]],
      [x.mean(1), [NaN, NaN]],
      [x.prod(1), [1, 1]],
      [x.prod(), [1]],
      [x.var(1), [NaN, NaN]],
      [x.std(), [NaN]],
      [x.logsumexp(1), [-Infinity, -Infinity]],
      [x.norm(), [0]],
      [x.any(1), [0, 0]],
      [x.all(1), [1, 1]],
      [x.sum(0), []],
      [x.amax(0), []],
    ] as const)
      await expectValues(y, value);
    expect(() => x.amax(1)).toThrow("no elements to choose from");
    expect(() => x.argmax()).toThrow("no elements to choose from");
  });

  it("batchNorm: has zero gradients for an empty batch, in training and in evaluation", async () => {
    for (const shape of [
      [0, 3],
      [0, 3, 4],
      [0, 3, 2, 2],
      [2, 3, 0],
    ])
      for (const training of [true, false]) {
        const [x, weight, bias] = [empty(...shape), w.ones(3, { requiresGrad: true }), w.zeros(3, { requiresGrad: true })];
        const [mean, variance] = [w.tensor([1, 2, 3]), w.tensor([4, 5, 6])];
        w.batchNorm(x, mean, variance, { weight, bias, training }).square().sum().backward();
        expect(x.grad!.shape).toEqual(shape);
        await expectValues(weight.grad, [0, 0, 0]);
        await expectValues(bias.grad, [0, 0, 0]);
        await expectValues(mean, [1, 2, 3]);
        await expectValues(variance, [4, 5, 6]);
      }
  });

  it("cat: sends a gradient to every operand, the empty ones that it skips too", async () => {
    const [a, b, m] = [empty(0), empty(0), w.ones(2, 3, { requiresGrad: true })];
    expect(w.cat([a, b]).shape).toEqual([0]);
    expect(w.cat([a, b], 1).shape).toEqual([0]);
    w.cat([a, m, b], 1).sum().backward();
    expect([a.grad!.shape, b.grad!.shape]).toEqual([[0], [0]]);
    await expectValues(m.grad, [1, 1, 1, 1, 1, 1]);
    const [x, y] = w.autograd.grad([w.cat([a, b]).sum()], [a, b]);
    expect([x!.shape, y!.shape]).toEqual([[0], [0]]);
  });

  it("scatter, scatterAdd: send zeros to a source of which an empty index takes nothing", async () => {
    const none = w.tensor([], { shape: [0], dtype: "int32" });
    for (const name of ["scatter", "scatterAdd"] as const) {
      const [x, source] = [w.tensor([1, 2, 3], { requiresGrad: true }), w.tensor([4, 5], { requiresGrad: true })];
      const y = x[name](0, none, source);
      await expectValues(y, [1, 2, 3]);
      y.sum().backward();
      await expectValues(x.grad, [1, 1, 1]);
      await expectValues(source.grad, [0, 0]);
    }
  });
});
