// Values, gradients and second gradients of an operator's samples.
import { grad } from "../autograd/engine.ts";
import { type DType, isFloat } from "../base/dtype.ts";
import type { Sample } from "../ops/op.ts";
import type { DeviceName } from "../tensor/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { callOp, type Maker, materialise, weightsLike } from "./samples.ts";

/** What an operator gives for a sample; a gradient is undefined where there is none. */
export interface Derivatives {
  /** Something was asked for a gradient. */
  readonly wanted: boolean;
  readonly values: readonly Tensor[];
  readonly gradients: readonly (Tensor | undefined)[];
  readonly seconds: readonly (Tensor | undefined)[];
}

/** Values, gradients of a weighted sum of the outputs, and gradients of a weighted sum of those. */
export function derivatives(name: string, sample: Sample, device: DeviceName, dtype: DType, maker?: Maker): Derivatives {
  const { args, leaves } = materialise(sample, device, dtype, maker);
  const values = callOp(name, args);
  const gradientsOf = (list: readonly (Tensor | undefined)[], seed: number, createGraph: boolean): readonly (Tensor | undefined)[] => {
    const live = list.filter((v) => v?.requiresGrad && isFloat(v.dtype)) as Tensor[];
    const gradOutputs = live.map((v, i) => weightsLike(v, seed + i));
    return live.length === 0 ? [] : grad(live, leaves, { gradOutputs, createGraph, allowUnused: true });
  };
  const gradients = gradientsOf(values, 1, true);
  return { wanted: leaves.length > 0, values, gradients, seconds: gradientsOf(gradients, 5, false) };
}
