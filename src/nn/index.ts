// Layers, containers, losses, initialisation, and what modules are made of.
export * from "./activation.ts";
export { AdaptiveLogSoftmaxWithLoss } from "./adaptive.ts";
export { ModuleList, ParameterList, Sequential } from "./container.ts";
export {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvOptions,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeOptions,
  type Padding,
  type PaddingMode,
  type Size,
} from "./conv.ts";
export { ModuleDict, ParameterDict } from "./dict.ts";
export { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout } from "./dropout.ts";
export { Bilinear } from "./bilinear.ts";
export { CTCLoss } from "./ctc.ts";
export { CosineSimilarity, type Distance, PairwiseDistance } from "./distance.ts";
export { Embedding, type EmbeddingOptions } from "./embedding.ts";
export { EmbeddingBag, type EmbeddingBagOptions } from "./embedding-bag.ts";
export { Flatten, Unflatten } from "./flatten.ts";
export { Fold, Unfold } from "./fold.ts";
export * as functional from "./functional.ts";
export { GLU, RReLU } from "./gating.ts";
export {
  type BackwardHook,
  type ForwardHook,
  type ForwardPreHook,
  type HookHandle,
  registerModuleForwardHook,
  registerModuleForwardPreHook,
  registerModuleFullBackwardHook,
} from "./hooks.ts";
export * as init from "./init/index.ts";
export type { Factory } from "./layer.ts";
export {
  LazyBatchNorm1d,
  LazyBatchNorm2d,
  LazyBatchNorm3d,
  LazyConv1d,
  LazyConv2d,
  LazyConv3d,
  LazyConvTranspose1d,
  LazyConvTranspose2d,
  LazyConvTranspose3d,
  LazyInstanceNorm1d,
  LazyInstanceNorm2d,
  LazyInstanceNorm3d,
  LazyLinear,
} from "./lazy.ts";
export { Identity, Linear } from "./linear.ts";
export * from "./loss.ts";
export * from "./margin.ts";
export { Module, type PlaceOptions } from "./module.ts";
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  type BatchNormOptions,
  GroupNorm,
  type GroupNormOptions,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  LayerNorm,
  type LayerNormOptions,
  RMSNorm,
  type RMSNormOptions,
} from "./norm.ts";
export {
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  ZeroPad1d,
  ZeroPad2d,
  ZeroPad3d,
} from "./padding.ts";
export { Buffer, Parameter } from "./parameter.ts";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  type AvgPoolOptions,
  FractionalMaxPool2d,
  FractionalMaxPool3d,
  type FractionalMaxPoolOptions,
  LPPool1d,
  LPPool2d,
  LPPool3d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type MaxPoolOptions,
  MaxUnpool1d,
  MaxUnpool2d,
  MaxUnpool3d,
} from "./pool.ts";
export { LocalResponseNorm } from "./response-norm.ts";
export type { LoadReport, StateDict } from "./state.ts";
export { UninitializedBuffer, UninitializedParameter } from "./uninitialized.ts";
export * as utils from "./utilities.ts";
export { ChannelShuffle, PixelShuffle, PixelUnshuffle, Upsample, UpsamplingBilinear2d, UpsamplingNearest2d } from "./vision.ts";
