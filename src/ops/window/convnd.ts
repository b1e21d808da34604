// conv1d–3d, convTranspose1d–3d and functional.unfold as PyTorch calls them: arguments, unbatched inputs and paddings around the maps of conv.ts.
import { isFloat } from "../../base/dtype.ts";
import { ArgumentError, ShapeError, show } from "../../base/errors.ts";
import { either, parse, perDimension } from "../../base/options.ts";
import { contiguousStrides, sizeOf } from "../../base/shape.ts";
import { checkFits, operand } from "../arguments.ts";
import { bordered } from "../arranging.ts";
import { type Composite, type Internal, raises, t } from "../op.ts";
import { checkFilled, checkRank, perDim, sized, type Sizes, sliding, slidingSizes } from "../sliding.ts";
import type { Tensor } from "../tensor.ts";

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

/** Checks ranks and gives x a batch dimension for `run`. Integers go through float32, exact below 2^24: the kernels multiply floats. */
function batched(
  rank: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  run: (x: Tensor, weight: Tensor, bias: Tensor | undefined) => Tensor,
): Tensor {
  const { dtype } = x;
  checkRank("weight", operand(weight, "weight").shape, rank + 2);
  checkRank("x", x.shape, rank + 1, rank + 2);
  const dtypes = [x, weight, bias ?? x].map((v) => v.dtype);
  if (dtypes.some((d) => d !== dtype)) throw new ArgumentError(`operands differ in dtype: ${String(dtypes)}`);
  const float = (v: Tensor): Tensor => (isFloat(dtype) ? v : v.cast("float32"));
  const single = x.ndim === rank + 1;
  const y = run(float(single ? x.unsqueeze(0) : x), float(weight), bias ? float(bias) : undefined);
  const back = isFloat(dtype) ? y : y.cast(dtype);
  return single ? back.squeeze(0) : back;
}

/** What convolutions of both directions start with, and its defaults. */
const first = {
  weight: undefined as unknown as Tensor,
  bias: null as Tensor | null,
  stride: perDimension<unknown>(1),
  padding: either<unknown>(0, "number", "list", "string"),
};

const conv = (rank: number): Composite<(x: Tensor, ...rest: ConvArgs) => Tensor> => ({
  rest: true,
  compose: (x, ...rest) => {
    const { weight, bias, ...o } = parse(rest, { ...first, dilation: perDimension<unknown>(1), groups: 1 as unknown });
    return batched(rank, x, weight, bias, (v, w, b) => {
      const same = o.padding === "same";
      if (typeof o.padding === "string" && !same && o.padding !== "valid")
        throw new ArgumentError(`unknown padding ${o.padding}`, "numbers, same or valid");
      const a = sliding(rank, { ...o, padding: same || o.padding === "valid" ? 0 : o.padding });
      if (same && a.stride.some((s) => s !== 1)) throw new ArgumentError(`padding "same" needs stride 1, got ${show(a.stride)}`);
      // Zeros that keep the size; the odd one goes to the end, as PyTorch does.
      const total = w.shape.slice(2).map((k, i) => (same ? a.dilation[i]! * (k - 1) : 0));
      const odd = total.map((n) => [0, n % 2] as const);
      const input = bordered(v, odd);
      return input.convolution(w, b, { ...a, padding: a.padding.map((p, i) => p + Math.floor(total[i]! / 2)) });
    });
  },
  samples: [
    [sized(rank, [2, 4], 5, 6, 4), sized(rank, [4, 2], 2, 3, 2), null, { stride: 2, padding: 1, groups: 2 }],
    [sized(rank, [1, 2], 6, 5, 5), sized(rank, [3, 2], 2, 3, 2), t([3]), { padding: "same", dilation: 2 }],
    [sized(rank, [2], 5, 5, 5), sized(rank, [3, 2], 2, 2, 2)],
  ],
  errors: [
    raises([t([3, 3]), sized(rank, [2, 3], 2, 2, 2), { groups: 0 }], rank === 1 ? "groups" : "x must have"),
    raises([sized(rank, [1, 6], 5, 5, 5), sized(rank, [2, 8], 3, 3, 3)], "wants 8 channels"),
    raises([sized(rank, [1, 2], 5, 5, 5), sized(rank, [2, 2], 3, 3, 3), { padding: "same", stride: 2 }], 'padding "same" needs stride 1'),
    raises([sized(rank, [1, 2], 5, 5, 5), sized(rank, [2, 2], 3, 3, 3), { padding: "full" }], "unknown padding full"),
    raises([sized(rank, [1, 2], 5, 5, 5), sized(rank, [2, 2], 3, 3, 3), { paddding: 1 }], "unknown option paddding"),
  ],
});

/** Cross-correlation over [N, C, L] or [C, L]. Shape: weight [O, C/groups, k], L' = ⌊(L + 2p − d(k − 1) − 1)/s⌋ + 1. */
export const conv1d: ReturnType<typeof conv> = conv(1);
/** Cross-correlation over [N, C, H, W] or [C, H, W]. Shape: weight [O, C/groups, kH, kW] → [N, O, H', W'], H' = ⌊(H + 2p − d(kH − 1) − 1)/s⌋ + 1. */
export const conv2d: ReturnType<typeof conv> = conv(2);
/** Cross-correlation over [N, C, D, H, W] or [C, D, H, W]. Shape: weight [O, C/groups, kD, kH, kW]. */
export const conv3d: ReturnType<typeof conv> = conv(3);

const convTranspose = (rank: number): Composite<(x: Tensor, ...rest: TransposeArgs) => Tensor> => ({
  rest: true,
  compose: (x, ...rest) => {
    const { weight, bias, ...o } = parse(rest, {
      ...first,
      outputPadding: perDimension<unknown>(0),
      groups: 1 as unknown,
      dilation: perDimension<unknown>(1),
    });
    return batched(rank, x, weight, bias, (v, w, b) => {
      const a = sliding(rank, o);
      const { stride, padding, dilation, groups } = a;
      const extra = perDim("outputPadding", o.outputPadding, rank, 0);
      if (extra.some((e, i) => e >= Math.max(stride[i]!, dilation[i]!)))
        throw new ShapeError(`outputPadding ${show(extra)} must be smaller than stride ${show(stride)} or dilation ${show(dilation)}`);
      const outputs = w.shape[1]! * groups;
      if (b) checkFits("bias", b.shape, [outputs]);
      const sizes = extra.map(
        (e, i) => (v.shape[i + 2]! - 1) * stride[i]! - 2 * padding[i]! + dilation[i]! * (w.shape[i + 2]! - 1) + e + 1,
      );
      if (sizes.some((e) => e < 1)) throw new ShapeError(`the output would be ${show(sizes)}`, "use less padding");
      const out = v.convInput(w, [v.shape[0]!, outputs, ...sizes], a);
      return b ? out.add(b.reshape([outputs, ...sizes.map(() => 1)])) : out;
    });
  },
  samples: [
    [sized(rank, [1, 4], 3, 4, 2), sized(rank, [4, 1], 3, 2, 2), null, { stride: 2, padding: 1, outputPadding: 1, groups: 2 }],
    [sized(rank, [2], 3, 3, 3), sized(rank, [2, 3], 2, 2, 2), t([3]), { dilation: 2 }],
  ],
  errors: [
    raises([sized(rank, [1, 3], 4, 4, 4), sized(rank, [2, 3], 3, 3, 3)], "wants 2 channels"),
    raises([sized(rank, [1, 2], 4, 4, 4), sized(rank, [2, 3], 3, 3, 3), { outputPadding: 1 }], "must be smaller than stride"),
  ],
});

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

/** Sliding blocks as columns: nn.functional.unfold. Shape: [N, C, H, W] → [N, C·kH·kW, L], L the number of blocks; [C, H, W] without the batch. */
export const im2col: Composite<(x: Tensor, ...rest: UnfoldArgs) => Tensor> & Internal = {
  internal: true,
  rest: true,
  compose: (x, ...rest) => {
    const o = parse(rest, {
      kernelSize: undefined as unknown,
      dilation: perDimension(1),
      padding: perDimension(0),
      stride: perDimension(1),
    });
    checkFilled(x.shape, 2);
    const a = sliding(2, o);
    const window = perDim("kernelSize", o.kernelSize, 2, 1);
    const places = slidingSizes(x.shape.slice(-2), window, a);
    // A view in which every window has its own dimensions.
    const around = a.padding.map((p) => [p, p] as const);
    const padded = bordered(x, around).contiguous();
    const lead = padded.shape.slice(0, -2);
    const strides = contiguousStrides(padded.shape);
    const spatial = strides.splice(-2);
    const taps = spatial.map((s, i) => s * a.dilation[i]!);
    const corners = spatial.map((s, i) => s * a.stride[i]!);
    return padded
      .asStrided([...lead, ...window, ...places], [...strides, ...taps, ...corners], padded.offset)
      .reshape([...lead.slice(0, -1), lead.at(-1)! * sizeOf(window), sizeOf(places)]);
  },
  samples: [
    [t([1, 2, 5, 4]), 2, { dilation: 2, padding: 1, stride: 2 }],
    [t([2, 4, 5]), [2, 3]],
  ],
  errors: [raises([t([1, 2, 3, 3]), 5], "does not fit"), raises([t([4, 4]), 2], "x must have 3 or 4 dimensions")],
};
