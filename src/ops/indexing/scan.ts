// Running sums and products along a dimension, and the linear recurrence h[i] = b[i] + x[i] · h[i − 1] that both of them are.
import { checkKnown } from "../../base/checks.ts";
import { asDType, type DTypeLike, isFloat } from "../../base/dtype.ts";
import { parse } from "../../base/options.ts";
import { normalizeDim, reducedShape } from "../../base/shape.ts";
import { isSum, recurrence } from "../../kernels/scan.ts";
import { checkFits, productDtype } from "../arguments.ts";
import { type Composite, type InPlace, type Internal, type Primitive, raises, t } from "../op.ts";
import { type Dims, over } from "../reducing.ts";
import type { Tensor } from "../tensor.ts";

export interface Options {
  readonly dtype?: DTypeLike | undefined;
  /** Runs from the last element to the first. */
  readonly reverse?: boolean;
  /** Each result leaves its own element out. */
  readonly exclusive?: boolean;
}
type Rest = [dim: number, options?: Options] | [options: { readonly dim: number } & Options];
type Scan = Composite<(x: Tensor, ...rest: Rest) => Tensor> & InPlace;

/** x with `before` and `after` more places along `dim`, which hold `value`; negative numbers take places off. */
const extended = (x: Tensor, dim: number, before: number, after: number, value = 0): Tensor =>
  x.pad([...new Array<number>(2 * (x.ndim - 1 - dim)).fill(0), before, after], "constant", value);
/** x moved one place to higher positions. */
const shifted = (x: Tensor, dim: number, value = 0): Tensor =>
  x.ndim === 0 ? x.filledLike(value) : x.numel() === 0 ? x : extended(x, dim, 1, -1, value);
const turned = (x: Tensor, dim: number, reverse: boolean): Tensor => (reverse ? x.flip(dim) : x);

const scanning = (identity: number, scan: (x: Tensor, dim: number) => Tensor): Scan => ({
  rest: true,
  compose: (x, ...rest) => {
    const o = parse(rest, { dim: undefined as unknown }, { dtype: undefined as DTypeLike | undefined, reverse: false, exclusive: false });
    const dim = normalizeDim(o.dim, x.ndim);
    const dtype = asDType(o.dtype ?? (isFloat(x.dtype) ? x.dtype : "int32"));
    // Small integers and truth values are counted in int32.
    const given = x.to(dtype).to(isFloat(dtype) ? dtype : "int32");
    const line = turned(x.ndim === 0 ? given.unsqueeze(0) : given, dim, o.reverse);
    return turned(scan(o.exclusive ? shifted(line, dim, identity) : line, dim), dim, o.reverse)
      .to(dtype)
      .reshape(x.shape);
  },
  inplace: true,
  samples: [
    [t([3, 4]), -2, { reverse: true }], [t([2, 3, 2]), 1, { exclusive: true }], [t([5]), 0, { exclusive: true, reverse: true }],
    [t([]), 0], [t([0, 2]), 0], [t([2, 3], { dtype: "int32" }), 1], [t([4], { dtype: "bool", data: [1, 1, 0, 1] }), 0],
    [t([2, 600], { low: 0.98, high: 1.02 }), 1], [t([2, 4], { data: [2, 0, 3, 0, 1, 2, 0, -4] }), 1],
  ], // prettier-ignore
  errors: [raises([t([2]), 1], "out of range"), raises([t([2])], "out of range")],
});

/** The running sum along a dimension; { reverse } runs from the end, { exclusive } leaves each element itself out. */
export const cumsum: Scan = scanning(0, (x, dim) => {
  const n = x.shape[dim]!;
  if (x.device.type === "cpu" || n <= 512 || x.numel() >= 256 * n) return x.filledLike(1).linearRecurrence(x, dim);
  // Few long sums are cut so that there is work for everyone.
  const chunk = Math.max(128, Math.ceil(n / 512));
  const blocks = Math.ceil(n / chunk);
  const parts = extended(x, dim, 0, blocks * chunk - n)
    .unflatten(dim, [blocks, chunk])
    .cumsum(dim + 1);
  const carried = parts.narrow(dim + 1, chunk - 1, 1).cumsum(dim, { exclusive: true });
  return parts
    .add(carried)
    .flatten(dim, dim + 1)
    .narrow(dim, 0, n);
});

/** The running product along a dimension, options as for cumsum; its gradient is right at zeros, to any order. */
export const cumprod: Scan = scanning(1, (x, dim) => {
  const n = x.shape[dim]!;
  return n === 0 ? x : x.linearRecurrence(extended(x.narrow(dim, 0, 1), dim, 0, n - 1), dim);
});

export interface Recurrence {
  readonly dim: number;
  readonly reverse: boolean;
}

/** h[i] = b[i] + x[i − delay] · h[i − 1] along a dimension, h starting at 0; { reverse } counts from the end. Delay is 0 or 1. */
export const linearRecurrence: Primitive<
  (x: Tensor, b: Tensor, dim: number, options?: { readonly reverse?: boolean; readonly delay?: number }) => Tensor,
  "x" | "b",
  "x" | "out",
  Recurrence
> &
  Internal = {
  internal: true,
  rest: true,
  call: (x, b, ...rest) => {
    const { dim: given, reverse, delay } = parse(rest, { dim: undefined as unknown }, { reverse: false, delay: 0 });
    checkKnown("delay", delay, [0, 1]);
    const dim = normalizeDim(given, x.ndim);
    const along = (v: Tensor): Tensor => turned(v, dim, reverse);
    return { inputs: { x: isSum(x) ? x : delay === 1 ? shifted(along(x), dim) : along(x), b: along(b) }, attrs: { dim, reverse } };
  },
  meta: ({ x, b }) => {
    checkFits("b", b.shape, x.shape);
    return { out: { shape: x.shape, dtype: productDtype({ x, b }) } };
  },
  ...recurrence,
  result: ({ out }, { dim, reverse }) => turned(out, dim, reverse),
  save: { x: ["x", "out"], b: ["x"] },
  backward: (g, { x, out }, { dim }) => {
    let adjoint: Tensor | undefined;
    const lambda = (): Tensor => (adjoint ??= x.linearRecurrence(g, dim, { reverse: true, delay: 1 }));
    return { x: () => lambda().mul(shifted(out, dim)), b: lambda };
  },
  samples: [
    [t([3, 4]), t([3, 4]), 1],
    [t([2, 3, 2]), t([2, 3, 2]), 1, { reverse: true }],
    [t([3, 4]), t([3, 4]), 0, { delay: 1, reverse: true }],
  ],
  errors: [raises([t([2]), t([3]), 0], "b [3] does not fit, needs [2]"), raises([t([2]), t([2]), 0, { delay: 2 }], "delay")],
};

export interface ProductOptions {
  readonly dtype?: DTypeLike | undefined;
}

/** The product over dimensions, all by default: the last of the running products, so that its gradient too is right at zeros, to any order. */
export const prod: Composite<
  (
    x: Tensor,
    ...rest:
      | [dim?: Dims, keepdim?: boolean, options?: ProductOptions]
      | [dim: Dims, options: { readonly keepdim?: boolean } & ProductOptions]
      | [options: { readonly dim?: Dims; readonly keepdim?: boolean } & ProductOptions]
  ) => Tensor
> = {
  rest: true,
  compose: (x, ...rest) => {
    const { dims, keepdim, dtype } = over(x, rest, { dtype: undefined as DTypeLike | undefined });
    const kept = [...x.shape.keys()].filter((d) => !dims.includes(d));
    const lines = x.permute([...kept, ...dims]).flatten(kept.length);
    // A product of nothing is 1.
    const factors = lines.numel() === 0 ? extended(lines, kept.length, 1, 0, 1) : lines;
    return factors
      .cumprod(-1, { dtype })
      .select(-1, -1)
      .reshape(reducedShape(x.shape, dims, keepdim));
  },
  samples: [
    [t([3, 4])], [t([3, 4]), 1, true], [t([2, 3, 2]), 0], [t([])], [t([0, 2]), 0], [t([2, 3], { dtype: "int32" })],
    [t([3, 3], { data: [2, 0, 3, 0, 4, 0, 1, 2, 3] }), 1], [t([70, 3], { low: 0.9, high: 1.1 }), 0],
  ], // prettier-ignore
  errors: [raises([t([2, 3]), 2], "out of range")],
};
