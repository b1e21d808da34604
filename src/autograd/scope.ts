// Ownership of handles inside a function: what it made and did not return is disposed when it ends.
import { callable, takes } from "../base/reading.ts";
import { isTensor } from "../ops/arguments.ts";
import type { Tensor } from "../ops/tensor.ts";
import { synchronous } from "./mode.ts";
import type { Node } from "./node.ts";
import { track } from "./pressure.ts";

interface Frame {
  /** Handles made here and still to be disposed at the end. */
  readonly tensors: Set<Tensor>;
  /** Handles that live on: taken out, or from outside and given a new history here. */
  readonly kept: Set<Tensor>;
  /** Nodes recorded here: their saved tensors go when nothing that lives on can reach them. */
  readonly nodes: Set<Node>;
}

const stack: Frame[] = [];

/** Notes a new handle in the innermost scope; without one, the collector has to find it. */
export function enter(tensor: Tensor): void {
  const frame = stack.at(-1);
  if (frame) frame.tensors.add(tensor);
  else track(tensor);
}
/** Notes a new node in the innermost scope. */
export const enterNode = (node: Node): void => void stack.at(-1)?.nodes.add(node);
/** Another node has taken over what this one saved. */
export const leaveNode = (node: Node): void => void stack.at(-1)?.nodes.delete(node);
/** Notes that a tensor was given a new history: one from outside of the innermost scope carries it on. */
export function carryOn(tensor: Tensor): void {
  const frame = stack.at(-1);
  if (frame && !frame.tensors.has(tensor)) frame.kept.add(tensor);
}
/** Takes a handle out of every open scope: it lives on (gradients, optimiser state, buffers), or only as long as the graph that saved it. */
export function keep<T extends Tensor>(tensor: T, forGraph = false): T {
  for (const frame of stack) if (frame.tensors.delete(tensor) && !forGraph) frame.kept.add(tensor);
  track(tensor);
  return tensor;
}
export const leave = (tensor: Tensor): void => void stack.at(-1)?.tensors.delete(tensor);

/** These nodes and all that gradients reach from them. */
export function reachable(start: Iterable<Node>): Set<Node> {
  const seen = new Set(start);
  for (const node of seen) for (const edge of node.inputs) if (edge) seen.add(edge.node);
  return seen;
}

/** Frees what nodes of this frame saved, except those that a surviving tensor's graph still needs. */
function releaseGraph({ nodes, kept }: Frame, results: ReadonlySet<Tensor>, outer: Frame | undefined): void {
  if (nodes.size === 0) return;
  const needed = reachable([...kept, ...results].flatMap((t) => t.edge?.node ?? []));
  for (const node of nodes)
    if (needed.has(node)) outer?.nodes.add(node);
    else node.release();
}

/** The tensors in a result: alone, in collections, in plain objects. */
function collect(value: unknown, into: Set<Tensor>, depth = 0): void {
  if (isTensor(value)) into.add(value);
  else if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && depth < 4)
    for (const v of value instanceof Map || value instanceof Set ? value.values() : Object.values(value)) collect(v, into, depth + 1);
}

/** Runs fn; handles it made are disposed at the end except those in its result. `off` runs it plainly. */
export function scope<T>(fn: () => T, off = false): T {
  if (off) return fn();
  const frame: Frame = { tensors: new Set(), kept: new Set(), nodes: new Set() };
  const results = new Set<Tensor>();
  stack.push(frame);
  try {
    const result = fn();
    collect(result, results);
    return result;
  } finally {
    stack.pop();
    for (const tensor of frame.tensors)
      if (results.has(tensor)) enter(tensor);
      else tensor.dispose();
    const outer = stack.at(-1);
    releaseGraph(frame, results, outer);
    if (outer) for (const tensor of frame.kept) if (!outer.tensors.has(tensor)) outer.kept.add(tensor);
  }
}

/**
 * Runs fn and frees at once every tensor it made, except what it returns (also inside arrays and plain objects),
 * parameters' gradients and optimiser state. Never needed for flat memory; it makes a step allocation-free.
 * Errors: ArgumentError when fn returns a promise.
 * @example
 * const total = tidy(() => ones(1000).mul(2).sum());
 * await total.item(); // → 2000
 */
export function tidy<T>(fn: () => T): T {
  takes("tidy", arguments, 1);
  return scope(() => synchronous("tidy", callable("tidy", fn)()));
}
