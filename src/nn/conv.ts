// Convolutions and transposed convolutions in one to three dimensions.
import "../kits/windows.ts";
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { functions } from "../methods.ts";
import type { Tensor } from "../tensor.ts";
import { factory, type Factory, parameter, resetWeights } from "./linear.ts";
import { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";
import { repr } from "./repr.ts";

/** One number for all dimensions, or one for each. */
export type Size = number | readonly number[];
export type Padding = Size | "same" | "valid";
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

/** `value` once per dimension. Errors: ArgumentError unless it is a whole number ≥ low, or one per dimension. */
export function tuple(op: string, name: string, value: Size, rank: number, low: number): number[] {
  const list = typeof value === "number" ? new Array<number>(rank).fill(value) : [...value];
  if (list.length !== rank || !list.every((v) => Number.isInteger(v) && v >= low))
    throw new ArgumentError(op, `${name} must be a whole number of at least ${low} or ${rank} of them, got ${JSON.stringify(value)}`);
  return list;
}

export interface ConvOptions extends Factory {
  readonly stride?: Size;
  readonly padding?: Padding;
  readonly dilation?: Size;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly paddingMode?: PaddingMode;
}
type ConvRest =
  | [stride?: Size, padding?: Padding, dilation?: Size, groups?: number, bias?: boolean, paddingMode?: PaddingMode]
  | [options: ConvOptions]
  | [stride: Size, options: Omit<ConvOptions, "stride">]
  | [stride: Size, padding: Padding, options: Omit<ConvOptions, "stride" | "padding">];
const convDefaults = {
  stride: 1 as Size,
  padding: 0 as Padding,
  dilation: 1 as Size,
  groups: 1,
  bias: true,
  paddingMode: "zeros" as PaddingMode,
};

/** What all convolutions hold. */
abstract class ConvNd extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | "same" | "valid";
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  /** True for transposed convolutions. */
  readonly transposed: boolean;
  readonly outputPadding: readonly number[];
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    op: string,
    rank: number,
    transposed: boolean,
    inChannels: number,
    outChannels: number,
    kernelSize: Size,
    o: typeof convDefaults & { outputPadding?: Size },
    place: Factory,
  ) {
    super();
    const { groups } = o;
    for (const [name, value] of Object.entries({ inChannels, outChannels, groups }))
      if (!(Number.isInteger(value) && value > 0)) throw new ArgumentError(op, `${name} must be a positive integer, got ${String(value)}`);
    if (inChannels % groups !== 0 || outChannels % groups !== 0)
      throw new ArgumentError(op, `${inChannels} input and ${outChannels} output channels do not divide into ${groups} groups`);
    const modes: readonly PaddingMode[] = transposed ? ["zeros"] : ["zeros", "reflect", "replicate", "circular"];
    if (!modes.includes(o.paddingMode)) throw new ArgumentError(op, `unknown paddingMode ${String(o.paddingMode)}`, modes.join(", "));
    if (typeof o.padding === "string" && (transposed || (o.padding !== "same" && o.padding !== "valid")))
      throw new ArgumentError(op, `unknown padding ${o.padding}`, transposed ? "a number" : '"same", "valid" or a number');
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = tuple(op, "kernelSize", kernelSize, rank, 1);
    this.stride = tuple(op, "stride", o.stride, rank, 1);
    this.padding = typeof o.padding === "string" ? o.padding : tuple(op, "padding", o.padding, rank, 0);
    this.dilation = tuple(op, "dilation", o.dilation, rank, 1);
    this.outputPadding = tuple(op, "outputPadding", o.outputPadding ?? 0, rank, 0);
    if (this.padding === "same" && this.stride.some((s) => s !== 1))
      throw new ArgumentError(op, 'padding "same" needs stride 1', "give the padding in numbers");
    this.groups = groups;
    this.paddingMode = o.paddingMode;
    this.transposed = transposed;
    this.weight = parameter(
      [...(transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups]), ...this.kernelSize],
      place,
    );
    this.bias = o.bias ? parameter([outChannels], place) : null;
    this.resetParameters();
  }

  /** Draws weight and bias anew. */
  resetParameters(): void {
    resetWeights(this.weight, this.bias);
  }

  /** Elements to add before and after each spatial dimension, last dimension first, as pad() takes them. */
  protected borders(): number[] {
    const { padding, kernelSize, dilation } = this;
    return kernelSize
      .flatMap((k, i) => {
        if (padding === "valid") return [[0, 0]];
        const total = dilation[i]! * (k - 1);
        return [padding === "same" ? [Math.floor(total / 2), total - Math.floor(total / 2)] : [padding[i]!, padding[i]!]];
      })
      .reverse()
      .flat();
  }
  /** Input and padding for the kernel: modes other than zeros are padded here. */
  protected prepared(x: Tensor): { readonly x: Tensor; readonly padding: readonly number[] | "same" | "valid" } {
    if (this.paddingMode === "zeros") return { x, padding: this.padding };
    return { x: functions.pad(x, this.borders(), { mode: this.paddingMode }), padding: this.kernelSize.map(() => 0) };
  }

  override extraRepr(): string {
    const { padding, dilation, outputPadding, groups, paddingMode } = this;
    const differs = (list: readonly number[], usual: number): boolean => list.some((v) => v !== usual);
    return [
      `${this.inChannels}, ${this.outChannels}, kernel_size=${repr(this.kernelSize)}, stride=${repr(this.stride)}`,
      ...(typeof padding === "string" ? [`padding=${padding}`] : differs(padding, 0) ? [`padding=${repr(padding)}`] : []),
      ...(differs(dilation, 1) ? [`dilation=${repr(dilation)}`] : []),
      ...(differs(outputPadding, 0) ? [`output_padding=${repr(outputPadding)}`] : []),
      ...(groups !== 1 ? [`groups=${groups}`] : []),
      ...(this.bias === null ? ["bias=False"] : []),
      ...(paddingMode !== "zeros" ? [`padding_mode=${paddingMode}`] : []),
    ].join(", ");
  }
}

abstract class Conv extends ConvNd {
  constructor(op: string, rank: number, inChannels: number, outChannels: number, kernelSize: Size, rest: readonly unknown[]) {
    const { device, dtype, ...o } = parse(op, rest, convDefaults, factory);
    super(op, rank, false, inChannels, outChannels, kernelSize, o, { device, dtype } as Factory);
  }
  protected options(padding: readonly number[] | "same" | "valid"): {
    stride: readonly number[];
    padding: readonly number[] | "same" | "valid";
    dilation: readonly number[];
    groups: number;
  } {
    return { stride: this.stride, padding, dilation: this.dilation, groups: this.groups };
  }
}

/** Convolution over [N, C, L]. Shape: L → ⌊(L + 2·padding − dilation·(kernelSize − 1) − 1) / stride⌋ + 1. */
export class Conv1d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvRest) {
    super("Conv1d", 1, inChannels, outChannels, kernelSize, rest);
  }
  override forward(input: Tensor): Tensor {
    const { x, padding } = this.prepared(input);
    return functions.conv1d(x, this.weight, this.bias ?? undefined, this.options(padding));
  }
}
/** Convolution over [N, C, H, W]. */
export class Conv2d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvRest) {
    super("Conv2d", 2, inChannels, outChannels, kernelSize, rest);
  }
  override forward(input: Tensor): Tensor {
    const { x, padding } = this.prepared(input);
    return functions.conv2d(x, this.weight, this.bias ?? undefined, this.options(padding));
  }
}
/** Convolution over [N, C, D, H, W]. */
export class Conv3d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvRest) {
    super("Conv3d", 3, inChannels, outChannels, kernelSize, rest);
  }
  override forward(input: Tensor): Tensor {
    const { x, padding } = this.prepared(input);
    return functions.conv3d(x, this.weight, this.bias ?? undefined, this.options(padding));
  }
}

export interface ConvTransposeOptions extends Factory {
  readonly stride?: Size;
  readonly padding?: Size;
  readonly outputPadding?: Size;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly dilation?: Size;
  readonly paddingMode?: "zeros";
}
type TransposeRest =
  | [stride?: Size, padding?: Size, outputPadding?: Size, groups?: number, bias?: boolean, dilation?: Size, paddingMode?: "zeros"]
  | [options: ConvTransposeOptions]
  | [stride: Size, options: Omit<ConvTransposeOptions, "stride">];

abstract class ConvTranspose extends ConvNd {
  constructor(op: string, rank: number, inChannels: number, outChannels: number, kernelSize: Size, rest: readonly unknown[]) {
    const defaults = {
      stride: 1 as Size,
      padding: 0 as Padding,
      outputPadding: 0 as Size,
      groups: 1,
      bias: true,
      dilation: 1 as Size,
      paddingMode: "zeros" as PaddingMode,
    };
    const { device, dtype, ...o } = parse(op, rest, defaults, factory);
    super(op, rank, true, inChannels, outChannels, kernelSize, o, { device, dtype } as Factory);
  }
  /** The padding on the far side that makes the output `size` large. Errors: ArgumentError when no padding does. */
  protected options(
    x: Tensor,
    size?: readonly number[],
  ): {
    stride: readonly number[];
    padding: readonly number[];
    outputPadding: readonly number[];
    groups: number;
    dilation: readonly number[];
  } {
    const padding = this.padding as readonly number[];
    const rank = this.kernelSize.length;
    const extra = size
      ?.slice(-rank)
      .map(
        (wanted, i) =>
          wanted -
          ((x.shape[x.ndim - rank + i]! - 1) * this.stride[i]! - 2 * padding[i]! + this.dilation[i]! * (this.kernelSize[i]! - 1) + 1),
      );
    if (extra && (extra.length !== rank || extra.some((e, i) => e < 0 || e >= Math.max(this.stride[i]!, this.dilation[i]!))))
      throw new ArgumentError(
        this.constructor.name,
        `no output padding gives the size [${size!.join(", ")}]`,
        "it must lie within one stride of the smallest output",
      );
    return { stride: this.stride, padding, outputPadding: extra ?? this.outputPadding, groups: this.groups, dilation: this.dilation };
  }
}

/** Transposed convolution over [N, C, L]: the gradient of Conv1d seen as a layer. */
export class ConvTranspose1d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: TransposeRest) {
    super("ConvTranspose1d", 1, inChannels, outChannels, kernelSize, rest);
  }
  override forward(x: Tensor, outputSize?: readonly number[]): Tensor {
    return functions.convTranspose1d(x, this.weight, this.bias ?? undefined, this.options(x, outputSize));
  }
}
/** Transposed convolution over [N, C, H, W]. */
export class ConvTranspose2d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: TransposeRest) {
    super("ConvTranspose2d", 2, inChannels, outChannels, kernelSize, rest);
  }
  override forward(x: Tensor, outputSize?: readonly number[]): Tensor {
    return functions.convTranspose2d(x, this.weight, this.bias ?? undefined, this.options(x, outputSize));
  }
}
/** Transposed convolution over [N, C, D, H, W]. */
export class ConvTranspose3d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: TransposeRest) {
    super("ConvTranspose3d", 3, inChannels, outChannels, kernelSize, rest);
  }
  override forward(x: Tensor, outputSize?: readonly number[]): Tensor {
    return functions.convTranspose3d(x, this.weight, this.bias ?? undefined, this.options(x, outputSize));
  }
}
