// Initialisation in place, with the numbers PyTorch draws from the same seed.
import { hostArray, isFloat, type TypedArray } from "../base/dtype.ts";
import { Storage } from "../backend/backend.ts";
import { ArgumentError, DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { defaultGenerator, type Generator } from "../base/random.ts";
import { contiguous, sizeOf } from "../base/shape.ts";
import { overwrite, roundTo } from "../dispatch.ts";
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
  const { device } = x.storage;
  overwrite(
    x,
    new Tensor(new Storage(device, x.dtype, out.length, device.upload(x.dtype, out as TypedArray)), x.dtype, contiguous(x.shape)),
  );
  return x;
}

/** Uniform in [a, b). */
export function uniform_(
  x: Tensor,
  ...rest: [a?: number, b?: number] | [a: number, b: number, options: Drawing] | [options: Drawing & { a?: number; b?: number }]
): Tensor {
  const { a, b, generator } = parse("uniform_", rest, { a: 0, b: 1 }, drawing);
  return written("uniform_", x, (out) => (generator ?? defaultGenerator()).fillUniform(out, a, b));
}

/** Normal with the given mean and standard deviation. */
export function normal_(
  x: Tensor,
  ...rest:
    [mean?: number, std?: number] | [mean: number, std: number, options: Drawing] | [options: Drawing & { mean?: number; std?: number }]
): Tensor {
  const { mean, std, generator } = parse("normal_", rest, { mean: 0, std: 1 }, drawing);
  if (!(std >= 0)) throw new ArgumentError("normal_", `std must not be negative, got ${std}`);
  return written("normal_", x, (out) => (generator ?? defaultGenerator()).fillNormal(out, mean, std));
}

/** Normal, cut off outside [a, b] by the inverse of its distribution function. */
export function truncNormal_(
  x: Tensor,
  ...rest:
    [mean?: number, std?: number, a?: number, b?: number] | [options: Drawing & { mean?: number; std?: number; a?: number; b?: number }]
): Tensor {
  const { mean, std, a, b, generator } = parse("truncNormal_", rest, { mean: 0, std: 1, a: -2, b: 2 }, drawing);
  const below = (v: number): number => (1 + erf((v - mean) / std / Math.SQRT2)) / 2;
  return written("truncNormal_", x, (out) => {
    (generator ?? defaultGenerator()).fillUniform(out, 2 * below(a) - 1, 2 * below(b) - 1);
    for (let i = 0; i < out.length; i++) out[i] = Math.min(b, Math.max(a, erfinv(out[i]!) * std * Math.SQRT2 + mean));
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

const camel = (name: string): string => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());
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

/** Glorot's uniform initialisation. */
export function xavierUniform_(x: Tensor, ...rest: [gain?: number] | [options: Drawing & { gain?: number }]): Tensor {
  const { gain, generator } = parse("xavierUniform_", rest, { gain: 1 }, drawing);
  const { fanIn, fanOut } = fans("xavierUniform_", x);
  const bound = Math.sqrt(3) * gain * Math.sqrt(2 / (fanIn + fanOut));
  return uniform_(x, -bound, bound, { generator });
}

/** Glorot's normal initialisation. */
export function xavierNormal_(x: Tensor, ...rest: [gain?: number] | [options: Drawing & { gain?: number }]): Tensor {
  const { gain, generator } = parse("xavierNormal_", rest, { gain: 1 }, drawing);
  const { fanIn, fanOut } = fans("xavierNormal_", x);
  return normal_(x, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), { generator });
}

type KaimingOptions = Drawing & { a?: number; mode?: FanMode; nonlinearity?: Nonlinearity };
type KaimingRest = [a?: number, mode?: FanMode, nonlinearity?: Nonlinearity] | [options: KaimingOptions];

function kaiming(op: string, x: Tensor, rest: KaimingRest): { readonly std: number; readonly generator: Generator | undefined } {
  const o = parse(op, rest, { a: 0, mode: "fanIn" as FanMode, nonlinearity: "leakyRelu" as Nonlinearity }, drawing);
  const mode = camel(String(o.mode));
  if (mode !== "fanIn" && mode !== "fanOut") throw new ArgumentError(op, `unknown mode ${String(o.mode)}`, "fanIn or fanOut");
  return { std: calculateGain(o.nonlinearity, o.a) / Math.sqrt(fans(op, x)[mode]), generator: o.generator };
}

/** He's uniform initialisation. */
export function kaimingUniform_(x: Tensor, ...rest: KaimingRest): Tensor {
  const { std, generator } = kaiming("kaimingUniform_", x, rest);
  return uniform_(x, -Math.sqrt(3) * std, Math.sqrt(3) * std, { generator });
}

/** He's normal initialisation. */
export function kaimingNormal_(x: Tensor, ...rest: KaimingRest): Tensor {
  const { std, generator } = kaiming("kaimingNormal_", x, rest);
  return normal_(x, 0, std, { generator });
}

/** Orthonormal rows (or columns, whichever are fewer) of the tensor seen as a matrix [first, rest], times gain. */
export function orthogonal_(x: Tensor, ...rest: [gain?: number] | [options: Drawing & { gain?: number }]): Tensor {
  const { gain, generator } = parse("orthogonal_", rest, { gain: 1 }, drawing);
  if (x.ndim < 2) throw new ShapeError("orthogonal_", `needs at least 2 dimensions, got ${show(x.shape)}`);
  const rows = x.shape[0]!;
  return written("orthogonal_", x, (out) => {
    const columns = out.length / Math.max(1, rows);
    (generator ?? defaultGenerator()).fillNormal(out);
    const across = rows < columns;
    const [count, length] = across ? [rows, columns] : [columns, rows];
    const at = (v: number, i: number): number => (across ? v * columns + i : i * columns + v);
    const work = Float64Array.from(out);
    // Gram–Schmidt, each projection twice: the Q of the QR decomposition whose R has a positive diagonal.
    for (let v = 0; v < count; v++) {
      for (let pass = 0; pass < 2; pass++)
        for (let u = 0; u < v; u++) {
          let dot = 0;
          for (let i = 0; i < length; i++) dot += work[at(u, i)]! * work[at(v, i)]!;
          for (let i = 0; i < length; i++) work[at(v, i)] = work[at(v, i)]! - dot * work[at(u, i)]!;
        }
      let square = 0;
      for (let i = 0; i < length; i++) square += work[at(v, i)]! ** 2;
      for (let i = 0; i < length; i++) work[at(v, i)] = work[at(v, i)]! / Math.sqrt(square);
    }
    for (let i = 0; i < out.length; i++) out[i] = gain * work[i]!;
  });
}
