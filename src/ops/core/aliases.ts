// PyTorch's other names for operators of this kit.
import { alias } from "../op.ts";
import { div, mul, sub } from "./arithmetic.ts";
import { clamp, ge, gt, le, lt, ne } from "./compare.ts";
import { abs, neg, sign } from "./elementwise.ts";
import { transpose } from "./view.ts";

/** abs by another name. */
export const absolute: typeof abs = alias(abs);
/** clamp by another name. */
export const clip: typeof clamp = alias(clamp);
/** div by another name. */
export const divide: typeof div = alias(div);
/** gt by another name. */
export const greater: typeof gt = alias(gt);
/** ge by another name. */
export const greaterEqual: typeof ge = alias(ge);
/** lt by another name. */
export const less: typeof lt = alias(lt);
/** le by another name. */
export const lessEqual: typeof le = alias(le);
/** mul by another name. */
export const multiply: typeof mul = alias(mul);
/** neg by another name. */
export const negative: typeof neg = alias(neg);
/** ne by another name. */
export const notEqual: typeof ne = alias(ne);
/** sign by another name. */
export const sgn: typeof sign = alias(sign);
/** sub by another name. */
export const subtract: typeof sub = alias(sub);
/** transpose by another name. */
export const swapaxes: typeof transpose = alias(transpose);
/** transpose by another name. */
export const swapdims: typeof transpose = alias(transpose);
/** div by another name. */
export const trueDivide: typeof div = alias(div);
