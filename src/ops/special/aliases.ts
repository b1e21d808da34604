// PyTorch's other names for operators of this kit.
import { alias, type Composite } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import { mvlgamma } from "./gamma.ts";

const { inplace: _, ...plain } = alias(mvlgamma);

/** mvlgamma by another name. */
export const multigammaln: Composite<(x: Tensor, p: number) => Tensor> = plain;
