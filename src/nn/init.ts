// Initialisation in place, with the numbers PyTorch draws from the same seed.
import { fillNormal } from "../base/draws.ts";
import { checkNonNegative } from "../base/checks.ts";
import { hostArray, isFloat, roundTo } from "../base/dtype.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { camel } from "../base/python.ts";
import { defaultGenerator, type Generator } from "../base/random.ts";
import { sizeOf } from "../base/shape.ts";
import { overwrite } from "../dispatch.ts";
import { erf, erfinv } from "../ops/math.ts";
import { Tensor } from "../tensor.ts";

type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
export interface Drawing {
  /** Default: the generator that manualSeed() seeds. */
  readonly generator?: Generator | undefined;
}
const drawing = { generator: undefined as Generator | undefined };

/** Replaces the contents of x by what `make` leaves in a host array; works on every device, unseen by autograd. */
function written(op: string, x: Tensor, make: (out: Floats) => void): Tensor {
  if (!(x instanceof Tensor)) throw new DtypeError(op, `needs a tensor, got ${typeof x}`);
  if (!isFloat(x.dtype)) throw new DtypeError(op, `cannot fill a ${x.dtype} tensor`, "a floating tensor");
  const out = hostArray(x.dtype, x.size) as Floats;
  make(out);
  overwrite(x, Tensor.upload(x.storage.device, x.dtype, out, x.shape));
  return x;
}

/** The same from random numbers; `rest` are the options of `defaults` and the generator. */
function drawn<O extends object>(
  op: string,
  x: Tensor,
  rest: readonly unknown[],
  defaults: O,
  draw: (generator: Generator, out: Floats, options: O) => void,
): Tensor {
  const o = parse(op, rest, defaults, drawing);
  return written(op, x, (out) => draw(o.generator ?? defaultGenerator(), out, o));
}

/** Uniform in [a, b). */
export function uniform_(
  x: Tensor,
  ...rest: [a?: number, b?: number] | [a: number, b: number, options: Drawing] | [options: Drawing & { a?: number; b?: number }]
): Tensor {
  return drawn("uniform_", x, rest, { a: 0, b: 1 }, (generator, out, { a, b }) => generator.fillUniform(out, a, b));
}

/** Normal with the given mean and standard deviation. */
export function normal_(
  x: Tensor,
  ...rest:
    [mean?: number, std?: number] | [mean: number, std: number, options: Drawing] | [options: Drawing & { mean?: number; std?: number }]
): Tensor {
  return drawn("normal_", x, rest, { mean: 0, std: 1 }, (generator, out, { mean, std }) => {
    checkNonNegative("normal_", { std });
    fillNormal(generator, out, mean, std);
  });
}

/** Normal, cut off outside [a, b] by the inverse of its distribution function. */
export function truncNormal_(
  x: Tensor,
  ...rest:
    [mean?: number, std?: number, a?: number, b?: number] | [options: Drawing & { mean?: number; std?: number; a?: number; b?: number }]
): Tensor {
  return drawn("truncNormal_", x, rest, { mean: 0, std: 1, a: -2, b: 2 }, (generator, out, { mean, std, a, b }) => {
    const scale = std * Math.SQRT2;
    // Twice the distribution function, less one.
    generator.fillUniform(out, erf((a - mean) / scale), erf((b - mean) / scale));
    out.forEach((v, i) => (out[i] = Math.min(b, Math.max(a, erfinv(v) * scale + mean))));
  });
}

/** Every element the same. */
export const constant_ = (x: Tensor, value: number): Tensor => {
  overwrite(x, Tensor.constant(x.storage.device, roundTo(x.dtype, value), x.dtype, x.shape));
  return x;
};
export const ones_ = (x: Tensor): Tensor => constant_(x, 1);
export const zeros_ = (x: Tensor): Tensor => constant_(x, 0);

/** Ones on the diagonal of a matrix. */
export function eye_(x: Tensor): Tensor {
  if (x.ndim !== 2) throw new ShapeError("eye_", `needs 2 dimensions, got ${show(x.shape)}`);
  return written("eye_", x, (out) => {
    for (let i = 0; i < Math.min(x.shape[0]!, x.shape[1]!); i++) out[i * x.shape[1]! + i] = 1;
  });
}

/** A convolution kernel [out, in, …] that hands each channel on unchanged, in each of `groups`. */
export function dirac_(x: Tensor, ...rest: [groups?: number] | [options: { groups?: number }]): Tensor {
  const { groups } = parse("dirac_", rest, { groups: 1 });
  const [out = 0, into = 0, ...kernel] = x.shape;
  if (x.ndim < 3 || x.ndim > 5) throw new ShapeError("dirac_", `needs 3 to 5 dimensions, got ${show(x.shape)}`);
  if (!(Number.isInteger(groups) && groups > 0) || out % groups !== 0)
    throw new ArgumentError("dirac_", `${out} output channels do not divide into ${groups} groups`);
  const area = sizeOf(kernel);
  const middle = kernel.reduce((at, k) => at * k + Math.floor(k / 2), 0);
  return written("dirac_", x, (host) => {
    const per = out / groups;
    for (let g = 0; g < groups; g++) for (let c = 0; c < Math.min(per, into); c++) host[((g * per + c) * into + c) * area + middle] = 1;
  });
}

/** Numbers of inputs and outputs of one unit of a weight [out, in, …]. */
export function fans(op: string, x: Tensor): { readonly fanIn: number; readonly fanOut: number } {
  if (x.ndim < 2) throw new ShapeError(op, `needs at least 2 dimensions, got ${show(x.shape)}`);
  const area = sizeOf(x.shape.slice(2));
  return { fanIn: x.shape[1]! * area, fanOut: x.shape[0]! * area };
}

export type Nonlinearity =
  | "linear" | "conv1d" | "conv2d" | "conv3d" | "convTranspose1d" | "convTranspose2d" | "convTranspose3d"
  | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "leaky_relu" | "selu"; // prettier-ignore
export type FanMode = "fanIn" | "fanOut" | "fan_in" | "fan_out";

const gains: Readonly<Record<string, (slope: number) => number>> = {
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (slope) => Math.sqrt(2 / (1 + slope * slope)),
  selu: () => 3 / 4,
};

/** The factor that keeps variances level behind a nonlinearity; `param` is the slope of leakyRelu, 0.01 by default. */
export function calculateGain(nonlinearity: Nonlinearity, param?: number | null): number {
  const name = camel(String(nonlinearity));
  if (/^(linear|conv(Transpose)?[123]d)$/.test(name)) return 1;
  const gain = Object.hasOwn(gains, name) ? gains[name] : undefined;
  if (!gain)
    throw new ArgumentError(
      "calculateGain",
      `unknown nonlinearity ${String(nonlinearity)}`,
      `linear, conv1d to conv3d, ${Object.keys(gains).join(", ")}`,
    );
  return gain(param ?? 0.01);
}

const evenly = (generator: Generator, out: Floats, std: number): unknown =>
  generator.fillUniform(out, -Math.sqrt(3) * std, Math.sqrt(3) * std);
const normally = (generator: Generator, out: Floats, std: number): unknown => fillNormal(generator, out, 0, std);

type XavierRest = [gain?: number] | [options: Drawing & { gain?: number }];
const xavier = (op: string, x: Tensor, rest: XavierRest, fill: typeof evenly): Tensor =>
  drawn(op, x, rest, { gain: 1 }, (generator, out, { gain }) => {
    const { fanIn, fanOut } = fans(op, x);
    fill(generator, out, gain * Math.sqrt(2 / (fanIn + fanOut)));
  });

/** Glorot's uniform initialisation. */
export const xavierUniform_ = (x: Tensor, ...rest: XavierRest): Tensor => xavier("xavierUniform_", x, rest, evenly);
/** Glorot's normal initialisation. */
export const xavierNormal_ = (x: Tensor, ...rest: XavierRest): Tensor => xavier("xavierNormal_", x, rest, normally);

type KaimingOptions = Drawing & { a?: number; mode?: FanMode; nonlinearity?: Nonlinearity };
type KaimingRest = [a?: number, mode?: FanMode, nonlinearity?: Nonlinearity] | [options: KaimingOptions];
const kaiming = (op: string, x: Tensor, rest: KaimingRest, fill: typeof evenly): Tensor =>
  drawn(op, x, rest, { a: 0, mode: "fanIn" as FanMode, nonlinearity: "leakyRelu" as Nonlinearity }, (generator, out, o) => {
    const mode = camel(String(o.mode));
    if (mode !== "fanIn" && mode !== "fanOut") throw new ArgumentError(op, `unknown mode ${String(o.mode)}`, "fanIn or fanOut");
    fill(generator, out, calculateGain(o.nonlinearity, o.a) / Math.sqrt(fans(op, x)[mode]));
  });

/** He's uniform initialisation. */
export const kaimingUniform_ = (x: Tensor, ...rest: KaimingRest): Tensor => kaiming("kaimingUniform_", x, rest, evenly);
/** He's normal initialisation. */
export const kaimingNormal_ = (x: Tensor, ...rest: KaimingRest): Tensor => kaiming("kaimingNormal_", x, rest, normally);

/** Orthonormal rows (or columns, whichever are fewer) of the tensor seen as a matrix [first, rest], times gain. */
export function orthogonal_(x: Tensor, ...rest: XavierRest): Tensor {
  return drawn("orthogonal_", x, rest, { gain: 1 }, (generator, out, { gain }) => {
    const { fanIn } = fans("orthogonal_", x);
    const rows = x.shape[0]!;
    const [count, length] = rows < fanIn ? [rows, fanIn] : [fanIn, rows];
    const at = (v: number, i: number): number => (rows < fanIn ? v * fanIn + i : i * fanIn + v);
    fillNormal(generator, out);
    const vectors = Array.from({ length: count }, (_, v) => Float64Array.from({ length }, (__, i) => out[at(v, i)]!));
    const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    // Gram–Schmidt, each projection twice: the Q of the QR decomposition whose R has a positive diagonal.
    vectors.forEach((vector, v) => {
      for (const unit of [...vectors.slice(0, v), ...vectors.slice(0, v)]) {
        const along = dot(unit, vector);
        unit.forEach((value, i) => (vector[i]! -= along * value));
      }
      const norm = Math.sqrt(dot(vector, vector));
      vector.forEach((value, i) => {
        vector[i] = value / norm;
        out[at(v, i)] = (gain * value) / norm;
      });
    });
  });
}
