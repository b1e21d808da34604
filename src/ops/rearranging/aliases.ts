// PyTorch's other names for operators of this kit.
import { alias } from "../op.ts";
import { trapezoid } from "./differences.ts";
import { vstack } from "./stacking.ts";

/** vstack by another name. */
export const rowStack: typeof vstack = alias(vstack);
/** trapezoid by another name. */
export const trapz: typeof trapezoid = alias(trapezoid);
