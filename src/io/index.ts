// Files: safetensors.
export type { ArrivingBytes, Bytes } from "./bytes.ts";
export {
  inspectSafetensors,
  type LoadOptions,
  loadSafetensors,
  type SafetensorsInfo,
  saveSafetensors,
  type TensorDict,
} from "./safetensors.ts";
