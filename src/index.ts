// wengert: tensors, operators, autograd, and the rooms built on them. Export lists, nothing else.
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
export * from "./create.ts";
export { type DeviceName, init, type InitOptions, type InitReport, memory, type MemoryReport, resetPeak, stats, sync } from "./device.ts";
export * from "./functional.ts";
export { gradcheck, gradgradcheck } from "./inspect/gradcheck.ts";
export { profile } from "./inspect/profile.ts";
export { selfTest } from "./inspect/selftest.ts";
export { linalg } from "./linalg.ts";
export type { Index, Slice } from "./ops/index-list.ts";
export { type PrintOptions, setPrintOptions } from "./print.ts";
export * from "./sampling.ts";
export type { Nested } from "./tensor.ts";
export { Tensor } from "./tensor.ts";
export { defineKernel, type KernelCall, type KernelDefinition, type UserKernel } from "./user-kernel.ts";
export * as autograd from "./autograd/index.ts";
export * as data from "./data/index.ts";
export * as inspect from "./inspect/index.ts";
export * as io from "./io/index.ts";
export * as nn from "./nn/index.ts";
export * as optim from "./optim/index.ts";
