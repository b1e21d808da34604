// All parameters as one vector, and back.
import "../ops/core/index.ts";
import "../ops/indexing/index.ts";
import { noGrad } from "../autograd/mode.ts";
import { ShapeError } from "../base/errors.ts";
import { entry, listed } from "../base/reading.ts";
import { operand } from "../ops/arguments.ts";
import { overwrite } from "../tensor/dispatch.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * The elements of all parameters, one after the other. Gradients flow through.
 * @example
 * const layer = new nn.Linear(2, 3);
 * nn.utils.parametersToVector(layer.parameters()).shape; // → [9]
 */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  return entry("parametersToVector", arguments, 1, () =>
    functions.cat(listed("parametersToVector", parameters, "parameters").map((p) => p.reshape([-1]))),
  );
}

/**
 * Writes the elements of a vector into the parameters, one after the other. Errors: ShapeError unless there are as many.
 * @example
 * const layer = new nn.Linear(1, 1);
 * nn.utils.vectorToParameters(tensor([2, 3]), layer.parameters());
 * await layer.call(tensor([[10]])).tolist(); // → [[23]]
 */
export function vectorToParameters(vec: Tensor, parameters: Iterable<Tensor>): void {
  entry("vectorToParameters", arguments, 2, () => {
    const list = listed("vectorToParameters", parameters, "parameters");
    const wanted = list.reduce((n, p) => n + p.numel(), 0);
    if (operand(vec, "vec").ndim !== 1 || vec.numel() !== wanted)
      throw new ShapeError(`a vector of ${wanted} elements is wanted, got ${vec.numel()}`);
    noGrad(() => {
      let at = 0;
      for (const p of list) {
        overwrite(p, vec.narrow(0, at, p.numel()).reshape(p.shape).to({ dtype: p.dtype, device: p.device.type, copy: true }));
        at += p.numel();
      }
    });
  });
}
