// wengert/core: tensors and autograd with the operators that every network needs, and no others; kits and rooms bring the rest.
import "./ops/core/index.ts";
export { detectAnomaly, enableGrad, isGradEnabled, noGrad, setGradEnabled } from "./autograd/mode.ts";
export { tidy } from "./autograd/scope.ts";
export type { DType, TypedArray } from "./base/dtype.ts";
export {
  ArgumentError,
  DeviceError,
  DtypeError,
  FormatError,
  GradError,
  OutOfMemoryError,
  ShapeError,
  WengertError,
} from "./base/errors.ts";
export { Generator, initialSeed, manualSeed } from "./base/random.ts";
export {
  arange,
  asTensor,
  type CreateOptions,
  empty,
  emptyLike,
  eye,
  fromImageData,
  full,
  fullLike,
  linspace,
  logspace,
  ones,
  onesLike,
  type Pixels,
  type SizeArgs,
  tensor,
  type TensorData,
  trilIndices,
  triuIndices,
  zeros,
  zerosLike,
} from "./tensor/create.ts";
export {
  type DeviceLike,
  type DeviceName,
  init,
  type InitOptions,
  type InitReport,
  memory,
  type MemoryReport,
  resetPeak,
  stats,
  sync,
} from "./tensor/device.ts";
export type { Index, Slice } from "./ops/index-list.ts";
export { type DrawOptions, normal, rand, randint, randintLike, randLike, randn, randnLike, randperm } from "./tensor/sampling.ts";
export type { BackwardOptions, GradFn, GradHook, Nested, ToOptions } from "./ops/tensor.ts";
export { Tensor } from "./tensor/tensor.ts";
export * as autograd from "./autograd/index.ts";
