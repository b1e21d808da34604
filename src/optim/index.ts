// Optimisers and learning-rate schedules.
export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export {
  type GroupInput,
  Optimizer,
  type OptimizerStateDict,
  type ParamGroup,
  type Params,
  type ParamState,
  type Ready,
} from "./optimizer.ts";
export { CosineAnnealingLR, LambdaLR, LRScheduler, type SchedulerState, StepLR } from "./schedule.ts";
export { SGD, type SgdOptions } from "./sgd.ts";
export * as lrScheduler from "./schedule.ts";
