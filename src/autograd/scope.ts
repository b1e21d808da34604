// Ownership of handles inside a function: what it made and did not return is disposed when it ends.
import { ArgumentError } from "../base/errors.ts";
import type { Tensor } from "../tensor.ts";

const stack: Set<Tensor>[] = [];

/** Notes a new handle in the innermost scope. */
export const enter = (tensor: Tensor): void => void stack[stack.length - 1]?.add(tensor);
/** Takes a handle out of every open scope: it lives on (gradients, optimiser state, buffers). */
export function keep<T extends Tensor>(tensor: T): T {
  for (const s of stack) s.delete(tensor);
  return tensor;
}
export const leave = (tensor: Tensor): void => void stack[stack.length - 1]?.delete(tensor);

type Shaped = { readonly storage: unknown; dispose(): void };
const isTensor = (v: unknown): v is Tensor => typeof v === "object" && v !== null && "storage" in v && typeof (v as Shaped).dispose === "function";

function collect(value: unknown, into: Set<Tensor>, depth = 0): void {
  if (isTensor(value)) into.add(value);
  else if (value instanceof Map || value instanceof Set) for (const v of value.values()) collect(v, into, depth + 1);
  else if (typeof value === "object" && value !== null && depth < 4 && !ArrayBuffer.isView(value)) for (const v of Object.values(value)) collect(v, into, depth + 1);
}

/** Runs fn; handles it made are disposed at the end except those in its result. `off` runs it plainly. */
export function scope<T>(fn: () => T, off = false): T {
  if (off) return fn();
  const mine = new Set<Tensor>();
  stack.push(mine);
  let result: T | undefined;
  try {
    result = fn();
    return result;
  } finally {
    stack.pop();
    const kept = new Set<Tensor>();
    collect(result, kept);
    const outer = stack[stack.length - 1];
    for (const tensor of mine)
      if (kept.has(tensor)) outer?.add(tensor);
      else tensor.dispose();
  }
}

/**
 * Runs fn and frees at once every tensor it made, except what it returns (also inside arrays and plain objects),
 * parameters' gradients and optimiser state. Never needed for flat memory; it makes a step allocation-free.
 * Errors: ArgumentError when fn returns a promise.
 */
export function tidy<T>(fn: () => T): T {
  return scope(() => {
    const result = fn();
    if (result instanceof Promise) throw new ArgumentError("tidy", "the function returned a promise", "await outside of tidy");
    return result;
  });
}
