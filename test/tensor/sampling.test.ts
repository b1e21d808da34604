// Random tensors against PyTorch's own numbers, and their arguments.
import { fillNormal } from "../../src/base/draws.ts";
import { expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { Generator, manualSeed } from "../../src/base/random.ts";
import { WengertError } from "../../src/base/errors.ts";
import { full, tensor, zeros } from "../../src/tensor/create.ts";
import "../../src/ops/all.ts";
import { functions } from "../../src/tensor/methods.ts";
import * as sampling from "../../src/tensor/sampling.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { onEveryDevice } from "../devices.ts";
import { loadFixture } from "../golden/loader.ts";

interface Stream {
  readonly seed: number;
  readonly calls: readonly string[];
  readonly results: readonly { readonly shape: readonly number[]; readonly dtype: string; readonly data: readonly number[] }[];
}
const { cases } = (await loadFixture("training/random")) as { readonly cases: readonly Stream[] };

/** Evaluates a call as the fixture writes it: `randn([2, 3], float64)`, `zeros([4]).normal_(1, 2)`. */
function evaluate(call: string, device: "cpu" | "webgpu"): Tensor | undefined {
  const match = /^(\w+)\((.*?)\)(?:\.(\w+)\((.*)\))?$/.exec(call)!;
  const [, name, text, method, more] = match as unknown as [string, string, string, string | undefined, string | undefined];
  const dtype = text.endsWith("float64") ? "float64" : "float32";
  const list = (s: string): unknown[] => JSON.parse(`[${s}]`) as unknown[];
  if (dtype === "float64" && device === "webgpu") return undefined;
  if (name === "zeros") {
    const x = zeros(list(text)[0] as number[]);
    const [a, b] = list(more!) as [number, number];
    if (method === "bernoulli_") return x.bernoulli_(a);
    return method === "uniform_" ? x.uniform_(a, b) : x.normal_(a, b);
  }
  if (name === "bernoulli") return functions.bernoulli(full([8], 0.25));
  const args = list(text.replace(/, float64$/, ""));
  const options = name === "rand" || name === "randn" ? [{ dtype }] : [];
  return (sampling as unknown as Record<string, (...a: unknown[]) => Tensor>)[name]!(...args, ...options);
}

onEveryDevice((device) => {
  it.each(cases.map((c) => [c.calls.join("; "), c] as const))("%s as torch.manual_seed gives", async (_name, { seed, calls, results }) => {
    manualSeed(seed);
    for (const [i, call] of calls.entries()) {
      const got = evaluate(call, device);
      if (!got) return;
      const want = results[i]!;
      expect(got.shape).toEqual(want.shape);
      expect(got.dtype).toBe(want.dtype);
      const tolerance = want.dtype === "float64" ? 1e-12 : 5e-7;
      [...(await got.array())].forEach((v, k) =>
        expect(Math.abs(v - want.data[k]!), `${call}[${k}]`).toBeLessThanOrEqual(tolerance * (1 + Math.abs(want.data[k]!))),
      );
    }
  });

  it("normal takes means and deviations per element and passes gradients on", async () => {
    const [mean, std] = [tensor([1, 2, 3], { requiresGrad: true }), tensor([[0.5], [2]], { requiresGrad: true })];
    const x = sampling.normal(mean, std, { generator: new Generator(3) });
    expect(x.shape).toEqual([2, 3]);
    const noise = fillNormal(new Generator(3), new Float32Array(6));
    const got = await x.array();
    for (let i = 0; i < 6; i++) expect(got[i]).toBeCloseTo([1, 2, 3][i % 3]! + [0.5, 2][Math.floor(i / 3)]! * noise[i]!, 5);
    const [dm, ds] = grad(x.sum(), [mean, std]);
    expect(await dm!.tolist()).toEqual([2, 2, 2]);
    expect((await ds!.array())[1]).toBeCloseTo(noise[3]! + noise[4]! + noise[5]!, 5);
  });

  it("bernoulli draws like torch.bernoulli from the uniform stream", async () => {
    const p = tensor([0.1, 0.5, 0.9, 0, 1]);
    const draws = new Generator(5).fillUniform(new Float32Array(5));
    const want = [0.1, 0.5, 0.9, 0, 1].map((q, i) => Number(draws[i]! < Math.fround(q)));
    expect(await functions.bernoulli(p, { generator: new Generator(5) }).tolist()).toEqual(want);
  });

  it("models give shape, dtype and device", () => {
    const x = zeros([2, 3]);
    for (const y of [sampling.randLike(x), sampling.randnLike(x), sampling.randintLike(x, 2, 5)]) {
      expect(y.shape).toEqual([2, 3]);
      expect(y.dtype).toBe("float32");
      expect(y.device.type).toBe(device);
    }
    expect(sampling.randint(10, [2], { dtype: "uint8" }).dtype).toBe("uint8");
    expect(sampling.rand(2, 3, { requiresGrad: true }).requiresGrad).toBe(true);
  });

  it.each([
    () => sampling.rand(-1),
    () => sampling.rand([2], { dtype: "int32" }),
    () => sampling.randn(2, { generater: 1 } as never),
    () => sampling.randint(5, 5, [2]),
    () => sampling.randint(300, [2], { dtype: "uint8" }),
    () => sampling.randperm(-1),
    () => sampling.normal(0, -1, [2]),
    () => sampling.normal(0, 1),
    () => sampling.rand(2, { generator: 5 as never }),
    () => functions.bernoulli(tensor([1], { dtype: "int32" })),
  ])("refuses %s", (call) => {
    expect(call).toThrow(WengertError);
  });
});
