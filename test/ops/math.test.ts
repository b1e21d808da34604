// The WGSL functions of shaders/math.wgsl and shaders/special.wgsl against their double precision twins, in units in the last place.
import { describe, expect, test } from "vitest";
import math from "../../shaders/math.wgsl?raw";
import special from "../../shaders/special.wgsl?raw";
import * as m from "../../src/kernels/math.ts";
import { runShader } from "../gpu-harness.ts";

type Pair = readonly [number, number];
type Sampler = (random: () => number) => Pair;

const SAMPLES = Number(globalThis.process?.env["MATH_SAMPLES"] ?? 24576);
const MAX = 3.4028234663852886e38;
const TINY = 2 ** -126;
/** Where a result or a factor of it falls below the normal range it may flush: errors up to this size do not count. */
const FLUSH = 2 ** -122;

// Samplers. Every value is rounded to float32 before either side sees it.
const uniform =
  (low: number, high: number): Sampler =>
  (random) => [low + (high - low) * random(), 0];
/** Magnitudes spread evenly over the exponents, both signs unless `sign` is given. */
const exponents =
  (low: number, high: number, sign = 0): Sampler =>
  (random) => [(sign || (random() < 0.5 ? -1 : 1)) * 2 ** (low + (high - low) * random()), 0];
const two =
  (first: Sampler, second: Sampler): Sampler =>
  (random) => [first(random)[0], second(random)[0]];
const powers: Sampler = (random) => {
  const x = Math.fround(random() < 0.5 ? 2 ** (-60 + 120 * random()) : 0.7 + 0.72 * random());
  return [x, ((random() * 2 - 1) * 125) / Math.max(Math.abs(Math.log2(x)), 1e-6)];
};
const wholePowers: Sampler = (random) => [random() * 20 - 10, Math.floor(random() * 60 - 30)];

interface Row {
  /** Call in WGSL with x, and y where the function has two operands. */
  readonly call: string;
  readonly twin: (x: number, y: number) => number;
  readonly samples: readonly Sampler[];
  /** Largest error allowed, in ULP: what a million samples showed, rounded up. 0 asks for the correctly rounded result. */
  readonly ulp: number;
  /** Errors smaller than this many times the larger operand do not count: for sums that cancel. */
  readonly relativeToOperands?: boolean;
  /** Pairs of special values that the definition itself overflows on. */
  readonly except?: (x: number, y: number) => boolean;
}

const around = (high: number): readonly Sampler[] => [uniform(-high, high), exponents(-30, Math.log2(high))];
const anywhere = exponents(-125, 127.9);

const apart = (x: number, y: number): boolean => Number.isFinite(x) && Math.abs(x - y) > MAX;

const ROWS: readonly Row[] = [
  { call: "exp_f(x)", twin: Math.exp, samples: [uniform(-87, 88.7), ...around(1)], ulp: 1 },
  { call: "exp_below_f(x)", twin: Math.exp, samples: [uniform(-87, 0), uniform(-1, 0), uniform(-400, -80)], ulp: 1, except: (x) => x > 0 },
  { call: "exp2_f(x)", twin: m.exp2, samples: [uniform(-126, 128), ...around(1)], ulp: 1 },
  { call: "expm1_f(x)", twin: Math.expm1, samples: [uniform(-20, 88.7), ...around(2)], ulp: 1.6 },
  { call: "log_f(x)", twin: Math.log, samples: [uniform(0, 2), uniform(0.9, 1.1), exponents(-125, 127.9, 1)], ulp: 0.9 },
  { call: "log2_f(x)", twin: Math.log2, samples: [uniform(0, 2), uniform(0.9, 1.1), exponents(-125, 127.9, 1)], ulp: 2 },
  { call: "log10_f(x)", twin: Math.log10, samples: [uniform(0, 2), uniform(0.9, 1.1), exponents(-125, 127.9, 1)], ulp: 2 },
  { call: "log1p_f(x)", twin: Math.log1p, samples: [uniform(-1, 1), exponents(-30, 0), exponents(-30, 127, 1)], ulp: 1.5 },
  { call: "sin_f(x)", twin: Math.sin, samples: [...around(7), uniform(-1e5, 1e5), anywhere], ulp: 1.6 },
  { call: "cos_f(x)", twin: Math.cos, samples: [...around(7), uniform(-1e5, 1e5), anywhere], ulp: 1.6 },
  { call: "tan_f(x)", twin: Math.tan, samples: [...around(7), uniform(-1e5, 1e5), anywhere], ulp: 3.5 },
  { call: "asin_f(x)", twin: Math.asin, samples: around(1), ulp: 2.4 },
  { call: "acos_f(x)", twin: Math.acos, samples: around(1), ulp: 1.3 },
  { call: "atan_f(x)", twin: Math.atan, samples: [...around(8), anywhere], ulp: 2.1 },
  {
    call: "atan2_f(x, y)",
    twin: Math.atan2,
    samples: [two(uniform(-4, 4), uniform(-4, 4)), two(exponents(-60, 60), exponents(-60, 60))],
    ulp: 2.1,
  },
  { call: "sinh_f(x)", twin: Math.sinh, samples: [uniform(-89.4, 89.4), ...around(2)], ulp: 1.7 },
  { call: "cosh_f(x)", twin: Math.cosh, samples: [uniform(-89.4, 89.4), ...around(2)], ulp: 1.4 },
  { call: "tanh_f(x)", twin: Math.tanh, samples: [uniform(-10, 10), ...around(2)], ulp: 1.4 },
  { call: "asinh_f(x)", twin: Math.asinh, samples: [...around(8), anywhere], ulp: 2.1 },
  { call: "acosh_f(x)", twin: Math.acosh, samples: [uniform(1, 4), exponents(0, 127, 1)], ulp: 2.3 },
  { call: "atanh_f(x)", twin: Math.atanh, samples: around(1), ulp: 2.2 },
  { call: "sqrt_f(x)", twin: Math.sqrt, samples: [exponents(-125, 127.9, 1)], ulp: 0.5 },
  { call: "rsqrt_f(x)", twin: m.rsqrt, samples: [exponents(-125, 127.9, 1)], ulp: 1.5 },
  { call: "pow_f(x, y)", twin: m.pow, samples: [powers, wholePowers], ulp: 4 },
  { call: "erf_f(x)", twin: m.erf, samples: [...around(4), uniform(-1, 1)], ulp: 1.2 },
  { call: "erfc_f(x)", twin: m.erfc, samples: [uniform(-4, 9.1), uniform(0, 2)], ulp: 4 },
  { call: "normal_cdf(x)", twin: m.normalCdf, samples: [uniform(-12.8, 6), ...around(2)], ulp: 4.3 },
  { call: "gelu(x)", twin: m.gelu, samples: [uniform(-12.8, 20), ...around(2)], ulp: 5 },
  { call: "gelu_tanh(x)", twin: m.geluTanh, samples: [uniform(-3, 20), ...around(2)], ulp: 16 },
  { call: "sigmoid(x)", twin: m.sigmoid, samples: [uniform(-87, 20), ...around(2)], ulp: 2.2 },
  { call: "silu(x)", twin: m.silu, samples: [uniform(-87, 20), ...around(2)], ulp: 3 },
  { call: "logsigmoid(x)", twin: m.logsigmoid, samples: [uniform(-100, 87), ...around(2)], ulp: 2 },
  { call: "softplus(x, 1.0, 20.0)", twin: (x) => m.softplus(x), samples: [uniform(-87, 30), ...around(2)], ulp: 2 },
  { call: "softplus(x, 2.0, 30.0)", twin: (x) => m.softplus(x, 2, 30), samples: [uniform(-43, 30), ...around(2)], ulp: 2 },
  { call: "elu(x, 1.5)", twin: (x) => m.elu(x, 1.5), samples: [uniform(-20, 20), ...around(2)], ulp: 1.6 },
  {
    call: "logaddexp_f(x, y)",
    twin: m.logaddexp,
    samples: [two(uniform(-50, 50), uniform(-50, 50)), two(uniform(-2, 2), uniform(-2, 2))],
    ulp: 3.1,
    relativeToOperands: true,
  },
  {
    call: "lerp_f(x, y, 0.3)",
    twin: (x, y) => m.lerp(x, y, Math.fround(0.3)),
    samples: [two(uniform(-9, 9), uniform(-9, 9))],
    ulp: 1.2,
    relativeToOperands: true,
    except: apart,
  },
  {
    call: "lerp_f(x, y, 0.8)",
    twin: (x, y) => m.lerp(x, y, Math.fround(0.8)),
    samples: [two(uniform(-9, 9), uniform(-9, 9))],
    ulp: 1.2,
    relativeToOperands: true,
    except: apart,
  },
  { call: "max_nan(x, y)", twin: m.maxNan, samples: [two(anywhere, anywhere)], ulp: 0 },
  { call: "min_nan(x, y)", twin: m.minNan, samples: [two(anywhere, anywhere)], ulp: 0 },
  { call: "relu(x)", twin: m.relu, samples: [anywhere], ulp: 0 },
  { call: "sign_f(x)", twin: m.sign, samples: [anywhere], ulp: 0 },
  { call: "round_even(x)", twin: m.roundEven, samples: [uniform(-9, 9), (r) => [Math.floor(r() * 4000 - 2000) / 2, 0], anywhere], ulp: 0 },
  { call: "trunc_f(x)", twin: Math.trunc, samples: [uniform(-9, 9), anywhere], ulp: 0 },
  { call: "fmod_f(x, y)", twin: m.fmod, samples: [two(anywhere, anywhere), two(uniform(-50, 50), uniform(-5, 5))], ulp: 0 },
  {
    call: "remainder_f(x, y)",
    twin: m.remainder,
    samples: [two(exponents(-90, 127), exponents(-90, 127)), two(uniform(-50, 50), uniform(-5, 5))],
    ulp: 0,
  },
  {
    call: "floor_div_f(x, y)",
    twin: m.floorDivide,
    samples: [two(uniform(-50, 50), uniform(-5, 5)), two(uniform(-1e5, 1e5), exponents(-3, 3))],
    ulp: 2,
  },
  { call: "heaviside_f(x, y)", twin: m.heaviside, samples: [two(anywhere, anywhere)], ulp: 0 },
];

const SPECIAL = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2,
  -2,
  2.5,
  3,
  -3,
  7,
  -7.25,
  20,
  -20,
  88,
  -86,
  89,
  -89.5,
  104,
  -104,
  1000,
  -1000,
  8388607.5,
  16777216,
  16777217,
  -16777219,
  2147483648,
  -2147483648,
  1e10,
  -1e10,
  1e20,
  1e30,
  -1e30,
  MAX,
  -MAX,
  TINY,
  -TINY,
  1e-8,
  -1e-8,
  1e-20,
  -1e-30,
  Infinity,
  -Infinity,
  NaN,
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
  return `${math}\n${special}
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

async function evaluate(call: string, pairs: readonly Pair[]): Promise<Float32Array> {
  const size = Math.ceil(pairs.length / 64) * 64;
  const xs = new Float32Array(size).fill(1);
  const ys = new Float32Array(size).fill(1);
  pairs.forEach(([x, y], i) => {
    xs[i] = x;
    ys[i] = y;
  });
  const bindings = { 1: xs, 2: ys, 3: size * 4 };
  const outputs = await runShader({ code: kernel(call, "f32", "f32"), entry: "main", bindings, workgroups: [size / 64] });
  return new Float32Array(outputs[3]!);
}

/** Error in units in the last place of the float32 nearest to `want`; results below the normal range may flush. */
function error(got: number, want: number, floor: number): number {
  const rounded = Math.fround(want);
  if (Object.is(got, rounded) || got === rounded) return 0;
  if (Number.isNaN(got) || Number.isNaN(want)) return Infinity;
  const size = Math.max(Math.abs(want), floor);
  if (Math.abs(got - want) <= FLUSH) return 0;
  if (!Number.isFinite(got)) return Math.abs(want) > MAX * (1 - 2 ** -23) ? 1 : Infinity;
  if (!Number.isFinite(rounded)) return Math.abs(got) > MAX * (1 - 2 ** -22) ? 1 : Infinity;
  return Math.abs(got - want) / 2 ** (Math.max(Math.floor(Math.log2(size)), -126) - 23);
}

function worst(row: Row, pairs: readonly Pair[], got: Float32Array): { ulp: number; at: Pair; got: number; want: number } {
  let found = { ulp: 0, at: pairs[0]!, got: NaN, want: NaN };
  pairs.forEach((pair, i) => {
    const want = row.twin(pair[0], pair[1]);
    const floor = row.relativeToOperands ? Math.max(Math.abs(pair[0]), Math.abs(pair[1])) : 0;
    const ulp = error(got[i]!, row.ulp === 0 ? Math.fround(want) : want, floor);
    if (ulp > found.ulp) found = { ulp, at: pair, got: got[i]!, want };
  });
  return found;
}

const round = ([x, y]: Pair): Pair => [Math.fround(x), Math.fround(y)];

describe("accuracy", () => {
  test.each(ROWS)("$call is within $ulp ULP", async (row) => {
    const random = randomNumbers(1);
    const pairs = Array.from({ length: SAMPLES }, (_, i) => round(row.samples[i % row.samples.length]!(random)));
    const found = worst(row, pairs, await evaluate(row.call, pairs));
    if (globalThis.process?.env["MATH_MEASURE"])
      console.log(`ULP ${row.call} ${found.ulp.toFixed(3)} at ${found.at.join(", ")}: ${found.got} for ${found.want}`);
    expect(found.ulp, `at ${found.at.join(", ")}: ${found.got} for ${found.want}`).toBeLessThanOrEqual(row.ulp);
  });
});

describe("special values", () => {
  test.each(ROWS)("$call", async (row) => {
    const binary = row.call.includes("y");
    const pairs = SPECIAL.flatMap((x) => (binary ? SPECIAL.map((y): Pair => round([x, y])) : [round([x, 0])]));
    const got = await evaluate(row.call, pairs);
    const wrong = pairs.flatMap((pair, i) => {
      const { ulp, want } = worst(row, [pair], got.subarray(i, i + 1));
      return ulp > row.ulp && !row.except?.(...pair) ? [`(${pair.join(", ")}) = ${got[i]}, not ${want}`] : [];
    });
    expect(wrong.slice(0, 12)).toEqual([]);
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

describe("every NaN", () => {
  // Functions that PyTorch defines to swallow NaN are left out: sign, heaviside, and pow at 1^y and x^0.
  const rows = ROWS.filter(({ call }) => !/^(sign_f|heaviside_f|pow_f)/.test(call));
  test.each(rows)("stays NaN through $call", async ({ call }) => {
    const bits = [0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff];
    const sides = call.includes("y") ? ["bitcast<f32>(x), 1.25", "1.25, bitcast<f32>(x)"] : ["bitcast<f32>(x)"];
    for (const side of sides) {
      const name = call.slice(0, call.indexOf("("));
      const extra = call.includes("y") ? call.split(",").slice(2) : call.split(",").slice(1);
      const expression = `${name}(${[side, ...extra].join(",").replace(/\)+$/, "")}${side.endsWith(")") && extra.length === 0 ? ")" : ""})`;
      const got = await evaluateInts(
        `select(0, 1, is_nan(${expression}))`,
        bits.map((x): Pair => [x | 0, 0]),
      );
      expect([...got], expression).toEqual(bits.map(() => 1));
    }
  });
});
