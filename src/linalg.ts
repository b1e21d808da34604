// The `linalg` namespace: operators that PyTorch keeps under torch.linalg.
import { functions } from "./methods.ts";

/** Operators of torch.linalg. */
export const linalg: { readonly vectorNorm: typeof functions.vectorNorm } = { vectorNorm: functions.vectorNorm };
