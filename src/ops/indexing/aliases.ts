// PyTorch's other names for operators of this kit.
import { alias } from "../op.ts";
import { movedim } from "./arrange.ts";
import { cat } from "./layout.ts";

/** cat by another name. */
export const concat: typeof cat = alias(cat);
/** cat by another name. */
export const concatenate: typeof cat = alias(cat);
/** movedim by another name. */
export const moveaxis: typeof movedim = alias(movedim);
