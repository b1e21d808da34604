// Zero, tiny, large, infinite, NaN: every elementwise operator of one operand gives on the GPU what it gives on the CPU, value and gradient.
import { beforeAll, describe, expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { tensor } from "../../src/tensor/create.ts";
import { type DeviceName, init } from "../../src/tensor/device.ts";
import { functions } from "../../src/tensor/methods.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const values = [0, 1e-8, -1e-8, 1e-4, -1e-4, 1, -1, 88, -88, 100, -100, 1e4, -1e4, Infinity, -Infinity, NaN];
/** Below the normal range results may flush to zero, and so may factors of them. */
const tiny = 1.1754943508222875e-38;
const flushed = 1e-36;
const largest = 3.4028234663852886e38;

const unary = [
  ..."abs neg sign reciprocal square sqrt rsqrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh".split(
    " ",
  ),
  ..."acosh atanh erf erfc floor ceil trunc frac round nanToNum clone isnan isinf isfinite logicalNot".split(" "),
  ..."relu relu6 leakyRelu hardtanh sigmoid elu selu gelu silu logsigmoid softplus mish".split(" "),
];
const binary =
  "add sub rsub mul div floorDivide fmod remainder pow atan2 logaddexp heaviside eq ne lt le gt ge maximum minimum clampMin clampMax".split(
    " ",
  );
const options: Readonly<Record<string, readonly unknown[]>> = {
  "gelu tanh": [{ approximate: "tanh" }],
  "round to cents": [{ decimals: 2 }],
  "softplus steep": [3, 0.5],
  "pow 2": [2],
  "pow 3": [3],
  "pow 0.5": [0.5],
  "pow -1": [-1],
  "pow 0": [0],
  "pow 2.5": [2.5],
  "clamp 1": [-1, 1],
};

/** Gradients that float32 cannot get: the exponent less 1 is a rounded number, the whole quotient of huge ratios jumps. */
const beyond: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  pow: (_x, y) => Math.abs(y) === 1e-8,
  fmod: (x, y) => Math.abs(x / y) > 9000,
  remainder: (x, y) => Math.abs(x / y) > 9000,
};

type Call = (...args: unknown[]) => Tensor;
const named = (name: string): Call => (functions as unknown as Record<string, Call>)[name.split(" ")[0]!]!;

interface Outcome {
  readonly value: ArrayLike<number>;
  readonly gradients: readonly ArrayLike<number>[];
}

async function run(
  name: string,
  device: DeviceName,
  operands: readonly (readonly number[])[],
  rest: readonly unknown[] = [],
): Promise<Outcome> {
  const float = device === "cpu" ? "float64" : "float32";
  const leaves = operands.map((data) => tensor(Float64Array.from(data, Math.fround), { dtype: float, device, requiresGrad: true }));
  const out = named(name)(...leaves, ...rest);
  const gradients = out.requiresGrad ? grad(out.sum(), leaves, { allowUnused: true }) : [];
  return { value: await out.array(), gradients: await Promise.all(gradients.map((g) => g.array())) };
}

/** What float32 can hold of a float64 truth. */
function rounded(x: number): number {
  const y = Math.fround(x);
  return Math.abs(y) < tiny ? 0 : y;
}

function differences(
  label: string,
  inputs: (i: number) => string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  rtol: number,
): string[] {
  return Array.from(want).flatMap((w, i) => {
    const [a, b] = [rounded(got[i]!), rounded(w)];
    // Next to the largest number one side may already be infinite.
    const same =
      Object.is(a, b) ||
      a === b ||
      Math.abs(a - b) <= rtol * Math.abs(b) + flushed ||
      (Math.min(Math.abs(a), Math.abs(b)) > 0.999 * largest && a * b > 0);
    return same ? [] : [`${label} at ${inputs(i)}: ${got[i]}, expected ${w}`];
  });
}

beforeAll(async () => {
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
});

describe("one operand", () => {
  it.each([...unary.map((name) => [name, []] as const), ...Object.entries(options)])("%s", async (name, rest) => {
    const [got, want] = [await run(name, "webgpu", [values], rest), await run(name, "cpu", [values], rest)];
    expect(got.gradients.length).toBe(want.gradients.length);
    const at = (i: number): string => String(values[i]);
    expect([
      ...differences("value", at, got.value, want.value, 2e-6),
      ...want.gradients.flatMap((g, k) => differences("gradient", at, got.gradients[k]!, g, 2e-5)),
    ]).toEqual([]);
  });
});

describe("two operands, every pair", () => {
  const xs = values.flatMap((x) => values.map(() => x));
  const ys = values.flatMap(() => values);
  it.each(binary)("%s", async (name) => {
    const [got, want] = [await run(name, "webgpu", [xs, ys]), await run(name, "cpu", [xs, ys])];
    expect(got.gradients.length).toBe(want.gradients.length);
    const at = (i: number): string => `(${xs[i]}, ${ys[i]})`;
    expect([
      ...differences("value", at, got.value, want.value, 2e-6),
      ...want.gradients.flatMap((g, k) =>
        differences(
          `gradient ${k}`,
          at,
          Array.from(got.gradients[k]!, (v, i) => (beyond[name]?.(xs[i]!, ys[i]!) ? g[i]! : v)),
          g,
          2e-5,
        ),
      ),
    ]).toEqual([]);
  });
});
