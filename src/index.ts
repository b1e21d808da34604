// wengert: tensors, operators, autograd, and the rooms built on them. Export lists, nothing else.
export * from "./core.ts";
export { gradcheck, gradgradcheck } from "./inspect/gradcheck.ts";
export { profile } from "./inspect/profile.ts";
export { selfTest } from "./inspect/selftest.ts";
export { linalg } from "./kits/linalg.ts";
export { type PrintOptions, setPrintOptions } from "./print.ts";
export { defineKernel, type KernelCall, type KernelDefinition, type UserKernel } from "./user-kernel.ts";
export * as data from "./data/index.ts";
export * as inspect from "./inspect/index.ts";
export * as io from "./io/index.ts";
export * as nn from "./nn/index.ts";
export * as optim from "./optim/index.ts";
export * from "./kits/functional.ts";
