// backward() and grad(): walk the recorded nodes from the last to the first, once each, summing gradients that meet.
import { ArgumentError, GradError, ShapeError, show, under } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { either, parse } from "../base/options.ts";
import { reading } from "../base/reading.ts";
import { sameShape } from "../base/shape.ts";
import { operand } from "../ops/arguments.ts";
import type { BackwardOptions, Tensor } from "../ops/tensor.ts";
import { checkNaN } from "./anomaly.ts";
import { isAnomalyEnabled, setGradEnabled } from "./mode.ts";
import { Accumulate, type Edge, type Node } from "./node.ts";
import { reachable, scope } from "./scope.ts";

/** One gradient, or one per output; null for outputs of one element, whose gradient is 1. */
export type Seeds = Tensor | readonly (Tensor | null | undefined)[] | null | undefined;
export interface GradOptions {
  readonly gradOutputs?: Seeds;
  /** The graph can be walked again. Default: as createGraph. */
  readonly retainGraph?: boolean | null | undefined;
  /** Gradients are recorded, so that they have gradients themselves. */
  readonly createGraph?: boolean | undefined;
  /** Always true: nothing is accumulated in leaves. */
  readonly onlyInputs?: true | undefined;
  /** Inputs that the outputs do not depend on give undefined instead of an error. */
  readonly allowUnused?: boolean | undefined;
}
type BackwardRest =
  | [gradTensors?: Seeds, retainGraph?: boolean | null, createGraph?: boolean, inputs?: BackwardOptions["inputs"]]
  | [gradTensors: Seeds, options: BackwardOptions]
  | [options: BackwardOptions & { readonly gradTensors?: Seeds }];
type GradRest =
  | [gradOutputs?: Seeds, retainGraph?: boolean | null, createGraph?: boolean, onlyInputs?: true, allowUnused?: boolean]
  | [gradOutputs: Seeds, options: Omit<GradOptions, "gradOutputs">]
  | [options: GradOptions];

type Gradients = (Tensor | undefined)[];
const list = <T>(x: T | readonly T[]): readonly T[] => (Array.isArray(x) ? (x as readonly T[]) : [x as T]);

/** Defaults of what both take, in PyTorch's order. */
const modes = { retainGraph: either<boolean | null>(null, "boolean", "null"), createGraph: false };
/** What follows the gradient in backward(). */
export const backwardDefaults = { ...modes, inputs: null as Tensor | readonly Tensor[] | null };

/**
 * Accumulates into `grad` of the leaves the gradients of `tensors`. `gradTensors` default to 1 for single-element tensors.
 * @example
 * const x = tensor([1, 2], { requiresGrad: true });
 * autograd.backward([x.sum(), x.square().sum()]);
 * await x.grad!.tolist(); // → [3, 5]
 */
export function backward(tensors: Tensor | readonly Tensor[], ...rest: BackwardRest): void {
  under("backward", () => {
    const { gradTensors, inputs, ...o } = reading([tensors, ...rest], () =>
      parse(rest, { gradTensors: undefined as Seeds, ...backwardDefaults }),
    );
    const targets = inputs === null ? undefined : list(inputs);
    if (targets?.length === 0) throw new GradError("inputs is empty", "leave it out to reach every leaf");
    run("backward", tensors, gradTensors, targets, o);
  });
}

/** One gradient for each input, in their order. */
export type Grads<I> = I extends readonly Tensor[] ? { -readonly [K in keyof I]: Tensor } : [Tensor];

/**
 * The gradients of the sum of `outputs` for each of `inputs`, as a list; nothing is accumulated. Errors: GradError for an input that takes no part.
 * @example
 * const x = tensor(2, { requiresGrad: true });
 * const [first] = autograd.grad(x.pow(3), x, { createGraph: true });
 * const [second] = autograd.grad(first, x);
 * [await first.item(), await second.item()]; // → [12, 12]
 */
export function grad<const I extends Tensor | readonly Tensor[]>(
  outputs: Tensor | readonly Tensor[],
  inputs: I,
  ...rest: GradRest
): Grads<I> {
  return under("grad", () => {
    const defaults = { gradOutputs: undefined as Seeds, ...modes, onlyInputs: true, allowUnused: false };
    const { gradOutputs, onlyInputs, allowUnused, ...o } = reading([outputs, inputs, ...rest], () => parse(rest, defaults));
    if (!onlyInputs) throw new ArgumentError("onlyInputs must be true", "backward() accumulates in the other leaves");
    const wanted = list(inputs);
    const found = run("grad", outputs, gradOutputs, wanted, o);
    return wanted.map((_, i) => {
      if (found[i] || allowUnused) return found[i] as Tensor;
      throw new GradError(`input ${i} was not used in the graph`, "allowUnused gives undefined for it");
    }) as Grads<I>;
  });
}

/** Gradients reach `targets`, or every leaf: "backward" accumulates them there, "grad" returns those that arrive. */
function run(
  op: "backward" | "grad",
  outputs: Tensor | readonly Tensor[],
  gradients: Seeds,
  targets: readonly Tensor[] | undefined,
  { createGraph, retainGraph: asked }: { readonly createGraph: boolean; readonly retainGraph: boolean | null },
): Gradients {
  const retainGraph = asked ?? createGraph;
  const pending = new Map<Node, Gradients>();
  /** Adds to what is waiting for a node. */
  const deposit = ({ node, index }: Edge, g: Tensor): void => {
    const slots = memo(pending, node, () => []);
    const old = slots[index];
    slots[index] = old ? old.add(g) : g;
    if (old) discard([old, g]);
  };
  /** Handles made on the way are disposed, so memory does not wait for the collector. */
  const discard = (grads: Gradients): void => {
    if (!createGraph) for (const g of grads) g?.dispose();
  };
  /** Runs one node and hands its gradients on. */
  const step = (node: Node, grads: Gradients): void => {
    const needed = node.inputs.map((e) => e !== undefined && order.has(e.node));
    const results = scope(
      () =>
        node.apply(grads, needed).map((g, i) => {
          if (g && isAnomalyEnabled()) checkNaN(node, g, i);
          return g && needed[i] ? fit(g, node.inputs[i]!).alias() : undefined;
        }),
      createGraph,
    );
    results.forEach((g, i) => g && deposit(node.inputs[i]!, g));
  };

  const wanted = targets?.map((x) => edgeOf(x, "an input"));
  const [roots, seeds] = [list(outputs), list(gradients)];
  if (seeds.length > roots.length) throw new ArgumentError(`${seeds.length} gradients for ${roots.length} outputs`);
  roots.forEach((root, i) => {
    deposit(edgeOf(root, `output ${i}`), seedFor(root, seeds[i]).alias());
  });
  const order = route(pending.keys(), wanted && new Set(wanted.map((e) => e.node)));
  const found: Gradients = [];
  setGradEnabled(createGraph, () => {
    for (const node of order) {
      const grads = pending.get(node);
      pending.delete(node);
      if (!grads) continue;
      for (const [index, hooks] of node.hooks)
        for (const hook of hooks) {
          const replaced = grads[index] && hook(grads[index].alias());
          if (replaced) grads[index] = replaced.alias();
        }
      if (op === "grad") wanted!.forEach((e, i) => e.node === node && (found[i] = grads[e.index]?.alias()));
      for (const [index, tensor] of node.retained) if (grads[index]) tensor.receiveGrad(grads[index].alias(), createGraph);
      if (!(node instanceof Accumulate)) step(node, grads);
      else if (op === "backward" && grads[0]) {
        // The handle itself goes over: a second one would make the storage look shared and cost a copy.
        node.leaf.receiveGrad(grads[0], createGraph);
        grads[0] = undefined;
      }
      discard(grads);
      if (!retainGraph) node.release();
    }
  });
  // Seeds of outputs that lead to no target.
  pending.forEach(discard);
  return found;
}

/** Where the gradient of x flows. Errors: GradError when none is wanted. */
export function edgeOf(x: Tensor, what: string): Edge {
  operand(x, what).checkLive();
  if (x.edge) return x.edge;
  throw new GradError(`${what} of shape ${show(x.shape)} does not require a gradient`, "call requiresGrad_() first");
}

/** Undoes broadcasting and dtype promotion: the one place where either happens. */
function fit(g: Tensor, { node, index }: Edge): Tensor {
  const { shape, dtype } = node.outputs[index]!;
  const summed = sameShape(g.shape, shape) ? g : g.sumTo(shape);
  return summed.dtype === dtype ? summed : summed.cast(dtype);
}

/** The nodes to run, newest first: those that can be reached from the start, and from which one of `targets` can be reached. */
export function route(start: Iterable<Node>, targets?: ReadonlySet<Node>): Set<Node> {
  const useful = new Set<Node>();
  for (const node of [...reachable(start)].sort((a, b) => a.sequence - b.sequence))
    if (!targets || targets.has(node) || node.inputs.some((e) => e && useful.has(e.node))) useful.add(node);
  return new Set([...useful].reverse());
}

function seedFor(root: Tensor, seed: Tensor | null | undefined): Tensor {
  if (!seed) {
    if (root.numel() === 1) return root.filledLike(1);
    throw new GradError(`a gradient is implied only for one element, not for shape ${show(root.shape)}`, "pass it, or reduce the output");
  }
  if (!sameShape(operand(seed, "the gradient").shape, root.shape))
    throw new ShapeError(`the gradient has shape ${show(seed.shape)}, the output ${show(root.shape)}`);
  return seed;
}
