// Square roots of sums of squares.
import type { Tensor } from "./tensor.ts";

/** √x whose derivatives at 0 are 0. */
export function safeRoot(x: Tensor): Tensor {
  if (!x.requiresGrad) return x.sqrt();
  const zeros = x.eq(0);
  return x.maskedFill(zeros, 1).sqrt().maskedFill(zeros, 0);
}
