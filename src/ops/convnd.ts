// conv1d–3d, convTranspose1d–3d and unfold as PyTorch calls them: arguments, unbatched inputs and paddings around the maps of conv.ts.
import { ArgumentError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { isFloat } from "../base/dtype.ts";
import { contiguousStrides } from "../base/shape.ts";
import type { Sliding } from "../backend/conv.ts";
import type { Tensor } from "../tensor.ts";
import { operand } from "./arguments.ts";
import { type Composite, raises, t } from "./op.ts";
import { checkConv, convSizes, sliding } from "./sliding.ts";
import { perDim, type Sizes } from "./windows.ts";

export interface ConvOptions {
  readonly bias?: Tensor | null;
  readonly stride?: Sizes;
  /** Zeros added on both sides, "valid" for none, "same" to keep the size (stride 1). */
  readonly padding?: Sizes | "same" | "valid";
  readonly dilation?: Sizes;
  readonly groups?: number;
}
export interface ConvTransposeOptions {
  readonly bias?: Tensor | null;
  readonly stride?: Sizes;
  readonly padding?: Sizes;
  readonly outputPadding?: Sizes;
  readonly groups?: number;
  readonly dilation?: Sizes;
}
type ConvArgs =
  | [weight: Tensor, bias?: Tensor | null, stride?: Sizes, padding?: Sizes | "same" | "valid", dilation?: Sizes, groups?: number]
  | [weight: Tensor, options: ConvOptions]
  | [weight: Tensor, bias: Tensor | null | undefined, options: ConvOptions]
  | [weight: Tensor, bias: Tensor | null | undefined, stride: Sizes, options: ConvOptions];
type TransposeArgs =
  | [weight: Tensor, bias?: Tensor | null, stride?: Sizes, padding?: Sizes, outputPadding?: Sizes, groups?: number, dilation?: Sizes]
  | [weight: Tensor, options: ConvTransposeOptions]
  | [weight: Tensor, bias: Tensor | null | undefined, options: ConvTransposeOptions]
  | [weight: Tensor, bias: Tensor | null | undefined, stride: Sizes, options: ConvTransposeOptions];

/** x with a batch dimension, and how to take it away again. Errors: ShapeError for other ranks. */
function batched(op: string, x: Tensor, rank: number): { x: Tensor; restore: (y: Tensor) => Tensor } {
  operand(op, x);
  if (x.ndim === rank + 2) return { x, restore: (y) => y };
  if (x.ndim === rank + 1) return { x: x.unsqueeze(0), restore: (y) => y.squeeze(0) };
  throw new ShapeError(op, `x must have ${rank + 1} or ${rank + 2} dimensions, got ${show(x.shape)}`);
}

const checkRank = (op: string, weight: Tensor, rank: number): void => {
  if (operand(op, weight, "weight").ndim !== rank + 2)
    throw new ShapeError(op, `weight must have ${rank + 2} dimensions, got ${show(weight.shape)}`);
};

/** Integers go through float32, exact below 2^24: the kernels multiply floats. */
const viaFloat = (
  op: string,
  list: readonly (Tensor | null | undefined)[],
  run: (list: (Tensor | null | undefined)[]) => Tensor,
): Tensor => {
  const [x] = list;
  const dtype = x!.dtype;
  if (list.some((v) => v && v.dtype !== dtype))
    throw new ArgumentError(
      op,
      `operands differ in dtype: ${list
        .filter(Boolean)
        .map((v) => v!.dtype)
        .join(", ")}`,
      "convert one of them",
    );
  if (isFloat(dtype)) return run([...list]);
  return run(list.map((v) => v?.cast("float32"))).cast(dtype);
};

/** Pads x for "same": the odd element goes to the end, as PyTorch does. */
function samePadding(
  op: string,
  x: Tensor,
  weight: Tensor,
  a: { stride: readonly number[]; dilation: readonly number[] },
): { x: Tensor; padding: number[] } {
  if (a.stride.some((s) => s !== 1)) throw new ArgumentError(op, `padding "same" needs stride 1, got ${show(a.stride)}`);
  const total = weight.shape.slice(2).map((k, i) => a.dilation[i]! * (k - 1));
  const extra = total.map((n) => n % 2);
  const padded = extra.some((e) => e > 0) ? x.pad([...extra].reverse().flatMap((e) => [0, e])) : x;
  return { x: padded, padding: total.map((n) => Math.floor(n / 2)) };
}

const sizesFor = (rank: number, ...list: readonly number[]): number[] => list.slice(0, rank);

const conv = (rank: number): Composite<(x: Tensor, ...rest: ConvArgs) => Tensor> => {
  const op = `conv${rank}d`;
  const samples = (
    x: readonly number[],
    w: readonly number[],
    lead: readonly [number, number],
    out: readonly [number, number],
  ): [unknown, unknown] => [t([...lead, ...sizesFor(rank, ...x)]), t([...out, ...sizesFor(rank, ...w)])];
  return {
    compose: (x, ...rest) => {
      const { weight, ...o } = parse(op, rest, {
        weight: undefined as unknown as Tensor,
        bias: null as Tensor | null,
        stride: 1 as unknown,
        padding: 0 as unknown,
        dilation: 1 as unknown,
        groups: 1 as unknown,
      });
      checkRank(op, weight, rank);
      const input = batched(op, x, rank);
      const named = o.padding === "same" || o.padding === "valid";
      if (typeof o.padding === "string" && !named) throw new ArgumentError(op, `unknown padding ${o.padding}`, "numbers, same or valid");
      const a = sliding(op, rank, { ...o, padding: named ? 0 : o.padding });
      return viaFloat(op, [input.x, weight, o.bias], ([v, w, b]) => {
        const same = o.padding === "same" ? samePadding(op, v!, w!, a) : { x: v!, padding: a.padding };
        const all: Sliding = { ...a, padding: same.padding };
        checkConv(op, same.x, w!, b ?? undefined, all);
        convSizes(op, same.x.shape.slice(2), w!.shape.slice(2), all);
        return input.restore(same.x.convolution(w!, b, all));
      });
    },
    samples: [
      [...samples([6, 5, 4], [3, 2, 2], [2, 3], [4, 3]), t([4])],
      [...samples([5, 6, 4], [2, 3, 2], [2, 4], [4, 2]), null, { stride: 2, padding: 1, groups: 2 }],
      [...samples([6, 5, 5], [2, 3, 2], [1, 2], [3, 2]), t([3]), { padding: "same", dilation: 2 }],
      [t([2, ...sizesFor(rank, 5, 5, 5)]), t([3, 2, ...sizesFor(rank, 2, 2, 2)])],
    ],
    errors: [
      raises([t([3, 3]), t([2, 3, ...sizesFor(rank, 2, 2, 2)]), { groups: 0 }], rank === 1 ? "groups" : `${op}: x must have`),
      raises([t([1, 6, ...sizesFor(rank, 5, 5, 5)]), t([2, 8, ...sizesFor(rank, 3, 3, 3)])], "wants 8 channels"),
      raises(
        [t([1, 2, ...sizesFor(rank, 5, 5, 5)]), t([2, 2, ...sizesFor(rank, 3, 3, 3)]), { padding: "same", stride: 2 }],
        'padding "same" needs stride 1',
      ),
      raises([t([1, 2, ...sizesFor(rank, 5, 5, 5)]), t([2, 2, ...sizesFor(rank, 3, 3, 3)]), { paddding: 1 }], "unknown option paddding"),
    ],
  };
};

/** Cross-correlation over [N, C, L] or [C, L]. Shape: weight [O, C/groups, k], L' = ⌊(L + 2p − d(k − 1) − 1)/s⌋ + 1. */
export const conv1d: ReturnType<typeof conv> = conv(1);
/** Cross-correlation over [N, C, H, W] or [C, H, W]. Shape: weight [O, C/groups, kH, kW] → [N, O, H', W'], H' = ⌊(H + 2p − d(kH − 1) − 1)/s⌋ + 1. */
export const conv2d: ReturnType<typeof conv> = conv(2);
/** Cross-correlation over [N, C, D, H, W] or [C, D, H, W]. Shape: weight [O, C/groups, kD, kH, kW]. */
export const conv3d: ReturnType<typeof conv> = conv(3);

const convTranspose = (rank: number): Composite<(x: Tensor, ...rest: TransposeArgs) => Tensor> => {
  const op = `convTranspose${rank}d`;
  return {
    compose: (x, ...rest) => {
      const { weight, ...o } = parse(op, rest, {
        weight: undefined as unknown as Tensor,
        bias: null as Tensor | null,
        stride: 1 as unknown,
        padding: 0 as unknown,
        outputPadding: 0 as unknown,
        groups: 1 as unknown,
        dilation: 1 as unknown,
      });
      checkRank(op, weight, rank);
      const input = batched(op, x, rank);
      const a = sliding(op, rank, o);
      const extra = perDim(op, "outputPadding", o.outputPadding, rank, 0);
      if (extra.some((e, i) => e >= Math.max(a.stride[i]!, a.dilation[i]!)))
        throw new ShapeError(
          op,
          `outputPadding ${show(extra)} must be smaller than stride ${show(a.stride)} or dilation ${show(a.dilation)}`,
        );
      const [c, o2] = [weight.shape[0]!, weight.shape[1]! * a.groups];
      if (input.x.shape[1] !== c)
        throw new ShapeError(op, `weight ${show(weight.shape)} wants ${c} channels, x ${show(x.shape)} has ${input.x.shape[1]!}`);
      if (c % a.groups !== 0) throw new ShapeError(op, `${c} input channels do not divide into ${a.groups} groups`);
      if (o.bias && (o.bias.ndim !== 1 || o.bias.shape[0] !== o2))
        throw new ShapeError(op, `bias ${show(o.bias.shape)} does not fit ${o2} output channels`);
      const sizes = input.x.shape
        .slice(2)
        .map((n, i) => (n - 1) * a.stride[i]! - 2 * a.padding[i]! + a.dilation[i]! * (weight.shape[i + 2]! - 1) + extra[i]! + 1);
      if (sizes.some((n) => n < 1)) throw new ShapeError(op, `the output would be ${show(sizes)}`, "use less padding");
      return viaFloat(op, [input.x, weight, o.bias], ([v, w, b]) => {
        const out = v!.convInput(w!, [v!.shape[0]!, o2, ...sizes], a);
        return input.restore(b ? out.add(b.reshape([o2, ...sizes.map(() => 1)])) : out);
      });
    },
    samples: [
      [t([2, 3, ...sizesFor(rank, 4, 3, 3)]), t([3, 2, ...sizesFor(rank, 3, 2, 2)]), t([2])],
      [
        t([1, 4, ...sizesFor(rank, 3, 4, 2)]),
        t([4, 1, ...sizesFor(rank, 3, 2, 2)]),
        null,
        { stride: 2, padding: 1, outputPadding: 1, groups: 2 },
      ],
      [t([2, ...sizesFor(rank, 3, 3, 3)]), t([2, 3, ...sizesFor(rank, 2, 2, 2)]), { dilation: 2 }],
    ],
    errors: [
      raises([t([1, 3, ...sizesFor(rank, 4, 4, 4)]), t([2, 3, ...sizesFor(rank, 3, 3, 3)])], "wants 2 channels"),
      raises(
        [t([1, 2, ...sizesFor(rank, 4, 4, 4)]), t([2, 3, ...sizesFor(rank, 3, 3, 3)]), { outputPadding: 1 }],
        "must be smaller than stride",
      ),
    ],
  };
};

/** Transposed convolution over [N, C, L]: the adjoint of conv1d. Shape: weight [C, O/groups, k], L' = (L − 1)s − 2p + d(k − 1) + outputPadding + 1. */
export const convTranspose1d: ReturnType<typeof convTranspose> = convTranspose(1);
/** Transposed convolution over [N, C, H, W]: the adjoint of conv2d. Shape: weight [C, O/groups, kH, kW]. */
export const convTranspose2d: ReturnType<typeof convTranspose> = convTranspose(2);
/** Transposed convolution over [N, C, D, H, W]: the adjoint of conv3d. */
export const convTranspose3d: ReturnType<typeof convTranspose> = convTranspose(3);

export interface UnfoldOptions {
  readonly dilation?: Sizes;
  readonly padding?: Sizes;
  readonly stride?: Sizes;
}
type UnfoldArgs = [kernelSize: Sizes, dilation?: Sizes, padding?: Sizes, stride?: Sizes] | [kernelSize: Sizes, options: UnfoldOptions];

/** Sliding blocks as columns (im2col). Shape: [N, C, H, W] → [N, C·kH·kW, L], L the number of blocks; [C, H, W] without the batch. */
export const unfold: Composite<(x: Tensor, ...rest: UnfoldArgs) => Tensor> = {
  compose: (x, ...rest) => {
    const o = parse("unfold", rest, {
      kernelSize: undefined as unknown,
      dilation: 1 as unknown,
      padding: 0 as unknown,
      stride: 1 as unknown,
    });
    const input = batched("unfold", x, 2);
    const [kH, kW] = perDim("unfold", "kernelSize", o.kernelSize, 2, 1) as [number, number];
    const a = sliding("unfold", 2, { ...o, groups: 1 });
    const [pH, pW] = a.padding as [number, number];
    if (input.x.shape.slice(1).some((d) => d === 0)) throw new ShapeError("unfold", `x ${show(x.shape)} has an empty dimension`);
    const [h, w] = convSizes("unfold", input.x.shape.slice(2), [kH, kW], a) as [number, number];
    const padded = (pH + pW > 0 ? input.x.pad([pW, pW, pH, pH]) : input.x).contiguous();
    const [n, c] = padded.shape as [number, number];
    const [sn, sc, sh, sw] = contiguousStrides(padded.shape) as [number, number, number, number];
    const blocks = padded.asStrided(
      [n, c, kH, kW, h, w],
      [sn, sc, sh * a.dilation[0]!, sw * a.dilation[1]!, sh * a.stride[0]!, sw * a.stride[1]!],
      padded.offset,
    );
    return input.restore(blocks.reshape([n, c * kH * kW, h * w]));
  },
  samples: [
    [t([2, 2, 4, 5]), [2, 3]],
    [t([1, 2, 5, 4]), 2, { dilation: 2, padding: 1, stride: 2 }],
    [t([2, 4, 4]), 2, { stride: 2 }],
  ],
  errors: [raises([t([1, 2, 3, 3]), 5], "does not fit"), raises([t([4, 4]), 2], "x must have 3 or 4 dimensions")],
};
