// The incomplete gamma functions in double precision against numbers computed to 50 digits (mpmath), beyond what PyTorch's own are good for,
// and WGSL against them for operands that are large and close, of which accuracy.test.ts draws few.
import { beforeAll, describe, expect, test } from "vitest";
import { gammaDensity, igamma, igammac } from "../../src/kernels/incomplete.ts";
import "../../src/ops/special/index.ts";
import { Generator } from "../../src/base/random.ts";
import { tensor } from "../../src/tensor/create.ts";
import { init } from "../../src/tensor/device.ts";
import { functions } from "../../src/tensor/methods.ts";
import { rand } from "../../src/tensor/sampling.ts";

type Row = readonly [a: number, x: number, lower: number, upper: number, density: number];
const TABLE: readonly Row[] = [
  [1e-8, 0.3, 0.9999999909432334, 9.056766532959496e-9, 2.469394053461956e-8],
  [0.001, 0.9, 0.9997395703001782, 0.0002604296998218178, 0.00045195690290117396],
  [0.02, 1.5, 0.9979461792845729, 0.0020538207154270904, 0.0030331295974942974],
  [0.3, 0.001, 0.14024245892486736, 0.8597575410751326, 42.04038485528814],
  [0.5, 20, 0.9999999997460371, 2.539628589470865e-10, 2.6002818688271933e-10],
  [1, 1, 0.6321205588285577, 0.36787944117144233, 0.36787944117144233],
  [2.5, 40, 0.9999999999999991, 8.391825114831611e-16, 8.084897366214368e-16],
  [10, 3, 0.0011024881301154798, 0.9988975118698845, 0.002700503931560477],
  [17.5, 17, 0.48376680064396077, 0.5162331993560393, 0.09699510952480644],
  [19.99, 30, 0.9782359702986803, 0.021764029701319725, 0.008902321144520811],
  [20.01, 30, 0.9780166465473273, 0.021983353452672716, 0.008979332198759115],
  [25, 10, 4.6949381426799705e-5, 0.9999530506185732, 7.31727725233217e-5],
  [45, 0.001, 8.351476928530421e-192, 1, 3.7580829186456566e-187],
  [100, 60, 1.4815276326460468e-6, 0.9999985184723673, 1.0216478351295635e-6],
  [250, 251, 0.5335665098980173, 0.46643349010198265, 0.02507236515607955],
  [1000, 700, 1.0158583345333217e-26, 1, 4.386927123038404e-27],
  [1000, 1200, 0.9999999987118394, 1.2881606086281433e-9, 2.208219779050657e-10],
  [1e4, 1e4, 0.5013298083399552, 0.4986701916600448, 0.003989389558962826],
  [1e4, 9500, 1.862454651795155e-7, 0.9999998137545348, 1.0150248655865325e-8],
  [75e4, 745e3, 3.6041597824224683e-9, 0.9999999963958403, 2.4872035984688773e-11],
];

const twins = { igamma, igammac, gammaDensity };

test("relative error of the twins at most 1e-12", () => {
  const wrong = TABLE.flatMap(([a, x, ...wanted]) =>
    Object.values(twins).flatMap((f, i) => {
      const [got, want] = [f(a, x), wanted[i]!];
      return Math.abs(got - want) <= 1e-12 * want ? [] : [`${f.name}(${a}, ${x}) = ${got}, not ${want}`];
    }),
  );
  expect(wrong).toEqual([]);
});

describe("on WebGPU, a up to 1e6 and x within 12 standard deviations", () => {
  beforeAll(async () => expect((await init({ device: "webgpu" })).device).toBe("webgpu"));

  test.each(["igamma", "igammac", "gammaDensity"] as const)("%s is within 40 ULP", async (name) => {
    const size = 8192;
    const [u, v] = await Promise.all([1, 2].map((seed) => rand(size, { generator: new Generator(seed) }).array()));
    const a = Array.from(u!, (t) => Math.fround(10 ** (6 * t)));
    const x = Array.from(v!, (t, i) => Math.fround(Math.max(1e-3, a[i]! + Math.sqrt(a[i]!) * 24 * (t - 0.5))));
    const run = functions as unknown as Record<typeof name, typeof functions.igamma>;
    const got = await run[name](tensor(a), tensor(x)).array();
    const worst = a.map((_, i) => {
      const want = twins[name](a[i]!, x[i]!);
      return want < 1e-36 ? 0 : Math.abs(got[i]! - want) / 2 ** (Math.floor(Math.log2(want)) - 23);
    });
    expect(Math.max(...worst)).toBeLessThanOrEqual(40);
  });
});
