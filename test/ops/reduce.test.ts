// Reductions, scans and normalisations beyond the records' samples: long and interleaved shapes in both kernel variants, rounding, launches.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { counts } from "../../src/device/ledger.ts";
import { tensor } from "../../src/tensor/create.ts";
import { type DeviceName, deviceNamed, init } from "../../src/tensor/device.ts";
import { checkOp } from "../../src/inspect/selftest.ts";
import { functions } from "../../src/tensor/methods.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { layouts } from "./layouts.ts";

const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);
const wave = (shape: readonly number[], device: DeviceName, shift = 0.01): Tensor =>
  tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.fround(Math.sin(i * 1.7) + shift)),
    { shape, device, dtype: device === "cpu" ? "float64" : "float32" },
  );

const original = (): { barriersAreSlow: boolean } => (deviceNamed("webgpu") as unknown as { traits: { barriersAreSlow: boolean } }).traits;
function setSlow(barriersAreSlow: boolean): void {
  const device = deviceNamed("webgpu");
  Object.defineProperty(device, "traits", { value: { ...original(), barriersAreSlow }, configurable: true, writable: true });
}

beforeAll(async () => {
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
});

/** Largest difference relative to the largest value. */
async function deviation(got: Tensor, want: Tensor): Promise<number> {
  expect(got.shape).toEqual(want.shape);
  const [a, b] = [await got.array(), await want.array()];
  let [worst, scale] = [0, 1e-30];
  for (let i = 0; i < b.length; i++) {
    scale = Math.max(scale, Math.abs(b[i]!));
    worst = Math.max(worst, Number.isNaN(a[i]! - b[i]!) ? Infinity : Math.abs(a[i]! - b[i]!));
  }
  return worst / scale;
}

type Call = (x: Tensor) => Tensor;
const shapes: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[3, 5000], [1]],
  [[5001, 3], [0]],
  [[5000, 8], [0]],
  [
    [4, 3, 50, 60],
    [0, 2, 3],
  ],
  [[70001], [0]],
  [
    [2, 300, 7, 11],
    [1, 3],
  ],
  [
    [3, 4, 5, 6, 7],
    [0, 2, 4],
  ],
  [[4099, 12], [1]],
];

describe.each([true, false])("with barriersAreSlow %s", (slow) => {
  let before = true;
  beforeAll(() => {
    before = original().barriersAreSlow;
    setSlow(slow);
  });
  afterAll(() => setSlow(before));

  it.each(shapes)("reduces %j over %j", async (shape, dims) => {
    const calls: Record<string, Call> = {
      sum: (x) => x.sum(dims),
      mean: (x) => x.mean(dims),
      amax: (x) => x.amax(dims),
      amin: (x) => x.amin(dims),
      var: (x) => x.var(dims),
      logsumexp: (x) => x.logsumexp(dims),
      norm: (x) => x.vectorNorm(2, dims),
    };
    const [x, exact] = [wave(shape, "webgpu"), wave(shape, "cpu")];
    for (const [name, call] of Object.entries(calls)) expect(await deviation(call(x), call(exact)), name).toBeLessThan(1e-6);
    expect(await x.gt(0.9).countNonzero(dims).tolist()).toEqual(await exact.gt(0.9).countNonzero(dims).tolist());
  });

  it("finds places in long rows, columns and whole tensors", async () => {
    for (const [shape, dim] of [
      [[3, 5000], 1],
      [[5000, 3], 0],
      [[2, 70001], null],
      [[70001], 0],
    ] as const) {
      const [x, exact] = [wave(shape, "webgpu"), wave(shape, "cpu")];
      expect(await x.argmax(dim).tolist()).toEqual(await exact.argmax(dim).tolist());
      expect(await x.argmin(dim).tolist()).toEqual(await exact.argmin(dim).tolist());
    }
  });

  it("finds places in what shows a part of each row", async () => {
    const part = (device: DeviceName): Tensor => wave([40, 50], device).narrow(1, 5, 33);
    expect(await part("webgpu").argmax().item()).toBe(await part("cpu").argmax().item());
    expect(await part("webgpu").argmin().item()).toBe(await part("cpu").argmin().item());
  });

  it("keeps a variance far from zero, and sums of many equal numbers", async () => {
    const far = tensor(
      Float32Array.from({ length: 20000 }, (_, i) => 10000 + (i % 7)),
      { device: "webgpu" },
    );
    expect(await far.var().item()).toBeCloseTo(4 * (20000 / 19999), 2);
    const tenths = functions.expand(tensor([0.1], { device: "webgpu" }), 2 ** 20).clone();
    const total = Math.fround(0.1) * 2 ** 20;
    expect(Math.abs((await tenths.sum().item()) / total - 1)).toBeLessThan(1e-6);
    expect(Math.abs((await tenths.reshape(-1, 4).sum(0).array())[2]! / (total / 4) - 1)).toBeLessThan(1e-6);
    expect(Math.abs((await tenths.reshape(4, -1).mean(1).array())[2]! / Math.fround(0.1) - 1)).toBeLessThan(1e-6);
  });

  it("gives the same bits twice", async () => {
    const x = wave([70, 1000], "webgpu");
    for (const call of [(v: Tensor) => v.sum(), (v: Tensor) => v.sum(0), (v: Tensor) => v.softmax(1), (v: Tensor) => v.var(1)])
      expect(await call(x).array()).toEqual(await call(x).array());
  });

  it("normalises long lines along any dimension", async () => {
    for (const [shape, dim] of [
      [[3, 5000], 1],
      [[5000, 3], 0],
      [[2, 40, 30], 1],
      [[70001], 0],
    ] as const) {
      const [x, exact] = [wave(shape, "webgpu"), wave(shape, "cpu")];
      expect(await deviation(x.softmax(dim), exact.softmax(dim))).toBeLessThan(2e-6);
      expect(await deviation(x.logSoftmax(dim), exact.logSoftmax(dim))).toBeLessThan(2e-6);
      expect(await deviation(x.cumsum(dim), exact.cumsum(dim))).toBeLessThan(2e-5);
      expect(
        await deviation(x.cumsum(dim, { reverse: true, exclusive: true }), exact.cumsum(dim, { reverse: true, exclusive: true })),
      ).toBeLessThan(2e-5);
    }
  });
});

describe("the workgroup variant", () => {
  let before = true;
  beforeAll(() => {
    before = original().barriersAreSlow;
    setSlow(false);
  });
  afterAll(() => setSlow(before));

  it.each([
    "sum", "prod", "amax", "maxAlong", "argmin", "all", "std", "vectorNorm", "softmax", "logSoftmaxBackward", "logsumexp", "classCrossEntropy",
    "crossEntropyBackward", "layerNorm", "batchNorm", "normalizeSums", "normalizeBackward",
  ])("%s passes its samples", async (name) => {
    const { failures, ok } = await checkOp(name, "webgpu", layouts.strided);
    expect(failures).toEqual([]);
    expect(ok).toBe(true);
  }); // prettier-ignore
});

describe("lines without a finite largest element", () => {
  it.each(["cpu", "webgpu"] as const)("have no softmax on %s, as in PyTorch", async (device) => {
    const [inf, nan] = [Infinity, NaN];
    const rows = [
      [1, nan, 2, 0],
      [inf, 0, 1, 2],
      [-inf, -inf, -inf, -inf],
      [-inf, 0, -inf, -1000],
    ];
    const x = tensor(rows, { device });
    const all = [...(await x.softmax(1).array())];
    expect(all.slice(0, 12).every(Number.isNaN)).toBe(true);
    expect(all.slice(12)).toEqual([0, 1, 0, 0]);
    expect(await x.logsumexp(1).tolist()).toEqual([nan, inf, -inf, 0]);
    expect(await x.argmax(1).tolist()).toEqual([1, 0, 0, 1]);
    expect(await x.amax(1).tolist()).toEqual([nan, inf, -inf, 0]);
    expect(await x.crossEntropy(tensor([0, 0, 0, 1], { dtype: "int32", device }), { reduction: "none" }).tolist()).toEqual([
      nan,
      nan,
      nan,
      0,
    ]);
  });

  // PyTorch says so since 2.0; 1.13 gives NaN.
  it.each(["cpu", "webgpu"] as const)("have no slope of logsumexp where all is −∞, on %s", async (device) => {
    const x = tensor([[-Infinity, -Infinity], [2, -Infinity]], { device, requiresGrad: true }); // prettier-ignore
    x.logsumexp(1).sum().backward();
    expect(await x.grad!.tolist()).toEqual([[0, 0], [1, 0]]); // prettier-ignore
  });
});

describe("launches", () => {
  const launched = (run: () => unknown): number => {
    const start = counts.dispatches;
    run();
    return counts.dispatches - start;
  };

  it("are few", () => {
    const x = wave([64, 12], "webgpu").requiresGrad_();
    const classes = tensor(
      Int32Array.from({ length: 64 }, (_, i) => i % 12),
      { device: "webgpu" },
    );
    expect(launched(() => x.sum(0))).toBe(1);
    expect(launched(() => x.mean())).toBe(1);
    expect(launched(() => x.softmax(1))).toBe(1);
    expect(launched(() => x.logSoftmax(0))).toBe(1);
    expect(launched(() => x.max(1))).toBe(1);
    let loss: Tensor | undefined;
    expect(launched(() => (loss = x.crossEntropy(classes)))).toBe(2);
    expect(launched(() => grad(loss!, x))).toBe(1);
    const image = wave([64, 6, 12, 12], "webgpu").requiresGrad_();
    const [mean, variance, weight, bias] = [0, 1, 1, 0].map((v) => tensor(new Float32Array(6).fill(v), { device: "webgpu" }));
    for (const p of [weight, bias]) p!.requiresGrad_();
    let out: Tensor | undefined;
    expect(launched(() => (out = image.batchNorm(mean, variance, { weight: weight!, bias: bias!, training: true })))).toBeLessThanOrEqual(
      3,
    );
    const seed = wave([64, 6, 12, 12], "webgpu");
    expect(launched(() => grad(out!, [image, weight!, bias!], { gradOutputs: seed }))).toBeLessThanOrEqual(3);
    expect(launched(() => image.layerNorm([12, 12]))).toBe(1);
  });
});

describe("running statistics", () => {
  it.each(["cpu", "webgpu"] as const)("move in place on %s, also as parts of a larger tensor", async (device) => {
    const x = tensor(
      [
        [1, 10],
        [3, 30],
        [5, 20],
      ],
      { device },
    );
    const both = tensor(
      [
        [0, 0],
        [1, 1],
      ],
      { device },
    );
    const [mean, variance] = [both.select(0, 0), both.select(0, 1)];
    x.batchNorm(mean, variance, { training: true, momentum: 0.5 });
    expect(await both.tolist()).toEqual([
      [1.5, 10],
      [2.5, 50.5],
    ]);
    expect(mean.storage.version).toBeGreaterThan(0);
    const out = await x.batchNorm(mean, variance, { eps: 0 }).array();
    expect(out[0]).toBeCloseTo((1 - 1.5) / Math.sqrt(2.5), 5);
    expect(await both.tolist()).toEqual([
      [1.5, 10],
      [2.5, 50.5],
    ]);
  });
});

it.each(["cpu", "webgpu"] as const)("a running product may begin with an infinity on %s", async (device) => {
  expect(await tensor([Infinity, 2, 0.5], { device }).cumprod(0).tolist()).toEqual([Infinity, Infinity, Infinity]);
});
