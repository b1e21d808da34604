// Values, gradients and second gradients of an operator's samples.
import { grad } from "../autograd/engine.ts";
import { noGrad } from "../autograd/mode.ts";
import { type DType, isFloat } from "../base/dtype.ts";
import { records } from "../ops/install.ts";
import type { Sample } from "../ops/op.ts";
import type { DeviceName } from "../tensor/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { callOp, type Maker, materialise, weightsLike } from "./samples.ts";

/** What an operator gives for a sample; a gradient is undefined where there is none. */
export interface Derivatives {
  /** Something was asked for a gradient. */
  readonly wanted: boolean;
  readonly values: readonly Tensor[];
  /** The values of a call that records nothing: those of the kernels where a definition stands in for them otherwise. */
  readonly unrecorded: readonly Tensor[];
  readonly gradients: readonly (Tensor | undefined)[];
  /** Gradients that record nothing, by fused kernels where there are any. */
  readonly fused: readonly (Tensor | undefined)[];
  readonly seconds: readonly (Tensor | undefined)[];
}

/** Values, gradients of a weighted sum of the outputs, and gradients of a weighted sum of those. */
export function derivatives(name: string, sample: Sample, device: DeviceName, dtype: DType, maker?: Maker): Derivatives {
  const { args, leaves } = materialise(sample, device, dtype, maker);
  const replaced = "definition" in records[name]!;
  const values = callOp(name, args);
  const unrecorded = replaced ? noGrad(() => callOp(name, args)) : values;
  const gradientsOf = (list: readonly (Tensor | undefined)[], seed: number, createGraph: boolean): readonly (Tensor | undefined)[] => {
    const live = list.filter((v) => v?.requiresGrad && isFloat(v.dtype)) as Tensor[];
    const gradOutputs = live.map((v, i) => weightsLike(v, seed + i));
    return live.length === 0 ? [] : grad(live, leaves, { gradOutputs, createGraph, retainGraph: true, allowUnused: true });
  };
  const fused = gradientsOf(values, 1, false);
  const gradients = gradientsOf(values, 1, true);
  return { wanted: leaves.length > 0, values, unrecorded, gradients, fused, seconds: gradientsOf(gradients, 5, false) };
}
