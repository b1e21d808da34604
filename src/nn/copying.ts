// Deep copies, as Python's copy.deepcopy makes them: what is shared, or refers back, does so in the copy.
import { noGrad } from "../autograd/mode.ts";
import { isOwn } from "../base/copies.ts";
import { GradError } from "../base/errors.ts";
import { isOptions } from "../base/options.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Buffer, Parameter } from "./parameter.ts";
import { isUninitialized } from "./uninitialized.ts";

/** What has been copied, to its copy. */
export type Copies = Map<unknown, unknown>;

/** A tensor of the same kind with the same values. Errors: GradError for what was computed with gradients. */
function tensorCopy(x: Tensor): Tensor {
  if (isUninitialized(x)) return x.another();
  if (!x.isLeaf) throw new GradError("a tensor in a property was computed with gradients", "detach() it");
  const values = noGrad(() => x.clone());
  const { requiresGrad } = x;
  if (x instanceof Parameter) return new Parameter(values, { requiresGrad });
  const copy = x instanceof Buffer ? new Buffer(values, { persistent: x.persistent }) : values;
  const grad = x.peekGrad();
  if (requiresGrad) copy.requiresGrad_();
  if (grad) copy.grad = tensorCopy(grad);
  return copy;
}

/** A copy of the value, whose modules `ofModule` copies. Functions, and instances of classes that mean nothing here, stay the same. */
export function deepCopy(value: unknown, copies: Copies, ofModule: (module: unknown) => unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (copies.has(value)) return copies.get(value);
  if (isOwn(value, "module")) return ofModule(value);
  const inner = (v: unknown): unknown => deepCopy(v, copies, ofModule);
  const known = <T>(copy: T): T => {
    copies.set(value, copy);
    return copy;
  };
  if (value instanceof Tensor) return known(tensorCopy(value));
  if (ArrayBuffer.isView(value)) return known(structuredClone(value));
  if (Array.isArray(value)) {
    const list = known<unknown[]>([]);
    for (const v of value) list.push(inner(v));
    return list;
  }
  if (value instanceof Map) {
    const map = known(new Map<unknown, unknown>());
    for (const [k, v] of value) map.set(inner(k), inner(v));
    return map;
  }
  if (value instanceof Set) {
    const set = known(new Set());
    for (const v of value) set.add(inner(v));
    return set;
  }
  if (!isOptions(value)) return value;
  const object = known(Object.create(Object.getPrototypeOf(value) as object | null) as Record<string, unknown>);
  for (const [k, v] of Object.entries(value)) object[k] = inner(v);
  return object;
}
