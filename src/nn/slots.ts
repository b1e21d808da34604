// What the properties of a module hold, as PyTorch counts it: parameters, buffers, child modules, and the rest.
import { described, isOwn } from "../base/copies.ts";
import { ArgumentError } from "../base/errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Buffer, Parameter } from "./parameter.ts";

/** `persistent`: the state dict holds the buffer. */
export interface Slot {
  readonly kind: "parameter" | "buffer" | "child module";
  readonly persistent: boolean;
}
const accepted = { parameter: "nn.Parameter", buffer: "nn.Buffer, Tensor", "child module": "nn.Module" };

const isModule = (value: unknown): boolean => isOwn(value, "module");

/** The slot that a value asks for; undefined for what is no state. A plain tensor is state only where a buffer was. */
export function slotOf(value: unknown, before?: Slot): Slot | undefined {
  if (value instanceof Parameter) return { kind: "parameter", persistent: true };
  if (value instanceof Buffer) return { kind: "buffer", persistent: value.persistent };
  if (isModule(value)) return { kind: "child module", persistent: true };
  return value instanceof Tensor && before?.kind === "buffer" ? before : undefined;
}

/** The slot of what is assigned where `before` is. Errors: ArgumentError for what would drop out of the state unnoticed. */
export function assigned(property: string, next: unknown, before: Slot, owner: string): Slot {
  const after = next == null ? before : slotOf(next, before);
  // A parameter may take any place, a module that of a buffer.
  const fits =
    after && (after.kind === before.kind || after.kind === "parameter" || (after.kind === "child module" && before.kind === "buffer"));
  if (fits) return after;
  const given = next instanceof Tensor ? "a tensor" : isModule(next) ? "a module" : described(next);
  const what = `cannot assign ${given} as ${before.kind} '${property}'`;
  throw new ArgumentError(`${what} (${accepted[before.kind]} or null expected)`, "", owner);
}
