// Layers that learn from their first batch how many features come in; from then on they are the layers of the plain classes.
import { ArgumentError, ShapeError, show } from "../base/errors.ts";
import { entry, exactly, takes } from "../base/reading.ts";
import { checkRank, operand } from "../ops/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvRest,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type Size,
  type TransposeRest,
} from "./conv.ts";
import type { Factory } from "./factory.ts";
import { Linear } from "./linear.ts";
import type { Module } from "./module.ts";
import { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormRest, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d } from "./norm.ts";
import { isUninitialized, Parameter } from "./parameter.ts";
import { UninitializedBuffer, UninitializedParameter } from "./uninitialized.ts";

/** What lazy layers have until their first call. */
interface Lazy {
  /** Whether parameters are still without a shape. */
  hasUninitializedParams(): boolean;
  /** Makes the parameters for a batch, as the first call does. */
  initializeParameters(x: Tensor): void;
}

/** What the layers of one kind have in common. */
interface Kind {
  /** The property that tells how many features come in. */
  readonly features: string;
  /** How many inputs they take. */
  readonly inputs: number;
  /** The features in a batch. Errors: ShapeError, ArgumentError for one that does not fit. */
  readonly count: (x: Tensor, self: never) => number;
  /** Shapes of parameters and buffers, by property. */
  readonly shapes: (self: never) => Readonly<Record<string, readonly number[]>>;
}

// The rows below say what the classes take and give.
/* eslint-disable @typescript-eslint/no-explicit-any */
interface Plain {
  new (...args: any[]): Module & { resetParameters(): void };
  readonly name: string;
}
type Own = Record<string, Tensor | number | null | undefined>;

/** The class that becomes `Plain`. */
function lazy(name: string, PlainClass: unknown, { features, inputs, count, shapes }: Kind): any {
  const Plain = PlainClass as Plain;
  const tensors = (self: Module): [name: string, tensor: Tensor][] => {
    const own = self as unknown as Own;
    return Object.keys(shapes(self as never)).flatMap((key) => (own[key] ? [[key, own[key] as Tensor]] : []));
  };
  return class extends Plain {
    static override readonly name: string = name;
    static readonly lazy = true;
    /** PyTorch's lazy norms scale and keep statistics unless they are told otherwise, those of instances, too. */
    static readonly usual = { affine: true, trackRunningStats: true };
    constructor(...args: any[]) {
      super(0, ...args);
      for (const [key, { dtype, device }] of tensors(this)) {
        const place = { dtype, device: device.type };
        const held = (this as unknown as Own)[key];
        Object.assign(this, { [key]: held instanceof Parameter ? new UninitializedParameter(place) : new UninitializedBuffer(place) });
      }
    }
    hasUninitializedParams(): boolean {
      return tensors(this).some(([, tensor]) => isUninitialized(tensor));
    }
    initializeParameters(x: Tensor): void {
      entry(name, arguments, 1, () => {
        const self = this as never;
        const fresh = this.hasUninitializedParams();
        Object.assign(this, { [features]: count(operand(x), self) });
        const sizes = shapes(self);
        for (const [key, tensor] of tensors(this)) if (isUninitialized(tensor)) tensor.materialize(sizes[key]!);
        if (fresh) super.resetParameters();
        Object.setPrototypeOf(this, Plain.prototype as object);
      });
    }
    /** Nothing while there are no parameters. */
    override resetParameters(): void {
      if ((this as unknown as Own)[features] !== 0 && !this.hasUninitializedParams()) super.resetParameters();
    }
    override forward(...given: any[]): unknown {
      takes(name, given, inputs);
      this.initializeParameters(given[0] as Tensor);
      return this.forward(...given);
    }
    static {
      exactly(this.prototype, "hasUninitializedParams", "resetParameters");
    }
  };
}

const linear: Kind = {
  features: "inFeatures",
  inputs: 1,
  count: (x) => {
    checkRank(x.shape, 1);
    return x.shape.at(-1)!;
  },
  shapes: ({ inFeatures, outFeatures }: Linear) => ({ weight: [outFeatures, inFeatures], bias: [outFeatures] }),
};
const convolution = (inputs: number): Kind => ({
  features: "inChannels",
  inputs,
  count: ({ shape }, { kernelSize, groups }: Conv2d) => {
    const rank = kernelSize.length;
    if (shape.length !== rank + 1 && shape.length !== rank + 2)
      throw new ShapeError(`needs ${rank + 1} or ${rank + 2} dimensions, got ${show(shape)}`);
    const channels = shape.at(-rank - 1)!;
    if (channels % groups !== 0) throw new ArgumentError(`${channels} channels do not divide into ${groups} groups`);
    return channels;
  },
  shapes: ({ inChannels, outChannels, groups, kernelSize, transposed }: Conv2d) => ({
    weight: [...(transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups]), ...kernelSize],
    bias: [outChannels],
  }),
});
const norm: Kind = {
  features: "numFeatures",
  inputs: 1,
  count: (x) => {
    checkRank(x.shape, 2);
    return x.shape[1]!;
  },
  shapes: ({ numFeatures }: BatchNorm1d) =>
    Object.fromEntries(["weight", "bias", "runningMean", "runningVar"].map((key) => [key, [numFeatures]])),
};

type LazyConv<Rest extends readonly unknown[], C> = new (outChannels: number, kernelSize: Size, ...rest: Rest) => C & Lazy;
type LazyNorm<N> = new (...rest: BatchNormRest) => N & Lazy;

/**
 * A Linear whose inFeatures the first batch tells: the last dimension.
 * @example
 * const layer = new nn.LazyLinear(3);
 * layer.call(zeros(5, 2)).shape; // → [5, 3]
 * String(layer); // → Linear(in_features=2, out_features=3, bias=True)
 */
export const LazyLinear: new (
  outFeatures: number,
  ...rest: [bias?: boolean] | [bias: boolean, options: Factory] | [options: Factory & { readonly bias?: boolean }]
) => Linear & Lazy = /* @__PURE__ */ lazy("LazyLinear", Linear, linear);
export type LazyLinear = InstanceType<typeof LazyLinear>;
/**
 * A Conv1d whose inChannels the first batch tells.
 * @example new nn.LazyConv1d(4, 3).call(zeros(1, 2, 10)).shape; // → [1, 4, 8]
 */
export const LazyConv1d: LazyConv<ConvRest, Conv1d> = /* @__PURE__ */ lazy("LazyConv1d", Conv1d, convolution(1));
export type LazyConv1d = InstanceType<typeof LazyConv1d>;
/**
 * A Conv2d whose inChannels the first batch tells.
 * @example
 * const conv = new nn.LazyConv2d(8, 3);
 * String(conv); // → LazyConv2d(0, 8, kernel_size=(3, 3), stride=(1, 1))
 * conv.call(zeros(1, 3, 9, 9)).shape; // → [1, 8, 7, 7]
 * String(conv); // → Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))
 */
export const LazyConv2d: LazyConv<ConvRest, Conv2d> = /* @__PURE__ */ lazy("LazyConv2d", Conv2d, convolution(1));
export type LazyConv2d = InstanceType<typeof LazyConv2d>;
/**
 * A Conv3d whose inChannels the first batch tells.
 * @example new nn.LazyConv3d(2, 2).call(zeros(1, 3, 4, 4, 4)).shape; // → [1, 2, 3, 3, 3]
 */
export const LazyConv3d: LazyConv<ConvRest, Conv3d> = /* @__PURE__ */ lazy("LazyConv3d", Conv3d, convolution(1));
export type LazyConv3d = InstanceType<typeof LazyConv3d>;
/**
 * A ConvTranspose1d whose inChannels the first batch tells.
 * @example new nn.LazyConvTranspose1d(1, 2, { stride: 2 }).call(zeros(1, 2, 5)).shape; // → [1, 1, 10]
 */
export const LazyConvTranspose1d: LazyConv<TransposeRest, ConvTranspose1d> = /* @__PURE__ */ lazy(
  "LazyConvTranspose1d",
  ConvTranspose1d,
  convolution(2),
);
export type LazyConvTranspose1d = InstanceType<typeof LazyConvTranspose1d>;
/**
 * A ConvTranspose2d whose inChannels the first batch tells.
 * @example new nn.LazyConvTranspose2d(2, 2, { stride: 2 }).call(zeros(1, 4, 8, 8)).shape; // → [1, 2, 16, 16]
 */
export const LazyConvTranspose2d: LazyConv<TransposeRest, ConvTranspose2d> = /* @__PURE__ */ lazy(
  "LazyConvTranspose2d",
  ConvTranspose2d,
  convolution(2),
);
export type LazyConvTranspose2d = InstanceType<typeof LazyConvTranspose2d>;
/**
 * A ConvTranspose3d whose inChannels the first batch tells.
 * @example new nn.LazyConvTranspose3d(1, 2).call(zeros(1, 2, 3, 3, 3)).shape; // → [1, 1, 4, 4, 4]
 */
export const LazyConvTranspose3d: LazyConv<TransposeRest, ConvTranspose3d> = /* @__PURE__ */ lazy(
  "LazyConvTranspose3d",
  ConvTranspose3d,
  convolution(2),
);
export type LazyConvTranspose3d = InstanceType<typeof LazyConvTranspose3d>;
/**
 * A BatchNorm1d whose numFeatures the first batch tells.
 * @example new nn.LazyBatchNorm1d().call(zeros(4, 3)).shape; // → [4, 3]
 */
export const LazyBatchNorm1d: LazyNorm<BatchNorm1d> = /* @__PURE__ */ lazy("LazyBatchNorm1d", BatchNorm1d, norm);
export type LazyBatchNorm1d = InstanceType<typeof LazyBatchNorm1d>;
/**
 * A BatchNorm2d whose numFeatures the first batch tells.
 * @example
 * const norm = new nn.LazyBatchNorm2d();
 * norm.call(zeros(4, 8, 5, 5)).shape; // → [4, 8, 5, 5]
 * norm.numFeatures; // → 8
 */
export const LazyBatchNorm2d: LazyNorm<BatchNorm2d> = /* @__PURE__ */ lazy("LazyBatchNorm2d", BatchNorm2d, norm);
export type LazyBatchNorm2d = InstanceType<typeof LazyBatchNorm2d>;
/**
 * A BatchNorm3d whose numFeatures the first batch tells.
 * @example new nn.LazyBatchNorm3d().call(zeros(4, 2, 3, 3, 3)).shape; // → [4, 2, 3, 3, 3]
 */
export const LazyBatchNorm3d: LazyNorm<BatchNorm3d> = /* @__PURE__ */ lazy("LazyBatchNorm3d", BatchNorm3d, norm);
export type LazyBatchNorm3d = InstanceType<typeof LazyBatchNorm3d>;
/**
 * An InstanceNorm1d whose numFeatures the first batch tells.
 * @example new nn.LazyInstanceNorm1d().call(zeros(4, 3, 5)).shape; // → [4, 3, 5]
 */
export const LazyInstanceNorm1d: LazyNorm<InstanceNorm1d> = /* @__PURE__ */ lazy("LazyInstanceNorm1d", InstanceNorm1d, norm);
export type LazyInstanceNorm1d = InstanceType<typeof LazyInstanceNorm1d>;
/**
 * An InstanceNorm2d whose numFeatures the first batch tells.
 * @example new nn.LazyInstanceNorm2d({ affine: false }).call(zeros(4, 8, 5, 5)).shape; // → [4, 8, 5, 5]
 */
export const LazyInstanceNorm2d: LazyNorm<InstanceNorm2d> = /* @__PURE__ */ lazy("LazyInstanceNorm2d", InstanceNorm2d, norm);
export type LazyInstanceNorm2d = InstanceType<typeof LazyInstanceNorm2d>;
/**
 * An InstanceNorm3d whose numFeatures the first batch tells.
 * @example new nn.LazyInstanceNorm3d().call(zeros(4, 2, 3, 3, 3)).shape; // → [4, 2, 3, 3, 3]
 */
export const LazyInstanceNorm3d: LazyNorm<InstanceNorm3d> = /* @__PURE__ */ lazy("LazyInstanceNorm3d", InstanceNorm3d, norm);
export type LazyInstanceNorm3d = InstanceType<typeof LazyInstanceNorm3d>;
