// The WGSL functions of shaders/math.wgsl and shaders/special.wgsl that are no operators by themselves against their double precision
// twins, in units in the last place, and the integers of both. Operators are measured by their records: accuracy.test.ts, special-values.test.ts.
import { describe, expect, test } from "vitest";
import gamma from "../../shaders/gamma.wgsl?raw";
import math from "../../shaders/math.wgsl?raw";
import special from "../../shaders/special.wgsl?raw";
import { digamma, lgamma, zeta } from "../../src/kernels/gamma.ts";
import * as m from "../../src/kernels/math.ts";
import { runShader } from "../gpu-harness.ts";

type Pair = readonly [number, number];
type Sampler = (random: () => number) => number;

const SAMPLES = Number(globalThis.process?.env["MATH_SAMPLES"] ?? 24576);
const MAX = 3.4028234663852886e38;
/** Where a result or a factor of it falls below the normal range it may flush: errors up to this size do not count. */
const FLUSH = 2 ** -122;

// Samplers. Every value is rounded to float32 before either side sees it.
const uniform =
  (low: number, high: number): Sampler =>
  (random) =>
    low + (high - low) * random();
/** Magnitudes spread evenly over the exponents, of both signs. */
const exponents =
  (low: number, high: number): Sampler =>
  (random) =>
    (random() < 0.5 ? -1 : 1) * 2 ** (low + (high - low) * random());

interface Row {
  /** Call in WGSL with x. */
  readonly call: string;
  readonly twin: (x: number) => number;
  readonly samples: readonly Sampler[];
  /** Largest error allowed, in ULP: what a million samples showed, rounded up. */
  readonly ulp: number;
  /** Values that the function is not for. */
  readonly except?: (x: number) => boolean;
}

const positive: readonly Sampler[] = [uniform(0.001, 3), uniform(3, 100), (random) => 2 ** (60 * random() - 20)];

const ROWS: readonly Row[] = [
  { call: "exp_below_f(x)", twin: Math.exp, samples: [uniform(-87, 0), uniform(-1, 0), uniform(-400, -80)], ulp: 1, except: (x) => x > 0 },
  // Below 0 they are differences of large terms beside zeros of their own.
  { call: "lgamma_f(x)", twin: lgamma, samples: positive, ulp: 8, except: (x) => x < 0 },
  { call: "digamma_f(x)", twin: digamma, samples: positive, ulp: 6, except: (x) => x < 0 },
  { call: "zeta_f(2.5, x)", twin: (x) => zeta(2.5, x), samples: positive, ulp: 5, except: (x) => x < 0 },
  { call: "normal_cdf(x)", twin: m.normalCdf, samples: [uniform(-12.8, 6), uniform(-2, 2), exponents(-30, 1)], ulp: 4.3 },
];

// prettier-ignore
const SPECIAL = [
  0, -0, 1, -1, 0.5, -0.5, 2, -2, 7, -7.25, 20, -20, 88, -86, 89, -89.5, 104, -104, 1000, -1000, 1e10, -1e10, 1e30, -1e30, MAX, -MAX,
  2 ** -126, -(2 ** -126), 1e-8, -1e-8, 1e-20, -1e-30, Infinity, -Infinity, NaN,
];

// A fixed generator: a failure can be run again.
function randomNumbers(seed: number): () => number {
  let s = seed;
  return () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function kernel(call: string, operand: string, result: string): string {
  return `${math}\n${special}\n${gamma}
fn exp_below_f(x: f32) -> f32 { return exp_below(vec4f(x)).x; }
@group(0) @binding(1) var<storage, read> xs: array<${operand}>;
@group(0) @binding(2) var<storage, read> ys: array<${operand}>;
@group(0) @binding(3) var<storage, read_write> out: array<${result}>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) gid: vec3u) {
  let x = xs[gid.x];
  let y = ys[min(gid.x, arrayLength(&ys) - 1u)];
  out[gid.x] = ${call};
}`;
}

async function evaluate(call: string, xs: readonly number[]): Promise<Float32Array> {
  const size = Math.ceil(xs.length / 64) * 64;
  const operands = new Float32Array(size).fill(1);
  operands.set(xs);
  const bindings = { 1: operands, 2: operands, 3: size * 4 };
  const outputs = await runShader({ code: kernel(call, "f32", "f32"), entry: "main", bindings, workgroups: [size / 64] });
  return new Float32Array(outputs[3]!);
}

/** Error in units in the last place of the float32 nearest to `want`; results below the normal range may flush. */
function error(got: number, want: number): number {
  const rounded = Math.fround(want);
  if (Object.is(got, rounded) || got === rounded || Math.abs(got - want) <= FLUSH) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(rounded)) return Infinity;
  return Math.abs(got - want) / 2 ** (Math.max(Math.floor(Math.log2(Math.abs(want))), -126) - 23);
}

describe("accuracy", () => {
  test.each(ROWS)("$call is within $ulp ULP", async ({ call, twin, samples, ulp }) => {
    const random = randomNumbers(1);
    const xs = Array.from({ length: SAMPLES }, (_, i) => Math.fround(samples[i % samples.length]!(random)));
    const got = await evaluate(call, xs);
    const worst = xs.reduce((at, x, i) => (error(got[i]!, twin(x)) > error(got[at]!, twin(xs[at]!)) ? i : at), 0);
    expect(error(got[worst]!, twin(xs[worst]!)), `at ${xs[worst]}: ${got[worst]}`).toBeLessThanOrEqual(ulp);
  });

  test.each(ROWS)("$call at special values", async ({ call, twin, ulp, except }) => {
    const xs = SPECIAL.map(Math.fround);
    const got = await evaluate(call, xs);
    const wrong = xs.flatMap((x, i) => (error(got[i]!, twin(x)) <= ulp || except?.(x) ? [] : [`${x}: ${got[i]}, not ${twin(x)}`]));
    expect(wrong).toEqual([]);
  });
});

async function evaluateInts(call: string, pairs: readonly Pair[]): Promise<Int32Array> {
  const size = Math.ceil(pairs.length / 64) * 64;
  const xs = new Int32Array(size);
  const ys = new Int32Array(size);
  pairs.forEach(([x, y], i) => {
    xs[i] = x;
    ys[i] = y;
  });
  const bindings = { 1: xs, 2: ys, 3: size * 4 };
  const outputs = await runShader({ code: kernel(call, "i32", "i32"), entry: "main", bindings, workgroups: [size / 64] });
  return new Int32Array(outputs[3]!).subarray(0, pairs.length);
}

test("fmod_f(x, 1.7e-38) divides in the lowest binade, where what remains may flush", async () => {
  const xs = [1.7e-38, 2e-38, 2.3e-38].map(Math.fround);
  const got = await evaluate("fmod_f(x, 1.7e-38)", xs);
  xs.forEach((x, i) => expect([0, Math.fround(x - Math.fround(1.7e-38))]).toContain(got[i]));
});

describe("integers", () => {
  const values = [0, 1, -1, 2, -2, 3, -3, 7, -7, 10, 25, 31, 65537, -65537, 2147483647, -2147483647, -2147483648];
  const pairs = values.flatMap((x) => values.map((y): Pair => [x, y]));
  const cases: readonly (readonly [string, (x: number, y: number) => number])[] = [
    ["x % y", m.fmod],
    ["remainder_i(x, y)", m.remainder],
    ["floor_div_i(x, y)", m.floorDivideInt],
    ["pow_i(x, y)", m.powInt],
    ["bitcast<i32>(mul_hi(bitcast<u32>(x), bitcast<u32>(y)))", (x, y) => Number((BigInt(x >>> 0) * BigInt(y >>> 0)) >> 32n) | 0],
  ];
  test.each(cases)("%s", async (call, twin) => {
    expect([...(await evaluateInts(call, pairs))]).toEqual(pairs.map(([x, y]) => twin(x, y) | 0));
  });

  test("to_i32 truncates; what does not fit is the smallest integer", async () => {
    const floats = [0, -0.9, 1.5, -1.5, 2147483520, -2147483648, 2147483648, -2147483904, 3e9, -1e20, 1e-40, Infinity, -Infinity, NaN];
    const bits = new Int32Array(new Float32Array(floats).buffer);
    const got = await evaluateInts(
      "to_i32(bitcast<f32>(x))",
      [...bits].map((x): Pair => [x, 0]),
    );
    expect([...got]).toEqual(floats.map((x) => m.toInt32(x)));
  });

  test("predicates see bits, quiet and signalling NaN of both signs included", async () => {
    const bits = [
      0, 0x80000000, 1, 0x3f800000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7f800001, 0xff800001, 0x7fc00000, 0xffc00000, 0x7fffffff,
    ];
    const pairs = bits.map((x): Pair => [x | 0, 0]);
    const classify =
      "select(0, 1, is_nan(bitcast<f32>(x))) + select(0, 2, is_inf(bitcast<f32>(x))) + select(0, 4, is_finite(bitcast<f32>(x)))";
    expect([...(await evaluateInts(classify, pairs))]).toEqual([4, 4, 4, 4, 4, 2, 2, 1, 1, 1, 1, 1]);
    expect([...(await evaluateInts("select(0, 1, is_nan(nan_f32())) + select(0, 2, is_inf(inf_f32())) + 0 * x", pairs))]).toEqual(
      bits.map(() => 3),
    );
  });
});
