// Convolutions and transposed convolutions in one to three dimensions.
import "../kits/windows.ts";
import { checkPositiveInteger } from "../base/checks.ts";
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { repr } from "../base/python.ts";
import { functions } from "../methods.ts";
import type { Tensor } from "../tensor.ts";
import { factory, type Factory, parameter, resetWeights } from "./linear.ts";
import { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";

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
export interface ConvTransposeOptions extends Factory {
  readonly stride?: Size;
  readonly padding?: Size;
  readonly outputPadding?: Size;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly dilation?: Size;
  readonly paddingMode?: "zeros";
}
type ConvRest =
  | [stride?: Size, padding?: Padding, dilation?: Size, groups?: number, bias?: boolean, paddingMode?: PaddingMode]
  | [options: ConvOptions]
  | [stride: Size, options: Omit<ConvOptions, "stride">]
  | [stride: Size, padding: Padding, options: Omit<ConvOptions, "stride" | "padding">];
type TransposeRest =
  | [stride?: Size, padding?: Size, outputPadding?: Size, groups?: number, bias?: boolean, dilation?: Size, paddingMode?: "zeros"]
  | [options: ConvTransposeOptions]
  | [stride: Size, options: Omit<ConvTransposeOptions, "stride">];

const start = { stride: 1 as Size, padding: 0 as Padding };
const end = { groups: 1, bias: true };
const mode = { paddingMode: "zeros" as PaddingMode };
const defaults = { ...start, dilation: 1 as Size, ...end, ...mode };
const transposeDefaults = { ...start, outputPadding: 0 as Size, ...end, dilation: 1 as Size, ...mode };
const modes: readonly PaddingMode[] = ["zeros", "reflect", "replicate", "circular"];

/** What all convolutions hold. */
abstract class ConvNd extends Module {
  declare readonly inChannels: number;
  declare readonly outChannels: number;
  declare readonly kernelSize: readonly number[];
  declare readonly stride: readonly number[];
  declare readonly padding: readonly number[] | "same" | "valid";
  declare readonly dilation: readonly number[];
  declare readonly groups: number;
  declare readonly paddingMode: PaddingMode;
  /** True for transposed convolutions. */
  declare readonly transposed: boolean;
  declare readonly outputPadding: readonly number[];
  declare weight: Parameter;
  declare bias: Parameter | null;

  constructor(rank: number, transposed: boolean, inChannels: number, outChannels: number, kernelSize: Size, rest: readonly unknown[]) {
    super();
    const op = new.target.name;
    const o = { outputPadding: 0, ...parse(op, rest, transposed ? transposeDefaults : defaults, factory) };
    const { groups, padding, paddingMode } = o;
    const known = transposed ? modes.slice(0, 1) : modes;
    const named = !transposed && (padding === "same" || padding === "valid");
    checkPositiveInteger(op, { inChannels, outChannels, groups });
    if (inChannels % groups !== 0 || outChannels % groups !== 0)
      throw new ArgumentError(op, `${inChannels} input and ${outChannels} output channels do not divide into ${groups} groups`);
    if (!known.includes(paddingMode)) throw new ArgumentError(op, `unknown paddingMode ${String(paddingMode)}`, known.join(", "));
    const sizes = (name: string, value: Size, low: number): number[] => tuple(op, name, value, rank, low);
    const stride = sizes("stride", o.stride, 1);
    if (padding === "same" && stride.some((s) => s !== 1))
      throw new ArgumentError(op, 'padding "same" needs stride 1', "give the padding in numbers");
    Object.assign(this, {
      inChannels,
      outChannels,
      kernelSize: sizes("kernelSize", kernelSize, 1),
      stride,
      padding: named ? padding : sizes("padding", padding as Size, 0),
      dilation: sizes("dilation", o.dilation, 1),
      outputPadding: sizes("outputPadding", o.outputPadding, 0),
      groups,
      paddingMode,
      transposed,
    });
    const channels = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    this.weight = parameter([...channels, ...this.kernelSize], o);
    this.bias = o.bias ? parameter([outChannels], o) : null;
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
      .map((k, i) => {
        const total = dilation[i]! * (k - 1);
        const before = padding === "valid" ? 0 : padding === "same" ? Math.floor(total / 2) : padding[i]!;
        return [before, padding === "same" ? total - before : before];
      })
      .reverse()
      .flat();
  }

  /** The padding on the far side that makes a transposed output `size` large. Errors: ArgumentError when no padding does. */
  protected extra(x: Tensor, size: readonly number[]): number[] {
    const { kernelSize, stride, dilation } = this;
    const rank = kernelSize.length;
    const extra = size.slice(-rank).map((wanted, i) => {
      const smallest =
        (x.shape.at(i - rank)! - 1) * stride[i]! - 2 * (this.padding as readonly number[])[i]! + dilation[i]! * (kernelSize[i]! - 1) + 1;
      return wanted - smallest;
    });
    if (extra.length !== rank || extra.some((e, i) => e < 0 || e >= Math.max(stride[i]!, dilation[i]!)))
      throw new ArgumentError(
        this.constructor.name,
        `no output padding gives the size [${size.join(", ")}]`,
        "it must lie within one stride of the smallest output",
      );
    return extra;
  }

  override forward(x: Tensor, outputSize?: readonly number[]): Tensor {
    const { weight, bias, stride, padding, dilation, groups, paddingMode } = this;
    const rank = this.kernelSize.length;
    const options = { bias, stride, padding, dilation, groups };
    if (this.transposed) {
      const outputPadding = outputSize ? this.extra(x, outputSize) : this.outputPadding;
      return functions[`convTranspose${rank}d` as "convTranspose2d"](x, weight, { ...options, padding: padding as Size, outputPadding });
    }
    const plain = functions[`conv${rank}d` as "conv2d"];
    // Modes other than zeros are padded here.
    if (paddingMode === "zeros") return plain(x, weight, options);
    return plain(functions.pad(x, this.borders(), { mode: paddingMode }), weight, { ...options, padding: 0 });
  }

  override extraRepr(): string {
    const { padding, bias, paddingMode } = this;
    const parts = [`${this.inChannels}, ${this.outChannels}, kernel_size=${repr(this.kernelSize)}, stride=${repr(this.stride)}`];
    const unless = (usual: number, name: string, value: readonly number[] | number): void => {
      if ([value].flat().some((v) => v !== usual)) parts.push(`${name}=${repr(value)}`);
    };
    if (typeof padding === "string") parts.push(`padding=${padding}`);
    else unless(0, "padding", padding);
    unless(1, "dilation", this.dilation);
    unless(0, "output_padding", this.outputPadding);
    unless(1, "groups", this.groups);
    if (!bias) parts.push("bias=False");
    if (paddingMode !== "zeros") parts.push(`padding_mode=${paddingMode}`);
    return parts.join(", ");
  }
}

type ConvClass<Rest extends readonly unknown[]> = new (inChannels: number, outChannels: number, kernelSize: Size, ...rest: Rest) => ConvNd;

function conv<Rest extends readonly unknown[]>(name: string, rank: number, transposed = false): ConvClass<Rest> {
  return class extends ConvNd {
    static override readonly name: string = name;
    constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: Rest) {
      super(rank, transposed, inChannels, outChannels, kernelSize, rest);
    }
  };
}

/** Convolution over [N, C, L]. Shape: L → ⌊(L + 2·padding − dilation·(kernelSize − 1) − 1) / stride⌋ + 1. */
export const Conv1d: ConvClass<ConvRest> = /* @__PURE__ */ conv("Conv1d", 1);
export type Conv1d = ConvNd;
/** Convolution over [N, C, H, W]. */
export const Conv2d: ConvClass<ConvRest> = /* @__PURE__ */ conv("Conv2d", 2);
export type Conv2d = ConvNd;
/** Convolution over [N, C, D, H, W]. */
export const Conv3d: ConvClass<ConvRest> = /* @__PURE__ */ conv("Conv3d", 3);
export type Conv3d = ConvNd;
/** Transposed convolution over [N, C, L]: the gradient of Conv1d seen as a layer. */
export const ConvTranspose1d: ConvClass<TransposeRest> = /* @__PURE__ */ conv("ConvTranspose1d", 1, true);
export type ConvTranspose1d = ConvNd;
/** Transposed convolution over [N, C, H, W]. */
export const ConvTranspose2d: ConvClass<TransposeRest> = /* @__PURE__ */ conv("ConvTranspose2d", 2, true);
export type ConvTranspose2d = ConvNd;
/** Transposed convolution over [N, C, D, H, W]. */
export const ConvTranspose3d: ConvClass<TransposeRest> = /* @__PURE__ */ conv("ConvTranspose3d", 3, true);
export type ConvTranspose3d = ConvNd;
