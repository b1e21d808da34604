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
        const again = createGraph ? xs : xs.map((x) => x.detach().requiresGrad_(x.requiresGrad));
        const out = fn(...again);
        if (createGraph) {
          const wanted = again.filter((x) => x.requiresGrad);
          const found = grad(out, wanted, { gradOutputs: g, createGraph, allowUnused: true });
          return again.map((x) => (x.requiresGrad ? found[wanted.indexOf(x)] : undefined));
        }
        out.backward(g);
        return again.map((x) => x.grad ?? undefined);
      });
    }
  }
  const wake = inputs.some((x) => x.requiresGrad) ? inputs : inputs.map((x) => x);
  return Checkpoint.apply(...wake);
}
