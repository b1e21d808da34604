// Convolutions and transposed convolutions in one to three dimensions.
import "../ops/window/index.ts";
import { checkKnown } from "../base/checks.ts";
import { ArgumentError, show } from "../base/errors.ts";
import { either, perDimension } from "../base/options.ts";
import { fields, repr } from "../base/python.ts";
import { entry, exactly } from "../base/reading.ts";
import { integer } from "../ops/arguments.ts";
import { perDim } from "../ops/sliding.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { configure, type Factory } from "./layer.ts";
import { Weighted } from "./linear.ts";

/** One number for all dimensions, or one for each. */
export type Size = number | readonly number[];
export type Padding = Size | "same" | "valid";
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

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
export type ConvRest =
  | [stride?: Size, padding?: Padding, dilation?: Size, groups?: number, bias?: boolean, paddingMode?: PaddingMode]
  | [options: ConvOptions]
  | [stride: Size, options: Omit<ConvOptions, "stride">]
  | [stride: Size, padding: Padding, options: Omit<ConvOptions, "stride" | "padding">];
export type TransposeRest =
  | [stride?: Size, padding?: Size, outputPadding?: Size, groups?: number, bias?: boolean, dilation?: Size, paddingMode?: "zeros"]
  | [options: ConvTransposeOptions]
  | [stride: Size, options: Omit<ConvTransposeOptions, "stride">];

const paddingMode = "zeros" as PaddingMode;
const defaults = {
  stride: perDimension<Size>(1),
  padding: either<Padding>(0, "number", "list", "string"),
  dilation: perDimension<Size>(1),
  groups: 1,
  bias: true,
  paddingMode,
};
/** What is not printed. */
const usual = { padding: 0, dilation: 1, outputPadding: 0, groups: 1, bias: true, paddingMode } as const;
const transposeDefaults = {
  stride: perDimension<Size>(1),
  padding: either<Padding>(0, "number", "list", "string"),
  outputPadding: perDimension<Size>(0),
  groups: 1,
  bias: true,
  dilation: perDimension<Size>(1),
  paddingMode,
};

/** What all convolutions hold. */
abstract class ConvNd extends Weighted {
  /** Number of spatial dimensions. */
  static readonly rank: number;
  static readonly transposed: boolean = false;
  /** True for classes whose first batch says how many channels come in. */
  static readonly lazy: boolean = false;
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

  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: readonly unknown[]) {
    super();
    const { name, rank, transposed, lazy } = new.target as unknown as typeof ConvNd;
    const required = { inChannels, outChannels, kernelSize, outputPadding: 0, transposed };
    const o = configure(this, required, rest, transposed ? transposeDefaults : defaults);
    const { groups, padding, paddingMode } = o;
    entry(name, arguments, Infinity, () => {
      for (const [key, value] of Object.entries({ outChannels, groups })) integer(value, key, 1);
      integer(inChannels, "inChannels", lazy ? 0 : 1);
      if (inChannels % groups || outChannels % groups)
        throw new ArgumentError(`${inChannels} to ${outChannels} channels do not divide into ${groups} groups`);
      const known = transposed ? ["zeros"] : ["zeros", "reflect", "replicate", "circular"];
      checkKnown("paddingMode", paddingMode, known);
      const sizes = this as unknown as Record<string, Padding>;
      for (const key of ["kernelSize", "stride", "dilation", "padding", "outputPadding"])
        if (transposed || key !== "padding" || (padding !== "same" && padding !== "valid"))
          sizes[key] = perDim(key, sizes[key], rank, key.endsWith("adding") ? 0 : 1, ArgumentError);
      if (padding === "same" && this.stride.some((s) => s !== 1))
        throw new ArgumentError(`padding "same" needs stride 1, got ${show(this.stride)}`);
    });
    const channels = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    this.make([...channels, ...this.kernelSize], outChannels, o);
  }

  /** Elements to add before and after each spatial dimension, last dimension first, as pad() takes them. */
  protected borders(): number[] {
    const { padding, kernelSize, dilation } = this;
    const ends = kernelSize.flatMap((k, i) => {
      const total = padding === "valid" ? 0 : padding === "same" ? dilation[i]! * (k - 1) : 2 * padding[i]!;
      return [Math.ceil(total / 2), Math.floor(total / 2)];
    });
    return ends.reverse();
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, stride, padding, dilation, groups, paddingMode } = this;
    const operator = functions[`conv${stride.length}d` as "conv2d"];
    const options = { bias, stride, padding, dilation, groups };
    if (paddingMode === "zeros") return operator(x, weight, options);
    // Other modes are padded here.
    return operator(functions.pad(x, this.borders(), { mode: paddingMode }), weight, { ...options, padding: 0 });
  }

  override extraRepr(): string {
    const shown = { ...(this as object as Readonly<Record<string, unknown>>), bias: this.bias !== null };
    const names = Object.keys(usual) as (keyof typeof usual)[];
    const unusual = names.filter((name) => [(shown as Record<string, unknown>)[name]].flat().some((v) => v !== usual[name]));
    const write = (value: unknown): string => (typeof value === "string" ? value : repr(value));
    return `${this.inChannels}, ${this.outChannels}, ${fields(shown, ["kernelSize", "stride", ...unusual], write)}`;
  }
  static {
    exactly(this.prototype, "forward", "extraRepr");
  }
}

/** What transposed convolutions add. */
abstract class ConvTransposeNd extends ConvNd {
  static override readonly transposed = true;

  /** The padding on the far side that makes an output `size` large. Errors: ArgumentError when no padding does. */
  protected extra(x: Tensor, size: readonly number[]): number[] {
    const { kernelSize, stride, dilation } = this;
    const rank = kernelSize.length;
    const extra = size.slice(-rank).map((wanted, i) => {
      const smallest =
        (x.shape.at(i - rank)! - 1) * stride[i]! - 2 * (this.padding as readonly number[])[i]! + dilation[i]! * (kernelSize[i]! - 1) + 1;
      return wanted - smallest;
    });
    if (extra.length !== rank || extra.some((e, i) => e < 0 || e >= Math.max(stride[i]!, dilation[i]!)))
      throw new ArgumentError(`no output padding gives the size ${show(size)}`, "", this.constructor.name);
    return extra;
  }

  override forward(x: Tensor, outputSize?: readonly number[]): Tensor {
    const { weight, bias, stride, dilation, groups } = this;
    const operator = functions[`convTranspose${stride.length}d` as "convTranspose2d"];
    const padding = this.padding as readonly number[];
    const outputPadding = outputSize ? this.extra(x, outputSize) : this.outputPadding;
    return operator(x, weight, { bias, stride, padding, outputPadding, groups, dilation });
  }
  static {
    exactly(this.prototype, "forward");
  }
}

type ConvClass<Rest extends readonly unknown[], C = ConvNd> = new (
  inChannels: number,
  outChannels: number,
  kernelSize: Size,
  ...rest: Rest
) => C;
type ConvTransposeClass = ConvClass<TransposeRest, ConvTransposeNd>;

const conv = (name: string, rank: number): ConvClass<ConvRest> =>
  class extends ConvNd {
    static override readonly name: string = name;
    static override readonly rank = rank;
  };
const convTranspose = (name: string, rank: number): ConvTransposeClass =>
  class extends ConvTransposeNd {
    static override readonly name: string = name;
    static override readonly rank = rank;
  };

/**
 * Convolution over [N, C, L]. Shape: L → ⌊(L + 2·padding − dilation·(kernelSize − 1) − 1) / stride⌋ + 1.
 * @example new nn.Conv1d(2, 4, 3).call(randn(1, 2, 10)).shape; // → [1, 4, 8]
 */
export const Conv1d: ConvClass<ConvRest> = /* @__PURE__ */ conv("Conv1d", 1);
export type Conv1d = ConvNd;
/**
 * Convolution over [N, C, H, W].
 * @example
 * const conv = new nn.Conv2d(3, 8, 3, { stride: 2, padding: 1 });
 * conv.weight.shape; // → [8, 3, 3, 3]
 * conv.call(randn(1, 3, 32, 32)).shape; // → [1, 8, 16, 16]
 */
export const Conv2d: ConvClass<ConvRest> = /* @__PURE__ */ conv("Conv2d", 2);
export type Conv2d = ConvNd;
/**
 * Convolution over [N, C, D, H, W].
 * @example new nn.Conv3d(1, 2, 3, { padding: "same" }).call(randn(1, 1, 4, 6, 6)).shape; // → [1, 2, 4, 6, 6]
 */
export const Conv3d: ConvClass<ConvRest> = /* @__PURE__ */ conv("Conv3d", 3);
export type Conv3d = ConvNd;
/**
 * Transposed convolution over [N, C, L]: the gradient of Conv1d seen as a layer.
 * @example new nn.ConvTranspose1d(2, 1, 2, { stride: 2 }).call(randn(1, 2, 5)).shape; // → [1, 1, 10]
 */
export const ConvTranspose1d: ConvTransposeClass = /* @__PURE__ */ convTranspose("ConvTranspose1d", 1);
export type ConvTranspose1d = ConvTransposeNd;
/**
 * Transposed convolution over [N, C, H, W].
 * @example new nn.ConvTranspose2d(4, 2, 2, { stride: 2 }).call(randn(1, 4, 8, 8)).shape; // → [1, 2, 16, 16]
 */
export const ConvTranspose2d: ConvTransposeClass = /* @__PURE__ */ convTranspose("ConvTranspose2d", 2);
export type ConvTranspose2d = ConvTransposeNd;
/**
 * Transposed convolution over [N, C, D, H, W].
 * @example new nn.ConvTranspose3d(2, 1, 2, { stride: 2 }).call(randn(1, 2, 3, 3, 3)).shape; // → [1, 1, 6, 6, 6]
 */
export const ConvTranspose3d: ConvTransposeClass = /* @__PURE__ */ convTranspose("ConvTranspose3d", 3);
export type ConvTranspose3d = ConvTransposeNd;
