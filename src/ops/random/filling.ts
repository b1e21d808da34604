// Draws from the host's Mersenne Twister in PyTorch's order: filling in place, and trials.
import { checkFloat } from "../../base/checks.ts";
import { fillBernoulli, fillExponential, fillNormal } from "../../base/draws.ts";
import { hostArray, type TypedArray } from "../../base/dtype.ts";
import { either, parse } from "../../base/options.ts";
import { type Generator, generatorOf } from "../../base/random.ts";
import { dense } from "../../device/cpu.ts";
import { operand } from "../arguments.ts";
import { checkRange, checkRate, checkSpread, type Drawing, drawing, numbersOf, probability } from "../drawing.ts";
import { type Composite, type Fn, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

const wholes = { dtype: "int32" } as const;

/** Host numbers in the shape of x on its device. */
function drawn(x: Tensor, dtype: Tensor["dtype"], fill: (out: TypedArray) => void): Tensor {
  const out = hostArray(dtype, x.numel());
  fill(out);
  return x.uploadedLike(dtype, out, x.shape);
}

/** Puts `value`, which is used up, into x. */
function written(x: Tensor, value: Tensor): Tensor {
  x.copy_(value);
  value.dispose();
  return x;
}

/** Before anything is drawn: x may be written to, and has a floating dtype. */
function writable(x: Tensor, floats = true): Tensor {
  operand(x).checkInPlace();
  if (floats) checkFloat(x.dtype);
  return x;
}

// Given contents: such samples keep their layout, for what overlaps itself cannot be filled.
const still = t([2, 3], { data: [1, -2, 3, -4, 5, -6], fixed: true });
const counts = t([2, 3], { dtype: "int32", data: [1, 2, 3, 4, 5, 6] });
type UniformInPlace =
  [from?: number, to?: number] | [from: number, to: number, options: Drawing] | [options: Drawing & { from?: number; to?: number }];

const filler = <F extends Fn>(
  defaults: Readonly<Record<string, number>>,
  check: (a: number, b: number) => void,
  fill: (source: Generator, out: Floats, a: number, b: number) => void,
  record: Pick<Composite<F>, "samples" | "errors">,
): Composite<F> => ({
  rest: true,
  compose: ((x: Tensor, ...rest: unknown[]) => {
    const { a, b, generator } = numbersOf(rest, defaults, check, drawing);
    const source = generatorOf(generator);
    return written(
      writable(x),
      drawn(x, x.dtype, (out) => fill(source, out as Floats, a, b)),
    );
  }) as unknown as F,
  ...record,
});

/** Fills x with numbers in [from, to) from the host's generator: PyTorch's numbers for the same seed and dtype. */
export const uniform_: Composite<(x: Tensor, ...rest: UniformInPlace) => Tensor> = filler(
  { from: 0, to: 1 },
  checkRange,
  (source, out, from, to) => source.fillUniform(out, from, to),
  {
    samples: [[still, 2, 2], [t([], { fixed: true }), { from: 3, to: 3 }], [t([0], { fixed: true })]],
    errors: [
      raises([still, 2, 1], "in order"),
      raises([t([2], wholes)], "needs a floating tensor"),
      raises([t([2])], "leaf that requires a gradient"),
    ],
  },
);

type NormalInPlace =
  [mean?: number, std?: number] | [mean: number, std: number, options: Drawing] | [options: Drawing & { mean?: number; std?: number }];

/** Fills x with normal numbers from the host's generator: PyTorch's numbers for the same seed and dtype. */
export const normal_: Composite<(x: Tensor, ...rest: NormalInPlace) => Tensor> = filler({ mean: 0, std: 1 }, checkSpread, fillNormal, {
  samples: [[still, 2, 0], [t([], { fixed: true }), { mean: 3, std: 0 }], [t([0], { fixed: true })]],
  errors: [raises([still, 0, -1], "std must not be negative"), raises([t([2], wholes)], "needs a floating tensor")],
});

type RateRest = [lambda?: number] | [lambda: number, options: Drawing] | [options: Drawing & { lambda?: number }];

/** Fills x with exponential numbers of rate lambda from the host's generator: PyTorch's numbers for the same seed and dtype. */
export const exponential_: Composite<(x: Tensor, ...rest: RateRest) => Tensor> = filler({ lambda: 1 }, checkRate, fillExponential, {
  samples: [[still, Infinity], [t([0], { fixed: true })]],
  errors: [raises([still, 0], "lambda must be positive"), raises([t([2], wholes)], "needs a floating tensor")],
});

/** 1 with probability p, else 0, in the shape of x: in its dtype for a number p, as truth values for a tensor. */
function trials(x: Tensor, p: unknown, generator: Drawing["generator"]): Tensor {
  const source = generatorOf(generator);
  if (typeof p !== "object") {
    const chance = probability(p);
    return drawn(x, x.dtype, (out) => fillBernoulli(source, out, chance));
  }
  const chances = operand(p, "p");
  checkFloat(chances.dtype);
  // Probabilities that lie on the GPU cannot be looked at without waiting.
  if (chances.device.type === "cpu") for (const chance of dense(chances)) probability(chance);
  const wide = chances.detach().expand(x.shape);
  return drawn(wide, wide.dtype, (out) => source.fillUniform(out as Floats)).lt(wide);
}

/** 1 with the probability that x holds at each place, or with probability p everywhere, else 0: PyTorch's draws. No gradient. */
export const bernoulli: Composite<
  (x: Tensor, ...rest: [p?: number] | [p: number, options: Drawing] | [options: Drawing & { p?: number }]) => Tensor
> = {
  rest: true,
  compose: (x, ...rest) => {
    const { p, generator } = parse(rest, { p: undefined as number | undefined }, drawing);
    return trials(x, p ?? x, generator).to(x.dtype);
  },
  backward: "none",
  samples: [[t([4], { data: [0, 1, 1, 0] })], [t([2, 3]), 1], [t([2, 3], wholes), 0]],
  errors: [raises([t([3]), 1.5], "between 0 and 1"), raises([t([3], wholes)], "needs a floating tensor")],
};

type TrialRest = [p?: number | Tensor] | [p: number | Tensor, options: Drawing] | [options: Drawing & { p?: number | Tensor }];

/** Fills x with 1 with probability p, a number or a tensor that broadcasts to x, else 0: PyTorch's draws for the same seed. */
export const bernoulli_: Composite<(x: Tensor, ...rest: TrialRest) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const { p, generator } = parse(rest, { p: either<number | Tensor>(0.5, "number", "object") }, drawing);
    return written(writable(x, false), trials(x, p, generator));
  },
  samples: [
    [still, 1],
    [counts, 0],
    [still, t([3], { data: [1, 0, 1], fixed: true })],
  ],
  errors: [raises([still, 1.5], "between 0 and 1"), raises([still, t([4], { data: [0, 1, 0, 1] })], "does not expand")],
};
