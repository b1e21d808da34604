// Zero, ties, halves, kinks, tiny, large, subnormal, infinite, NaN: every elementwise operator gives on the GPU what it gives on the CPU,
// value and gradient, in every way that its samples call it. The values come to an operator by its being elementwise, and by its kinks.
import { beforeAll, describe, expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { type DType, isFloat } from "../../src/base/dtype.ts";
import { WengertError } from "../../src/base/errors.ts";
import { sameShape } from "../../src/base/shape.ts";
import { callOp, combinations, isElementwise, materialise } from "../../src/inspect/samples.ts";
import "../../src/ops/all.ts";
import { firstNames } from "../../src/ops/install.ts";
import type { AnyOp, Arg, Sample } from "../../src/ops/op.ts";
import { tensor } from "../../src/tensor/create.ts";
import { type DeviceName, init } from "../../src/tensor/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { computed, operandsAt, refilled, text } from "./forms.ts";

// prettier-ignore
const alone = [
  0, 0.5, -0.5, 1, -1, 1 + 2 ** -23, 1 - 2 ** -24, 1.5, 2, -2, 2.5, 3, -3, 7, -7.25, 20, -20, 88, -88, 89, -89.5, 100, -100, 1e4, -1e4,
  8388607.5, 16777217, -16777219, 2147483648, -2147483648, 1e10, 1e20, -1e20, 1e30, 3.4028234663852886e38, -3.4028234663852886e38, 1e-37, 1e-40, -1e-40, 1e-20, -1e-30,
  1e-8, -1e-8, 1e-4, -1e-4, Infinity, -Infinity, NaN,
].map(Math.fround);
/** Of three operands, which meet in every combination. */
const among = [0, 0.5, 1e-4, 1, -1, 88, 1e4, Infinity, -Infinity, NaN].map(Math.fround);
/** Of records that others are made of, which meet gradients, outputs and probabilities. */
const inner = [0, 0.5, -0.5, 1, -1, 2.5, 20, -20, 1e-4, -1e-4, 1e-8, 1e-40, NaN].map(Math.fround);
const whole = [0, 1, -1, 2, -3, 7, 31, 65537, 2147483647, -2147483647, -2147483648];

const values =
  (op: AnyOp) =>
  (dtype: DType, tensors: number): readonly number[] => {
    if (isFloat(dtype)) return op.internal ? inner : tensors > 2 ? among : alone;
    return dtype === "bool" ? [0, 1] : dtype === "uint8" ? [0, 1, 6, 128, 255] : whole;
  };

/** Below the normal range operands and results may flush to zero, and so may factors of results. */
const tiny = 1.1754943508222875e-38;
const flushed = 1e-36;
const largest = 3.4028234663852886e38;

const nearlyEqual = (x: number): boolean => Math.abs(x) > 80;
const powers = (_x: number, y: number): boolean => Math.abs(y) < 1e-7 || Math.abs(y) >= 2 ** 24;
/**
 * Gradients that float32 cannot get, nor does PyTorch: the exponent less 1 is a rounded number, the whole quotient of huge ratios jumps,
 * squares leave the range, an output near ±1 has lost the digits that it differs in, two orders of a Bessel function differ by nothing.
 * Values: less a half, a tiny number is that half; one more than a number that is not whole may be whole.
 */
const beyond: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  pow: powers,
  floatPower: powers,
  sigmoid: (x) => x > 5,
  tanh: (x) => Math.abs(x) > 3,
  atan2: (x, y) => !(x * x + y * y > 1e-37 && x * x + y * y < largest),
  fmod: (x, y) => Math.abs(x / y) > 9000,
  remainder: (x, y) => Math.abs(x / y) > 9000,
  i0e: nearlyEqual,
  i1e: nearlyEqual,
  mvlgamma: (x) => Math.abs(x) < 1e-3,
  zeta: (s, q) => s < 1 || (q < 0 && !(Number.isInteger(s) && s < 2 ** 23)),
};

type Numbers = ArrayLike<number>;
interface Outcome {
  readonly value: Numbers;
  readonly exact: boolean;
  readonly gradients: readonly (Numbers | undefined)[];
}

async function run(name: string, sample: Sample, device: DeviceName): Promise<Outcome> {
  const { args, leaves } = materialise(sample, device, device === "cpu" ? "float64" : "float32");
  const [out, recorded] = [noGrad(() => callOp(name, args))[0]!, callOp(name, args)[0]!];
  const gradients = recorded.requiresGrad ? grad(recorded.sum(), leaves, { allowUnused: true }) : [];
  return { value: await out.array(), exact: !isFloat(out.dtype), gradients: await Promise.all(gradients.map((g) => g?.array())) };
}

/** The sample with operands below the normal range flushed. */
const flushing = (sample: Sample): Sample => refilled(sample, ({ data }) => data?.map((x) => (Math.abs(x) < tiny ? (x < 0 ? -0 : 0) : x)));

/** What float32 can hold of a float64 truth. */
function rounded(x: number): number {
  const y = Math.fround(x);
  return Math.abs(y) < tiny ? 0 : y;
}

/** `scale`: how large terms of the result are, and what its factors may multiply. */
interface Scale {
  readonly term: number;
  readonly factor: number;
}

function same(got: number, want: number, rtol: number, { term, factor }: Scale): boolean {
  const [a, b] = [rounded(got), rounded(want)];
  if (Object.is(a, b) || a === b || Math.abs(a - b) <= rtol * Math.max(Math.abs(b), term) + flushed * factor) return true;
  if (!Number.isFinite(a) && term > largest) return true;
  // Next to the largest number one side may already be infinite.
  return Math.min(Math.abs(a), Math.abs(b)) > 0.999 * largest && a * b > 0;
}

beforeAll(async () => {
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
});

const elementwise = firstNames().filter(([, op]) => isElementwise(op));
const ways = elementwise.flatMap(([name, op]) =>
  combinations(op, values(op)).map((sample) => ({ name, op, sample, of: name + text(sample) })),
);

const others = firstNames().filter(([, op]) => !isElementwise(op));

/** Whether samples show that a record of one floating tensor gives of every element by itself what it gives of it among the others. */
async function actsAlone(name: string, op: AnyOp): Promise<boolean> {
  let seen = false;
  for (const sample of op.samples) {
    const places = [...sample.keys()].filter(
      (i) => (sample[i] as Partial<Arg> | null)?.$ && isFloat((sample[i] as Arg).dtype ?? "float32"),
    );
    const { args } = materialise(sample, "cpu", "float64");
    const [x, ...more] = places.map((i) => args[i] as Tensor);
    if (!x || more.length > 0) continue;
    const [y, ...rest] = callOp(name, args);
    if (!y || rest.length > 0 || !sameShape(y.shape, x.shape)) return false;
    if (x.numel() < 2) continue;
    const [from, to] = [await x.detach().array(), await y.detach().array()];
    for (const [i, value] of from.entries()) {
      const lone = tensor([value], { shape: x.shape.map(() => 1), dtype: "float64", device: "cpu" });
      let found: Tensor[];
      try {
        found = callOp(name, args.with(places[0]!, lone));
      } catch (error) {
        // What refuses a lone element looks at more than one.
        if (error instanceof WengertError) return false;
        throw error;
      }
      if (found[0]?.numel() !== 1 || !Object.is(await found[0].detach().item(), to[i])) return false;
    }
    seen = true;
  }
  return seen;
}

describe("special values", () => {
  it.each(ways)("$of", async ({ name, op, sample }) => {
    const got = await run(name, sample, "webgpu");
    // Operands below the normal range may be flushed, or not.
    const wants = [await run(name, sample, "cpu"), await run(name, flushing(sample), "cpu")];
    const want = wants[0]!;
    const { form, term } = computed(op, sample);
    const differences = (what: string, numbers: Numbers, expected: readonly Numbers[], rtol: number): string[] =>
      Array.from(numbers).flatMap((v, i) => {
        const operands = operandsAt(sample, i);
        const scale = { term: term(i), factor: operands.reduce((p, x) => p * Math.max(1, Number.isFinite(x) ? Math.abs(x) : 1), 1) };
        const left = rtol > 1e-5 && beyond[name]?.(operands[0]!, operands[1]!);
        const fits = left || expected.some((e) => (rtol === 0 ? v === e[i] : same(v, e[i]!, rtol, scale)));
        return fits ? [] : [`${what} at (${operands.join(", ")}): ${v}, expected ${expected[0]![i]}`];
      });
    expect(got.value.length).toBe(want.value.length);
    expect(got.gradients.map((g) => g?.length)).toEqual(want.gradients.map((g) => g?.length));
    const tolerance = want.exact ? 0 : form.ulp === Infinity ? 2e-4 : (1 + (form.ulp ?? 0)) * 2 ** -23;
    expect(differences("value", got.value, wants.map((w) => w.value), tolerance)).toEqual([]); // prettier-ignore
    for (const [k, g] of got.gradients.entries())
      if (g) expect(differences(`gradient ${k}`, g, wants.map((w) => w.gradients[k]!), 2e-5)).toEqual([]); // prettier-ignore
  });

  it("reach every elementwise operator", () => {
    expect(elementwise.length).toBeGreaterThan(90);
    expect(elementwise.map(([name]) => name).filter((name) => !ways.some((way) => way.name === name))).toEqual([]);
  });

  it("come to all that act on each element alone: such records name their kinks", async () => {
    const acting = await Promise.all(others.map(async ([name, op]) => ((await actsAlone(name, op)) ? name : undefined)));
    // Draws decide about these, but the samples leave nothing to them.
    expect(acting.filter((name) => name !== undefined && !/ropout|bernoulli|_$/i.test(name))).toEqual([]);
  });
});

describe("every NaN, quiet and signalling, of both signs", () => {
  const bits = [0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff];
  const isReal = (v: unknown): boolean => ((v as Partial<Arg> | null)?.data && isFloat((v as Arg).dtype ?? "float32")) === true;
  const places = ways.flatMap(({ name, sample, of }) =>
    [...sample.keys()].filter((place) => isReal(sample[place])).map((place) => ({ name, sample, place, of: `${of}, operand ${place}` })),
  );

  it.each(places)("$of", async ({ name, sample, place }) => {
    const filled = refilled(sample, (arg, at) => arg.data && bits.map(() => (at === place ? NaN : isReal(arg) ? 1.25 : 1)));
    const { args } = materialise(filled, "webgpu", "float32");
    const odd = tensor(new Float32Array(new Uint32Array(bits).buffer), { device: "webgpu" });
    const got = callOp(name, args.with(place, odd))[0]!;
    const want = callOp(name, materialise(filled, "cpu", "float64").args)[0]!;
    const kinds = (list: ArrayLike<number>): unknown[] => Array.from(list, (v) => (Number.isNaN(v) ? "NaN" : Math.fround(v)));
    expect(kinds(await got.detach().array())).toEqual(kinds(await want.detach().array()));
  });
});
