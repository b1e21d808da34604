// Files: safetensors.
export { inspectSafetensors, loadSafetensors, saveSafetensors, type TensorDict } from "./safetensors.ts";
