// The operators that PyTorch 1.13 keeps under torch.nn.functional.
import "../ops/all.ts";
import * as activation from "../ops/activation/activation.ts";
import * as piecewise from "../ops/activation/piecewise.ts";
import * as gating from "../ops/gating/gating.ts";
import type { Functions, FunctionOf } from "../ops/methods.ts";
import type { AnyPrimitive, Composite, Fn } from "../ops/op.ts";
import type { im2col } from "../ops/window/convnd.ts";
import { applyInPlace } from "../tensor/dispatch.ts";
import { functions } from "../tensor/methods.ts";

export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  affineGrid,
  alphaDropout,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  batchNorm,
  bilinear,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  celu,
  channelShuffle,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  cosineEmbeddingLoss,
  cosineSimilarity,
  crossEntropy,
  ctcLoss,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  elu,
  embedding,
  embeddingBag,
  featureAlphaDropout,
  fold,
  fractionalMaxPool2d,
  fractionalMaxPool3d,
  gaussianNllLoss,
  gelu,
  glu,
  gridSample,
  groupNorm,
  gumbelSoftmax,
  hardshrink,
  hardsigmoid,
  hardswish,
  hardtanh,
  hingeEmbeddingLoss,
  huberLoss,
  instanceNorm,
  interpolate,
  klDiv,
  l1Loss,
  layerNorm,
  leakyRelu,
  linear,
  localResponseNorm,
  logSoftmax,
  logsigmoid,
  lpPool1d,
  lpPool2d,
  lpPool3d,
  marginRankingLoss,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
  mish,
  mseLoss,
  multiMarginLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  nllLoss,
  normalize,
  oneHot,
  pad,
  pairwiseDistance,
  pdist,
  pixelShuffle,
  pixelUnshuffle,
  poissonNllLoss,
  prelu,
  relu,
  relu6,
  rmsNorm,
  rrelu,
  selu,
  sigmoid,
  silu,
  smoothL1Loss,
  softMarginLoss,
  softmax,
  softmin,
  softplus,
  softshrink,
  softsign,
  tanh,
  tanhshrink,
  threshold,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
  upsample,
  upsampleBilinear,
  upsampleNearest,
} from "../tensor/functions.ts";

/** Sliding blocks as columns. Shape: [N, C, H, W] → [N, C·kH·kW, L], L the number of blocks; [C, H, W] without the batch. */
export const unfold: FunctionOf<typeof im2col> = functions.im2col;

// Of most of these a tensor has no in-place form, in PyTorch neither.
const inPlace = <F extends Fn>(op: AnyPrimitive | Composite<Fn>): F => ((...args: readonly unknown[]) => applyInPlace(op, args)) as F;

/** `celu` whose result takes the place of x. */
export const celu_: Functions["celu"] = /* @__PURE__ */ inPlace(piecewise.celu);
/** `elu` whose result takes the place of x. */
export const elu_: Functions["elu"] = /* @__PURE__ */ inPlace(activation.elu);
/** `hardtanh` whose result takes the place of x. */
export const hardtanh_: Functions["hardtanh"] = /* @__PURE__ */ inPlace(activation.hardtanh);
/** `leakyRelu` whose result takes the place of x. */
export const leakyRelu_: Functions["leakyRelu"] = /* @__PURE__ */ inPlace(activation.leakyRelu);
/** `relu` whose result takes the place of x. */
export const relu_: Functions["relu"] = /* @__PURE__ */ inPlace(activation.relu);
/** `rrelu` whose result takes the place of x. */
export const rrelu_: Functions["rrelu"] = /* @__PURE__ */ inPlace(gating.rrelu);
/** `selu` whose result takes the place of x. */
export const selu_: Functions["selu"] = /* @__PURE__ */ inPlace(activation.selu);
/** `threshold` whose result takes the place of x. */
export const threshold_: Functions["threshold"] = /* @__PURE__ */ inPlace(piecewise.threshold);
