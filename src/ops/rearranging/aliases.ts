// PyTorch's other names for operators of this kit.
import { alias } from "../op.ts";
import { vstack } from "./stacking.ts";

/** vstack by another name. */
export const rowStack: typeof vstack = alias(vstack);
