// checkpoint(): trade memory for time by running a segment again during backward.
import type { Tensor } from "../tensor.ts";
import { grad } from "./engine.ts";
import { Function, type Context } from "./function.ts";
import { enableGrad, isGradEnabled } from "./mode.ts";

/**
 * Runs fn without keeping its intermediate tensors; backward runs it a second time to get them.
 * Gradients reach the inputs given here and every parameter fn closes over. fn must be repeatable.
 */
export function checkpoint(fn: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Tensor {
  class Checkpoint extends Function {
    static forward(ctx: Context, ...xs: Tensor[]): Tensor {
      ctx.saveForBackward(...xs);
      return fn(...xs);
    }
    static backward(ctx: Context, g: Tensor | undefined): (Tensor | undefined)[] {
      const xs = ctx.savedTensors as Tensor[];
      const createGraph = isGradEnabled();
      return enableGrad(() => {
        if (createGraph) {
          const wanted = xs.filter((x) => x.requiresGrad);
          const found = grad(fn(...xs), wanted, { gradOutputs: g, createGraph, allowUnused: true });
          return xs.map((x) => (x.requiresGrad ? found.shift() : undefined));
        }
        const again = xs.map((x) => x.detach().requiresGrad_(x.requiresGrad));
        fn(...again).backward(g);
        return again.map((x) => x.grad ?? undefined);
      });
    }
  }
  return Checkpoint.apply(...inputs);
}
