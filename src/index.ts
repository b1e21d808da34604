// wengert: tensors, operators, autograd, and the rooms built on them. Export lists, nothing else.
export * from "./core.ts";
export { gradcheck, gradgradcheck } from "./inspect/gradcheck.ts";
export { profile } from "./inspect/profile.ts";
export { selfTest } from "./inspect/selftest.ts";
export { argwhere, bincount, maskedSelect, multinomial, nonzero } from "./tensor/selection.ts";
export { type PrintOptions, setPrintOptions } from "./tensor/print.ts";
export { allclose, equal, isFloatingPoint, isNonzero } from "./tensor/words.ts";
export { defineKernel, type KernelCall, type KernelDefinition, type UserKernel } from "./tensor/user-kernel.ts";
export { bartlettWindow, blackmanWindow, hammingWindow, hannWindow, kaiserWindow } from "./tensor/windows.ts";
export * as data from "./data/index.ts";
export * as inspect from "./inspect/index.ts";
export * as linalg from "./linalg/index.ts";
export * as io from "./io/index.ts";
export * as nn from "./nn/index.ts";
export * as optim from "./optim/index.ts";
export * from "./tensor/functions.ts";
export { type ConsecutiveOptions, unique, uniqueConsecutive, type UniqueOptions } from "./tensor/unique.ts";
