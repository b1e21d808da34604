// Layers, containers, losses, initialisation, and what modules are made of.
export * from "./activation.ts";
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
export { Embedding, type EmbeddingOptions } from "./embedding.ts";
export { Flatten, Unflatten } from "./flatten.ts";
export * as functional from "./functional.ts";
export { GLU, RReLU } from "./gating.ts";
export type { BackwardHook, ForwardHook, ForwardPreHook, HookHandle } from "./hooks.ts";
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
  LazyLinear,
} from "./lazy.ts";
export { Identity, Linear } from "./linear.ts";
export * from "./loss.ts";
export { Module, type PlaceOptions } from "./module.ts";
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormOptions, LayerNorm, type LayerNormOptions } from "./norm.ts";
export { Buffer, Parameter } from "./parameter.ts";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  type AvgPoolOptions,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type MaxPoolOptions,
  MaxUnpool1d,
  MaxUnpool2d,
  MaxUnpool3d,
} from "./pool.ts";
export type { LoadReport, StateDict } from "./state.ts";
export { UninitializedBuffer, UninitializedParameter } from "./uninitialized.ts";
export * as utils from "./utilities.ts";
