// Tensors that modules own: trained parameters, and buffers that only travel with the state.
import { keep } from "../autograd/scope.ts";
import { isFloat } from "../base/dtype.ts";
import { Tensor } from "../tensor.ts";

/** A tensor that is trained: requires a gradient, and a Module finds it in a property. Shares memory with `data`; lives through every tidy(). */
export class Parameter extends Tensor {
  constructor(data: Tensor, requiresGrad = true) {
    super(data.storage.retain(), data.dtype, data);
    keep(this);
    if (requiresGrad || !isFloat(data.dtype)) this.requiresGrad_(requiresGrad);
  }
}

/** A tensor that belongs to a module's state but is not trained, such as running statistics. */
export class Buffer extends Tensor {
  /** Whether the state dict holds it. */
  declare readonly persistent: boolean;
  constructor(data: Tensor, { persistent = true }: { readonly persistent?: boolean } = {}) {
    super(data.storage.retain(), data.dtype, data);
    keep(this);
    this.persistent = persistent;
  }
}
