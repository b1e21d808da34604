// Initialisation in place, with the numbers PyTorch draws from the same seed.
import "../../ops/core/index.ts";
import { checkKnown } from "../../base/checks.ts";
import { fillNormal } from "../../base/draws.ts";
import { roundTo } from "../../base/dtype.ts";
import { checkCount } from "../../base/options.ts";
import { camel } from "../../base/python.ts";
import type { Generator } from "../../base/random.ts";
import { entry } from "../../base/reading.ts";
import { sizeOf } from "../../base/shape.ts";
import { erf, erfinv } from "../../kernels/math.ts";
import { checkRank, operand } from "../../ops/arguments.ts";
import { checkSpread } from "../../ops/drawing.ts";
import { overwrite } from "../../tensor/dispatch.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Bounds, type Floats, type Initialiser, initialiser, type Spread } from "./filling.ts";

/** Uniform in [a, b). */
export const uniform_: Initialiser<Bounds, [a?: number, b?: number]> = /* @__PURE__ */ initialiser(
  "uniform_",
  { a: 0, b: 1 },
  (source, out, { a, b }) => source.fillUniform(out, a, b),
);

/** Normal with the given mean and standard deviation. */
export const normal_: Initialiser<Spread, [mean?: number, std?: number]> = /* @__PURE__ */ initialiser(
  "normal_",
  { mean: 0, std: 1 },
  (source, out, { mean, std }) => {
    checkSpread(mean, std);
    fillNormal(source, out, mean, std);
  },
);

/** Every element the same. */
export function constant_(x: Tensor, value: number): Tensor {
  return entry("constant_", arguments, 2, () => repeated(x, value));
}
/** Fills x with ones. */
export function ones_(x: Tensor): Tensor {
  return entry("ones_", arguments, 1, () => repeated(x, 1));
}
/** Fills x with zeros. */
export function zeros_(x: Tensor): Tensor {
  return entry("zeros_", arguments, 1, () => repeated(x, 0));
}
function repeated(x: Tensor, value: number): Tensor {
  overwrite(operand(x), x.filledLike(roundTo(x.dtype, value)));
  return x;
}

/** Numbers of inputs and outputs of one unit of a weight [out, in, …]. */
export function fans(x: Tensor): { readonly fanIn: number; readonly fanOut: number } {
  checkCount(arguments, 1);
  checkRank(operand(x).shape, 2);
  const area = sizeOf(x.shape.slice(2));
  return { fanIn: x.shape[1]! * area, fanOut: x.shape[0]! * area };
}

export type Nonlinearity =
  | "linear" | "conv1d" | "conv2d" | "conv3d" | "convTranspose1d" | "convTranspose2d" | "convTranspose3d"
  | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "leaky_relu" | "selu"; // prettier-ignore
export type FanMode = "fanIn" | "fanOut" | "fan_in" | "fan_out";

/**
 * The factor that keeps variances level behind a nonlinearity; `param` is the slope of leakyRelu, 0.01 by default.
 * @example nn.init.calculateGain("leakyRelu", 0.2); // → 1.3868
 */
export function calculateGain(nonlinearity: Nonlinearity, param?: number | null): number {
  return entry("calculateGain", arguments, 2, () => {
    const leakyRelu = Math.sqrt(2 / (1 + (param ?? 0.01) ** 2));
    const gains: Readonly<Record<string, number>> = { linear: 1, sigmoid: 1, tanh: 5 / 3, relu: Math.SQRT2, selu: 3 / 4, leakyRelu };
    const name = camel(String(nonlinearity)).replace(/^conv(Transpose)?[123]d$/, "linear");
    checkKnown("nonlinearity", name, Object.keys(gains));
    return gains[name]!;
  });
}

type Fill = (source: Generator, out: Floats, deviation: number) => unknown;
const evenly: Fill = (source, out, deviation) => source.fillUniform(out, -Math.sqrt(3) * deviation, Math.sqrt(3) * deviation);
const normally: Fill = (source, out, deviation) => fillNormal(source, out, 0, deviation);

type Xavier = Initialiser<{ gain: number }>;
const xavier = (op: string, fill: Fill): Xavier =>
  initialiser(op, { gain: 1 }, (source, out, { gain }, x) => {
    const { fanIn, fanOut } = fans(x);
    fill(source, out, gain * Math.sqrt(2 / (fanIn + fanOut)));
  });

/**
 * Glorot's uniform initialisation.
 * @example
 * const w = nn.init.xavierUniform_(empty(3, 5), { gain: nn.init.calculateGain("tanh") });
 * w.shape; // → [3, 5]
 */
export const xavierUniform_: Xavier = /* @__PURE__ */ xavier("xavierUniform_", evenly);
/** Glorot's normal initialisation. */
export const xavierNormal_: Xavier = /* @__PURE__ */ xavier("xavierNormal_", normally);

type Kaiming = Initialiser<
  { a: number; mode: FanMode; nonlinearity: Nonlinearity },
  [a?: number, mode?: FanMode, nonlinearity?: Nonlinearity]
>;
const kaiming = (op: string, fill: Fill): Kaiming =>
  initialiser(op, { a: 0, mode: "fanIn", nonlinearity: "leakyRelu" }, (source, out, { a, mode, nonlinearity }, x) => {
    const fan = camel(String(mode)) as "fanIn";
    const sizes = fans(x);
    checkKnown("mode", fan, Object.keys(sizes));
    fill(source, out, calculateGain(nonlinearity, a) / Math.sqrt(sizes[fan]));
  });

/** He's uniform initialisation. */
export const kaimingUniform_: Kaiming = /* @__PURE__ */ kaiming("kaimingUniform_", evenly);
/**
 * He's normal initialisation.
 * @example
 * const w = nn.init.kaimingNormal_(empty(3, 5), { mode: "fanOut", nonlinearity: "relu" });
 * w.shape; // → [3, 5]
 */
export const kaimingNormal_: Kaiming = /* @__PURE__ */ kaiming("kaimingNormal_", normally);

/** Normal, cut off outside [a, b] by the inverse of its distribution function. */
export const truncNormal_: Initialiser<Spread & Bounds, [mean?: number, std?: number, a?: number, b?: number]> =
  /* @__PURE__ */ initialiser("truncNormal_", { mean: 0, std: 1, a: -2, b: 2 }, (source, out, { mean, std, a, b }) => {
    const scale = std * Math.SQRT2;
    // Twice the distribution function, less one.
    source.fillUniform(out, erf((a - mean) / scale), erf((b - mean) / scale));
    out.forEach((v, i) => (out[i] = Math.min(b, Math.max(a, erfinv(v) * scale + mean))));
  });
