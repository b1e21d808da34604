// The `linalg` namespace: operators that PyTorch keeps under torch.linalg.
import "../ops/norm/index.ts";
import { functions } from "../tensor/methods.ts";

export const { vectorNorm } = functions;
