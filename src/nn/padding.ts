// Borders added to the last dimensions.
import "../ops/indexing/index.ts";
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { fields, repr } from "../base/python.ts";
import { entry, exactly } from "../base/reading.ts";
import { perDim } from "../ops/sliding.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { PaddingMode, Size } from "./conv.ts";
import { Module } from "./module.ts";

abstract class Pad extends Module {
  static readonly rank: number;
  static readonly mode: Exclude<PaddingMode, "zeros"> | "constant";
  /** Elements added before and after each of the last dimensions, the last one first. */
  declare readonly padding: readonly number[];

  constructor(padding: Size, ...rest: readonly []) {
    super();
    const { name, rank } = new.target as unknown as typeof Pad;
    entry(name, [padding, ...rest], 1, () => {
      Object.assign(this, { padding: perDim("padding", padding, 2 * rank, -Infinity, ArgumentError) });
    });
  }
  override forward(x: Tensor): Tensor {
    return functions.pad(x, this.padding, { mode: (this.constructor as typeof Pad).mode });
  }
  override extraRepr(): string {
    return repr(this.padding);
  }
  static {
    exactly(this.prototype, "forward", "extraRepr");
  }
}
abstract class ConstantPad extends Pad {
  static override readonly mode = "constant";
  declare readonly value: number;

  constructor(padding: Size, ...rest: [value: number] | [options: { readonly value: number }]) {
    super(padding);
    entry(new.target.name, [padding, ...rest], Infinity, () => {
      const { value } = parse(rest, { value: undefined as unknown });
      if (typeof value !== "number") throw new ArgumentError(`value must be a number, got ${String(value)}`);
      Object.assign(this, { value });
    });
  }
  override forward(x: Tensor): Tensor {
    return functions.pad(x, this.padding, { value: this.value });
  }
  override extraRepr(): string {
    return fields(this, ["padding", "value"]);
  }
  static {
    exactly(this.prototype, "forward", "extraRepr");
  }
}

type PadClass = new (padding: Size) => Pad;
type ConstantPadClass = new (padding: Size, ...rest: [value: number] | [options: { readonly value: number }]) => ConstantPad;
const pad = (name: string, rank: number, mode: (typeof Pad)["mode"]): PadClass =>
  class extends Pad {
    static override readonly name: string = name;
    static override readonly rank = rank;
    static override readonly mode = mode;
  };
const constantPad = (name: string, rank: number): ConstantPadClass =>
  class extends ConstantPad {
    static override readonly name: string = name;
    static override readonly rank = rank;
  };

/**
 * A value around [N, C, L]: padding before and after.
 * @example await new nn.ConstantPad1d([1, 2], 5).call(tensor([[1, 2]])).tolist(); // → [[5, 1, 2, 5, 5]]
 */
export const ConstantPad1d: ConstantPadClass = /* @__PURE__ */ constantPad("ConstantPad1d", 1);
export type ConstantPad1d = ConstantPad;
/**
 * A value around [N, C, H, W]: padding left, right, above and below.
 * @example await new nn.ConstantPad2d([1, 0, 0, 1], 5).call(tensor([[1, 2]])).tolist(); // → [[5, 1, 2], [5, 5, 5]]
 */
export const ConstantPad2d: ConstantPadClass = /* @__PURE__ */ constantPad("ConstantPad2d", 2);
export type ConstantPad2d = ConstantPad;
/**
 * A value around [N, C, D, H, W]: padding left, right, above, below, in front and behind.
 * @example new nn.ConstantPad3d(1, 0.5).call(zeros(1, 2, 3, 3, 3)).shape; // → [1, 2, 5, 5, 5]
 */
export const ConstantPad3d: ConstantPadClass = /* @__PURE__ */ constantPad("ConstantPad3d", 3);
export type ConstantPad3d = ConstantPad;
/**
 * Zeros around [N, C, L].
 * @example await new nn.ZeroPad1d(1).call(tensor([[1, 2]])).tolist(); // → [[0, 1, 2, 0]]
 */
export const ZeroPad1d: PadClass = /* @__PURE__ */ pad("ZeroPad1d", 1, "constant");
export type ZeroPad1d = Pad;
/**
 * Zeros around [N, C, H, W].
 * @example await new nn.ZeroPad2d([1, 0, 1, 0]).call(tensor([[1, 2]])).tolist(); // → [[0, 0, 0], [0, 1, 2]]
 */
export const ZeroPad2d: PadClass = /* @__PURE__ */ pad("ZeroPad2d", 2, "constant");
export type ZeroPad2d = Pad;
/**
 * Zeros around [N, C, D, H, W].
 * @example new nn.ZeroPad3d(1).call(zeros(1, 2, 3, 3, 3)).shape; // → [1, 2, 5, 5, 5]
 */
export const ZeroPad3d: PadClass = /* @__PURE__ */ pad("ZeroPad3d", 3, "constant");
export type ZeroPad3d = Pad;
/**
 * The mirror image of [N, C, L] beyond its ends, which are not repeated.
 * @example await new nn.ReflectionPad1d(2).call(tensor([[1, 2, 3]])).tolist(); // → [[3, 2, 1, 2, 3, 2, 1]]
 */
export const ReflectionPad1d: PadClass = /* @__PURE__ */ pad("ReflectionPad1d", 1, "reflect");
export type ReflectionPad1d = Pad;
/**
 * The mirror image of [N, C, H, W] beyond its edges, which are not repeated.
 * @example await new nn.ReflectionPad2d([1, 0, 1, 0]).call(tensor([[[1, 2], [3, 4]]])).tolist(); // → [[[4, 3, 4], [2, 1, 2], [4, 3, 4]]]
 */
export const ReflectionPad2d: PadClass = /* @__PURE__ */ pad("ReflectionPad2d", 2, "reflect");
export type ReflectionPad2d = Pad;
/**
 * The mirror image of [N, C, D, H, W] beyond its faces, which are not repeated.
 * @example new nn.ReflectionPad3d(1).call(zeros(1, 2, 3, 3, 3)).shape; // → [1, 2, 5, 5, 5]
 */
export const ReflectionPad3d: PadClass = /* @__PURE__ */ pad("ReflectionPad3d", 3, "reflect");
export type ReflectionPad3d = Pad;
/**
 * The ends of [N, C, L], repeated.
 * @example await new nn.ReplicationPad1d(2).call(tensor([[1, 2, 3]])).tolist(); // → [[1, 1, 1, 2, 3, 3, 3]]
 */
export const ReplicationPad1d: PadClass = /* @__PURE__ */ pad("ReplicationPad1d", 1, "replicate");
export type ReplicationPad1d = Pad;
/**
 * The edges of [N, C, H, W], repeated.
 * @example await new nn.ReplicationPad2d([1, 0, 1, 0]).call(tensor([[[1, 2], [3, 4]]])).tolist(); // → [[[1, 1, 2], [1, 1, 2], [3, 3, 4]]]
 */
export const ReplicationPad2d: PadClass = /* @__PURE__ */ pad("ReplicationPad2d", 2, "replicate");
export type ReplicationPad2d = Pad;
/**
 * The faces of [N, C, D, H, W], repeated.
 * @example new nn.ReplicationPad3d(1).call(zeros(1, 2, 3, 3, 3)).shape; // → [1, 2, 5, 5, 5]
 */
export const ReplicationPad3d: PadClass = /* @__PURE__ */ pad("ReplicationPad3d", 3, "replicate");
export type ReplicationPad3d = Pad;
