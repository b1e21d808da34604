// Running sums and products along a dimension, and the linear recurrence h[i] = b[i] + x[i] · h[i − 1] that both of them are.
import source from "../../shaders/scan.wgsl?raw";
import { constantOf, type View } from "../backend/backend.ts";
import { dense, elements } from "../backend/cpu.ts";
import { kernel, type Launcher, wgslType } from "../backend/kernel.ts";
import { asDType, type DType, type DTypeLike, isFloat } from "../base/dtype.ts";
import { DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { normalizeDim, normalizeDims, reducedShape, sameShape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { bordered } from "./arranging.ts";
import { linesOf } from "./lines.ts";
import { type Composite, type Primitive, raises, t } from "./op.ts";

export interface Options {
  readonly dtype?: DTypeLike | undefined;
  /** Runs from the last element to the first. */
  readonly reverse?: boolean;
  /** Each result leaves its own element out. */
  readonly exclusive?: boolean;
}
type Rest = [dim: number, options?: Options] | [options: { readonly dim: number } & Options];
type Scan = Composite<(x: Tensor, ...rest: Rest) => Tensor>;

/** x moved one place along `dim`, to higher positions unless `back`; `value` moves in. */
const shifted = (x: Tensor, dim: number, back: boolean, value = 0): Tensor =>
  x.pad([...new Array<number>(2 * (x.ndim - 1 - dim)).fill(0), ...(back ? [-1, 1] : [1, -1])], "constant", value);

const scanning = (name: string, identity: number, scan: (x: Tensor, dim: number, reverse: boolean) => Tensor): Scan => ({
  compose: (x, ...rest) => {
    const o = parse(
      name,
      rest,
      { dim: undefined as unknown },
      { dtype: undefined as DTypeLike | undefined, reverse: false, exclusive: false },
    );
    const dim = normalizeDim(name, o.dim, x.ndim);
    const dtype: DType = o.dtype !== undefined ? asDType(name, o.dtype) : isFloat(x.dtype) ? x.dtype : "int32";
    // Small integers and truth values are counted in int32.
    const given = x.to(dtype).to(isFloat(dtype) ? dtype : "int32");
    const line = x.ndim === 0 ? given.unsqueeze(0) : given;
    const result = scan(o.exclusive ? shifted(line, dim, o.reverse, identity) : line, dim, o.reverse).to(dtype);
    return x.ndim === 0 ? result.squeeze(0) : result;
  },
  samples: [
    [t([3, 4]), -2, { reverse: true }], [t([2, 3, 2]), 1, { exclusive: true }], [t([5]), 0, { exclusive: true, reverse: true }],
    [t([]), 0], [t([0, 2]), 0], [t([2, 3], { dtype: "int32" }), 1], [t([4], { dtype: "bool", data: [1, 1, 0, 1] }), 0], [t([2, 600], { low: 0.98, high: 1.02 }), 1],
    [t([2, 4], { data: [2, 0, 3, 0, 1, 2, 0, -4] }), 1], [t([600, 2], { low: 0.98, high: 1.02 }), 0, { reverse: true }],
  ], // prettier-ignore
  errors: [raises([t([2]), 1], "out of range"), raises([t([2])], "out of range")],
});

/** The running sum along a dimension; { reverse } runs from the end, { exclusive } leaves each element itself out. */
export const cumsum: Scan = scanning("cumsum", 0, (x, dim, reverse) => x.filledLike(1).linearRecurrence(x, dim, { reverse }));

/** The running product along a dimension, options as for cumsum; its gradient is right at zeros, to any order. */
export const cumprod: Scan = scanning("cumprod", 1, (x, dim, reverse) => {
  const n = x.shape[dim]!;
  if (n === 0) return x;
  const first = x.narrow(dim, reverse ? n - 1 : 0, 1);
  const alone = bordered(first, x.shape.map((_, d) => (d !== dim ? [0, 0] : reverse ? [n - 1, 0] : [0, n - 1]))); // prettier-ignore
  return x.linearRecurrence(alone, dim, { reverse });
});

export interface Recurrence {
  readonly dim: number;
  readonly reverse: boolean;
  readonly delay: number;
}

/** Factors that are all 1 leave a running sum. */
const isSum = (x: View): boolean => constantOf(x) === 1;

function gpuRecurrence(q: Launcher, x: View, given: View, out: View, { dim, reverse, delay }: Recurrence): void {
  const { outer, length, inner } = linesOf(out.shape, dim);
  const rows = outer * inner;
  const sum = isSum(x);
  const b = q.dense(given);
  // Few long sums are cut so that there is work for everyone.
  const wanted = !sum || rows >= 256 || length < 512 ? 1 : Math.min(512, Math.ceil(length / 128));
  const chunk = Math.max(1, Math.ceil(length / wanted));
  const blocks = Math.max(1, Math.ceil(length / chunk));
  const params = { rows, inner, length, chunk, blocks, reverse: Number(reverse), delay };
  const run = (consts: Record<string, number>, bind: Record<string, View>, own = params): void =>
    q.launch(
      kernel(source, "recurrence", { FACTORS: Number(!sum), ...consts, Scalar: wgslType(out.dtype) }),
      { x: b, b, carry: b, out, ...bind },
      own,
      own.rows * own.blocks,
    );
  if (blocks === 1) return run({}, sum ? {} : { x: q.dense(x) });
  const [totals, carry] = [q.scratch(out.dtype, [rows, blocks]), q.scratch(out.dtype, [rows, blocks])];
  run({ TOTALS: 1 }, { out: totals });
  // Blocks are numbered in the direction of the scan.
  run(
    {},
    { b: totals, x: totals, carry: totals, out: carry },
    { ...params, inner: 1, length: blocks, chunk: blocks, blocks: 1, reverse: 0 },
  );
  run({ CARRIED: 1 }, { carry });
}

/** h[i] = b[i] + x[i − delay] · h[i − 1] along a dimension, h starting at 0; { reverse } counts from the end. Delay is 0 or 1. */
export const linearRecurrence: Primitive<
  (x: Tensor, b: Tensor, dim: number, options?: { readonly reverse?: boolean; readonly delay?: number }) => Tensor,
  "x" | "out",
  Recurrence
> = {
  call: (x, b, ...rest) => {
    const { dim, reverse, delay } = parse("linearRecurrence", rest, { dim: undefined as unknown }, { reverse: false, delay: 0 });
    if (delay !== 0 && delay !== 1) throw new ShapeError("linearRecurrence", `delay must be 0 or 1, got ${String(delay)}`);
    return { inputs: { x, b }, attrs: { dim: normalizeDim("linearRecurrence", dim, x.ndim), reverse, delay } };
  },
  meta: ({ x, b }) => {
    if (!sameShape(x!.shape, b!.shape))
      throw new ShapeError("linearRecurrence", `x ${show(x!.shape)} and b ${show(b!.shape)} must have the same shape`);
    if ((!isFloat(x!.dtype) && x!.dtype !== "int32") || x!.dtype !== b!.dtype)
      throw new DtypeError("linearRecurrence", `x and b must share a floating dtype or int32, got ${x!.dtype} and ${b!.dtype}`);
    return { out: { shape: x!.shape, dtype: x!.dtype } };
  },
  cpu: ({ x, b, out }, { dim, reverse, delay }) => {
    const { outer, length, inner } = linesOf(out!.shape, dim);
    const [factors, terms, to] = [isSum(x!) ? undefined : dense(x!), dense(b!), elements(out!)];
    const step = reverse ? -inner : inner;
    const whole = !isFloat(out!.dtype);
    for (let o = 0; o < outer; o++)
      for (let k = 0; k < inner; k++) {
        let h = 0;
        for (let i = 0, at = (o * length + (reverse ? length - 1 : 0)) * inner + k; i < length; i++, at += step) {
          if (factors && i > 0) h = whole ? Math.imul(h, factors[at - delay * step]!) : h * factors[at - delay * step]!;
          h += terms[at]!;
          to[at] = h;
        }
      }
  },
  gpu: ({ x, b, out }, attrs, q) => gpuRecurrence(q, x!, b!, out!, attrs),
  save: ["x", "out"],
  backward: (g, { x, out }, { dim, reverse, delay }) => {
    if (x.ndim === 0) return { x: () => g.filledLike(0), b: () => g };
    let adjoint: Tensor | undefined;
    const lambda = (): Tensor => (adjoint ??= x.linearRecurrence(g, dim, { reverse: !reverse, delay: 1 - delay }));
    return {
      x: () => (delay === 0 ? lambda().mul(shifted(out, dim, reverse)) : shifted(lambda(), dim, !reverse).mul(out)),
      b: lambda,
    };
  },
  samples: [
    [t([3, 4]), t([3, 4]), 1],
    [t([2, 3, 2]), t([2, 3, 2]), 1, { reverse: true }],
    [t([5]), t([5]), 0, { delay: 1 }],
    [t([3, 4]), t([3, 4]), 0, { delay: 1, reverse: true }],
  ],
  errors: [raises([t([2]), t([3]), 0], "same shape"), raises([t([2]), t([2]), 0, { delay: 2 }], "delay")],
};

type Dims = number | readonly number[] | null;
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
  compose: (given, ...rest) => {
    const { dim, keepdim, dtype } = parse(
      "prod",
      rest,
      { dim: null as Dims, keepdim: false },
      { dtype: undefined as DTypeLike | undefined },
    );
    const dims = normalizeDims("prod", dim, given.ndim);
    const wanted = dtype === undefined ? undefined : asDType("prod", dtype);
    const x = wanted === undefined ? given : given.cast(wanted);
    const kept = [...x.shape.keys()].filter((d) => !dims.includes(d));
    const shape = reducedShape(x.shape, dims, keepdim);
    const n = sizeOf(dims.map((d) => x.shape[d]!));
    const lines = x.permute([...kept, ...dims]).reshape([sizeOf(shape), n]);
    // A product of nothing is 1.
    const out = (n === 0 ? lines.sum(1).add(1) : lines.cumprod(1).select(1, n - 1)).reshape(shape);
    return wanted === undefined || wanted === out.dtype ? out : out.cast(wanted);
  },
  samples: [
    [t([3, 4])], [t([3, 4]), 1, true], [t([2, 3, 2]), 0], [t([])], [t([0, 2]), 0], [t([2, 3], { dtype: "int32" })],
    [t([3, 3], { data: [2, 0, 3, 0, 4, 0, 1, 2, 3] }), 1], [t([70, 3], { low: 0.9, high: 1.1 }), 0],
  ], // prettier-ignore
  errors: [raises([t([2, 3]), 2], "out of range")],
};
