// Tensors that modules own: trained parameters, and buffers that only travel with the state.
import { keep } from "../autograd/scope.ts";
import { described } from "../base/copies.ts";
import { isFloat } from "../base/dtype.ts";
import { ArgumentError, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { operand } from "../ops/arguments.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What a handle that shares the memory of `data` is made from. */
const shared = (owner: string, data: Tensor): ConstructorParameters<typeof Tensor> => {
  const { storage, dtype } = under(owner, () => operand(data, "data"));
  data.checkLive(owner);
  return [storage.retain(), dtype, data];
};

/**
 * A tensor that is trained: requires a gradient, and a Module finds it in a property. Shares memory with `data`; lives through every tidy().
 * @example
 * const weight = new nn.Parameter(zeros(2, 3));
 * weight.requiresGrad; // → true
 */
export class Parameter extends Tensor {
  /** Errors: DtypeError for anything but a tensor, GradError for one of integers. */
  constructor(data: Tensor, ...rest: [requiresGrad?: boolean] | [options: { readonly requiresGrad?: boolean }]) {
    const { requiresGrad } = under("Parameter", () => parse(rest, { requiresGrad: true }));
    super(...shared("Parameter", data));
    keep(this);
    if (requiresGrad || !isFloat(data.dtype)) this.requiresGrad_(requiresGrad);
  }
}

/** What parameters and buffers without a shape add. A model that has none brings no code of theirs. */
export interface Shapeless {
  materialize(shape: readonly number[]): void;
  another(): Tensor;
}
/** Whether a tensor has no shape yet. */
export const isUninitialized = (x: Tensor): x is Tensor & Shapeless => "materialize" in x;

/** A tensor as a parameter, a parameter as it is. Errors: ArgumentError for anything else. */
export function parameterFrom(name: string, value: unknown, owner: string): Parameter {
  if (!(value instanceof Tensor)) throw new ArgumentError(`${name} is ${described(value)}, not a tensor`, "", owner);
  return value instanceof Parameter ? value : new Parameter(value, isFloat(value.dtype));
}

/** How lists and dicts of parameters print what they hold. */
export const contents = (named: Iterable<readonly [string, Parameter]>, type: (p: Parameter) => string): string =>
  Array.from(named, ([name, p]) => `  (${name}): Parameter containing: [${type(p)} of size ${p.shape.join("x")}]`).join("\n");

/**
 * A tensor that belongs to a module's state but is not trained, such as running statistics.
 * @example
 * class Scale extends nn.Module {
 *   factor = new nn.Buffer(tensor([2]));
 * }
 * const scale = new Scale();
 * [...scale.parameters()].length; // → 0
 * Object.keys(scale.stateDict()); // → ["factor"]
 */
export class Buffer extends Tensor {
  /** Whether the state dict holds it. */
  declare readonly persistent: boolean;
  constructor(data: Tensor, ...rest: [options?: { readonly persistent?: boolean }]) {
    const { persistent } = under("Buffer", () => parse(rest, {}, { persistent: true }));
    super(...shared("Buffer", data));
    keep(this);
    this.persistent = persistent;
  }
}
