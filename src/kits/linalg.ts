// The `linalg` namespace: operators that PyTorch keeps under torch.linalg.
import "./norms.ts";
import { functions } from "../methods.ts";

/** Operators of torch.linalg. */
export const linalg: { readonly vectorNorm: typeof functions.vectorNorm } = { vectorNorm: functions.vectorNorm };
