// Files: safetensors, checkpoints, IDX.
export { type CheckpointOptions, loadCheckpoint, saveCheckpoint, type Training } from "./checkpoint.ts";
export { type IdxArray, loadIdx, parseIdx } from "./idx.ts";
export { inspectSafetensors, loadSafetensors, saveSafetensors, type TensorDict } from "./safetensors.ts";
