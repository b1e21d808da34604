// What stands between the brackets of x[…]: reading the list, and carrying it out with views and one gather.
import { ArgumentError, DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { broadcastShapes, sizeOf } from "../base/shape.ts";
import { checkVisible, visible } from "../kernels/indexing.ts";
import { checkFits, isTensor } from "./arguments.ts";
import { vector } from "./arranging.ts";
import type { Tensor } from "./tensor.ts";

/** A slice as Python's start:stop:step; what is left out means from the first, to the last, every one. */
export interface Slice {
  readonly start?: number | null;
  readonly stop?: number | null;
  readonly step?: number | null;
}

/**
 * One index: a number, a slice, ":" (a whole dimension), "..." (as many as are left), null (a new one), an int32 tensor or a boolean mask, or
 * the elements of such a vector as a list.
 */
export type Index = number | Slice | ":" | "..." | null | Tensor | readonly number[] | readonly boolean[];
type Single = Exclude<Index, readonly unknown[]>;

const isMask = (x: Tensor): boolean => x.dtype === "bool" || x.dtype === "uint8";

/** The coordinates of row-major positions, one int32 vector per dimension of x. */
export const columns = (x: Tensor, places: readonly number[]): Tensor[] =>
  x.shape.map((size, d) => {
    const inner = sizeOf(x.shape.slice(d + 1));
    const coordinates = places.map((at) => Math.floor(at / inner) % size);
    return vector(x, coordinates);
  });

/** Row-major positions of the elements that are not zero. */
export const hits = (data: ArrayLike<number>): number[] => Array.from(data).flatMap((v, i) => (v === 0 ? [] : [i]));

const whole: Required<Slice> = { start: null, stop: null, step: null };

interface Parsed {
  /** The view that numbers, slices and new dimensions make. */
  readonly view: Tensor;
  /** Index tensors by the dimension of the view they index. */
  readonly tensors: readonly { readonly dim: number; readonly index: Tensor }[];
}

/** A list of places or truths as the vector that it stands for. */
function tensorOf(x: Tensor, item: Index): Single {
  if (!Array.isArray(item)) return item as Single;
  if (item.every(Number.isInteger)) return vector(x, item as number[]);
  if (item.every((v) => typeof v === "boolean")) return x.uploadedLike("bool", Uint8Array.from(item, Number), [item.length]);
  throw new DtypeError(`[${item.map(String).join(", ")}] is no index`, "a list holds integers, or booleans");
}

const consumed = (item: Single): number => (item === null || item === "..." ? 0 : isTensor(item) && isMask(item) ? item.ndim : 1);

function read(x: Tensor, given: readonly Index[]): Parsed {
  const items = given.map((item) => tensorOf(x, item));
  const used = items.reduce<number>((n, item) => n + consumed(item), 0);
  if (used > x.ndim) throw new ShapeError(`too many indices: ${used} for ${show(x.shape)}`);
  if (items.filter((item) => item === "...").length > 1) throw new ArgumentError('"..." was given twice');
  let view = x;
  let dim = 0;
  const tensors: { dim: number; index: Tensor }[] = [];
  for (const item of items) {
    if (typeof item === "number") view = view.select(dim, item);
    else if (item === null) view = view.unsqueeze(dim++);
    else if (item === ":") dim++;
    else if (item === "...") dim += x.ndim - used;
    else if (isTensor(item)) {
      if (!isMask(item)) {
        if (item.dtype === "int32") checkVisible(item, dim, view.shape[dim]!, true);
        tensors.push({ dim: dim++, index: item });
      } else if (item.ndim === 0) throw new ArgumentError("a mask must not be 0-d", "use where");
      else {
        const covered = view.shape.slice(dim, dim + item.ndim);
        checkFits("the mask", item.shape, covered);
        const seen = visible(item);
        if (!seen)
          throw new ArgumentError(
            "how many elements a mask selects is not known on the GPU",
            "await x.maskedSelect(mask), or mask.nonzero()",
          );
        for (const index of columns(item, hits(seen))) tensors.push({ dim: dim++, index });
      }
    } else if (typeof item === "object") {
      const { start, stop, step } = parse([item], {}, whole);
      view = view.slice(dim++, start, stop, step ?? 1);
    } else throw new DtypeError(`${String(item)} is no index`, 'a number, { start, stop, step }, ":", "...", null, a tensor or a list');
  }
  return { view, tensors };
}

/** True when the list holds no tensor, nor a list that stands for one, so that the result is a view. */
export const isBasic = (items: readonly Index[]): boolean => !items.some((item) => isTensor(item) || Array.isArray(item));

/** x[items]. */
export function indexed(x: Tensor, items: readonly Index[]): Tensor {
  if (!Array.isArray(items)) throw new ArgumentError("needs an array of indices");
  const { view, tensors } = read(x, items as readonly Index[]);
  if (tensors.length === 0) return view;
  const dims = tensors.map((e) => e.dim);
  const shape = broadcastShapes(...tensors.map((e) => e.index.shape));
  // Index tensors apart from each other put their dimensions in front, as in PyTorch.
  const place = dims.every((d, i) => d === dims[0]! + i) ? dims[0]! : 0;
  const order = [...view.shape.keys()].filter((d) => !dims.includes(d)).toSpliced(place, 0, ...dims);
  const flat = view.permute(order).flatten(place, place + dims.length - 1);
  const positions = tensors.reduce<Tensor | number>((sum, { dim, index }) => index.flatIndex(sum, view.shape[dim]!), 0) as Tensor;
  return flat.indexSelect(place, positions.expand(shape).flatten()).unflatten(place, shape);
}

/** values (a tensor that broadcasts, or a number) in the shape of the places they go to and in the dtype of x. */
export function spread(x: Tensor, values: Tensor | number, shape: readonly number[]): Tensor {
  if (typeof values === "number") return x.filledLike(values, shape);
  // Leading dimensions of size 1 may be more than the places have.
  const lead = Math.max(0, values.ndim - shape.length);
  const own = values.shape.slice(0, lead).every((d) => d === 1) ? values.reshape(values.shape.slice(lead)) : values;
  return own.to(x.dtype).expand(shape);
}
