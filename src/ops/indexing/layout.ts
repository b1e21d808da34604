// Layout: tensors joined, padded, and set into others (the adjoint of slicing).
import { checkKnown } from "../../base/checks.ts";
import { promote } from "../../base/dtype.ts";
import { ShapeError, show } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { contiguous, normalizeDim, type Shape } from "../../base/shape.ts";
import { denseCopy } from "../../device/copying.ts";
import type { Io, View } from "../../device/device.ts";
import { stridedCopy } from "../../kernels/copy.ts";
import { checkFits, checkRank, integers, operands, withSize } from "../arguments.ts";
import { joined, picked } from "../arranging.ts";
import { inlaid } from "../inlaying.ts";
import type { Spelt } from "../methods.ts";
import { type Composite, type Primitive, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

type DimRest = [dim?: number] | [options: { dim?: number }];
type Tensors = readonly Tensor[];

/** True for what cat leaves out, whatever the other shapes are: PyTorch's empty tensor of old. */
const skipped = ({ shape }: { readonly shape: Shape }): boolean => shape.length === 1 && shape[0] === 0;

/** Each input beside the part of the output it fills. */
function pieces(io: Io<string>, dim: number): { x: View; out: View }[] {
  const { out, ...inputs } = io;
  let offset = 0;
  return Object.values(inputs)
    .filter((x) => !skipped(x))
    .map((x) => {
      const part = { x, out: { ...out, shape: x.shape, offset } };
      offset += x.shape[dim]! * out.strides[dim]!;
      return part;
    });
}

export interface CatFn {
  (tensors: Tensors, ...rest: DimRest): Tensor;
  (x: Tensor, others: Tensors, ...rest: DimRest): Tensor;
  readonly method: Spelt<(others: Tensors, ...rest: DimRest) => Tensor>;
}

/** Tensors joined along an existing dimension: `cat([x, y], dim)`, `x.cat([y], dim)`. dtypes are promoted; a tensor of shape [0] is skipped. */
export const cat: Primitive<CatFn, string, never, { dim: number }> = {
  rest: true,
  call: (x, others, ...rest) => {
    const method = !Array.isArray(x);
    const list = operands(method ? [x, others].flat() : x);
    const { dim } = parse((method ? rest : [others, ...rest]) as unknown[], { dim: 0 });
    const dtype = promote(list.map((y) => ({ dtype: y.dtype, kind: "tensor" })));
    for (const { shape } of list) checkRank(shape, 1);
    const first = list.find((y) => !skipped(y));
    return { inputs: Object.fromEntries(list.map((y, i) => [i, y.to(dtype)])), attrs: { dim: first ? normalizeDim(dim, first.ndim) : 0 } };
  },
  meta: (ins, { dim }) => {
    const used = Object.entries(ins).filter(([, x]) => !skipped(x));
    const { shape: first, dtype } = used[0]?.[1] ?? ins[0]!;
    let total = 0;
    for (const [i, { shape }] of used) {
      checkFits(`element ${i}`, shape, withSize(first, dim, shape[dim] ?? first[dim]!));
      total += shape[dim]!;
    }
    return { out: { shape: withSize(first, dim, total), dtype } };
  },
  cpu: (io, { dim }) => {
    for (const part of pieces(io, dim)) stridedCopy.cpu(part, {});
  },
  gpu: (io, { dim }, q) => {
    for (const { x, out } of pieces(io, dim)) denseCopy(q, x, out);
  },
  backward: (g, _s, { dim }, ins) => {
    let at = 0;
    const grads = Object.entries(ins).map(([key, x]) => {
      const [from, size] = [at, skipped(x) ? 0 : x.shape[dim]!];
      at += size;
      return [key, () => (skipped(x) ? g.filledLike(0, [0]) : g.narrow(dim, from, size))] as const;
    });
    return Object.fromEntries(grads);
  },
  samples: [[[t([2, 3]), t([2, 1]), t([2, 2])], { dim: -1 }], [[t([0]), t([2], { dtype: "int32", data: [1, 2] }), t([2])]]],
  errors: [
    raises([[]], "non-empty"),
    raises([[t([2, 3]), t([2, 2])]], "element 1 [2, 2] does not fit, needs [2, 3]"),
    raises([[t([]), t([])]], "at least 1 dimensions"),
  ],
};

/** Tensors of one shape joined along a new dimension. */
export const stack: Composite<(tensors: Tensors, ...rest: DimRest) => Tensor> = {
  self: -1,
  rest: true,
  compose: (tensors, ...rest) => {
    const list = operands(tensors);
    const first = list[0]!.shape;
    list.forEach(({ shape }, i) => checkFits(`element ${i}`, shape, first));
    const { dim } = parse(rest, { dim: 0 });
    const raised = list.map((x) => x.unsqueeze(dim));
    return joined(raised, dim);
  },
  samples: [[[t([2, 3]), t([2, 3])], -1], [[t([]), t([])]]],
  errors: [raises([[t([2]), t([3])]], "element 1 [3] does not fit, needs [2]"), raises([[]], "non-empty")],
};

type PadMode = "constant" | "reflect" | "replicate" | "circular";
type PadRest =
  [mode?: PadMode, value?: number] | [mode: PadMode, options: { value?: number }] | [options: { mode?: PadMode; value?: number }];

/** A dimension of size n, of which [first, end) is left by amounts below zero. */
interface Extent {
  readonly n: number;
  readonly first: number;
  readonly end: number;
}
interface Border {
  /** How far a dimension may be padded, and the least that must come out. */
  readonly most: (e: Extent) => number;
  readonly least: number;
  /** The element that stands at place i, counted from the dimension's own first one. */
  readonly source?: (i: number, e: Extent) => number;
}

const borders: Readonly<Record<PadMode, Border>> = {
  constant: { most: () => Infinity, least: 0 },
  // Both look at the whole dimension, whatever is cropped.
  reflect: { most: ({ n }) => n - 1, least: 1, source: (i, { n }) => n - 1 - Math.abs(n - 1 - Math.abs(i)) },
  replicate: { most: ({ n }) => (n > 0 ? Infinity : -1), least: 1, source: (i, { n }) => Math.min(n - 1, Math.max(0, i)) },
  // What is cropped is gone before the rest goes round.
  circular: {
    most: ({ first, end }) => end - first,
    least: 0,
    source: (i, { first, end }) => first + ((i - first + 2 * (end - first)) % (end - first)),
  },
};

/**
 * Padding. `pad` lists amounts from the last dimension on: [left, right, top, bottom, …]; negative ones crop.
 * Shape: reflect, replicate and circular pad the last one to three dimensions. Errors: ShapeError for amounts beyond what the mode can show.
 */
export const pad: Composite<(x: Tensor, pad: readonly number[], ...rest: PadRest) => Tensor> = {
  rest: true,
  compose: (x, amounts, ...rest) => {
    const { ndim, shape } = x;
    const { mode, value } = parse(rest, { mode: "constant" as PadMode, value: 0 });
    const list = integers([amounts], "amounts");
    if (list.length % 2 !== 0 || list.length > 2 * ndim) throw new ShapeError(`${show(list)} is no list of pairs for ${show(shape)}`);
    checkKnown("mode", mode, Object.keys(borders));
    const { most, least, source } = borders[mode];
    let result = x;
    const starts: number[] = [];
    const full = shape.map((n, d) => {
      const [left = 0, right = 0] = list.slice(2 * (ndim - 1 - d));
      const size = n + left + right;
      const extent = { n, first: Math.max(0, -left), end: n + Math.min(0, right) };
      const padded = 2 * (ndim - 1 - d) < list.length;
      if (extent.end < extent.first || (padded && (size < least || Math.max(left, right) > most(extent))))
        throw new ShapeError(`${mode} padding of ${show([left, right])} is too much for a size of ${n}`);
      starts[d] = Math.max(0, left);
      if (source && (left || right)) result = picked(result, d, size, (i) => source(i - left, extent));
      else if (left < 0 || right < 0) result = result.slice(d, extent.first, extent.end);
      return size;
    });
    if (source) return result === x ? x.clone() : result;
    const { strides } = contiguous(full);
    const offset = strides.reduce((at, step, d) => at + step * starts[d]!, 0);
    return inlaid(result, full, { shape: result.shape, strides, offset }, value);
  },
  samples: [
    [t([2, 3]), [1, 2, -1, 1], { value: 1.5 }],
    [t([0, 2]), [1, 1, 1, 1], "constant", 2],
    [t([1, 2, 4]), [2, 1], { mode: "replicate" }],
    [t([1, 2, 4]), [2, 1], "circular"],
    [t([1, 2, 3, 4]), [1, 2, 2, 1], "reflect"],
  ],
  errors: [
    raises([t([2]), [1]], "no list of pairs"),
    raises([t([2]), [-2, -1]], "too much"),
    raises([t([1, 3]), [3, 0], "reflect"], "too much"),
    raises([t([3]), [1, 1], "mirror"], "unknown mode"),
  ],
};
