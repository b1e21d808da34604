// Tensor methods about elements chosen by value: what must wait for the device to count them, and assignment by index.
import "../ops/indexing/index.ts";
import { isGradEnabled, noGrad, setGradEnabled } from "../autograd/mode.ts";
import { DtypeError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { takes } from "../base/reading.ts";
import { broadcastShapes } from "../base/shape.ts";
import { isTensor, operand } from "../ops/arguments.ts";
import { vector } from "../ops/arranging.ts";
import { columns, hits, type Index, isBasic, spread } from "../ops/index-list.ts";
import { extend } from "./methods.ts";
import type { Tensor } from "./tensor.ts";

/** The methods of this file, as Tensor declares them. */
export interface Selections {
  /** Indices of the elements that are not zero. Shape: [count, ndim]; with asTuple one vector per dimension, ready for `index`. */
  readonly nonzero: {
    (options?: { readonly asTuple?: false }): Promise<Tensor>;
    (options: { readonly asTuple: true }): Promise<Tensor[]>;
  };
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

async function nonzero(x: Tensor, ...rest: unknown[]): Promise<Tensor | Tensor[]> {
  const { asTuple } = parse(rest, {}, { asTuple: false });
  const found = await nonzeroPlaces(x);
  const list = columns(x, found);
  if (asTuple) return x.ndim === 0 ? [vector(x, found)] : list;
  const upright = list.map((c) => c.unsqueeze(1));
  return vector(x, []).reshape(found.length, 0).cat(upright, 1);
}

async function maskedSelect(x: Tensor, mask: Tensor): Promise<Tensor> {
  takes("maskedSelect", arguments, 2);
  if (operand(mask, "mask").dtype !== "bool") throw new DtypeError(`the mask must be bool, got ${mask.dtype}`);
  const recording = isGradEnabled();
  const shape = broadcastShapes(x.shape, mask.shape);
  const found = await nonzeroPlaces(noGrad(() => mask.expand(shape)));
  return setGradEnabled(recording, () => x.expand(shape).flatten().indexSelect(0, vector(x, found)));
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

extend({ nonzero, maskedSelect, indexPut_: indexPut });

declare module "../ops/tensor.ts" {
  interface Tensor extends Selections {}
}
