// Stochastic gradient descent: the kernels of shaders/sgd.wgsl and their twin.
import source from "../../shaders/sgd.wgsl?raw";
import type { Views } from "../device/device.ts";
import { kernel, type Launcher } from "../device/kernel.ts";
import { eachParameter, launchStep } from "./step.ts";

/** What torch.optim.SGD calls them, and whether momentum buffers start with this step. */
export interface SgdRates {
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  readonly maximize: boolean;
  readonly first: boolean;
}

// A loop for each kind of state: one that asks at every element takes twice as long.
function cpuSgd(io: Views, { lr, momentum, dampening, weightDecay, nesterov, maximize, first }: SgdRates): void {
  const sign = maximize ? -1 : 1;
  if (!io["b0"])
    eachParameter(io, "pg", (p, g) => {
      for (let i = 0; i < p.length; i++) p[i] = p[i]! - lr * (sign * g[i]! + weightDecay * p[i]!);
    });
  else
    eachParameter(io, "pgb", (p, g, b) => {
      for (let i = 0; i < p.length; i++) {
        const d = sign * g[i]! + weightDecay * p[i]!;
        const next = (b[i] = first ? d : momentum * b[i]! + (1 - dampening) * d);
        p[i] = p[i]! - lr * (nesterov ? d + momentum * next : next);
      }
    });
}

function gpuSgd(io: Views, { lr, momentum, dampening, weightDecay, nesterov, maximize, first }: SgdRates, q: Launcher): void {
  const rates = { lr, momentum, damped: 1 - dampening, weightDecay, nesterov: +nesterov, maximize: +maximize, first: +first };
  if (io["b0"]) launchStep(q, kernel(source, "sgd_momentum"), io, ["p0", "p1", "b0", "b1"], rates);
  else launchStep(q, kernel(source, "sgd"), io, ["p0", "p1", "p2", "p3"], rates);
}

/** Updates parameters and their momentum buffers in place. */
export const sgd = { cpu: cpuSgd, gpu: gpuSgd };
