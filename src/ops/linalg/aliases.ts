// PyTorch's other names for operators of this kit.
import { alias } from "../op.ts";
import { outer } from "./blas.ts";

/** outer by another name. */
export const ger: typeof outer = alias(outer);
