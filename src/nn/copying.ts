// Deep copies, as Python's copy.deepcopy makes them: what is shared, or refers back, does so in the copy.
import { isOwn } from "../base/copies.ts";
import { GradError } from "../base/errors.ts";
import { isOptions } from "../base/options.ts";
import { Tensor } from "../tensor/tensor.ts";
import { transferred } from "../tensor/transfer.ts";
import { Buffer, isUninitialized, Parameter } from "./parameter.ts";

/** What has been copied, to its copy. */
export type Copies = Map<unknown, unknown>;

/** A tensor of the same kind with the same values. Errors: GradError for what was computed with gradients. */
function tensorCopy(x: Tensor): Tensor {
  if (isUninitialized(x)) return x.another();
  if (!x.isLeaf) throw new GradError("a tensor in a property was computed with gradients", "detach() it");
  const values = transferred(x, x);
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
  /** What is known before it is filled may hold itself. */
  const known = <T>(copy: T, fill?: (copy: T) => unknown): T => {
    copies.set(value, copy);
    fill?.(copy);
    return copy;
  };
  if (value instanceof Tensor) return known(tensorCopy(value));
  if (ArrayBuffer.isView(value)) return known(structuredClone(value));
  if (Array.isArray(value)) return known<unknown[]>([], (list) => value.forEach((v) => list.push(inner(v))));
  if (value instanceof Map) return known(new Map<unknown, unknown>(), (map) => value.forEach((v, k) => map.set(inner(k), inner(v))));
  if (value instanceof Set) return known(new Set(), (set) => value.forEach((v) => set.add(inner(v))));
  if (!isOptions(value)) return value;
  return known(Object.create(Object.getPrototypeOf(value) as object | null) as Record<string, unknown>, (object) => {
    for (const [k, v] of Object.entries(value)) object[k] = inner(v);
  });
}
