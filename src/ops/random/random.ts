// Numbers made where they are used: the counter-based streams of shaders/random.wgsl, the same bits on every device.
import { checkFloat } from "../../base/checks.ts";
import { parse } from "../../base/options.ts";
import type { PhiloxKey } from "../../base/random.ts";
import { dropoutStream, normalStream, uniformStream } from "../../kernels/random.ts";
import { operand } from "../arguments.ts";
import { checkRange, checkSpread, keyOf, numbersOf, probability, same, streaming, type Streaming } from "../drawing.ts";
import { type Composite, type Fn, type Internal, type Primitive, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

type Key = PhiloxKey;

const key: Key = { seedLow: 7, seedHigh: 0, offsetLow: 4294967295, offsetHigh: 2 };
const wholes = { dtype: "int32" } as const;

type Stream<F extends Fn> = Primitive<F, "x", never, { key: Key; a: number; b: number }> & Internal;

/** An operator that fills a tensor like x from a stream; `defaults` are those of its one or two numbers, the shader's a and b. */
const stream = <F extends Fn>(
  from: Pick<Stream<F>, "cpu" | "gpu">,
  defaults: Readonly<Record<string, number>>,
  check: (a: number, b: number) => void,
  record: Pick<Stream<F>, "samples" | "errors">,
): Stream<F> => ({
  internal: true,
  rest: true,
  call: ((x: Tensor, ...rest: unknown[]) => {
    const { a, b, ...source } = numbersOf(rest, defaults, check, streaming);
    checkFloat(operand(x).dtype);
    // Only the shape of x matters: a constant in its place keeps neither its memory nor its graph.
    return { inputs: { x: x.filledLike(0) }, attrs: { a, b, key: keyOf(x.numel(), source) } };
  }) as unknown as Stream<F>["call"],
  meta: (ins) => same(ins),
  ...from,
  backward: "none",
  ...record,
});

type UniformRest =
  [low?: number, high?: number] | [low: number, high: number, options: Streaming] | [options: Streaming & { low?: number; high?: number }];

/** Numbers in [low, high) in the shape of x, made on its device: 24 random bits each, the same bits on every device. No gradient. */
export const philoxUniform: Stream<(x: Tensor, ...rest: UniformRest) => Tensor> = stream(uniformStream, { low: 0, high: 1 }, checkRange, {
  samples: [
    [t([3, 7]), { key }],
    [t([5]), -2, 3, { key }],
    [t([]), { key, high: 4 }],
  ],
  errors: [
    raises([t([3]), 2, 1], "in order"),
    raises([t([2], wholes)], "needs a floating tensor"),
    raises([t([3]), { key: {} }], "32-bit word"),
  ],
});

type NormalRest =
  [mean?: number, std?: number] | [mean: number, std: number, options: Streaming] | [options: Streaming & { mean?: number; std?: number }];

/** Normal numbers in the shape of x, made on its device; devices agree to a few units in the last place. No gradient. */
export const philoxNormal: Stream<(x: Tensor, ...rest: NormalRest) => Tensor> = stream(normalStream, { mean: 0, std: 1 }, checkSpread, {
  samples: [
    [t([3, 7]), { key }],
    [t([5]), 2, 0.5, { key }],
    [t([]), { key }],
  ],
  errors: [raises([t([3]), 0, -1], "std must not be negative"), raises([t([3]), { sigma: 1 }], "unknown option")],
});

type ChanceRest = [p?: number] | [p: number, options: Streaming] | [options: Streaming & { p?: number }];

/** 1 with probability p, else 0, in the shape of x, made on its device. No gradient. */
export const philoxBernoulli: Composite<(x: Tensor, ...rest: ChanceRest) => Tensor> & Internal = {
  internal: true,
  rest: true,
  compose: (x, ...rest) => {
    const { p, ...from } = parse(rest, { p: 0.5 }, streaming);
    // The bound is rounded as it is on the GPU, so that float64 has the same bits.
    return x
      .philoxUniform(from)
      .lt(Math.fround(probability(p)))
      .to(x.dtype);
  },
  backward: "none",
  samples: [
    [t([3, 7]), { key }],
    [t([5]), 0.2, { key }],
    [t([2]), 1],
    [t([2]), 0],
  ],
  errors: [raises([t([3]), 1.5], "between 0 and 1"), raises([t([3]), { generator: 7 }], "must be a Generator")],
};

/** Dropout whose draw is given: zeroes with probability p, scales the rest by 1 / (1 − p). Linear, and its own gradient: no mask is stored. */
export const philoxDropout: Primitive<(x: Tensor, p: number, key?: Key) => Tensor, "x", never, { p: number; key: Key }> & Internal = {
  internal: true,
  call: (x, p, key) => ({
    inputs: { x },
    attrs: { p: probability(p), key: keyOf(operand(x).numel(), { key }) },
  }),
  meta: (ins) => same(ins),
  ...dropoutStream,
  backward: (g, _saved, { p, key }) => ({ x: () => g.philoxDropout(p, key) }),
  samples: [
    [t([4, 3]), 0.2, { ...key, offsetLow: 3 }],
    [t([]), 0.3, key],
    [t([5]), 0, key],
    [t([5]), 1, key],
  ],
  errors: [raises([t([3]), -0.1, key], "between 0 and 1"), raises([t([3], wholes), 0.5, key], "needs a floating tensor")],
};
