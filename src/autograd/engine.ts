// backward() and grad(): walk the recorded nodes from the last to the first, once each, summing gradients that meet.
import { GradError, show, ShapeError } from "../base/errors.ts";
import { sameShape } from "../base/shape.ts";
import { scope } from "./scope.ts";
import type { Tensor } from "../tensor.ts";
import { isAnomalyEnabled, isGradEnabled, setGradEnabled } from "./mode.ts";
import { Accumulate, type Edge, type Node } from "./node.ts";

interface Job {
  readonly op: string;
  readonly roots: readonly Tensor[];
  readonly seeds: readonly (Tensor | null | undefined)[];
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
  /** Accumulate into leaves (all, or only these), or capture for grad(). */
  readonly into: "leaves" | readonly Tensor[];
  readonly capture: readonly Tensor[];
}

export interface BackwardOptions {
  readonly retainGraph?: boolean | undefined;
  readonly createGraph?: boolean | undefined;
  readonly inputs?: readonly Tensor[] | undefined;
}
export interface GradOptions {
  readonly gradOutputs?: Tensor | readonly (Tensor | null | undefined)[] | undefined;
  readonly retainGraph?: boolean | undefined;
  readonly createGraph?: boolean | undefined;
  readonly allowUnused?: boolean | undefined;
}

/** The edge a gradient of `tensor` flows into, undefined when it takes no part. */
export function edgeOf(tensor: Tensor): Edge | undefined {
  if (tensor.gradFn) return { node: tensor.gradFn, index: tensor.outputIndex };
  return tensor.requiresGrad ? { node: tensor.accumulator(), index: 0 } : undefined;
}

/** Accumulates into `grad` of the leaves the gradients of `tensors`. `gradients` default to 1 for single-element tensors. */
export function backward(
  tensors: Tensor | readonly Tensor[],
  gradients?: Tensor | readonly (Tensor | null)[] | null,
  options: BackwardOptions = {},
): void {
  const roots = Array.isArray(tensors) ? (tensors as Tensor[]) : [tensors as Tensor];
  const seeds = Array.isArray(gradients) ? (gradients as (Tensor | null)[]) : [gradients as Tensor | null | undefined];
  const createGraph = options.createGraph ?? false;
  if (options.inputs?.length === 0) throw new GradError("backward", "inputs is empty", "leave it out to reach every leaf");
  run({
    op: "backward",
    roots,
    seeds,
    createGraph,
    retainGraph: options.retainGraph ?? createGraph,
    into: options.inputs ?? "leaves",
    capture: [],
  });
}

/** The gradients of the sum of `outputs` for each of `inputs`, as a list; nothing is accumulated. */
export function grad(outputs: Tensor | readonly Tensor[], inputs: Tensor | readonly Tensor[], options: GradOptions = {}): Tensor[] {
  const roots = Array.isArray(outputs) ? (outputs as Tensor[]) : [outputs as Tensor];
  const capture = Array.isArray(inputs) ? (inputs as Tensor[]) : [inputs as Tensor];
  const given = options.gradOutputs;
  const seeds = Array.isArray(given) ? (given as Tensor[]) : [given as Tensor | undefined];
  const createGraph = options.createGraph ?? false;
  const found = run({ op: "grad", roots, seeds, createGraph, retainGraph: options.retainGraph ?? createGraph, into: [], capture });
  return found.map((g, i) => {
    if (g || options.allowUnused) return g as Tensor;
    throw new GradError("grad", `input ${i} was not used in the graph`, "pass { allowUnused: true } to get undefined for it");
  });
}

function run(job: Job): (Tensor | undefined)[] {
  const { op, capture } = job;
  for (const x of capture.length > 0 ? capture : job.into === "leaves" ? [] : job.into)
    if (!x.requiresGrad)
      throw new GradError(op, `an input of shape ${show(x.shape)} does not require a gradient`, "call requiresGrad_() on it first");
  const pending = new Map<Node, (Tensor | undefined)[]>();
  const start: Node[] = [];
  job.roots.forEach((root, i) => {
    const edge = edgeOf(root);
    if (!edge) throw new GradError(op, `output ${i} of shape ${show(root.shape)} does not require a gradient and has no graph`);
    start.push(edge.node);
    deposit(pending, edge, seedFor(op, root, job.seeds[i]).alias(), job.createGraph);
  });
  const captured = capture.map((x) => ({ edge: edgeOf(x)!, value: undefined as Tensor | undefined }));
  const allowed =
    job.into === "leaves" ? undefined : new Set([...job.into.map((x) => edgeOf(x)!.node), ...captured.map((c) => c.edge.node)]);
  const order = reachable(start);
  const useful = allowed && leadingTo(order, allowed);
  setGradEnabled(job.createGraph, () => {
    for (const node of order) {
      const grads = pending.get(node);
      pending.delete(node);
      if (!grads) continue;
      if (useful && !useful.has(node)) {
        discard(grads);
        continue;
      }
      runHooks(node, grads);
      for (const c of captured) if (c.edge.node === node) c.value = grads[c.edge.index]?.alias();
      for (const [index, tensor] of node.retained) if (grads[index]) tensor.receiveGrad(grads[index].alias(), job.createGraph);
      if (node instanceof Accumulate) {
        const g = grads[0];
        if (g && (job.into === "leaves" || job.into.some((x) => edgeOf(x)?.node === node))) {
          // The handle itself goes over: a second one would make the storage look shared and cost a copy.
          grads[0] = undefined;
          node.leaf.receiveGrad(g, job.createGraph);
        }
      } else step(node, grads, pending, useful, job);
      discard(grads);
      if (!job.retainGraph) node.release();
    }
  });
  return captured.map((c) => c.value);
}

/** Runs one node and hands its gradients on. Handles made on the way are disposed, so memory does not wait for the collector. */
function step(
  node: Node,
  grads: (Tensor | undefined)[],
  pending: Map<Node, (Tensor | undefined)[]>,
  useful: ReadonlySet<Node> | undefined,
  job: Job,
): void {
  const needed = node.inputs.map((e) => e !== undefined && (!useful || useful.has(e.node)));
  const results = scope(() => {
    const out = node.apply(grads, needed);
    out.forEach((g, i) => g && check(node, g, i));
    return out.map((g, i) => (g && needed[i] ? fit(g, node.inputs[i]!) : undefined)).map((g) => g?.alias());
  }, job.createGraph);
  results.forEach((g, i) => {
    if (g) deposit(pending, node.inputs[i]!, g, job.createGraph);
  });
}

/** Undoes broadcasting and dtype promotion: the one place where either happens. */
function fit(g: Tensor, { node, index }: Edge): Tensor {
  const { shape, dtype } = node.outputs[index]!;
  const summed = sameShape(g.shape, shape) ? g : g.sumTo(shape);
  return summed.dtype === dtype ? summed : summed.cast(dtype);
}

function check(node: Node, g: Tensor, input: number): void {
  if (!isAnomalyEnabled()) return;
  if (g.device.type === "cpu" && g.hasNaN())
    throw new GradError(
      "backward",
      `${node.name} returned NaN as gradient of its input ${input}; it was called at\n${node.site ?? "(recorded outside detectAnomaly)"}`,
    );
}

function deposit(pending: Map<Node, (Tensor | undefined)[]>, { node, index }: Edge, g: Tensor, createGraph: boolean): void {
  let slots = pending.get(node);
  if (!slots) pending.set(node, (slots = new Array<Tensor | undefined>(node.outputs.length).fill(undefined)));
  const old = slots[index];
  if (!old) {
    slots[index] = g;
    return;
  }
  slots[index] = old.add(g);
  if (!createGraph) {
    old.dispose();
    g.dispose();
  }
}

function runHooks(node: Node, grads: (Tensor | undefined)[]): void {
  for (const [index, hooks] of node.hooks)
    for (const hook of hooks) {
      const g = grads[index];
      if (!g) continue;
      const replaced = hook(g.alias());
      if (replaced) grads[index] = replaced.alias();
    }
}

const discard = (grads: readonly (Tensor | undefined)[]): void => {
  if (!isGradEnabled()) for (const g of grads) g?.dispose();
};

/** All nodes from the start nodes on, newest first. Iterative, so depth is no limit. */
function reachable(start: readonly Node[]): Node[] {
  const seen = new Set<Node>(start);
  const stack = [...seen];
  while (stack.length > 0)
    for (const edge of stack.pop()!.inputs)
      if (edge && !seen.has(edge.node)) {
        seen.add(edge.node);
        stack.push(edge.node);
      }
  return [...seen].sort((a, b) => (a instanceof Accumulate ? 1 : 0) - (b instanceof Accumulate ? 1 : 0) || b.sequence - a.sequence);
}

/** The nodes from which one of `targets` can be reached: the others need not run. */
function leadingTo(order: readonly Node[], targets: ReadonlySet<Node>): Set<Node> {
  const useful = new Set<Node>();
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    if (targets.has(node) || node.inputs.some((e) => e && useful.has(e.node))) useful.add(node);
  }
  return useful;
}

function seedFor(op: string, root: Tensor, seed: Tensor | null | undefined): Tensor {
  if (!seed) {
    if (root.size !== 1)
      throw new GradError(
        op,
        `the output has shape ${show(root.shape)}, a gradient is implied only for one element`,
        "pass one of the same shape, or reduce it first",
      );
    return root.filledLike(1);
  }
  if (!sameShape(seed.shape, root.shape))
    throw new ShapeError(op, `the gradient has shape ${show(seed.shape)}, the output ${show(root.shape)}`);
  return seed;
}
