// wengert/extra: what PyTorch has besides and most pages do without. Importing it puts its operators on Tensor too;
// its files can be imported alone, as wengert/extra/idx.
import "./kit.ts";
export { type CheckpointOptions, loadCheckpoint, saveCheckpoint, type Training } from "./checkpoint.ts";
export { randomSplit, Subset, SubsetRandomSampler } from "./data.ts";
export { type IdxArray, loadIdx, parseIdx } from "./idx.ts";
export * from "./init.ts";
export * from "./layers.ts";
export { LambdaLR } from "./schedule.ts";
export * from "./functional.ts";
