// PyTorch's other names for operators of this kit.
import { alias } from "../op.ts";
import { trunc } from "./rounding.ts";
import { acos, acosh, asin, asinh, atan, atan2, atanh } from "./transcendental.ts";

/** acos by another name. */
export const arccos: typeof acos = alias(acos);
/** acosh by another name. */
export const arccosh: typeof acosh = alias(acosh);
/** asin by another name. */
export const arcsin: typeof asin = alias(asin);
/** asinh by another name. */
export const arcsinh: typeof asinh = alias(asinh);
/** atan by another name. */
export const arctan: typeof atan = alias(atan);
/** atan2 by another name. */
export const arctan2: typeof atan2 = alias(atan2);
/** atanh by another name. */
export const arctanh: typeof atanh = alias(atanh);
/** trunc by another name. */
export const fix: typeof trunc = alias(trunc);
