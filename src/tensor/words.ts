// Tensor methods that are no operators: what PyTorch's programs ask of a tensor, and make in its likeness.
import "../ops/indexing/index.ts";
import "../ops/math/index.ts";
import { asDType, type DType, type DTypeLike, isFloat, widthOf } from "../base/dtype.ts";
import { ShapeError, show } from "../base/errors.ts";
import { checkCount, parse } from "../base/options.ts";
import { entry } from "../base/reading.ts";
import { normalizeDim, sameShape } from "../base/shape.ts";
import { operand } from "../ops/arguments.ts";
import { type CreateOptions, full, type SizeArgs, sized, tensor, type TensorData } from "./create.ts";
import { extend, properties } from "./methods.ts";
import type { Tensor } from "./tensor.ts";

type CloseRest =
  | [rtol?: number, atol?: number, equalNan?: boolean]
  | [options: { readonly rtol?: number; readonly atol?: number; readonly equalNan?: boolean }];

/** The members of this file, as Tensor declares them. */
export interface Words {
  /** The tensor with its dimensions in reverse: of a matrix, the transposed. A property, as in PyTorch. */
  readonly T: Tensor;
  /** A matrix transposed, which is what conjugating would leave of a real one; a 0-d tensor as it is. Errors: ShapeError for other ranks. */
  readonly H: Tensor;
  /** The rows of the first dimension, as views: `for (const row of x)`, `const [a, b] = x`. Errors: ShapeError for a 0-d tensor. */
  [Symbol.iterator](): IterableIterator<Tensor>;
  /** `strides`, or one of them. */
  readonly stride: { (): readonly number[]; (dim: number): number };
  /** Place of the first element in storage: `offset`. */
  storageOffset(): number;
  /** Number of dimensions: `ndim`. */
  ndimension(): number;
  /** Number of elements: `numel()`. */
  nelement(): number;
  /** Bytes of an element in PyTorch's memory: 4, 8 for float64, 1 for bool and uint8. */
  elementSize(): number;
  /** Whether the elements are floats. */
  isFloatingPoint(): boolean;
  /** Whether the elements may be negative. */
  isSigned(): boolean;
  /** Whether another tensor has the same shape. */
  isSameSize(other: Tensor): boolean;
  /** The dtype, or the tensor in another one: `x.type()`, `x.type("float64")`. */
  readonly type: { (): DType; (dtype: DTypeLike): Tensor };
  /** The tensor in the dtype and on the device of another; itself when nothing changes. */
  typeAs(other: Tensor): Tensor;
  /** Whether all elements are close: |x − other| ≤ atol + rtol · |other|. Reads. Shape: x and other broadcast. */
  allclose(other: Tensor, ...rest: CloseRest): Promise<boolean>;
  /** Whether shape and all elements are the same; NaN is like nothing. Reads. */
  equal(other: Tensor): Promise<boolean>;
  /** Whether the only element is not 0. Reads. Errors: ShapeError for more elements or none. */
  isNonzero(): Promise<boolean>;
  /** `tensor(data)` with the dtype and device of this one. */
  newTensor(data: TensorData, options?: CreateOptions): Tensor;
  /** `zeros` with the dtype and device of this tensor. */
  newZeros(...size: SizeArgs): Tensor;
  /** `ones` with the dtype and device of this tensor. */
  newOnes(...size: SizeArgs): Tensor;
  /** `empty` with the dtype and device of this tensor. */
  newEmpty(...size: SizeArgs): Tensor;
  /** `full` with the dtype and device of this tensor. */
  newFull(size: readonly number[], value: number | boolean, options?: CreateOptions): Tensor;
}

/** Whether all elements hold, read from the device. */
const holds = async (truths: Tensor): Promise<boolean> => (await truths.all().item()) !== 0;

function close(x: Tensor, other: Tensor, ...rest: unknown[]): Promise<boolean> {
  return holds(x.isclose(other, parse(rest, { rtol: 1e-5, atol: 1e-8, equalNan: false })));
}

/**
 * Whether all elements are close: |x − other| ≤ atol + rtol · |other|. Reads. Shape: x and other broadcast.
 * @example await allclose(tensor([1, 2]), tensor([1, 2.00001])); // → true
 */
export function allclose(x: Tensor, other: Tensor, ...rest: CloseRest): Promise<boolean> {
  return entry("allclose", arguments, Infinity, () => close(operand(x), other, ...rest));
}

/**
 * Whether two tensors have one shape and the same elements; NaN is like nothing. Reads.
 * @example await equal(tensor([1, 2]), tensor([[1, 2]])); // → false
 */
export function equal(x: Tensor, other: Tensor): Promise<boolean> {
  return entry("equal", arguments, 2, () => {
    const same = sameShape(operand(x).shape, operand(other, "other").shape);
    return same ? holds(x.eq(other)) : Promise.resolve(false);
  });
}

/**
 * Whether the only element of x is not 0. Reads. Errors: ShapeError for more elements or none.
 * @example await isNonzero(tensor([0])); // → false
 */
export function isNonzero(x: Tensor): Promise<boolean> {
  return entry("isNonzero", arguments, 1, () => {
    if (operand(x).numel() !== 1) throw new ShapeError(`the tensor has ${x.numel()} elements, not 1`);
    return holds(x.ne(0));
  });
}

/**
 * Whether the elements of x are floats.
 * @example isFloatingPoint(tensor([1, 2], { dtype: "int32" })); // → false
 */
export function isFloatingPoint(x: Tensor): boolean {
  return entry("isFloatingPoint", arguments, 1, () => isFloat(operand(x).dtype));
}

/** A method that takes no more arguments than it names. */
const exact =
  <A extends readonly unknown[]>(method: (x: Tensor, ...args: A) => unknown) =>
  (x: Tensor, ...args: A): unknown => {
    checkCount(args, method.length - 1);
    return method(x, ...args);
  };

function stride(x: Tensor, ...rest: unknown[]): readonly number[] | number {
  const { dim } = parse(rest, { dim: null as number | null });
  return dim === null ? x.strides : x.strides[normalizeDim(dim, x.ndim)]!;
}

function rows(x: Tensor): IterableIterator<Tensor> {
  if (x.ndim === 0) throw new ShapeError("a 0-d tensor has no rows", "await item() for its value", "tensor");
  return x.unbind(0)[Symbol.iterator]();
}

/** Options for a tensor made in the likeness of x. */
const alike = <O extends CreateOptions>({ dtype, device }: Tensor, options: O): O => ({
  ...options,
  dtype: options.dtype ?? dtype,
  device: options.device ?? device.type,
});
const filled =
  (value: number) =>
  (x: Tensor, ...args: unknown[]): Tensor => {
    const { shape, options } = sized(args, {});
    return full(shape, value, alike(x, options));
  };

properties({
  T: (x) => x.permute([...x.shape.keys()].reverse()),
  H: (x) => {
    if (x.ndim !== 0 && x.ndim !== 2) throw new ShapeError(`needs a matrix, got ${show(x.shape)}`, "mT() transposes batches of them");
    return x.transpose(0, -1);
  },
});

extend({
  [Symbol.iterator]: rows,
  stride,
  storageOffset: exact((x) => x.offset),
  ndimension: exact((x) => x.ndim),
  nelement: exact((x) => x.numel()),
  elementSize: exact((x) => widthOf(x.dtype)),
  isFloatingPoint,
  isSigned: exact(({ dtype }) => dtype !== "bool" && dtype !== "uint8"),
  isSameSize: exact((x, other: Tensor) => sameShape(x.shape, operand(other, "other").shape)),
  type: exact((x, dtype?: DTypeLike) => (dtype === undefined ? x.dtype : x.to(asDType(dtype)))),
  typeAs: exact((x, other: Tensor) => x.to(operand(other, "other"))),
  allclose: close,
  equal,
  isNonzero,
  newTensor: exact((x, data: TensorData, options?: CreateOptions) => tensor(data, alike(x, options ?? {}))),
  newZeros: filled(0),
  newOnes: filled(1),
  newEmpty: filled(0),
  newFull: exact((x, size: readonly number[], value: number | boolean, options?: CreateOptions) =>
    full(size, value, alike(x, options ?? {})),
  ),
});

declare module "../ops/tensor.ts" {
  interface Tensor extends Words {}
}
