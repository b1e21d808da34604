// The `autograd` namespace: gradients, modes, and user-defined operators.
export { checkpoint, type CheckpointOptions } from "./checkpoint.ts";
export { backward, grad, type GradOptions } from "./engine.ts";
export { Context, Function } from "./function.ts";
export { detectAnomaly, enableGrad, isGradEnabled, noGrad, setGradEnabled } from "./mode.ts";
export type { Node } from "./node.ts";
export type { BackwardOptions, GradHook } from "../ops/tensor.ts";
