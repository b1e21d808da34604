// How far the WGSL of every elementwise operator is from its twin in double precision, in units in the last place: at most what its form
// says (0: correctly rounded). Operands come from the range of the record's samples, from small and large magnitudes and from all of them.
import { beforeAll, describe, expect, it } from "vitest";
import { noGrad } from "../../src/autograd/mode.ts";
import { isFloat } from "../../src/base/dtype.ts";
import { callOp, combinations, isElementwise, materialise } from "../../src/inspect/samples.ts";
import "../../src/ops/all.ts";
import { firstNames } from "../../src/ops/install.ts";
import type { Arg, Sample } from "../../src/ops/op.ts";
import { init } from "../../src/tensor/device.ts";
import { computed, operandsAt, refilled, text } from "./forms.ts";

const SAMPLES = Number(globalThis.process?.env["MATH_SAMPLES"] ?? 8192);
const MAX = 3.4028234663852886e38;
/** Where a result or a factor of it falls below the normal range it may flush: errors up to this size do not count. */
const FLUSH = 2 ** -122;

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

const sign = (random: () => number): number => (random() < 0.5 ? -1 : 1);
/** Magnitudes spread evenly over exponents, of both signs. */
const exponents = (low: number, high: number) => (_arg: Arg, random: () => number): number => sign(random) * 2 ** (low + (high - low) * random()); // prettier-ignore
const uniform = (low: number, high: number, random: () => number): number => low + (high - low) * random();

const samplers: readonly ((arg: Arg, random: () => number) => number)[] = [
  ({ low = -2, high = 2 }, random) => uniform(low, high, random),
  (_arg, random) => uniform(-1, 1, random),
  (_arg, random) => uniform(-100, 100, random),
  // Whole numbers and halves.
  (_arg, random) => Math.floor(uniform(-120, 120, random)) / 2,
  exponents(-30, 7),
  // What records make for each other meets no such numbers: the outputs of sigmoid, probabilities.
  exponents(-96, 127.9),
];

/** Error in units in the last place of the float32 nearest to `want`, or of a term, where that is larger. */
function error(got: number, want: number, term: number, operands: readonly number[]): number {
  const rounded = Math.fround(want);
  const factor = operands.reduce((p, x) => p * Math.max(1, Math.abs(x)), 1);
  if (Object.is(got, rounded) || got === rounded || Math.abs(got - want) <= FLUSH * factor) return 0;
  if (Number.isNaN(got) || Number.isNaN(want)) return Infinity;
  // Terms, and products of several operands, may pass the largest number where the result does not.
  const reach = Math.max(Math.abs(want), term, operands.length > 2 ? 4 * factor : 0);
  if (!Number.isFinite(got)) return reach > MAX * (1 - 2 ** -22) ? 1 : Infinity;
  if (!Number.isFinite(rounded)) return Math.abs(got) > MAX * (1 - 2 ** -22) ? 1 : Infinity;
  return Math.abs(got - want) / 2 ** (Math.max(Math.floor(Math.log2(Math.max(Math.abs(want), term))), -126) - 23);
}

beforeAll(async () => {
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
});

/** Ways to call an operator with floats; those of integers are exact, and special-values.test.ts has them. */
const floating = (sample: Sample): boolean =>
  sample.some((v) => (v as Partial<Arg> | null)?.data && isFloat((v as Arg).dtype ?? "float32"));

const rows = firstNames()
  .filter(([, op]) => isElementwise(op))
  .flatMap(([name, op]) =>
    combinations(op, () => [0])
      .filter(floating)
      .map((sample) => ({ name, op, sample, of: name + text(sample), ulp: computed(op, sample).form.ulp ?? 0 })),
  );

describe("accuracy", () => {
  it.each(rows.filter(({ ulp }) => ulp < Infinity))("$of is within $ulp ULP", async ({ of, name, op, sample, ulp }) => {
    const random = randomNumbers(1);
    const usual = op.internal ? samplers.slice(0, -1) : samplers;
    const drawn = refilled(sample, (arg, place) => {
      if (!arg.data) return undefined;
      // Every operand goes through the samplers at a pace of its own, so that all of them meet.
      const pace = usual.length ** place;
      const draw = (i: number): number =>
        arg.dtype === "bool" ? Number(random() < 0.5) : usual[Math.floor(i / pace) % usual.length]!(arg, random);
      return Array.from({ length: SAMPLES }, (_, i) => Math.fround(draw(i)));
    });
    const run = (device: "cpu" | "webgpu"): Promise<ArrayLike<number>> => {
      const { args } = materialise(drawn, device, device === "cpu" ? "float64" : "float32");
      return noGrad(() => callOp(name, args))[0]!.array();
    };
    const [got, want] = [await run("webgpu"), await run("cpu")];
    const { term } = computed(op, drawn);
    let [worst, at] = [0, 0];
    for (let i = 0; i < SAMPLES; i++) {
      const operands = operandsAt(drawn, i);
      const found = error(got[i]!, want[i]!, term(i), operands);
      if (found > worst) [worst, at] = [found, i];
    }
    const where = `at ${operandsAt(drawn, at).join(", ")}: ${got[at]} for ${want[at]}`;
    if (globalThis.process?.env["MATH_MEASURE"]) console.log(`ULP ${of} ${worst.toFixed(3)} ${where}`);
    expect(worst, where).toBeLessThanOrEqual(ulp);
  });
});
