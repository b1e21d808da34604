// Random streams: the host's against numbers from PyTorch 1.13 (CPU), the shaders' against the host's.
import { fillBernoulli, fillExponential, fillIntegers, fillNormal, permutation } from "../../src/base/draws.ts";
import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/base/errors.ts";
import math from "../../shaders/math.wgsl?raw";
import special from "../../shaders/special.wgsl?raw";
import random from "../../shaders/random.wgsl?raw";
import {
  defaultGenerator,
  Generator,
  initialSeed,
  manualSeed,
  philox4x32,
  type PhiloxKey,
  philoxNormal,
  philoxUniform,
  philoxWords,
} from "../../src/base/random.ts";
import { runShader } from "../gpu-harness.ts";

const f32 = (n: number): Float32Array => new Float32Array(n);
const f64 = (n: number): Float64Array => new Float64Array(n);
const seeded = (seed = 42): Generator => new Generator(seed);

/** Exactly the numbers of PyTorch: printed float32 values are exact when read as float32. */
function same(got: ArrayLike<number>, want: readonly number[]): void {
  expect(Array.from(got)).toEqual(want);
}
/** To one unit in the last place: PyTorch's vectorised or library log, sin and cos differ by that from ours. */
function close(got: ArrayLike<number>, want: readonly number[], unit: number): void {
  expect(got.length).toBe(want.length);
  Array.from(got).forEach((value, i) =>
    expect(Math.abs(value - want[i]!), `at ${i}`).toBeLessThanOrEqual(unit * Math.max(1, Math.abs(want[i]!))),
  );
}

describe("as torch.manual_seed(42) gives", () => {
  test("rand", () => {
    same(
      seeded().fillUniform(f32(5)),
      [0.8822692632675171, 0.9150039553642273, 0.38286375999450684, 0.9593056440353394, 0.3904482126235962],
    );
    same(seeded().fillUniform(f64(4)), [0.05815448596142969, 0.06291016742457756, 0.12358607277440903, 0.05258016436107704]);
  });
  test("uniform_(-0.3, 0.7) from seed 7", () => {
    same(
      seeded(7).fillUniform(f32(6), -0.3, 0.7),
      [0.23492252826690674, -0.10119682550430298, 0.35921168327331543, 0.3568902611732483, -0.067238450050354, 0.12506139278411865],
    );
    same(seeded(7).fillUniform(f64(3), -0.3, 0.7), [-0.020619570093595996, -0.026306286348234342, 0.5620929614176255]);
  });
  test("uniform_ rounds once, as a fused multiply-add", () => {
    same(
      seeded(3).fillUniform(f32(8), -0.0883883, 0.0883883),
      [
        -0.0876346081495285, -0.06972610950469971, -0.037858039140701294, -0.08362331986427307, -0.005017916671931744, -0.07776115089654922,
        0.04805951938033104, 0.043080348521471024,
      ],
    );
    same(
      seeded(3).fillUniform(f64(8), -0.3, 1.4),
      [
        -0.2420160673941152, 0.1874583854262218, 1.0139554053585933, -0.0026240502217990645, 0.984128781798028, 0.7340260657651985,
        0.03783615544903462, 0.4368064028788151,
      ],
    );
  });
  test("randn below 16 elements, with the spare of one call used by the next", () => {
    const generator = seeded();
    same(
      fillNormal(generator, f32(5)),
      [0.33669036626815796, 0.12880940735340118, 0.23446236550807953, 0.23033303022384644, -1.1228563785552979],
    );
    same(fillNormal(generator, f32(4)), [-0.18632829189300537, 2.2082014083862305, -0.637997031211853, 0.46165722608566284]);
    close(
      fillNormal(seeded(), f64(5)),
      [0.33669035438385886, 0.1288094051365897, 0.23446236336153173, 0.2303330279146119, -1.1228563767381703],
      2 ** -52,
    );
    same(fillNormal(seeded(), f32(3), 2, 0.5), [2.1683452129364014, 2.0644047260284424, 2.1172311305999756]);
  });
  test("randn from 16 elements on, the last 16 drawn anew", () => {
    close(
      fillNormal(seeded(), f32(16)),
      [
        1.9269152879714966, 1.4872840642929077, 0.9007171988487244, -2.1055209636688232, 0.6784184575080872, -1.2345448732376099,
        -0.04306747764348984, -1.6046669483184814, -0.7521352767944336, 1.6487230062484741, -0.3924786448478699, -1.4036071300506592,
        -0.7278813123703003, -0.5594301819801331, -0.7688388824462891, 0.7624453902244568,
      ],
      2 ** -23,
    );
    close(
      fillNormal(seeded(), f32(21)),
      [
        1.9269152879714966, 1.4872840642929077, 0.9007171988487244, -2.1055209636688232, 0.6784184575080872, 1.078317642211914,
        0.8008005619049072, 1.680620551109314, 0.3558599054813385, -0.6866229772567749, -0.4933563470840454, 0.2414877861738205,
        -1.1109038591384888, 0.041759490966796875, -0.2515752911567688, 0.859858512878418, -0.3097267746925354, -0.3957104980945587,
        0.8034093379974365, -0.6215953826904297, -0.5920005440711975,
      ],
      2 ** -23,
    );
    close(
      fillNormal(seeded(), f64(21)),
      [
        0.2995562877502637, 0.24237779080894106, 0.28320739441795323, -0.23294220898382634, 0.6711532211923003, 1.0352472972512925,
        -0.010085521702337353, 0.08948016046560357, 0.038435238263354446, -0.11824373914203358, -1.744556661084211, -0.46946014308389283,
        0.45729973935936413, 1.108461181451433, 0.8651734647119074, 0.855215961472287, 0.2494118796915765, 0.2615836907112959,
        -1.526543923410825, -0.33113931395169954, -0.6377842272222147,
      ],
      2 ** -51,
    );
    close(
      fillNormal(seeded(), f32(18), 2, 0.5),
      [
        2.9634575843811035, 2.7436420917510986, 1.7513012886047363, 2.219794750213623, 1.6209344863891602, 2.539158821105957,
        2.400400161743164, 2.8403103351593018, 2.1779298782348633, 1.6566884517669678, 2.3052332401275635, 2.6673688888549805,
        1.8841878175735474, 2.0208797454833984, 1.874212384223938, 2.429929256439209, 1.8451366424560547, 1.8021447658538818,
      ],
      2 ** -23,
    );
  });
  test("randint, also over more than 32 bits", () => {
    same(fillIntegers(seeded(), new Int32Array(8), -5, 100), [52, -3, 41, 14, 76, 75, 35, 84]);
    same(fillIntegers(seeded(), f64(4), 0, 2 ** 40), [441507790259, 395924837646, 458615280711, 810017303572]);
  });
  test("randperm", () => same(permutation(seeded(), 12), [6, 8, 1, 7, 0, 2, 10, 11, 4, 3, 5, 9]));
  test("bernoulli of one probability, of float32 and of float64 probabilities, and dropout", () => {
    // With a tensor of probabilities, PyTorch compares uniform numbers of its dtype.
    const below = <T extends Float32Array | Float64Array>(draws: T, p: number): T => draws.map((u) => Number(u < p)) as T;
    same(fillBernoulli(seeded(), f32(12), 0.3), [1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0]);
    same(below(seeded().fillUniform(f32(12)), 0.3), [0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0]);
    same(below(seeded().fillUniform(f64(12)), 0.3), [1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0]);
    same(fillBernoulli(seeded(), f32(12), 0.75), [1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1]);
  });
  test("exponential_(1.5)", () => {
    same(
      fillExponential(seeded(), f32(5), 1.5),
      [0.039942678064107895, 0.04331741854548454, 0.08794452250003815, 0.03600863367319107, 0.49794045090675354],
    );
    close(fillExponential(seeded(), f64(3), 1.5), [0.039942677127201426, 0.04331741919559019, 0.0879445199893937], 2 ** -52);
  });
  test("seeds below zero and above 32 bits", () => {
    same(seeded(-3).fillUniform(f32(2)), [0.6248647570610046, 0.5075611472129822]);
    same(seeded(2 ** 40 + 9).fillUniform(f32(2)), [0.6557844877243042, 0.30202269554138184]);
  });
  test("a mixture of calls after 1000 draws", () => {
    const generator = seeded(5);
    generator.fillUniform(f32(1000));
    fillNormal(generator, f32(3));
    same(
      [...generator.fillUniform(f32(2)), ...fillNormal(generator, f32(2))],
      [0.4535320997238159, 0.21749913692474365, 0.1790751963853836, -0.2005767673254013],
    );
  });
});

describe("a generator", () => {
  test("continues from its state, spare normal and offset included", () => {
    const generator = seeded(11);
    generator.fillUniform(f32(700));
    fillNormal(generator, f32(3));
    generator.philox(10);
    const state = generator.getState();
    const next = (g: Generator): unknown => [...fillNormal(g, f32(3)), g.random(), g.philox(1), g.initialSeed];
    const want = next(generator);
    expect(next(new Generator().setState(state))).toEqual(want);
    expect(next(generator.setState(state))).toEqual(want);
  });

  test("refuses what no generator's state is, and goes on as it was", () => {
    const generator = seeded(11);
    const state = generator.getState();
    const words = (word: number): number[] => [...state.words.subarray(0, 623), word];
    const bad: object[] = [
      { words: undefined },
      { words: null },
      { words: words(0).slice(1) },
      { words: words(-1) },
      { words: words(0.5) },
      { words: words(2 ** 32) },
      { words: words(NaN) },
      { words: words("1" as unknown as number) },
      { words: new Uint32Array(624) },
      { index: 625 },
      { index: "1" },
      { index: undefined },
      { offset: -1 },
      { offset: 2 ** 60 },
      { seed: 0.5 },
      { seed: null },
      { spareNormal: NaN },
      { spareNormal: null },
      { spareNormal: "0" },
    ];
    const other = seeded(11);
    for (const changes of bad)
      expect(() => generator.setState({ ...state, ...changes }), JSON.stringify(changes).slice(0, 40)).toThrow(ArgumentError);
    for (const none of [null, undefined, 3]) expect(() => generator.setState(none as unknown as typeof state)).toThrow(ArgumentError);
    expect(generator.random()).toBe(other.random());
  });

  test("forgets the spare normal and the offset when seeded", () => {
    const generator = seeded();
    const first = fillNormal(generator, f32(3));
    generator.philox(100);
    generator.manualSeed(42);
    expect(fillNormal(generator, f32(3))).toEqual(first);
    expect(generator.philox(1).offsetLow).toBe(0);
  });

  test("starts as PyTorch's does, and one is shared", () => {
    expect(new Generator().initialSeed).toBe(67280421310721);
    expect(manualSeed(9)).toBe(defaultGenerator());
    expect(initialSeed()).toBe(9);
    expect(defaultGenerator().random()).toBe(seeded(9).random());
  });

  test("permutations hold every number once", () => {
    expect([...permutation(seeded(), 1000)].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect([permutation(seeded(), 0).length, permutation(seeded(), 1)[0]]).toEqual([0, 0]);
  });

  test("refuses what has no meaning", () => {
    expect(() => seeded(1.5)).toThrow("manualSeed: seed must be a safe integer, got 1.5");
    expect(() => fillIntegers(seeded(), f32(1), 3, 3)).toThrow("needs whole numbers low < high, got low 3 and high 3");
    expect(() => permutation(seeded(), -1)).toThrow("n must be between 0 and 2147483647, got -1");
    expect(() => seeded().setState({ ...seeded().getState(), words: new Uint32Array(3) })).toThrow(
      "setState: not the state of a generator",
    );
  });
});

describe("philox", () => {
  test("gives the published words", () => {
    const hex = (words: Uint32Array): string[] => [...words].map((word) => word.toString(16).padStart(8, "0"));
    expect(hex(philox4x32([0, 0, 0, 0], [0, 0]))).toEqual(["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]);
    const ones = 0xffffffff;
    expect(hex(philox4x32([ones, ones, ones, ones], [ones, ones]))).toEqual(["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"]);
    const pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
    expect(hex(philox4x32(pi, [0xa4093822, 0x299f31d0]))).toEqual(["d16cfe09", "94fdcceb", "5001e420", "24126ea1"]);
    expect(hex(philox4x32([0, 0, 0, 0], [42, 0]))).toEqual(["9ceaf053", "77f5493b", "12bf50ad", "5742b3d7"]);
  });

  test("offsets go on by a quarter of the elements, past 32 bits, and carry inside a call", () => {
    const generator = seeded(2 ** 40 + 5);
    expect(generator.philox(9)).toEqual({ seedLow: 5, seedHigh: 256, offsetLow: 0, offsetHigh: 0 });
    expect(generator.philox(1).offsetLow).toBe(3);
    generator.setState({ ...generator.getState(), offset: 2 ** 32 - 1 });
    const key = generator.philox(8);
    expect(generator.philox(4)).toEqual({ ...key, offsetLow: 1, offsetHigh: 1 });
    const words = philoxWords(key, 7);
    expect(words.slice(4)).toEqual(philox4x32([0, 1, 0, 0], [5, 256]).slice(0, 3));
    expect(words.slice(0, 4)).toEqual(philox4x32([0xffffffff, 0, 0, 0], [5, 256]));
  });
});

const KEYS: readonly PhiloxKey[] = [
  { seedLow: 42, seedHigh: 0, offsetLow: 0, offsetHigh: 0 },
  { seedLow: 0xdeadbeef, seedHigh: 0x12345678, offsetLow: 0xfffffff0, offsetHigh: 7 },
];

async function draw(
  entry: "rand" | "randn" | "bernoulli" | "dropout",
  key: PhiloxKey,
  size: number,
  rest: readonly number[],
  x?: Float32Array<ArrayBuffer>,
) {
  const params = new Uint32Array(12);
  params.set([key.seedLow, key.seedHigh, key.offsetLow, key.offsetHigh, size]);
  new Float32Array(params.buffer).set(rest, 5);
  if (x) params[7] = x.length - size;
  const groups = Math.ceil(size / 256);
  const bindings = { 0: params, ...(x && { 1: x }), 2: size * 4 };
  // A grid folded into two rows, as large calls need it.
  const outputs = await runShader({ code: `${random}\n${math}\n${special}`, entry, bindings, workgroups: [Math.ceil(groups / 2), 2] });
  return new Float32Array(outputs[2]!);
}

describe.each(KEYS)("on the GPU, seed $seedLow offset $offsetLow", (key) => {
  const size = 40_003;

  test("rand has the host's bits", async () => {
    expect(await draw("rand", key, size, [0, 1])).toEqual(philoxUniform(key, size));
    expect(await draw("rand", key, size, [-0.3, 1.4])).toEqual(philoxUniform(key, size, -0.3, 1.4));
  });

  test("randn is the host's to a few units in the last place, and normal", async () => {
    const got = await draw("randn", key, size, [0.5, 2]);
    const want = philoxNormal(key, size, 0.5, 2);
    expect(Math.max(...got.map((value, i) => Math.abs(value - want[i]!)))).toBeLessThan(4e-6);
    const mean = got.reduce((sum, value) => sum + value, 0) / size;
    const moment = (k: number): number => got.reduce((sum, value) => sum + ((value - mean) / 2) ** k, 0) / size;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.04);
    expect(Math.abs(moment(3))).toBeLessThan(0.08);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.25);
  });

  test("dropout scales what it keeps, the same elements forward and backward, from any offset of its operand", async () => {
    const uniform = philoxUniform(key, size);
    const p = Math.fround(0.25);
    const x = new Float32Array(size + 5).map((_, i) => (i % 7) - 3);
    const want = uniform.map((u, i) => (u >= p ? x[i + 5]! * Math.fround(1 / 0.75) : 0));
    const got = await draw("dropout", key, size, [p, 1 / 0.75], x);
    expect(got.map(Math.abs)).toEqual(want.map(Math.abs));
    expect(await draw("dropout", key, size, [p, 1 / 0.75], x)).toEqual(got);
    expect(got.filter((value, i) => value === 0 && x[i + 5] !== 0).length / size).toBeCloseTo(0.25 * (6 / 7), 1);
    const broken = await draw("dropout", key, 8, [1, 0], new Float32Array(8).fill(NaN));
    expect(broken.every(Number.isNaN)).toBe(true);
  });
});
