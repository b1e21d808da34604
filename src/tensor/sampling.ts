// Random tensors: drawn on the host by PyTorch's CPU generator, bit for bit, then uploaded.
import { fillIntegers, fillNormal, permutation } from "../base/draws.ts";
import { asDType, hostArray, isFloat, roundTo } from "../base/dtype.ts";
import { ArgumentError, DtypeError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { type Generator, generatorOf } from "../base/random.ts";
import { entry } from "../base/reading.ts";
import { broadcastShapes, checkShape, sizeOf } from "../base/shape.ts";
import { checkSpread } from "../ops/drawing.ts";
import { createDefaults, type CreateOptions, fromHost, like, sized } from "./create.ts";
import { Tensor } from "./tensor.ts";

export interface DrawOptions extends CreateOptions {
  /** Default: the generator that manualSeed() seeds. */
  readonly generator?: Generator | undefined;
}
type DrawArgs =
  | readonly [...sizes: number[]]
  | readonly [...sizes: number[], options: DrawOptions]
  | readonly [shape: readonly number[], options?: DrawOptions];
type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

const drawDefaults = { ...createDefaults, generator: undefined as Generator | undefined };
/** A tensor whose host array `fill` has filled. Errors: DtypeError unless its dtype is floating. */
function floats(shape: readonly number[], o: typeof drawDefaults, fill: (g: Generator, out: Floats) => unknown): Tensor {
  const dtype = asDType(o.dtype ?? "float32");
  if (!isFloat(dtype)) throw new DtypeError(`needs a floating dtype, got ${dtype}`);
  const out = hostArray(dtype, sizeOf(shape)) as Floats;
  fill(generatorOf(o.generator), out);
  return fromHost(out, dtype, shape, o);
}

type Fill = (g: Generator, out: Floats) => unknown;
const uniform: Fill = (g, out) => g.fillUniform(out);
const gaussian: Fill = (g, out) => fillNormal(g, out);

const drawn =
  (op: string, fill: Fill) =>
  (...args: DrawArgs): Tensor =>
    entry(op, args, Infinity, () => {
      const { shape, options } = sized(args, drawDefaults);
      return floats(shape, options, fill);
    });
const drawnLike =
  (op: string, fill: Fill) =>
  (x: Tensor, ...rest: readonly unknown[]): Tensor =>
    entry(op, [x, ...rest], Infinity, () => {
      const o = parse(rest, {}, like(x, drawDefaults));
      return floats(x.shape, o, fill);
    });

/**
 * Uniform numbers in [0, 1), the same as torch.rand gives for the same seed.
 * @example
 * manualSeed(0);
 * await rand(2, 2).tolist(); // → [[0.49626, 0.76822], [0.088477, 0.13203]]
 */
export const rand: (...args: DrawArgs) => Tensor = /* @__PURE__ */ drawn("rand", uniform);
/**
 * Standard normal numbers, the same as torch.randn gives for the same seed.
 * @example
 * manualSeed(0);
 * await randn(3).tolist(); // → [1.541, -0.29343, -2.1788]
 */
export const randn: (...args: DrawArgs) => Tensor = /* @__PURE__ */ drawn("randn", gaussian);

/** `rand` in the shape, dtype and device of x. */
export const randLike: (x: Tensor, options?: DrawOptions) => Tensor = /* @__PURE__ */ drawnLike("randLike", uniform);
/** `randn` in the shape, dtype and device of x. */
export const randnLike: (x: Tensor, options?: DrawOptions) => Tensor = /* @__PURE__ */ drawnLike("randnLike", gaussian);

function whole(low: number, high: number, shape: readonly number[], o: typeof drawDefaults): Tensor {
  const dtype = asDType(o.dtype ?? "int32");
  const fits = dtype !== "bool" && (isFloat(dtype) || [low, high - 1].every((v) => roundTo(dtype, v) === v));
  if (!fits) throw new ArgumentError(`[${low}, ${high}) does not fit ${dtype}`);
  return fromHost(fillIntegers(generatorOf(o.generator), hostArray(dtype, sizeOf(shape)), low, high), dtype, shape, o);
}

/** The bounds that come in front: high alone, or low and high. */
const boundsOf = (args: readonly unknown[]): { low?: number; high: number | undefined } =>
  typeof args[1] === "number" ? { low: 0, high: undefined } : { high: undefined };

type RandintArgs =
  | readonly [high: number, size: readonly number[], options?: DrawOptions]
  | readonly [low: number, high: number, size: readonly number[], options?: DrawOptions];

/**
 * Whole numbers in [low, high), low 0 when left out: `randint(10, [2, 3])`, `randint(5, 10, [2, 3])`. int32 unless dtype says otherwise.
 * @example
 * manualSeed(0);
 * await randint(0, 10, [4]).tolist(); // → [4, 9, 3, 0]
 */
export function randint(...args: RandintArgs): Tensor {
  return entry("randint", args, Infinity, () => {
    const size = undefined as readonly number[] | undefined;
    const o = parse(args, { ...boundsOf(args), size }, { ...drawDefaults, low: 0 });
    if (o.high === undefined || o.size === undefined) throw new ArgumentError("needs high and size");
    return whole(o.low, o.high, checkShape(o.size), o);
  });
}

/** `randint` in the shape, dtype and device of x: `randintLike(x, 10)`, `randintLike(x, 5, 10)`. */
export function randintLike(
  x: Tensor,
  ...rest: [high: number, options?: DrawOptions] | [low: number, high: number, options?: DrawOptions]
): Tensor {
  return entry("randintLike", arguments, Infinity, () => {
    const o = parse(rest, boundsOf(rest), { ...like(x, drawDefaults), low: 0 });
    return whole(o.low, o.high!, x.shape, o);
  });
}

/**
 * A random order of 0 … n − 1, the same as torch.randperm gives for the same seed.
 * @example
 * manualSeed(0);
 * await randperm(5).tolist(); // → [4, 0, 1, 3, 2]
 */
export function randperm(n: number, options: DrawOptions = {}): Tensor {
  return entry("randperm", arguments, 2, () => {
    const o = parse([options], {}, drawDefaults);
    const dtype = asDType(o.dtype ?? "int32");
    const order = permutation(generatorOf(o.generator), n);
    if (dtype === "bool" || (dtype === "uint8" && n > 256)) throw new DtypeError(`0 to ${n - 1} does not fit ${dtype}`);
    const out = hostArray(dtype, n);
    out.set(order);
    return fromHost(out, dtype, [n], o);
  });
}

type NormalArgs = [size?: readonly number[], options?: DrawOptions] | [options: DrawOptions & { readonly size?: readonly number[] }];

/**
 * Normal numbers of a mean and a standard deviation: numbers with a size, or tensors, one draw per element (gradients flow to them).
 * Errors: ArgumentError for a negative deviation or a size beside a tensor.
 */
export function normal(mean: number | Tensor, std: number | Tensor = 1, ...rest: NormalArgs): Tensor {
  return entry("normal", arguments, Infinity, () => {
    const tensors = [mean, std].filter((v) => v instanceof Tensor);
    const first = tensors[0];
    const defaults = first ? like(first, drawDefaults) : drawDefaults;
    const o = parse(rest, { size: undefined as readonly number[] | undefined }, defaults);
    if (typeof std === "number") checkSpread(0, std);
    if (!first === (o.size === undefined))
      throw new ArgumentError(`needs a size or tensors for mean and std, not both; got size ${o.size && `[${String(o.size)}]`}`);
    const shape = first ? broadcastShapes(...tensors.map((v) => v.shape)) : checkShape(o.size!);
    const [center, spread] = [first ? 0 : (mean as number), typeof std === "number" ? std : 1];
    const noise = floats(shape, o, (g, out) => fillNormal(g, out, center, spread));
    return first ? (typeof std === "number" ? noise : noise.mul(std)).add(mean) : noise;
  });
}
