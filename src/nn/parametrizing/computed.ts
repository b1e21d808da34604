// Properties of modules that stand where a parameter was, and are computed from others whenever they are read.
import { ArgumentError } from "../../base/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";

type Held = Record<string, unknown>;
const kinds = new WeakMap<object, string>();

/** A property by its name. */
export const property = (module: Module, name: string): unknown => (module as unknown as Held)[name];
/** The name of a property in the state dict. */
export function stateName({ constructor }: Module, name: string): string {
  const { stateNames } = constructor as typeof Module;
  return Object.hasOwn(stateNames, name) ? stateNames[name]! : name;
}

/** The parameter or buffer in a property. Errors: ArgumentError where there is none. */
export function tensorIn(module: Module, name: string): Tensor {
  const held = property(module, name);
  if (held instanceof Parameter || [...module.buffers(false)].some((b) => b === held)) return held as Tensor;
  throw new ArgumentError(`${module.constructor.name} has no parameter or buffer ${name}`);
}
/** The parameter in a property. Errors: ArgumentError where there is none. */
export function parameterIn(module: Module, name: string): Parameter {
  const held = tensorIn(module, name);
  if (held instanceof Parameter) return held;
  throw new ArgumentError(`${name} of ${module.constructor.name} is a buffer`);
}

/** Puts a computed tensor in the place of a property. Copies of the module have it, too: it reads from the module that is asked. */
export function compute(
  module: Module,
  name: string,
  kind: string,
  read: (module: Module) => Tensor,
  write: (module: Module, value: Tensor) => void,
): void {
  const get = function (this: Module): Tensor {
    return read(this);
  };
  const set = function (this: Module, value: Tensor): void {
    write(this, value);
  };
  kinds.set(get, kind);
  remove(module, name);
  Object.defineProperty(module, name, { get, set, enumerable: false, configurable: true });
}
/** Whether a property is computed by this kind of thing. */
export function isComputed(module: Module, name: string, kind: string): boolean {
  const get = Reflect.get(Object.getOwnPropertyDescriptor(module, name) ?? {}, "get") as object | undefined;
  return get !== undefined && kinds.get(get) === kind;
}
/** Takes properties away. */
export function remove(module: Module, ...names: readonly string[]): void {
  for (const name of names) delete (module as unknown as Held)[name];
}
/** Puts a parameter, or a buffer, into a property. */
export function register(module: Module, name: string, tensor: Tensor): void {
  if (tensor instanceof Parameter) module.registerParameter(name, tensor);
  else module.registerBuffer(name, tensor);
}
