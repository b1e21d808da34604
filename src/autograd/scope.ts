// Ownership of handles inside a function: what it made and did not return is disposed when it ends.
import { ArgumentError } from "../base/errors.ts";
import type { Tensor } from "../tensor.ts";
import type { Node } from "./node.ts";

interface Frame {
  /** Handles made here and still to be disposed at the end. */
  readonly tensors: Set<Tensor>;
  /** Handles that were taken out because they live on. */
  readonly kept: Tensor[];
  /** Nodes recorded here: their saved tensors go when nothing that lives on can reach them. */
  readonly nodes: Node[];
}

const stack: Frame[] = [];

/** Notes a new handle in the innermost scope. */
export const enter = (tensor: Tensor): void => void stack[stack.length - 1]?.tensors.add(tensor);
/** Notes a new node in the innermost scope. */
export const enterNode = (node: Node): void => void stack[stack.length - 1]?.nodes.push(node);
/** Takes a handle out of every open scope: it lives on (gradients, optimiser state, buffers). */
export function keep<T extends Tensor>(tensor: T): T {
  for (const frame of stack) if (frame.tensors.delete(tensor)) frame.kept.push(tensor);
  return tensor;
}
/** Takes a handle out of every open scope because the graph owns it. */
export function own<T extends Tensor>(tensor: T): T {
  for (const frame of stack) frame.tensors.delete(tensor);
  return tensor;
}
export const leave = (tensor: Tensor): void => void stack[stack.length - 1]?.tensors.delete(tensor);

/** Frees what nodes of this frame saved, except those that a surviving tensor's graph still needs. */
function releaseGraph({ nodes, kept }: Frame, results: ReadonlySet<Tensor>, outer: Frame | undefined): void {
  if (nodes.length === 0) return;
  const reachable = new Set<Node>();
  const pending = [...kept, ...results].flatMap((t) => t.gradFn ?? []);
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (reachable.has(node)) continue;
    reachable.add(node);
    for (const edge of node.inputs) if (edge) pending.push(edge.node);
  }
  for (const node of nodes)
    if (reachable.has(node)) outer?.nodes.push(node);
    else node.release();
}

type Shaped = { readonly storage: unknown; dispose(): void };
const isTensor = (v: unknown): v is Tensor =>
  typeof v === "object" && v !== null && "storage" in v && typeof (v as Shaped).dispose === "function";

function collect(value: unknown, into: Set<Tensor>, depth = 0): void {
  if (isTensor(value)) into.add(value);
  else if (value instanceof Map || value instanceof Set) for (const v of value.values()) collect(v, into, depth + 1);
  else if (typeof value === "object" && value !== null && depth < 4 && !ArrayBuffer.isView(value))
    for (const v of Object.values(value)) collect(v, into, depth + 1);
}

/** Runs fn; handles it made are disposed at the end except those in its result. `off` runs it plainly. */
export function scope<T>(fn: () => T, off = false): T {
  if (off) return fn();
  const frame: Frame = { tensors: new Set(), kept: [], nodes: [] };
  stack.push(frame);
  let result: T | undefined;
  try {
    result = fn();
    return result;
  } finally {
    stack.pop();
    const results = new Set<Tensor>();
    collect(result, results);
    const outer = stack[stack.length - 1];
    for (const tensor of frame.tensors)
      if (results.has(tensor)) outer?.tensors.add(tensor);
      else tensor.dispose();
    releaseGraph(frame, results, outer);
    outer?.kept.push(...frame.kept);
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
