// Pooling layers in one to three dimensions.
import "../kits/windows.ts";
import { parse } from "../base/options.ts";
import { functions } from "../methods.ts";
import type { Tensor } from "../tensor.ts";
import { type Size, tuple } from "./conv.ts";
import { Module } from "./module.ts";
import { repr } from "./repr.ts";

/** Checks a window argument and keeps it as it was written. */
const checked = (op: string, name: string, value: Size, rank: number, low: number): Size => {
  const list = tuple(op, name, value, rank, low);
  return typeof value === "number" ? value : list;
};

export interface MaxPoolOptions {
  /** Default: the kernel size. */
  readonly stride?: Size | null;
  readonly padding?: Size;
  readonly dilation?: Size;
  readonly returnIndices?: boolean;
  readonly ceilMode?: boolean;
}
type MaxRest =
  | [stride?: Size | null, padding?: Size, dilation?: Size, returnIndices?: boolean, ceilMode?: boolean]
  | [options: MaxPoolOptions]
  | [stride: Size | null, options: Omit<MaxPoolOptions, "stride">];

abstract class MaxPool extends Module {
  readonly kernelSize: Size;
  readonly stride: Size;
  readonly padding: Size;
  readonly dilation: Size;
  readonly returnIndices: boolean;
  readonly ceilMode: boolean;

  constructor(op: string, rank: number, kernelSize: Size, rest: readonly unknown[]) {
    super();
    const o = parse(op, rest, {
      stride: null as Size | null,
      padding: 0 as Size,
      dilation: 1 as Size,
      returnIndices: false,
      ceilMode: false,
    });
    this.kernelSize = checked(op, "kernelSize", kernelSize, rank, 1);
    this.stride = o.stride === null ? this.kernelSize : checked(op, "stride", o.stride, rank, 1);
    this.padding = checked(op, "padding", o.padding, rank, 0);
    this.dilation = checked(op, "dilation", o.dilation, rank, 1);
    this.returnIndices = o.returnIndices;
    this.ceilMode = o.ceilMode;
  }
  protected options(): { stride: Size; padding: Size; dilation: Size; ceilMode: boolean; returnIndices: boolean } {
    const { stride, padding, dilation, ceilMode, returnIndices } = this;
    return { stride, padding, dilation, ceilMode, returnIndices };
  }
  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return `kernel_size=${repr(kernelSize)}, stride=${repr(stride)}, padding=${repr(padding)}, dilation=${repr(dilation)}, ceil_mode=${repr(ceilMode)}`;
  }
}

// With returnIndices the call gives [values, indices]; the type follows the common case, as in functional.
/** Maximum over windows of [N, C, L]. */
export class MaxPool1d extends MaxPool {
  constructor(kernelSize: Size, ...rest: MaxRest) {
    super("MaxPool1d", 1, kernelSize, rest);
  }
  override forward(x: Tensor): Tensor & [Tensor, Tensor] {
    return functions.maxPool1d(x, this.kernelSize, this.options());
  }
}
/** Maximum over windows of [N, C, H, W]. */
export class MaxPool2d extends MaxPool {
  constructor(kernelSize: Size, ...rest: MaxRest) {
    super("MaxPool2d", 2, kernelSize, rest);
  }
  override forward(x: Tensor): Tensor & [Tensor, Tensor] {
    return functions.maxPool2d(x, this.kernelSize, this.options());
  }
}
/** Maximum over windows of [N, C, D, H, W]. */
export class MaxPool3d extends MaxPool {
  constructor(kernelSize: Size, ...rest: MaxRest) {
    super("MaxPool3d", 3, kernelSize, rest);
  }
  override forward(x: Tensor): Tensor & [Tensor, Tensor] {
    return functions.maxPool3d(x, this.kernelSize, this.options());
  }
}

type UnpoolRest = [stride?: Size | null, padding?: Size] | [options: { readonly stride?: Size | null; readonly padding?: Size }];

abstract class MaxUnpool extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];

  constructor(op: string, rank: number, kernelSize: Size, rest: readonly unknown[]) {
    super();
    const o = parse(op, rest, { stride: null as Size | null, padding: 0 as Size });
    this.kernelSize = tuple(op, "kernelSize", kernelSize, rank, 1);
    this.stride = o.stride === null ? this.kernelSize : tuple(op, "stride", o.stride, rank, 1);
    this.padding = tuple(op, "padding", o.padding, rank, 0);
  }
  protected options(outputSize: readonly number[] | undefined): { stride: Size; padding: Size; outputSize: readonly number[] | null } {
    return { stride: this.stride, padding: this.padding, outputSize: outputSize ?? null };
  }
  override extraRepr(): string {
    return `kernel_size=${repr(this.kernelSize)}, stride=${repr(this.stride)}, padding=${repr(this.padding)}`;
  }
}
/** Puts values of MaxPool1d back to where their indices say, zeros elsewhere. */
export class MaxUnpool1d extends MaxUnpool {
  constructor(kernelSize: Size, ...rest: UnpoolRest) {
    super("MaxUnpool1d", 1, kernelSize, rest);
  }
  override forward(x: Tensor, indices: Tensor, outputSize?: readonly number[]): Tensor {
    return functions.maxUnpool1d(x, indices, this.kernelSize, this.options(outputSize));
  }
}
/** Puts values of MaxPool2d back to where their indices say, zeros elsewhere. */
export class MaxUnpool2d extends MaxUnpool {
  constructor(kernelSize: Size, ...rest: UnpoolRest) {
    super("MaxUnpool2d", 2, kernelSize, rest);
  }
  override forward(x: Tensor, indices: Tensor, outputSize?: readonly number[]): Tensor {
    return functions.maxUnpool2d(x, indices, this.kernelSize, this.options(outputSize));
  }
}
/** Puts values of MaxPool3d back to where their indices say, zeros elsewhere. */
export class MaxUnpool3d extends MaxUnpool {
  constructor(kernelSize: Size, ...rest: UnpoolRest) {
    super("MaxUnpool3d", 3, kernelSize, rest);
  }
  override forward(x: Tensor, indices: Tensor, outputSize?: readonly number[]): Tensor {
    return functions.maxUnpool3d(x, indices, this.kernelSize, this.options(outputSize));
  }
}

export interface AvgPoolOptions {
  /** Default: the kernel size. */
  readonly stride?: Size | null;
  readonly padding?: Size;
  readonly ceilMode?: boolean;
  readonly countIncludePad?: boolean;
  /** Not in one dimension. */
  readonly divisorOverride?: number | null;
}
type AvgRest =
  | [stride?: Size | null, padding?: Size, ceilMode?: boolean, countIncludePad?: boolean, divisorOverride?: number | null]
  | [options: AvgPoolOptions]
  | [stride: Size | null, options: Omit<AvgPoolOptions, "stride">];

abstract class AvgPool extends Module {
  readonly kernelSize: Size;
  readonly stride: Size;
  readonly padding: Size;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;

  constructor(op: string, rank: number, kernelSize: Size, rest: readonly unknown[]) {
    super();
    const positional = { stride: null as Size | null, padding: 0 as Size, ceilMode: false, countIncludePad: true };
    const o = {
      divisorOverride: null as number | null,
      ...(rank === 1 ? parse(op, rest, positional) : parse(op, rest, { ...positional, divisorOverride: null as number | null })),
    };
    // In one dimension PyTorch keeps lists, in the others what it was given.
    const own = (name: string, value: Size, low: number): Size =>
      rank === 1 ? tuple(op, name, value, 1, low) : checked(op, name, value, rank, low);
    this.kernelSize = own("kernelSize", kernelSize, 1);
    this.stride = o.stride === null ? this.kernelSize : own("stride", o.stride, 1);
    this.padding = own("padding", o.padding, 0);
    this.ceilMode = o.ceilMode;
    this.countIncludePad = o.countIncludePad;
    this.divisorOverride = o.divisorOverride;
  }
  protected options(): { stride: Size; padding: Size; ceilMode: boolean; countIncludePad: boolean } {
    const { stride, padding, ceilMode, countIncludePad } = this;
    return { stride, padding, ceilMode, countIncludePad };
  }
  override extraRepr(): string {
    return `kernel_size=${repr(this.kernelSize)}, stride=${repr(this.stride)}, padding=${repr(this.padding)}`;
  }
}
/** Average over windows of [N, C, L]. */
export class AvgPool1d extends AvgPool {
  constructor(kernelSize: Size, ...rest: AvgRest) {
    super("AvgPool1d", 1, kernelSize, rest);
  }
  override forward(x: Tensor): Tensor {
    return functions.avgPool1d(x, this.kernelSize, this.options());
  }
}
/** Average over windows of [N, C, H, W]. */
export class AvgPool2d extends AvgPool {
  constructor(kernelSize: Size, ...rest: AvgRest) {
    super("AvgPool2d", 2, kernelSize, rest);
  }
  override forward(x: Tensor): Tensor {
    return functions.avgPool2d(x, this.kernelSize, { ...this.options(), divisorOverride: this.divisorOverride });
  }
}
/** Average over windows of [N, C, D, H, W]. */
export class AvgPool3d extends AvgPool {
  constructor(kernelSize: Size, ...rest: AvgRest) {
    super("AvgPool3d", 3, kernelSize, rest);
  }
  override forward(x: Tensor): Tensor {
    return functions.avgPool3d(x, this.kernelSize, { ...this.options(), divisorOverride: this.divisorOverride });
  }
}

type OutputSize = number | readonly (number | null)[];
abstract class AdaptivePool extends Module {
  readonly outputSize: OutputSize;
  constructor(outputSize: OutputSize) {
    super();
    this.outputSize = outputSize;
  }
  override extraRepr(): string {
    return `output_size=${repr(this.outputSize)}`;
  }
}
/** Averages that divide L into outputSize parts. */
export class AdaptiveAvgPool1d extends AdaptivePool {
  override forward(x: Tensor): Tensor {
    return functions.adaptiveAvgPool1d(x, this.outputSize);
  }
}
/** Averages that divide H and W into outputSize parts; null keeps a size. */
export class AdaptiveAvgPool2d extends AdaptivePool {
  override forward(x: Tensor): Tensor {
    return functions.adaptiveAvgPool2d(x, this.outputSize);
  }
}
/** Averages that divide D, H and W into outputSize parts; null keeps a size. */
export class AdaptiveAvgPool3d extends AdaptivePool {
  override forward(x: Tensor): Tensor {
    return functions.adaptiveAvgPool3d(x, this.outputSize);
  }
}
