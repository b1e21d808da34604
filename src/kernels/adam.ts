// Adam, AdamW and AMSGrad: the kernels of shaders/adam.wgsl and their twin.
import source from "../../shaders/adam.wgsl?raw";
import type { TypedArray } from "../base/dtype.ts";
import type { Views } from "../device/device.ts";
import { kernel, type Launcher } from "../device/kernel.ts";
import { eachParameter, launchStep } from "./step.ts";

/** What torch.optim.Adam calls them, the number of this step, and whether decay shrinks parameters (AdamW) or bends gradients. */
export interface AdamRates {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly decoupled: boolean;
  readonly maximize: boolean;
  readonly step: number;
}

/** What takes the moments' start at zero back: of the first, and of the root of the second. */
const corrections = ({ beta1, beta2, step }: AdamRates): readonly [number, number] => [1 - beta1 ** step, Math.sqrt(1 - beta2 ** step)];

function cpuAdam(io: Views, rates: AdamRates): void {
  const { lr, beta1, beta2, eps, weightDecay, decoupled, maximize } = rates;
  const [correction1, correction2] = corrections(rates);
  const sign = maximize ? -1 : 1;
  const [bend, shrink] = decoupled ? [0, 1 - lr * weightDecay] : [weightDecay, 1];
  eachParameter(io, "pgmvw", (p, g, m, v, w?: TypedArray) => {
    for (let i = 0; i < p.length; i++) {
      const d = sign * g[i]! + bend * p[i]!;
      const mean = (m[i] = beta1 * m[i]! + (1 - beta1) * d);
      let square = (v[i] = beta2 * v[i]! + (1 - beta2) * d * d);
      if (w) square = w[i] = Math.max(w[i]!, square);
      p[i] = shrink * p[i]! - ((lr / correction1) * mean) / (Math.sqrt(square) / correction2 + eps);
    }
  });
}

function gpuAdam(io: Views, rates: AdamRates, q: Launcher): void {
  const { beta1, beta2, decoupled, maximize, step: _step, ...own } = rates;
  const [correction1, correction2] = corrections(rates);
  const params = {
    ...own,
    beta1,
    beta2,
    rest1: 1 - beta1,
    rest2: 1 - beta2,
    correction1,
    correction2,
    decoupled: +decoupled,
    maximize: +maximize,
  };
  if (io["w0"]) launchStep(q, kernel(source, "amsgrad"), io, ["p0", "m0", "v0", "w0"], params);
  else launchStep(q, kernel(source, "adam"), io, ["p0", "p1", "m0", "m1", "v0", "v1"], params);
}

/** Updates parameters, their moments and the largest second moments so far, where these are given, in place. */
export const adam = { cpu: cpuAdam, gpu: gpuAdam };
