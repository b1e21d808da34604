// Values, gradients and second gradients of an operator's samples.
import { grad } from "../autograd/engine.ts";
import { type DType, isFloat } from "../base/dtype.ts";
import { tensor } from "../create.ts";
import type { DeviceName } from "../device.ts";
import type { Sample } from "../ops/op.ts";
import type { Tensor } from "../tensor.ts";
import { callOp, type Layout, materialise } from "./samples.ts";

/** What an operator gives for a sample; a gradient is undefined where there is none. */
export interface Derivatives {
  readonly values: readonly Tensor[];
  readonly gradients: readonly (Tensor | undefined)[];
  readonly seconds: readonly (Tensor | undefined)[];
}

const weights = (like: Tensor, seed: number): Tensor =>
  tensor(
    Float64Array.from({ length: like.size }, (_, i) => Math.fround(((i + seed) * 0.7548776662466927) % 1) - 0.4),
    { shape: like.shape, dtype: like.dtype, device: like.device.type },
  );

/** Values, gradients of a weighted sum of the outputs, and gradients of a weighted sum of those. */
export function derivatives(name: string, sample: Sample, device: DeviceName, dtype: DType, layout: Layout): Derivatives {
  const { args, leaves } = materialise(sample, device, dtype, layout);
  const values = callOp(name, args);
  const live = values.filter((v) => isFloat(v.dtype) && v.requiresGrad);
  if (live.length === 0) return { values, gradients: [], seconds: [] };
  const gradients = grad(live, leaves, { gradOutputs: live.map((v, i) => weights(v, i + 1)), createGraph: true, allowUnused: true }) as (
    Tensor | undefined
  )[];
  const again = gradients.filter((g): g is Tensor => g?.requiresGrad === true);
  const seconds =
    again.length === 0
      ? []
      : (grad(again, leaves, { gradOutputs: again.map((g, i) => weights(g, i + 5)), allowUnused: true }) as (Tensor | undefined)[]);
  return { values, gradients, seconds };
}
