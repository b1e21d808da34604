// Files: safetensors, checkpoints, IDX.
export type { ArrivingBytes, Bytes } from "./bytes.ts";
export { type CheckpointOptions, loadCheckpoint, saveCheckpoint, type Training } from "./checkpoint.ts";
export { type IdxArray, loadIdx, parseIdx } from "./idx.ts";
export {
  inspectSafetensors,
  type LoadOptions,
  loadSafetensors,
  type SafetensorsInfo,
  saveSafetensors,
  type TensorDict,
} from "./safetensors.ts";
