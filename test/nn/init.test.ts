// Initialisation: PyTorch's numbers for the same seed, for every function and every layer's default.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArgumentError, DtypeError, ShapeError } from "../../src/base/errors.ts";
import { Generator, manualSeed } from "../../src/base/random.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { init as open } from "../../src/tensor/device.ts";
import * as nn from "../../src/nn/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadFixture } from "../golden/loader.ts";
import { networks } from "../parity/networks.ts";

interface Fixture {
  readonly init: readonly {
    readonly seed: number;
    readonly init: string;
    readonly shape: readonly number[];
    readonly args: readonly number[];
    readonly options: object;
    readonly data: readonly number[];
  }[];
  readonly gains: readonly [nn.init.Nonlinearity, number | null, number][];
  readonly layers: readonly {
    readonly seed: number;
    readonly layer: string;
    readonly args: readonly unknown[];
    readonly options: object;
    readonly state: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>>;
  }[];
}
const fixture = (await loadFixture("training/init")) as Fixture;
type Digest = {
  readonly shape: readonly number[];
  readonly sum: number;
  readonly norm: number;
  readonly stride: number;
  readonly data: readonly number[];
};
const weights = (await loadFixture("training/weights")) as {
  seed: number;
  models: Record<"lenet" | "mlp" | "batchnorm", Record<string, Digest>>;
};

async function close(t: Tensor, expected: readonly number[], bound: number): Promise<void> {
  const data = await t.array();
  expect(data.length).toBe(expected.length);
  const worst = Array.from(data).reduce((error, v, i) => Math.max(error, Math.abs(v - expected[i]!)), 0);
  expect(worst).toBeLessThanOrEqual(bound);
}

const layers: Readonly<Record<string, unknown>> = { ...nn };

describe.each(["cpu", "webgpu"] as const)("on %s", (device) => {
  beforeAll(async () => expect((await open({ device })).device).toBe(device));
  afterAll(async () => void (await open({ device: "cpu" })));

  it.each(
    fixture.init.map((c) => [`${c.init}(${c.shape.join("×")}, ${JSON.stringify(c.args)}, ${JSON.stringify(c.options)})`, c] as const),
  )("%s equals PyTorch's", async (_, c) => {
    manualSeed(c.seed);
    const t = zeros(c.shape);
    const call = nn.init[c.init as "uniform_"] as (x: Tensor, ...rest: unknown[]) => Tensor;
    expect(call(t, ...c.args, ...(Object.keys(c.options).length > 0 ? [c.options] : []))).toBe(t);
    await close(t, c.data, c.init === "truncNormal_" ? 4e-6 : 1e-6);
  });

  it.each(fixture.layers.map((c) => [`${c.layer}(${JSON.stringify(c.args)}, ${JSON.stringify(c.options)})`, c] as const))(
    "%s starts as PyTorch's",
    async (_, c) => {
      manualSeed(c.seed);
      const make = layers[c.layer] as new (...args: readonly unknown[]) => nn.Module;
      const state = new make(...c.args, ...(Object.keys(c.options).length > 0 ? [c.options] : [])).stateDict();
      expect(Object.keys(state)).toEqual(Object.keys(c.state));
      for (const [key, { shape, data }] of Object.entries(c.state)) {
        expect(state[key]!.shape).toEqual(shape);
        await close(state[key]!, data, 1e-6);
      }
    },
  );
});

describe("initial weights after manualSeed(42)", () => {
  it.each(Object.entries(weights.models))("equal PyTorch's to 1e-6 in the %s", async (name, expected) => {
    manualSeed(weights.seed);
    const state = networks[name as "lenet"]().stateDict();
    expect(Object.keys(state)).toEqual(Object.keys(expected));
    for (const [key, digest] of Object.entries(expected)) {
      const data = await state[key]!.array();
      expect(state[key]!.shape).toEqual(digest.shape);
      const at = (k: number): number => (digest.stride === 1 || k < 64 ? k : 64 + (k - 64) * digest.stride);
      digest.data.forEach((v, k) => expect(Math.abs(data[at(k)]! - v), `${key}[${at(k)}]`).toBeLessThanOrEqual(1e-6));
      const [sum, square] = Array.from(data).reduce(([s, q]: number[], v) => [s! + v, q! + v * v], [0, 0]);
      expect(Math.abs(sum! - digest.sum), `${key} sum`).toBeLessThan(1e-6 * Math.max(1, data.length / 100));
      expect(Math.abs(Math.sqrt(square!) - digest.norm), `${key} norm`).toBeLessThan(1e-6 * Math.max(1, digest.norm));
    }
  });
});

describe("init", () => {
  it("knows PyTorch's gains", () => {
    for (const [name, param, gain] of fixture.gains) expect(nn.init.calculateGain(name, param)).toBeCloseTo(gain, 12);
    expect(() => nn.init.calculateGain("swish" as "relu")).toThrow(ArgumentError);
    expect(() => nn.init.calculateGain("constructor" as "relu")).toThrow(ArgumentError);
  });

  it("orthogonal_ gives orthonormal rows or columns", async () => {
    for (const shape of [
      [3, 5],
      [5, 3],
      [4, 2, 3],
    ]) {
      const t = nn.init.orthogonal_(zeros(shape, { dtype: "float64" }), 2);
      const [rows, columns] = [shape[0]!, t.numel() / shape[0]!];
      const d = await t.array();
      const across = rows <= columns;
      const dot = (a: number, b: number): number =>
        Array.from({ length: across ? columns : rows }, (_, i) =>
          across ? d[a * columns + i]! * d[b * columns + i]! : d[i * columns + a]! * d[i * columns + b]!,
        ).reduce((x, y) => x + y);
      for (let a = 0; a < Math.min(rows, columns); a++) for (let b = 0; b <= a; b++) expect(dot(a, b)).toBeCloseTo(a === b ? 4 : 0, 10);
    }
  });

  it("draws from a generator of one's own, writes through views, and leaves the graph alone", async () => {
    const [a, b] = [
      nn.init.normal_(zeros([20]), { generator: new Generator(5) }),
      nn.init.normal_(zeros([20]), 0, 1, { generator: new Generator(5) }),
    ];
    expect(await a.tolist()).toEqual(await b.tolist());
    const whole = zeros([2, 3]);
    nn.init.ones_(whole.narrow(0, 1, 1));
    expect(await whole.tolist()).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]);
    const leaf = tensor([1, 2], { requiresGrad: true });
    nn.init.uniform_(leaf);
    expect(leaf.isLeaf).toBe(true);
  });

  it("refuses tensors it cannot fill", () => {
    expect(() => nn.init.uniform_(zeros([2], { dtype: "int32" }))).toThrow(DtypeError);
    expect(() => nn.init.kaimingUniform_(zeros([2]))).toThrow(ShapeError);
    expect(() => nn.init.kaimingNormal_(zeros([2, 2]), { mode: "fan" as "fanIn" })).toThrow("unknown mode fan");
    expect(() => nn.init.eye_(zeros([2]))).toThrow(ShapeError);
    expect(() => nn.init.dirac_(zeros([3, 2, 3]), 2)).toThrow("do not divide into 2 groups");
    expect(() => nn.init.normal_(zeros([2]), 0, -1)).toThrow(ArgumentError);
  });
});
