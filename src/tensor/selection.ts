// Tensor methods about elements chosen by value: what must wait for the device to count or to weigh them, and assignment by index.
import "../ops/indexing/index.ts";
import { isGradEnabled, noGrad, setGradEnabled } from "../autograd/mode.ts";
import { checkFloat } from "../base/checks.ts";
import { fillExponential, raced, spun } from "../base/draws.ts";
import { type Float32s, type Float64s, hostArray, isFloat } from "../base/dtype.ts";
import { ArgumentError, DtypeError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { generatorOf } from "../base/random.ts";
import { entry, takes } from "../base/reading.ts";
import { broadcastShapes, sizeOf } from "../base/shape.ts";
import { checkFits, checkRank, integer, isTensor, operand } from "../ops/arguments.ts";
import { vector } from "../ops/arranging.ts";
import { type Drawing, drawing } from "../ops/drawing.ts";
import { columns, hits, type Index, isBasic, spread } from "../ops/index-list.ts";
import { tallied } from "../ops/tallying.ts";
import { extend } from "./methods.ts";
import type { Tensor } from "./tensor.ts";

type Floats = Float32s | Float64s;

type BincountRest =
  | [weights?: Tensor | null, minlength?: number]
  | [weights: Tensor | null, options: { readonly minlength?: number }]
  | [options: { readonly weights?: Tensor | null; readonly minlength?: number }];
type MultinomialRest =
  [replacement?: boolean] | [replacement: boolean, options: Drawing] | [options: Drawing & { readonly replacement?: boolean }];

/** The methods of this file, as Tensor declares them. */
export interface Selections {
  /** Indices of the elements that are not zero. Shape: [count, ndim]; with asTuple one vector per dimension, ready for `index`. */
  readonly nonzero: {
    (options?: { readonly asTuple?: false }): Promise<Tensor>;
    (options: { readonly asTuple: true }): Promise<Tensor[]>;
  };
  /** Indices of the elements that are not zero, one row for each. Shape: [count, ndim]. */
  argwhere(): Promise<Tensor>;
  /**
   * How often each number from 0 on stands in a vector of integers, or the sums of the weights that stand there; gradients flow to these.
   * Shape: one more than the largest number, at least minlength.
   */
  bincount(...rest: BincountRest): Promise<Tensor>;
  /**
   * Places drawn with probabilities in proportion to the elements of a vector or of each row, the same as torch.multinomial draws for the same
   * seed. Shape: [numSamples] or [rows, numSamples]. The generator moves on before the wait.
   */
  multinomial(numSamples: number, ...rest: MultinomialRest): Promise<Tensor>;
  /** The elements where the mask is true, as a vector; gradients flow to them. Shape: x and mask broadcast. */
  maskedSelect(mask: Tensor): Promise<Tensor>;
  /** PyTorch's x[indices] = values (or += with accumulate), for every kind of index. Errors: as for `index`, and for values that do not broadcast. */
  indexPut_(
    indices: readonly Index[],
    values: Tensor | number,
    ...rest: [accumulate?: boolean] | [options: { readonly accumulate?: boolean }]
  ): Tensor;
}

const nonzeroPlaces = async (x: Tensor): Promise<number[]> => hits(await x.detach().array());

async function found(x: Tensor, ...rest: unknown[]): Promise<Tensor | Tensor[]> {
  const { asTuple } = parse(rest, {}, { asTuple: false });
  const places = await nonzeroPlaces(x);
  const list = columns(x, places);
  if (asTuple) return x.ndim === 0 ? [vector(x, places)] : list;
  const upright = list.map((c) => c.unsqueeze(1));
  return vector(x, []).reshape(places.length, 0).cat(upright, 1);
}

async function coordinates(x: Tensor): Promise<Tensor | Tensor[]> {
  takes("argwhere", arguments, 1);
  return found(x);
}

async function counts(x: Tensor, ...rest: unknown[]): Promise<Tensor> {
  const { weights, minlength } = parse(rest, { weights: null as Tensor | null, minlength: 0 });
  if (x.dtype !== "int32" && x.dtype !== "uint8") throw new DtypeError(`needs integers, got ${x.dtype}`, 'convert with to("int32")');
  checkRank(x.shape, 1, 1);
  if (weights !== null) checkFits("weights", operand(weights, "weights").shape, x.shape);
  integer(minlength, "minlength", 0);
  const recording = isGradEnabled();
  let n = minlength;
  for (const v of await x.array()) {
    if (v < 0) throw new ArgumentError(`needs numbers that are not negative, got ${v}`, "", "bincount");
    n = Math.max(n, v + 1);
  }
  const places = x.to("int32");
  return setGradEnabled(recording, () =>
    tallied(places, n, weights ? (isFloat(weights.dtype) ? weights : weights.to("float32")) : undefined),
  );
}

async function drawn(x: Tensor, ...rest: unknown[]): Promise<Tensor> {
  const { numSamples, replacement, generator } = parse(rest, { numSamples: undefined as unknown, replacement: false }, drawing);
  checkFloat(x.dtype);
  checkRank(x.shape, 1, 2);
  const count = integer(numSamples, "numSamples", 1);
  const n = x.shape.at(-1)!;
  if (!replacement && count > n) throw new ArgumentError(`cannot draw ${count} of ${n} without replacement`);
  const [source, shape] = [generatorOf(generator), [...x.shape.slice(0, -1), count]];
  const noise = replacement
    ? source.fillUniform(new Float64Array(sizeOf(shape)))
    : fillExponential(source, hostArray(x.dtype, x.numel()) as Floats);
  const weights = (await x.detach().array()) as Floats;
  const sound = weights.every((w) => w >= 0 && w < Infinity);
  const rows = Array.from({ length: sizeOf(x.shape.slice(0, -1)) }, (_, row) => weights.subarray(row * n, (row + 1) * n));
  if (!sound || !rows.every((row) => row.some((w) => w > 0)))
    throw new ArgumentError("needs finite weights that are not negative, some of each row positive", "", "multinomial");
  const places = replacement ? spun : raced;
  return x.uploadedLike("int32", places(weights, noise, n, count), shape);
}

async function selected(x: Tensor, mask: Tensor): Promise<Tensor> {
  takes("maskedSelect", arguments, 2);
  if (operand(mask, "mask").dtype !== "bool") throw new DtypeError(`the mask must be bool, got ${mask.dtype}`);
  const recording = isGradEnabled();
  const shape = broadcastShapes(x.shape, mask.shape);
  const places = await nonzeroPlaces(noGrad(() => mask.expand(shape)));
  return setGradEnabled(recording, () => x.expand(shape).flatten().indexSelect(0, vector(x, places)));
}

function indexPut(x: Tensor, indices: readonly Index[], values: Tensor | number, ...rest: unknown[]): Tensor {
  const { accumulate } = parse(rest, { accumulate: false });
  if (Array.isArray(indices) && isBasic(indices)) {
    const part = x.index(indices);
    const given = spread(x, values, part.shape);
    if (accumulate) part.add_(given);
    else part.copy_(given);
    return x;
  }
  const [mask] = indices;
  const single = typeof values === "number" || (operand(values, "values").ndim === 0 && values.dtype === x.dtype);
  // One value behind one mask needs no count, so that it works wherever the mask was made.
  if (indices.length === 1 && single && !accumulate && isTensor(mask) && mask.dtype === "bool") {
    x.detach().index([mask.filledLike(0)]);
    return x.maskedFill_(mask.reshape([...mask.shape, ...x.shape.slice(mask.ndim).map(() => 1)]), values);
  }
  const places = x.detach().positions().index(indices);
  return x.put_(places, spread(x, values, places.shape), accumulate);
}

extend({ nonzero: found, argwhere: coordinates, bincount: counts, multinomial: drawn, maskedSelect: selected, indexPut_: indexPut });

type FunctionOf<K extends keyof Selections> = (x: Tensor, ...rest: Parameters<Selections[K]>) => ReturnType<Selections[K]>;
const named =
  (op: string, method: (x: Tensor, ...rest: never[]) => Promise<Tensor | Tensor[]>) =>
  (x: Tensor, ...rest: readonly unknown[]): Promise<never> =>
    entry(op, [x, ...rest], Infinity, () => method(operand(x), ...(rest as never[]))) as Promise<never>;

/**
 * Indices of the elements that are not zero. Shape: [count, ndim]; with asTuple one vector per dimension, ready for `index`.
 * @example await (await nonzero(tensor([3, 0, 4]))).tolist(); // → [[0], [2]]
 */
export const nonzero: {
  (x: Tensor, options?: { readonly asTuple?: false }): Promise<Tensor>;
  (x: Tensor, options: { readonly asTuple: true }): Promise<Tensor[]>;
} = /* @__PURE__ */ named("nonzero", found);
/**
 * Indices of the elements that are not zero, one row for each. Shape: [count, ndim].
 * @example await (await argwhere(tensor([[0, 5], [6, 0]]))).tolist(); // → [[0, 1], [1, 0]]
 */
export const argwhere: FunctionOf<"argwhere"> = /* @__PURE__ */ named("argwhere", coordinates);
/**
 * How often each number from 0 on stands in a vector of integers, or the sums of the weights that stand there; gradients flow to these.
 * Shape: one more than the largest number, at least minlength.
 * @example await (await bincount(tensor([1, 3, 1], { dtype: "int32" }))).tolist(); // → [0, 2, 0, 1]
 */
export const bincount: FunctionOf<"bincount"> = /* @__PURE__ */ named("bincount", counts);
/**
 * Places drawn with probabilities in proportion to the elements of a vector or of each row, the same as torch.multinomial draws for the same
 * seed. Shape: [numSamples] or [rows, numSamples]. The generator moves on before the wait.
 * @example
 * manualSeed(0);
 * const places = await multinomial(tensor([1, 2, 0, 3]), 5, true);
 * await places.tolist(); // → [3, 3, 1, 3, 3]
 */
export const multinomial: FunctionOf<"multinomial"> = /* @__PURE__ */ named("multinomial", drawn);
/**
 * The elements where the mask is true, as a vector; gradients flow to them. Shape: x and mask broadcast.
 * @example
 * const x = tensor([3, -1, 4]);
 * await (await maskedSelect(x, x.gt(0))).tolist(); // → [3, 4]
 */
export const maskedSelect: FunctionOf<"maskedSelect"> = /* @__PURE__ */ named("maskedSelect", selected);

declare module "../ops/tensor.ts" {
  interface Tensor extends Selections {}
}
